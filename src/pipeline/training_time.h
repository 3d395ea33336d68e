/**
 * @file training_time.h
 * Predictions at training times, from an eigendecomposition: to the results, what they are worth to the report.
 */
#ifndef WIDELIMIT_PIPELINE_TRAINING_TIME_H
#define WIDELIMIT_PIPELINE_TRAINING_TIME_H

#include "inference/metrics.h"
#include "inference/spectrum.h"
#include "pipeline/services.h"
#include "pipeline/setup.h"

/** At one time, over the test points in distribution. */
typedef struct wl_time_score {
  double time;
  wl_score mean; /**< points = 0: there are no targets */
  double variance_sum[WL_QUANTITY_COUNT];
} wl_time_score;

/** On rank 0; zeros elsewhere. */
typedef struct wl_time_scores {
  wl_time_score *at; /**< those of training.times, in its order; owned */
  uint32_t count;
  int64_t points; /**< that the sums of variances are over */
  int64_t clamped;
  double most_negative;
} wl_time_scores;

/** Local. Whether a quantity has a law at a time. */
bool wl_quantity_has_time(wl_quantity quantity);

/** Root. Makes the datasets. Errors: WL_ERROR_IO. */
wl_error wl_times_declare(const wl_setup *setup, wl_results *results);

/**
 * Collective. For the configuration's quantities at its training.times; without these nothing is done.
 * @param scores  zeros on entry; to be cleared whatever happens
 * Errors: those of wl_training_time_predict, of the results, of the readers of data.h and of the checkpointer.
 */
wl_error wl_times_run(const wl_setup *setup, const wl_services *services, const wl_spectrum *spectrum,
                      wl_time_scores *scores);

/** Local. Frees. */
void wl_time_scores_clear(wl_time_scores *scores);

#endif
