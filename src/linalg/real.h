/**
 * @file real.h
 * The number type of lookahead.inc, potrf.inc and trsm.inc, each of which is compiled once for doubles and once for floats: the
 * file that includes them defines WL_REAL_IS_SINGLE as 0 or 1. With WL_STORED_IS_SINGLE as 1, the matrix that is swept over is
 * one of floats, whatever the panel is.
 */
#ifndef WIDELIMIT_LINALG_REAL_H
#define WIDELIMIT_LINALG_REAL_H

#include <cblas.h>
#include <float.h>
#include <mpi.h>

#include "base/util.h"
#include "dist/single.h"

#if WL_REAL_IS_SINGLE
typedef float real;
typedef wl_single real_matrix;
#define CBLAS(name) cblas_s##name
#define WL_MPI_REAL MPI_FLOAT
#define WL_REAL_EPSILON ((double)FLT_EPSILON)
#define WL_POTRF_TILE wl_potrf_tile_single
#define WL_POTRF wl_potrf_single
#define WL_TRSM_PANEL wl_trsm_panel_single
#define WL_SYRK_TRAILING wl_syrk_trailing_single
#define WL_GET_DIAGONAL wl_single_get_diagonal
#else
typedef double real;
typedef wl_matrix real_matrix;
#define CBLAS(name) cblas_d##name
#define WL_MPI_REAL MPI_DOUBLE
#define WL_REAL_EPSILON DBL_EPSILON
#define WL_POTRF_TILE wl_potrf_tile
#define WL_POTRF wl_potrf
#define WL_TRSM_PANEL wl_trsm_panel
#define WL_SYRK_TRAILING wl_syrk_trailing
#define WL_GET_DIAGONAL wl_matrix_get_diagonal
#endif

#ifndef WL_STORED_IS_SINGLE
#define WL_STORED_IS_SINGLE WL_REAL_IS_SINGLE
#endif
#if WL_STORED_IS_SINGLE
typedef float stored;
typedef wl_single stored_matrix;
#else
typedef double stored;
typedef wl_matrix stored_matrix;
#endif

/* As wl_single_at (single.h), for either matrix. */
#if WL_STORED_IS_SINGLE
#define WL_STORED_AT(a, il, jl) wl_single_at((a), (il), (jl))
#else
#define WL_STORED_AT(a, il, jl) ((a)->data + (il) + (jl) * (a)->ld)
#endif

/* As aligned_numbers (util.h). */
static inline real *aligned_reals(int64_t count) {
  return (real *)aligned_numbers((int64_t)sizeof(real) * (count + 1) / (int64_t)sizeof(double));
}

/* As wl_matrix_local_row and its like (matrix.h), for either matrix. */
#define WL_LOCAL_ROW(a, i) wl_grid_owned((i), (a)->grid->block, (a)->grid->row, (a)->grid->rows)
#define WL_LOCAL_COLUMN(a, j) wl_grid_owned((j), (a)->grid->block, (a)->grid->column, (a)->grid->columns)

#endif
