/*
 * Draws on any grid: their moments against the analytic ones, that a number is a draw, and the singular cases.
 *
 * Sample moments: an entry of the covariance of D draws has standard error √((C_ii C_jj + C_ij²)/D), a mean √(C_ii/D). The
 * largest of all is held against 6.5 standard errors, beyond which one of 300 entries lies with probability 3e-8.
 */
#include "draw_case.h"

#include <stdio.h>

#include "sampling/posterior.h"
#include "solution.h"

enum { DRAWS = 3000 };
static const double errors_allowed = 6.5;

static const draw_case plain = {.train = 13, .test = 9, .dimension = 3, .outputs = 2, .depth = 3, .noise = 0.0};
static const draw_case noisy = {
    .train = 13, .test = 9, .dimension = 3, .outputs = 2, .depth = 2, .noise = 0.2, .jitter = 0.1};
static const draw_case linear = {.train = 7, .test = 5, .dimension = 2, .outputs = 1, .depth = 1, .noise = 0.3};
static const draw_case repeated = {
    .train = 13, .test = 9, .dimension = 3, .outputs = 2, .depth = 3, .noise = 0.0, .repeated = 3};

/* All draws of one kind on rank 0, point by draw: m × count. */
static double *draws_of(const problem *p, wl_joint *joint, wl_draw kind, wl_draw_numbers numbers, int64_t count) {
  wl_matrix *out = NULL;
  assert_int_equal(wl_matrix_create(p->grid, p->of.test, count, &out), WL_OK);
  wl_error error = WL_OK;
  if (kind == WL_DRAW_POSTERIOR) error = wl_joint_draw_posterior(joint, numbers, out);
  if (kind == WL_DRAW_ENSEMBLE) error = wl_joint_draw_ensemble(joint, numbers, out);
  if (kind == WL_DRAW_RND) error = wl_joint_draw_rnd(joint, numbers, out);
  if (kind == WL_DRAW_BAYESIAN_RND) error = wl_joint_begin_bayesian(joint, numbers, out);
  assert_int_equal(error, WL_OK);
  if (kind == WL_DRAW_BAYESIAN_RND) {
    assert_int_equal(wl_joint_factor(joint, WL_STAGE_THETA_LOWER), WL_OK);
    assert_int_equal(wl_joint_end_bayesian(joint, numbers, out), WL_OK);
    assert_int_equal(wl_joint_factor(joint, WL_STAGE_KAPPA), WL_OK);
  }
  double *all = malloc(sizeof(double) * (size_t)(p->of.test * count));
  assert_int_equal(wl_matrix_get(out, 0, 0, p->of.test, count, all), WL_OK);
  wl_matrix_destroy(&out);
  return all;
}

static wl_joint *joint_of(const problem *p, uint64_t seed) {
  const wl_joint_options options = joint_options_of(p, seed);
  wl_joint *joint = NULL;
  assert_int_equal(wl_joint_create(&options, p->joint, p->of.train, p->targets, &joint), WL_OK);
  assert_int_equal(wl_joint_factor(joint, WL_STAGE_KAPPA), WL_OK);
  return joint;
}

/* Largest deviation of sample moments in standard errors; `cov` symmetric m × m, `mean` m. Below `floor`: as it is. */
static double worst_moment(int64_t m, const double *draws, const double *mean, const double *cov) {
  double worst = 0.0;
  for (int64_t i = 0; i < m; i++) {
    double sum = 0.0;
    for (int64_t k = 0; k < DRAWS; k++) sum += draws[i + k * m] - mean[i];
    const double floor = 1e-9; /* a point without variance may move by the shifts of sample.h */
    worst = worse(worst, fabs(sum / DRAWS) / sqrt((cov[i + i * m] + floor) / DRAWS));
    for (int64_t j = 0; j <= i; j++) {
      double product = 0.0;
      for (int64_t k = 0; k < DRAWS; k++) product += (draws[i + k * m] - mean[i]) * (draws[j + k * m] - mean[j]);
      const double error =
          sqrt(((cov[i + i * m] + floor) * (cov[j + j * m] + floor) + cov[i + j * m] * cov[i + j * m]) / DRAWS);
      worst = worse(worst, fabs(product / DRAWS - cov[i + j * m]) / error);
    }
  }
  return worst;
}

