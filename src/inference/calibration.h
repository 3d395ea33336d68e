/**
 * @file calibration.h
 * Whether predictive distributions mean what they say. The predictive distribution of target j at a point is
 * N(mean_j, v_j), v_j the variance of a new observation (function plus noise). Local.
 */
#ifndef WIDELIMIT_INFERENCE_CALIBRATION_H
#define WIDELIMIT_INFERENCE_CALIBRATION_H

#include "inference/forecast.h"

/** Levels of central intervals at once; bins of confidence. */
enum { WL_LEVELS = 16, WL_CONFIDENCE_BINS = 15 };

/**
 * √2 erf⁻¹(level): the interval mean ± this times √v holds an observation with probability `level`, 0 < level < 1.
 */
double wl_normal_half_width(double level);

/**
 * The continuous ranked probability score of N(mean, v) at y, in units of y:
 * √v (z (2 Φ(z) − 1) + 2 φ(z) − 1/√π), z = (y − mean)/√v; |y − mean| where v = 0.     [Gneiting and Raftery 2007, eq. 21]
 */
double wl_crps_normal(double mean, double v, double y);

/** Sums over points with known targets. Set level_count, levels and outputs, zero the rest, add, then read off. */
typedef struct wl_calibration {
  int64_t points, outputs;
  int level_count;
  double level[WL_LEVELS];
  int64_t inside[WL_LEVELS]; /**< targets within the central interval of that level, its ends included */
  double crps;               /**< Σ over points and outputs */
} wl_calibration;

/** Adds the points that count. */
void wl_calibration_add(wl_calibration *calibration, const wl_forecast *forecast);

/** Share of the targets within their interval of level number k; NaN without points. */
double wl_calibration_coverage(const wl_calibration *calibration, int k);

/** Mean over points and outputs; NaN without points. */
double wl_calibration_crps(const wl_calibration *calibration);

/**
 * How the Gaussians of c classes become probabilities: p_j = P(f_j is the largest), f_k ~ N(mean_k, v) independent,
 *   p_j = ∫ φ(x − mean_j) Π_{k≠j} Φ(x − mean_k) dx  in units of √v,
 * by the trapezoidal rule, which converges geometrically here: to rounding. v = 0: 1 at the largest mean (the first of equal
 * ones). The p_j sum to 1.
 * @param work  3 c doubles
 */
void wl_class_probabilities(int64_t classes, const double *mean, double v, double *work, double *probability);

/** Sums over points of known class. Start from zeros, add, then read off. */
typedef struct wl_class_calibration {
  int64_t points;
  double brier;                          /**< Σ ‖p − e_class‖² */
  double confidence[WL_CONFIDENCE_BINS]; /**< Σ max p of the points of a bin, (b, b + 1] / bins */
  int64_t count[WL_CONFIDENCE_BINS];     /**< points of a bin */
  int64_t correct[WL_CONFIDENCE_BINS];   /**< those whose most probable class is theirs */
} wl_class_calibration;

/** Adds a point. @param class  from 0; −1: one that no output stands for, never right, ‖p‖² to Brier and 1 for itself */
void wl_class_calibration_add(wl_class_calibration *calibration, int64_t classes, const double *probability,
                              int64_t class);

/** Mean of ‖p − e_class‖², from 0 to 2 [Brier 1950]; NaN without points. */
double wl_class_calibration_brier(const wl_class_calibration *calibration);

/** Σ over bins of (points/all) |accuracy − mean confidence| [Naeini et al. 2015; Guo et al. 2017]; NaN without points. */
double wl_class_calibration_error(const wl_class_calibration *calibration);

#endif
