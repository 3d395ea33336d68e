/**
 * @file scalapack.h
 * The one place that knows ScaLAPACK, PBLAS and BLACS: their Fortran names, their indices from 1 and their 32-bit
 * integers. Callers use wl_matrix and global indices from 0. All calls are Collective over the grid.
 */
#ifndef WIDELIMIT_DIST_SCALAPACK_H
#define WIDELIMIT_DIST_SCALAPACK_H

#include "dist/matrix.h"
#include "dist/single.h"

/** Local. The file that p?potrf comes from: the ScaLAPACK that answers, or the program where it is linked in. */
const char *wl_scalapack_library(void);

/** A tridiagonal matrix, and what its makers work with: all arrays are owned by the caller. */
typedef struct wl_tridiagonal {
  double *diagonal; /**< n numbers */
  double *beside;   /**< n numbers, of which n − 1 stand beside the diagonal and the last means nothing */
  double *tau;      /**< of the reflectors that lead to it, one for each local column */
  double *work;     /**< work_size numbers, at most 2³¹ − 1 */
  int *integers;    /**< integers_size of them */
  int64_t work_size, integers_size;
} wl_tridiagonal;

/** Local. Sets the sizes, for an n × n matrix. With eigenvectors they are about two more shares of that. */
void wl_tridiagonal_work(const wl_grid *grid, int64_t n, bool vectors, wl_tridiagonal *t);

/** Starts and ends BLACS on the grid's own communicator (its default would be MPI_COMM_WORLD). */
void wl_blacs_open(wl_grid *grid);
void wl_blacs_close(wl_grid *grid);

/** Fills the descriptor of a rows × columns matrix; the shape has been range-checked by the caller. */
void wl_scalapack_describe(const wl_grid *grid, int64_t rows, int64_t columns, int64_t ld, int descriptor[9]);

/**
 * Local. Cholesky factor of an n × n tile, in place in the triangle named; the other one is not touched. Returns -1,
 * or the row of the first pivot that is not positive.
 */
int64_t wl_potrf_tile(wl_triangle triangle, int64_t n, double *a, int64_t ld);
int64_t wl_potrf_tile_single(wl_triangle triangle, int64_t n, float *a, int64_t ld);

/**
 * Cholesky factor of A, in place in the triangle named; the other one is not touched. Returns the number of rows, or on all
 * ranks the row of the first pivot that is not positive. NaN is positive.
 */
int64_t wl_potrf(wl_triangle triangle, wl_matrix *a);
int64_t wl_potrf_single(wl_triangle triangle, wl_single *a);

/**
 * What is left of A, from row and column `first` on, is [A₁₁ A₂₁ᵀ; A₂₁ A₂₂] with A₁₁ of order `width`, the rest of a tile, and factored.
 * trsm_panel: A₂₁ ← A₂₁ L₁₁⁻ᵀ; syrk_trailing: A₂₂ ← A₂₂ − A₂₁ A₂₁ᵀ. In the triangle named.
 * @param room  as many numbers as wl_syrk_room says
 */
void wl_trsm_panel(wl_triangle triangle, int64_t first, int64_t width, wl_matrix *a);
void wl_trsm_panel_single(wl_triangle triangle, int64_t first, int64_t width, wl_single *a);
void wl_syrk_trailing(wl_triangle triangle, int64_t first, int64_t width, double *room, wl_matrix *a);
void wl_syrk_trailing_single(wl_triangle triangle, int64_t first, int64_t width, float *room, wl_single *a);

/**
 * Local. What syrk_trailing needs in an n × n matrix: the upper triangle's A₂₁ᵀ, a block row, is transposed to a block column first,
 * for of a block row the reference PBLAS makes its copies on all ranks by adding up zeros. 0: nothing, A₂₁ will do.
 */
int64_t wl_syrk_room(wl_triangle triangle, const wl_grid *grid, int64_t n);

/**
 * The border of a leading block of order n, A₂₁ and A₂₂, in the triangle named.
 * syrk: A₂₂ ← A₂₂ − A₂₁ A₂₁ᵀ; symm: C ← [0 A₂₁ᵀ; A₂₁ A₂₂] B; get: panel ← the columns of A₂₁ᵀ that belong to the rows of A from `first`
 * on, as many as it has; put: these ← panel.
 */
void wl_syrk_border(wl_triangle triangle, int64_t n, wl_matrix *a);
void wl_symm_border(wl_triangle triangle, int64_t n, const wl_matrix *a, const wl_matrix *b, wl_matrix *c);
void wl_border_get(wl_triangle triangle, int64_t first, const wl_matrix *a, wl_matrix *panel);
void wl_border_put(wl_triangle triangle, int64_t first, const wl_matrix *panel, wl_matrix *a);

