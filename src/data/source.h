/**
 * @file source.h
 * A matrix in a file, read row by row: HDF5 (`file.h5:/dataset`), NumPy (`file.npy`) or CSV (`file.csv:1-64`).
 *
 * Everything in this header is Local (the program calls it on rank 0 only) and reads in pieces: no function
 * holds more than the rows asked for.
 */
#ifndef WIDELIMIT_DATA_SOURCE_H
#define WIDELIMIT_DATA_SOURCE_H

#include <stdint.h>

#include "widelimit/error.h"

typedef struct wl_source wl_source;

/**
 * Opens a source and finds its shape.
 * @param spec  `PATH` or `PATH:SELECTOR`. `.h5`/`.hdf5`: the selector is the dataset path (required), real or
 *              integer type of rank 1 (one column) or 2. `.npy`: no selector; float or integer types of any
 *              size, little or big endian, C order, rank 1 or 2. `.csv`: 1-based column or range of columns
 *              (none: all); a first line that is not numeric is a header; empty lines are skipped.
 * @param directory  relative paths start here; NULL: the current directory
 * Errors: WL_ERROR_DATA, naming the file and what is wrong (missing, unreadable, wrong ending, absent dataset,
 * rank, element type, truncated, line of a ragged or non-numeric row); WL_ERROR_MEMORY.
 */
wl_error wl_source_open(const char *spec, const char *directory, wl_source **source);

/** Closes and sets to NULL; NULL is fine. */
void wl_source_close(wl_source **source);

/** Number of rows (examples). */
int64_t wl_source_rows(const wl_source *source);

/** Number of columns. */
int64_t wl_source_cols(const wl_source *source);

/** The specification as given, for messages. Owned by the source. */
const char *wl_source_spec(const wl_source *source);

/**
 * Reads rows first … first + count − 1 as double, row-major, into out (count × cols).
 * Reading on where the last call ended is fast for every format; going back is possible.
 * Errors: WL_ERROR_DATA, naming file, row and column (1-based) of a NaN or infinity, or the line that cannot be
 * read; WL_ERROR_IO where reading fails.
 */
wl_error wl_source_read(wl_source *source, int64_t first, int64_t count, double *out);

#endif
