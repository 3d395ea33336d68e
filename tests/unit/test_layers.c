/* Networks as lists of layers: against kernels known to 30 digits, against the network in short, to the bit where a list spells
   it out, and the rules of a list. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/block.h"
#include "kernel/layers.h"
#include "kernel/network.h"
#include "kernel/points.h"
#include "kernel/rounding.h"
#include "layer_cases.inc"

enum { CASES = sizeof layer_case / sizeof *layer_case };

static const long double pi = 3.14159265358979323846264338327950288L;

static wl_network list_of(const wl_layer *layer, int count) {
  wl_network network = wl_network_default();
  network.layer_count = count;
  memcpy(network.layer, layer, (size_t)count * sizeof *layer);
  return network;
}

static wl_network network_of_case(int c) {
  wl_network network = list_of(layer_case[c].layer, layer_case[c].count);
  network.width = layer_case[c].width;
  if (network.width > 0) network.parameterization = WL_PARAMETERIZATION_STANDARD;
  return network;
}

static wl_layer dense(double sigma_w, double sigma_b) {
  return (wl_layer){.kind = WL_LAYER_DENSE, .sigma_w = sigma_w, .sigma_b = sigma_b};
}

static wl_layer activation(wl_activation phi) {
  return (wl_layer){.kind = WL_LAYER_ACTIVATION, .activation = phi, .slope = 0.2};
}

static wl_layer norm(void) { return (wl_layer){.kind = WL_LAYER_NORM}; }
static wl_layer dropout(double keep) { return (wl_layer){.kind = WL_LAYER_DROPOUT, .keep = keep}; }
static wl_layer residual(int branch) { return (wl_layer){.kind = WL_LAYER_RESIDUAL, .branch = branch}; }

static wl_kernel_points *create(const wl_network *network, int64_t count, int64_t dimension, const double *x) {
  wl_kernel_points *points;
  if (wl_network_check(network) != WL_OK) fail_msg("%s", wl_error_message());
  if (wl_kernel_points_create(network, count, dimension, x, NULL, &points) != WL_OK)
    fail_msg("%s", wl_error_message());
  return points;
}

static void tile(const wl_network *network, const wl_kernel_points *a, const wl_kernel_points *b, double *kappa,
                 double *theta) {
  double *work = malloc(wl_network_tile_work(network, a->count, b->count) * sizeof *work);
  wl_network_tile((wl_point_range){a, 0, a->count}, (wl_point_range){b, 0, b->count}, (wl_tile){kappa, a->count},
                  (wl_tile){theta, a->count}, work);
  free(work);
}

enum { ROWS = 70, COLUMNS = 11, D = 6 };

static void make_points(double *x, int count, double seed) {
  for (int i = 0; i < count; i++)
    for (int k = 0; k < D; k++) x[i * D + k] = (1.0 + sin(0.1 * i)) * sin(1.7 * (i + seed) * (k + 2) + 0.3 * k);
}

/* ---- references -------------------------------------------------------------------------------------------------- */

/* Whether relu stands behind an activation that works on κ: then the rounding ε of κ moves the angle t by ε/t. */
static bool loses_angle(int c) {
  bool smooth = false;
  for (int k = 0; k < layer_case[c].count; k++) {
    const wl_layer *layer = &layer_case[c].layer[k];
    const bool plain = layer->kind == WL_LAYER_ACTIVATION;
    if (!wl_layer_is_activation(layer) || (plain && layer->activation == WL_ACTIVATION_IDENTITY)) continue;
    const bool kink =
        layer->kind == WL_LAYER_ABRELU ||
        (plain && (layer->activation == WL_ACTIVATION_RELU || layer->activation == WL_ACTIVATION_LEAKY_RELU));
    if (kink && smooth) return true;
    smooth = smooth || !kink;
  }
  return false;
}

/* sin of the angle between two points. */
static double sine(const double *x, const double *y) {
  double xx = 0.0, yy = 0.0, xy = 0.0, across = 0.0;
  for (int k = 0; k < LAYER_DIMENSION; k++) xx += x[k] * x[k], yy += y[k] * y[k], xy += x[k] * y[k];
  for (int k = 0; k < LAYER_DIMENSION; k++) across += pow(y[k] - xy / xx * x[k], 2.0);
  return sqrt(across / yy);
}

static bool has_series(int c) {
  bool any = false;
  for (int k = 0; k < layer_case[c].count; k++)
    any = any || (layer_case[c].layer[k].kind == WL_LAYER_ACTIVATION &&
                  layer_case[c].layer[k].activation >= WL_ACTIVATION_TANH);
  return any;
}

/* A row of the data with itself: the recursion of a point, to the same bound. */
static void check_diagonal(int c, const wl_kernel_points *a, double bound) {
  const double *known = layer_case[c].diagonal;
  assert_true(fabs(a->kappa[0] - known[0]) < bound * known[0]);
  assert_true(fabs(a->theta[0] - known[1]) < bound * known[1]);
}

