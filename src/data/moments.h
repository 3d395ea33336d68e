/**
 * @file moments.h
 * Location and scale of the columns of a matrix that is seen row by row, twice, without over- or underflow. Local.
 *
 * Each column is first scaled by a power of two, 2^-e with 2^(e-1) ≤ max |x| < 2^e, which rounds nothing; of the scaled
 * numbers mean μ and variance σ² = Σ(x − μ)²/n follow by Welford's recurrence [Technometrics 4 (1962) 419].
 */
#ifndef WIDELIMIT_DATA_MOMENTS_H
#define WIDELIMIT_DATA_MOMENTS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct wl_moments {
  int64_t columns, rows;
  double *unit;       /**< 2^-e, which multiplies first */
  double *low, *high; /**< of the scaled column */
  double *mean;       /**< of the scaled column less its low, so that numbers which differ little lose nothing */
  double *inverse;    /**< 1/σ of it; for a constant column 2^e, so that it is centred and not scaled */
} wl_moments;         /* all owned */

/** Room for so many columns; false where there is none. */
bool wl_moments_create(int64_t columns, wl_moments *moments);

/** Frees; one of zeros is fine. */
void wl_moments_free(wl_moments *moments);

/** First pass: every row; then wl_moments_begin, and every row again in the second; then wl_moments_end. */
void wl_moments_measure(wl_moments *moments, const double *row);
void wl_moments_begin(wl_moments *moments);
void wl_moments_add(wl_moments *moments, const double *row);

/** Returns how many columns are constant: max − min ≤ 16 ε max |x|, which is rounding; *first is the first of them. */
int64_t wl_moments_end(wl_moments *moments, int64_t *first);

/** (x·2^-e − low − μ)/σ in place. */
void wl_moments_apply(const wl_moments *moments, double *row);

/** Location and scale in the units of column k: x = location + scale · what wl_moments_apply makes of it. */
double wl_moments_location(const wl_moments *moments, int64_t k);
double wl_moments_scale(const wl_moments *moments, int64_t k);

#endif
