/**
 * @file run.h
 * The state of a run, shared by its phases and its report.
 */
#ifndef WIDELIMIT_PIPELINE_RUN_H
#define WIDELIMIT_PIPELINE_RUN_H

#include "base/machine.h"
#include "base/timer.h"
#include "cost/memory.h"
#include "data/data.h"
#include "inference/metrics.h"
#include "pipeline/checkpointer.h"
#include "pipeline/request.h"
#include "results/results.h"
#include "widelimit/certify.h"
#include "widelimit/model.h"
#include "widelimit/sample.h"

/** What rank 0 keeps of the predictions for the report. */
typedef struct wl_tally {
  double *variance[WL_QUANTITY_COUNT]; /**< m each; NULL where not asked for */
  double *ood;                         /**< m flags; NULL: not given */
  wl_score score[WL_PRIOR_COUNT];      /**< of the means */
  wl_score likelihood[WL_QUANTITY_COUNT];
  int64_t clamped;
  double most_negative;
} wl_tally;

/** What sampling did that a reader of the samples should know. */
typedef struct wl_sampling_facts {
  bool done, target_is_zero;
  double shift[3]; /**< δ by wl_stage; 0: that factor was not made */
} wl_sampling_facts;

/** The joint law of the predictions under Θ at all test points: of the certificate, and of draws in mixed precision. */
typedef struct wl_retained {
  wl_matrix *covariance; /**< off the diagonal: ensemble above, ntk_gp below, m × m; NULL: not kept */
  double *variance[WL_QUANTITY_COUNT]; /**< its diagonals: m, all ranks; NULL where not asked for */
  wl_matrix *solution;                 /**< Aᵀ, n × m, for draws of functions in mixed precision; else NULL */
  wl_matrix *mean;                     /**< A Y, m × c */
} wl_retained;

typedef struct wl_certified {
  bool done;
  wl_certificate certificate;
} wl_certified;

struct wl_run {
  MPI_Comm comm;
  int rank;
  wl_config *config;
  wl_node node;
  wl_grid *grid;
  wl_grid panels; /**< of the last test points that were read */
  wl_data *data;  /**< rank 0 */
  wl_data_shape shape;
  int64_t batch; /**< test points at a time */
  wl_points *train;
  wl_matrix *targets;
  wl_model *model;
  wl_results *results; /**< rank 0 */
  wl_tally tally;      /**< rank 0 */
  wl_retained law;
  wl_sampling_facts sampling;
  wl_certified certified;
  wl_timer timer;
  wl_checkpointer checkpointer;
};

/** Collective over MPI_COMM_WORLD. All of a run, from its configuration to its files. */
wl_error wl_run_all(const wl_request *request);

/** Local. Version of the program and of the libraries under it, on standard output. */
void wl_print_version(void);

/** Collective. The phases before the matrix exists, in this order; each leaves its results in `run`. */
wl_error wl_run_share_config(wl_run *run, const wl_request *request);
wl_error wl_run_open_data(wl_run *run);
wl_error wl_run_make_grid(wl_run *run);
wl_error wl_run_open_results(wl_run *run);
wl_error wl_run_read_data(wl_run *run);

/** Local. What the configuration asks of the model. */
wl_model_options wl_run_model_options(const wl_config *config);

/**
 * Collective. Reads test points first … first + count − 1 and spreads them, so that their panels are dealt out evenly where
 * no square matrix needs them in tiles. Points read before with another count are not to be used any more.
 */
wl_error wl_run_read_test_points(wl_run *run, int64_t first, int64_t count, wl_points **points);

/** Collective. κ and Θ of XX (before it is factored), TX and TT to the file. */
wl_error wl_run_write_kernels(wl_run *run);

/** Root. Goes on with the result file of a checkpoint: what it holds of this prior's first `count` test points. */
wl_error wl_run_recall_predictions(wl_run *run, wl_prior prior, int64_t count);

/** Collective. A prediction to the file and to the metrics; `square` holds its covariances, or is NULL. */
wl_error wl_run_write_batch(wl_run *run, const wl_prediction *prediction, const wl_matrix *square);

/**
 * Collective. Takes the law from a THETA prediction, of which the run takes over what is kept. Where covariances are, it is
 * one of all test points. Errors: WL_ERROR_MEMORY, WL_ERROR_CAPACITY.
 */
wl_error wl_run_retain(wl_run *run, wl_prediction *prediction, wl_matrix **square);

/** Local. */
void wl_run_retained_clear(wl_run *run);

/** Local. What decides the memory of this rank. */
wl_job wl_run_job(const wl_run *run);

/**
 * Collective. Errors: WL_ERROR_CAPACITY where the run fits neither the 32-bit local indices nor the memory of the
 * nodes, with the number of ranks that would do.
 */
wl_error wl_run_check_capacity(const wl_run *run);

/** Collective. The header on the console: what is about to be computed, on what. */
void wl_run_print_header(const wl_run *run);

/**
 * Collective. Ends the timing; on rank 0 prints the tables and makes the text of summary.json (owned by the caller).
 */
wl_error wl_run_report(wl_run *run, char **summary);

#endif
