#define _POSIX_C_SOURCE 200809L
#include "base/log.h"

#include <errno.h>
#include <mpi.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { COLUMNS = 80 };

static pthread_mutex_t console = PTHREAD_MUTEX_INITIALIZER; /* the ticker is another thread (ticker.h) */
static bool rank_prints;
static bool live;          /* a line that renews itself, rather than one now and then */
static bool stands;        /* such a line is on the terminal now */
static bool speaks;        /* a wl_progress says how far it is */
static double shown_every; /* seconds */
static double kept_every;  /* seconds, in the file */
static FILE *copy;         /* where all of it goes too: memory, until there is a file */
static char *early;        /* that memory */
static size_t early_size;

/*
 * Whether a person watches. mpirun gives every rank a terminal of its own, even when its output goes to a file: then
 * the standard output of mpirun itself, the parent, decides.
 */
static bool find_terminal(void) {
  if (!isatty(STDOUT_FILENO)) return false;
  if (!getenv("OMPI_COMM_WORLD_SIZE") && !getenv("PMI_SIZE")) return true;
  char link[64], target[64];
  snprintf(link, sizeof link, "/proc/%ld/fd/1", (long)getppid());
  const ssize_t length = readlink(link, target, sizeof target - 1);
  if (length < 0) return false;
  target[length] = 0;
  return strncmp(target, "/dev/pts/", 9) == 0 || strncmp(target, "/dev/tty", 8) == 0;
}

void wl_log_open(bool prints) {
  const char *text = getenv("WIDELIMIT_PROGRESS_SECONDS");
  const double every = text ? strtod(text, NULL) : 0.0;
  rank_prints = prints;
  live = prints && find_terminal();
  kept_every = every > 0.0 ? every : 30.0;
  shown_every = live && !(every > 0.0) ? 0.5 : kept_every;
  if (!prints) return;
  setvbuf(stderr, NULL, _IOLBF, BUFSIZ); /* a line is one write: mpirun would put others between its pieces */
  copy = open_memstream(&early, &early_size);
}

void wl_log_intervals(double *shown, double *kept) {
  *shown = shown_every;
  *kept = kept_every;
}

static void clear_live_line(void) {
  if (!stands) return;
  fputs("\r\033[K", stdout);
  fflush(stdout);
  stands = false;
}

/* To a stream, with what stands before and after it. */
static void say(FILE *stream, const char *before, const char *format, va_list arguments) {
  if (!stream) return;
  fputs(before, stream);
  vfprintf(stream, format, arguments);
  fputc('\n', stream);
  fflush(stream);
}

static void say_twice(FILE *stream, const char *before, const char *format, va_list arguments) {
  va_list again;
  va_copy(again, arguments);
  pthread_mutex_lock(&console);
  clear_live_line();
  say(stream, before, format, arguments);
  say(copy, before, format, again);
  pthread_mutex_unlock(&console);
  va_end(again);
}

void wl_log_line(const char *format, ...) {
  if (!rank_prints) return;
  va_list arguments;
  va_start(arguments, format);
  say_twice(stdout, "", format, arguments);
  va_end(arguments);
}

/* Where a first line has no blank beyond `indent`, it keeps its first word all the same. */
static void print_broken(int indent, const char *line) {
  for (int before = 0; *line; before = indent) {
    const size_t room = (size_t)(COLUMNS - before), least = before == 0 ? strnlen(line, (size_t)indent) : 0;
    size_t length = strlen(line);
    if (length > room) {
      for (length = room; length > least && line[length] != ' ';) length--;
      if (length <= least) length = least + strcspn(line + least, " ");
    }
    wl_log_line("%*s%.*s", before, "", (int)length, line);
    line += length + (line[length] == ' ');
  }
}

void wl_log_text(int indent, const char *format, ...) {
  char text[4096], *longer = NULL;
  if (!rank_prints) return;
  va_list arguments, again;
  va_start(arguments, format);
  va_copy(again, arguments);
  const int length = vsnprintf(text, sizeof text, format, arguments);
  if (length >= (int)sizeof text) longer = malloc((size_t)length + 1);
  if (longer) vsnprintf(longer, (size_t)length + 1, format, again);
  va_end(again);
  va_end(arguments);
  print_broken(indent, longer ? longer : text);
  free(longer);
}

void wl_log_field(int width, const char *title, const char *text) {
  wl_log_text(width + 4, "  %-*s  %s", width, title, text);
}

void wl_log_warning(const char *format, ...) {
  if (!rank_prints) return;
  va_list arguments;
  va_start(arguments, format);
  fflush(stdout);
  say_twice(stderr, "widelimit: warning: ", format, arguments);
  va_end(arguments);
}

