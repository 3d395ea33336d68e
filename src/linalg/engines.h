/**
 * @file engines.h
 * The engines of a Cholesky factorization (wl_engine, cholesky.h) and what they share. Both take and leave the same states, so
 * that one goes on where the other was stopped. All are Collective and behave as wl_factorize_with (factorize.h).
 */
#ifndef WIDELIMIT_LINALG_ENGINES_H
#define WIDELIMIT_LINALG_ENGINES_H

#include <math.h>

#include "linalg/factorize.h"

/** p?potrf, or a loop of ?potrf, p?trsm and p?syrk over block columns where it is watched (potrf.inc). */
wl_error wl_factorize_scalapack(wl_matrix *matrix, wl_triangle triangle, const wl_factorize_options *options,
                                int64_t *pivot);
wl_error wl_factorize_scalapack_single(wl_single *matrix, wl_triangle triangle,
                                       const wl_factorize_options *options, int64_t *pivot);

/** A loop with one panel of look-ahead over BLAS and MPI (lookahead.inc). */
wl_error wl_factorize_lookahead(wl_matrix *matrix, wl_triangle triangle, const wl_factorize_options *options,
                                int64_t *pivot);
wl_error wl_factorize_lookahead_single(wl_single *matrix, wl_triangle triangle,
                                       const wl_factorize_options *options, int64_t *pivot);

/**
 * Local. Whether `pivot` = L_ii can be told from zero: L_ii² = S_ii − Σ L_ij² carries a rounding error of a few ε S_ii √i. NaN
 * cannot.
 * @param before  S_ii
 * @param row     i, from 0
 */
static inline bool wl_pivot_is_sound(double pivot, double before, int64_t row, double epsilon) {
  return pivot * pivot > 2.0 * epsilon * sqrt((double)(row + 1)) * before;
}

#endif
