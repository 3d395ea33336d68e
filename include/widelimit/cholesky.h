/**
 * @file cholesky.h
 * Cholesky factorization of a block-cyclic symmetric positive definite matrix, in place in one triangle, and what
 * follows from the factor: solves, log-determinant, residual, condition.
 *
 *   lower:  S = L Lᵀ        upper:  S = Uᵀ U, and everything below reads with L = Uᵀ
 *
 * The triangle that is not named is neither read nor written, so that it can hold another matrix.
 */
#ifndef WIDELIMIT_CHOLESKY_H
#define WIDELIMIT_CHOLESKY_H

#include "widelimit/matrix.h"

/** A factor and what is known of it. Members are for reading. */
typedef struct wl_cholesky {
  wl_matrix *matrix; /**< holds L or U; borrowed */
  wl_triangle triangle;
  double log_determinant; /**< log det S = 2 Σ log L_ii */
  double norm;            /**< ‖S‖₁ */
  double residual; /**< ‖S Z − L Lᵀ Z‖_F / (n ε ‖S‖₁ ‖Z‖_F) for four random vectors Z: rounding gives < 1 */
  double
      reciprocal_condition; /**< 1 / (‖S‖₁ ‖S⁻¹‖₁), ‖S⁻¹‖₁ estimated from below, seldom by more than a factor 3 */
  double seconds; /**< of the factorization alone, on this rank */
} wl_cholesky;

/**
 * Collective. Factors `matrix`, whose named triangle with the diagonal holds S, in place.
 * @param name  of S in messages and progress, e.g. "theta"
 * @param seed  of the probing vectors
 * Errors: WL_ERROR_NUMERICAL where S is not positive definite to rounding (the message names the pivot's row,
 * counted from 1, and the remedies) or not finite; WL_ERROR_MEMORY. The triangle is then spoilt.
 */
wl_error wl_cholesky_factor(wl_matrix *matrix, wl_triangle triangle, const char *name, uint64_t seed,
                            wl_cholesky *factor);

/** Collective. B ← L⁻¹ B, all columns; B has the factor's rows and grid. Errors: WL_ERROR_MEMORY. */
wl_error wl_cholesky_forward(const wl_cholesky *factor, wl_matrix *b);

/** Collective. B ← L⁻ᵀ B. After wl_cholesky_forward: B ← S⁻¹ B. Errors: WL_ERROR_MEMORY. */
wl_error wl_cholesky_backward(const wl_cholesky *factor, wl_matrix *b);

#endif
