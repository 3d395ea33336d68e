/**
 * @file select.h
 * Which points of a pool to label next: greedily, each time with those chosen before counted as labelled.
 *
 * With C the posterior covariance under the prior (of Θ for ensemble and rnd), Σ the ensemble's and s = σ² + jitter, labelling t
 * changes the trained function to f(u) + a_u (y_t − f(t)), a_u = C_ut / (C_tt + s), whatever y_t is. So
 *
 *   C'_uv = C_uv − C_ut C_vt / (C_tt + s)
 *   Σ'_uv = Σ_uv − a_u Σ_tv − Σ_ut a_v + a_u a_v Σ_tt            (rnd: twice Σ)
 *
 * and the next choice has the largest diagonal entry. Within 10⁻¹² of it, the first point in the pool is taken, so that points
 * that coincide do not make the choice depend on rounding.
 */
#ifndef WIDELIMIT_INFERENCE_SELECT_H
#define WIDELIMIT_INFERENCE_SELECT_H

#include "base/select_rule.h"
#include "inference/model.h"
#include "inference/watch.h"

/** Points whose columns before any choice are made in one pass over the panels. */
enum { WL_SELECT_CANDIDATES = 32 };

typedef struct wl_select_options {
  wl_quantity by;
  wl_select_rule rule;
  int64_t count;         /**< points to choose, at most those of the pool */
  const wl_watch *watch; /**< NULL: not watched */
} wl_select_options;

/** The same on all ranks. */
typedef struct wl_selection {
  int64_t count, pool;
  int64_t *index;         /**< count, from 0, in the order of choice */
  double *score;          /**< count: the variance `by` of each when it was chosen */
  double *gain;           /**< count: summed up to and with it */
  double *before, *after; /**< pool: all variances before the first and after the last choice */
} wl_selection;

/**
 * Collective. Chooses under the prior that was factored last, which must be that of `by`, among the model's quantities. O(n² + n m)
 * per choice and process, n × m numbers in all, with ensemble and rnd twice as many; choices in batches share the work.
 * @param pool  m points; made with the model's network, on its grid or, better, on one for panels
 * Errors: WL_ERROR_USAGE in mixed precision, or for information without noise; those of wl_model_predict_batch and of the watch.
 */
wl_error wl_model_select(wl_model *model, const wl_points *pool, const wl_select_options *options,
                         wl_selection *selection);

/** Local. Frees what a selection holds. */
void wl_selection_clear(wl_selection *selection);

#endif
