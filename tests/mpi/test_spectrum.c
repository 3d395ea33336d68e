/*
 * Eigendecompositions on every grid, and the spectrum, the noise path and the predictions at a time of tests/reference/more_*.json:
 *
 *   |value − expected| ≤ 1e-10 max |expected|
 */
#include "mpi_test.h"

#include <float.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/random.h"
#include "dist/scalapack.h"
#include "finite/finite.h"
#include "inference/training_time.h"

#define TOLERANCE 1e-10

/* ---- reference cases --------------------------------------------------------------------------------------------- */

static json_t *load(const char *name) {
  char path[512];
  json_error_t error;
  snprintf(path, sizeof path, "%s/%s.json", WL_REFERENCE_DIR, name);
  json_t *root = json_load_file(path, 0, &error);
  assert_non_null(root);
  return root;
}

/* Numbers of any nesting, row-major; owned by the caller. */
static double *flatten(const json_t *array, double *at) {
  if (json_is_number(array)) {
    *at = json_number_value(array);
    return at + 1;
  }
  for (size_t i = 0; i < json_array_size(array); i++) at = flatten(json_array_get(array, i), at);
  return at;
}

static double *numbers(const json_t *root, const char *key) {
  const json_t *array = json_object_get(root, key);
  assert_true(json_is_array(array));
  const json_t *first = json_array_get(array, 0);
  const size_t width = json_is_array(first) ? json_array_size(first) : 1;
  double *values = malloc(sizeof(double) * json_array_size(array) * width);
  flatten(array, values);
  return values;
}

static double number(const json_t *root, const char *key) {
  const json_t *value = json_object_get(root, key);
  if (json_is_string(value)) return INFINITY;
  assert_true(json_is_number(value));
  return json_number_value(value);
}

static void assert_close(const char *what, const double *values, const double *expected, int64_t count) {
  double largest = 0.0, worst = 0.0;
  for (int64_t i = 0; i < count; i++) largest = fmax(largest, fabs(expected[i]));
  for (int64_t i = 0; i < count; i++) {
    const double off = fabs(values[i] - expected[i]);
    worst = worse(worst, off);
  }
  worst = worst_of_all(isfinite(worst) ? worst : INFINITY);
  if (!(worst <= TOLERANCE * largest)) print_error("%s: off by %g of %g\n", what, worst, largest);
  assert_true(worst <= TOLERANCE * largest);
}

/* A reference case on a grid. */
typedef struct problem {
  json_t *root;
  int64_t n, m, outputs;
  double noise;
  wl_points *train, *test;
  wl_matrix *targets;
} problem;

static wl_network network_of(const json_t *root) {
  const json_t *o = json_object_get(root, "network");
  wl_network network = wl_network_default();
  network.depth = (int)number(o, "depth");
  network.activation = strcmp(json_string_value(json_object_get(o, "activation")), "erf") == 0
                           ? WL_ACTIVATION_ERF
                           : WL_ACTIVATION_RELU;
  network.sigma_w = number(o, "sigma_w");
  network.sigma_b = number(o, "sigma_b");
  return network;
}

static wl_points *points_of(const wl_grid *grid, const json_t *root, const char *key) {
  const json_t *array = json_object_get(root, key);
  const wl_network network = network_of(root);
  double *x = numbers(root, key);
  wl_points *points = NULL;
  assert_int_equal(wl_points_create(grid, &network, (int64_t)json_array_size(array),
                                    (int64_t)json_array_size(json_array_get(array, 0)), x, &points),
                   WL_OK);
  free(x);
  return points;
}

static problem problem_create(const wl_grid *grid, const char *name) {
  problem p = {.root = load(name)};
  p.train = points_of(grid, p.root, "X");
  p.test = points_of(grid, p.root, "T");
  p.n = wl_points_count(p.train);
  p.m = wl_points_count(p.test);
  p.outputs = (int64_t)json_array_size(json_array_get(json_object_get(p.root, "Y"), 0));
  p.noise = number(p.root, "noise_variance");
  double *y = numbers(p.root, "Y");
  assert_int_equal(wl_matrix_create(grid, p.n, p.outputs, &p.targets), WL_OK);
  assert_int_equal(wl_matrix_scatter(p.targets, y), WL_OK);
  free(y);
  return p;
}