void wl_log_error(const char *message) {
  if (!rank_prints) return;
  pthread_mutex_lock(&console);
  clear_live_line();
  fflush(stdout);
  fprintf(stderr, "widelimit: error: %s\n", message);
  fflush(stderr);
  if (copy) fprintf(copy, "widelimit: error: %s\n", message);
  pthread_mutex_unlock(&console);
}

wl_error wl_log_keep(const char *path, bool append) {
  if (!rank_prints) return WL_OK;
  FILE *file = fopen(path, append ? "a" : "w");
  if (!file) WL_FAIL(WL_ERROR_IO, "%s: cannot be written: %s", path, strerror(errno));
  if (append && fseek(file, 0, SEEK_END) == 0 && ftell(file) > 0) fputc('\n', file);
  if (copy) fclose(copy);
  if (early) fputs(early, file);
  free(early);
  early = NULL;
  copy = file;
  fflush(copy);
  return WL_OK;
}

bool wl_log_is_whole(void) { return !copy || !ferror(copy); }

void wl_log_close(void) {
  if (copy) fclose(copy);
  copy = NULL;
  free(early);
  early = NULL;
}

wl_progress wl_progress_begin(const char *phase, double total, double gigaflop) {
  const double now = MPI_Wtime();
  return (wl_progress){
      .phase = phase, .total = total, .began = now, .last_shown = now, .last_kept = now, .gigaflop = gigaflop};
}

/* On the console, and in the file where `kept`. */
static void show(const char *line, bool kept) {
  printf("%s%s%s", live ? "\r" : "", line, live ? "\033[K" : "\n");
  fflush(stdout);
  stands = live;
  if (!kept || !copy) return;
  fprintf(copy, "%s\n", line);
  fflush(copy);
}

void wl_progress_update(wl_progress *progress, double done) {
  if (!rank_prints || done <= 0.0) return;
  const double now = MPI_Wtime();
  if (now - progress->last_shown < shown_every) return;
  progress->last_shown = now;

  const double fraction = done < progress->total ? done / progress->total : 1.0;
  const double elapsed = now - progress->began;
  char left[32], rate[32] = "", line[160];
  wl_format_seconds(elapsed * (1.0 - fraction) / fraction, left, sizeof left);
  if (progress->gigaflop > 0.0)
    snprintf(rate, sizeof rate, "  %.1f Gflop/s", progress->gigaflop * fraction / elapsed);
  snprintf(line, sizeof line, "  %-11s %3.0f %%%s  %s left", progress->phase, 100.0 * fraction, rate, left);
  const bool kept = now - progress->last_kept >= kept_every;
  if (kept) progress->last_kept = now;
  pthread_mutex_lock(&console);
  show(line, kept);
  speaks = progress->shown = true;
  pthread_mutex_unlock(&console);
}

void wl_progress_end(wl_progress *progress) {
  if (!progress->shown) return;
  pthread_mutex_lock(&console);
  clear_live_line();
  speaks = progress->shown = false;
  pthread_mutex_unlock(&console);
}

void wl_progress_elapsed(const char *phase, double elapsed, double predicted, bool kept) {
  char now[32], all[32], line[160];
  wl_format_seconds(elapsed, now, sizeof now);
  wl_format_seconds(predicted, all, sizeof all);
  snprintf(line, sizeof line, "  %-14s %s%s%s%s", phase, now, predicted > 0.0 ? " of " : "",
           predicted > 0.0 ? all : "", predicted > 0.0 ? " predicted" : "");
  pthread_mutex_lock(&console);
  if (rank_prints && !speaks) show(line, kept);
  pthread_mutex_unlock(&console);
}

const char *wl_format_seconds(double seconds, char *text, size_t size) {
  if (seconds == 0.0)
    snprintf(text, size, "0 s");
  else if (seconds < 1e-3)
    snprintf(text, size, "%.0f us", 1e6 * seconds);
  else if (seconds < 1.0)
    snprintf(text, size, "%.0f ms", 1e3 * seconds);
  else if (seconds < 99.95)
    snprintf(text, size, "%.1f s", seconds);
  else if (seconds < 3600.0)
    snprintf(text, size, "%.0f min %02d s", (double)((int)(seconds + 0.5) / 60), (int)(seconds + 0.5) % 60);
  else
    snprintf(text, size, "%.0f h %02d min", (double)(long long)(seconds / 3600.0),
             (int)((long long)(seconds / 60.0) % 60));
  return text;
}

const char *wl_format_bytes(double bytes, char *text, size_t size) {
  static const char *const unit[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  int u = 0;
  while (bytes >= 1024.0 && u < 5) {
    bytes /= 1024.0;
    u++;
  }
  snprintf(text, size,
           bytes < 10.0 && u > 0    ? "%.2f %s"
           : bytes < 100.0 && u > 0 ? "%.1f %s"
                                    : "%.0f %s",
           bytes, unit[u]);
  return text;
}
