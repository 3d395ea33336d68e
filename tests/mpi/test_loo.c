/*
 * Leave-one-out against n fits: for every i, a model of all points but i predicts point i.
 *
 *   |value − expected| ≤ 2 ε (n + cond S) scale,  scale the largest prior variance, or the largest |y| for the means,
 *
 * which is how far two factorizations of S can be apart (predict.c); cond S is the condition number that the model estimates.
 */
#include "mpi_test.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/random.h"
#include "inference/loo.h"

typedef struct loo_case {
  int64_t points, dimension, outputs;
  int depth, block;
  double noise, jitter;
  int64_t repeated; /* the last points repeat the first ones */
  bool zero;        /* point 2 is 0, and the network has no bias */
} loo_case;

/* X without the point `without` (−1: all of them). */
typedef struct reading {
  const loo_case *of;
  int64_t first, without;
} reading;

static wl_error read_points(void *context, int64_t first, int64_t count, double *rows) {
  const reading *r = context;
  const loo_case *c = r->of;
  for (int64_t i = 0; i < count; i++) {
    int64_t point = r->first + first + i;
    if (r->without >= 0 && point >= r->without) point++;
    const double scale = c->zero && point == 2 ? 0.0 : 1.0;
    if (point >= c->points - c->repeated) point -= c->points - c->repeated;
    for (int64_t k = 0; k < c->dimension; k++)
      rows[i * c->dimension + k] = scale * wl_random_normal(7, WL_STREAM_PROBE, (uint64_t)point, (uint64_t)k);
  }
  return WL_OK;
}

static double target_of(int64_t i, int64_t j) { return sin((double)(i + 3 * j)) + 0.2 * (double)j; }

/* A model of X without one point, and what it borrows. */
typedef struct fitted {
  wl_points *train;
  wl_matrix *targets;
  wl_model *model;
} fitted;

static wl_points *points_of(const wl_grid *grid, const loo_case *c, reading r, int64_t count) {
  wl_network network = wl_network_default();
  network.depth = c->depth;
  network.sigma_b = c->zero ? 0.0 : 0.5;
  wl_points *points = NULL;
  assert_int_equal(wl_points_read(grid, &network, count, c->dimension, read_points, &r, &points), WL_OK);
  return points;
}

static fitted fit(const wl_grid *grid, const loo_case *c, int64_t without) {
  const int64_t n = c->points - (without >= 0);
  fitted f = {.train = points_of(grid, c, (reading){c, 0, without}, n)};
  assert_int_equal(wl_matrix_create(grid, n, c->outputs, &f.targets), WL_OK);
  for (int64_t jl = 0; jl < f.targets->local_columns; jl++)
    for (int64_t il = 0; il < f.targets->local_rows; il++) {
      const int64_t i = wl_matrix_global_row(f.targets, il);
      f.targets->data[il + jl * f.targets->ld] =
          target_of(without >= 0 && i >= without ? i + 1 : i, wl_matrix_global_column(f.targets, jl));
    }
  wl_model_options options = {.noise_variance = c->noise, .jitter = c->jitter, .seed = 3};
  for (int q = 0; q < WL_QUANTITY_COUNT; q++) options.quantity[q] = true;
  assert_int_equal(wl_model_create(&options, f.train, f.targets, &f.model), WL_OK);
  return f;
}

static void fitted_destroy(fitted *f) {
  wl_model_destroy(&f->model);
  wl_matrix_destroy(&f->targets);
  wl_points_destroy(&f->train);
}

/* The largest deviation of point i's values, over its scale. */
static double deviation_at(int64_t i, const wl_prediction *loo, const wl_prediction *expected, double scale) {
  double worst = 0.0;
  for (int q = 0; q < WL_QUANTITY_COUNT; q++) {
    assert_int_equal(loo->variance[q] != NULL, expected->variance[q] != NULL);
    if (loo->variance[q]) worst = worse(worst, fabs(loo->variance[q][i] - expected->variance[q][0]) / scale);
  }
  assert_int_equal(loo->mean != NULL, expected->mean != NULL);
  for (int64_t j = 0; j < loo->outputs && loo->mean; j++)
    worst = worse(worst, fabs(loo->mean[i * loo->outputs + j] - expected->mean[j]));
  return worst_of_all(isfinite(worst) ? worst : INFINITY);
}

static double largest_prior(const wl_points *train) {
  double largest = 1.0;
  for (int64_t i = 0; i < wl_kernel_points_count(train->row); i++)
    largest = fmax(largest, wl_kernel_points_theta(train->row)[i]);
  return worst_of_all(largest);
}