/* Σ (C) as a whole symmetric matrix on rank 0, times `scale`. */
static double *whole(const problem *p, int lower, double scale) {
  const int64_t m = p->of.test;
  double *a = malloc(sizeof(double) * (size_t)(m * m));
  assert_int_equal(wl_matrix_get(p->covariance, 0, 0, m, m, a), WL_OK);
  if (p->grid->rank == 0)
    for (int64_t j = 0; j < m; j++) {
      a[j + j * m] = lower ? p->posterior[j] : p->ensemble[j];
      for (int64_t i = j + 1; i < m; i++) {
        if (lower)
          a[j + i * m] = a[i + j * m];
        else
          a[i + j * m] = a[j + i * m];
      }
    }
  for (int64_t k = 0; k < m * m && p->grid->rank == 0; k++) a[k] *= scale;
  return a;
}

static void check_kind(const problem *p, wl_joint *joint, wl_draw kind) {
  const int64_t m = p->of.test, c = p->of.outputs;
  const int bayesian = kind == WL_DRAW_POSTERIOR || kind == WL_DRAW_BAYESIAN_RND;
  const int centred = kind == WL_DRAW_RND || kind == WL_DRAW_BAYESIAN_RND;
  double *mean = calloc((size_t)(m * c), sizeof(double)),
         *covariance = whole(p, bayesian, kind == WL_DRAW_RND ? 2.0 : 1.0);
  if (!centred) assert_int_equal(wl_matrix_get(p->mean, 0, 0, m, c, mean), WL_OK);
  for (int64_t output = 0; output < (centred ? 1 : c); output++) {
    double *draws = draws_of(p, joint, kind, (wl_draw_numbers){output, centred ? 1 : c}, DRAWS);
    const double worst = from_root(p->grid->rank ? 0.0 : worst_moment(m, draws, mean + output * m, covariance));
    if (!(worst < errors_allowed))
      print_error("%s, output %d: %g standard errors\n", wl_draw_name(kind), (int)output, worst);
    assert_true(worst < errors_allowed);
    free(draws);
  }
  free(covariance);
  free(mean);
}

static void check_moments(const draw_case *of) {
  problem p = problem_create(of, 4);
  wl_joint *joint = joint_of(&p, 11);
  for (int kind = 0; kind < WL_DRAW_COUNT; kind++) check_kind(&p, joint, (wl_draw)kind);
  assert_int_equal(wl_joint_target_is_zero(joint), of->depth == 1);
  wl_joint_destroy(&joint);
  problem_destroy(&p);
}

static void test_moments(void **state) {
  (void)state;
  check_moments(&plain);
}

static void test_moments_with_noise(void **state) {
  (void)state;
  check_moments(&noisy);
}

static void test_moments_at_depth_1(void **state) {
  (void)state;
  check_moments(&linear);
}

static void test_moments_with_repeated_points(void **state) {
  (void)state;
  check_moments(&repeated);
}

/* Largest sample correlation of two kinds of draws at any two test points, in its standard errors, 1/√D. */
static double worst_correlation(const problem *p, const double *a, const double *a_variance, const double *b,
                                const double *b_variance) {
  const int64_t m = p->of.test;
  double worst = 0.0;
  for (int64_t i = 0; i < m; i++)
    for (int64_t j = 0; j < m; j++) {
      double product = 0.0;
      for (int64_t k = 0; k < DRAWS; k++) product += a[i + k * m] * b[j + k * m];
      worst = worse(worst, fabs(product) / sqrt(DRAWS * a_variance[i] * b_variance[j]));
    }
  return worst;
}

