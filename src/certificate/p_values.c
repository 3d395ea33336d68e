#include "certificate/p_values.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

double wl_two_sided(double below, double above) { return fmin(1.0, 2.0 * fmin(below, above)); }

/*
 * Beyond 10⁶ degrees, where GSL's upper tail drifts (too small by a tenth at 5·10⁷, by a factor of 3 at 10⁹), the normal
 * law of the modified signed root of the deviance, r + log(u/r)/r: relative error of order 1/ν in both tails
 * [Barndorff-Nielsen 1986].
 */
static double large_chi_square_p(double sum, double degrees) {
  if (sum <= 0.0) return 0.0;
  const double e = (sum - degrees) / degrees, u = e * sqrt(0.5 * degrees);
  if (fabs(u) < 1e-3) return 2.0 * gsl_cdf_ugaussian_Q(fabs(u + sqrt(2.0 / degrees) / 3.0));
  const double r = copysign(sqrt(degrees * (e - log1p(e))), e);
  return 2.0 * gsl_cdf_ugaussian_Q(fabs(r + log(u / r) / r));
}

double wl_chi_square_p(double sum, double degrees) {
  if (!isfinite(sum)) return 0.0;
  if (degrees > 1e6) return fmin(1.0, large_chi_square_p(sum, degrees));
  return wl_two_sided(gsl_cdf_chisq_P(sum, degrees), gsl_cdf_chisq_Q(sum, degrees));
}

double wl_chi_square_errors(double sum, double degrees) { return (sum - degrees) / sqrt(2.0 * degrees); }

/*
 * F(ν, ν) exactly; beyond 20,000 degrees, where the continued fraction of the incomplete beta function no longer
 * converges, Fisher's z = ½ log F, which is symmetric with variance 1/ν and kurtosis of order 1/ν.
 */
double wl_ratio_p(double ratio, double degrees) {
  if (!isfinite(ratio) || ratio <= 0.0) return 0.0;
  if (degrees > 2e4) return fmin(1.0, 2.0 * gsl_cdf_ugaussian_Q(fabs(0.5 * log(ratio)) * sqrt(degrees)));
  return wl_two_sided(gsl_cdf_fdist_P(ratio, degrees, degrees), gsl_cdf_fdist_Q(ratio, degrees, degrees));
}

/* r √(ν / (1 − r²)) ~ t(ν), ν = count − 1: exact, since x·y/‖x‖ is normal given x. */
double wl_correlation_p(double r, double count) {
  if (!isfinite(r)) return 0.0;
  if (r * r >= 1.0) return count > 1.0 ? 0.0 : 1.0;
  return fmin(1.0, 2.0 * gsl_cdf_tdist_Q(fabs(r) * sqrt((count - 1.0) / (1.0 - r * r)), count - 1.0));
}

/*
 * P(D⁺ ≥ d) = d Σ_{j ≤ n(1−d)} C(n, j) (d + j/n)^{j−1} (1 − d − j/n)^{n−j}      [Birnbaum and Tingey 1951]
 * a sum of positive terms, hence right in the far tail; beyond 10⁵ numbers exp(−(6 n d + 1)²/(18 n)), whose relative
 * error is of order 1/n.                                                         [Maag and Dicaire 1971]
 */
static double one_sided(int64_t n, double d) {
  const double size = (double)n;
  if (d <= 0.0) return 1.0;
  if (d >= 1.0) return 0.0;
  if (n > 100000) return exp(-(6.0 * size * d + 1.0) * (6.0 * size * d + 1.0) / (18.0 * size));
  double sum = 0.0;
  for (int64_t j = 0; (double)j < size * (1.0 - d); j++) {
    const double below = d + (double)j / size, above = 1.0 - below, k = (double)j;
    if (above <= 0.0) break;
    sum += exp(lgamma(size + 1.0) - lgamma(k + 1.0) - lgamma(size - k + 1.0) + (k - 1.0) * log(below) +
               (size - k) * log(above));
  }
  return fmin(1.0, d * sum);
}

/* 2 (p − p⁴ + p⁹ − …) with the one-sided p: Kolmogorov's series, whose first term is exact here. */
double wl_kolmogorov_p(int64_t n, double d) {
  if (!isfinite(d)) return 0.0;
  const double p = one_sided(n, d);
  if (p > 0.97) return 1.0; /* the series' value is above 1 − 10⁻¹⁶ there */
  double sum = 0.0;
  for (int k = 1; k <= 40; k++) sum += (k % 2 ? 2.0 : -2.0) * pow(p, (double)(k * k));
  return fmin(1.0, fmax(0.0, sum));
}

double wl_bonferroni(double p, double count) { return fmin(1.0, p * count); }

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

double wl_kolmogorov_distance(int64_t n, double *u) {
  qsort(u, (size_t)n, sizeof *u, ascending);
  double distance = 0.0;
  for (int64_t i = 0; i < n; i++)
    distance = fmax(distance, fmax((double)(i + 1) / (double)n - u[i], u[i] - (double)i / (double)n));
  return distance;
}

void wl_law_add(int64_t *bins, double u) {
  const int64_t bin = u >= 1.0 ? WL_LAW_BINS - 1 : u > 0.0 ? (int64_t)(u * WL_LAW_BINS) : 0;
  bins[bin]++;
}

double wl_law_distance(const int64_t *bins, int64_t *count) {
  int64_t total = 0, below = 0;
  for (int b = 0; b < WL_LAW_BINS; b++) total += bins[b];
  double distance = 0.0;
  for (int b = 0; b < WL_LAW_BINS; b++) {
    below += bins[b];
    distance = fmax(distance, fabs((double)below / (double)total - (double)(b + 1) / WL_LAW_BINS));
  }
  *count = total;
  return distance;
}
