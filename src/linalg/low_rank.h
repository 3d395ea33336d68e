/**
 * @file low_rank.h
 * P = Gᵀ G + s I, n × n, from G of few rows: solves by Woodbury's identity, products, the determinant. Collective.
 *
 *   P⁻¹ = (I − Gᵀ M⁻¹ G) / s,   log det P = log det M + (n − r) log s,   M = s I + G Gᵀ  (r × r)
 */
#ifndef WIDELIMIT_LINALG_LOW_RANK_H
#define WIDELIMIT_LINALG_LOW_RANK_H

#include "dist/matrix.h"

typedef struct wl_low_rank {
  const wl_matrix *g; /**< r × n; borrowed */
  wl_matrix *inner;   /**< Cholesky factor of M, in the lower triangle; owned */
  double shift;       /**< s > 0 */
  double trace;       /**< ‖G‖_F² */
  double log_determinant;
} wl_low_rank;

/**
 * Factors M.
 * @param g  borrowed, must outlive P; several may share it
 * @param p  to be destroyed whatever happens
 * Errors: WL_ERROR_NUMERICAL where M is not positive definite to rounding, or not finite; WL_ERROR_MEMORY.
 */
wl_error wl_low_rank_create(const wl_matrix *g, double shift, wl_low_rank *p);

/** Local. Frees. */
void wl_low_rank_destroy(wl_low_rank *p);

/** Z ← P⁻¹ R, both n × k on a grid for panels or not; `z` may be `r`. Errors: WL_ERROR_MEMORY. */
wl_error wl_low_rank_solve(const wl_low_rank *p, const wl_matrix *r, wl_matrix *z);

/** W ← P Z, likewise; not in place. Errors: WL_ERROR_MEMORY. */
wl_error wl_low_rank_multiply(const wl_low_rank *p, const wl_matrix *z, wl_matrix *w);

/**
 * B ← Gᵀ U + √s V with U (r × k) and V (n × k) of standard normal numbers: columns are N(0, P). Number (i, j) of U is
 * that of wl_random_normal(seed, WL_STREAM_PROBE, i, j), those of V follow. Errors: WL_ERROR_MEMORY.
 */
wl_error wl_low_rank_draw(const wl_low_rank *p, uint64_t seed, wl_matrix *b);

#endif
