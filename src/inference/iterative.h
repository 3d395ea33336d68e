/**
 * @file iterative.h
 * The quantities at test points without an n × n array, each in an interval that contains the exact value.
 *
 * S = K_XX + s I, s = σ² + jitter > 0, is applied to vectors from tiles of K that are computed again in every pass. Preconditioned
 * conjugate gradients (conjugate.h) solve for targets and test points together, until the brackets (brackets.h) are narrow
 * enough or the passes have run out: then they are true all the same, only wider.
 *
 * Memory: r × n for each prior, five panels n × (test points + targets + probes) for each prior.
 */
#ifndef WIDELIMIT_INFERENCE_ITERATIVE_H
#define WIDELIMIT_INFERENCE_ITERATIVE_H

#include "inference/brackets.h"
#include "inference/conjugate.h"
#include "inference/lanczos.h"
#include "inference/model.h"

/** Right-hand sides beside targets and test points, for the log-determinant. */
enum { WL_ITERATIVE_PROBES = 8 };

typedef struct wl_iterative wl_iterative;

enum { WL_ITERATIVE_PANELS = 4 * WL_PRIOR_COUNT };

/** A solver between two passes: all that it does not compute again from the points. */
typedef struct wl_iterative_state {
  int64_t count;
  double *numbers;                       /**< equal on all ranks; owned */
  int panels;                            /**< of n rows */
  wl_matrix *panel[WL_ITERATIVE_PANELS]; /**< borrowed from the solver, until its next pass */
} wl_iterative_state;

/** Where a state comes from. All is borrowed, and used until the first batch is solved. */
typedef struct wl_iterative_source {
  int64_t count;
  const double *numbers;
  /** Collective. Fills in panel `number` of the state, which may have been saved on another grid. */
  wl_error (*read)(void *context, int number, wl_matrix *panel);
  void *context;
} wl_iterative_source;

typedef struct wl_iterative_options {
  double noise_variance, jitter; /**< their sum above 0 */
  bool quantity[WL_QUANTITY_COUNT];
  uint64_t seed;    /**< of pivots and probes */
  double tolerance; /**< of brackets: relative to the prior variance, for means to the targets' root mean square */
  int64_t rank;     /**< of the preconditioner, 1 … n */
  int passes;       /**< over the kernels for one batch, at most; ≥ 2 */
  /**
   * Called on all ranks after every step of conjugate gradients, each of which takes a pass; NULL: not. wl_iterative_save may be called.
   * An error ends the solution. `passes`: of this batch; `ratio`: the widest bracket over what it should be, as it is estimated.
   */
  wl_error (*passed)(void *context, wl_iterative *solver, int passes, double ratio);
  void *context;                   /**< of `passed` */
  const wl_iterative_source *from; /**< where to go on; NULL: from the start */
} wl_iterative_options;

/** Local. The rank for n points of dimension d that is chosen where none is asked for. */
int64_t wl_iterative_choose_rank(int64_t n, int64_t dimension);

/** What is known of a prior when its targets are solved for. */
typedef struct wl_iterative_evidence {
  int64_t rank;                        /**< of the preconditioner */
  double left;                         /**< what it leaves of the trace of K, relative */
  wl_sampled log_determinant;          /**< of S, with its standard error */
  wl_bracket *quadratic;               /**< yⱼᵀ S⁻¹ yⱼ for each target column; owned by the solver */
  wl_sampled *log_marginal_likelihood; /**< likewise; the error is that of the log-determinant */
} wl_iterative_evidence;

/** Widths of brackets, the largest over all test points so far. */
typedef struct wl_iterative_widths {
  double variance[WL_QUANTITY_COUNT]; /**< (high − low) / prior variance */
  double mean[WL_PRIOR_COUNT];        /**< (high − low) / root mean square of the target column */
  double
      excess; /**< the largest of all that without what rounding makes of it, over the tolerance; ≤ 1: as asked */
} wl_iterative_widths;

/** A batch of w test points under one prior. The same values on every rank. */
typedef struct wl_bracketed {
  wl_prediction best;                  /**< values within the brackets */
  double *mean;                        /**< w × c × 2: low, high */
  double *variance[WL_QUANTITY_COUNT]; /**< w × 2; NULL where not asked for */
} wl_bracketed;

/**
 * Collective. Makes the preconditioners, of a state's pivots where there is one: the next batch is then the one of the state.
 * @param train, targets  borrowed, must outlive the solver
 * Errors: WL_ERROR_NUMERICAL where s is too small beside rounding for any bracket; WL_ERROR_DATA where the state is of another
 * problem; those of `from->read`; WL_ERROR_MEMORY.
 */
wl_error wl_iterative_create(const wl_iterative_options *options, const wl_points *train, const wl_matrix *targets,
                             wl_iterative **solver);

/** Local. Frees and sets to NULL; NULL is fine. */
void wl_iterative_destroy(wl_iterative **solver);

/**
 * Collective. Solves for a batch under both priors, as far as they are asked for, and with the first batch for the targets.
 * @param test  on a grid for wl_iterative_columns(…) columns made from that of the training points
 * @param bracketed  by prior; to be cleared by the caller
 * Errors: WL_ERROR_NUMERICAL where anything is not finite; those of options.passed, and of wl_iterative_create; WL_ERROR_MEMORY.
 */
wl_error wl_iterative_predict(wl_iterative *solver, const wl_points *test, int64_t first,
                              wl_bracketed bracketed[WL_PRIOR_COUNT]);

/**
 * Collective, within options.passed alone. On the same grid a solver that goes on from the state makes the same results, to the bit.
 * @param state  to be cleared
 * Errors: WL_ERROR_MEMORY.
 */
wl_error wl_iterative_save(wl_iterative *solver, wl_iterative_state *state);

/** Local. Frees. */
void wl_iterative_state_clear(wl_iterative_state *state);

/** Local. Columns of the panels of a batch, with those of targets and probes. */
int64_t wl_iterative_columns(int64_t count, int64_t outputs);

/** Local. Frees what a batch holds. */
void wl_bracketed_clear(wl_bracketed *bracketed);

/** Local. NULL before the first batch, and where nothing is asked for under this prior. */
const wl_iterative_evidence *wl_iterative_evidence_of(const wl_iterative *solver, wl_prior prior);

/** Local. So far: widths of all batches that are solved; passes, those of all batches together. */
wl_iterative_widths wl_iterative_widths_of(const wl_iterative *solver);
int wl_iterative_passes(const wl_iterative *solver);

#endif