/* The deviation of all points from fits without them, in units of ε (n + cond S). */
static double deviation_from_fits(const wl_grid *grid, const loo_case *c, wl_prior prior, const fitted *all,
                                  const wl_prediction *loo) {
  const double condition = 1.0 / wl_model_evidence(all->model, prior)->factor.reciprocal_condition;
  const double scale = largest_prior(all->train);
  double worst = 0.0;
  for (int64_t i = 0; i < c->points; i++) {
    fitted left = fit(grid, c, i);
    wl_points *point = points_of(grid, c, (reading){c, i, -1}, 1);
    wl_prediction expected = {0};
    for (int p = 0; p <= (int)prior; p++) assert_int_equal(wl_model_factor(left.model, (wl_prior)p), WL_OK);
    assert_int_equal(wl_model_predict_batch(left.model, point, 0, NULL, &expected), WL_OK);
    worst = worse(worst, deviation_at(i, loo, &expected, scale));
    wl_prediction_clear(&expected);
    wl_points_destroy(&point);
    fitted_destroy(&left);
  }
  return worst / (DBL_EPSILON * ((double)c->points + condition));
}

static void check(const loo_case *c) {
  wl_grid *grid = grid_of(MPI_COMM_WORLD, c->block);
  fitted all = fit(grid, c, -1);
  for (int p = 0; p < WL_PRIOR_COUNT; p++) {
    wl_prediction loo;
    assert_int_equal(wl_model_factor(all.model, (wl_prior)p), WL_OK);
    assert_int_equal(wl_model_leave_one_out(all.model, NULL, &loo), WL_OK);
    assert_int_equal(loo.count, c->points);
    const double deviation = deviation_from_fits(grid, c, (wl_prior)p, &all, &loo);
    if (!(deviation < 2.0)) print_error("prior %d, %d points: %g\n", p, (int)c->points, deviation);
    assert_true(deviation < 2.0);
    wl_prediction_clear(&loo);
  }
  fitted_destroy(&all);
  wl_grid_destroy(&grid);
}

static void test_against_fits(void **state) {
  (void)state;
  static const loo_case cases[] = {
      {.points = 13, .dimension = 3, .outputs = 2, .depth = 3, .block = 4},
      {.points = 16, .dimension = 3, .outputs = 1, .depth = 2, .block = 4, .noise = 0.2, .jitter = 0.1},
      {.points = 7, .dimension = 9, .outputs = 1, .depth = 1, .block = 2, .noise = 0.05},
      {.points = 2, .dimension = 1, .outputs = 1, .depth = 3, .block = 8},
  };
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) check(&cases[k]);
}

/* Rows that repeat, with little noise: what is left out is still known. A point without prior variance: a zero pivot but for s. */
static void test_repeated_and_zero_rows(void **state) {
  (void)state;
  check(&(loo_case){
      .points = 12, .dimension = 3, .outputs = 2, .depth = 3, .block = 4, .noise = 1e-6, .repeated = 3});
  check(&(loo_case){
      .points = 12, .dimension = 3, .outputs = 2, .depth = 3, .block = 4, .jitter = 1e-8, .repeated = 1});
  check(&(loo_case){
      .points = 12, .dimension = 3, .outputs = 1, .depth = 2, .block = 4, .noise = 1e-3, .zero = true});
}

/* More points than a panel has columns, on every grid: to rounding what one rank has. */
static void test_panels(void **state) {
  (void)state;
  static const loo_case c = {.points = 1201, .dimension = 5, .outputs = 2, .depth = 3, .block = 16, .noise = 0.01};
  int ranks;
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  wl_grid *alone = NULL;
  assert_int_equal(wl_grid_create(MPI_COMM_SELF, 1, 1, c.block, &alone), WL_OK);
  fitted reference = fit(alone, &c, -1);
  wl_prediction expected, loo;
  assert_int_equal(wl_model_factor(reference.model, WL_PRIOR_THETA), WL_OK);
  assert_int_equal(wl_model_leave_one_out(reference.model, NULL, &expected), WL_OK);
  const double condition = 1.0 / wl_model_evidence(reference.model, WL_PRIOR_THETA)->factor.reciprocal_condition;
  for (int rows = 1; rows <= ranks; rows++) {
    if (ranks % rows != 0) continue;
    wl_grid *grid = NULL;
    assert_int_equal(wl_grid_create(MPI_COMM_WORLD, rows, ranks / rows, c.block, &grid), WL_OK);
    assert_true(wl_loo_width(c.points, grid->columns, true) < c.points);
    fitted f = fit(grid, &c, -1);
    assert_int_equal(wl_model_factor(f.model, WL_PRIOR_THETA), WL_OK);
    assert_int_equal(wl_model_leave_one_out(f.model, NULL, &loo), WL_OK);
    double worst = 0.0;
    for (int64_t i = 0; i < c.points; i++) {
      worst = worse(worst, fabs(loo.variance[WL_QUANTITY_NTK_GP][i] - expected.variance[WL_QUANTITY_NTK_GP][i]));
      worst =
          worse(worst, fabs(loo.variance[WL_QUANTITY_ENSEMBLE][i] - expected.variance[WL_QUANTITY_ENSEMBLE][i]));
      worst = worse(worst, loo.mean ? fabs(loo.mean[2 * i + 1] - expected.mean[2 * i + 1]) : 0.0);
    }
    assert_true(worst_of_all(worst) < 2.0 * DBL_EPSILON * ((double)c.points + condition) * largest_prior(f.train));
    wl_prediction_clear(&loo);
    fitted_destroy(&f);
    wl_grid_destroy(&grid);
  }
  wl_prediction_clear(&expected);
  fitted_destroy(&reference);
  wl_grid_destroy(&alone);
}

