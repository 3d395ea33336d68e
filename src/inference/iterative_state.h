/**
 * @file iterative_state.h
 * What iterative.c and iterative_batch.c share.
 */
#ifndef WIDELIMIT_INFERENCE_ITERATIVE_STATE_H
#define WIDELIMIT_INFERENCE_ITERATIVE_STATE_H

#include "inference/iterative.h"

/* One prior: its preconditioner, and the targets' solution once there is one. */
typedef struct wl_iterative_prior {
  bool used;
  wl_gram_content kernel;
  wl_matrix *g;         /* Q = Gᵀ G */
  wl_low_rank p, below; /* of conjugate.h */
  double deficit;       /* of brackets.h */
  wl_matrix *alpha;     /* n × c, NULL before the first batch */
  wl_solved *target;    /* c, likewise */
  wl_iterative_evidence evidence;
} wl_iterative_prior;

struct wl_iterative {
  wl_iterative_options options;
  const wl_points *train;
  const wl_matrix *targets;
  wl_iterative_prior prior[WL_PRIOR_COUNT];
  double *scale; /* of each target column: its root mean square, or 1 where that is 0 */
  wl_iterative_widths widths;
  int passes;
};

/* What was learned of the targets and of the log-determinant, with the first batch: `column` its solutions of targets and probes. */
wl_error wl_iterative_learn(wl_iterative *solver, wl_prior prior, const wl_conjugate *c, int64_t tests,
                            const wl_solved *column, const wl_bracket_system *system);

static inline bool wl_iterative_needs_ensemble(const wl_iterative *solver) {
  return solver->options.quantity[WL_QUANTITY_ENSEMBLE] || solver->options.quantity[WL_QUANTITY_RND];
}

static inline bool wl_iterative_needs_posterior(const wl_iterative *solver) {
  return solver->options.quantity[WL_QUANTITY_NTK_GP] || solver->options.quantity[WL_QUANTITY_BAYESIAN_RND];
}

#endif
