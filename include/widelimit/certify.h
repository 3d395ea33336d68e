/**
 * @file certify.h
 * The certificate: R replicates of the experiment with K heads, tested against the analytic covariances and against one
 * another, and the covariances computed by a second route. doc/certificate.md says what each test is.
 *
 *   Σ = ensemble covariance, C = posterior covariance (model.h)
 *
 *   1  ½ε̄² of K RND heads and the sample variance of K + 1 members both follow Σ_tt χ²(K)/K  [arXiv 2602.19964, Thm 3.4]
 *   2  Bayesian RND errors follow N(0, C)                                                      [ibid., Thm 4.2]
 *   3  posterior mean + one head is a posterior sample, heads are independent                  [ibid., Cor. 4.3]
 *   4  Σ and C by their general formulas, C by the bordered factor, the solve's residual, and Σ ⪯ C, which holds where Θ − κ ⪰ 0
 *
 * Where RND's target is another network, claim 1 is that ε̄² of K heads follows V_A[κ + κ_g]_tt χ²(K)/K and the members Σ_tt
 * as before; the two need not agree, and the tests that compare them are left out.
 *
 * Everything is seen through a measurement noise of variance τ, drawn for each function: what varies less than τ is below
 * the certificate's resolution, and joint tests may whiten by Σ + τ I where Σ is singular. τ is so large that the shifts
 * with which the joint kernels were factored (sample.h) move the sharpest statistic by less than 1/20 of its
 * deviation.
 */
#ifndef WIDELIMIT_CERTIFY_H
#define WIDELIMIT_CERTIFY_H

#include <stdbool.h>

#include "widelimit/matrix.h"
#include "widelimit/points.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The tests: name in C and in the summary, claim, text in the table. Exact tests have no p-value. */
#define WL_TEST_LIST(X)                                                                  \
  X(RND_POINTS, rnd_points, 1, "RND mean square at each point, s.e.")                    \
  X(RND_LAW_POINTS, rnd_law_points, 1, "RND chi-square law at each point")               \
  X(RND_JOINT, rnd_joint, 1, "RND mean square, all points, s.e.")                        \
  X(RND_LAW_JOINT, rnd_law_joint, 1, "RND chi-square law, all points")                   \
  X(RND_MEAN, rnd_mean, 1, "RND mean is 0, s.e.")                                        \
  X(ENSEMBLE_POINTS, ensemble_points, 1, "member variance at each point, s.e.")          \
  X(ENSEMBLE_LAW_POINTS, ensemble_law_points, 1, "member chi-square law at each point")  \
  X(ENSEMBLE_JOINT, ensemble_joint, 1, "member variance, all points, s.e.")              \
  X(ENSEMBLE_LAW_JOINT, ensemble_law_joint, 1, "member chi-square law, all points")      \
  X(ENSEMBLE_MEAN, ensemble_mean, 1, "member mean is A Y, s.e.")                         \
  X(RND_ENSEMBLE_POINTS, rnd_ensemble_points, 1, "RND to member variance at each point") \
  X(RND_ENSEMBLE_JOINT, rnd_ensemble_joint, 1, "RND to member variance, all points")     \
  X(BAYESIAN_POINTS, bayesian_points, 2, "head mean square at each point, s.e.")         \
  X(BAYESIAN_MARGINALS, bayesian_marginals, 2, "whitened heads are normal")              \
  X(BAYESIAN_NORMS, bayesian_norms, 2, "whitened norms are chi-square")                  \
  X(BAYESIAN_JOINT, bayesian_joint, 2, "head mean square, all points, s.e.")             \
  X(BAYESIAN_COVARIANCE, bayesian_covariance, 2, "covariance entrywise, correlation")    \
  X(BAYESIAN_MEAN, bayesian_mean, 2, "head mean is 0, s.e.")                             \
  X(POSTERIOR_JOINT, posterior_joint, 3, "posterior draws' mean square, s.e.")           \
  X(POSTERIOR_NORMS, posterior_norms, 3, "posterior draws' norms are chi-square")        \
  X(POSTERIOR_MEAN, posterior_mean, 3, "posterior draws' mean is A Y, s.e.")             \
  X(SUM_POINTS, sum_points, 3, "mean + head to draw, at each point")                     \
  X(SUM_JOINT, sum_joint, 3, "mean + head to draw, all points")                          \
  X(SUM_MEAN, sum_mean, 3, "mean + head to draw, means, s.e.")                           \
  X(HEADS_INDEPENDENT, heads_independent, 3, "RND heads, members: correlation")          \
  X(BAYESIAN_INDEPENDENT, bayesian_independent, 3, "Bayesian heads, draws: correlation") \
  X(EXACT_RND, exact_rnd, 4, "RND covariance by its formula")                            \
  X(EXACT_BAYESIAN, exact_bayesian, 4, "Bayesian RND covariance by RND formula")         \
  X(EXACT_BORDER, exact_border, 4, "bordered factor: L22 L22' = covariance")             \
  X(EXACT_SOLVE, exact_solve, 4, "residual of S W = theta_XT")                           \
  X(EXACT_ORDER, exact_order, 4, "posterior is never less than ensemble")

