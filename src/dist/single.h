/**
 * @file single.h
 * A block-cyclic matrix of floats: the layout of wl_matrix (matrix.h) in half its memory.
 */
#ifndef WIDELIMIT_DIST_SINGLE_H
#define WIDELIMIT_DIST_SINGLE_H

#include <stdbool.h>

#include "dist/matrix.h"

/** Members are for reading; `data` for writing. Each means what it means in wl_matrix. */
typedef struct wl_single {
  const wl_grid *grid; /**< borrowed */
  int64_t rows, columns;
  int64_t local_rows, local_columns;
  int64_t ld;
  float *data; /**< local_rows × local_columns, column-major, 64-byte aligned; lies in `room` */
  float *room; /**< owned; of the same ld */
  bool behind; /**< wl_single_behind; its entries are only where wl_single_at says */
  int descriptor[9];
} wl_single;

/** Collective. An uninitialized rows × columns matrix. Errors: those of wl_matrix_create. */
wl_error wl_single_create(const wl_grid *grid, int64_t rows, int64_t columns, wl_single **matrix);

/**
 * Collective. An uninitialized n × n matrix for two lower triangles, one in its place in front and one behind it, in the room
 * above the diagonal. Each rank keeps its own entries there, so that nothing travels: those of its local block column b stand
 * in block column B − 1 − b, the B of a rank being counted from 0, from the top on. The lengths of both pair up but for about
 * Q/P + 1 blocks, which are the margin.
 */
wl_error wl_single_create_pair(const wl_grid *grid, int64_t n, wl_single **matrix);

/** Local. This rank's bytes of such a matrix. */
int64_t wl_single_pair_bytes(const wl_grid *grid, int64_t n);

/** Local. The matrix behind, for what reads lower triangles; shares all with `a`, is not to be destroyed. */
wl_single wl_single_behind(const wl_single *a);

/**
 * Local. Where entry (il, jl) is; behind: of a lower triangle with whole diagonal tiles. Its column goes on below it; the
 * next column of the same block column is `ld` away.
 */
float *wl_single_at(const wl_single *a, int64_t il, int64_t jl);

/** Local. The lower triangles, with whole diagonal tiles, trade places. */
void wl_single_exchange(wl_single *a);

/** Local. Frees and sets to NULL; NULL is fine. */
void wl_single_destroy(wl_single **matrix);

/**
 * Local. to ← from with column j (by local column) divided by scale[j]; same grid and shape. widen: the other way, where
 * column j is multiplied by scale[j].
 */
void wl_single_round(const wl_matrix *from, const double *scale, wl_single *to);
void wl_single_widen(const wl_single *from, const double *scale, wl_matrix *to);

/** Local. As wl_matrix_get_diagonal. */
void wl_single_get_diagonal(const wl_single *a, double *d);

#endif