/* |error| < 32 L ε of the diagonal over L layers; over t too where loses_angle; and what a series may leave out of E[φ'φ']. */
static void test_reference(void **state) {
  (void)state;
  for (int c = 0; c < CASES; c++) {
    const wl_network network = network_of_case(c);
    wl_kernel_points *a = create(&network, 1, LAYER_DIMENSION, layer_base),
                     *b = create(&network, LAYER_POINTS, LAYER_DIMENSION, layer_point[0]);
    double kappa[LAYER_POINTS], theta[LAYER_POINTS];
    tile(&network, a, b, kappa, theta);
    check_diagonal(c, a, 32.0 * network.layer_count * 0x1p-53 + (has_series(c) ? WL_SERIES_TOLERANCE : 0.0));
    for (int j = 0; j < LAYER_POINTS; j++) {
      const double t = loses_angle(c) ? fmax(sine(layer_base, layer_point[j]), 1e-8) : 1.0;
      const double bound = 32.0 * network.layer_count * 0x1p-53 + (has_series(c) ? WL_SERIES_TOLERANCE : 0.0);
      const double error_k = fabs(kappa[j] - layer_case[c].kappa_theta[j][0]) / sqrt(a->kappa[0] * b->kappa[j]);
      const double error_t = fabs(theta[j] - layer_case[c].kappa_theta[j][1]) / sqrt(a->theta[0] * b->theta[j]);
      if (!(error_k < bound && error_t < bound / t))
        fail_msg("case %d, point %d: kappa %.2e theta %.2e, bounds %.2e %.2e", c, j, error_k, error_t, bound,
                 bound / t);
    }
    wl_kernel_points_destroy(&a);
    wl_kernel_points_destroy(&b);
  }
}

/* What brackets rest on is no less than what test_reference holds entries to, and lists that lose the angle are not bounded. */
static void test_rounding(void **state) {
  (void)state;
  for (int c = 0; c < CASES; c++) {
    const wl_network network = network_of_case(c);
    const double known = 32.0 * network.layer_count * 0x1p-53 + (has_series(c) ? WL_SERIES_TOLERANCE : 0.0);
    wl_kernel_points *b = create(&network, LAYER_POINTS, LAYER_DIMENSION, layer_point[0]);
    assert_true(wl_kernel_points_rounding(b) >= known);
    assert_true((wl_network_unbounded(&network) >= 0) == loses_angle(c));
    wl_kernel_points_destroy(&b);
  }
}

/* u of the points x = 1 and 2 of dimension 1 in a network in short. */
static double rounding_of(wl_activation phi, double sigma_w, int width) {
  const double x[2] = {1.0, 2.0};
  wl_network network = wl_network_default();
  network.activation = phi;
  network.sigma_w = sigma_w;
  network.width = width;
  if (width > 0) network.parameterization = WL_PARAMETERIZATION_STANDARD;
  wl_kernel_points *a = create(&network, 2, 1, x);
  const double u = wl_kernel_points_rounding(a);
  wl_kernel_points_destroy(&a);
  return u;
}

static void test_rounding_of_short_form(void **state) {
  (void)state;
  const double plain = DBL_EPSILON * (1.0 + 3.0 * 64.0);
  assert_true(fabs(rounding_of(WL_ACTIVATION_RELU, 50.0, 0) - plain) < 1e-3 * plain);
  assert_true(rounding_of(WL_ACTIVATION_TANH, 1.0, 0) > 2.0 * WL_SERIES_TOLERANCE);
  assert_true(rounding_of(WL_ACTIVATION_ERF, 50.0, 0) > 1e3 * plain);
  const double cancelled =
      rounding_of(WL_ACTIVATION_RELU, 4.0, 16); /* (65 + 64) (1 + 2 · 16) from the first layer */
  assert_true(cancelled > 20.0 * plain && cancelled < 25.0 * plain);
}

/* The recursion in long double; erf, sin, and gaussian and exp of lists. */
static void dual_of(const wl_layer *phi, long double q, long double p, long double k, long double *square,
                    long double *slope) {
  const long double R2 = (1.0L + 2.0L * q) * (1.0L + 2.0L * p) - 4.0L * k * k;
  if (phi->kind == WL_LAYER_GAUSSIAN) {
    *square = 1.0L / sqrtl(R2);
    *slope = 4.0L * k / (R2 * sqrtl(R2));
  } else if (phi->kind == WL_LAYER_EXP) {
    *square = *slope = expl((q + p) / 2.0L + k);
  } else if (phi->activation == WL_ACTIVATION_ERF) {
    *square = 2.0L / pi * atan2l(2.0L * k, sqrtl(R2));
    *slope = 4.0L / pi / sqrtl(R2);
  } else {
    const long double up = expl(k - (q + p) / 2.0L), down = expl(-k - (q + p) / 2.0L);
    *square = (up - down) / 2.0L;
    *slope = (up + down) / 2.0L;
  }
}

/* κ and Θ of two points of D coordinates through `hidden` layers of φ, all dense layers σ_w and 0. */
static void kernels_of(const wl_layer *phi, int hidden, long double sigma_w, const double *x, const double *y,
                       long double *kappa, long double *theta) {
  const long double w = sigma_w * sigma_w;
  long double q = 0.0L, p = 0.0L, k = 0.0L, slope;
  for (int i = 0; i < D; i++) q += w * x[i] * x[i] / D, p += w * y[i] * y[i] / D, k += w * x[i] * y[i] / D;
  long double t = k;
  for (int l = 0; l < hidden; l++) {
    long double next[3];
    dual_of(phi, q, q, q, &next[0], &slope);
    dual_of(phi, p, p, p, &next[1], &slope);
    dual_of(phi, q, p, k, &next[2], &slope);
    q = w * next[0], p = w * next[1], k = w * next[2], t = t * w * slope + k;
  }
  *kappa = k;
  *theta = t;
}

