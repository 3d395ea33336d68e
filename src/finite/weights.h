/**
 * @file weights.h
 * A dense layer: z = s W a + s_b b of units a, with its parameters W (rows × columns, column-major), then b (rows). Points are
 * columns. Everything is Local.
 *
 *   parametrization   s            s_b    W at the start     b
 *   NTK               σ_w/√cols    σ_b    N(0, 1)            N(0, 1)                      [Jacot et al. 2018]
 *   standard          √(N/cols)    1, 0   N(0, σ_w²/N)       N(0, σ_b²), none if σ_b = 0  [Sohl-Dickstein et al. 2020]
 * with N = cols in the first layer, whatever the width in the others: of width N it is what other software trains, and wider
 * ones have the same kernels up to their noise.
 */
#ifndef WIDELIMIT_FINITE_WEIGHTS_H
#define WIDELIMIT_FINITE_WEIGHTS_H

#include <stdint.h>

typedef struct wl_weights {
  int64_t rows, cols;               /**< units that leave and that enter */
  double scale, bias_scale;         /**< s, s_b */
  double deviation, bias_deviation; /**< of W and of b at the start */
} wl_weights;

/** Number of parameters. */
int64_t wl_weights_count(const wl_weights *y);

/** z ← s W a + s_b b; input: cols × count, z: rows × count. */
void wl_weights_forward(const wl_weights *y, const double *w, int64_t count, const double *input, double *z);

/** t ← s (V a + W ȧ) + s_b v_b, the tangent in direction v; below: ȧ, cols × count, NULL: zero. */
void wl_weights_tangent(const wl_weights *y, const double *w, const double *v, int64_t count, const double *input,
                        const double *below, double *t);

/** into ← beta · into + alpha · (s δ aᵀ, s_b Σ δ); delta: rows × count. */
void wl_weights_gradient(const wl_weights *y, int64_t count, const double *delta, const double *input,
                         double alpha, double beta, double *into);

/** next ← s Wᵀ δ, cols × count. */
void wl_weights_pull(const wl_weights *y, const double *w, int64_t count, const double *delta, double *next);

/** What moves parameters: v ← momentum v − step ∇, w ← w + v. */
typedef struct wl_pace {
  double step, momentum;
} wl_pace;

/**
 * wl_weights_pull, then velocity and parameters moved along the gradient: a panel of columns at a time, so that each panel comes
 * from memory once for all three.
 * @param next  NULL: not wanted
 */
void wl_weights_step(const wl_weights *y, int64_t count, const double *delta, const double *input, wl_pace pace,
                     double *w, double *v, double *next);

/** gram ← factor² aᵀ a + bias_factor², count × count. */
void wl_weights_gram(const wl_weights *y, int64_t count, const double *input, double factor, double bias_factor,
                     double *gram);

#endif
