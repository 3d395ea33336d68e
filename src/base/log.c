#include "base/log.h"

#include <mpi.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool rank_prints;
static bool live; /* a line that renews itself, rather than one now and then */

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
  rank_prints = prints;
  live = prints && find_terminal();
}

void wl_log_line(const char *format, ...) {
  if (!rank_prints) return;
  va_list arguments;
  va_start(arguments, format);
  vprintf(format, arguments);
  va_end(arguments);
  putchar('\n');
  fflush(stdout);
}

void wl_log_warning(const char *format, ...) {
  if (!rank_prints) return;
  va_list arguments;
  va_start(arguments, format);
  fflush(stdout);
  fputs("widelimit: warning: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
}

wl_progress wl_progress_begin(const char *phase, double total, double gigaflop) {
  const double now = MPI_Wtime();
  return (wl_progress){.phase = phase, .total = total, .began = now, .last_shown = now, .gigaflop = gigaflop};
}

void wl_progress_update(wl_progress *progress, double done) {
  if (!rank_prints || done <= 0.0) return;
  const double now = MPI_Wtime();
  if (now - progress->last_shown < (live ? 0.5 : 30.0)) return;
  progress->last_shown = now;

  const double fraction = done < progress->total ? done / progress->total : 1.0;
  const double elapsed = now - progress->began;
  char left[32], rate[32] = "";
  wl_format_seconds(elapsed * (1.0 - fraction) / fraction, left, sizeof left);
  if (progress->gigaflop > 0.0)
    snprintf(rate, sizeof rate, "  %.1f Gflop/s", progress->gigaflop * fraction / elapsed);
  printf("%s  %-11s %3.0f %%%s  %s left%s", live ? "\r" : "", progress->phase, 100.0 * fraction, rate, left,
         live ? "\033[K" : "\n");
  fflush(stdout);
  progress->shown = live;
}

void wl_progress_end(wl_progress *progress) {
  if (!progress->shown) return;
  fputs("\r\033[K", stdout);
  fflush(stdout);
}

const char *wl_format_seconds(double seconds, char *text, size_t size) {
  if (seconds < 1e-3)
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
