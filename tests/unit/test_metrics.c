/* Scores and AUROC against values worked out by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "inference/metrics.h"

static double area_of(int64_t count, const double *score, const double *flag) {
  double area = -1.0;
  assert_int_equal(wl_auroc(count, score, flag, &area), WL_OK);
  return area;
}

static void test_auroc(void **state) {
  (void)state;
  const double flag[] = {0, 0, 1, 1};
  assert_true(area_of(4, (const double[]){1, 2, 3, 4}, flag) == 1.0);
  assert_true(area_of(4, (const double[]){4, 3, 2, 1}, flag) == 0.0);
  assert_true(area_of(4, (const double[]){1, 1, 1, 1}, flag) == 0.5);
  assert_true(area_of(4, (const double[]){1, 3, 2, 4}, flag) == 0.75);
  assert_true(area_of(4, (const double[]){1, 2, 2, 4}, flag) == 0.875); /* one tie counts half */
  assert_true(isnan(area_of(2, (const double[]){1, 2}, (const double[]){0, 0})));
}

/* NaN equals nothing, itself included: a loop over ties with it never ends. */
static void test_auroc_of_no_number(void **state) {
  (void)state;
  const double flag[] = {0, 0, 1, 1};
  double area;
  assert_int_equal(wl_auroc(4, (const double[]){1, 2, NAN, 4}, flag, &area), WL_ERROR_NUMERICAL);
  assert_non_null(strstr(wl_error_message(), "point 3 is not a number"));
}

static void test_score(void **state) {
  (void)state;
  const double mean[] = {0.9, 0.1, 0.4, 0.6, 5.0, 5.0}, target[] = {1, 0, 1, 0, 0, 0}, ood[] = {0, 0, 1};
  const double variance[] = {0.25, 0.35, 9.05};
  const wl_forecast forecast = {3, 2, 1, mean, variance, target, ood};
  wl_score score = {0};
  wl_score_add(&score, &forecast);
  assert_int_equal(score.points, 2);
  assert_true(wl_score_accuracy(&score) == 0.5);
  const double squared = 0.01 + 0.01 + 0.36 + 0.36;
  assert_true(fabs(wl_score_rmse(&score) - sqrt(squared / 4.0)) < 1e-15);
  const double expected =
      0.5 * (2 * log(2 * M_PI * 0.25) + 0.02 / 0.25 + 2 * log(2 * M_PI * 0.35) + 0.72 / 0.35) / 4.0;
  assert_true(fabs(wl_score_negative_log_likelihood(&score) - expected) < 1e-15);
}

/* Outputs in units of their own have variances of their own. */
static void test_score_of_each_output(void **state) {
  (void)state;
  const double mean[] = {1.0, 20.0, 2.0, 30.0}, target[] = {1.5, 25.0, 2.0, 36.0};
  const double variance[] = {0.25, 25.0, 0.5, 50.0};
  const wl_forecast forecast = {2, 2, 2, mean, variance, target, NULL};
  wl_score score = {0};
  wl_score_add(&score, &forecast);
  const double logs = log(2 * M_PI * 0.25) + log(2 * M_PI * 25) + log(2 * M_PI * 0.5) + log(2 * M_PI * 50);
  const double expected = 0.5 * (logs + 0.25 / 0.25 + 25.0 / 25.0 + 0.0 + 36.0 / 50.0) / 4.0;
  assert_true(fabs(wl_score_negative_log_likelihood(&score) - expected) < 1e-14);
}

static void test_losses(void **state) {
  (void)state;
  const double mean[] = {0.9, 0.1, 0.4, 0.6, 0.2, 0.1}, target[] = {1, 0, 1, 0, 0, 0};
  const wl_forecast forecast = {3, 2, 1, mean, NULL, target, NULL};
  double loss[3];
  wl_forecast_losses(&forecast, true, loss);
  assert_true(loss[0] == 0 && loss[1] == 1 && loss[2] == 1); /* the third has no class */
  assert_true(wl_forecast_class(&forecast, 1) == 0 && wl_forecast_class(&forecast, 2) == -1);
  wl_forecast_losses(&forecast, false, loss);
  assert_true(fabs(loss[0] - 0.01) < 1e-16 && fabs(loss[1] - 0.36) < 1e-15 && fabs(loss[2] - 0.025) < 1e-16);
}

/* A class that no training example has is a row of zeros: never right. */
static void test_unknown_class_is_never_right(void **state) {
  (void)state;
  wl_score score = {0};
  const wl_forecast forecast = {1, 2, 1, (const double[]){0.9, 0.1}, NULL, (const double[]){0, 0}, NULL};
  wl_score_add(&score, &forecast);
  assert_true(wl_score_accuracy(&score) == 0.0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_auroc),  cmocka_unit_test(test_auroc_of_no_number),
      cmocka_unit_test(test_score),  cmocka_unit_test(test_score_of_each_output),
      cmocka_unit_test(test_losses), cmocka_unit_test(test_unknown_class_is_never_right)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
