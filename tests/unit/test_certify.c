/*
 * The certificate: it passes where all is right, fails on the right line where one thing is wrong, and its p-values
 * are uniform. One process.
 */
#include "../mpi/draw_case.h"

#include <gsl/gsl_cdf.h>
#include <stdio.h>

#include "certificate/p_values.h"

static const draw_case usual = {.train = 30, .test = 25, .dimension = 4, .outputs = 2, .depth = 3, .noise = 0.05};

/* Strong enough for a covariance off by 2 %: √(R K m / 2) 0.02 = 10 standard errors. */
static wl_certifier_options strong(const problem *p, uint64_t seed, wl_fault fault) {
  wl_certifier_options options = {
      .joint = joint_options_of(p, seed), .replicates = 250, .heads = 80, .false_alarm = 1e-6};
  options.joint.fault = fault;
  return options;
}

static void print_failures(const wl_certificate *c) {
  for (int t = 0; t < WL_TEST_COUNT; t++)
    if (!c->test[t].passed)
      print_error("  %s: statistic %g, p %g\n", wl_test_name_of((wl_test_name)t), c->test[t].statistic,
                  c->test[t].p);
}

/* What a fault must and must not do. */
typedef struct expectation {
  wl_fault fault;
  wl_test_name fails[8];
  int fail_count;
  wl_test_name passes[8];
  int pass_count;
} expectation;

static void check_mistake(const problem *p, const expectation *e) {
  const wl_certifier_options options = strong(p, 3, e->fault);
  const wl_certificate c = certificate_of(p, &options);
  bool right = !c.passed || e->fault == WL_FAULT_NONE;
  for (int k = 0; k < e->fail_count; k++) right = right && !c.test[e->fails[k]].passed;
  for (int k = 0; k < e->pass_count; k++) right = right && c.test[e->passes[k]].passed;
  if (!right) {
    print_error("fault %s gave these failures:\n", wl_fault_name(e->fault));
    print_failures(&c);
  }
  assert_true(right);
}

static void test_faults(void **state) {
  (void)state;
  static const expectation expected[] = {
      {WL_FAULT_TRAINING_KERNEL,
       {WL_TEST_RND_JOINT, WL_TEST_ENSEMBLE_JOINT, WL_TEST_POSTERIOR_JOINT, WL_TEST_EXACT_RND,
        WL_TEST_EXACT_SOLVE},
       5,
       {0},
       0},
      {WL_FAULT_PLAIN_TARGET,
       {WL_TEST_BAYESIAN_JOINT, WL_TEST_BAYESIAN_POINTS, WL_TEST_BAYESIAN_NORMS, WL_TEST_SUM_JOINT,
        WL_TEST_EXACT_BAYESIAN},
       5,
       {WL_TEST_RND_JOINT, WL_TEST_ENSEMBLE_JOINT, WL_TEST_POSTERIOR_JOINT, WL_TEST_EXACT_RND,
        WL_TEST_EXACT_SOLVE},
       5},
      {WL_FAULT_NO_HALF,
       {WL_TEST_RND_JOINT, WL_TEST_RND_POINTS, WL_TEST_RND_LAW_JOINT, WL_TEST_RND_ENSEMBLE_POINTS,
        WL_TEST_RND_ENSEMBLE_JOINT},
       5,
       {WL_TEST_ENSEMBLE_JOINT, WL_TEST_BAYESIAN_JOINT, WL_TEST_POSTERIOR_JOINT, WL_TEST_EXACT_RND},
       4},
      {WL_FAULT_SHARED_STREAM,
       {WL_TEST_HEADS_INDEPENDENT, WL_TEST_BAYESIAN_INDEPENDENT},
       2,
       {WL_TEST_RND_POINTS, WL_TEST_BAYESIAN_MARGINALS, WL_TEST_EXACT_RND, WL_TEST_EXACT_BAYESIAN},
       4},
      {WL_FAULT_NO_NOISE,
       {WL_TEST_BAYESIAN_JOINT, WL_TEST_SUM_JOINT, WL_TEST_EXACT_BAYESIAN},
       3,
       {WL_TEST_RND_JOINT, WL_TEST_ENSEMBLE_JOINT, WL_TEST_POSTERIOR_JOINT, WL_TEST_HEADS_INDEPENDENT},
       4},
      {WL_FAULT_COVARIANCE,
       {WL_TEST_RND_JOINT, WL_TEST_ENSEMBLE_JOINT, WL_TEST_BAYESIAN_JOINT, WL_TEST_POSTERIOR_JOINT,
        WL_TEST_EXACT_RND, WL_TEST_EXACT_BAYESIAN, WL_TEST_EXACT_BORDER},
       7,
       {WL_TEST_RND_ENSEMBLE_JOINT, WL_TEST_SUM_JOINT, WL_TEST_EXACT_SOLVE, WL_TEST_HEADS_INDEPENDENT},
       4},
  };
  problem p = problem_create(&usual, 8);
  const wl_certifier_options options = strong(&p, 3, WL_FAULT_NONE);
  const wl_certificate honest = certificate_of(&p, &options);
  print_failures(&honest);
  assert_true(honest.passed);
  for (size_t k = 0; k < sizeof expected / sizeof *expected; k++) check_mistake(&p, &expected[k]);
  problem_destroy(&p);
}

