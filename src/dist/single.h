/**
 * @file single.h
 * A block-cyclic matrix of floats: the layout of wl_matrix (matrix.h) in half its memory.
 */
#ifndef WIDELIMIT_DIST_SINGLE_H
#define WIDELIMIT_DIST_SINGLE_H

#include "widelimit/matrix.h"

/** Members are for reading; `data` for writing. Each means what it means in wl_matrix. */
typedef struct wl_single {
  const wl_grid *grid; /**< borrowed */
  int64_t rows, columns;
  int64_t local_rows, local_columns;
  int64_t ld;
  float *data; /**< local_rows × local_columns, column-major, 64-byte aligned; owned */
  int descriptor[9];
} wl_single;

/** Collective. An uninitialized rows × columns matrix. Errors: those of wl_matrix_create. */
wl_error wl_single_create(const wl_grid *grid, int64_t rows, int64_t columns, wl_single **matrix);

/** Local. Frees and sets to NULL; NULL is fine. */
void wl_single_destroy(wl_single **matrix);

/**
 * Local. to ← from with column j (by local column) divided by scale[j]; same grid and shape. widen: the other way, where
 * column j is multiplied by scale[j].
 */
void wl_single_narrow(const wl_matrix *from, const double *scale, wl_single *to);
void wl_single_widen(const wl_single *from, const double *scale, wl_matrix *to);

/** Local. As wl_matrix_get_diagonal. */
void wl_single_get_diagonal(const wl_single *a, double *d);

#endif