/* The largest error of entries beside the first point over (d + 64 L) ε; it is not beyond what wl_kernel_points_rounding says. */
static double growth_of(const wl_layer *phi, int hidden, double sigma_w) {
  static double x[ROWS * D], kappa[ROWS * ROWS], theta[ROWS * ROWS];
  wl_network network = wl_network_default();
  double worst = 0.0, most[2] = {0.0, 0.0};
  network.layer[network.layer_count++] = dense(sigma_w, 0.0);
  for (int l = 0; l < hidden; l++) {
    network.layer[network.layer_count++] = *phi;
    network.layer[network.layer_count++] = dense(sigma_w, 0.0);
  }
  make_points(x, ROWS, 4.0);
  for (int k = 0; k < D; k++) x[9 * D + k] = x[k] * (1.0 + 1e-4 * k);
  wl_kernel_points *a = create(&network, ROWS, D, x);
  const double u = wl_kernel_points_rounding(a);
  tile(&network, a, a, kappa, theta);
  for (int i = 0; i < ROWS; i++) most[0] = fmax(most[0], a->kappa[i]), most[1] = fmax(most[1], a->theta[i]);
  wl_kernel_points_destroy(&a);
  for (int i = 1; i < ROWS; i++) {
    long double k, t;
    kernels_of(phi, hidden, sigma_w, x, x + i * D, &k, &t);
    worst = fmax(worst, fmax((double)fabsl(kappa[i] - k) / most[0], (double)fabsl(theta[i] - t) / most[1]));
  }
  if (!(worst <= u)) fail_msg("kind %d, %d layers, sigma_w %g: %.2e > %.2e", phi->kind, hidden, sigma_w, worst, u);
  return worst / (DBL_EPSILON * (D + 64.0 * network.layer_count));
}

/* Errors grow with the variance. */
static void test_rounding_grows(void **state) {
  (void)state;
  const wl_layer phi[] = {activation(WL_ACTIVATION_ERF),
                          activation(WL_ACTIVATION_SIN),
                          {.kind = WL_LAYER_GAUSSIAN, .a = 1.0, .b = -1.0},
                          {.kind = WL_LAYER_EXP, .a = 1.0, .b = 1.0}};
  const double sigma_w[] = {1.0, 3.0, 10.0};
  double most = 0.0;
  for (size_t f = 0; f < sizeof phi / sizeof *phi; f++)
    for (int s = 0; s < 3; s++)
      for (int hidden = 1; hidden <= 5; hidden++)
        if (phi[f].kind != WL_LAYER_EXP || (s == 0 && hidden == 1)) /* the variance is its exponent */
          most = fmax(most, growth_of(&phi[f], hidden, sigma_w[s]));
  assert_true(most > 10.0);
}

/* κ of two points and u of their network, held against the exact value; returns the error over ε and the larger variance. */
static double error_of(const wl_network *network, const double *x, long double exact, int pair) {
  double kappa[4], theta[4];
  wl_kernel_points *a = create(network, 2, D, x);
  const double u = wl_kernel_points_rounding(a), most = fmax(a->kappa[0], a->kappa[1]);
  tile(network, a, a, kappa, theta);
  const double computed = pair ? kappa[2] : a->kappa[0], error = (double)fabsl(computed - exact) / most;
  wl_kernel_points_destroy(&a);
  if (!(error <= u)) fail_msg("%.2e > %.2e", error, u);
  return error / DBL_EPSILON;
}

/* Twice D numbers, the second point the first but for `away`, |x|² = D q. */
static void two_points(double seed, double q, double away, double x[2 * D]) {
  make_points(x, 1, seed);
  double sum = 0.0;
  for (int k = 0; k < D; k++) sum += x[k] * x[k];
  for (int k = 0; k < D; k++) {
    x[k] *= sqrt(D * q / sum);
    x[D + k] = x[k] * (1.0 + (k % 2 ? away : -away));
  }
}

/* A branch of little weight forgets how wrong what enters it is; the path around it does not. */
static void test_rounding_of_residuals(void **state) {
  (void)state;
  enum { BLOCKS = 10 };
  const wl_layer erf = activation(WL_ACTIVATION_ERF);
  wl_network network = wl_network_default();
  double x[2 * D];
  two_points(7.0, 1.0, 1e-6, x);
  network.layer[network.layer_count++] = dense(6.0, 0.0);
  for (int b = 0; b < BLOCKS; b++) {
    const wl_layer block[] = {
        {.kind = WL_LAYER_RESIDUAL, .branch = 2}, erf, dense(0.01, 0.3), erf, dense(6.0, 0.0)};
    memcpy(network.layer + network.layer_count, block, sizeof block);
    network.layer_count += (int)(sizeof block / sizeof *block);
  }
  long double v[3] = {0.0L, 0.0L, 0.0L}, slope; /* q, p, k */
  for (int k = 0; k < D; k++) {
    const long double a = x[k], b = x[D + k], w = 36.0L / D;
    v[0] += w * a * a, v[1] += w * b * b, v[2] += w * a * b;
  }
  for (int b = 0; b < BLOCKS; b++) {
    long double in[3], next[3];
    for (int half = 0; half < 2; half++) {
      memcpy(in, v, sizeof in);
      dual_of(&erf, in[0], in[0], in[0], &next[0], &slope);
      dual_of(&erf, in[1], in[1], in[1], &next[1], &slope);
      dual_of(&erf, in[0], in[1], in[2], &next[2], &slope);
      for (int k = 0; k < 3; k++)
        v[k] = half == 0 ? in[k] + (long double)0.01 * 0.01 * next[k] + (long double)0.3 * 0.3 : 36.0L * next[k];
    }
  }
  assert_true(error_of(&network, x, v[2], 1) > 1e4);
}

