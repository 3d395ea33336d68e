/**
 * @file sample.h
 * Draws: exact posterior samples, converged ensemble members, RND and Bayesian RND error heads, at test points T.
 *
 * What training to convergence does to an initial function f₀ with targets y is  f₀(T) + A (y − f₀(X)); so
 *
 *   posterior     A Y + L₂₂ z                                                  [He et al. 2020]
 *   ensemble      f₀(T) + A (Y − f₀(X)),                f₀ ~ GP(0, κ)          [Lee et al. 2020, eq. 16]
 *   rnd           u∞ − g,  u∞ trained on g(X),          u₀, g ~ GP(0, κ)       [arXiv 2602.19964, Thm 3.1]
 *   bayesian_rnd  u∞ − g̃,  u∞ trained on g̃(X) + η,      u₀ ~ GP(0, κ), g̃ ~ GP(0, Θ⁻)           [ibid., Thm 4.2]
 *
 * with η ~ N(0, (σ² + jitter) I) drawn for each head. Initial functions are drawn jointly over X and T.
 *
 * Joint kernels are singular where points repeat, and at depth 1. The shift δ = 4 N ε max diag (16 times that after
 * each failure, at most thrice) makes their factors exist. It is for drawing only: S never gets it.
 */
#ifndef WIDELIMIT_SAMPLE_H
#define WIDELIMIT_SAMPLE_H

#include "widelimit/matrix.h"
#include "widelimit/points.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The kinds of draws: name in configuration and results, what it is. */
#define WL_DRAW_LIST(X)                                     \
  X(POSTERIOR, posterior, "draws of the NTK posterior")     \
  X(ENSEMBLE, ensemble, "converged ensemble members")       \
  X(RND, rnd, "error heads of random network distillation") \
  X(BAYESIAN_RND, bayesian_rnd, "error heads of Bayesian RND")

typedef enum wl_draw {
#define WL_DRAW_ENUM(NAME, name, text) WL_DRAW_##NAME,
  WL_DRAW_LIST(WL_DRAW_ENUM)
#undef WL_DRAW_ENUM
      WL_DRAW_COUNT
} wl_draw;

/** Local. Name as in the configuration and the result files. */
WL_API const char *wl_draw_name(wl_draw draw);

#ifdef __cplusplus
}
#endif

#endif
