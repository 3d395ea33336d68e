/*
 * Choices against refitting: with those before appended to the training set, the next has the largest variance of all that
 * are left, which is its score; and so is every variance after the last choice. To
 *
 *   16 ε (n + choices) v,     v the largest variance before any choice.
 */
#include "mpi_test.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/random.h"
#include "inference/select.h"

typedef struct select_case {
  int64_t train, pool, count;
  int depth, block;
  double noise, jitter;
  int64_t
      repeated; /* the last points of the pool repeat its first ones, and the one before them a training point */
  bool all;     /* the model has all quantities, not only that of the choice */
} select_case;

enum { DIMENSION = 3 };

static double rounding_bound(const select_case *c, double largest) {
  return 16.0 * DBL_EPSILON * (double)(c->train + c->count) * largest;
}

/* Points: those of the training set, then those of the pool. `picks` follow `train` points. */
typedef struct reading {
  const select_case *of;
  int64_t train, offset;
  const int64_t *picks;
} reading;

static wl_error read_points(void *context, int64_t first, int64_t count, double *rows) {
  const reading *r = context;
  const select_case *c = r->of;
  for (int64_t i = 0; i < count; i++) {
    int64_t point = first + i >= r->train ? c->train + r->picks[first + i - r->train] : r->offset + first + i;
    if (c->repeated > 0 && point == c->train + c->pool - c->repeated - 1) point = 0;
    if (point >= c->train + c->pool - c->repeated) point -= c->pool - c->repeated;
    for (int64_t k = 0; k < DIMENSION; k++)
      rows[i * DIMENSION + k] = wl_random_normal(7, WL_STREAM_PROBE, (uint64_t)point, (uint64_t)k);
  }
  return WL_OK;
}

static wl_points *points_of(const wl_grid *grid, const select_case *c, reading r, int64_t count) {
  wl_network network = wl_network_default();
  network.depth = c->depth;
  network.sigma_b = 0.5;
  wl_points *points = NULL;
  assert_int_equal(wl_points_read(grid, &network, count, DIMENSION, read_points, &r, &points), WL_OK);
  return points;
}

/* The training set with `picks` appended, under the prior of `by`. */
typedef struct fitted {
  wl_points *train;
  wl_matrix *targets;
  wl_model *model;
} fitted;

static fitted fit(const wl_grid *grid, const select_case *c, wl_quantity by, const int64_t *picks, int64_t count) {
  const int64_t n = c->train + count;
  fitted f = {.train = points_of(grid, c, (reading){c, c->train, 0, picks}, n)};
  assert_int_equal(wl_matrix_create(grid, n, 1, &f.targets), WL_OK);
  for (int64_t k = 0; k < f.targets->local_rows * f.targets->local_columns; k++) f.targets->data[k] = 1.0;
  wl_model_options options = {.noise_variance = c->noise, .jitter = c->jitter, .seed = 3};
  for (int q = 0; q < WL_QUANTITY_COUNT; q++) options.quantity[q] = c->all || q == (int)by;
  assert_int_equal(wl_model_create(&options, f.train, f.targets, &f.model), WL_OK);
  if (c->all || by != WL_QUANTITY_NNGP) assert_int_equal(wl_model_factor(f.model, WL_PRIOR_THETA), WL_OK);
  if (by == WL_QUANTITY_NNGP) assert_int_equal(wl_model_factor(f.model, WL_PRIOR_KAPPA), WL_OK);
  return f;
}

static void fitted_destroy(fitted *f) {
  wl_model_destroy(&f->model);
  wl_matrix_destroy(&f->targets);
  wl_points_destroy(&f->train);
}

static reading pool_of(const select_case *c) { return (reading){c, c->pool, c->train, NULL}; }

/* All variances of the pool after the first `count` choices: pool numbers, owned by the caller. */
static double *refitted(const wl_grid *grid, const select_case *c, wl_quantity by, const int64_t *picks,
                        int64_t count) {
  fitted f = fit(grid, c, by, picks, count);
  wl_points *pool = points_of(grid, c, pool_of(c), c->pool);
  wl_prediction p = {0};
  assert_int_equal(wl_model_predict_batch(f.model, pool, 0, NULL, &p), WL_OK);
  double *variance = p.variance[by];
  p.variance[by] = NULL;
  wl_prediction_clear(&p);
  wl_points_destroy(&pool);
  fitted_destroy(&f);
  return variance;
}

