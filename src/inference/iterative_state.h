/**
 * @file iterative_state.h
 * What iterative.c, iterative_batch.c, iterative_results.c and iterative_save.c share.
 */
#ifndef WIDELIMIT_INFERENCE_ITERATIVE_STATE_H
#define WIDELIMIT_INFERENCE_ITERATIVE_STATE_H

#include "inference/iterative.h"

/* One prior: its preconditioner, and the targets' solution once there is one. */
typedef struct wl_iterative_prior {
  bool used;
  wl_gram_content kernel;
  wl_matrix *g;         /* Q = Gᵀ G */
  int64_t *pivot;       /* of G, options.rank points */
  wl_low_rank p, below; /* of conjugate.h */
  double deficit;       /* of brackets.h */
  wl_matrix *alpha;     /* n × c, NULL before the first batch */
  wl_solved *target;    /* c, likewise */
  wl_iterative_evidence evidence;
} wl_iterative_prior;

/* What is solved at once. */
typedef struct wl_iterative_batch {
  wl_iterative *it;
  const wl_points *test;
  int64_t tests, outputs, columns; /* columns: with targets and probes in the first batch */
  bool first;
  wl_conjugate c[WL_PRIOR_COUNT];
  wl_bracket_system system[WL_PRIOR_COUNT];
  wl_solved *column[WL_PRIOR_COUNT]; /* `columns` each */
  double *diagonal[WL_PRIOR_COUNT];  /* Θ_tt and κ_tt */
  double *ensemble, *room;           /* V(x), as it was computed */
  double largest_kappa;
  bool open[WL_PRIOR_COUNT]; /* goes on */
  double goal;               /* estimated brackets over what they should be, where steps end */
  double before; /* the excess (wl_iterative_widths) that the last residuals left; DBL_MAX: none were computed */
  int passes;
} wl_iterative_batch;

/* A walk over the numbers of a state (iterative_save.c). */
typedef struct wl_iterative_tape {
  const double *from; /* read from here, or */
  double *to;         /* written to here, or neither: counted */
  int64_t at, count;
  bool sound; /* nothing was read that cannot be */
} wl_iterative_tape;

struct wl_iterative {
  wl_iterative_options options;
  const wl_points *train;
  const wl_matrix *targets;
  wl_iterative_prior prior[WL_PRIOR_COUNT];
  double entry;  /* how far an entry of the kernels may be off (kernel/rounding.h) */
  double *scale; /* of each target column: its root mean square, or 1 where that is 0 */
  wl_iterative_widths widths;
  int passes;                /* of batches that are solved */
  wl_iterative_batch *batch; /* at work; NULL: none */
  wl_iterative_tape tape;    /* how far options.from is read; it is NULL once the batch of the state has begun */
};

/* Collective on the points' grid. u of a set of points (kernel/rounding.h), the same on all ranks. */
double wl_iterative_entry_of(const wl_points *points);

/* Makes room for what is known of the targets. Collective. Errors: WL_ERROR_MEMORY. */
wl_error wl_iterative_create_evidence(const wl_iterative *solver, wl_iterative_prior *prior);

/* What was learned of the targets and of the log-determinant, with the first batch: `column` its solutions of targets and probes. */
wl_error wl_iterative_learn(wl_iterative *solver, wl_prior prior, const wl_conjugate *c, int64_t tests,
                            const wl_solved *column, const wl_bracket_system *system);

/* Local. From the numbers of the last pass that measured residuals. */
wl_iterative_widths wl_iterative_batch_widths(const wl_iterative_batch *batch);

/*
 * Collective. Results of the test points, whose numbers start with `first`; with the first batch what it tells of the targets, too.
 * Errors: WL_ERROR_MEMORY.
 */
wl_error wl_iterative_batch_finish(const wl_iterative_batch *batch, int64_t first,
                                   wl_bracketed results[WL_PRIOR_COUNT]);

/*
 * Collective. The parts of options.from in their order: pivots, before the preconditioners are made; what is known of the targets,
 * then; where the batch was, when its right-hand sides are there. Errors: those of wl_iterative_create.
 */
wl_error wl_iterative_recall_pivots(wl_iterative *solver);
wl_error wl_iterative_recall_targets(wl_iterative *solver);
wl_error wl_iterative_recall_batch(wl_iterative *solver);

static inline bool wl_iterative_needs_ensemble(const wl_iterative *solver) {
  return wl_quantities_need_ensemble(solver->options.quantity);
}

static inline bool wl_iterative_needs_posterior(const wl_iterative *solver) {
  return solver->options.quantity[WL_QUANTITY_NTK_GP] || solver->options.quantity[WL_QUANTITY_BAYESIAN_RND];
}

#endif
