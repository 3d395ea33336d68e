/**
 * @file trsm.h
 * Triangular solves (as p?trsm) and symmetric products (as p?symm) with one triangle of a block-cyclic matrix and a panel B
 * of many columns. The matrix goes by in block columns, each sent along the process rows while the one before is at work, so
 * that B stays where it is.
 *
 * B has the matrix's rows and grid and is overwritten in place. Collective. Errors: WL_ERROR_MEMORY.
 */
#ifndef WIDELIMIT_LINALG_TRSM_H
#define WIDELIMIT_LINALG_TRSM_H

#include "dist/single.h"
#include "linalg/cholesky.h"

/** B ← op(T)⁻¹ B with T the triangle of `a` named, its diagonal included, and op(T) = T or Tᵀ. */
wl_error wl_triangle_solve(const wl_matrix *a, wl_triangle triangle, wl_trans trans, wl_matrix *b);

/**
 * The same of a panel that is zero above row `first`, where that leaves B so: T⁻¹ B with the lower triangle, T⁻ᵀ B with the
 * upper one. Of both, the rows before the block of `first` are left out.
 */
wl_error wl_triangle_solve_below(const wl_matrix *a, wl_triangle triangle, wl_trans trans, int64_t first,
                                 wl_matrix *b);

/** Columns of B up to which solves with a triangle of floats leave the matrix where it is, and send vectors. */
enum { WL_SOLVE_FEW = 128 };

/** The same in single precision, and with a matrix of floats and a panel of doubles, which rounds as double precision does. */
wl_error wl_triangle_solve_single(const wl_single *a, wl_triangle triangle, wl_trans trans, wl_single *b);
wl_error wl_triangle_solve_mixed(const wl_single *a, wl_triangle triangle, wl_trans trans, wl_matrix *b);

/**
 * C ← S B + beta C, where S is symmetric: its strict upper triangle is that of `a`, its diagonal is `diagonal`, by
 * local row of `a`.
 */
wl_error wl_symmetric_product(const wl_matrix *a, const double *diagonal, const wl_matrix *b, double beta,
                              wl_matrix *c);

/**
 * C ← T B, where S = T + Tᵀ is the same matrix: T has its strict upper triangle and half its diagonal. BᵀSB = 2 BᵀTB so takes
 * half the work. C is another matrix than B.
 */
wl_error wl_half_product(const wl_matrix *a, const double *diagonal, const wl_matrix *b, wl_matrix *c);

#endif