static double largest_of(int64_t count, const double *x) {
  double largest = 0.0;
  for (int64_t i = 0; i < count; i++) largest = fmax(largest, x[i]);
  return largest;
}

static double sum(int64_t count, const double *x) {
  double total = 0.0;
  for (int64_t i = 0; i < count; i++) total += x[i];
  return total;
}

/* The first among the largest of what is left. */
static int64_t expected_choice(const select_case *c, const double *variance, const int64_t *picks, int64_t count) {
  int64_t best = -1;
  for (int64_t i = 0; i < c->pool; i++) {
    bool left = true;
    for (int64_t k = 0; k < count; k++) left = left && picks[k] != i;
    if (left && (best < 0 || variance[i] > variance[best] * (1.0 + 1e-12))) best = i;
  }
  return best;
}

static void check_choices(const wl_grid *grid, const select_case *c, wl_quantity by, const wl_selection *s) {
  double total = 0.0, bound = 0.0;
  for (int64_t k = 0; k <= s->count; k++) {
    double *variance = refitted(grid, c, by, s->index, k);
    if (k == 0) {
      total = sum(c->pool, variance);
      bound = rounding_bound(c, largest_of(c->pool, variance));
      for (int64_t i = 0; i < c->pool; i++) assert_true(fabs(s->before[i] - variance[i]) < bound);
    } else {
      assert_true(fabs(s->gain[k - 1] - (total - sum(c->pool, variance))) < bound * (double)c->pool);
    }
    if (k == s->count) {
      for (int64_t i = 0; i < c->pool; i++) assert_true(fabs(s->after[i] - variance[i]) < bound);
    } else {
      assert_int_equal(s->index[k], expected_choice(c, variance, s->index, k));
      assert_true(fabs(s->score[k] - variance[s->index[k]]) < bound);
    }
    free(variance);
  }
}

static wl_selection selection_of(const wl_grid *grid, const select_case *c, wl_quantity by, wl_select_rule rule) {
  fitted f = fit(grid, c, by, NULL, 0);
  const wl_grid panels = wl_grid_for_panels(grid, c->pool);
  wl_points *pool = points_of(&panels, c, pool_of(c), c->pool);
  const wl_select_options options = {.by = by, .rule = rule, .count = c->count};
  wl_selection s;
  const wl_error error = wl_model_select(f.model, pool, &options, &s);
  if (error != WL_OK) print_error("%s\n", wl_error_message());
  assert_int_equal(error, WL_OK);
  wl_points_destroy(&pool);
  fitted_destroy(&f);
  return s;
}

static const wl_quantity all_four[] = {WL_QUANTITY_NTK_GP, WL_QUANTITY_NNGP, WL_QUANTITY_RND,
                                       WL_QUANTITY_ENSEMBLE};

static void test_against_refitting(void **state) {
  (void)state;
  static const select_case cases[] = {
      {.train = 11, .pool = 23, .count = 8, .depth = 3, .block = 4},
      {.train = 13, .pool = 17, .count = 6, .depth = 2, .block = 4, .noise = 0.2, .jitter = 0.1, .all = true},
      {.train = 3, .pool = 5, .count = 5, .depth = 3, .block = 8, .noise = 0.01},
      {.train = 9, .pool = 50, .count = 40, .depth = 3, .block = 4, .noise = 0.05}, /* more than one pass */
      {.train = 11, .pool = 23, .count = 8, .depth = 3, .block = 4, .noise = 0.01, .repeated = 3},
  };
  wl_grid *grid = NULL;
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    grid = grid_of(MPI_COMM_WORLD, cases[k].block);
    for (int q = 0; q < 4; q++) {
      wl_selection s = selection_of(grid, &cases[k], all_four[q], WL_SELECT_VARIANCE);
      check_choices(grid, &cases[k], all_four[q], &s);
      wl_selection_clear(&s);
    }
    wl_grid_destroy(&grid);
  }
}