static const wl_network other = {.depth = 2, .activation = WL_ACTIVATION_ERF, .sigma_w = 1.5, .sigma_b = 0.1};

/* Another target network: RND errors by a law of their own, and nothing is compared that need not agree. */
static void test_other_target(void **state) {
  (void)state;
  static const wl_test_name left_out[] = {WL_TEST_RND_ENSEMBLE_POINTS, WL_TEST_RND_ENSEMBLE_JOINT};
  static const expectation expected[] = {
      {WL_FAULT_OWN_TARGET,
       {WL_TEST_RND_POINTS, WL_TEST_RND_JOINT, WL_TEST_RND_LAW_JOINT, WL_TEST_EXACT_RND},
       4,
       {WL_TEST_ENSEMBLE_JOINT, WL_TEST_BAYESIAN_JOINT, WL_TEST_POSTERIOR_JOINT, WL_TEST_EXACT_ORDER},
       4},
      {WL_FAULT_SHARED_STREAM, {WL_TEST_HEADS_INDEPENDENT}, 1, {WL_TEST_RND_POINTS, WL_TEST_EXACT_RND}, 2},
      {WL_FAULT_COVARIANCE, {WL_TEST_RND_JOINT, WL_TEST_EXACT_RND}, 2, {WL_TEST_EXACT_ORDER}, 1},
  };
  draw_case of = usual;
  of.target = &other;
  problem p = problem_create(&of, 8);
  const wl_certifier_options options = strong(&p, 3, WL_FAULT_NONE);
  const wl_certificate honest = certificate_of(&p, &options);
  print_failures(&honest);
  assert_true(honest.passed && honest.other_target);
  for (int t = 0; t < WL_TEST_COUNT; t++) {
    const bool out = t == (int)left_out[0] || t == (int)left_out[1];
    assert_int_equal(honest.test[t].omitted, out);
    assert_true(out || isfinite(honest.test[t].statistic));
  }
  assert_true(honest.resolution[2] > 0.0 && honest.directions[2] > 0.9 * (double)usual.test);
  for (size_t k = 0; k < sizeof expected / sizeof *expected; k++) check_mistake(&p, &expected[k]);
  problem_destroy(&p);
}

/* Σ ⪯ C holds; where Σ is raised beyond C it does not, and the test says so. */
static void test_order(void **state) {
  (void)state;
  problem p = problem_create(&usual, 8);
  wl_certifier_options options = {
      .joint = joint_options_of(&p, 9), .replicates = 2, .heads = 1, .false_alarm = 1e-6};
  wl_certificate c = certificate_of(&p, &options);
  assert_true(c.test[WL_TEST_EXACT_ORDER].passed && c.test[WL_TEST_EXACT_ORDER].statistic == 0.0);
  for (int64_t t = 0; t < p.of.test; t++) p.ensemble[t] *= 1.0 + 1e-9;
  c = certificate_of(&p, &options);
  assert_true(c.test[WL_TEST_EXACT_ORDER].passed);
  const double kept = p.ensemble[3];
  p.ensemble[3] = p.posterior[3] * (1.0 + 1e-6);
  c = certificate_of(&p, &options);
  assert_false(c.test[WL_TEST_EXACT_ORDER].passed || c.passed);
  p.ensemble[3] = kept;
  problem_destroy(&p);
}

