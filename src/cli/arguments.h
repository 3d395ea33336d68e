/**
 * @file arguments.h
 * What a command line says, read by the table of commands.h. Local, the same on every rank.
 */
#ifndef WIDELIMIT_CLI_ARGUMENTS_H
#define WIDELIMIT_CLI_ARGUMENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/commands.h"
#include "widelimit/error.h"

/** Words in the order in which they were given; the array is owned, the words are argv's. */
typedef struct wl_words {
  const char **word;
  int count;
} wl_words;

enum { WL_COUNTS = 16 };

typedef struct wl_counts {
  int64_t value[WL_COUNTS];
  int count;
} wl_counts;

/** Zero, NULL or empty: not given. A command has those that its options name. */
typedef struct wl_arguments {
  char *line; /**< the whole of it, for people; owned; NULL: not known */
  const char *config;
  wl_words overrides, assumptions;
  wl_counts sizes;
  bool resume, overwrite, calibrate, scalapack, lookahead, select;
  double time_limit;      /**< seconds */
  double memory_per_node; /**< bytes */
  const char *factor, *calibration, *json, *sbatch;
  int64_t train, test, dimension, outputs, repeats, block, ranks, nodes, cores_per_node, threads;
} wl_arguments;

/**
 * Reads the words after the command's name. Errors: WL_ERROR_USAGE, naming the option and what it takes;
 * WL_ERROR_MEMORY. To be cleared either way.
 */
wl_error wl_arguments_parse(const wl_command *command, int count, char *const *words, wl_arguments *arguments);
void wl_arguments_clear(wl_arguments *arguments);

/** The command that was meant by a word that names none; NULL: none is near. Static. */
const char *wl_command_nearest(const char *word);

/** The words as a shell reads them, those with other characters than paths have in quotes. Owned by the caller; NULL: no memory. */
char *wl_arguments_join(int count, char *const *words);

/* ---- the commands, one a file: Collective over MPI_COMM_WORLD -------------------------------------------------------- */

wl_error wl_command_run(const wl_arguments *arguments);
wl_error wl_command_predict(const wl_arguments *arguments);
wl_error wl_command_certify(const wl_arguments *arguments);
wl_error wl_command_select(const wl_arguments *arguments);
wl_error wl_command_tune(const wl_arguments *arguments);
wl_error wl_command_finite(const wl_arguments *arguments);
wl_error wl_command_bench(const wl_arguments *arguments);
wl_error wl_command_plan(const wl_arguments *arguments);

#endif
