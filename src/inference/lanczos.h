/**
 * @file lanczos.h
 * Stochastic Lanczos quadrature: log det of A = P^−½ S P^−½ from what conjugate gradients leave of random right-hand sides. Local.
 *
 * For b ~ N(0, P) the vector P^−½ b points anywhere with equal probability, and n qᵀ log(A) q, with q of length 1 in its
 * direction, has the mean tr log A = log det S − log det P. The coefficients of conjugate gradients for S x = b are the Lanczos
 * matrix T of A and q [Golub & Meurant 2010, sec. 5.2], and qᵀ log(A) q ≈ e₁ᵀ log(T) e₁ [Ubaru, Chen & Saad 2017].
 */
#ifndef WIDELIMIT_INFERENCE_LANCZOS_H
#define WIDELIMIT_INFERENCE_LANCZOS_H

#include <stdint.h>

#include "widelimit/error.h"

/** A number with its standard error. */
typedef struct wl_sampled {
  double value, error;
} wl_sampled;

/**
 * *value ← e₁ᵀ log(T) e₁ with T_kk = 1/α_k + β_{k−1}/α_{k−1} and T_{k,k+1} = √β_k/α_k, of the steps in which the residual
 * was not yet rounding. 0 where there is none.
 * @param stride  of both arrays: α of step k is alpha[k · stride]
 * Errors: WL_ERROR_MEMORY.
 */
wl_error wl_lanczos_log(int64_t steps, const double *alpha, const double *beta, int64_t stride, double *value);

/** The mean, and √(sample variance / count); count ≥ 2. */
wl_sampled wl_sampled_of(int count, const double *values);

#endif