/* z⁴ = 3 + 6 √2 h₂ + √24 h₄, of which little is left where z is small: E[u⁴ v⁴] = 9 q² p² + 72 q p k² + 24 k⁴. */
static void test_rounding_of_polynomials(void **state) {
  (void)state;
  const wl_layer layer[] = {dense(1.0, 0.0),
                            {.kind = WL_LAYER_POLYNOMIAL, .hermite = {3.0, 0.0, 6.0 * M_SQRT2, 0.0, sqrt(24.0)}},
                            dense(1.0, 0.0)};
  const wl_network network = list_of(layer, 3);
  for (int exponent = -4; exponent <= 0; exponent++) {
    double x[2 * D];
    two_points(7.0, pow(10.0, exponent), 0.1, x);
    long double q = 0.0L;
    for (int k = 0; k < D; k++) q += (long double)x[k] * x[k] / D;
    const double error = error_of(&network, x, 105.0L * q * q * q * q, 0);
    assert_true(exponent > -4 || error > 1e5);
  }
}

/* Errors of its own q grow as those of entries where φ is an exponential: by 2 q = 8 a layer. */
static void test_rounding_of_exponentials(void **state) {
  (void)state;
  enum { HIDDEN = 14 };
  const wl_layer phi = {.kind = WL_LAYER_EXP, .a = 1.0, .b = 1.0};
  const double sigma_w = 2.0 * exp(-4.0);
  double most = 0.0;
  wl_network network = wl_network_default();
  double x[2 * D];
  network.layer[network.layer_count++] = dense(sigma_w, 0.0);
  for (int l = 0; l < HIDDEN; l++) {
    network.layer[network.layer_count++] = phi;
    network.layer[network.layer_count++] = dense(sigma_w, 0.0);
  }
  for (int seed = 1; seed <= 20; seed++) {
    long double kappa, theta;
    two_points(seed, 4.0 / (sigma_w * sigma_w), 0.0, x);
    kernels_of(&phi, HIDDEN, sigma_w, x, x + D, &kappa, &theta);
    most = fmax(most, error_of(&network, x, kappa, 0));
  }
  assert_true(most > 1e12);
}

/* ---- the network in short ---------------------------------------------------------------------------------------- */

static void compare_exactly(const wl_network *one, const wl_network *two) {
  static double x[ROWS * D], y[COLUMNS * D], kappa[2][ROWS * COLUMNS], theta[2][ROWS * COLUMNS];
  make_points(x, ROWS, 1.0);
  make_points(y, COLUMNS, 90.0);
  memcpy(y + 3 * D, x + 5 * D, sizeof(double[D])); /* an equal pair, and one nearly parallel */
  for (int k = 0; k < D; k++) y[4 * D + k] = x[6 * D + k] * (1.0 + 1e-9 * k);
  const wl_network *network[2] = {one, two};
  for (int n = 0; n < 2; n++) {
    wl_kernel_points *a = create(network[n], ROWS, D, x), *b = create(network[n], COLUMNS, D, y);
    tile(network[n], a, b, kappa[n], theta[n]);
    wl_kernel_points_destroy(&a);
    wl_kernel_points_destroy(&b);
  }
  assert_memory_equal(kappa[0], kappa[1], sizeof kappa[0]);
  assert_memory_equal(theta[0], theta[1], sizeof theta[0]);
}

/* dense, φ, dense, …, φ, dense is the network in short. */
static void test_short_form(void **state) {
  (void)state;
  for (int phi = 0; phi < WL_ACTIVATION_COUNT; phi++) {
    wl_network in_short = wl_network_default(), list = wl_network_default();
    in_short.depth = 2 + phi % 3;
    in_short.activation = (wl_activation)phi;
    in_short.slope = 0.2;
    list.layer[list.layer_count++] = dense(in_short.sigma_w, in_short.sigma_b);
    for (int l = 1; l < in_short.depth; l++) {
      list.layer[list.layer_count++] = activation((wl_activation)phi);
      list.layer[list.layer_count++] = dense(in_short.sigma_w, in_short.sigma_b);
    }
    assert_false(wl_network_same(&in_short, &list));
    compare_exactly(&in_short, &list);
    in_short.parameterization = list.parameterization = WL_PARAMETERIZATION_STANDARD;
    in_short.width = list.width = 7 + 100 * phi;
    compare_exactly(&in_short, &list);
  }
}

/* Two ways to say the same activation give the same to a few ε. */
static void compare_closely(const wl_layer *one, const wl_layer *two) {
  const wl_layer first[] = {dense(1.2, 0.3), *one, dense(1.1, 0.1)},
                 second[] = {dense(1.2, 0.3), *two, dense(1.1, 0.1)};
  const wl_network a = list_of(first, 3), b = list_of(second, 3);
  static double x[ROWS * D], kappa[2][ROWS * ROWS], theta[2][ROWS * ROWS];
  make_points(x, ROWS, 2.0);
  wl_kernel_points *p = create(&a, ROWS, D, x), *q = create(&b, ROWS, D, x);
  tile(&a, p, p, kappa[0], theta[0]);
  tile(&b, q, q, kappa[1], theta[1]);
  for (int j = 0; j < ROWS; j++)
    for (int i = 0; i < ROWS; i++) {
      const int at = i + j * ROWS;
      assert_true(fabs(kappa[0][at] - kappa[1][at]) <= 64.0 * DBL_EPSILON * sqrt(p->kappa[i] * p->kappa[j]));
      assert_true(fabs(theta[0][at] - theta[1][at]) <= 64.0 * DBL_EPSILON * sqrt(p->theta[i] * p->theta[j]));
    }
  wl_kernel_points_destroy(&p);
  wl_kernel_points_destroy(&q);
}

