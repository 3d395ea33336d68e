/**
 * @file finite.h
 * Networks of finite width, really trained, held against the limits of infinite width.
 *
 * A network (net.h) has K output heads on a shared body. In short, in NTK parametrization, all parameters N(0, 1):
 *   z¹ = σ_b b¹ + σ_w/√d W¹x,   zˡ = σ_b bˡ + σ_w/√n Wˡ φ(zˡ⁻¹),   f(x) = z^L ∈ R^K       [Jacot et al. 2018]
 *
 * Three models, each network drawn and trained on its own:
 *   ensemble      f trained on Y (one head a target column); error ε = f(T) − A Y
 *   rnd           predictor u trained on a fixed random target g, of a network of its own where one is given; ε = u(T) − g(T)
 *                                                                                         [arXiv 2602.19964, Thm 3.1]
 *   bayesian_rnd  u trained on g̃(x) = ∇u(x; ϑ₀)·ψ*, ψ* ~ N(0, I) with its last layer zero (in standard parametrization of
 *                 the variance that Θ − κ leaves to it); ε = u(T) − g̃(T)
 *                                                                                         [the same, Thm 4.2]
 * At infinite width training turns the error at initialization ε₀ into P ε₀, P = [−A, I] over the points (X, T),
 * A = Θ_TX S⁻¹. So each trained error is held against two things: the law that the theory states, and P ε₀ of the
 * very same network, which removes most of the sampling noise.
 */
#ifndef WIDELIMIT_FINITE_FINITE_H
#define WIDELIMIT_FINITE_FINITE_H

#include <mpi.h>
#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "finite/net.h"

/* ---- training ------------------------------------------------------------------------------------------------ */

/** Full-batch gradient descent on ½‖f(X) − Y‖²: v ← momentum v − step ∇, ϑ ← ϑ + v. */
typedef struct wl_descent {
  double step, momentum;
  double residual;             /**< ends at ‖f(X) − Y‖ ≤ residual ‖f₀(X) − Y‖ */
  int64_t steps;               /**< or after this many, or where the residual is not finite or grew 10⁶ times */
  bool timed;                  /**< to have made all steps is to have converged */
  void (*idle)(void *context); /**< called once a step; NULL: nothing */
  void *context;
} wl_descent;

/** How a training ended. */
typedef struct wl_trained {
  int64_t steps;
  double residual; /**< relative to the first */
  bool converged;
} wl_trained;

/**
 * Local. Trains in place.
 * @param velocity  work, one number a parameter
 * @param targets   Y, K × count, column-major
 */
wl_trained wl_net_descend(const wl_net *net, const wl_descent *options, int64_t count, const double *x,
                          const double *targets, wl_tape *tape, double *parameters, double *velocity);

/** A network linearized at its initialization, at the N points X then T, n of them X. */
typedef struct wl_linearization {
  int64_t heads, train, all;  /**< K, n, N */
  const double *last, *lower; /**< of wl_net_kernels at the N points */
  double ridge;
  double time;      /**< 0: to convergence */
  double tolerance; /**< relative residual of the solution beyond which it did not converge */
} wl_linearization;

/**
 * Local. The same training of the linearized network, in closed form:
 *   f(T) = f₀(T) + Θ̂_TX (Θ̂_XX + ridge I)⁻¹ (Y − f₀(X)),  Θ̂ the empirical tangent kernel of all heads together;
 * at a time t with S⁻¹ (I − e^{−tS}) in place of the inverse S⁻¹.
 * @param targets  Y, K × n, column-major
 * @param f        f₀ at all N points on entry, K × N column-major; on return at X and T that of the result
 * Errors: WL_ERROR_MEMORY. An indefinite Θ̂_XX is no error: `converged` is false.
 */
wl_error wl_net_linearized(const wl_linearization *linear, const double *targets, double *f, wl_trained *trained);

/** Local. Bytes that it takes of K heads, n points to train on, N in all, to that time. */
double wl_net_linearized_bytes(int64_t heads, int64_t train, int64_t all, double time);

/* ---- the experiment ----------------------------------------------------------------------------------------------- */

