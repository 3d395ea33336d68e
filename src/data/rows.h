/**
 * @file rows.h
 * Which rows of a file are examples: a list in another file, or a split by lot. Local.
 */
#ifndef WIDELIMIT_DATA_ROWS_H
#define WIDELIMIT_DATA_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/random.h"
#include "widelimit/error.h"

/** Rows of a file, counted from 0. */
typedef struct wl_rows {
  int64_t *row; /**< owned */
  int64_t count;
} wl_rows;

/**
 * Reads a list of row numbers.
 * @param spec   a source of one column (source.h) without a selector of columns, in which `:0` (the default) or `:1` behind
 *               the path says how the first row is numbered; text lists have no header
 * @param total  how many rows there are
 * Warns where a row is listed more than once.
 * Errors: WL_ERROR_DATA, naming the entry: no integer, no row of the file, or where the list is a mask (a 0 or 1 for each row of the
 * file); those of wl_source_open. Nothing is owned then.
 */
wl_error wl_rows_read(const char *spec, int64_t total, wl_rows *rows);

/**
 * Marks `count` ≤ total rows, drawn by lot: those for which wl_random_normal(seed, stream, row, 0) is least.
 * @param drawn  total flags; those of rows that are not drawn are left alone
 * Errors: WL_ERROR_MEMORY.
 */
wl_error wl_rows_draw(int64_t total, int64_t count, uint64_t seed, wl_stream stream, bool *drawn);

/**
 * Draws round(fraction · total) of the rows, at least one and not all, for testing; a function of (seed, total, fraction)
 * alone. Both sets ascend.
 * Errors: WL_ERROR_DATA: a single row cannot be split; WL_ERROR_MEMORY. Nothing is owned then.
 */
wl_error wl_rows_split(int64_t total, double fraction, uint64_t seed, wl_rows *train, wl_rows *test);

/** Frees, and sets to zero. */
void wl_rows_free(wl_rows *rows);

#endif
