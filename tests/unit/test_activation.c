/* The dual of every activation and of its derivative, as a depth 2 network shows them, against integrals that
   share nothing with the library: the trapezoidal rule in two dimensions, which converges exponentially for
   analytic functions, and for those with a kink Gauss-Legendre quadrature of the angle between the kinks. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <gsl/gsl_integration.h>

#include "kernel/network.h"

static const double leak = 0.25;

/* φ and φ', by their definitions. */
static double phi(wl_activation activation, double z) {
  switch (activation) {
    case WL_ACTIVATION_RELU:
      return z > 0.0 ? z : 0.0;
    case WL_ACTIVATION_LEAKY_RELU:
      return z > 0.0 ? z : leak * z;
    case WL_ACTIVATION_ERF:
      return erf(z);
    case WL_ACTIVATION_GELU:
      return z * 0.5 * erfc(-z * M_SQRT1_2);
    case WL_ACTIVATION_SIN:
      return sin(z);
    case WL_ACTIVATION_COS:
      return cos(z);
    case WL_ACTIVATION_TANH:
      return tanh(z);
    case WL_ACTIVATION_SIGMOID:
      return 1.0 / (1.0 + exp(-z));
    case WL_ACTIVATION_SOFTPLUS:
      return fmax(z, 0.0) + log1p(exp(-fabs(z)));
    case WL_ACTIVATION_SILU:
      return z / (1.0 + exp(-z));
    default:
      return z;
  }
}

static double phi_slope(wl_activation activation, double z) {
  const double logistic = 1.0 / (1.0 + exp(-z)), density = exp(-0.5 * z * z) / sqrt(2.0 * M_PI);
  switch (activation) {
    case WL_ACTIVATION_RELU:
      return z > 0.0 ? 1.0 : 0.0;
    case WL_ACTIVATION_LEAKY_RELU:
      return z > 0.0 ? 1.0 : leak;
    case WL_ACTIVATION_ERF:
      return M_2_SQRTPI * exp(-z * z);
    case WL_ACTIVATION_GELU:
      return 0.5 * erfc(-z * M_SQRT1_2) + z * density;
    case WL_ACTIVATION_SIN:
      return cos(z);
    case WL_ACTIVATION_COS:
      return -sin(z);
    case WL_ACTIVATION_TANH:
      return 1.0 / (cosh(z) * cosh(z));
    case WL_ACTIVATION_SIGMOID:
      return logistic * (1.0 - logistic);
    case WL_ACTIVATION_SOFTPLUS:
      return logistic;
    case WL_ACTIVATION_SILU:
      return logistic * (1.0 + z * (1.0 - logistic));
    default:
      return 1.0;
  }
}

typedef struct pair {
  wl_activation activation;
  double q, p, t; /* variances and angle: correlation cos t */
} pair;

typedef struct duals {
  double square, slope; /* E[φ(u)φ(v)], E[φ'(u)φ'(v)] */
} duals;

/* u = √q x, v = √p (x cos t + y sin t); error about exp(−2π d/h), the nearest pole at distance d ≥ π/(2√max(q,
   p)). */
static duals trapezoid(pair c) {
  const double widest = sqrt(fmax(fmax(c.q, c.p), 1.0)), h = fmin(0.25, 2.0 * M_PI / 38.0 * M_PI_2 / widest);
  const int n = (int)(9.0 / h) + 1;
  duals sum = {0.0, 0.0};
  for (int i = -n; i <= n; i++) {
    const double x = i * h, u = sqrt(c.q) * x;
    duals row = {0.0, 0.0};
    for (int j = -n; j <= n; j++) {
      const double y = j * h;
      if (x * x + y * y > 81.0) continue;
      const double v = sqrt(c.p) * (x * cos(c.t) + y * sin(c.t)), weight = exp(-0.5 * y * y);
      row.square += weight * phi(c.activation, v);
      row.slope += weight * phi_slope(c.activation, v);
    }
    const double weight = h * h / (2.0 * M_PI) * exp(-0.5 * x * x);
    sum.square += weight * phi(c.activation, u) * row.square;
    sum.slope += weight * phi_slope(c.activation, u) * row.slope;
  }
  return sum;
}

/* For φ(rz) = rφ(z), r > 0, in polar coordinates: E[φφ] = √(qp)/π ∫ φ(cos s) φ(cos(s − t)) ds over a circle. */
static double circle_square(double s, void *context) {
  const pair *c = context;
  return phi(c->activation, cos(s)) * phi(c->activation, cos(s - c->t));
}

static double circle_slope(double s, void *context) {
  const pair *c = context;
  return phi_slope(c->activation, cos(s)) * phi_slope(c->activation, cos(s - c->t));
}

static duals circle(pair c) {
  double breaks[] = {-M_PI_2, c.t - M_PI_2, M_PI_2, c.t + M_PI_2, 1.5 * M_PI};
  gsl_integration_glfixed_table *table = gsl_integration_glfixed_table_alloc(24);
  gsl_function square = {circle_square, &c}, slope = {circle_slope, &c};
  duals sum = {0.0, 0.0};
  for (int k = 0; k < 4; k++) {
    sum.square += gsl_integration_glfixed(&square, breaks[k], breaks[k + 1], table);
    sum.slope += gsl_integration_glfixed(&slope, breaks[k], breaks[k + 1], table);
  }
  gsl_integration_glfixed_table_free(table);
  return (duals){sqrt(c.q * c.p) / M_PI * sum.square, 0.5 / M_PI * sum.slope};
}

static duals integral(pair c) {
  const bool kink = c.activation == WL_ACTIVATION_RELU || c.activation == WL_ACTIVATION_LEAKY_RELU;
  return kink ? circle(c) : trapezoid(c);
}

