/**
 * @file log.h
 * What a person sees while a long phase runs: a live line on a terminal, a log line now and then otherwise.
 * Local; only the rank for which wl_log_open() said so prints, on the others all calls do nothing. Lines may come from any thread.
 */
#ifndef WIDELIMIT_BASE_LOG_H
#define WIDELIMIT_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>

#include "widelimit/error.h"

/**
 * Whether this rank prints (rank 0 of a run); nobody does before the first call. The environment variable WIDELIMIT_PROGRESS_SECONDS
 * sets the time between two lines of progress.
 */
void wl_log_open(bool prints);

/** Seconds between two lines of progress on the console, and in the file. */
void wl_log_intervals(double *shown, double *kept);

/** A line of text on standard output, flushed. printf format, newline added. */
void wl_log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/**
 * A sentence likewise, broken at blanks into lines of at most 80 columns, all but the first of them indented by so many blanks. Only
 * a word that is longer, such as a path, goes beyond.
 */
void wl_log_text(int indent, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** "  TITLE  TEXT" likewise, the title padded to `width` and the lines after the first under the text. */
void wl_log_field(int width, const char *title, const char *text);

/** "widelimit: warning: …" on standard error. */
void wl_log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** "widelimit: error: …" on standard error. */
void wl_log_error(const char *message);

/**
 * From now on all that this rank says goes to this file too, line by line, after what it has said so far; where another rank
 * prints, nothing is done. A line that renews itself on a terminal is there once in 30 seconds.
 * @param append  goes on with what is in the file, an empty line between
 * Errors: WL_ERROR_IO, naming the path; WL_ERROR_MEMORY.
 */
wl_error wl_log_keep(const char *path, bool append);

/** Whether all of it is in the file: false once a write has failed (a full disk). */
bool wl_log_is_whole(void);

/** Closes the file, if there is one. */
void wl_log_close(void);

/** How far a phase is: its name, the work done and in all (any unit), and when it began. */
typedef struct wl_progress {
  const char *phase;
  double total, began, last_shown, last_kept;
  double gigaflop; /**< work in all, for the rate; 0: no rate is shown */
  bool shown;
} wl_progress;

/** Starts a phase of `total` units of work. */
wl_progress wl_progress_begin(const char *phase, double total, double gigaflop);

/** Shows `done` units, at most every half second on a terminal and every 30 seconds otherwise (wl_log_intervals). */
void wl_progress_update(wl_progress *progress, double done);

/** Clears the live line, if there is one. */
void wl_progress_end(wl_progress *progress);

/**
 * Of a phase that shows nothing else: the seconds it has taken, of those predicted (0: not known). Nothing is shown while a
 * wl_progress is under way that has shown something.
 * @param kept  in the file, too
 */
void wl_progress_elapsed(const char *phase, double elapsed, double predicted, bool kept);

/** Seconds as people read them: "0.31 s", "4 min 12 s", "3 h 05 min". Returns `text`. */
const char *wl_format_seconds(double seconds, char *text, size_t size);

/** Bytes likewise: "812 MiB". Returns `text`. */
const char *wl_format_bytes(double bytes, char *text, size_t size);

#endif
