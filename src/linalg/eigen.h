/**
 * @file eigen.h
 * Eigendecompositions of symmetric matrices given by one triangle: S = U Λ Uᵀ by reduction to a tridiagonal matrix, divide and
 * conquer, and the way back [Tisseur and Dongarra 1999]; eigenvalues alone by the reduction and the QL/QR iteration without
 * square roots.
 *
 * An eigenvalue is right to about n ε ‖S‖, whatever its size.
 */
#ifndef WIDELIMIT_LINALG_EIGEN_H
#define WIDELIMIT_LINALG_EIGEN_H

#include <stdbool.h>

#include "dist/matrix.h"

/** Of an n × n matrix. Members are for reading. */
typedef struct wl_eigen {
  double *values;     /**< n, ascending, on all ranks; owned */
  wl_matrix *vectors; /**< U, whose column j belongs to value j; NULL: not asked for; owned */
  /** With vectors ‖S Z − U Λ Uᵀ Z‖_F / (n ε ‖S‖₁ ‖Z‖_F) for random vectors Z; else what the trace and ‖S‖_F say of Λ,
      |Σ λ − tr S| / (n ε √n ‖S‖_F) or |‖λ‖₂ − ‖S‖_F| / (n ε ‖S‖_F), whichever is larger. Rounding gives less than 1. */
  double residual;
} wl_eigen;

/** How to decompose. All borrowed. */
typedef struct wl_eigen_options {
  const char *name; /**< of S in messages and progress */
  uint64_t seed;    /**< of the random vectors */
  bool vectors;
  void *context;
  wl_error (*between)(
      void *context); /**< Collective, called between the steps; an error ends all. NULL: not called */
} wl_eigen_options;

/**
 * Collective. Nothing is left of the triangle and the diagonal of S; the other triangle is neither read nor written.
 * Memory: U, and while it is made about two more shares of the matrix (wl_eigen_bytes).
 * @param eigen  to be cleared by the caller; zeros on an error
 * Errors: WL_ERROR_NUMERICAL where S is not finite, the iteration fails, or the residual is WL_RESIDUAL_LIMIT or more;
 * WL_ERROR_CAPACITY where a rank's work array passes 2³¹ − 1 numbers; WL_ERROR_MEMORY; those of `between`.
 */
wl_error wl_eigen_decompose(wl_matrix *s, wl_triangle triangle, const wl_eigen_options *options, wl_eigen *eigen);

/** Local. Frees, and sets to zero. */
void wl_eigen_clear(wl_eigen *eigen);

/** Local. Numbers of the work array on the rank that has most: what must stay below 2³¹. */
int64_t wl_eigen_work(const wl_grid *grid, int64_t n, bool vectors);

/** Local. Floating-point operations of all ranks, deflation not counted. */
double wl_eigen_flops(int64_t n, bool vectors);

#endif