static void problem_destroy(problem *p) {
  wl_matrix_destroy(&p->targets);
  wl_points_destroy(&p->test);
  wl_points_destroy(&p->train);
  json_decref(p->root);
}

static wl_spectrum spectrum_of(const problem *p) {
  const wl_spectrum_options options = {.vectors = true, .kappa = true, .seed = 3};
  wl_spectrum s;
  if (wl_spectrum_create(&options, p->train, p->targets, &s) != WL_OK) fail_msg("%s", wl_error_message());
  return s;
}

static void check_eigenvalues(const problem *p, const wl_spectrum *s) {
  double *expected = numbers(p->root, "eigenvalues_S"), *values = malloc(sizeof(double) * (size_t)p->n);
  for (int64_t i = 0; i < p->n; i++) values[i] = s->theta.values[i] + p->noise;
  assert_close("eigenvalues_S", values, expected, p->n);
  free(values);
  free(expected);
}

static void check_noises(const problem *p, const wl_spectrum *s) {
  const json_t *path = json_object_get(p->root, "noise_path");
  for (size_t k = 0; k < json_array_size(path); k++) {
    const json_t *expected = json_array_get(path, k);
    const double dimension = number(expected, "effective_dimension"), gain = number(expected, "information_gain");
    double likelihood[4], *known = numbers(expected, "log_marginal_likelihood");
    wl_noise_point point;
    assert_int_equal(wl_spectrum_at_noise(s, number(expected, "noise"), 0.0, &point, likelihood), WL_OK);
    assert_close("effective_dimension", &point.effective_dimension, &dimension, 1);
    assert_close("information_gain", &point.information_gain, &gain, 1);
    assert_close("log_marginal_likelihood", likelihood, known, p->outputs);
    free(known);
  }
}

/* The case's leave-one-out, whose noise is that of the case, as root mean square residual and log density. */
static void check_loo(const problem *p, const wl_spectrum *s) {
  if (p->noise == 0.0) return;
  const json_t *loo = json_object_get(p->root, "loo");
  double *mean = numbers(loo, "ntk_mean"), *variance = numbers(loo, "ntk_gp"), *y = numbers(p->root, "Y");
  double squares = 0.0, density = 0.0, likelihood[4];
  for (int64_t i = 0; i < p->n; i++)
    for (int64_t j = 0; j < p->outputs; j++) {
      const double residual = y[i * p->outputs + j] - mean[i * p->outputs + j], v = variance[i] + p->noise;
      squares += residual * residual;
      density -= 0.5 * (log(2.0 * M_PI * v) + residual * residual / v);
    }
  const double rmse = sqrt(squares / (double)(p->n * p->outputs));
  wl_noise_point point;
  assert_int_equal(wl_spectrum_at_noise(s, p->noise, 0.0, &point, likelihood), WL_OK);
  assert_close("loo_rmse", &point.loo_rmse, &rmse, 1);
  assert_close("loo_log_density", &point.loo_log_density, &density, 1);
  free(y);
  free(variance);
  free(mean);
}

static void check_quantity(const problem *p, const json_t *expected, const wl_prediction *prediction,
                           const wl_matrix *covariance, wl_quantity quantity) {
  char key[64];
  snprintf(key, sizeof key, "%s_covariance", wl_quantity_name(quantity));
  double *known = numbers(expected, key), *values = malloc(sizeof(double) * (size_t)(p->m * p->m));
  assert_int_equal(wl_prediction_covariance(prediction, covariance, quantity, values), WL_OK);
  MPI_Bcast(values, (int)(p->m * p->m), MPI_DOUBLE, 0, MPI_COMM_WORLD);
  assert_close(key, values, known, p->m * p->m);
  free(values);
  free(known);
}

static const wl_quantity at_time_quantities[] = {WL_QUANTITY_ENSEMBLE, WL_QUANTITY_RND, WL_QUANTITY_BAYESIAN_RND};
enum { AT_TIME_QUANTITIES = sizeof at_time_quantities / sizeof *at_time_quantities };

static wl_training_time_options options_of(double shift) {
  wl_training_time_options options = {.shift = shift};
  for (int k = 0; k < AT_TIME_QUANTITIES; k++) options.quantity[at_time_quantities[k]] = true;
  return options;
}