/* Without noise, what coincides with a choice or a training point has nothing left, and choosing it changes nothing. */
static void test_coinciding_points(void **state) {
  (void)state;
  static const select_case c = {.train = 6, .pool = 9, .count = 9, .depth = 3, .block = 2, .repeated = 3};
  wl_grid *grid = grid_of(MPI_COMM_WORLD, c.block);
  for (int q = 0; q < 4; q++) {
    wl_selection s = selection_of(grid, &c, all_four[q], WL_SELECT_VARIANCE);
    for (int64_t k = 0; k < 5; k++) assert_true(s.index[k] < 5 && s.score[k] > 1e-3);
    const double bound = rounding_bound(&c, largest_of(c.pool, s.before));
    for (int64_t k = 5; k < 9; k++) assert_true(s.index[k] >= 5 && s.score[k] < bound);
    for (int64_t i = 0; i < c.pool; i++) assert_true(s.after[i] < bound);
    wl_selection_clear(&s);
  }
  wl_grid_destroy(&grid);
}

/* ½ log(1 + v/σ²) of each choice is half the change of log det S. */
static void test_information(void **state) {
  (void)state;
  static const select_case c = {.train = 7, .pool = 12, .count = 4, .depth = 3, .block = 4, .noise = 0.05};
  wl_grid *grid = grid_of(MPI_COMM_WORLD, c.block);
  wl_selection s = selection_of(grid, &c, WL_QUANTITY_NTK_GP, WL_SELECT_INFORMATION);
  fitted none = fit(grid, &c, WL_QUANTITY_NTK_GP, NULL, 0);
  const double before = wl_model_evidence(none.model, WL_PRIOR_THETA)->factor.log_determinant;
  for (int64_t k = 1; k <= c.count; k++) {
    fitted f = fit(grid, &c, WL_QUANTITY_NTK_GP, s.index, k);
    const double after = wl_model_evidence(f.model, WL_PRIOR_THETA)->factor.log_determinant;
    const double gain = 0.5 * (after - before - (double)k * log(c.noise));
    assert_true(fabs(s.gain[k - 1] - gain) < rounding_bound(&c, s.score[0] / c.noise));
    fitted_destroy(&f);
  }
  fitted_destroy(&none);
  wl_selection_clear(&s);
  wl_grid_destroy(&grid);
}

static wl_error stops_at_two(void *context, int64_t done) {
  (void)context;
  return done == 2 ? wl_error_set(WL_ERROR_STOPPED, "stopped at 2") : WL_OK;
}

static void expect_error(wl_model *model, const wl_points *pool, wl_select_options options, wl_error expected,
                         const char *text) {
  wl_selection s;
  assert_int_equal(wl_model_select(model, pool, &options, &s), expected);
  assert_non_null(strstr(wl_error_message(), text));
  assert_null(s.index);
}

static void test_errors(void **state) {
  (void)state;
  static const select_case c = {.train = 7, .pool = 12, .count = 4, .depth = 3, .block = 4};
  wl_grid *grid = grid_of(MPI_COMM_WORLD, c.block);
  fitted f = fit(grid, &c, WL_QUANTITY_NTK_GP, NULL, 0);
  wl_points *pool = points_of(grid, &c, pool_of(&c), c.pool);
  const wl_watch watch = {NULL, stops_at_two};
  expect_error(f.model, pool, (wl_select_options){.by = WL_QUANTITY_NTK_GP, .count = 4, .watch = &watch},
               WL_ERROR_STOPPED, "stopped at 2");
  expect_error(f.model, pool, (wl_select_options){.by = WL_QUANTITY_NTK_GP, .count = 13}, WL_ERROR_USAGE,
               "13 points cannot be chosen from a pool of 12");
  expect_error(f.model, pool, (wl_select_options){.by = WL_QUANTITY_NNGP, .count = 4}, WL_ERROR_USAGE, "nngp");
  expect_error(f.model, pool,
               (wl_select_options){.by = WL_QUANTITY_NTK_GP, .rule = WL_SELECT_INFORMATION, .count = 4},
               WL_ERROR_USAGE, "noise_variance");
  wl_points_destroy(&pool);
  fitted_destroy(&f);
  wl_grid_destroy(&grid);
}

static int group(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_refitting),
                                     cmocka_unit_test(test_coinciding_points), cmocka_unit_test(test_information),
                                     cmocka_unit_test(test_errors)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(int argc, char **argv) { return mpi_test_main(argc, argv, group); }