/** The problem with all that is known of it exactly. Every rank holds one. Members are for reading. */
typedef struct wl_problem {
  wl_network network;
  wl_network target; /**< of RND */
  bool other_target; /**< and it is not the predictor's network: rnd need not be twice the ensemble */
  int64_t train, test, all, dimension, outputs; /**< n, m, N = n + m, d, c */
  double *x;                                    /**< N points, X then T; owned, as all below */
  double *y;                                    /**< c × n, column-major */
  double ridge;                                 /**< σ² + jitter */
  double time;                                  /**< t at which training stops; 0: at convergence */
  double *kappa, *theta;                        /**< N × N */
  double *P; /**< m × N: [−A, I], column-major; A = Θ_TX S⁻¹, at a time t Θ_TX S⁻¹ (I − e^{−tS}) */
  double *mean;     /**< c × m: (A Y)ᵀ */
  double *ensemble; /**< m × m: P κ Pᵀ, the ensemble's covariance */
  double *rnd;      /**< m × m: P (κ + κ_g) Pᵀ, of RND's error */
  double *posterior; /**< m × m: P Θ Pᵀ + ridge A Aᵀ, of Bayesian RND's error; at convergence the NTK posterior */
  double *noise;                 /**< m: ridge times the squared norm of each row of A */
  double lambda_min, lambda_max; /**< of Θ_XX */
} wl_problem;

/** What a problem is made of. All borrowed. */
typedef struct wl_problem_data {
  int64_t train, test, dimension, outputs; /**< n, m, d, c */
  const double *x;                         /**< n + m points, X then T */
  const double *y;                         /**< c × n, column-major */
  const wl_network *rnd_target;            /**< RND's target network; NULL: one like the predictor's */
} wl_problem_data;

/**
 * Local. Exact kernels, map and covariances, by GSL on this rank alone (for small n). The data are copied.
 * @param time  of gradient flow of unit rate on ½‖f(X) − Y‖² + ½ ridge ‖ϑ − ϑ₀‖²; 0: to convergence
 * Errors: WL_ERROR_NUMERICAL where Θ_XX + ridge I is not positive definite; WL_ERROR_MEMORY.
 */
wl_error wl_problem_create(const wl_network *network, const wl_problem_data *data, double ridge, double time,
                           wl_problem **problem);

/** Local. WL_ERROR_DATA where training settles every test point: all laws are zero, there is nothing to measure. */
wl_error wl_problem_check(const wl_problem *problem);

/** Local. Frees and sets to NULL; NULL is fine. */
void wl_problem_destroy(wl_problem **problem);

/** The models, in the order in which everything lists them. */
#define WL_MODEL_LIST(X)                              \
  X(ENSEMBLE, ensemble, "deep ensemble trained on Y") \
  X(RND, rnd, "predictor on a fixed random target")   \
  X(BAYESIAN_RND, bayesian_rnd, "predictor on its own tangent in a random direction")

typedef enum wl_finite_model {
#define WL_MODEL_ENUM(NAME, name, text) WL_FINITE_##NAME,
  WL_MODEL_LIST(WL_MODEL_ENUM)
#undef WL_MODEL_ENUM
      WL_FINITE_MODELS
} wl_finite_model;

/** Local. Name as in the result files. */
const char *wl_finite_model_name(int model);

/** What one index of one width leaves: an array of doubles, with these places in it. */
typedef struct wl_record {
  int64_t size;
  int64_t heads[WL_FINITE_MODELS];       /**< c, K, K */
  int64_t steps[WL_FINITE_MODELS];       /**< 1 number: steps of training */
  int64_t residual[WL_FINITE_MODELS];    /**< 1: relative residual */
  int64_t converged[WL_FINITE_MODELS];   /**< 1: 1 or 0 */
  int64_t error[WL_FINITE_MODELS];       /**< heads × m: ε after training, test point fastest */
  int64_t limit[WL_FINITE_MODELS];       /**< heads × m: P ε₀ of the same network */
  int64_t conditional[WL_FINITE_MODELS]; /**< m: E[(P ε₀)²] over what the kernels at initialization leave open */
  int64_t kappa, theta; /**< 1 each: ‖κ̂ − κ‖²/‖κ‖², ‖Θ̂ − Θ‖²/‖Θ‖² of the ensemble's network */
  int64_t flops, seconds; /**< 1 each: of the training by gradient descent alone */
} wl_record;

/** Local. Where the measurements of an index stand, with so many heads. */
wl_record wl_record_layout(const wl_problem *problem, int64_t heads);

/** Everything that was measured. On rank 0. */
typedef struct wl_experiment {
  const wl_problem *problem; /**< borrowed */
  wl_record record;
  int64_t width_count, networks;
  int64_t widths[WL_WIDTHS];
  double *data;                /**< [width][network][record.size]; owned; NULL on other ranks */
  double seconds;              /**< from the first to the last network */
  double gemm_rate[WL_WIDTHS]; /**< flop/s of DGEMM of the shapes of a step, a rank, all ranks at once */
  double gemm_ranks;           /**< how many ranks that was */
} wl_experiment;