static void check_times(const problem *p, const wl_spectrum *s) {
  const wl_training_time_options options = options_of(p->noise);
  const json_t *times = json_object_get(p->root, "at_time");
  wl_training_time *at = NULL;
  assert_int_equal(wl_training_time_create(s, &options, p->test, 0, &at), WL_OK);
  for (size_t k = 0; k < json_array_size(times); k++) {
    const json_t *expected = json_array_get(times, k);
    double *mean = numbers(expected, "mean");
    wl_matrix *covariance = NULL;
    wl_prediction prediction;
    assert_int_equal(wl_matrix_create(p->train->grid, p->m, p->m, &covariance), WL_OK);
    assert_int_equal(wl_gram_symmetric(p->test, WL_GRAM_BOTH, covariance), WL_OK);
    assert_int_equal(wl_training_time_predict(at, number(expected, "time"), covariance, &prediction), WL_OK);
    assert_close("mean", prediction.mean, mean, p->m * p->outputs);
    for (int q = 0; q < AT_TIME_QUANTITIES; q++)
      check_quantity(p, expected, &prediction, covariance, at_time_quantities[q]);
    wl_prediction_clear(&prediction);
    wl_matrix_destroy(&covariance);
    free(mean);
  }
  wl_training_time_destroy(&at);
}

static void check_case(const wl_grid *grid, const char *name) {
  problem p = problem_create(grid, name);
  wl_spectrum s = spectrum_of(&p);
  check_eigenvalues(&p, &s);
  check_noises(&p, &s);
  check_loo(&p, &s);
  check_times(&p, &s);
  wl_spectrum_clear(&s);
  problem_destroy(&p);
}

static const grid_case blocks[] = {{0, 1}, {0, 4}, {0, 64}};

static void check_cases(const wl_grid *grid, int64_t n) {
  (void)n;
  check_case(grid, "more_relu_depth3");
  check_case(grid, "more_erf_depth3");
  check_case(grid, "more_relu_noise");
}

static void test_reference(void **state) {
  (void)state;
  on_every_grid(blocks, sizeof blocks / sizeof *blocks, check_cases);
}

/* ---- eigendecompositions ----------------------------------------------------------------------------------------- */

/* Entry (i, j) of a matrix with eigenvalues 2 − 2 cos(kπ/(n+1)), k = 1 … n [the second difference]. */
static double difference(int64_t i, int64_t j) { return i == j ? 2.0 : llabs(i - j) == 1 ? -1.0 : 0.0; }

enum { OTHER = 7 }; /* what the other triangle holds */

static wl_matrix *difference_matrix(const wl_grid *grid, int64_t n, wl_triangle triangle) {
  wl_matrix *a = NULL;
  assert_int_equal(wl_matrix_create(grid, n, n, &a), WL_OK);
  for (int64_t jl = 0; jl < a->local_columns; jl++)
    for (int64_t il = 0; il < a->local_rows; il++) {
      const int64_t i = wl_matrix_global_row(a, il), j = wl_matrix_global_column(a, jl);
      const bool within = triangle == WL_TRIANGLE_LOWER ? i >= j : i <= j;
      a->data[il + jl * a->ld] = within ? difference(i, j) : OTHER;
    }
  return a;
}

static double other_triangle_changed(const wl_matrix *a, wl_triangle triangle) {
  double changed = 0.0;
  for (int64_t jl = 0; jl < a->local_columns; jl++)
    for (int64_t il = 0; il < a->local_rows; il++) {
      const int64_t i = wl_matrix_global_row(a, il), j = wl_matrix_global_column(a, jl);
      if (triangle == WL_TRIANGLE_LOWER ? i < j : i > j)
        changed = worse(changed, fabs(a->data[il + jl * a->ld] - OTHER));
    }
  return worst_of_all(changed);
}

/* max |UᵀU − I| / (n ε) */
static double orthogonality(const wl_matrix *u) {
  wl_matrix *product = NULL;
  assert_int_equal(wl_matrix_create(u->grid, u->rows, u->rows, &product), WL_OK);
  wl_gemm_transposed(u, u, product);
  double worst = 0.0;
  for (int64_t jl = 0; jl < product->local_columns; jl++)
    for (int64_t il = 0; il < product->local_rows; il++) {
      const double exact = wl_matrix_global_row(product, il) == wl_matrix_global_column(product, jl);
      worst = worse(worst, fabs(product->data[il + jl * product->ld] - exact));
    }
  wl_matrix_destroy(&product);
  return worst_of_all(worst) / ((double)u->rows * DBL_EPSILON);
}

