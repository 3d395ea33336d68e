/**
 * @file joint.h
 * The joint array that draws come from.
 *
 * The points stand in one order, X (n of them) and then T (m), and one N × N array, N = n + m, holds two factors:
 *
 *   lower  [S, Θ_XT; Θ_TX, Θ_TT + δI] = L Lᵀ,  L = [L₁₁ 0; L₂₁ L₂₂],  S = Θ_XX + (σ² + jitter) I,  A = L₂₁ L₁₁⁻¹
 *   upper  K + δI = Uᵀ U, where K is κ in the first stage, then κ + κ_g, where RND's target is another network with κ_g, and
 *          Θ⁻ = Θ − κ in the last
 *
 * What training to convergence does to an initial function f₀ with targets y is  f₀(T) + A (y − f₀(X)); so
 *
 *   posterior     A Y + L₂₂ z                                                  [He et al. 2020]
 *   ensemble      f₀(T) + A (Y − f₀(X)),                f₀ ~ GP(0, κ)          [Lee et al. 2020, eq. 16]
 *   rnd           u∞ − g,  u∞ trained on g(X),          u₀, g ~ GP(0, κ)       [arXiv 2602.19964, Thm 3.1]
 *   bayesian_rnd  u∞ − g̃,  u∞ trained on g̃(X) + η,      u₀ ~ GP(0, κ), g̃ ~ GP(0, Θ⁻)           [ibid., Thm 4.2]
 *
 * with η ~ N(0, (σ² + jitter) I) drawn for each head. Initial functions are drawn jointly over X and T. An error of RND depends
 * on u₀ and g by their difference h alone, ε = h(T) − A h(X): with another target, h ~ GP(0, κ + κ_g) is what is drawn.
 *
 * Where A and A Y are known, draws of functions need no L, and half the room (wl_joint_create_rfp).
 *
 * Joint kernels are singular where points repeat, and at depth 1. The shift δ = 4 N ε max diag (16 times that after
 * each failure, at most thrice) makes their factors exist. It is for drawing only: S never gets it.
 */
#ifndef WIDELIMIT_SAMPLING_JOINT_H
#define WIDELIMIT_SAMPLING_JOINT_H

#include <stdbool.h>

#include "gram/gram.h"
#include "sampling/fault.h"
#include "widelimit/sample.h"

/** The kernel that the upper triangle holds. */
typedef enum wl_stage {
  WL_STAGE_POSTERIOR, /**< none: L alone */
  WL_STAGE_KAPPA,     /**< κ: ensemble, rnd whose target is like its predictor, the first half of bayesian_rnd */
  WL_STAGE_RND,       /**< κ + κ_g: rnd whose target is another network */
  WL_STAGE_THETA_LOWER, /**< Θ⁻: the second half of bayesian_rnd */
  WL_STAGES
} wl_stage;

typedef struct wl_joint wl_joint;

/** How far a joint array is: what is needed beside its triangles to go on. */
typedef struct wl_joint_state {
  wl_stage stage;          /**< the last one that was begun */
  int64_t columns;         /**< of its factor that are final; N: all */
  int attempt[WL_STAGES];  /**< by stage: how often its shift was raised */
  double shift[WL_STAGES]; /**< by stage, of those that are done */
} wl_joint_state;

/**
 * Watches the factorizations of a joint array, as wl_factor_watch does. Both calls are Collective.
 * `reached` gets NULL for `state` where no factorization is under way (wl_joint_poll).
 */
typedef struct wl_joint_watch {
  void *context;
  bool (*wants)(void *context);
  wl_error (*reached)(void *context, wl_joint *joint, const wl_joint_state *state);
} wl_joint_watch;

typedef struct wl_joint_options {
  double noise_variance; /**< σ² ≥ 0 */
  double jitter;         /**< ≥ 0 */
  uint64_t seed;
  wl_engine engine; /**< of the factorizations */
  wl_fault fault;   /**< 0: none */
  const wl_network *
      rnd_target; /**< RND's target network; NULL: one like the predictor's. Not with rfp; borrowed for the call */
  const wl_joint_watch *watch; /**< NULL: not watched; borrowed, must outlive the joint array */
} wl_joint_options;

/**
 * Collective. Assembles the joint Θ and factors it.
 * @param points   X and then T; borrowed, must outlive the result
 * @param train    n < points->count
 * @param targets  Y, n × c, on the same grid; borrowed for the call
 * Errors: WL_ERROR_NUMERICAL where S is not positive definite to rounding, naming the training row; WL_ERROR_MEMORY;
 * WL_ERROR_CAPACITY.
 */
