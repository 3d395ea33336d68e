/**
 * @file results.h
 * The result files of a run. All files are written under temporary names and renamed when all are complete, so that
 * a folder holds the results of one run or of the one before it, never half of one.
 *
 * Local, on rank 0 only, but for wl_results_put_symmetric, its _plane and wl_results_put_transposed.
 */
#ifndef WIDELIMIT_RESULTS_RESULTS_H
#define WIDELIMIT_RESULTS_RESULTS_H

#include <stddef.h>

#include "dist/matrix.h"
#include "linalg/cholesky.h"

typedef struct wl_results wl_results;

/**
 * Creates the folder where it is missing, and results.h5 in it under a temporary name.
 * @param bytes  what will be written, as far as it is known: refused where the disk has less room
 * Errors: WL_ERROR_IO, naming the path.
 */
wl_error wl_results_create(const char *directory, double bytes, wl_results **results);

/** The same with another name than results.h5 for the HDF5 file, e.g. "finite.h5"; `name` is borrowed. */
wl_error wl_results_create_named(const char *directory, const char *name, double bytes, wl_results **results);

/** Removes whatever is not complete, frees and sets to NULL; NULL is fine. */
void wl_results_discard(wl_results **results);

/**
 * Writes summary.json and config.yaml, puts all files in place and frees. On error nothing is changed but the
 * temporary files removed. Errors: WL_ERROR_IO.
 */
wl_error wl_results_commit(wl_results **results, const char *summary, const char *config);

/** The same without summary.json, and with another name than config.yaml for the configuration; `name` is borrowed. */
wl_error wl_results_commit_config(wl_results **results, const char *name, const char *config);

/**
 * Goes on with an unfinished results.h5 that wl_results_partial_path() names.
 * Errors: WL_ERROR_IO.
 */
wl_error wl_results_reopen(const char *directory, wl_results **results);

/** Where the unfinished results.h5 of a folder lies. Makes the folder where it is missing. Errors: WL_ERROR_IO. */
wl_error wl_results_partial_path(const char *directory, char *path, size_t size);

/** The same before the file is written anew. Errors: WL_ERROR_IO, also where another run has it open. */
wl_error wl_results_claim_partial(const char *directory, char *path, size_t size);

/** Has all that was written so far in the file, so that it may be copied. Errors: WL_ERROR_IO. */
wl_error wl_results_flush(wl_results *results);

/** Reads `rows` rows of a dataset from `row` on, all columns. Errors: WL_ERROR_IO. */
wl_error wl_results_get(wl_results *results, const char *path, int64_t row, int64_t rows, double *values);

/** Reads the rows × columns piece at (row, column), row-major; of three dimensions at the first place of the last. Errors: WL_ERROR_IO. */
wl_error wl_results_get_piece(wl_results *results, const char *path, int64_t row, int64_t column, int64_t rows,
                              int64_t columns, double *values);

/** An attribute of the root group. Errors: WL_ERROR_IO. */
wl_error wl_results_note(wl_results *results, const char *name, const char *text);

/**
 * Text about the results as a whole: an attribute of the group /provenance, a string of variable length, so that it may have
 * any. Errors: WL_ERROR_IO.
 */
wl_error wl_results_describe(wl_results *results, const char *name, const char *text);

/** What was described is of an earlier attempt: from now on it is the group /provenance/earlier. Errors: WL_ERROR_IO. */
wl_error wl_results_describe_anew(wl_results *results);

/**
 * A dataset of doubles with attributes `formula` and `units`; missing groups are made.
 * @param columns  0: a vector of `rows`
 */
wl_error wl_results_add(wl_results *results, const char *path, int64_t rows, int64_t columns, const char *formula,
                        const char *units);

/** Takes a dataset out again, where there is one of that path. Errors: WL_ERROR_IO. */
wl_error wl_results_remove(wl_results *results, const char *path);

/** Writes the rows × columns piece at (row, column), given row-major. For vectors column = 0, columns = 1. */
wl_error wl_results_put(wl_results *results, const char *path, int64_t row, int64_t column, int64_t rows,
                        int64_t columns, const double *values);

/** The same within a plane of three dimensions. */
wl_error wl_results_put_plane(wl_results *results, const char *path, int64_t plane, int64_t row, int64_t column,
                              int64_t rows, int64_t columns, const double *values);

/** The same for planes × rows × columns, and for pieces of it with all columns, given in that order. */
wl_error wl_results_add_cube(wl_results *results, const char *path, int64_t planes, int64_t rows, int64_t columns,
                             const char *formula, const char *units);
wl_error wl_results_put_cube(wl_results *results, const char *path, int64_t plane, int64_t row, int64_t planes,
                             int64_t rows, const double *values);

/** Where a matrix goes. */
typedef struct wl_results_slot {
  const char *path;
  int64_t plane; /**< of planes × rows × columns; −1: the dataset has rows and columns alone */
  double unit;   /**< every number is multiplied by it */
} wl_results_slot;

/**
 * Collective. Writes a symmetric matrix from one of its triangles, in pieces: both halves of the dataset are equal
 * to the bit.
 * @param results   on rank 0; others pass NULL
 * @param scale     every entry off the diagonal is multiplied by it, too
 * @param diagonal  count entries, on rank 0
 */
wl_error wl_results_put_symmetric(wl_results *results, const wl_results_slot *slot, const wl_matrix *matrix,
                                  wl_triangle triangle, double scale, const double *diagonal);

/** Collective. Writes the transpose of a distributed matrix as rows `row` and on. */
wl_error wl_results_put_transposed(wl_results *results, const wl_results_slot *slot, int64_t row,
                                   const wl_matrix *matrix);

#endif