static wl_error count_call(void *context) {
  ++*(int *)context;
  return WL_OK;
}

/* In units of n ε ‖S‖, ‖S‖ ≤ 4. */
static double error_of_values(const wl_eigen *e, int64_t n) {
  double worst = 0.0;
  for (int64_t i = 0; i < n; i++)
    worst = worse(worst, fabs(e->values[i] - 2.0 + 2.0 * cos((double)(i + 1) * M_PI / (double)(n + 1))));
  return worst_of_all(worst) / (4.0 * (double)n * DBL_EPSILON);
}

static void check_eigen_of(const wl_grid *grid, int64_t n, wl_triangle triangle, bool vectors) {
  wl_matrix *a = difference_matrix(grid, n, triangle);
  wl_eigen e;
  int calls = 0;
  const wl_eigen_options options = {"difference", 5, vectors, &calls, count_call};
  if (wl_eigen_decompose(a, triangle, &options, &e) != WL_OK) fail_msg("%s", wl_error_message());
  assert_int_equal(calls, vectors ? 3 : 2);
  assert_int_equal(e.vectors != NULL, vectors);
  const double values = error_of_values(&e, n), changed = other_triangle_changed(a, triangle),
               residual = worst_of_all(e.residual), off = vectors ? orthogonality(e.vectors) : 0.0;
  const bool good = values < 4.0 && changed == 0.0 && residual < 1.0 && off < 16.0;
  if (!good)
    print_error("n = %d, block %d, %d x %d, %s, %s: values %g, other triangle %g, residual %g, orthogonality %g\n",
                (int)n, grid->block, grid->rows, grid->columns, triangle == WL_TRIANGLE_LOWER ? "lower" : "upper",
                vectors ? "vectors" : "values", values, changed, residual, off);
  assert_true(good);
  wl_eigen_clear(&e);
  wl_matrix_destroy(&a);
}

static void check_eigen(const wl_grid *grid, int64_t n) {
  for (int k = 0; k < 4; k++) check_eigen_of(grid, n, k % 2 ? WL_TRIANGLE_UPPER : WL_TRIANGLE_LOWER, k >= 2);
}

static void test_eigen(void **state) {
  (void)state;
  static const grid_case cases[] = {{1, 4}, {2, 1}, {5, 8}, {13, 4}, {64, 16}, {97, 5}};
  on_every_grid(cases, sizeof cases / sizeof *cases, check_eigen);
}

static wl_error give_up(void *context) {
  (void)context;
  return wl_error_set(WL_ERROR_STOPPED, "enough");
}

static void test_stopped(void **state) {
  (void)state;
  wl_grid *grid = grid_of(MPI_COMM_WORLD, 4);
  wl_matrix *a = difference_matrix(grid, 23, WL_TRIANGLE_LOWER);
  const wl_eigen_options options = {.name = "stopped", .vectors = true, .between = give_up};
  wl_eigen e;
  assert_int_equal(wl_eigen_decompose(a, WL_TRIANGLE_LOWER, &options, &e), WL_ERROR_STOPPED);
  assert_null(e.values);
  assert_null(e.vectors);
  wl_matrix_destroy(&a);
  wl_grid_destroy(&grid);
}

static void test_not_finite(void **state) {
  (void)state;
  wl_grid *grid = grid_of(MPI_COMM_WORLD, 4);
  for (int vectors = 0; vectors < 2; vectors++) {
    wl_matrix *a = difference_matrix(grid, 23, WL_TRIANGLE_LOWER);
    for (int64_t jl = 0; jl < a->local_columns; jl++)
      for (int64_t il = 0; il < a->local_rows; il++)
        if (wl_matrix_global_row(a, il) == 20 && wl_matrix_global_column(a, jl) == 2)
          a->data[il + jl * a->ld] = NAN;
    wl_eigen e;
    const wl_eigen_options options = {.name = "broken", .seed = 5, .vectors = vectors};
    assert_int_equal(wl_eigen_decompose(a, WL_TRIANGLE_LOWER, &options, &e), WL_ERROR_NUMERICAL);
    assert_non_null(strstr(wl_error_message(), "broken"));
    assert_null(e.values);
    assert_null(e.vectors);
    wl_matrix_destroy(&a);
  }
  wl_grid_destroy(&grid);
}

/* ---- between the quantities -------------------------------------------------------------------------------------- */

