/**
 * @file memory.h
 * How much memory a run needs, before it starts: what `run` checks and what `plan` prints.
 * Every module says what it takes; here stands which of it is there at the same time. Local.
 */
#ifndef WIDELIMIT_COST_MEMORY_H
#define WIDELIMIT_COST_MEMORY_H

#include "cost/job.h"

/** Bytes that one rank holds at the peak, by what they are. */
typedef struct wl_memory {
  double matrix;       /**< its share of the one large array */
  double eigenvectors; /**< of Θ_XX, with what they are made with or the panels of training times */
  double panels;       /**< panels of test points or draws, or those of the factorization, whichever is more */
  double points;       /**< the inputs of its block rows and block columns */
  double targets;      /**< Y, and L⁻¹ Y */
  double square;       /**< m × m, where covariances or kernels are written or drawn from */
  double solutions;    /**< Aᵀ, n × m, where functions are drawn in mixed precision */
  double samples;      /**< draws that are half made */
  double certificate;  /**< heads, members and covariances that are tested */
  double libraries;    /**< code, buffers of MPI and BLAS */
} wl_memory;

double wl_memory_sum(const wl_memory *memory);

/** Of both, array by array. */
wl_memory wl_memory_add(wl_memory a, wl_memory b);

/** The peak of the rank that stands at grid->row, grid->column; where no more rows than columns are chosen, (0, 0) has most. */
wl_memory wl_job_memory(const wl_job *job);

#endif
