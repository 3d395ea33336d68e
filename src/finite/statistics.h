/**
 * @file statistics.h
 * Estimates with standard errors from independent replicates, limits and rates over the width. Local, no allocation.
 */
#ifndef WIDELIMIT_FINITE_STATISTICS_H
#define WIDELIMIT_FINITE_STATISTICS_H

#include "finite/finite.h"

/** Mean of independent numbers: error = standard deviation / √count. */
wl_estimate wl_stat_mean(int64_t count, const double *values);

/**
 * How many standard errors a mean is from zero, as a normal number has them: with t = value / error and the skewness s of
 * the mean, t + s t²/3 + s² t³/27 + s/6. Means of squares are skewed, and where the mean is low its estimated error is too.
 *                                                                                                      [Hall 1992, eq. 2]
 */
double wl_stat_deviations(const wl_estimate *estimate);

/**
 * ‖E[B]‖² from independent vectors B_i without the bias of noise: the U-statistic Σ_{i≠j} B_i·B_j / (M (M − 1)).
 * Its variance is 4 Var(E[B]·B)/M + 2 tr C²/(M (M − 1)), C the covariance of B; where E[B] = 0 it is a centred sum of
 * χ²(1), matched to χ²(dof) in its third moment; the first term is estimated too large there, and null_error is without
 * it.                                                                    [Serfling 1980, ch. 5; Pearson 1959]
 * @param gram  B_i·B_j, count × count, both triangles; the diagonal is spoilt
 * @param work  count × count
 */
wl_estimate wl_stat_square(int64_t count, double *gram, double *work);

/** Measurements over widths. */
typedef struct wl_series_data {
  int64_t count;
  double n[WL_WIDTHS], y[WL_WIDTHS], error[WL_WIDTHS];
} wl_series_data;

/**
 * Richardson extrapolation: the weights of y at `count` widths n that make of c₀ + c₁/n + … + c_{count−1}/n^{count−1} its
 * limit c₀, Π_{v≠w} n_w/(n_w − n_v).
 */
void wl_stat_extrapolation(int64_t count, const int64_t *n, double *weights);

/**
 * y = a n^−q by weighted least squares: the best q and all that fit as well to `deviations` standard errors (of a misfit
 * that is larger than the errors explain, in its own units). ±∞ where an end is not bounded within ±10.
 * @param amplitude  a
 */
double wl_stat_rate(const wl_series_data *data, double deviations, double *low, double *high, double *amplitude);

#endif