/* The same from the library: σ_w = 1, σ_b = 0, depth 2, two points of the plane with these variances and angle;
   κ = E[φφ], Θ = κ¹ E[φ'φ'] + κ. |error| < 1e-12 of the Cauchy-Schwarz bounds. */
static void compare(pair c, double tolerance) {
  const wl_network network = {.depth = 2, .activation = c.activation, .slope = leak, .sigma_w = 1.0};
  const double x[2] = {sqrt(2.0 * c.q), 0.0}, y[2] = {sqrt(2.0 * c.p) * cos(c.t), sqrt(2.0 * c.p) * sin(c.t)};
  wl_kernel_points *a, *b;
  assert_int_equal(wl_kernel_points_create(&network, 1, 2, x, NULL, &a), WL_OK);
  assert_int_equal(wl_kernel_points_create(&network, 1, 2, y, NULL, &b), WL_OK);
  double *work = malloc(wl_network_tile_work(&network, 1, 1) * sizeof *work), kappa, theta;
  wl_network_tile((wl_point_range){a, 0, 1}, (wl_point_range){b, 0, 1}, (wl_tile){&kappa, 1}, (wl_tile){&theta, 1},
                  work);

  const duals expected = integral(c);
  const double expected_theta = sqrt(c.q * c.p) * cos(c.t) * expected.slope + expected.square;
  const double size = sqrt(wl_kernel_points_kappa(a)[0] * wl_kernel_points_kappa(b)[0]);
  const double size_theta = sqrt(wl_kernel_points_theta(a)[0] * wl_kernel_points_theta(b)[0]);
  if (!(fabs(kappa - expected.square) < tolerance * size && fabs(theta - expected_theta) < tolerance * size_theta))
    fail_msg("%s, q %g, p %g, angle %.17g: kappa %.17g is off by %.2e, theta %.17g by %.2e",
             wl_activation_name(c.activation), c.q, c.p, c.t, kappa, (kappa - expected.square) / size, theta,
             (theta - expected_theta) / size_theta);
  free(work);
  wl_kernel_points_destroy(&a);
  wl_kernel_points_destroy(&b);
}

static double angle_of_gap(double gap) { return 2.0 * asin(sqrt(0.5 * gap)); } /* cos = 1 − gap */

/* Correlations −1, −1 + 1e-9, −0.9, 0, 0.5, 0.95, 0.999, 1 − 1e-6, 1 − 1e-12, 1. */
static void compare_angles(wl_activation activation, double q, double p, double tolerance) {
  const double angles[] = {M_PI,
                           M_PI - angle_of_gap(1e-9),
                           acos(-0.9),
                           M_PI_2,
                           acos(0.5),
                           acos(0.95),
                           angle_of_gap(1e-3),
                           angle_of_gap(1e-6),
                           angle_of_gap(1e-12),
                           0.0};
  for (size_t k = 0; k < sizeof angles / sizeof *angles; k++)
    compare((pair){activation, q, p, angles[k]}, tolerance);
}

static void test_duals(void **state) {
  (void)state;
  static const double variances[][2] = {{1.0, 1.0}, {0.3, 2.0}, {1e-6, 1e-5}, {4.0, 5.0}, {0.01, 30.0}};
  for (int activation = 0; activation < WL_ACTIVATION_COUNT; activation++)
    for (size_t k = 0; k < sizeof variances / sizeof *variances; k++)
      compare_angles((wl_activation)activation, variances[k][0], variances[k][1], 1e-12);
}

/* Large variances, where a series converges slowly near correlation 1. */
static void test_large_variances(void **state) {
  (void)state;
  for (int activation = 0; activation < WL_ACTIVATION_COUNT; activation++) {
    compare_angles((wl_activation)activation, 100.0, 100.0, 1e-12);
    compare_angles((wl_activation)activation, 3.0, 60.0, 1e-12);
  }
}

/* Variance 0: φ(0)², φ'(0)² with the kinks' own convention left out, as Θ = 0 there. */
static void test_zero_variance(void **state) {
  (void)state;
  for (int k = 0; k < WL_ACTIVATION_COUNT; k++) {
    const wl_network network = {.depth = 2, .activation = (wl_activation)k, .slope = leak, .sigma_w = 1.0};
    const double x[1] = {0.0};
    wl_kernel_points *points;
    assert_int_equal(wl_kernel_points_create(&network, 1, 1, x, NULL, &points), WL_OK);
    const double value = phi((wl_activation)k, 0.0);
    assert_true(fabs(wl_kernel_points_kappa(points)[0] - value * value) <= 2.0 * DBL_EPSILON);
    assert_true(wl_kernel_points_theta(points)[0] == wl_kernel_points_kappa(points)[0]);
    wl_kernel_points_destroy(&points);
  }
}

static void test_names(void **state) {
  (void)state;
  for (int k = 0; k < WL_ACTIVATION_COUNT; k++) {
    wl_activation found;
    assert_int_equal(wl_activation_find(wl_activation_name((wl_activation)k), &found), WL_OK);
    assert_int_equal(found, k);
  }
  wl_activation found;
  assert_int_equal(wl_activation_find("swish", &found), WL_ERROR_CONFIG);
  assert_non_null(strstr(wl_error_message(), "\"swish\""));
  assert_non_null(strstr(wl_error_message(), "relu, leaky_relu, erf"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_duals),
      cmocka_unit_test(test_large_variances),
      cmocka_unit_test(test_zero_variance),
      cmocka_unit_test(test_names),
  };
  return cmocka_run_group_tests_name("activation", tests, NULL, NULL);
}
