/**
 * @file detection.h
 * How well a score tells two groups apart (out of distribution and in), and how well it orders losses. Local. All take ties
 * as one threshold.
 */
#ifndef WIDELIMIT_INFERENCE_DETECTION_H
#define WIDELIMIT_INFERENCE_DETECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "widelimit/error.h"

/** NaN where one of the two groups is empty. */
typedef struct wl_detection {
  double aupr_out; /**< average precision Σ (R_k − R_{k−1}) P_k, flag 1 to be found by the largest scores */
  double aupr_in;  /**< the same, flag 0 to be found by the smallest scores */
  double
      fpr95; /**< share of flag 1 at or below the smallest threshold that at least 95 % of flag 0 are at or below:
                        what passes for known when 95 % of the known does [Hendrycks and Gimpel 2017; Liang et al. 2018] */
} wl_detection;

/**
 * @param score, flag  count numbers each; a flag other than 0 counts as 1
 * Errors: WL_ERROR_NUMERICAL where a score is NaN; WL_ERROR_MEMORY.
 */
wl_error wl_detect(int64_t count, const double *score, const double *flag, wl_detection *detection);

/**
 * Area under the risk-coverage curve: the mean over k of the mean loss of the k points with the smallest score
 * [El-Yaniv and Wiener 2010; Geifman et al. 2019]; points of equal score share their mean loss. NaN without points.
 * Errors: WL_ERROR_NUMERICAL where a score is NaN; WL_ERROR_MEMORY.
 */
wl_error wl_risk_coverage(int64_t count, const double *score, const double *loss, double *area);

#endif