static void test_same_activations(void **state) {
  (void)state;
  const wl_layer relu = activation(WL_ACTIVATION_RELU), leaky = activation(WL_ACTIVATION_LEAKY_RELU),
                 sine = activation(WL_ACTIVATION_SIN), cosine = activation(WL_ACTIVATION_COS),
                 identity = activation(WL_ACTIVATION_IDENTITY);
  compare_closely(&relu, &(wl_layer){.kind = WL_LAYER_ABRELU, .a = 0.0, .b = 1.0});
  compare_closely(&relu, &(wl_layer){.kind = WL_LAYER_ABRELU, .a = 1.0, .b = 0.0});
  compare_closely(&leaky, &(wl_layer){.kind = WL_LAYER_ABRELU, .a = 0.2, .b = 1.0});
  compare_closely(&identity, &(wl_layer){.kind = WL_LAYER_ABRELU, .a = -1.0, .b = -1.0});
  compare_closely(&identity, &(wl_layer){.kind = WL_LAYER_POLYNOMIAL, .hermite = {0.0, -1.0}});
  compare_closely(
      &(wl_layer){.kind = WL_LAYER_ACTIVATION, .activation = WL_ACTIVATION_ERF, .a = -2.0, .b = 0.5, .c = 1.3},
      &(wl_layer){.kind = WL_LAYER_ACTIVATION, .activation = WL_ACTIVATION_ERF, .a = 2.0, .b = -0.5, .c = -1.3});
  for (int k = 0; k < 3; k++)
    compare_closely(&(wl_layer){.kind = WL_LAYER_ACTIVATION,
                                .activation = WL_ACTIVATION_ERF,
                                .c = (double[]){1e-18, 1e-60, 1e-300}[k]},
                    &(wl_layer){.kind = WL_LAYER_ACTIVATION, .activation = WL_ACTIVATION_ERF});
  compare_closely(&sine, &(wl_layer){.kind = WL_LAYER_SINE, .a = -1.0, .b = 1.0});
  compare_closely(&cosine, &(wl_layer){.kind = WL_LAYER_SINE, .a = 1.0, .b = -1.0, .c = M_PI_2});
}

/* What changes no kernel: normalization twice, a branch that is nearly zero, dropout that drops nothing. */
static void test_neutral(void **state) {
  (void)state;
  const wl_activation phi[] = {WL_ACTIVATION_RELU, WL_ACTIVATION_ERF};
  for (int p = 0; p < 2; p++) {
    const wl_layer once[] = {dense(1.5, 0.1), norm(), activation(phi[p]), dense(1.1, 0.0)},
                   twice[] = {dense(1.5, 0.1), norm(), norm(), activation(phi[p]), dense(1.1, 0.0)},
                   beside[] = {dense(1.5, 0.1),    norm(),         residual(1), dense(1e-100, 0.0),
                               activation(phi[p]), dense(1.1, 0.0)},
                   whole[] = {dense(1.5, 0.1), dropout(1.0), norm(), activation(phi[p]), dense(1.1, 0.0)};
    const wl_network a = list_of(once, 4), b = list_of(twice, 5), c = list_of(beside, 6), d = list_of(whole, 5);
    assert_false(wl_network_has_dropout(&d));
    compare_exactly(&a, &d);
    compare_exactly(&a, &b);
    compare_exactly(&a, &c);
  }
}

/* At a right angle of the points the two factors of E[φφ] are independent, E[erf(u + c)] = erf(c/√(1 + 2q)); and beside each other at
   a large variance the pair is right to what κ is: ε q on x, √q of it on the angle. */
static void test_shifted_erf(void **state) {
  (void)state;
  for (int k = 1; k <= 80; k++) {
    const double c = 0.125 * k, q = pow(10.0, k % 7 - 3), p = pow(10.0, k % 5 - 2);
    const double x[8] = {sqrt(q), 0.0, 0.0, sqrt(p), sqrt(q), 0.0, sqrt(q), 1e-9};
    const wl_layer layer[] = {dense(M_SQRT2, 0.0),
                              {.kind = WL_LAYER_ACTIVATION, .activation = WL_ACTIVATION_ERF, .c = c},
                              dense(1.0, 0.0)};
    const wl_network network = list_of(layer, 3);
    wl_kernel_points *a = create(&network, 4, 2, x);
    double kappa[16], theta[16];
    tile(&network, a, a, kappa, theta);
    const double known = erf(c / sqrt(1.0 + 2.0 * q)) * erf(c / sqrt(1.0 + 2.0 * p));
    assert_true(fabs(kappa[4] - known) < 32.0 * 0x1p-53);
    assert_true(fabs(kappa[14] - kappa[10]) < 32.0 * 0x1p-53 * (1.0 + sqrt(q)));
    assert_true(fabs(theta[14] - theta[10]) < 32.0 * 0x1p-53 * (1.0 + q) * theta[10]);
    wl_kernel_points_destroy(&a);
  }
}

/* ---- tiles ------------------------------------------------------------------------------------------------------- */

