/**
 * @file training_time.h
 * What networks trained for a finite time predict, all times from one eigendecomposition.
 *
 * Gradient flow of unit rate on ½ ‖f(X) − Y‖² + ½ s ‖ϑ − ϑ₀‖², s = σ² + jitter, S = Θ_XX + s I = U Λ Uᵀ, stopped at time t:
 *
 *   f_t(λ) = (1 − e^{−tλ}) / λ,  1/λ at t = ∞            A_t = Θ_TX S⁻¹ (I − e^{−tS}) = Gᵀ f_t(Λ) Uᵀ,  G = Uᵀ Θ_XT
 *   mean           A_t Y = Gᵀ f_t(Λ) Uᵀ Y                                                        [Jacot et al. 2018]
 *   ensemble       κ_TT + A_t κ_XX A_tᵀ − A_t κ_XT − κ_TX A_tᵀ                                   [Lee et al. 2020]
 *   rnd            2 × ensemble
 *   bayesian_rnd   Θ_TT + A_t S A_tᵀ − A_t Θ_XT − Θ_TX A_tᵀ = Θ_TT − Gᵀ f_2t(Λ) G,
 *
 * the last because λ f_t² − 2 f_t = −f_2t. It is the law of the error ε_b = u_t − g̃ with a noise draw for each head, and before
 * t = ∞ no posterior.
 */
#ifndef WIDELIMIT_INFERENCE_TRAINING_TIME_H
#define WIDELIMIT_INFERENCE_TRAINING_TIME_H

#include "inference/model.h"
#include "inference/spectrum.h"

/** What all times share at one batch of test points. */
typedef struct wl_training_time wl_training_time;

typedef struct wl_training_time_options {
  double shift;                     /**< s = σ² + jitter */
  bool quantity[WL_QUANTITY_COUNT]; /**< ensemble, rnd, bayesian_rnd; the others have no law at a time */
} wl_training_time_options;

/**
 * Collective. G, and κ_XT where the ensemble is wanted. Memory: two n × w panels, with the ensemble four.
 * @param spectrum  with vectors, and κ where the ensemble or rnd is wanted; borrowed, must outlive the result
 * @param test      T, on the grid of X or one for panels; borrowed likewise
 * @param first     what test point 0 counts as in messages
 * Errors: WL_ERROR_USAGE; WL_ERROR_MEMORY.
 */
wl_error wl_training_time_create(const wl_spectrum *spectrum, const wl_training_time_options *options,
                                 const wl_points *test, int64_t first, wl_training_time **result);

/** Local. Frees and sets to NULL; NULL is fine. */
void wl_training_time_destroy(wl_training_time **times);

/**
 * Collective. At time t ≥ 0, which may be infinite. 4 n² w flops with the ensemble, O(n w) without, m² n more for a covariance.
 * @param covariance  NULL, or w × w on the grid of T with Θ_TT below and κ_TT above the diagonal (wl_gram_symmetric). On
 *                    return, off the diagonal: that of bayesian_rnd below and of ensemble above it
 * @param prediction  to be cleared by the caller
 * Errors: WL_ERROR_NUMERICAL where n ε λ_max f_t(λ_min) ≥ 1, so that A_t has no digit that is sure (at t = ∞: 1/ε over n is
 * the largest condition), or where a variance is negative beyond its rounding bound; WL_ERROR_USAGE; WL_ERROR_MEMORY.
 */
wl_error wl_training_time_predict(wl_training_time *times, double t, wl_matrix *covariance,
                                  wl_prediction *prediction);

/** Local. f_t(λ); λ may be 0 or, by rounding, below, where t is finite. */
double wl_training_filter(double t, double lambda);

#endif
