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

#include "widelimit/factor.h"
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

/** Local. Name as in the configuration and the result files; "unknown" for another number. */
WL_API const char *wl_draw_name(wl_draw draw);

typedef struct wl_sampler_options {
  double noise_variance; /**< σ² ≥ 0 */
  double jitter;         /**< ≥ 0 */
  uint64_t
      seed; /**< a draw is a function of the seed, its kind and its number alone, on any grid but for rounding */
  wl_engine engine; /**< of the factorizations */
  const wl_network
      *rnd_target; /**< RND's target network g; NULL: one like the predictor's. Borrowed for the call */
} wl_sampler_options;

/** Local. No noise, no jitter, seed 1, a target network like the predictor's. */
WL_API wl_sampler_options wl_sampler_options_default(void);

typedef struct wl_sampler wl_sampler;

/**
 * Collective. Assembles the joint Θ of X and T and factors it.
 * @param train    X, n ≥ 1 points; borrowed for the call, as are test and targets
 * @param test     T, m ≥ 1 points of the same network on the same grid
 * @param targets  Y, n × c on the same grid
 * Memory: an (n + m) × (n + m) array and (n + m)(1/P + 1/Q) points.
 * Errors: WL_ERROR_USAGE; WL_ERROR_NUMERICAL where S is not positive definite to rounding, naming the training row;
 * WL_ERROR_MEMORY; WL_ERROR_CAPACITY.
 */
WL_API wl_error wl_sampler_create(const wl_sampler_options *options, const wl_points *train, const wl_points *test,
                                  const wl_matrix *targets, wl_sampler **sampler);

/** Local. Frees and sets to NULL; NULL is fine. */
WL_API void wl_sampler_destroy(wl_sampler **sampler);

/**
 * Collective. Draws at T, one a column of `out`: column k is number first + k. For posterior and ensemble, which have c outputs,
 * number s·c + j is draw s at output j.
 * ensemble and rnd need a factor of κ, rnd of another target network one of κ + κ_g, bayesian_rnd one of κ and then one of Θ⁻,
 * which take turns in one array: draw all of a kind at once, and posterior, ensemble, rnd, bayesian_rnd in this order.
 * @param first  ≥ 0
 * @param out    m × any, on the grid of the points
 * Errors: WL_ERROR_USAGE; WL_ERROR_NUMERICAL where no shift makes a factor exist; WL_ERROR_MEMORY.
 */
WL_API wl_error wl_sampler_draw(wl_sampler *sampler, wl_draw kind, int64_t first, wl_matrix *out);

#ifdef __cplusplus
}
#endif

#endif
