/**
 * @file matrix.h
 * The block-cyclic matrix from within. On a grid for panels tiles are narrower than nb.
 */
#ifndef WIDELIMIT_DIST_MATRIX_H
#define WIDELIMIT_DIST_MATRIX_H

#include "dist/grid.h"
#include "widelimit/matrix.h"

/** The triangle of a square array that holds a matrix. */
typedef enum wl_triangle { WL_TRIANGLE_LOWER, WL_TRIANGLE_UPPER } wl_triangle;

/** Whether a matrix is read as it stands or transposed. */
typedef enum wl_trans { WL_NO_TRANS, WL_TRANS } wl_trans;

/** Local. How L is read from the triangle that holds a Cholesky factor, and how Lᵀ is: the upper triangle holds U = Lᵀ. */
static inline wl_trans wl_trans_of_lower(wl_triangle triangle) {
  return triangle == WL_TRIANGLE_LOWER ? WL_NO_TRANS : WL_TRANS;
}
static inline wl_trans wl_trans_of_upper(wl_triangle triangle) {
  return triangle == WL_TRIANGLE_LOWER ? WL_TRANS : WL_NO_TRANS;
}

/** Members are for reading; `data` for writing. */
struct wl_matrix {
  const wl_grid *grid;   /**< borrowed */
  int64_t rows, columns; /**< global shape */
  int64_t local_rows, local_columns;
  int64_t ld; /**< leading dimension of data, ≥ 1 */
  double
      *data; /**< local_rows × local_columns, column-major, 64-byte aligned, room for ld × local_columns; owned */
  int descriptor[9]; /**< as ScaLAPACK wants it */
};

/** Local. WL_ERROR_CAPACITY where wl_matrix_create would say so. */
wl_error wl_matrix_check_capacity(const wl_grid *grid, int64_t rows, int64_t columns);

/** Local. Bytes of this rank's share of a rows × columns matrix. */
int64_t wl_matrix_local_bytes(const wl_grid *grid, int64_t rows, int64_t columns);

/**
 * Local. The smallest number of ranks on a square grid for which no rank's share of an n × n matrix exceeds
 * 2³¹ − 1 elements.
 */
int64_t wl_matrix_ranks_needed(int64_t n);

/** Local. Global row of local row il, global column of local column jl. */
static inline int64_t wl_matrix_global_row(const wl_matrix *a, int64_t il) {
  return wl_grid_global(il, a->grid->block, a->grid->row, a->grid->rows);
}
static inline int64_t wl_matrix_global_column(const wl_matrix *a, int64_t jl) {
  return wl_grid_global(jl, a->grid->column_block, a->grid->column, a->grid->columns);
}

/** Local. Number of this rank's rows (columns) with a global index below i (j): where they begin locally. */
static inline int64_t wl_matrix_local_row(const wl_matrix *a, int64_t i) {
  return wl_grid_owned(i, a->grid->block, a->grid->row, a->grid->rows);
}
static inline int64_t wl_matrix_local_column(const wl_matrix *a, int64_t j) {
  return wl_grid_owned(j, a->grid->column_block, a->grid->column, a->grid->columns);
}

/**
 * Collective. Copies the rows × columns piece that begins at (i, j) to rank 0.
 * @param out  column-major with leading dimension `rows`; used on rank 0 only
 * Errors: WL_ERROR_MEMORY. Pieces of up to 2³¹ − 1 elements.
 */
wl_error wl_matrix_get(const wl_matrix *a, int64_t i, int64_t j, int64_t rows, int64_t columns, double *out);

/**
 * Collective. Rows i … i + rows − 1 from rank 0, any number of them, by way of pieces.
 * @param values  on rank 0: rows × the matrix's columns, row-major. Ignored on other ranks, NULL is fine
 * Errors: WL_ERROR_USAGE where values is NULL on rank 0; WL_ERROR_MEMORY.
 */
wl_error wl_matrix_scatter_rows(wl_matrix *a, int64_t i, int64_t rows, const double *values);

/**
 * Collective. Spreads a piece from rank 0: row i + k of the matrix becomes in[k·columns … ] (row-major), for all of
 * the matrix's columns. `in` has the same size on all ranks and is overwritten except on rank 0.
 */
void wl_matrix_set_rows(wl_matrix *a, int64_t i, int64_t rows, double *in);

/** Local. The first rows and columns of a matrix, which keeps what it owns: for use while that lives, not to be destroyed. */
wl_matrix wl_matrix_leading(const wl_matrix *a, int64_t rows, int64_t columns);
wl_matrix wl_matrix_first_columns(const wl_matrix *a, int64_t columns);

/** Local. Copies values between matrices of the same grid and shape, leading parts of others among them. */
void wl_matrix_copy(const wl_matrix *from, wl_matrix *to);

/** Local. The diagonal entry of local row il, where it is on this rank; else NULL. */
double *wl_matrix_diagonal_at(const wl_matrix *a, int64_t il);

/**
 * Local. The diagonal, on the ranks that own its entries: get writes value i to d[il] (il: local row), set reads it.
 * d has local_rows entries; those whose diagonal entry lives elsewhere are left alone.
 */
void wl_matrix_get_diagonal(const wl_matrix *a, double *d);
void wl_matrix_set_diagonal(wl_matrix *a, const double *d);

#endif
