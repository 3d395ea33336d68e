/**
 * @file tally.h
 * What is kept of the predictions for the report, on rank 0: variances at all test points, scores, in target units; on all
 * ranks, whether nngp had to be left out.
 */
#ifndef WIDELIMIT_PIPELINE_TALLY_H
#define WIDELIMIT_PIPELINE_TALLY_H

#include "pipeline/scores.h"
#include "pipeline/services.h"

/** All members but the last are empty on other ranks. */
typedef struct wl_tally {
  double *variance[WL_QUANTITY_COUNT]; /**< m × setup->units.columns; NULL where not asked for or left out */
  double *ood;                         /**< m flags; NULL: not given */
  wl_scores scores;                    /**< zeros without test targets */
  int64_t clamped;
  double most_negative;
  char left_out[WL_MESSAGE_SIZE]; /**< why nngp is not among the results; empty: it is, or was not asked for */
} wl_tally;

/**
 * Collective. With what a checkpoint's results have of the predictions, where the run goes on from one. To be cleared whatever
 * happens. Errors: WL_ERROR_MEMORY; WL_ERROR_IO; those of the readers of data.h.
 */
wl_error wl_tally_create(const wl_setup *setup, const wl_services *services, wl_tally *tally);

/** Root. A prediction in target units. Errors: WL_ERROR_MEMORY; those of the readers of data.h. */
wl_error wl_tally_add(const wl_setup *setup, const wl_prediction *prediction, wl_tally *tally);

/** Local. Forgets what was added under κ, for that reason. */
void wl_tally_leave_out_nngp(wl_tally *tally, const char *reason);

/** Local. WL_ERROR_NUMERICAL, naming what to ask for instead, where nngp was left out. */
wl_error wl_tally_check(const wl_tally *tally, const wl_config *config);

/** Local. Frees. */
void wl_tally_clear(wl_tally *tally);

#endif