/** B ← op(A)⁻¹ B, all of both, A triangular. */
void wl_trsm_left(wl_triangle triangle, wl_trans trans, const wl_matrix *a, wl_matrix *b);

/** x ← op(A)⁻¹ x for one vector (n × 1), A triangular: the vector travels, the matrix stays, unlike in wl_trsm_left. */
void wl_trsv(wl_triangle triangle, wl_trans trans, const wl_matrix *a, wl_matrix *x);

/** B ← op(A) B, all of both, A triangular. */
void wl_trmm_left(wl_triangle triangle, wl_trans trans, const wl_matrix *a, wl_matrix *b);

/** C ← C − Aᵀ A in the triangle named; all of each. */
void wl_syrk_transposed(wl_triangle triangle, const wl_matrix *a, wl_matrix *c);

/** C ← C + A Aᵀ in the triangle named; all of each. */
void wl_syrk_add(wl_triangle triangle, const wl_matrix *a, wl_matrix *c);

/** C ← C + ½ (Aᵀ B + Bᵀ A) in the triangle named; all of each. */
void wl_syr2k_transposed(wl_triangle triangle, const wl_matrix *a, const wl_matrix *b, wl_matrix *c);

/** C ← β C + α A B with A symmetric, given by the triangle named; all of each. */
void wl_symm_left(wl_triangle triangle, double alpha, const wl_matrix *a, const wl_matrix *b, double beta,
                  wl_matrix *c);

/** B ← Aᵀ; all of both. */
void wl_transpose(const wl_matrix *a, wl_matrix *b);

/** C ← Aᵀ B; all of each. */
void wl_gemm_transposed(const wl_matrix *a, const wl_matrix *b, wl_matrix *c);

/** C ← C + Aᵀ B; all of each. */
void wl_gemm_transposed_add(const wl_matrix *a, const wl_matrix *b, wl_matrix *c);

/** C ← A B; all of each. */
void wl_gemm(const wl_matrix *a, const wl_matrix *b, wl_matrix *c);

/** The first n rows of B ← op(A)⁻¹ times them, with A's leading n × n block, triangular. */
void wl_trsm_leading(wl_triangle triangle, wl_trans trans, int64_t n, const wl_matrix *a, wl_matrix *b);

/** B₂ ← B₂ + A₂₁ B₁, where B₁ are the first n rows of B, B₂ the rest, and A₂₁ is the border of A's leading n rows in the triangle named. */
void wl_gemm_border(wl_triangle triangle, int64_t n, const wl_matrix *a, wl_matrix *b);

/** The same with A₂₁ given as its transpose: A is n × as many rows as B₂ has. */
void wl_gemm_border_transposed(int64_t n, const wl_matrix *a, wl_matrix *b);

/**
 * A = Q T Qᵀ with T tridiagonal: A is symmetric and given by the triangle named, where Q's reflectors and the diagonal take its
 * place; the other triangle is not touched. T goes to all ranks. This and the three below return LAPACK's info, 0 where all is well.
 */
int wl_sytrd(wl_triangle triangle, wl_matrix *a, wl_tridiagonal *t);

/** T = Z Λ Zᵀ by divide and conquer; Λ, ascending, takes the place of T's diagonal. wl_sterf: local, without Z. */
int wl_stedc(wl_tridiagonal *t, wl_matrix *z);
int wl_sterf(int64_t n, wl_tridiagonal *t);

/** Z ← Q Z with the reflectors that wl_sytrd left. */
int wl_ormtr(wl_triangle triangle, const wl_matrix *a, const wl_tridiagonal *t, wl_matrix *z);

/** B ← the rows of A from row n on; same columns. */
void wl_rows_from(int64_t n, const wl_matrix *a, wl_matrix *b);

/** The rows of B from row n on ← A; same columns. */
void wl_rows_to(int64_t n, const wl_matrix *a, wl_matrix *b);

/** Local. What wl_rows_to takes for an A of rows × columns, in bytes: its entries, some columns at a time, as they leave and as they come. */
double wl_rows_to_bytes(const wl_grid *grid, int64_t rows, int64_t columns);

/** Columns j … j + count − 1 of B ← columns i … i + count − 1 of A; same rows. */
void wl_copy_columns(int64_t count, const wl_matrix *a, int64_t i, wl_matrix *b, int64_t j);

#endif
