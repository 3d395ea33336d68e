/**
 * @file model.h
 * The exact quantities at test points T, given training points X, targets Y and noise σ².
 *
 *   S = Θ_XX + (σ² + jitter) I,  A = Θ_TX S⁻¹
 *
 *   mean (ntk)     A Y                                                [Jacot et al. 2018; Lee et al. 2020, eq. 14]
 *   ensemble       κ_TT + A κ_XX Aᵀ − A κ_XT − κ_TX Aᵀ                [Lee et al. 2020, eq. 16]
 *   rnd            2 × ensemble: E[ε²] of predictor minus target      [arXiv 2602.19964, Cor. 3.2]
 *                  ensemble + the same of κ_g, where the target is another network, with κ_g
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

#include "widelimit/factor.h"
#include "widelimit/matrix.h"
#include "widelimit/points.h"
#include "widelimit/quantity.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The two priors: everything but `nngp` rests on Θ. */
typedef enum wl_prior { WL_PRIOR_THETA, WL_PRIOR_KAPPA, WL_PRIOR_COUNT } wl_prior;

typedef struct wl_model_options {
  double noise_variance;            /**< σ² ≥ 0 */
  double jitter;                    /**< ≥ 0 */
  bool quantity[WL_QUANTITY_COUNT]; /**< what will be asked for; decides which kernels are assembled */
  uint64_t seed;                    /**< of the probing vectors */
  wl_engine engine;                 /**< of the factorizations: 0, ScaLAPACK, or look-ahead for many ranks */
  bool mixed;                       /**< single precision for the factor, refinement for the results */
  const wl_network *
      rnd_target; /**< RND's target network g; NULL: one like the predictor's. Not in mixed precision. Borrowed for the call */
} wl_model_options;

/** Local. All quantities, no noise, no jitter, double precision, seed 1. */
WL_API wl_model_options wl_model_options_default(void);

typedef struct wl_model wl_model;

/**
 * Collective. Assembles the kernels that the options need.
 * @param train    X; borrowed, must outlive the model
 * @param targets  Y, train->count × c, on the same grid; borrowed, read only
 * Errors: WL_ERROR_USAGE for a negative variance, targets of another shape or grid; WL_ERROR_CAPACITY, WL_ERROR_MEMORY.
 */
WL_API wl_error wl_model_create(const wl_model_options *options, const wl_points *train, const wl_matrix *targets,
                                wl_model **model);

/** Local. Frees and sets to NULL; NULL is fine. */
WL_API void wl_model_destroy(wl_model **model);

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
  wl_factor_info factor;
  wl_refinement refinement;
  /** Per target column j: −½ yⱼᵀ S⁻¹ yⱼ − ½ log det S − ½ n log 2π; owned by the model. */
  double *log_marginal_likelihood;
} wl_evidence;

/**
 * Collective. Factors S of this prior, in place. THETA first where both are wanted, and all its predictions before KAPPA is
 * factored, which ends all use of Θ. In mixed precision the targets are solved for together with the first test points, or by
 * wl_model_solve_targets.
 * Errors: WL_ERROR_USAGE where no quantity rests on this prior, it was factored already, or KAPPA was; WL_ERROR_NUMERICAL
 * where S is not positive definite to rounding (the message names the pivot's row, counted from 1, and the remedies) or not
 * finite; WL_ERROR_MEMORY.
 */
WL_API wl_error wl_model_factor(wl_model *model, wl_prior prior);

/**
 * Collective. Completes wl_model_evidence of all priors factored where no prediction has done so.
 * Errors: WL_ERROR_NUMERICAL where refinement fails; WL_ERROR_MEMORY.
 */
WL_API wl_error wl_model_solve_targets(wl_model *model);

/** Local. The result of wl_model_factor; NULL before it, in mixed precision before the targets are solved for. */
WL_API const wl_evidence *wl_model_evidence(const wl_model *model, wl_prior prior);

/** Everything asked for at one batch of w test points under one prior. The same values on every rank. */
typedef struct wl_prediction {
  wl_prior prior;
  int64_t first; /**< the number of the batch's first test point in all */
  int64_t count, outputs;
  double *mean;                        /**< w × c, row-major */
  double *variance[WL_QUANTITY_COUNT]; /**< w, all ranks; NULL where not asked for */
  wl_matrix *
      rnd_covariance; /**< of rnd off the diagonal, above it, where its target is another network and covariances are
                                asked for; NULL otherwise; w × w on the grid of T; owned */
  wl_matrix *solution;  /**< Aᵀ = S⁻¹ Θ_XT, n × w, on the grid of T; NULL where not asked for; owned */
  int64_t clamped;      /**< variances below zero by no more than rounding, set to zero */
  double most_negative; /**< the lowest of them before that; 0 if none */
} wl_prediction;

/**
 * Collective. Predicts under the prior that was factored last.
 * @param test        T, w ≥ 1 points on the grid of X, made with the same network
 * @param covariance  NULL, or w × w on the same grid. On return, off the diagonal: for THETA, the covariance of ntk_gp
 *                    below and of ensemble above it; for KAPPA, that of nngp above it. wl_prediction_covariance makes one of
 *                    them whole; the diagonals are in prediction->variance.
 * @param prediction  to be cleared by the caller
 * Memory: two n × w panels.
 * Errors: WL_ERROR_USAGE where nothing was factored, or for points of another grid, network or dimension;
 * WL_ERROR_NUMERICAL where a variance is negative beyond its rounding bound, naming the test point; WL_ERROR_MEMORY.
 */
WL_API wl_error wl_model_predict(wl_model *model, const wl_points *test, wl_matrix *covariance,
                                 wl_prediction *prediction);

/**
 * Collective. The covariance of one quantity over all test points, diagonal included.
 * @param covariance  as wl_model_predict left it
 * @param quantity    one that the prediction has
 * @param values      on rank 0: gets w × w numbers. Ignored on other ranks, NULL is fine
 * Errors: WL_ERROR_USAGE; WL_ERROR_MEMORY.
 */
WL_API wl_error wl_prediction_covariance(const wl_prediction *prediction, const wl_matrix *covariance,
                                         wl_quantity quantity, double *values);

/** Local. Frees what a prediction holds. */
WL_API void wl_prediction_clear(wl_prediction *prediction);

#ifdef __cplusplus
}
#endif

#endif
