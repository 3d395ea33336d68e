/**
 * @file metrics.h
 * How good predictions are. Local.
 */
#ifndef WIDELIMIT_INFERENCE_METRICS_H
#define WIDELIMIT_INFERENCE_METRICS_H

#include <stdint.h>

#include "widelimit/error.h"

/** Sums over test points with known targets, in distribution. Start from zeros, add batches, then read off. */
typedef struct wl_score {
  int64_t points, outputs;
  double squared_error; /**< Σ ‖y − mean‖² */
  double log_variance;  /**< Σ c·log(2π v), v = predictive variance + σ² */
  double scaled_error;  /**< Σ ‖y − mean‖² / v */
  int64_t correct;      /**< arg max of the mean is the class */
} wl_score;

/**
 * Adds `count` points.
 * @param mean, target   count × outputs, row-major
 * @param variance       count, or NULL: no likelihood
 * @param noise_variance σ²
 * @param ood            count flags; points with 1 do not count; NULL: all count
 */
void wl_score_add(wl_score *score, int64_t count, int64_t outputs, const double *mean, const double *variance,
                  double noise_variance, const double *target, const double *ood);

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