/* κ alone and both, (a, b) and (b, a), and the instruction sets agree; equal points give the diagonal. */
static void test_tiles(void **state) {
  (void)state;
  static double x[ROWS * D], kappa[4][ROWS * ROWS], theta[4][ROWS * ROWS];
  const wl_block *const blocks[] = {&wl_block_generic, wl_block_select()};
  make_points(x, ROWS, 3.0);
  memcpy(x + 9 * D, x + 40 * D, sizeof(double[D]));
  for (int c = 0; c < CASES; c++) {
    const wl_network network = network_of_case(c);
    const bool drops = wl_network_has_dropout(&network);
    wl_kernel_points *a = create(&network, ROWS, D, x);
    for (int s = 0; s < 2; s++) {
      a->program.block = blocks[s];
      tile(&network, a, a, kappa[s], theta[s]);
    }
    tile(&network, a, a, kappa[2], NULL);
    assert_memory_equal(kappa[1], kappa[2], sizeof kappa[1]);
    for (int j = 0; j < ROWS; j++) {
      for (int i = 0; i < ROWS; i++) {
        const double size_k = sqrt(a->kappa[i] * a->kappa[j]), size_t = sqrt(a->theta[i] * a->theta[j]);
        for (int s = 0; s < 2; s++) {
          assert_true(fabs(kappa[s][i + j * ROWS] - kappa[1][j + i * ROWS]) <= 4e-14 * size_k);
          assert_true(fabs(theta[s][i + j * ROWS] - theta[1][j + i * ROWS]) <= 1e-13 * size_t);
        }
      }
      /* Behind dropout an entry of equal points is less: their masks differ. */
      assert_true(drops
                      ? kappa[1][j + j * ROWS] < 0.99 * a->kappa[j] && theta[1][j + j * ROWS] < 0.99 * a->theta[j]
                      : kappa[1][j + j * ROWS] == a->kappa[j] && theta[1][j + j * ROWS] == a->theta[j]);
    }
    assert_true(drops || (kappa[1][9 + 40 * ROWS] == a->kappa[9] && theta[1][9 + 40 * ROWS] == a->theta[9]));
    assert_true(kappa[1][9 + 40 * ROWS] == kappa[1][9 + 9 * ROWS]);
    wl_kernel_points_destroy(&a);
  }
}

/* A zero point: without biases its κ and Θ are zero, and there is nothing to normalize. */
static void test_zero_point(void **state) {
  (void)state;
  const double x[2 * D] = {0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 2.0};
  const wl_layer plain[] = {dense(1.5, 0.0), activation(WL_ACTIVATION_ERF),
                            dense(1.2, 0.0), activation(WL_ACTIVATION_RELU),
                            residual(1),     dense(1.0, 0.0),
                            dense(1.1, 0.0)},
                 normed[] = {dense(1.5, 0.0), norm(), activation(WL_ACTIVATION_RELU), dense(1.0, 0.0)};
  wl_network network = list_of(plain, 7);
  double kappa[4], theta[4];
  wl_kernel_points *a = create(&network, 2, D, x);
  tile(&network, a, a, kappa, theta);
  for (int k = 0; k < 3; k++) assert_true(kappa[k] == 0.0 && theta[k] == 0.0);
  assert_true(kappa[3] > 0.0);
  wl_kernel_points_destroy(&a);
  assert_true(wl_network_vanishes_at_zero(&network));
  network.layer[5].sigma_b = 0.1;
  assert_false(wl_network_vanishes_at_zero(&network));
  network = list_of(normed, 4);
  assert_int_equal(wl_kernel_points_create(&network, 2, D, x, NULL, &a), WL_ERROR_NUMERICAL);
  assert_non_null(
      strstr(wl_error_message(), "point 0 has no variance that layer_norm could divide by in layer 2"));
}

/* f(cx) = c f(x) or f(x): Θ between a point and twice that point has correlation 1 just where the function says so; to twice
   a point nothing rounds that does not round alike in the point. */
static void expect_homogeneous(bool wanted, const wl_network *network) {
  const double x[2 * D] = {0.3, -0.4, 0.5, 0.7, -0.1, 0.2, 0.6, -0.8, 1.0, 1.4, -0.2, 0.4};
  double kappa[4], theta[4];
  wl_kernel_points *a = create(network, 2, D, x);
  tile(network, a, a, kappa, theta);
  wl_kernel_points_destroy(&a);
  const double defect = 1.0 - theta[1] * theta[1] / (theta[0] * theta[3]);
  assert_true(wanted ? fabs(defect) < 16.0 * DBL_EPSILON : defect > 1e-2);
  assert_true(wl_network_is_homogeneous(network) == wanted);
}
#define HOMOGENEOUS(wanted, ...)                                                       \
  do {                                                                                 \
    const wl_layer listed[] = {__VA_ARGS__};                                           \
    const wl_network network = list_of(listed, (int)(sizeof listed / sizeof *listed)); \
    expect_homogeneous(wanted, &network);                                              \
  } while (0)

static void test_homogeneous(void **state) {
  (void)state;
  const wl_layer relu = activation(WL_ACTIVATION_RELU), erf = activation(WL_ACTIVATION_ERF);
  HOMOGENEOUS(true, dense(1.5, 0.0), relu, residual(1), dense(1.2, 0.0), dense(1.1, 0.0));
  HOMOGENEOUS(false, dense(1.5, 0.0), relu, residual(1), dense(1.2, 0.3), dense(1.1, 0.0));
  HOMOGENEOUS(false, dense(1.5, 0.2), relu, dense(1.1, 0.0));
  HOMOGENEOUS(false, dense(1.5, 0.0), erf, dense(1.1, 0.0));
  HOMOGENEOUS(true, dense(1.5, 0.0), norm(), erf, dense(1.1, 0.2));
  HOMOGENEOUS(false, dense(1.5, 0.0), residual(3), norm(), erf, dense(1.1, 0.0), dense(1.0, 0.0));
  wl_network network = wl_network_default();
  expect_homogeneous(false, &network);
  network.sigma_b = 0.0;
  expect_homogeneous(true, &network);
  network.activation = WL_ACTIVATION_GELU;
  expect_homogeneous(false, &network);
}