/* κ goes with its eigenvalues, whose sum is its trace. */
static void check_trace_of_kappa(const problem *p, wl_spectrum *s) {
  double trace = 0.0, sum = 0.0;
  wl_eigen kappa;
  for (int64_t il = 0; il < wl_kernel_points_count(p->train->row); il++)
    trace += wl_kernel_points_kappa(p->train->row)[il];
  MPI_Allreduce(MPI_IN_PLACE, &trace, 1, MPI_DOUBLE, MPI_SUM, p->train->grid->column_comm);
  assert_int_equal(wl_spectrum_kappa(s, &kappa), WL_OK);
  for (int64_t i = 0; i < p->n; i++) sum += kappa.values[i];
  assert_close("trace of kappa", &sum, &trace, 1);
  wl_eigen_clear(&kappa);
  assert_int_equal(wl_spectrum_kappa(s, &kappa), WL_ERROR_USAGE);
}

/* At t = ∞ what the model predicts, at t = 0 the prior, on panels. */
static void check_limits(const wl_grid *grid, int64_t n) {
  (void)n;
  problem p = problem_create(grid, "more_relu_noise");
  wl_spectrum s = spectrum_of(&p);
  wl_grid panels = wl_grid_for_panels(grid, p.m);
  wl_points *test = points_of(&panels, p.root, "T");
  const wl_training_time_options options = options_of(p.noise);
  wl_model_options model_options = wl_model_options_default();
  model_options.noise_variance = p.noise;
  wl_model *model = NULL;
  wl_prediction exact, end, begin;
  wl_training_time *at = NULL;
  assert_int_equal(wl_model_create(&model_options, p.train, p.targets, &model), WL_OK);
  assert_int_equal(wl_model_factor(model, WL_PRIOR_THETA), WL_OK);
  assert_int_equal(wl_model_predict_batch(model, test, 0, NULL, &exact), WL_OK);
  assert_int_equal(wl_training_time_create(&s, &options, test, 0, &at), WL_OK);
  assert_int_equal(wl_training_time_predict(at, INFINITY, NULL, &end), WL_OK);
  assert_int_equal(wl_training_time_predict(at, 0.0, NULL, &begin), WL_OK);
  assert_close("mean at infinity", end.mean, exact.mean, p.m * p.outputs);
  for (int q = 0; q < AT_TIME_QUANTITIES; q++) {
    const wl_quantity quantity = at_time_quantities[q];
    assert_close(wl_quantity_name(quantity), end.variance[quantity], exact.variance[quantity], p.m);
    for (int64_t j = 0; j < p.m; j++) assert_true(begin.variance[quantity][j] > end.variance[quantity][j]);
  }
  for (int64_t j = 0; j < p.m * p.outputs; j++) assert_true(begin.mean[j] == 0.0);
  assert_true(end.variance[WL_QUANTITY_NTK_GP] == NULL && end.variance[WL_QUANTITY_NNGP] == NULL);
  wl_prediction_clear(&begin);
  wl_prediction_clear(&end);
  wl_prediction_clear(&exact);
  wl_training_time_destroy(&at);
  wl_model_destroy(&model);
  wl_points_destroy(&test);

  check_trace_of_kappa(&p, &s);
  wl_spectrum_clear(&s);
  problem_destroy(&p);
}

static void test_limits(void **state) {
  (void)state;
  on_every_grid(blocks, sizeof blocks / sizeof *blocks, check_limits);
}