/* No two kinds share their numbers: draws with the same numbers and seed are not correlated. */
static void test_kinds_are_independent(void **state) {
  (void)state;
  draw_case centred = noisy;
  centred.outputs = 1;
  problem p = problem_create(&centred, 4);
  wl_joint *joint = joint_of(&p, 11);
  const int64_t m = p.of.test;
  double *draws[WL_DRAW_COUNT], *variance[WL_DRAW_COUNT], *mean = malloc(sizeof(double) * (size_t)m);
  assert_int_equal(wl_matrix_get(p.mean, 0, 0, m, 1, mean), WL_OK);
  for (int d = 0; d < WL_DRAW_COUNT; d++) {
    const bool functions = d == WL_DRAW_POSTERIOR || d == WL_DRAW_ENSEMBLE;
    draws[d] = draws_of(&p, joint, (wl_draw)d, (wl_draw_numbers){0, 1}, DRAWS);
    variance[d] = malloc(sizeof(double) * (size_t)m);
    for (int64_t i = 0; i < m; i++)
      variance[d][i] = d == WL_DRAW_ENSEMBLE ? p.ensemble[i]
                       : d == WL_DRAW_RND    ? 2.0 * p.ensemble[i]
                                             : p.posterior[i];
    for (int64_t k = 0; k < m * DRAWS && functions && p.grid->rank == 0; k++) draws[d][k] -= mean[k % m];
  }
  for (int d = 0; d < WL_DRAW_COUNT; d++)
    for (int other = 0; other < d; other++) {
      const double worst = from_root(
          p.grid->rank ? 0.0 : worst_correlation(&p, draws[d], variance[d], draws[other], variance[other]));
      if (!(worst < errors_allowed))
        print_error("%s and %s: %g\n", wl_draw_name((wl_draw)d), wl_draw_name((wl_draw)other), worst);
      assert_true(worst < errors_allowed);
    }
  for (int d = 0; d < WL_DRAW_COUNT; d++) {
    free(variance[d]);
    free(draws[d]);
  }
  free(mean);
  wl_joint_destroy(&joint);
  problem_destroy(&p);
}

static double largest_difference(int64_t count, const double *a, const double *b) {
  double worst = 0.0;
  for (int64_t k = 0; k < count; k++) worst = worse(worst, fabs(a[k] - b[k]));
  return worst;
}

/* Draws 3 … 9 in one panel of 7 and in panels of 2, one after another and by strides: the same to rounding. */
static void test_a_number_is_a_draw(void **state) {
  (void)state;
  problem p = problem_create(&noisy, 4);
  wl_joint *joint = joint_of(&p, 5);
  const int64_t m = p.of.test;
  for (int kind = 0; kind < WL_DRAW_COUNT; kind++) {
    double *all = draws_of(&p, joint, (wl_draw)kind, (wl_draw_numbers){3, 1}, 7);
    double *two = draws_of(&p, joint, (wl_draw)kind, (wl_draw_numbers){5, 1}, 2);
    double *strided = draws_of(&p, joint, (wl_draw)kind, (wl_draw_numbers){4, 5}, 2);
    const double worst =
        p.grid->rank
            ? 0.0
            : fmax(largest_difference(2 * m, all + 2 * m, two),
                   fmax(largest_difference(m, all + m, strided), largest_difference(m, all + 6 * m, strided + m)));
    assert_true(from_root(worst) < 1e-12);
    free(strided);
    free(two);
    free(all);
  }
  wl_joint_destroy(&joint);
  problem_destroy(&p);
}

/* The posterior by C and A Y alone; `lowered` is taken off the variance of test point 0. */
static wl_error posterior_of(const problem *p, uint64_t seed, double lowered, wl_posterior **posterior) {
  const wl_joint_options options = {.seed = seed};
  double *variance = malloc(sizeof(double) * (size_t)p->of.test);
  memcpy(variance, p->posterior, sizeof(double) * (size_t)p->of.test);
  variance[0] -= lowered;
  const wl_error error =
      wl_posterior_create(&options, p->train, p->test, p->covariance, variance, p->mean, posterior);
  free(variance);
  return error;
}

/* The largest difference between draws by the joint array and by C alone. */
static double draws_apart(const problem *p, wl_joint *joint, const wl_posterior *posterior) {
  const wl_draw_numbers numbers = {3, 5};
  const int64_t m = p->of.test, count = 7;
  double *expected = draws_of(p, joint, WL_DRAW_POSTERIOR, numbers, count),
         *actual = malloc(sizeof(double) * (size_t)(m * count)), worst = 0.0;
  wl_matrix *out = NULL;
  assert_int_equal(wl_matrix_create(p->grid, m, count, &out), WL_OK);
  wl_posterior_draw(posterior, numbers, out);
  assert_int_equal(wl_matrix_get(out, 0, 0, m, count, actual), WL_OK);
  if (p->grid->rank == 0) worst = largest_difference(m * count, expected, actual);
  wl_matrix_destroy(&out);
  free(actual);
  free(expected);
  return from_root(worst);
}