/* ---- rules ------------------------------------------------------------------------------------------------------- */

static void expect_wrong(const wl_layer *layer, int count, const char *text) {
  const wl_network network = list_of(layer, count);
  assert_int_equal(wl_network_check(&network), WL_ERROR_CONFIG);
  if (!strstr(wl_error_message(), text)) fail_msg("\"%s\" lacks \"%s\"", wl_error_message(), text);
}
#define WRONG(text, ...)                                                              \
  do {                                                                                \
    const wl_layer wrong[] = {__VA_ARGS__};                                           \
    expect_wrong(wrong, (int)(sizeof wrong / sizeof *wrong), "network.layers[" text); \
  } while (0)

static void test_rules(void **state) {
  (void)state;
  const wl_layer relu = activation(WL_ACTIVATION_RELU), erf = activation(WL_ACTIVATION_ERF), d = dense(1.0, 0.1);
  wl_layer steep = activation(WL_ACTIVATION_LEAKY_RELU);
  steep.slope = 1.0;
  WRONG("0]: is the first layer of the network, which must be dense", relu, d);
  WRONG("1]: is the last layer of the network, which must be dense", d, relu);
  WRONG("2]: is erf, an activation of units that are not Gaussian", d, relu, erf, d);
  WRONG("4]: is erf, an activation of units that are not Gaussian", d, relu, residual(1), d, erf, d);
  WRONG("3]: is erf, an activation of units that are not Gaussian", d, relu, norm(), erf, d);
  WRONG("3]: is erf, an activation of units that are not Gaussian", d, relu, residual(2), erf, d, d);
  WRONG("2]: is the last layer of a branch, which must be dense", d, residual(1), relu, d);
  WRONG("1]: is a residual whose branch has 0 layers", d, residual(0), d);
  WRONG("1]: is a residual whose branch has 2 layers", d, residual(2), d);
  WRONG("3]: is a residual whose branch has 1 layers", d, residual(2), d, residual(1), d);
  WRONG("1]: sigma_w is 0; it must be above 0", d, dense(0.0, 0.0), d);
  WRONG("1]: sigma_b is -1; it must be at least 0", d, dense(1.0, -1.0), d);
  WRONG("1]: keep is 0; it must be above 0 and at most 1", d, dropout(0.0), d);
  WRONG("1]: keep is 1.1; it must be above 0 and at most 1", d, dropout(1.1), d);
  WRONG("1]: keep is nan; it must be above 0 and at most 1", d, dropout((double)NAN), d);
  WRONG("2]: is erf, an activation of units that are not Gaussian", d, dropout(0.5), erf, d);
  WRONG("2]: is the last layer of the network, which must be dense", d, relu, dropout(0.5));
  WRONG("1]: slope is 1; it must be at least 0 and below 1", d, steep, d);
  WRONG("1]: gaussian has numbers that it cannot have", d, {.kind = WL_LAYER_GAUSSIAN, .a = 1.0, .b = 1.0}, d);
  WRONG("1]: exp has numbers that it cannot have", d, {.kind = WL_LAYER_EXP, .a = 1.0}, d);
  WRONG("1]: sin has numbers that it cannot have", d, {.kind = WL_LAYER_SINE, .a = 1.0, .b = (double)NAN}, d);
  WRONG("1]: erf has a c of 10.5; of these erf alone has one, from -10 to 10", d,
        {.kind = WL_LAYER_ACTIVATION, .activation = WL_ACTIVATION_ERF, .c = 10.5}, d);
  WRONG("1]: gelu has a c of 1", d, {.kind = WL_LAYER_ACTIVATION, .activation = WL_ACTIVATION_GELU, .c = 1.0}, d);
  WRONG("1]: erf has numbers that it cannot have", d,
        {.kind = WL_LAYER_ACTIVATION, .activation = WL_ACTIVATION_ERF, .c = (double)NAN}, d);
  WRONG("1]: abrelu has numbers that it cannot have", d, {.kind = WL_LAYER_ABRELU}, d);
  WRONG("1]: polynomial has numbers that it cannot have", d, {.kind = WL_LAYER_POLYNOMIAL}, d);
  WRONG("2]: is exp, an activation of units that are not Gaussian", d, relu,
        {.kind = WL_LAYER_EXP, .a = 1.0, .b = 1.0}, d);
  WRONG("1]: is of an unknown kind (17)", d, {.kind = (wl_layer_kind)17}, d);
  WRONG("1]: is an unknown activation (99)", d, activation((wl_activation)99), d);
  WRONG("9]: is a residual within 8 others", d, residual(9), residual(8), residual(7), residual(6), residual(5),
        residual(4), residual(3), residual(2), residual(1), d, d);
  wl_network network = wl_network_default();
  network.layer_count = WL_LAYERS + 1;
  assert_int_equal(wl_network_check(&network), WL_ERROR_CONFIG);
  network.layer_count = -1;
  assert_int_equal(wl_network_check(&network), WL_ERROR_CONFIG);
}

static void test_words(void **state) {
  (void)state;
  const wl_layer layer[] = {
      dense(1.5, 0.1), activation(WL_ACTIVATION_LEAKY_RELU), residual(1), dense(1.0, 0.0), norm(), dropout(0.9),
      dense(1.0, 0.0)};
  wl_network network = list_of(layer, 7);
  char text[256];
  assert_string_equal(wl_network_text(&network, text, sizeof text),
                      "dense (1.5, 0.1), leaky_relu (slope 0.2), residual [dense (1, 0)], layer_norm, dropout "
                      "(keep 0.9), dense (1, 0)");
  assert_string_equal(wl_network_text(&network, text, 16), "dense (1.5, ...");
  assert_true(wl_network_has_lower(&network));
  network.parameterization = WL_PARAMETERIZATION_STANDARD;
  network.width = 40;
  assert_non_null(strstr(wl_network_text(&network, text, sizeof text), "standard parametrization of width 40"));
  network.layer_count = 1;
  assert_false(wl_network_has_lower(&network));
}

