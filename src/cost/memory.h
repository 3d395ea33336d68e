/**
 * @file memory.h
 * How much memory a run needs, before it starts: what `run` checks and what `plan` prints. Local.
 */
#ifndef WIDELIMIT_COST_MEMORY_H
#define WIDELIMIT_COST_MEMORY_H

#include "config/config.h"
#include "data/data.h"
#include "widelimit/grid.h"

/** What decides it. All pointers are borrowed. */
typedef struct wl_job {
  const wl_config *config;
  const wl_data_shape *shape;
  const wl_grid *grid; /**< shape, block, and where the rank stands; its communicators are not used */
  int64_t batch;       /**< test points at a time */
} wl_job;

/** Bytes that one rank holds at the peak, by what they are. */
typedef struct wl_memory {
  double matrix;      /**< its share of the one large array */
  double panels;      /**< panels of test points or draws, or those of the factorization, whichever is more */
  double points;      /**< the inputs of its block rows and block columns */
  double targets;     /**< Y, and L⁻¹ Y */
  double square;      /**< m × m, where covariances or kernels are written or drawn from */
  double solutions;   /**< Aᵀ, n × m, where functions are drawn in mixed precision */
  double samples;     /**< draws that are half made */
  double certificate; /**< heads, members and covariances that are tested */
  double libraries;   /**< code, buffers of MPI and BLAS */
} wl_memory;

double wl_memory_sum(const wl_memory *memory);

/** The peak of the rank that stands at grid->row, grid->column; where no more rows than columns are chosen, (0, 0) has most. */
wl_memory wl_job_memory(const wl_job *job);

/** Rows of the largest matrix: what 32-bit local indices must reach. */
int64_t wl_job_order(const wl_job *job);

/** Entries of it on the rank that has most; more than 2³¹ − 1 cannot be. */
int64_t wl_job_largest_share(const wl_job *job);

/** Test points at a time: all where a covariance or the kernels are asked for or needed, else panels of about n/20. */
int64_t wl_job_choose_batch(const wl_config *config, const wl_data_shape *shape, const wl_grid *grid);

/** Whether m × m matrices of test points are asked for or needed: covariances, kernels. */
bool wl_job_has_square(const wl_config *config);

/** The grid of so many test points: for panels, or the matrix's own where a covariance or the kernels need its tiles. */
wl_grid wl_job_test_grid(const wl_config *config, const wl_grid *grid, int64_t count);

/** Columns of a draw: error heads have one. */
int64_t wl_job_outputs(const wl_data_shape *shape, wl_draw draw);

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

#endif
