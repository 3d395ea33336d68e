/*
 * Variances below zero: by no more than rounding explains they become zero and are counted, by more they are refused, and NaN is.
 * The bounds are those of doc/theory.md:
 *   posterior  ε (n + cond S) prior_tt          ensemble  n ε max κ (1 + ‖w_t‖₁)²
 */
#include "draw_case.h"

#include <float.h>

#include "inference/variance.h"

enum { POINTS = 3 };
static const draw_case small = {
    .train = 11, .test = POINTS, .dimension = 2, .outputs = 1, .depth = 2, .noise = 0.1};
static const double condition = 3e7;

/* What wl_column_sums would have left: everything but the variances of the points, which are −factor times their bounds. */
typedef struct setting {
  problem p;
  wl_model model;
  wl_point_sums columns;
  double theta[POINTS], kappa[POINTS], dot[POINTS], norm1[POINTS], variance[POINTS];
  wl_prediction prediction;
} setting;

static void prepare(setting *s, wl_quantity quantity) {
  *s = (setting){.p = problem_create(&small, 4)};
  s->model = (wl_model){.train = s->p.train, .kappa_diagonal = malloc(sizeof(double) * (size_t)(small.train + 1))};
  for (int64_t i = 0; i < wl_kernel_points_count(s->p.train->row); i++) s->model.kappa_diagonal[i] = 0.25;
  s->model.evidence[WL_PRIOR_THETA].factor.reciprocal_condition = 1.0 / condition;
  for (int j = 0; j < POINTS; j++) {
    s->theta[j] = 4.0;
    s->kappa[j] = 1.0; /* above those of X */
    s->norm1[j] = 7.0;
  }
  s->columns = (wl_point_sums){s->theta, s->kappa, s->dot, s->norm1};
  s->prediction = (wl_prediction){.prior = WL_PRIOR_THETA, .first = 20, .count = POINTS, .outputs = 1};
  s->prediction.variance[quantity] = s->variance;
}

static void clear(setting *s) {
  free(s->model.kappa_diagonal);
  problem_destroy(&s->p);
}

static double bound_of(wl_quantity quantity) {
  return quantity == WL_QUANTITY_ENSEMBLE ? (double)small.train * DBL_EPSILON * 1.0 * 64.0
                                          : DBL_EPSILON * ((double)small.train + condition) * 4.0;
}

/* Variances: 0.5, then `second` and −0.25 times the bound; 1e-3 of it is rounding in what is set up here. */
static wl_error predict_with(setting *s, wl_quantity quantity, double second) {
  const double variance[POINTS] = {0.5, second * bound_of(quantity), -0.25 * bound_of(quantity)};
  const bool ensemble = quantity == WL_QUANTITY_ENSEMBLE;
  for (int j = 0; j < POINTS; j++) s->dot[j] = ensemble ? variance[j] - s->kappa[j] : s->theta[j] - variance[j];
  return ensemble ? wl_ensemble_variance(&s->model, &s->columns, &s->prediction)
                  : wl_posterior_variance(&s->model, quantity, s->theta, &s->columns, &s->prediction);
}

static void check_clamped(wl_quantity quantity) {
  setting s;
  prepare(&s, quantity);
  assert_int_equal(predict_with(&s, quantity, -0.99), WL_OK);
  assert_true(fabs(s.variance[0] - 0.5) < 4.0 * DBL_EPSILON);
  assert_true(s.variance[1] == 0.0 && s.variance[2] == 0.0);
  assert_int_equal(s.prediction.clamped, 2);
  assert_true(fabs(s.prediction.most_negative / bound_of(quantity) + 0.99) <
              0.05); /* ε of the sums is 1/700 of the bound */
  clear(&s);
}

static void check_refused(wl_quantity quantity, double second) {
  setting s;
  prepare(&s, quantity);
  assert_int_equal(predict_with(&s, quantity, second), WL_ERROR_NUMERICAL);
  assert_non_null(strstr(wl_error_message(), wl_quantity_name(quantity)));
  assert_non_null(strstr(wl_error_message(), "test point 22 "));
  assert_non_null(strstr(wl_error_message(), "noise_variance"));
  clear(&s);
}

static void test_rounding_is_clamped(void **state) {
  (void)state;
  check_clamped(WL_QUANTITY_NTK_GP);
  check_clamped(WL_QUANTITY_ENSEMBLE);
}

static void test_more_is_refused(void **state) {
  (void)state;
  const double factors[] = {-1.1, -1e3, -1e9, NAN};
  for (int f = 0; f < 4; f++) {
    check_refused(WL_QUANTITY_NTK_GP, factors[f]);
    check_refused(WL_QUANTITY_ENSEMBLE, factors[f]);
  }
}

static int group(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_rounding_is_clamped),
                                     cmocka_unit_test(test_more_is_refused)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(int argc, char **argv) { return mpi_test_main(argc, argv, group); }