/* By C alone: the draws of the joint array, with its shift; where C is singular (depth 1, m > d + 1) to √δ. */
static void test_posterior_by_covariance(void **state) {
  (void)state;
  static const struct {
    const draw_case *of;
    double bound;
  } cases[] = {{&plain, 1e-12}, {&noisy, 1e-12}, {&linear, 1e-6}};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    problem p = problem_create(cases[k].of, 4);
    wl_joint *joint = joint_of(&p, 5);
    wl_posterior *posterior = NULL;
    assert_int_equal(posterior_of(&p, 5, 0.0, &posterior), WL_OK);
    assert_true(fabs(wl_posterior_shift(posterior) / wl_joint_shift(joint, WL_STAGE_POSTERIOR) - 1.0) < 1e-14);
    const double apart = draws_apart(&p, joint, posterior);
    if (!(apart < cases[k].bound)) print_error("case %zu: %g apart\n", k, apart);
    assert_true(apart < cases[k].bound);
    wl_posterior_destroy(&posterior);
    wl_joint_destroy(&joint);
    problem_destroy(&p);
  }
}

/* T has points of X. Where C is indefinite by 10 δ the shift grows, and C is what it was; by far more, nothing helps. */
static void test_posterior_shifts(void **state) {
  (void)state;
  problem p = problem_create(&repeated, 4);
  wl_joint *joint = joint_of(&p, 5);
  const double shift = wl_joint_shift(joint, WL_STAGE_POSTERIOR);
  wl_posterior *posterior = NULL;
  assert_int_equal(posterior_of(&p, 5, 0.0, &posterior), WL_OK);
  assert_true(draws_apart(&p, joint, posterior) < 1e-5);
  wl_posterior_destroy(&posterior);
  assert_int_equal(posterior_of(&p, 5, 10.0 * shift, &posterior), WL_OK);
  assert_true(fabs(wl_posterior_shift(posterior) / (16.0 * shift) - 1.0) < 1e-14);
  assert_true(draws_apart(&p, joint, posterior) < 1e-5);
  wl_posterior_destroy(&posterior);
  assert_int_equal(posterior_of(&p, 5, 1e5 * shift, &posterior), WL_ERROR_NUMERICAL);
  assert_non_null(strstr(wl_error_message(), "posterior covariance of the test points cannot be factored"));
  assert_null(posterior);
  wl_joint_destroy(&joint);
  problem_destroy(&p);
}

/* The largest difference between draws of functions by the joint array and from the packed factor, over the largest draw. */
static double functions_apart(const problem *p, wl_joint *joint, wl_joint *rfp, wl_draw kind) {
  const wl_draw_numbers numbers = {3, 5};
  const int64_t count = 7, all = p->of.test * count;
  double *expected = draws_of(p, joint, kind, numbers, count), *actual = draws_of(p, rfp, kind, numbers, count),
         worst = 0.0, size = 0.0;
  for (int64_t k = 0; k < all && p->grid->rank == 0; k++) size = fmax(size, fabs(expected[k]));
  if (p->grid->rank == 0) worst = largest_difference(all, expected, actual) / size;
  free(actual);
  free(expected);
  return from_root(worst);
}

static void check_rfp(const draw_case *of, double bound) {
  problem p = problem_create(of, 4);
  const int64_t all = of->train + of->test, first = (all + 1) / 2;
  const wl_joint_options options = joint_options_of(&p, 5);
  wl_matrix *solution = solution_of(p.train, p.test, of->noise + of->jitter);
  wl_points *points[2] = {NULL, NULL};
  wl_joint *joint = joint_of(&p, 5), *rfp = NULL;
  read_set(&p, 0, first, &points[0]);
  read_set(&p, first, all - first, &points[1]);
  assert_int_equal(wl_joint_create_rfp(&options, points, of->train, solution, p.mean, &rfp), WL_OK);
  assert_int_equal(wl_joint_factor(rfp, WL_STAGE_KAPPA), WL_OK);
  for (int kind = WL_DRAW_ENSEMBLE; kind < WL_DRAW_COUNT; kind++) {
    const double apart = functions_apart(&p, joint, rfp, (wl_draw)kind);
    if (!(apart < bound)) print_error("%s: %g apart\n", wl_draw_name((wl_draw)kind), apart);
    assert_true(apart < bound);
  }
  for (wl_stage s = WL_STAGE_KAPPA; s < WL_STAGES; s++)
    assert_true(fabs(wl_joint_shift(rfp, s) - wl_joint_shift(joint, s)) <= 1e-14 * wl_joint_shift(joint, s));
  assert_int_equal(wl_joint_target_is_zero(rfp), of->depth == 1);
  wl_joint_destroy(&rfp);
  wl_joint_destroy(&joint);
  for (int k = 0; k < 2; k++) wl_points_destroy(&points[k]);
  wl_matrix_destroy(&solution);
  problem_destroy(&p);
}

