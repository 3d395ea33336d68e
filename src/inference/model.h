/**
 * @file model.h
 * A model from within: what decides its kernels, its array, and how it is watched, resumed and restored.
 */
#ifndef WIDELIMIT_INFERENCE_MODEL_H
#define WIDELIMIT_INFERENCE_MODEL_H

#include "gram/gram.h"
#include "linalg/cholesky.h"
#include "widelimit/model.h"

/** Local. What a quantity rests on. */
static inline wl_prior wl_quantity_prior(wl_quantity quantity) {
  return quantity == WL_QUANTITY_NNGP ? WL_PRIOR_KAPPA : WL_PRIOR_THETA;
}

/** Local. ensemble and rnd: spreads of trained functions, by κ, rather than a posterior under a prior. */
static inline bool wl_quantity_is_of_functions(wl_quantity quantity) {
  return quantity == WL_QUANTITY_ENSEMBLE || quantity == WL_QUANTITY_RND;
}

/** Local. Whether ensemble or rnd is among these quantities: both need κ_XX and its products. */
static inline bool wl_quantities_need_ensemble(const bool quantity[WL_QUANTITY_COUNT]) {
  return quantity[WL_QUANTITY_ENSEMBLE] || quantity[WL_QUANTITY_RND];
}

/** Local. "theta" or "kappa": in messages, tables and files. */
static inline const char *wl_prior_name(wl_prior prior) { return prior == WL_PRIOR_THETA ? "theta" : "kappa"; }

/** Local. A prior's kernel alone. */
static inline wl_gram_content wl_prior_kernel(wl_prior prior) {
  return prior == WL_PRIOR_THETA ? WL_GRAM_THETA : WL_GRAM_KAPPA;
}

/** Local. The triangle of the model's array that has this prior's kernel, and then its factor. */
static inline wl_triangle wl_prior_triangle(wl_prior prior) {
  return prior == WL_PRIOR_THETA ? WL_TRIANGLE_LOWER : WL_TRIANGLE_UPPER;
}

/** Local. Whether the options ask for anything under this prior. */
bool wl_model_needs(const wl_model_options *options, wl_prior prior);

/** What a model is made from. */
typedef struct wl_model_setup {
  wl_model_options options;
  bool keep_kernels; /**< assemble both kernels, whatever the quantities need; not in mixed precision */
  bool solutions;    /**< in mixed precision: predictions under THETA also bring Aᵀ */
  wl_matrix
      *array; /**< NULL, or an n × n array that holds a triangle already; the model takes it over, fail or not */
  wl_gram_content holds; /**< which; it is not assembled, nor, with KAPPA, is any other. 0: none */
} wl_model_setup;

/** Collective. As wl_model_create. */
wl_error wl_model_create_from(const wl_model_setup *setup, const wl_points *train, const wl_matrix *targets,
                              wl_model **model);

/** Local. Frees the matrices; of the model, only wl_model_evidence is left. */
void wl_model_release(wl_model *model);

/** Local. NULL in mixed precision, else the array: Θ below and on the diagonal, κ above, before wl_model_factor. Owned by the model. */
const wl_matrix *wl_model_gram(const wl_model *model);

/**
 * Collective. The same, watched and from a state in between (wl_cholesky_options). resume->diagonal is not needed. In
 * mixed precision neither applies.
 * Errors: also those of the watch.
 */
wl_error wl_model_resume(wl_model *model, wl_prior prior, const wl_factor_watch *watch,
                         const wl_factor_state *resume);

/**
 * Collective. As if wl_model_factor had been called: the array holds this prior's factor, whose numbers are those of
 * `evidence`. What follows from the targets is computed again.
 */
wl_error wl_model_restore_factor(wl_model *model, wl_prior prior, const wl_evidence *evidence);

/**
 * Collective. Where the factor of the first `rows` training points is at hand: assembles what of this prior's S is beyond it, and then,
 * the factor being in its place in the triangle, extends it to all points (wl_cholesky_extend). The model was made without this
 * triangle (wl_model_setup.holds).
 * @param evidence  of the factor at hand
 * Errors: those of wl_model_factor.
 */
wl_error wl_model_assemble_border(wl_model *model, wl_prior prior, int64_t rows);
wl_error wl_model_extend_factor(wl_model *model, wl_prior prior, int64_t rows, const wl_evidence *evidence);

/** Local. Takes over the numbers of a prior whose factor is gone, for wl_model_evidence. */
void wl_model_restore_evidence(wl_model *model, wl_prior prior, const wl_evidence *evidence);

/**
 * Collective. Predicts under the prior that was factored last.
 * @param test        T, on the same grid or, without covariance, on one for panels; made with the same network
 * @param first       what test point 0 counts as in messages
 * @param covariance  NULL, or w × w, holding on entry Θ_TT below and κ_TT above the diagonal (wl_gram_symmetric).
 *                    On return, off the diagonal: for THETA, the covariance of ntk_gp below and of ensemble above
 *                    it; for KAPPA, that of nngp above it. The diagonals are in prediction->variance.
 * Errors: WL_ERROR_NUMERICAL where a variance is negative beyond its rounding bound, naming the test point;
 * WL_ERROR_MEMORY.
 */
wl_error wl_model_predict_batch(wl_model *model, const wl_points *test, int64_t first, wl_matrix *covariance,
                                wl_prediction *prediction);

/**
 * Collective. In mixed precision alone: the same under both priors, which have both been factored, in the same passes
 * over the kernels. Saves time up to about 120 test points.
 * @param covariance  by prior, NULL or as above
 * @param prediction  by prior
 * Errors: those of wl_model_predict_batch; WL_ERROR_USAGE where a factor is not there.
 */
wl_error wl_model_predict_both(wl_model *model, const wl_points *test, int64_t first,
                               wl_matrix *const covariance[WL_PRIOR_COUNT],
                               wl_prediction prediction[WL_PRIOR_COUNT]);

#endif
