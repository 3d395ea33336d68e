/*
 * The program: reads the command line, hands over to a command, turns its error into one message and a status.
 */
#include <malloc.h>
#include <mpi.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/launcher.h"
#include "base/log.h"
#include "cli/arguments.h"
#include "pipeline/versions.h"

static wl_error (*const call[WL_COMMAND_COUNT])(const wl_arguments *) = {
    [WL_COMMAND_RUN] = wl_command_run,         [WL_COMMAND_PREDICT] = wl_command_predict,
    [WL_COMMAND_CERTIFY] = wl_command_certify, [WL_COMMAND_SELECT] = wl_command_select,
    [WL_COMMAND_TUNE] = wl_command_tune,       [WL_COMMAND_FINITE] = wl_command_finite,
    [WL_COMMAND_BENCH] = wl_command_bench,     [WL_COMMAND_PLAN] = wl_command_plan};

static bool is_help(const char *word) { return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0; }

static bool asks_for_help(int count, char *const *words) {
  for (int i = 0; i < count; i++)
    if (is_help(words[i])) return true;
  return false;
}

static wl_error run_command(int rank, int ranks, int number, int argc, char *const *argv) {
  const int count = argc - 2; /* behind the command's name */
  char *const *words = argv + 2;
  if (asks_for_help(count, words)) {
    if (rank == 0) wl_command_print_help(stdout, number);
    return WL_OK;
  }
  wl_arguments arguments;
  wl_error error = wl_arguments_parse(&wl_commands[number], count, words, &arguments);
  arguments.line = wl_arguments_join(argc, argv);
  if (error == WL_OK) error = wl_launcher_check(ranks);
  if (error == WL_OK) error = call[number](&arguments);
  wl_arguments_clear(&arguments);
  return error;
}

static wl_error unknown_command(const char *word) {
  if (access(word, F_OK) == 0)
    WL_FAIL(WL_ERROR_USAGE, "%s is a file, the command comes before it: widelimit run %s", word, word);
  const char *meant = wl_command_nearest(word);
  if (meant) WL_FAIL(WL_ERROR_USAGE, "unknown command %s, did you mean %s? See widelimit --help", word, meant);
  WL_FAIL(WL_ERROR_USAGE, "unknown command %s; see widelimit --help", word);
}

static wl_error dispatch(int rank, int ranks, int argc, char **argv) {
  if (argc < 2) {
    if (rank == 0) wl_command_print_help(stderr, -1);
    WL_FAIL(WL_ERROR_USAGE, "no command given");
  }
  if (is_help(argv[1]) || strcmp(argv[1], "help") == 0) {
    const bool whole = argc == 2 || is_help(argv[2]);
    if (!whole && wl_command_find(argv[2]) < 0) return unknown_command(argv[2]);
    if (rank == 0) wl_command_print_help(stdout, whole ? -1 : wl_command_find(argv[2]));
    return WL_OK;
  }
  if (strcmp(argv[1], "--version") == 0) {
    if (rank == 0) wl_print_version();
    return WL_OK;
  }
  const int number = wl_command_find(argv[1]);
  if (number < 0) return unknown_command(argv[1]);
  return run_command(rank, ranks, number, argc, argv);
}

int main(int argc, char **argv) {
  mallopt(M_MMAP_THRESHOLD,
          1 << 20); /* what a phase frees goes back to the system, not to a heap full of holes, */
  mallopt(M_TRIM_THRESHOLD,
          1 << 30); /* but for PBLAS's copies of panels (pblas.c), which go when a factor is there */
  int provided;     /* threads assemble and multiply; messages are for the main one */
  wl_launcher_prepare();
  MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
  int rank, ranks;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  wl_log_open(rank == 0);
  const wl_error error = dispatch(rank, ranks, argc, argv);
  if (error != WL_OK && wl_launcher_lets_speak(ranks)) wl_log_error(wl_error_message());
  wl_log_close();
  MPI_Finalize();
  return wl_error_status(error);
}