/* Each member of a layer that says anything makes another network. */
static void test_same(void **state) {
  (void)state;
  const wl_layer layer[] = {dense(1.5, 0.1), activation(WL_ACTIVATION_LEAKY_RELU), residual(1), dense(1.0, 0.0),
                            dense(1.0, 0.0)};
  const wl_network one = list_of(layer, 5);
  wl_network wide = one;
  wide.width = 9; /* says nothing in NTK parametrization */
  assert_true(wl_network_same(&one, &wide));
  wide.parameterization = WL_PARAMETERIZATION_STANDARD;
  assert_false(wl_network_same(&one, &wide));
  wl_network wider = wide;
  assert_true(wl_network_same(&wide, &wider));
  wider.width++;
  assert_false(wl_network_same(&wide, &wider));
#define OTHER(member, value)                     \
  do {                                           \
    wl_network other = one;                      \
    assert_true(wl_network_same(&one, &other));  \
    other.member = (value);                      \
    assert_false(wl_network_same(&one, &other)); \
  } while (0)
  OTHER(layer_count, 4);
  OTHER(layer[0].sigma_w, 1.4);
  OTHER(layer[0].sigma_b, 0.2);
  OTHER(layer[1].slope, 0.3);
  OTHER(layer[1].activation, WL_ACTIVATION_RELU);
  OTHER(layer[2].branch, 2);
  OTHER(layer[4].kind, WL_LAYER_NORM);
  OTHER(layer[1].a, 2.0);
  OTHER(layer[1].b, 2.0);
  wl_network polynomial = one;
  polynomial.layer[1] = (wl_layer){.kind = WL_LAYER_POLYNOMIAL, .hermite = {0.0, 1.0}};
  wl_network other = polynomial;
  assert_true(wl_network_same(&polynomial, &other));
  other.layer[1].hermite[8] = 1.0;
  assert_false(wl_network_same(&polynomial, &other));
  polynomial.layer[1] = dropout(0.9);
  other = polynomial;
  assert_true(wl_network_same(&polynomial, &other));
  other.layer[1].keep = 0.8;
  assert_false(wl_network_same(&polynomial, &other));
#undef OTHER
}

static void test_standard_rules(void **state) {
  (void)state;
  wl_network network = wl_network_default();
  network.parameterization = WL_PARAMETERIZATION_STANDARD;
  assert_int_equal(wl_network_check(&network), WL_ERROR_CONFIG);
  assert_string_equal(wl_error_message(), "network.width is 0; it must be at least 1");
  network.width = 3;
  assert_int_equal(wl_network_check(&network), WL_OK);
  assert_true(wl_network_theta_bounds_kappa(&network));
  network.width = 1;
  assert_false(wl_network_theta_bounds_kappa(&network));
  network.width = 2;
  network.sigma_w = 1.5;
  assert_false(wl_network_theta_bounds_kappa(&network));
  network.width = 3;
  network.sigma_b = 1.1;
  assert_false(wl_network_theta_bounds_kappa(&network));
  network.depth = 1;
  assert_int_equal(wl_network_check(&network), WL_ERROR_CONFIG);
  assert_non_null(strstr(wl_error_message(), "a network of one weight layer has no width"));
  network.parameterization = (wl_parameterization)7;
  assert_int_equal(wl_network_check(&network), WL_ERROR_CONFIG);
}

/* Where it follows from the last layer, Θ − κ of two points is a kernel, and just beyond it need not be: Θ_lower alone is at least 0. */
static void test_standard_bound(void **state) {
  (void)state;
  const double x[2] = {1e-8, -1e-8};
  const wl_layer layer[] = {dense(1e-3, 0.0), activation(WL_ACTIVATION_COS), dense(2.0, 0.0)};
  wl_network network = list_of(layer, 3);
  network.parameterization = WL_PARAMETERIZATION_STANDARD;
  for (network.width = 3; network.width < 6; network.width++) {
    wl_kernel_points *a = create(&network, 2, 1, x);
    assert_true((a->theta[0] > a->kappa[0]) == (network.width > 4));
    assert_true(wl_network_theta_bounds_kappa(&network) == (network.width >= 4));
    wl_kernel_points_destroy(&a);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_reference),
      cmocka_unit_test(test_rounding),
      cmocka_unit_test(test_rounding_of_short_form),
      cmocka_unit_test(test_rounding_grows),
      cmocka_unit_test(test_rounding_of_residuals),
      cmocka_unit_test(test_rounding_of_polynomials),
      cmocka_unit_test(test_rounding_of_exponentials),
      cmocka_unit_test(test_short_form),
      cmocka_unit_test(test_same_activations),
      cmocka_unit_test(test_neutral),
      cmocka_unit_test(test_tiles),
      cmocka_unit_test(test_zero_point),
      cmocka_unit_test(test_homogeneous),
      cmocka_unit_test(test_rules),
      cmocka_unit_test(test_words),
      cmocka_unit_test(test_same),
      cmocka_unit_test(test_standard_rules),
      cmocka_unit_test(test_standard_bound),
      cmocka_unit_test(test_shifted_erf),
  };
  return cmocka_run_group_tests_name("layers", tests, NULL, NULL);
}
