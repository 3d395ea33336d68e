/**
 * @file p_values.h
 * Distributions: p-values that are right in the far tail. Local.
 */
#ifndef WIDELIMIT_CERTIFICATE_P_VALUES_H
#define WIDELIMIT_CERTIFICATE_P_VALUES_H

#include <stdint.h>

/** Two-sided p-value from the probabilities below and above: 2 min(P, Q), at most 1. */
double wl_two_sided(double below, double above);

/** p-value of a sum of squares that should be χ²(degrees), both sides. */
double wl_chi_square_p(double sum, double degrees);

/** (sum − degrees) / √(2 degrees): in standard errors. */
double wl_chi_square_errors(double sum, double degrees);

/** p-value of a ratio of mean squares with as many degrees each, both sides. */
double wl_ratio_p(double ratio, double degrees);

/** p-value of a correlation r of two independent normal samples of `count` numbers with known mean 0, both sides. */
double wl_correlation_p(double r, double count);

/** p-value of Kolmogorov's distance d of n numbers from their law. */
double wl_kolmogorov_p(int64_t n, double d);

/** min(1, count p): at least one of `count` tests, however they depend on one another. */
double wl_bonferroni(double p, double count);

/** Kolmogorov's distance of n numbers from the uniform law; sorts them. */
double wl_kolmogorov_distance(int64_t n, double *u);

/** Counts of numbers in (0, 1) by 2^16 bins: enough for the distance, and a sum over ranks is a sum of counts. */
enum { WL_LAW_BINS = 1 << 16 };
void wl_law_add(int64_t *bins, double u);

/** The distance at the bins' edges (not more than 2^-16 below the distance itself) and how many there are. */
double wl_law_distance(const int64_t *bins, int64_t *count);

#endif
