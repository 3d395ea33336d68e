/**
 * @file matrix.h
 * A dense matrix of doubles, dealt out over a process grid in nb × nb tiles (two-dimensional block-cyclic): tile (ib, jb) belongs
 * to process (ib mod P, jb mod Q), and each process keeps its tiles as one column-major array. Indices count from 0.
 */
#ifndef WIDELIMIT_MATRIX_H
#define WIDELIMIT_MATRIX_H

#include <stdint.h>

#include "widelimit/grid.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wl_matrix wl_matrix;

/**
 * Collective. An uninitialized rows × columns matrix. Either may be 0.
 * @param grid  borrowed, must outlive the matrix
 * Errors: WL_ERROR_USAGE; WL_ERROR_CAPACITY where a rank's share exceeds 2³¹ − 1 elements (ScaLAPACK's local indices), with the
 * number of ranks that would do; WL_ERROR_MEMORY, with the bytes wanted.
 */
WL_API wl_error wl_matrix_create(const wl_grid *grid, int64_t rows, int64_t columns, wl_matrix **matrix);

/** Local. Frees and sets to NULL; NULL is fine. */
WL_API void wl_matrix_destroy(wl_matrix **matrix);

/** Local. Its global shape; 0 × 0 for NULL. */
WL_API void wl_matrix_shape(const wl_matrix *matrix, int64_t *rows, int64_t *columns);

/**
 * Collective. All entries from rank 0.
 * @param values  on rank 0: rows × columns, row-major. Ignored on other ranks, NULL is fine
 * Errors: WL_ERROR_USAGE; WL_ERROR_MEMORY.
 */
WL_API wl_error wl_matrix_scatter(wl_matrix *matrix, const double *values);

/**
 * Collective. All entries to rank 0.
 * @param values  on rank 0: gets rows × columns, row-major. Ignored on other ranks, NULL is fine
 * Errors: WL_ERROR_USAGE; WL_ERROR_MEMORY.
 */
WL_API wl_error wl_matrix_gather(const wl_matrix *matrix, double *values);

/**
 * Local. This rank's share for reading and writing: entry (il, jl) is at [il + jl·ld]. Owned by the matrix; NULL for NULL.
 * @param rows, columns  of the share
 */
WL_API double *wl_matrix_local(wl_matrix *matrix, int64_t *rows, int64_t *columns, int64_t *ld);

/** Local. Which entry (*i, *j) of the matrix, which is not NULL, the entry (il, jl) of this rank's share is. */
WL_API void wl_matrix_local_to_global(const wl_matrix *matrix, int64_t il, int64_t jl, int64_t *i, int64_t *j);

#ifdef __cplusplus
}
#endif

#endif
