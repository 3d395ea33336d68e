/**
 * @file loo.h
 * The phase that leaves training points out, one at a time: predictions to the results, what they are worth to the report.
 */
#ifndef WIDELIMIT_PIPELINE_LOO_H
#define WIDELIMIT_PIPELINE_LOO_H

#include "pipeline/assemble.h"
#include "pipeline/scores.h"

/** A training row that a model of the others does not expect. */
typedef struct wl_surprise {
  int64_t row; /**< from 0 */
  double
      residual; /**< √(Σ_j (y_j − mean_j)² / (c v)), v the variance of a new observation: about 1 is as expected */
} wl_surprise;

enum { WL_SURPRISES = 10 };

/** Scores over all left-out points, on rank 0; zeros elsewhere and where they were not asked for. */
typedef struct wl_loo {
  wl_scores scores;
  double variance_mean[WL_QUANTITY_COUNT];  /**< over points and, where each has its own, outputs */
  double risk[WL_QUANTITY_COUNT];           /**< area under the risk-coverage curve */
  wl_quantity surprised_by[WL_PRIOR_COUNT]; /**< whose variance the residuals are divided by */
  wl_surprise surprise[WL_PRIOR_COUNT][WL_SURPRISES];
  int surprises[WL_PRIOR_COUNT]; /**< how many there are, the largest first */
  int64_t clamped;
  double most_negative;
} wl_loo;

/** Root. Makes the datasets. Errors: WL_ERROR_IO. */
wl_error wl_loo_declare(const wl_setup *setup, wl_results *results);

/**
 * Collective. Under the prior that was factored last, after its predictions: for the configuration's quantities, where it asks
 * for loo. Errors: those of wl_model_leave_one_out, of the results, of the readers of data.h and of the checkpointer.
 */
wl_error wl_loo_run(const wl_setup *setup, const wl_services *services, const wl_assembly *assembly,
                    wl_prior prior, wl_loo *loo);

/** Collective. The same from the results of a checkpoint, which has this prior's. */
wl_error wl_loo_recall(const wl_setup *setup, const wl_services *services, wl_prior prior, wl_loo *loo);

/** Local. Frees. */
void wl_loo_clear(wl_loo *loo);

/** Local. Bytes of the datasets. */
double wl_loo_result_bytes(const wl_setup *setup);

#endif
