/* Calibration and detection against scikit-learn, SciPy's quadrature, and values worked out by hand. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "inference/calibration.h"
#include "inference/detection.h"

static void near(double found, double wanted, double multiples) {
  if (!(fabs(found - wanted) <= multiples * DBL_EPSILON * fmax(1.0, fabs(wanted))))
    fail_msg("%.17g in place of %.17g", found, wanted);
}

static void test_half_width(void **state) {
  (void)state;
  near(wl_normal_half_width(0.9), 1.6448536269514722, 4); /* scipy.stats.norm.ppf(0.95) */
  near(wl_normal_half_width(0.5), 0.6744897501960817, 4);
}

/* ∫ (F(x) − [x ≥ y])² dx by scipy.integrate.quad; |y − mean| without variance. */
static void test_crps(void **state) {
  (void)state;
  near(wl_crps_normal(0.3, 0.7, 1.9), 1.145876724447717, 8);
  near(wl_crps_normal(0.3, 0.0, 1.9), 1.6, 1);
  near(wl_crps_normal(1.9, 0.7, 0.3), 1.145876724447717, 8);
}

static void test_coverage(void **state) {
  (void)state;
  wl_calibration c = {.outputs = 2, .level_count = 2, .level = {0.5, 0.9}};
  /* Standard errors off: 0.5, 1.0; 2.0, 0.0; the third is skipped. */
  const double mean[] = {0, 0, 1, 1, 7, 7}, target[] = {1, 2, 1, 2, 0, 0}, variance[] = {4, 0.25, 1};
  const wl_forecast forecast = {3, 2, 1, mean, variance, target, (const double[]){0, 0, 1}};
  wl_calibration_add(&c, &forecast);
  assert_int_equal(c.points, 2);
  near(wl_calibration_coverage(&c, 0), 0.5, 0);
  near(wl_calibration_coverage(&c, 1), 0.75, 0);
  const double sum =
      wl_crps_normal(0, 4, 1) + wl_crps_normal(0, 4, 2) + wl_crps_normal(1, 0.25, 1) + wl_crps_normal(1, 0.25, 2);
  near(wl_calibration_crps(&c), sum / 4, 1);
}

/* Each output by its own variance. */
static void test_coverage_of_each_output(void **state) {
  (void)state;
  wl_calibration c = {.outputs = 2, .level_count = 1, .level = {0.5}};
  const double mean[] = {0, 0}, target[] = {0.6, 6},
               variance[] = {1, 64}; /* 0.6 and 0.75 standard deviations off */
  const wl_forecast forecast = {1, 2, 2, mean, variance, target, NULL};
  wl_calibration_add(&c, &forecast);
  near(wl_calibration_coverage(&c, 0), 0.5, 0);
  near(wl_calibration_crps(&c), (wl_crps_normal(0, 1, 0.6) + wl_crps_normal(0, 64, 6)) / 2, 1);
}

/* P(f_j is the largest) by scipy.integrate.quad to 1e-14; two classes: Φ(difference / √2v). */
static void test_class_probabilities(void **state) {
  (void)state;
  double work[9], p[3];
  wl_class_probabilities(3, (const double[]){0.2, 0.9, 0.4}, 0.16, work, p);
  const double wanted[] = {0.0771228934641796, 0.7563215682446388, 0.16655553829118158};
  for (int j = 0; j < 3; j++) near(p[j], wanted[j], 16);
  wl_class_probabilities(2, (const double[]){1.0, 0.4}, 0.09, work, p);
  near(p[0], 0.5 * erfc(-0.6 / sqrt(0.18) * M_SQRT1_2), 8);
  wl_class_probabilities(3, (const double[]){0.1, 0.3, 0.3}, 0.0, work, p);
  assert_true(p[0] == 0.0 && p[1] == 1.0 && p[2] == 0.0);
}

static void test_class_calibration(void **state) {
  (void)state;
  wl_class_calibration c = {0};
  wl_class_calibration_add(&c, 2, (const double[]){0.9, 0.1}, 0);
  wl_class_calibration_add(&c, 2, (const double[]){0.88, 0.12}, 1); /* the same bin, wrong */
  wl_class_calibration_add(&c, 2, (const double[]){0.0, 1.0}, 1);
  wl_class_calibration_add(&c, 2, (const double[]){0.6, 0.4}, -1); /* a class that was never learned */
  near(wl_class_calibration_brier(&c), (2 * 0.01 + 2 * 0.7744 + 0.0 + 1.0 + 0.36 + 0.16) / 4, 2);
  near(wl_class_calibration_error(&c), (fabs(1 - 1.78) + 0.0 + 0.6) / 4, 2);
}

static const double score[] = {0.0, 1.3, -0.3, 0.1, -0.5, 0.0, 0.1, 2.3, -0.5, 0.4, 0.5, 1.4, 0.2, -1.0, 0.9};
static const double flag[] = {0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 0, 0};

/* sklearn.metrics.average_precision_score(flag, score) and (1 − flag, −score); roc_curve(1 − flag, −score) at 95 %. */
static void test_detection(void **state) {
  (void)state;
  wl_detection d;
  assert_int_equal(wl_detect(15, score, flag, &d), WL_OK);
  near(d.aupr_out, 0.7946127946127945, 4);
  near(d.aupr_in, 0.8709315375982043, 4);
  near(d.fpr95, 0.5, 1);
  assert_int_equal(wl_detect(2, score, (const double[]){1, 1}, &d), WL_OK);
  assert_true(isnan(d.aupr_out) && isnan(d.aupr_in) && isnan(d.fpr95));
  assert_int_equal(wl_detect(2, (const double[]){1, NAN}, flag, &d), WL_ERROR_NUMERICAL);
}

static void test_risk_coverage(void **state) {
  (void)state;
  double area;
  const double loss[] = {1, 0, 0, 1};
  assert_int_equal(wl_risk_coverage(4, (const double[]){4, 1, 2, 3}, loss, &area), WL_OK);
  near(area, (0.0 + 0.0 + 1.0 / 3 + 0.5) / 4, 2);
  assert_int_equal(wl_risk_coverage(4, (const double[]){1, 1, 1, 1}, loss, &area), WL_OK);
  near(area, 0.5, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_half_width),        cmocka_unit_test(test_crps),
      cmocka_unit_test(test_coverage),          cmocka_unit_test(test_class_probabilities),
      cmocka_unit_test(test_class_calibration), cmocka_unit_test(test_detection),
      cmocka_unit_test(test_risk_coverage),     cmocka_unit_test(test_coverage_of_each_output)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