/** What to measure: finite_width of the configuration and what belongs to it. */
typedef struct wl_experiment_options {
  uint64_t seed;
  int64_t width_count, networks, heads;
  int64_t widths[WL_WIDTHS];
  wl_training training;
  double residual, step;
  int64_t steps;
  double time; /**< that of the problem */
  wl_momentum momentum;
  wl_finite_fault fault;
  const char
      *journal; /**< file of rank 0 that keeps each network's values until the caller removes it; NULL: none */
  bool resume;  /**< go on from it where it is there */
  bool (*stop)(
      void); /**< asked between two networks: true ends the experiment with WL_ERROR_STOPPED; NULL: none asks */
} wl_experiment_options;

/**
 * Local. Whether networks can be trained so: at least one hidden layer, Θ − κ a kernel, no ridge in gradient descent, 32-bit
 * sizes.
 * Errors: WL_ERROR_CONFIG, naming the key.
 */
wl_error wl_experiment_check(const wl_network *network, double ridge, const wl_experiment_options *options);

/** Local. Bytes that a rank takes for the widest network, with its training and all that is measured of it, beside the problem. */
wl_error wl_experiment_rank_bytes(const wl_problem *problem, const wl_experiment_options *options, double *bytes);

/**
 * Collective over `comm`. Draws, trains and measures `networks` networks of each width and model. Rank 0 hands them
 * out one by one, the widest first, and works itself between the requests; what a network gives depends on the
 * options and its number alone.
 * Errors: WL_ERROR_MEMORY; those of wl_experiment_check.
 */
wl_error wl_experiment_run(MPI_Comm comm, const wl_problem *problem, const wl_experiment_options *options,
                           wl_experiment **experiment);

/** Local. Frees and sets to NULL; NULL is fine. */
void wl_experiment_destroy(wl_experiment **experiment);

/* ---- the verdict --------------------------------------------------------------------------------------------- */

/** How a deviation is measured. */
typedef enum wl_claim_kind {
  WL_CLAIM_DISTANCE, /**< the root of a mean of squares, one a network: positive, falls as n^−½ */
  WL_CLAIM_BIAS,     /**< a mean that is 0 at infinite width: c₁/n + c₂/n² + …, of either sign */
  WL_CLAIM_ZERO,     /**< a mean that is 0 at every width: all widths are judged together */
  WL_CLAIM_SQUARE    /**< an unbiased estimate of the squared norm of a vector of BIASes; noise of either sign */
} wl_claim_kind;

/** One deviation at one width. */
typedef struct wl_estimate {
  double value, error; /**< estimate and standard error; of a DISTANCE the mean square and its error */
  double null_error;   /**< what the standard error is where the true value is 0 */
  double skew;         /**< skewness of the estimate; of a mean of M numbers theirs over √M */
  double dof;          /**< of the scaled χ² that the value then follows; 0: normal */
} wl_estimate;

/** One claim with its measurements and verdict. */
typedef struct wl_claim {
  const char *name, *formula; /**< static */
  wl_claim_kind kind;
  bool present; /**< false: this experiment cannot measure it (one head, few networks) */
  wl_estimate at[WL_WIDTHS];
  double rate, rate_low, rate_high; /**< of the shown deviation ∝ n^−rate, with 95 % interval; ±∞: not bounded */
  double amplitude;                 /**< shown deviation ≈ amplitude · n^−rate */
  wl_estimate limit;  /**< extrapolated to infinite width (finite.md); of a ZERO the mean over all widths */
  double truncation;  /**< how far the limit may be off because the expansion in 1/n is cut; 0 of a ZERO */
  bool falls, agrees; /**< a DISTANCE from the smallest width to the largest; limit within its error of zero */
  bool pass;          /**< both */
} wl_claim;

enum { WL_CLAIMS = 25 };

/** All claims, and whether all hold. */
typedef struct wl_verdict {
  wl_claim claim[WL_CLAIMS];
  int64_t not_converged[WL_FINITE_MODELS]; /**< networks that missed the residual, over all widths */
  double critical; /**< standard errors that a normal deviation may have, all claims together */
  bool pass;
} wl_verdict;

/** The chance that an experiment of a true theory fails by accident, over all its claims together (Bonferroni). */
#define WL_FINITE_FALSE_ALARM 0.01

/** Local. Bytes that the verdict takes beside the experiment. */
double wl_verdict_bytes(const wl_problem *problem, const wl_experiment_options *options);

/** Local. Errors: WL_ERROR_MEMORY. */
wl_error wl_experiment_verdict(const wl_experiment *experiment, wl_verdict *verdict);

/** Local. The deviation as it is shown: of a DISTANCE the root. Likewise its standard error. */
double wl_claim_shown(const wl_claim *claim, int64_t width);
double wl_claim_shown_error(const wl_claim *claim, int64_t width);

#endif