/* What finite networks are held against at a time: the same law, made by others from whole matrices on one rank. */
static void check_against_finite(const wl_grid *grid, int64_t n) {
  (void)n;
  problem p = problem_create(grid, "more_relu_noise");
  wl_spectrum s = spectrum_of(&p);
  const wl_training_time_options options = options_of(p.noise);
  const json_t *x = json_object_get(p.root, "X"), *t = json_object_get(p.root, "T");
  const int64_t d = (int64_t)json_array_size(json_array_get(x, 0));
  double *both = malloc(sizeof(double) * (size_t)((p.n + p.m) * d)), *y = numbers(p.root, "Y");
  flatten(t, flatten(x, both));
  const wl_network network = network_of(p.root);
  const wl_problem_data data = {.train = p.n,
                                .test = p.m,
                                .dimension = d,
                                .outputs = p.outputs,
                                .x = both,
                                .y = y}; /* one output: either order */
  wl_problem *finite = NULL;
  wl_training_time *at = NULL;
  wl_prediction prediction;
  assert_int_equal(p.outputs, 1);
  assert_int_equal(wl_problem_create(&network, &data, p.noise, 0.7, &finite), WL_OK);
  assert_int_equal(wl_training_time_create(&s, &options, p.test, 0, &at), WL_OK);
  assert_int_equal(wl_training_time_predict(at, 0.7, NULL, &prediction), WL_OK);
  assert_close("mean of finite", prediction.mean, finite->mean, p.m);
  double *ensemble = malloc(sizeof(double) * (size_t)p.m), *error = malloc(sizeof(double) * (size_t)p.m);
  for (int64_t j = 0; j < p.m; j++) {
    ensemble[j] = finite->ensemble[j * (p.m + 1)];
    error[j] = finite->posterior[j * (p.m + 1)];
  }
  assert_close("ensemble of finite", prediction.variance[WL_QUANTITY_ENSEMBLE], ensemble, p.m);
  assert_close("bayesian_rnd of finite", prediction.variance[WL_QUANTITY_BAYESIAN_RND], error, p.m);
  free(error);
  free(ensemble);
  wl_prediction_clear(&prediction);
  wl_training_time_destroy(&at);
  wl_problem_destroy(&finite);
  free(y);
  free(both);
  wl_spectrum_clear(&s);
  problem_destroy(&p);
}

static void test_finite(void **state) {
  (void)state;
  on_every_grid(blocks + 1, 1, check_against_finite);
}

/* ---- what is refused --------------------------------------------------------------------------------------------- */

/* Rows that repeat: finite times are fine, the limit and paths down to no noise are not. */
static void test_singular(void **state) {
  (void)state;
  wl_grid *grid = grid_of(MPI_COMM_WORLD, 4);
  problem p = problem_create(grid, "more_relu_depth3");
  wl_points_destroy(&p.train);
  double *x = numbers(p.root, "X");
  const json_t *rows = json_object_get(p.root, "X");
  const int64_t dimension = (int64_t)json_array_size(json_array_get(rows, 0));
  memcpy(x + (p.n - 1) * dimension, x, sizeof(double) * (size_t)dimension);
  const wl_network network = network_of(p.root);
  assert_int_equal(wl_points_create(grid, &network, p.n, dimension, x, &p.train), WL_OK);
  wl_spectrum s = spectrum_of(&p);
  const wl_training_time_options options = options_of(0.0);
  wl_training_time *at = NULL;
  wl_prediction prediction;
  wl_noise_point point;
  double likelihood[4];
  assert_int_equal(wl_training_time_create(&s, &options, p.test, 0, &at), WL_OK);
  assert_int_equal(wl_training_time_predict(at, 1.0, NULL, &prediction), WL_OK);
  wl_prediction_clear(&prediction);
  assert_int_equal(wl_training_time_predict(at, INFINITY, NULL, &prediction), WL_ERROR_NUMERICAL);
  assert_non_null(strstr(wl_error_message(), "noise_variance"));
  assert_int_equal(wl_training_time_predict(at, -1.0, NULL, &prediction), WL_ERROR_USAGE);
  assert_int_equal(wl_training_time_predict(at, NAN, NULL, &prediction), WL_ERROR_USAGE);
  assert_int_equal(wl_spectrum_at_noise(&s, 1e-3, 0.0, &point, likelihood), WL_OK);
  assert_int_equal(wl_spectrum_at_noise(&s, 1e-18, 0.0, &point, likelihood), WL_ERROR_NUMERICAL);
  assert_non_null(strstr(wl_error_message(), "noise_path"));
  assert_int_equal(wl_spectrum_at_noise(&s, 0.0, 0.0, &point, likelihood), WL_ERROR_USAGE);
  wl_training_time_destroy(&at);
  wl_spectrum_clear(&s);
  free(x);
  problem_destroy(&p);
  wl_grid_destroy(&grid);
}

static int group(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_eigen),      cmocka_unit_test(test_stopped),
                                     cmocka_unit_test(test_not_finite), cmocka_unit_test(test_reference),
                                     cmocka_unit_test(test_limits),     cmocka_unit_test(test_finite),
                                     cmocka_unit_test(test_singular)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(int argc, char **argv) { return mpi_test_main(argc, argv, group); }
