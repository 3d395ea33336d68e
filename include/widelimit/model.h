/**
 * @file model.h
 * The exact quantities at test points T, given training points X, targets Y and noise σ².
 *
 *   S = Θ_XX + (σ² + jitter) I,  A = Θ_TX S⁻¹
 *
 *   mean (ntk)     A Y                                                [Jacot et al. 2018; Lee et al. 2020, eq. 14]
 *   ensemble       κ_TT + A κ_XX Aᵀ − A κ_XT − κ_TX Aᵀ                [Lee et al. 2020, eq. 16]
 *   rnd            2 × ensemble: E[ε²] of predictor minus target      [arXiv 2602.19964, Cor. 3.2]
 *   ntk_gp         Θ_TT − A Θ_XT                                      [He et al. 2020]
 *   bayesian_rnd   equals ntk_gp                                      [arXiv 2602.19964, Thm 4.2]
 *   mean (nngp)    κ_TX (κ_XX + (σ² + jitter) I)⁻¹ Y                  [Lee et al. 2018]
 *   nngp           κ_TT − κ_TX (κ_XX + (σ² + jitter) I)⁻¹ κ_XT        [Lee et al. 2018]
 *
 * One n × n array holds all: Θ, then its factor L, in the lower triangle and κ above the diagonal. Everything that
 * needs Θ comes first; then κ is factored in its own triangle and Θ's factor loses its diagonal.
 */
#ifndef WIDELIMIT_MODEL_H
#define WIDELIMIT_MODEL_H

#include <stdbool.h>

#include "widelimit/cholesky.h"
#include "widelimit/gram.h"
#include "widelimit/quantity.h"

/** The two priors: everything but `nngp` rests on Θ. */
typedef enum wl_prior { WL_PRIOR_THETA, WL_PRIOR_KAPPA, WL_PRIOR_COUNT } wl_prior;

typedef struct wl_model_options {
  double noise_variance;            /**< σ² ≥ 0 */
  double jitter;                    /**< ≥ 0 */
  bool quantity[WL_QUANTITY_COUNT]; /**< what will be asked for; decides which kernels are assembled */
  bool keep_kernels;                /**< assemble both kernels, whatever the quantities need */
  uint64_t seed;                    /**< of the probing vectors */
  bool
      mixed; /**< single precision for the factor, refinement for the results; `array` and `keep_kernels` do not apply */
  bool solutions;        /**< in mixed precision: predictions under THETA also bring Aᵀ */
  wl_matrix *array;      /**< NULL, or an n × n array that holds a triangle already; the model takes it over */
  wl_gram_content holds; /**< which; it is not assembled, nor, with KAPPA, is any other. 0: none */
} wl_model_options;

/** Local. Whether the options ask for anything under this prior. */
bool wl_model_needs(const wl_model_options *options, wl_prior prior);

typedef struct wl_model wl_model;

/**
 * Collective. Assembles the kernels that the options need.
 * @param train    X; borrowed, must outlive the model
 * @param targets  Y, train->count × c, on the same grid; borrowed, read only
 * Errors: WL_ERROR_CAPACITY, WL_ERROR_MEMORY (wl_matrix_create).
 */
wl_error wl_model_create(const wl_model_options *options, const wl_points *train, const wl_matrix *targets,
                         wl_model **model);

/** Local. Frees and sets to NULL; NULL is fine. */
void wl_model_destroy(wl_model **model);

/** Local. Frees the matrices; of the model, only wl_model_evidence is left. */
void wl_model_release(wl_model *model);

/** Local. NULL in mixed precision, else the array: Θ below and on the diagonal, κ above, before wl_model_factor. Owned by the model. */
const wl_matrix *wl_model_gram(const wl_model *model);

/** How results in mixed precision were refined. */
typedef struct wl_refinement {
  bool used;
  int passes;      /**< over the kernel matrix, at most, for one panel of right-hand sides */
  double residual; /**< the largest ‖b − S x‖₂ / ‖b‖₂ of solutions, before their last correction */
  double contraction;           /**< by which each pass reduces the error, at least */
  double log_determinant_error; /**< three standard errors */
} wl_refinement;