typedef enum wl_test_name {
#define WL_TEST_ENUM(NAME, name, claim, text) WL_TEST_##NAME,
  WL_TEST_LIST(WL_TEST_ENUM)
#undef WL_TEST_ENUM
      WL_TEST_COUNT
} wl_test_name;

/** Tests before this one have p-values. */
enum { WL_TEST_FIRST_EXACT = WL_TEST_EXACT_RND, WL_CLAIM_COUNT = 4 };

/** Local. Name in the summary; "unknown" for another number, as below. */
WL_API const char *wl_test_name_of(wl_test_name test);

/** Local. Text in the table. */
WL_API const char *wl_test_text(wl_test_name test);

/** Local. The claim, 1 … 4, that it belongs to; 0 for another number. */
WL_API int wl_test_claim(wl_test_name test);

/** Local. What a claim, 1 … 4, says, where RND's target is another network or not. */
WL_API const char *wl_claim_text(int claim, bool other_target);

/** The outcome of one test. */
typedef struct wl_test {
  double statistic; /**< what the text says; a Kolmogorov distance for laws, multiples of n ε for exact tests */
  double p;         /**< of the whole test, Bonferroni over its points or pairs; NaN for exact tests */
  double single_p;  /**< of its first point or pair, alone; equals p where there is one */
  double bound;     /**< p must not be below it; statistic must not be above it for exact tests */
  bool passed;
  bool omitted; /**< it compares what need not agree with another target of RND: statistic and p are NaN */
} wl_test;

typedef struct wl_certificate {
  wl_test test[WL_TEST_COUNT];
  bool passed;
  int64_t replicates, heads, points;
  double false_alarm;    /**< the probability that an honest run fails, at most */
  bool other_target;     /**< RND's target is another network: its errors have covariance V_A[κ + κ_g] */
  double resolution[3];  /**< τ for Σ, for C, and with another target for V_A[κ + κ_g] */
  int64_t unresolved[3]; /**< points with a variance below it */
  double directions[3];  /**< Σ λ/(λ + τ) over the eigenvalues λ: how many of m directions are seen */
  double shift[4];       /**< δ of the joint Θ, κ, Θ⁻ and κ + κ_g */
  int fault;             /**< what was done wrong on purpose, see doc/certificate.md; 0: nothing */
} wl_certificate;

typedef struct wl_certify_options {
  double noise_variance; /**< σ² ≥ 0 */
  double jitter;         /**< ≥ 0 */
  uint64_t seed;
  int64_t replicates;           /**< R ≥ 2 */
  int64_t heads;                /**< K ≥ 1 */
  double false_alarm;           /**< in (0, 1) */
  const wl_network *rnd_target; /**< RND's target network; NULL: one like the predictor's. Borrowed for the call */
} wl_certify_options;

/** Local. No noise, no jitter, seed 1, R = 200, K = 8, false_alarm 0.001. */
WL_API wl_certify_options wl_certify_options_default(void);

/**
 * Collective. Predicts, draws and tests. A claim that fails is no error: see certificate->passed. The same on every rank.
 * @param train    X, n points; borrowed for the call, as are test and targets
 * @param test     T, m points of the same network on the same grid
 * @param targets  Y, n × c on the same grid
 * Memory: with N = n + m an N × N array, two N × m panels, five m × m matrices, m × R K numbers: all distributed.
 * Errors: WL_ERROR_USAGE; those of wl_model_factor, wl_model_predict and wl_sampler_create.
 */
WL_API wl_error wl_certify(const wl_certify_options *options, const wl_points *train, const wl_points *test,
                           const wl_matrix *targets, wl_certificate *certificate);

#ifdef __cplusplus
}
#endif

#endif
