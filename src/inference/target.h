/**
 * @file target.h
 * RND whose target g is another network than the predictor u: its error is that of both initial functions,
 *
 *   E[ε εᵀ] = V_A[κ_u + κ_g] = V_A[κ_u] + V_A[κ_g],   V_A[K] = K_TT + A K_XX Aᵀ − A K_XT − K_TX Aᵀ
 *
 * with A from Θ of the predictor, which trains. The first term is the ensemble's covariance; the second is here. κ_g,XX has no
 * array of its own: its product with Aᵀ is made from tiles that are evaluated again for each batch (gram/matrix_free.h).
 */
#ifndef WIDELIMIT_INFERENCE_TARGET_H
#define WIDELIMIT_INFERENCE_TARGET_H

#include "inference/variance.h"

/**
 * Collective. Adds V_A[κ_g] to the ensemble's variance in p->variance, and makes that of rnd.
 * @param w           W = Aᵀ = S⁻¹ Θ_XT on the grid of the test points
 * @param covariance  NULL, or the ensemble's, off the diagonal above it: then p->rnd_covariance becomes that of rnd, there
 * Errors: WL_ERROR_NUMERICAL where a variance is negative beyond its rounding bound; WL_ERROR_MEMORY.
 */
wl_error wl_predict_target(const wl_model *model, const wl_points *test, const wl_matrix *w, wl_point_sums *c,
                           const wl_matrix *covariance, wl_prediction *p);

#endif