/** What is known of a prior after it was factored. */
typedef struct wl_evidence {
  /** In mixed precision without a matrix, and its residual is the largest ‖b − S x‖₂ / (n ε ‖S‖₁ ‖x‖₂) of first solutions x,
      ε being that of single precision. */
  wl_cholesky factor;
  wl_refinement refinement;
  double *
      log_marginal_likelihood; /**< per target column j: −½ yⱼᵀ S⁻¹ yⱼ − ½ log det S − ½ n log 2π; owned by the model */
} wl_evidence;

/**
 * Collective. Factors S of this prior. THETA first where both are wanted: KAPPA ends all use of Θ, but for
 * wl_model_predict_both and wl_model_solve_targets in mixed precision. There, the targets are solved for together with the
 * first test points, or by wl_model_solve_targets.
 * Errors: those of wl_cholesky_factor.
 */
wl_error wl_model_factor(wl_model *model, wl_prior prior);

/**
 * Collective. The same, watched and from a state in between (wl_cholesky_resume). resume->diagonal is not needed. In
 * mixed precision neither applies.
 * Errors: also those of the watch.
 */
wl_error wl_model_resume(wl_model *model, wl_prior prior, const wl_factor_watch *watch,
                         const wl_factor_state *resume);

/**
 * Collective. Completes wl_model_evidence of all priors factored where no prediction has done so.
 * Errors: WL_ERROR_NUMERICAL where refinement fails; WL_ERROR_MEMORY.
 */
wl_error wl_model_solve_targets(wl_model *model);

/**
 * Collective. As if wl_model_factor had been called: the array holds this prior's factor, whose numbers are those of
 * `evidence`. What follows from the targets is computed again.
 */
wl_error wl_model_restore_factor(wl_model *model, wl_prior prior, const wl_evidence *evidence);

/** Local. Takes over the numbers of a prior whose factor is gone, for wl_model_evidence. */
void wl_model_restore_evidence(wl_model *model, wl_prior prior, const wl_evidence *evidence);

/** Local. The result of wl_model_factor; NULL before it, in mixed precision before the targets are solved for. */
const wl_evidence *wl_model_evidence(const wl_model *model, wl_prior prior);

/** Everything asked for at one batch of w test points under one prior. The same values on every rank. */
typedef struct wl_prediction {
  wl_prior prior;
  int64_t first; /**< the number of the batch's first test point in all */
  int64_t count, outputs;
  double *mean;                        /**< w × c, row-major; on rank 0 only, NULL elsewhere */
  double *variance[WL_QUANTITY_COUNT]; /**< w, all ranks; NULL where not asked for */
  wl_matrix *solution;  /**< Aᵀ = S⁻¹ Θ_XT, n × w, on the grid of T; NULL where not asked for; owned */
  int64_t clamped;      /**< variances below zero by no more than rounding, set to zero */
  double most_negative; /**< the lowest of them before that; 0 if none */
} wl_prediction;

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
wl_error wl_model_predict(wl_model *model, const wl_points *test, int64_t first, wl_matrix *covariance,
                          wl_prediction *prediction);

/**
 * Collective. In mixed precision alone: the same under both priors, which have both been factored, in the same passes
 * over the kernels. Saves time up to about 120 test points.
 * @param covariance  by prior, NULL or as above
 * @param prediction  by prior
 * Errors: those of wl_model_predict; WL_ERROR_USAGE where a factor is not there.
 */
wl_error wl_model_predict_both(wl_model *model, const wl_points *test, int64_t first,
                               wl_matrix *const covariance[WL_PRIOR_COUNT],
                               wl_prediction prediction[WL_PRIOR_COUNT]);

/** Local. Frees what a prediction holds. */
void wl_prediction_clear(wl_prediction *prediction);

#endif
