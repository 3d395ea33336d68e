/**
 * @file condition.h
 * The condition number of a factored matrix.
 */
#ifndef WIDELIMIT_LINALG_CONDITION_H
#define WIDELIMIT_LINALG_CONDITION_H

#include "dist/single.h"
#include "linalg/cholesky.h"

/**
 * Collective. Estimates ‖S⁻¹‖₁ from the factor of S by at most eight solves with S, usually six: a lower bound that is
 * almost always within a factor of three [Hager 1984; Higham 1988, Algorithm 4.1, with the alternating vector of LAPACK's
 * dlacn2].
 * Errors: WL_ERROR_MEMORY.
 */
wl_error wl_inverse_norm1(const wl_cholesky *factor, double *norm);

/** Collective. ‖S⁻¹‖₁ for S = L Lᵀ / scale, L in the lower triangle of `factor`, by solves in single precision. */
wl_error wl_inverse_norm1_single(const wl_single *factor, double scale, double *norm);

#endif