/* Training points and repeated points among T, depth 1, one head, one test point: no false alarm, and no NaN. */
/* r = ½ over 10 numbers is t = √3 with 9 degrees of freedom, beyond which Simpson's rule finds 0.11730680301 of the law. */
static void test_correlation_p(void **state) {
  (void)state;
  assert_true(fabs(wl_correlation_p(0.5, 10.0) - 0.11730680301421248) < 1e-10);
  assert_true(wl_correlation_p(-0.5, 10.0) == wl_correlation_p(0.5, 10.0));
  assert_true(wl_correlation_p(0.0, 10.0) == 1.0 && wl_correlation_p(1.0, 10.0) == 0.0 &&
              wl_correlation_p(NAN, 10.0) == 0.0);
}

static void test_edges(void **state) {
  (void)state;
  static const draw_case cases[] = {
      {.train = 20, .test = 10, .dimension = 3, .outputs = 1, .depth = 3, .noise = 0.0, .repeated = 4},
      {.train = 20, .test = 10, .dimension = 3, .outputs = 3, .depth = 1, .noise = 0.1},
      {.train = 5, .test = 1, .dimension = 3, .outputs = 1, .depth = 2, .noise = 0.0, .jitter = 0.01},
  };
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    problem p = problem_create(&cases[k], 4);
    for (int64_t heads = 1; heads <= 9; heads += 4) {
      const wl_certifier_options options = {
          .joint = joint_options_of(&p, 9), .replicates = 12, .heads = heads, .false_alarm = 1e-6};
      const wl_certificate c = certificate_of(&p, &options);
      print_failures(&c);
      assert_true(c.passed);
      for (int t = 0; t < WL_TEST_COUNT; t++) assert_true(isfinite(c.test[t].statistic));
      assert_int_equal(c.unresolved[0], cases[k].repeated);
    }
    problem_destroy(&p);
  }
}

/*
 * 400 honest runs at a false alarm probability of 0.05. The number that alarm is at most binomial(400, 0.05); beyond 45
 * lies with probability 1e-6. The single p-values of each test are uniform: Kolmogorov's distance of 400, at 1e-6 over
 * all tests.
 */
enum { RUNS = 400 };

static void test_calibration(void **state) {
  (void)state;
  static const draw_case small = {.train = 12, .test = 8, .dimension = 3, .outputs = 1, .depth = 3, .noise = 0.05};
  static double p_values[WL_TEST_FIRST_EXACT][RUNS];
  problem p = problem_create(&small, 32);
  int alarms = 0;
  for (int run = 0; run < RUNS; run++) {
    const wl_certifier_options options = {
        .joint = joint_options_of(&p, (uint64_t)(1000 + run)), .replicates = 6, .heads = 4, .false_alarm = 0.05};
    const wl_certificate c = certificate_of(&p, &options);
    alarms += !c.passed;
    for (int t = 0; t < WL_TEST_FIRST_EXACT; t++) p_values[t][run] = c.test[t].single_p;
  }
  problem_destroy(&p);
  int most = 0;
  while (gsl_cdf_binomial_Q((unsigned)most, 0.05, RUNS) > 1e-6) most++;
  if (alarms > most) print_error("%d alarms in %d runs, %d at most\n", alarms, RUNS, most);
  assert_true(alarms <= most);
  for (int t = 0; t < WL_TEST_FIRST_EXACT; t++) {
    const double distance = wl_kolmogorov_distance(RUNS, p_values[t]), p_value = wl_kolmogorov_p(RUNS, distance);
    if (getenv("WL_VERBOSE"))
      printf("%-24s distance %.4f p %.3g\n", wl_test_name_of((wl_test_name)t), distance, p_value);
    if (p_value < 1e-6 / WL_TEST_FIRST_EXACT)
      print_error("p-values of %s are not uniform: distance %g\n", wl_test_name_of((wl_test_name)t), distance);
    assert_true(p_value >= 1e-6 / WL_TEST_FIRST_EXACT);
  }
  if (getenv("WL_VERBOSE")) printf("%d alarms in %d runs, at most %d\n", alarms, RUNS, most);
}

static int group(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_faults), cmocka_unit_test(test_other_target),
      cmocka_unit_test(test_order),  cmocka_unit_test(test_correlation_p),
      cmocka_unit_test(test_edges),  cmocka_unit_test(test_calibration),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(int argc, char **argv) { return mpi_test_main(argc, argv, group); }