/* The numbers of test points are the same to the last bit before and after: neither factor nor κ has changed. */
static void test_model_is_as_it_was(void **state) {
  (void)state;
  static const loo_case c = {.points = 37, .dimension = 3, .outputs = 2, .depth = 3, .block = 4, .noise = 0.1};
  wl_grid *grid = grid_of(MPI_COMM_WORLD, c.block);
  fitted f = fit(grid, &c, -1);
  wl_points *test = points_of(grid, &c, (reading){&c, 100, -1}, 5);
  for (int p = 0; p < WL_PRIOR_COUNT; p++) {
    wl_prediction before, after, loo;
    assert_int_equal(wl_model_factor(f.model, (wl_prior)p), WL_OK);
    assert_int_equal(wl_model_predict_batch(f.model, test, 0, NULL, &before), WL_OK);
    assert_int_equal(wl_model_leave_one_out(f.model, NULL, &loo), WL_OK);
    assert_int_equal(wl_model_predict_batch(f.model, test, 0, NULL, &after), WL_OK);
    for (int q = 0; q < WL_QUANTITY_COUNT; q++)
      if (before.variance[q]) assert_memory_equal(before.variance[q], after.variance[q], 5 * sizeof(double));
    wl_prediction_clear(&loo);
    wl_prediction_clear(&after);
    wl_prediction_clear(&before);
  }
  wl_points_destroy(&test);
  fitted_destroy(&f);
  wl_grid_destroy(&grid);
}

static wl_error stops_at_once(void *context, int64_t done) {
  *(int64_t *)context = done;
  return WL_ERROR_STOPPED;
}

static void test_stop(void **state) {
  (void)state;
  static const loo_case c = {.points = 701, .dimension = 3, .outputs = 1, .depth = 2, .block = 16, .noise = 0.1};
  wl_grid *grid = grid_of(MPI_COMM_WORLD, c.block);
  fitted f = fit(grid, &c, -1);
  int64_t done = 0;
  const wl_watch watch = {&done, stops_at_once};
  wl_prediction loo;
  assert_int_equal(wl_model_factor(f.model, WL_PRIOR_THETA), WL_OK);
  assert_int_equal(wl_model_leave_one_out(f.model, &watch, &loo), WL_ERROR_STOPPED);
  assert_true(done > 0 && done < c.points);
  assert_null(loo.variance[WL_QUANTITY_NTK_GP]);
  fitted_destroy(&f);
  wl_grid_destroy(&grid);
}

static void test_mixed_precision_is_refused(void **state) {
  (void)state;
  static const loo_case c = {.points = 20, .dimension = 3, .outputs = 1, .depth = 2, .block = 4, .noise = 0.1};
  wl_grid *grid = grid_of(MPI_COMM_WORLD, c.block);
  wl_points *train = points_of(grid, &c, (reading){&c, 0, -1}, c.points);
  wl_matrix *targets = NULL;
  assert_int_equal(wl_matrix_create(grid, c.points, 1, &targets), WL_OK);
  for (int64_t k = 0; k < targets->local_rows * targets->local_columns; k++) targets->data[k] = 1.0;
  wl_model_options options = {.noise_variance = 0.1, .mixed = true};
  options.quantity[WL_QUANTITY_NTK_GP] = true;
  wl_model *model = NULL;
  wl_prediction loo;
  assert_int_equal(wl_model_create(&options, train, targets, &model), WL_OK);
  assert_int_equal(wl_model_factor(model, WL_PRIOR_THETA), WL_OK);
  assert_int_equal(wl_model_leave_one_out(model, NULL, &loo), WL_ERROR_USAGE);
  assert_non_null(strstr(wl_error_message(), "mixed precision"));
  wl_model_destroy(&model);
  wl_matrix_destroy(&targets);
  wl_points_destroy(&train);
  wl_grid_destroy(&grid);
}

static int group(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_against_fits), cmocka_unit_test(test_repeated_and_zero_rows),
      cmocka_unit_test(test_panels),       cmocka_unit_test(test_model_is_as_it_was),
      cmocka_unit_test(test_stop),         cmocka_unit_test(test_mixed_precision_is_refused)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(int argc, char **argv) { return mpi_test_main(argc, argv, group); }