/* From the packed factor: the draws of the joint array, with its shifts; where kernels are singular (depth 1, repeated points) to √δ. */
static void test_functions_from_rfp(void **state) {
  (void)state;
  const draw_case more_tests = {.train = 3, .test = 12, .dimension = 3, .outputs = 2, .depth = 3, .noise = 0.2};
  const draw_case two = {.train = 1, .test = 1, .dimension = 3, .outputs = 2, .depth = 3, .noise = 0.2};
  check_rfp(&plain, 1e-11);
  check_rfp(&noisy, 1e-11);
  check_rfp(&more_tests, 1e-11);
  check_rfp(&two, 1e-11);
  check_rfp(&linear, 1e-6);
  check_rfp(&repeated, 1e-5);
}

/* At a training point without noise every draw of a trained function is its target, every error zero: to √δ. */
static void test_training_points(void **state) {
  (void)state;
  problem p = problem_create(&repeated, 4);
  wl_joint *joint = joint_of(&p, 5);
  const int64_t m = p.of.test, count = 10;
  for (int kind = 0; kind < WL_DRAW_COUNT; kind++) {
    const bool function = kind == WL_DRAW_POSTERIOR || kind == WL_DRAW_ENSEMBLE;
    double *draws = draws_of(&p, joint, (wl_draw)kind, (wl_draw_numbers){0, p.of.outputs}, count), worst = 0.0;
    for (int64_t k = 0; k < count && p.grid->rank == 0; k++)
      for (int64_t i = 0; i < p.of.repeated; i++)
        worst = worse(worst, fabs(draws[i + k * m] - (function ? sin((double)i) : 0.0)));
    assert_true(from_root(worst) < 1e-5);
    if (p.grid->rank == 0)
      worst = largest_difference(1, draws + p.of.repeated, draws + m - 1); /* T repeats itself */
    assert_true(from_root(worst) < 1e-5);
    free(draws);
  }
  assert_true(wl_joint_shift(joint, WL_STAGE_POSTERIOR) > 0.0 &&
              wl_joint_shift(joint, WL_STAGE_POSTERIOR) < 1e-10);
  wl_joint_destroy(&joint);
  problem_destroy(&p);
}

/* X repeats a row and there is no noise: an error that names the row, on every rank. */
static void test_singular_training_set(void **state) {
  (void)state;
  const draw_case tall = {.train = 6, .test = 2, .dimension = 2, .outputs = 1, .depth = 1, .noise = 0.3};
  problem p = problem_create(&tall, 2);
  wl_joint_options options = joint_options_of(&p, 1);
  options.noise_variance = 0.0; /* rank 3 */
  wl_joint *joint = NULL;
  assert_int_equal(wl_joint_create(&options, p.joint, p.of.train, p.targets, &joint), WL_ERROR_NUMERICAL);
  assert_non_null(strstr(wl_error_message(), "training row 4"));
  assert_null(joint);
  problem_destroy(&p);
}

static int group(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_moments),
      cmocka_unit_test(test_moments_with_noise),
      cmocka_unit_test(test_moments_at_depth_1),
      cmocka_unit_test(test_moments_with_repeated_points),
      cmocka_unit_test(test_kinds_are_independent),
      cmocka_unit_test(test_a_number_is_a_draw),
      cmocka_unit_test(test_posterior_by_covariance),
      cmocka_unit_test(test_posterior_shifts),
      cmocka_unit_test(test_functions_from_rfp),
      cmocka_unit_test(test_training_points),
      cmocka_unit_test(test_singular_training_set),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(int argc, char **argv) { return mpi_test_main(argc, argv, group); }
