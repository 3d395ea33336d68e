/**
 * @file partial_cholesky.h
 * A kernel matrix K (κ or Θ of all pairs of n points) from below, by r of its columns. Collective.
 *
 *   Q = Gᵀ G,   G = R⁻¹ K_ΠX,   R Rᵀ = K_ΠΠ + μ I,   Π: r of the points
 *
 * With μ = 0 and no rounding this is the partial Cholesky factorization of K with the pivots Π, and K − Q, a Schur complement,
 * is positive semidefinite. μ takes up rounding: Q ⪯ K + deficit · I holds for the G that is returned, whatever the pivots are
 * (doc/theory.md).
 *
 * Pivots are drawn at random, those of the next half with probabilities in proportion to the diagonal of K − Q
 * [Chen, Epperly, Tropp & Webber 2025, blocked], by numbers that depend on the seed and on the point alone.
 */
#ifndef WIDELIMIT_INFERENCE_PARTIAL_CHOLESKY_H
#define WIDELIMIT_INFERENCE_PARTIAL_CHOLESKY_H

#include "gram/gram.h"

typedef struct wl_partial_cholesky {
  wl_matrix *g;   /**< r × n; owned */
  int64_t *pivot; /**< Π, r of them, on all ranks; owned */
  double deficit; /**< Q ⪯ K + deficit I */
  double left;    /**< tr(K − Q) / tr K */
  double rest;    /**< tr(K − Q) / n, or 0 where rounding makes it less */
} wl_partial_cholesky;

/**
 * @param kernel    WL_GRAM_THETA or WL_GRAM_KAPPA
 * @param rank      1 … points->count
 * @param pivot     Π where it is known, r points: what an earlier call drew makes the same G, to the bit on the same grid; NULL: drawn
 * @param entry     |computed − exact| of an entry is at most entry · the largest diagonal entry of K
 * Errors: WL_ERROR_NUMERICAL where the kernel is not finite or not positive semidefinite to rounding; WL_ERROR_MEMORY.
 */
wl_error wl_partial_cholesky_create(const wl_points *points, wl_gram_content kernel, int64_t rank, uint64_t seed,
                                    const int64_t *pivot, double entry, wl_partial_cholesky *factor);

/** Local. Frees. */
void wl_partial_cholesky_clear(wl_partial_cholesky *factor);

/** Local. The largest K_ii of the points that any rank has, from wl_kernel_points_theta or _kappa. Collective. */
double wl_kernel_largest(const wl_points *points, wl_gram_content kernel);

#endif
