/**
 * @file mixed.h
 * A prior's kernel matrix in single precision, and what is known of it. Collective.
 */
#ifndef WIDELIMIT_INFERENCE_MIXED_H
#define WIDELIMIT_INFERENCE_MIXED_H

#include "inference/refine.h"
#include "widelimit/model.h"

/** Random columns: those that tell the log-determinant, those that are solved for beside the targets, those of a check. */
enum { WL_MIXED_PROBES = 32, WL_MIXED_RANDOM_COLUMNS = 8, WL_MIXED_COMBINATIONS = 8 };

/**
 * Local. Whether all test points with the targets are so few columns that both priors had better share their passes: few also
 * where κ takes its own and Θ's image.
 */
static inline bool wl_mixed_shares_passes(const wl_grid *grid, int64_t n, int64_t test, int64_t outputs) {
  const int64_t columns = test + outputs + WL_MIXED_RANDOM_COLUMNS;
  return wl_product_is_few(grid, n, columns + larger(columns, WL_MIXED_PROBES));
}

/**
 * Rounds S to floats in the array of m->factor; `behind`, if not NULL, is the other kernel, whose floats are made at the same
 * time and come behind (wl_single_create_pair). Of both, all but what is found is given.
 * Errors: WL_ERROR_NUMERICAL where an entry is not finite; WL_ERROR_MEMORY.
 */
wl_error wl_mixed_round(wl_mixed *m, wl_mixed *behind);

/**
 * Factors S, of which the floats are in place.
 * @param info  as wl_cholesky_factor fills it, but without a residual, and with log det M for log det S
 * Errors: WL_ERROR_NUMERICAL where S is not positive definite in single precision, naming the remedies; WL_ERROR_MEMORY.
 */
wl_error wl_mixed_factor(wl_mixed *m, wl_factor_info *info);

/** Local. What else there is to do where the kernel of these points is singular; ends a message. Static; "" where that is all. */
const char *wl_singular_remedy(const wl_points *points);

/** The targets, n × c, and what is found with them. */
typedef struct wl_mixed_targets {
  const wl_matrix *y;
  wl_matrix *x, *r;     /**< n × c: as wl_refine_goal has it, R = Y − S X */
  double *quadratic;    /**< yⱼᵀ S⁻¹ yⱼ, on all ranks */
  wl_factor_info *info; /**< of wl_mixed_factor: its log-determinant is corrected, its residual is filled */
  /** Of the log-determinant: three standard errors of the mean below, and the last term's size. */
  double *uncertainty;
} wl_mixed_targets;

/** What is asked of one prior at a time. */
typedef struct wl_mixed_request {
  wl_mixed *mixed;
  const wl_mixed_targets *targets; /**< NULL: they have been solved for */
  wl_refine_goal goal;             /**< of the test points */
  wl_panels *tests;                /**< with r alone; NULL: none, and then there are targets */
  double *quadratic;               /**< of those, as wl_refine_system has it */
} wl_mixed_request;

/**
 * Solves for the targets and finds what is left to know of a factor, in the passes that a first batch of test points takes
 * anyway, under one prior or under both in the same passes. Random columns are solved for at the same time, so that δ is known
 * even without test points.
 *
 * The log-determinant is corrected for the factor's rounding: log det S = log det M + log det (I + F),
 * F = L⁻¹ (scale · S) L⁻ᵀ − I, log det (I + F) = tr F − ½ ‖F‖²_F + …, and the trace is the mean of gᵀ F g over random signs g
 * [Hutchinson 1990], which go with the first pass. info->residual is the largest ‖b − S x‖₂ / (n ε ‖S‖₁ ‖x‖₂) of first
 * solutions x ← M⁻¹ b, ε being that of single precision.
 * Errors: those of wl_refine; WL_ERROR_NUMERICAL where M and S differ so much that errors cannot be told from residuals.
 */
wl_error wl_mixed_solve(uint64_t seed, const wl_mixed_request *requests, int count);

/**
 * Whether `solution`, n × any, solves S X = B for these test points' kernel panel B, by eight random combinations of the
 * columns, for which the residual is computed from S itself: `check` holds B G, X G and S X G on their way.
 */
typedef struct wl_mixed_check {
  wl_matrix *right, *solution, *image; /* B G, X G, S X G */
} wl_mixed_check;

wl_error wl_mixed_check_create(const wl_mixed *m, uint64_t seed, const wl_matrix *b, const wl_matrix *x,
                               wl_mixed_check *check);
void wl_mixed_check_destroy(wl_mixed_check *check);

/** With S X G in place. Errors: WL_ERROR_NUMERICAL where X is wrong by more than 1e-8 in the energy norm. */
wl_error wl_mixed_check_residual(const wl_mixed *m, wl_mixed_check *check);

#endif
