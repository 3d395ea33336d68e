/**
 * @file variance.h
 * What predictions in double and in mixed precision, and leave-one-out, share. Collective.
 */
#ifndef WIDELIMIT_INFERENCE_VARIANCE_H
#define WIDELIMIT_INFERENCE_VARIANCE_H

#include "inference/model_state.h"

/** Numbers per test point, the same on every rank. */
typedef struct wl_point_sums {
  double *theta, *kappa; /* diagonal of Θ_TT and κ_TT */
  double *dot, *norm1;   /* Σᵢ xᵢ yᵢ and Σᵢ |xᵢ| of two panels' columns */
} wl_point_sums;

/** What a prediction makes on its way, n × w each on the grid of the test points. */
typedef struct wl_prediction_panels {
  wl_matrix *v; /**< L⁻¹ K_XT, K the kernel of the prior; where ensemble or rnd is wanted, W = S⁻¹ Θ_XT instead */
  wl_matrix *d; /**< there, κ_XX W − 2 κ_XT; NULL otherwise */
} wl_prediction_panels;

/** wl_model_predict_batch in double precision alone, which leaves its panels to the caller. On an error there are none. */
wl_error wl_model_predict_keeping(wl_model *model, const wl_points *test, wl_prediction_panels *kept,
                                  wl_prediction *p);

/** Room for `count` points in all quantities of the prior, of which what was not asked for is dropped in the end. */
wl_error wl_prediction_create(const wl_model *model, wl_prior prior, int64_t first, int64_t count,
                              wl_prediction *p);
void wl_prediction_drop_unasked(const bool asked[WL_QUANTITY_COUNT], wl_prediction *p);

/** Room for the numbers of these test points, with the diagonals filled in. Errors: WL_ERROR_MEMORY. */
wl_error wl_point_sums_create(const wl_points *test, wl_point_sums *c);
void wl_point_sums_clear(wl_point_sums *c);

/** c->dot = Σᵢ xᵢ yᵢ and c->norm1 = Σᵢ |xᵢ| for every column. */
void wl_column_sums(const wl_matrix *x, const wl_matrix *y, wl_point_sums *c);

/** Values of test points that the ranks of one grid row hold for their block columns, made known to all. */
void wl_share_columns(const wl_points *test, const double *local, double *all);

/** prior_tt − c->dot, and κ_tt + c->dot; errors as wl_model_predict_batch has them. */
wl_error wl_posterior_variance(const wl_model *model, wl_quantity quantity, const double *prior,
                               const wl_point_sums *c, wl_prediction *p);
wl_error wl_ensemble_variance(const wl_model *model, const wl_point_sums *c, wl_prediction *p);

/** The same sum for any κ, c->kappa and c->dot being its own, as the variance of `quantity`; `kappa`: κ_ii of X by local row. */
wl_error wl_functions_variance(const wl_points *train, const double *kappa, const wl_point_sums *c,
                               wl_quantity quantity, wl_prediction *p);

/**
 * Sets the variance of test point j to zero where rounding, of at most `bound`, took it below, and counts it. Errors:
 * WL_ERROR_NUMERICAL where it is lower than that, or not a number.
 */
wl_error wl_clamp_variance(wl_prediction *p, wl_quantity quantity, int64_t j, double bound);

/**
 * Vᵀ C with C = model->whitened_targets, to all ranks in row-major order; in mixed precision, with V = B and its solution X + Z,
 * Bᵀ C + (X + Z)ᵀ R with C and R the targets' solution and residual.
 * @param solved  NULL in double precision
 */
wl_error wl_predict_mean(const wl_model *model, const wl_matrix *v, const wl_panels *solved, wl_prediction *p);

/** The same predictions as those of predict.c, in mixed precision: under the prior of each, in the same passes. */
wl_error wl_predict_mixed(wl_model *model, const wl_points *test, wl_point_sums *c, wl_matrix *const *covariance,
                          wl_prediction *p, int count);

#endif
