/**
 * @file posterior.h
 * Posterior draws from the covariance at T alone.
 */
#ifndef WIDELIMIT_SAMPLING_POSTERIOR_H
#define WIDELIMIT_SAMPLING_POSTERIOR_H

#include "sampling/joint.h"

/**
 * The posterior at T where its covariance and mean are known already (widelimit/model.h), so that no array over X is needed:
 *
 *   A Y + L₂₂ z,  L₂₂ L₂₂ᵀ = C + δI,  C = Θ_TT − A Θ_XT                        [He et al. 2020]
 *
 * C + δI is the Schur complement of S in the joint array above, so L₂₂ is the L₂₂ there; δ is chosen by the same rule, and z
 * are the same numbers. A draw is the one that wl_joint_draw_posterior makes, to the rounding of C: to ε ‖C‖ over the
 * square root of the smallest pivot, which at a point that the data determine is no more than δ.
 */
typedef struct wl_posterior wl_posterior;

/**
 * Collective. Factors C + δI.
 * @param options     seed and fault; the rest is in C
 * @param train       X; only its number of points and its diagonal of Θ count, for z and δ; borrowed for the call
 * @param test        T, m points on the same grid, made with the same network; borrowed for the call
 * @param covariance  m × m on the same grid, C below the diagonal, as wl_model_predict_batch leaves it; borrowed for the call
 * @param variance    its diagonal, m numbers on every rank; borrowed for the call
 * @param mean        A Y, m × c on the same grid; borrowed for the call
 * Memory: an m × m array of its own.
 * Errors: WL_ERROR_NUMERICAL where no shift helps; WL_ERROR_MEMORY; WL_ERROR_CAPACITY.
 */
wl_error wl_posterior_create(const wl_joint_options *options, const wl_points *train, const wl_points *test,
                             const wl_matrix *covariance, const double *variance, const wl_matrix *mean,
                             wl_posterior **posterior);

/** Local. Frees and sets to NULL; NULL is fine. */
void wl_posterior_destroy(wl_posterior **posterior);

/** Local. δ */
double wl_posterior_shift(const wl_posterior *posterior);

/** Collective. As wl_joint_draw_posterior: draws at T, one a column of `out` (m × any). */
void wl_posterior_draw(const wl_posterior *posterior, wl_draw_numbers numbers, wl_matrix *out);

#endif