wl_error wl_joint_create(const wl_joint_options *options, const wl_points *points, int64_t train,
                         const wl_matrix *targets, wl_joint **joint);

/**
 * Collective. The same from a state in between, on any grid.
 * @param array           N × N, consumed whatever happens: L, as far as it is, below the diagonal; past the first stage, the
 *                        stage's factor above it. The diagonal is the stage's
 * @param lower_diagonal  L's by local row, past the first stage
 */
wl_error wl_joint_restore(const wl_joint_options *options, const wl_points *points, int64_t train,
                          const wl_matrix *targets, const wl_joint_state *state, wl_matrix *array,
                          const double *lower_diagonal, wl_joint **joint);

/**
 * Collective. The same for draws of functions alone, where A and A Y are known (widelimit/model.h): L is not needed, and K's factor
 * stands in two arrays that have half the room (src/linalg/rfp.h). Not for posterior draws, nor for checkpoints.
 * @param options   the watch is not asked
 * @param halves    the first ⌈N/2⌉ points of X and then T, and the others; borrowed, must outlive the result
 * @param solution  Aᵀ, n × m, on the same grid; borrowed, must outlive the result
 * @param mean      A Y, m × c, on the same grid; borrowed for the call
 * Errors: WL_ERROR_MEMORY; WL_ERROR_CAPACITY.
 */
wl_error wl_joint_create_rfp(const wl_joint_options *options, wl_points *const halves[2], int64_t train,
                             const wl_matrix *solution, const wl_matrix *mean, wl_joint **joint);

/** Local. The state between factorizations. */
wl_joint_state wl_joint_get_state(const wl_joint *joint);

/** Collective. Asks the watch, where there is one, between other steps. Errors: those of wl_joint_watch.reached. */
wl_error wl_joint_poll(wl_joint *joint);

/**
 * Local. The array for reading, with the diagonal of a finished factor in place, or of the one under way where `stage` is
 * that one's and it is not finished. To be given back by wl_joint_restore_array_read before anything else is done with the joint array.
 */
const wl_matrix *wl_joint_get_array_read(wl_joint *joint, wl_triangle triangle, bool finished);
void wl_joint_restore_array_read(wl_joint *joint);

/** Local. Frees and sets to NULL; NULL is fine. */
void wl_joint_destroy(wl_joint **joint);

/**
 * Collective. Assembles and factors the upper triangle's kernel. At depth 1, Θ⁻ is zero: nothing is factored and the
 * targets are zero exactly.
 * Errors: WL_ERROR_NUMERICAL where no shift helps; WL_ERROR_MEMORY.
 */
wl_error wl_joint_factor(wl_joint *joint, wl_stage stage);

/** Local. The stage that draws rnd. */
wl_stage wl_joint_rnd_stage(const wl_joint *joint);

/** Local. δ of a stage's factor; 0 before it was made, and for Θ⁻ at depth 1. */
double wl_joint_shift(const wl_joint *joint, wl_stage stage);

/** Local. Whether Θ⁻ is zero, so that Bayesian RND targets are zero: depth 1. */
bool wl_joint_target_is_zero(const wl_joint *joint);

/**
 * Which draws fill the columns of a matrix: column k is number first + stride·k. For posterior and ensemble, which have
 * c outputs, draw s at output j is number s·c + j. A number is a draw, whatever else is drawn.
 */
typedef struct wl_draw_numbers {
  int64_t first, stride;
} wl_draw_numbers;

/**
 * Collective. Draws at T, one a column of `out` (m × any). The stage must be WL_STAGE_KAPPA for ensemble, that of
 * wl_joint_rnd_stage for rnd; any for posterior.
 * Errors: WL_ERROR_MEMORY.
 */
wl_error wl_joint_draw_posterior(wl_joint *joint, wl_draw_numbers numbers, wl_matrix *out);
wl_error wl_joint_draw_ensemble(wl_joint *joint, wl_draw_numbers numbers, wl_matrix *out);
wl_error wl_joint_draw_rnd(wl_joint *joint, wl_draw_numbers numbers, wl_matrix *out);

/**
 * Collective. A Bayesian RND head in two halves, since κ and Θ⁻ take turns in one array and training is linear:
 * `begin` (stage κ) sets out to u₀(T) − A u₀(X), `end` (stage Θ⁻) adds A (g̃(X) + η) − g̃(T).
 * Errors: WL_ERROR_MEMORY.
 */
wl_error wl_joint_begin_bayesian(wl_joint *joint, wl_draw_numbers numbers, wl_matrix *out);
wl_error wl_joint_end_bayesian(wl_joint *joint, wl_draw_numbers numbers, wl_matrix *out);

#endif
