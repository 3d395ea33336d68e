/**
 * @file job.h
 * A run as the configuration, the sizes and the grid decide it, before it starts: in which pieces it works, what it keeps,
 * how large its files are. The pipeline does what is said here, and memory.h and search.h count it. Local.
 */
#ifndef WIDELIMIT_COST_JOB_H
#define WIDELIMIT_COST_JOB_H

#include "config/config.h"
#include "data/data.h"
#include "inference/iterative.h"
#include "inference/model.h"
#include "sampling/joint.h"

struct wl_work;

/** What decides it. All pointers are borrowed. */
typedef struct wl_job {
  const wl_config *config;
  const wl_data_shape *shape;
  const wl_grid *grid; /**< shape, block, and where the rank stands; its communicators are not used */
  int64_t batch;       /**< test points at a time */
} wl_job;

/** RND's target network where it is asked for and not the predictor's; NULL otherwise. Owned by the configuration. */
const wl_network *wl_job_rnd_target(const wl_config *config);

/** What the configuration asks of the model. */
wl_model_options wl_job_model_options(const wl_config *config);

/** What the configuration asks of the solver without a matrix; whether that is at work. */
wl_iterative_options wl_job_iterative_options(const wl_config *config, const wl_data_shape *shape);
bool wl_job_is_iterative(const wl_config *config);

/** What draws and the certificate have in common. */
wl_joint_options wl_job_joint_options(const wl_config *config);

/** The prior that is at work last; whether both are at work. */
wl_prior wl_job_last_prior(const wl_config *config);
bool wl_job_wants_both(const wl_config *config);

/** Whether any draws are asked for. */
bool wl_job_has_draws(const wl_config *config);

/** Rows of the largest matrix: what 32-bit local indices must reach. */
int64_t wl_job_order(const wl_job *job);

/** Entries of it, or of what eigenvectors are made with, on the rank that has most; more than 2³¹ − 1 cannot be. */
int64_t wl_job_largest_share(const wl_job *job);

/**
 * The grid's block: as given, else for the largest matrix that is there before draws, m × m where there is such a square, so that many
 * test points do not meet the narrow blocks of few training points.
 */
int wl_job_choose_block(const wl_config *config, const wl_data_shape *shape, int ranks);

/** Test points at a time: all where a covariance or the kernels are asked for or needed, or points are chosen from them, else panels of about n/20. */
int64_t wl_job_choose_batch(const wl_config *config, const wl_data_shape *shape, const wl_grid *grid);

/** m × m matrices of test points at the same time while predictions are made: NNGP's stands beside the one that is kept. */
double wl_job_squares(const wl_config *config);

/** Whether m × m matrices of test points are asked for or needed: covariances, kernels. */
bool wl_job_has_square(const wl_config *config);

/** The grid of so many test points: for panels, or the matrix's own where a covariance or the kernels need its tiles. */
wl_grid wl_job_test_grid(const wl_config *config, const wl_grid *grid, int64_t count);

/** Columns of a draw: error heads have one. */
int64_t wl_job_outputs(const wl_data_shape *shape, wl_draw draw);

/**
 * Numbers that a variance, a covariance, a kernel entry and an error head have in the results: one, which serves all outputs, or with
 * data.standardize_targets one for each output, in its units.
 */
int64_t wl_job_variance_columns(const wl_config *config, const wl_data_shape *shape);

/** Columns of a panel of draws: whole draws, bounded memory. */
int64_t wl_job_panel_width(const wl_job *job, wl_draw draw);

/** Whether both priors are factored before either predicts: mixed precision, one batch of few columns. */
bool wl_job_predicts_both(const wl_job *job);

/** Whether the run ends in the joint kernels of X and T: any draws in double precision, or a certificate. */
bool wl_job_has_joint(const wl_config *config);

/**
 * What is kept of predictions: anything, for draws in mixed precision or a certificate; the covariance at all test points,
 * for posterior draws among them or a certificate; Aᵀ, for draws of functions among them.
 */
bool wl_job_retains(const wl_config *config);
bool wl_job_keeps_covariance(const wl_config *config);
bool wl_job_keeps_solution(const wl_config *config);

/**
 * Whether Θ_XX is decomposed: for its eigenvalues, a path of noise levels, or training times; with eigenvectors, which the last
 * two need; and with κ_XX beside it, for its own eigenvalues or for ensembles at a time.
 */
bool wl_job_wants_spectrum(const wl_config *config);
bool wl_job_wants_eigenvectors(const wl_config *config);
bool wl_job_spectrum_has_kappa(const wl_config *config);

/** What the run computes, as the estimate wants it (plan.h). */
struct wl_work wl_job_work(const wl_config *config, const wl_data_shape *shape, int64_t batch);

/** Whether checkpoints have the joint matrix of X and T; bytes of one. */
bool wl_job_checkpoints_joint(const wl_config *config);
double wl_job_checkpoint_bytes(const wl_config *config, const wl_data_shape *shape);

/** Products of n × m matrices, of which a triangle each is computed, n m² flops, for covariances under a prior; 0: none. */
double wl_job_covariance_products(const wl_config *config, wl_prior prior);

/** The same for covariances at all training times; and m × m matrices that are there then: the kernels and, of several times, one. */
double wl_job_time_products(const wl_config *config);
int wl_job_time_squares(const wl_config *config);

/** Floating point operations, as the summary counts them: of `count` test points under a prior, of all draws, of the certificate. */
double wl_job_predict_flops(const wl_config *config, const wl_data_shape *shape, wl_prior prior, int64_t count);
double wl_job_sample_flops(const wl_config *config, const wl_data_shape *shape);
double wl_job_certify_flops(const wl_config *config, const wl_data_shape *shape);

/** The same of the decompositions, with all noise levels, and of all training times. */
double wl_job_spectrum_flops(const wl_config *config, const wl_data_shape *shape);
double wl_job_at_time_flops(const wl_config *config, const wl_data_shape *shape);

/** Bytes of the one large array, over all ranks. */
double wl_job_matrix_bytes(const wl_config *config, const wl_data_shape *shape);

/** Bytes of covariances, kernels and draws in the result file. */
double wl_job_result_bytes(const wl_config *config, const wl_data_shape *shape);

#endif
