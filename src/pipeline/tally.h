/**
 * @file tally.h
 * What rank 0 keeps of the predictions for the report: variances at all test points, scores of the means.
 */
#ifndef WIDELIMIT_PIPELINE_TALLY_H
#define WIDELIMIT_PIPELINE_TALLY_H

#include "inference/metrics.h"
#include "pipeline/services.h"
#include "pipeline/setup.h"

/** All members are empty on other ranks. */
typedef struct wl_tally {
  double *variance[WL_QUANTITY_COUNT]; /**< m each; NULL where not asked for */
  double *ood;                         /**< m flags; NULL: not given */
  wl_score score[WL_PRIOR_COUNT];      /**< of the means */
  wl_score likelihood[WL_QUANTITY_COUNT];
  int64_t clamped;
  double most_negative;
} wl_tally;

/**
 * Collective. With what a checkpoint's results have of the predictions, where the run goes on from one. To be cleared whatever
 * happens. Errors: WL_ERROR_MEMORY; WL_ERROR_IO; those of the readers of data.h.
 */
wl_error wl_tally_create(const wl_setup *setup, const wl_services *services, wl_tally *tally);

/** Root. Errors: WL_ERROR_MEMORY; those of the readers of data.h. */
wl_error wl_tally_add(const wl_setup *setup, const wl_prediction *prediction, wl_tally *tally);

/** Local. Frees. */
void wl_tally_clear(wl_tally *tally);

#endif
