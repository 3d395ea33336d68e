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
  const double variance[] = {0.2, 0.3, 9.0};
  wl_score score = {0};
  wl_score_add(&score, 3, 2, mean, variance, 0.05, target, ood);
  assert_int_equal(score.points, 2);
  assert_true(wl_score_accuracy(&score) == 0.5);
  const double squared = 0.01 + 0.01 + 0.36 + 0.36;
  assert_true(fabs(wl_score_rmse(&score) - sqrt(squared / 4.0)) < 1e-15);
  const double expected =
      0.5 * (2 * log(2 * M_PI * 0.25) + 0.02 / 0.25 + 2 * log(2 * M_PI * 0.35) + 0.72 / 0.35) / 4.0;
  assert_true(fabs(wl_score_negative_log_likelihood(&score) - expected) < 1e-15);
}

/* A class that no training example has is a row of zeros: never right. */
static void test_unknown_class_is_never_right(void **state) {
  (void)state;
  wl_score score = {0};
  wl_score_add(&score, 1, 2, (const double[]){0.9, 0.1}, NULL, 0.0, (const double[]){0, 0}, NULL);
  assert_true(wl_score_accuracy(&score) == 0.0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_auroc), cmocka_unit_test(test_auroc_of_no_number),
                                     cmocka_unit_test(test_score),
                                     cmocka_unit_test(test_unknown_class_is_never_right)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
