/**
 * @file metrics.h
 * How good predictions are. Local.
 */
#ifndef WIDELIMIT_INFERENCE_METRICS_H
#define WIDELIMIT_INFERENCE_METRICS_H

#include <stdbool.h>

#include "inference/forecast.h"
#include "widelimit/error.h"

/** Sums over test points with known targets, in distribution. Start from zeros, add batches, then read off. */
typedef struct wl_score {
  int64_t points, outputs;
  double squared_error; /**< Σ ‖y − mean‖² */
  double log_variance;  /**< Σ log(2π v) over points and outputs */
  double scaled_error;  /**< Σ (y − mean)² / v */
  int64_t correct;      /**< arg max of the mean is the class */
} wl_score;

/** Adds the points that count; without variances nothing to the likelihood. */
void wl_score_add(wl_score *score, const wl_forecast *forecast);

/** The output that a row of the target has the class at, from 0; −1: a row of zeros, a class without an output. */
int64_t wl_forecast_class(const wl_forecast *forecast, int64_t point);

/**
 * What each point loses: the mean over outputs of (y − mean)²; of classes 0 where the largest mean is at the class, else 1.
 * @param loss  count
 */
void wl_forecast_losses(const wl_forecast *forecast, bool classes, double *loss);

/** √(Σ ‖y − mean‖² / (points · outputs)) */
double wl_score_rmse(const wl_score *score);

/** Mean over points and outputs of −log N(y; mean, v). Infinite where v is zero and the error is not. */
double wl_score_negative_log_likelihood(const wl_score *score);

/** Fraction of points whose largest mean is at the class. */
double wl_score_accuracy(const wl_score *score);

/**
 * Area under the ROC curve: the probability that a point with flag 1 has a larger score than one with flag 0, ties
 * counting half (Mann-Whitney U from midranks). NaN where one of the two groups is empty.
 * Errors: WL_ERROR_NUMERICAL where a score is not a number, naming the point, counted from 1; WL_ERROR_MEMORY.
 */
wl_error wl_auroc(int64_t count, const double *score, const double *flag, double *area);

#endif
