/**
 * @file scores.h
 * What predictions are worth where targets are known, in target units: of test points (tally.h) and of left-out training points
 * (loo.h). Root.
 */
#ifndef WIDELIMIT_PIPELINE_SCORES_H
#define WIDELIMIT_PIPELINE_SCORES_H

#include "inference/calibration.h"
#include "inference/metrics.h"
#include "pipeline/setup.h"

/** Start from zeros. */
typedef struct wl_scores {
  wl_score mean[WL_PRIOR_COUNT]; /**< points = 0: not there */
  wl_score likelihood[WL_QUANTITY_COUNT];
  wl_calibration calibration[WL_QUANTITY_COUNT];
  wl_class_calibration classes[WL_QUANTITY_COUNT]; /**< with one_hot; v as in calibration.h, with the noise */
  int64_t *points_of
      [WL_PRIOR_COUNT]; /**< of each class that has training examples, and at [outputs] of all others; owned; NULL
                                         without one_hot */
  double *loss[WL_PRIOR_COUNT]; /**< of each point, whether it counts or not; owned; NULL: not there */
} wl_scores;

/** Levels of the intervals whose coverage is counted: output.intervals, or 50 and 90 %. */
int wl_interval_levels(const wl_config *config, double level[WL_LEVELS]);

/**
 * Adds the points of a prediction.
 * @param prediction  in target units (units.h): its variances have setup->units.columns columns
 * @param points      of all batches together: room for their losses
 * @param target      count × outputs
 * @param skip        count flags of points that do not count; NULL: all count
 * Errors: WL_ERROR_MEMORY.
 */
wl_error wl_scores_add(const wl_setup *setup, const wl_prediction *prediction, int64_t points,
                       const double *target, const double *skip, wl_scores *scores);

/**
 * The area under the risk-coverage curve (detection.h) of the points that count, the least uncertain first; NaN where there are none.
 * @param variance  of all points, setup->units.columns columns. Errors: WL_ERROR_NUMERICAL, WL_ERROR_MEMORY.
 */
wl_error wl_scores_risk(const wl_setup *setup, const wl_scores *scores, wl_prior prior, int64_t points,
                        const double *variance, const double *skip, double *area);

/** points_of under whichever prior has it; NULL: neither. */
const int64_t *wl_scores_class_points(const wl_scores *scores);

/** Forgets what there is of a prior. */
void wl_scores_forget(wl_scores *scores, wl_prior prior);

/** Local. Frees. */
void wl_scores_clear(wl_scores *scores);

/** Local. Of a variance: is it one of predictions, so that a likelihood makes sense? That of RND's error is not. */
static inline bool wl_is_predictive(int quantity) { return quantity != WL_QUANTITY_RND; }

#endif
