/**
 * @file certify.h
 * The certificate of predictions that are at hand.
 */
#ifndef WIDELIMIT_CERTIFICATE_CERTIFY_H
#define WIDELIMIT_CERTIFICATE_CERTIFY_H

#include "sampling/joint.h"
#include "widelimit/certify.h"

typedef struct wl_certifier_options {
  wl_joint_options joint;
  int64_t replicates; /**< R ≥ 2 */
  int64_t heads;      /**< K ≥ 1 */
  double false_alarm; /**< in (0, 1) */
} wl_certifier_options;

/** What is certified. All on one grid. */
typedef struct wl_certifier_input {
  const wl_points *points;                              /**< X and then T */
  int64_t train;                                        /**< n */
  const wl_matrix *targets;                             /**< Y, n × c */
  const wl_matrix *mean;                                /**< A Y at T, m × c */
  const double *ensemble_variance, *posterior_variance; /**< diagonals of Σ and C, m each, on every rank */
  const double *rnd_variance, *bayesian_variance; /**< of RND errors, not halved, and Bayesian ones; may be NULL */
  wl_matrix *covariance; /**< Σ above, C below the diagonal, as wl_model_predict_batch leaves them; consumed */
  wl_matrix *
      rnd_covariance; /**< of RND errors above the diagonal where their target is another network; consumed; else NULL */
} wl_certifier_input;

/**
 * Collective. Draws and tests. A claim that fails is no error: see certificate->passed. The same on every rank.
 * Memory: the joint array, two N × m panels, three m × m matrices, m × R K numbers for Bayesian heads: all distributed.
 * Errors: those of wl_joint_create and wl_joint_factor; WL_ERROR_MEMORY.
 */
wl_error wl_certifier_run(const wl_certifier_options *options, const wl_certifier_input *input,
                          wl_certificate *certificate);

#endif
