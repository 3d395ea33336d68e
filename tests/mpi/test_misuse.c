/*
 * The public interface called wrongly: each call returns the code and a message that names what is wrong, on every rank, and
 * leaves the objects as they were. And, called rightly in unusual ways: points from every rank, own communicators.
 */
#include "mpi_test.h"

#include <malloc.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "inference/model.h"
#include "widelimit/widelimit.h"

enum { TRAIN = 7, TEST = 3, DIMENSION = 2, OUTPUTS = 2 };

/* What is right, for calls in which one thing is wrong. */
typedef struct fixture {
  wl_network network;
  wl_grid *grid, *other; /* two grids of the same ranks */
  wl_points *train, *test, *strange;
  wl_matrix *targets;
  double x[TRAIN * DIMENSION];
} fixture;

static double value(int64_t i) { return sin(1.0 + 3.0 * (double)i); }

static int create_fixture(void **state) {
  fixture *f = calloc(1, sizeof *f);
  double y[TRAIN * OUTPUTS];
  f->network = wl_network_default();
  f->grid = grid_of(MPI_COMM_WORLD, 2);
  f->other = grid_of(MPI_COMM_WORLD, 2);
  for (int i = 0; i < TRAIN * DIMENSION; i++) f->x[i] = value(i);
  for (int i = 0; i < TRAIN * OUTPUTS; i++) y[i] = value(100 + i);
  assert_int_equal(wl_points_create(f->grid, &f->network, TRAIN, DIMENSION, f->x, &f->train), WL_OK);
  assert_int_equal(wl_points_create(f->grid, &f->network, TEST, DIMENSION, y, &f->test), WL_OK);
  assert_int_equal(wl_points_create(f->other, &f->network, TEST, DIMENSION, y, &f->strange), WL_OK);
  assert_int_equal(wl_matrix_create(f->grid, TRAIN, OUTPUTS, &f->targets), WL_OK);
  assert_int_equal(wl_matrix_scatter(f->targets, y), WL_OK);
  *state = f;
  return 0;
}

static int destroy_fixture(void **state) {
  fixture *f = *state;
  wl_matrix_destroy(&f->targets);
  wl_points_destroy(&f->strange);
  wl_points_destroy(&f->test);
  wl_points_destroy(&f->train);
  wl_grid_destroy(&f->other);
  wl_grid_destroy(&f->grid);
  free(f);
  return 0;
}

static void check_refused(wl_error error, wl_error expected, const char *part, int line) {
  const bool right = error == expected && strstr(wl_error_message(), part);
  if (!right && rank_of(MPI_COMM_WORLD) == 0)
    print_error("line %d: %s, '%s'; expected %s with '%s'\n", line, wl_error_text(error), wl_error_message(),
                wl_error_text(expected), part);
  assert_true(worst_of_all(right ? 0.0 : 1.0) == 0.0);
}

/* That a call is refused with this code, and a message in which this text stands. */
#define REFUSED(error, text, call) check_refused((call), WL_ERROR_##error, text, __LINE__)

static void test_null(void **state) {
  fixture *f = *state;
  wl_grid *grid;
  wl_points *points;
  wl_matrix *matrix = NULL;
  wl_model *model;
  wl_sampler *sampler;
  wl_prediction p;
  wl_certificate c;
  const wl_model_options options = wl_model_options_default();
  const wl_sampler_options draws = wl_sampler_options_default();
  const wl_certify_options certify = wl_certify_options_default();
  double out;
  REFUSED(USAGE, "NULL", wl_grid_create(MPI_COMM_WORLD, 0, 0, 1, NULL));
  REFUSED(USAGE, "MPI_COMM_NULL", wl_grid_create(MPI_COMM_NULL, 0, 0, 1, &grid));
  REFUSED(USAGE, "grid is NULL", wl_matrix_create(NULL, 1, 1, &matrix));
  REFUSED(USAGE, "NULL", wl_matrix_create(f->grid, 1, 1, NULL));
  REFUSED(USAGE, "matrix is NULL", wl_matrix_scatter(NULL, f->x));
  REFUSED(USAGE, "values is NULL", wl_matrix_scatter(f->targets, NULL));
  REFUSED(USAGE, "values is NULL", wl_matrix_gather(f->targets, NULL));
  REFUSED(USAGE, "network is NULL", wl_network_kernel(NULL, 1, 1, f->x, 1, f->x, &out, NULL));
  REFUSED(USAGE, "x is NULL", wl_network_kernel(&f->network, 1, 1, NULL, 1, f->x, &out, NULL));
  REFUSED(USAGE, "grid is NULL", wl_points_create(NULL, &f->network, TRAIN, DIMENSION, f->x, &points));
  REFUSED(USAGE, "network is NULL", wl_points_create(f->grid, NULL, TRAIN, DIMENSION, f->x, &points));
  REFUSED(USAGE, "x is NULL", wl_points_create(f->grid, &f->network, TRAIN, DIMENSION, NULL, &points));
  REFUSED(USAGE, "NULL", wl_points_create(f->grid, &f->network, TRAIN, DIMENSION, f->x, NULL));
  REFUSED(USAGE, "read is NULL", wl_points_read(f->grid, &f->network, TRAIN, DIMENSION, NULL, NULL, &points));
  REFUSED(USAGE, "y is NULL", wl_points_kernel(f->train, NULL, NULL, NULL));
  REFUSED(USAGE, "options is NULL", wl_model_create(NULL, f->train, f->targets, &model));
  REFUSED(USAGE, "train is NULL", wl_model_create(&options, NULL, f->targets, &model));
  REFUSED(USAGE, "targets is NULL", wl_model_create(&options, f->train, NULL, &model));
  REFUSED(USAGE, "NULL", wl_model_create(&options, f->train, f->targets, NULL));
  REFUSED(USAGE, "model is NULL", wl_model_factor(NULL, WL_PRIOR_THETA));
  REFUSED(USAGE, "model is NULL", wl_model_solve_targets(NULL));
  REFUSED(USAGE, "model is NULL", wl_model_predict(NULL, f->test, NULL, &p));
  REFUSED(USAGE, "test is NULL", wl_sampler_create(&draws, f->train, NULL, f->targets, &sampler));
  REFUSED(USAGE, "sampler is NULL", wl_sampler_draw(NULL, WL_DRAW_RND, 0, f->targets));
  REFUSED(USAGE, "certificate is NULL", wl_certify(&certify, f->train, f->test, f->targets, NULL));
  REFUSED(USAGE, "test is NULL", wl_certify(&certify, f->train, NULL, f->targets, &c));
  wl_activation activation;
  REFUSED(USAGE, "network is NULL", wl_network_check(NULL));
  REFUSED(USAGE, "name is NULL", wl_activation_find(NULL, &activation));
  REFUSED(USAGE, "activation is NULL", wl_activation_find("relu", NULL));
}

/* What returns no error has an answer all the same. */
static void test_no_such_thing(void **state) {
  (void)state;
  int rows = 7, columns = 7;
  int64_t m = 7, n = 7, ld = 7;
  assert_null(wl_model_evidence(NULL, WL_PRIOR_THETA));
  assert_int_equal(wl_points_count(NULL), 0);
  assert_int_equal(wl_grid_rank(NULL), -1);
  wl_grid_shape(NULL, &rows, &columns);
  assert_true(rows == 0 && columns == 0);
  wl_matrix_shape(NULL, &m, &n);
  assert_true(m == 0 && n == 0);
  m = n = 7;
  assert_null(wl_matrix_local(NULL, &m, &n, &ld));
  assert_true(m == 0 && n == 0 && ld == 0);
  assert_int_equal(wl_grid_choose_block(0, 0), 16);
  for (int k = -1; k < 99; k += 99) { /* below the first, above the last */
    assert_string_equal(wl_quantity_name((wl_quantity)k), "unknown");
    assert_string_equal(wl_quantity_text((wl_quantity)k), "unknown");
    assert_string_equal(wl_activation_name((wl_activation)k), "unknown");
    assert_string_equal(wl_draw_name((wl_draw)k), "unknown");
    assert_string_equal(wl_engine_name((wl_engine)k), "unknown");
    assert_string_equal(wl_test_name_of((wl_test_name)k), "unknown");
    assert_string_equal(wl_test_text((wl_test_name)k), "unknown");
    assert_int_equal(wl_test_claim((wl_test_name)k), 0);
    assert_string_equal(wl_claim_text(k, false), "unknown");
  }
}

static void test_destroy_nothing(void **state) {
  (void)state;
  wl_grid *grid = NULL;
  wl_points *points = NULL;
  wl_matrix *matrix = NULL;
  wl_model *model = NULL;
  wl_sampler *sampler = NULL;
  wl_grid_destroy(&grid), wl_grid_destroy(NULL);
  wl_points_destroy(&points), wl_points_destroy(NULL);
  wl_matrix_destroy(&matrix), wl_matrix_destroy(NULL);
  wl_model_destroy(&model), wl_model_destroy(NULL);
  wl_sampler_destroy(&sampler), wl_sampler_destroy(NULL);
  wl_prediction_clear(NULL);
}

static void test_wrong_numbers(void **state) {
  fixture *f = *state;
  wl_points *points;
  wl_matrix *matrix;
  wl_grid *grid;
  wl_network network = f->network;
  REFUSED(CONFIG, "block", wl_grid_create(MPI_COMM_WORLD, 0, 0, 0, &grid));
  REFUSED(CONFIG, "number of ranks", wl_grid_create(MPI_COMM_WORLD, 97, 97, 1, &grid));
  REFUSED(USAGE, "-1", wl_matrix_create(f->grid, -1, 1, &matrix));
  REFUSED(USAGE, "dimension is 0", wl_points_create(f->grid, &network, TRAIN, 0, f->x, &points));
  REFUSED(USAGE, "count is -3", wl_points_create(f->grid, &network, -3, DIMENSION, f->x, &points));
  network.depth = 0;
  REFUSED(CONFIG, "depth", wl_points_create(f->grid, &network, TRAIN, DIMENSION, f->x, &points));
  network.depth = 3;
  network.sigma_w = -1.0;
  REFUSED(CONFIG, "sigma_w", wl_points_create(f->grid, &network, TRAIN, DIMENSION, f->x, &points));
  double bad[TRAIN * DIMENSION];
  memcpy(bad, f->x, sizeof bad);
  bad[2 * DIMENSION] = NAN;
  REFUSED(NUMERICAL, "point 3", wl_points_create(f->grid, &f->network, TRAIN, DIMENSION, bad, &points));
  assert_null(points);
}

static void test_wrong_options(void **state) {
  fixture *f = *state;
  wl_model *model;
  wl_sampler *sampler;
  wl_certificate c;
  wl_model_options options = wl_model_options_default();
  options.noise_variance = -1e-3;
  REFUSED(USAGE, "noise_variance is -0.001", wl_model_create(&options, f->train, f->targets, &model));
  options.noise_variance = NAN;
  REFUSED(USAGE, "noise_variance is", wl_model_create(&options, f->train, f->targets, &model));
  options.noise_variance = 0.0;
  options.jitter = -1.0;
  REFUSED(USAGE, "jitter is -1", wl_model_create(&options, f->train, f->targets, &model));
  wl_sampler_options draws = wl_sampler_options_default();
  draws.noise_variance = -1.0;
  REFUSED(USAGE, "noise_variance is -1", wl_sampler_create(&draws, f->train, f->test, f->targets, &sampler));
  wl_certify_options certify = wl_certify_options_default();
  certify.replicates = 1;
  REFUSED(USAGE, "replicates", wl_certify(&certify, f->train, f->test, f->targets, &c));
  certify = wl_certify_options_default();
  certify.false_alarm = 1.0;
  REFUSED(USAGE, "false_alarm is 1", wl_certify(&certify, f->train, f->test, f->targets, &c));
}

static void test_wrong_shapes_and_grids(void **state) {
  fixture *f = *state;
  const wl_model_options options = wl_model_options_default();
  const wl_sampler_options draws = wl_sampler_options_default();
  wl_model *model;
  wl_sampler *sampler;
  wl_matrix *few = NULL, *elsewhere = NULL;
  wl_points *plane = NULL;
  assert_int_equal(wl_matrix_create(f->grid, TRAIN - 1, OUTPUTS, &few), WL_OK);
  assert_int_equal(wl_matrix_create(f->other, TRAIN, OUTPUTS, &elsewhere), WL_OK);
  assert_int_equal(wl_points_create(f->grid, &f->network, TEST, 1, f->x, &plane), WL_OK);
  REFUSED(USAGE, "6 × 2 for 7", wl_model_create(&options, f->train, few, &model));
  REFUSED(USAGE, "another grid", wl_model_create(&options, f->train, elsewhere, &model));
  REFUSED(USAGE, "one grid", wl_sampler_create(&draws, f->train, f->strange, f->targets, &sampler));
  REFUSED(USAGE, "dimensions 2 and 1", wl_sampler_create(&draws, f->train, plane, f->targets, &sampler));
  REFUSED(USAGE, "different grids", wl_points_kernel(f->train, f->strange, NULL, NULL));
  REFUSED(USAGE, "kappa must be 7 × 3", wl_points_kernel(f->train, f->test, few, NULL));
  wl_points_destroy(&plane);
  wl_matrix_destroy(&elsewhere);
  wl_matrix_destroy(&few);
}

/* Refused predictions leave a model that predicts. */
static void test_order(void **state) {
  fixture *f = *state;
  wl_model_options options = wl_model_options_default();
  wl_model *model = NULL;
  wl_prediction p;
  wl_network deeper = f->network;
  deeper.depth = 4;
  wl_points *deep = NULL;
  assert_int_equal(wl_points_create(f->grid, &deeper, TEST, DIMENSION, f->x, &deep), WL_OK);
  assert_int_equal(wl_model_create(&options, f->train, f->targets, &model), WL_OK);
  REFUSED(USAGE, "not factored", wl_model_predict(model, f->test, NULL, &p));
  assert_null(wl_model_evidence(model, WL_PRIOR_THETA));
  REFUSED(USAGE, "no prior", wl_model_factor(model, (wl_prior)9));
  assert_int_equal(wl_model_factor(model, WL_PRIOR_THETA), WL_OK);
  REFUSED(USAGE, "factored already", wl_model_factor(model, WL_PRIOR_THETA));
  REFUSED(USAGE, "different grids", wl_model_predict(model, f->strange, NULL, &p));
  REFUSED(USAGE, "different networks", wl_model_predict(model, deep, NULL, &p));
  REFUSED(USAGE, "covariance must be 3 × 3", wl_model_predict(model, f->test, f->targets, &p));
  assert_int_equal(wl_model_predict(model, f->test, NULL, &p), WL_OK);
  REFUSED(USAGE, "no variances", wl_prediction_covariance(&p, f->targets, WL_QUANTITY_NNGP, NULL));
  REFUSED(USAGE, "not of this prediction", wl_prediction_covariance(&p, f->targets, WL_QUANTITY_RND, NULL));
  wl_prediction_clear(&p);
  assert_int_equal(wl_model_factor(model, WL_PRIOR_KAPPA), WL_OK);
  assert_int_equal(wl_model_predict(model, f->test, NULL, &p), WL_OK);
  assert_true(p.prior == WL_PRIOR_KAPPA && p.variance[WL_QUANTITY_NNGP] && !p.variance[WL_QUANTITY_NTK_GP]);
  wl_prediction_clear(&p);
  wl_model_destroy(&model);

  assert_int_equal(wl_model_create(&options, f->train, f->targets, &model), WL_OK);
  assert_int_equal(wl_model_factor(model, WL_PRIOR_KAPPA), WL_OK);
  REFUSED(USAGE, "before kappa", wl_model_factor(model, WL_PRIOR_THETA));
  wl_model_destroy(&model);

  options.quantity[WL_QUANTITY_NNGP] = false;
  assert_int_equal(wl_model_create(&options, f->train, f->targets, &model), WL_OK);
  REFUSED(USAGE, "rests on kappa", wl_model_factor(model, WL_PRIOR_KAPPA));
  wl_model_destroy(&model);
  wl_points_destroy(&deep);
}

static void test_wrong_draws(void **state) {
  fixture *f = *state;
  const wl_sampler_options options = {.noise_variance = 0.1, .seed = 3};
  wl_sampler *sampler = NULL;
  wl_matrix *out = NULL;
  assert_int_equal(wl_sampler_create(&options, f->train, f->test, f->targets, &sampler), WL_OK);
  assert_int_equal(wl_matrix_create(f->grid, TEST, 4, &out), WL_OK);
  REFUSED(USAGE, "3 rows", wl_sampler_draw(sampler, WL_DRAW_RND, 0, f->targets));
  REFUSED(USAGE, "out is NULL", wl_sampler_draw(sampler, WL_DRAW_RND, 0, NULL));
  REFUSED(USAGE, "from 0", wl_sampler_draw(sampler, WL_DRAW_RND, -1, out));
  REFUSED(USAGE, "no kind", wl_sampler_draw(sampler, (wl_draw)9, 0, out));
  for (int kind = 0; kind < WL_DRAW_COUNT; kind++)
    assert_int_equal(wl_sampler_draw(sampler, (wl_draw)kind, 0, out), WL_OK);
  wl_matrix_destroy(&out);
  wl_sampler_destroy(&sampler);
}

/* What one rank alone does wrong, all are told. */
static void test_wrong_on_one_rank(void **state) {
  fixture *f = *state;
  const int rank = rank_of(MPI_COMM_WORLD);
  int size;
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  const bool wrong = rank == size - 1;
  wl_points *points;
  REFUSED(USAGE, "x is NULL for 1 points",
          wl_points_create_distributed(f->grid, &f->network, 1, DIMENSION, wrong ? NULL : f->x, &points));
  REFUSED(USAGE, "count is -1",
          wl_points_create_distributed(f->grid, &f->network, wrong ? -1 : 1, DIMENSION, f->x, &points));
  assert_null(points);
}

/* Rank r has r points (all ranks but the first some): the same kernel, bit for bit, as from an array on rank 0. */
static void test_points_from_all_ranks(void **state) {
  fixture *f = *state;
  int rank, size;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  const int64_t total = (int64_t)size * (size - 1) / 2, first = (int64_t)rank * (rank - 1) / 2;
  double *all = malloc(sizeof(double) * (size_t)(total * DIMENSION + 1));
  for (int64_t i = 0; i < total * DIMENSION; i++) all[i] = value(i);
  wl_points *from_root = NULL, *from_all = NULL;
  wl_matrix *kernel[2] = {NULL, NULL};
  assert_int_equal(wl_points_create(f->grid, &f->network, total, DIMENSION, all, &from_root), WL_OK);
  assert_int_equal(
      wl_points_create_distributed(f->grid, &f->network, rank, DIMENSION, all + first * DIMENSION, &from_all),
      WL_OK);
  assert_int_equal(wl_points_count(from_all), total);
  for (int k = 0; k < 2; k++) {
    assert_int_equal(wl_matrix_create(f->grid, total, TEST, &kernel[k]), WL_OK);
    assert_int_equal(wl_points_kernel(k ? from_all : from_root, f->test, NULL, kernel[k]), WL_OK);
  }
  const size_t bytes = sizeof(double) * (size_t)(kernel[0]->local_rows * kernel[0]->local_columns);
  const int different = bytes > 0 && memcmp(kernel[0]->data, kernel[1]->data, bytes) != 0;
  assert_true(worst_of_all(different) == 0.0);
  for (int k = 0; k < 2; k++) wl_matrix_destroy(&kernel[k]);
  wl_points_destroy(&from_all);
  wl_points_destroy(&from_root);
  free(all);
}

/* Two sets that become one: the same kernel, bit for bit, as of one array. */
static void test_joined_points(void **state) {
  fixture *f = *state;
  enum { FIRST = 9, ALL = 14 };
  double x[ALL * DIMENSION];
  wl_points *apart[2], *joined = NULL, *together = NULL;
  wl_matrix *kernel[2] = {NULL, NULL};
  for (int i = 0; i < ALL * DIMENSION; i++) x[i] = value(i);
  assert_int_equal(wl_points_create(f->grid, &f->network, FIRST, DIMENSION, x, &apart[0]), WL_OK);
  assert_int_equal(
      wl_points_create(f->grid, &f->network, ALL - FIRST, DIMENSION, x + FIRST * DIMENSION, &apart[1]), WL_OK);
  assert_int_equal(wl_points_create(f->grid, &f->network, ALL, DIMENSION, x, &together), WL_OK);
  assert_int_equal(wl_points_join(apart[0], apart[1], &joined), WL_OK);
  for (int k = 0; k < 2; k++) {
    assert_int_equal(wl_matrix_create(f->grid, ALL, ALL, &kernel[k]), WL_OK);
    assert_int_equal(wl_points_kernel(k ? joined : together, k ? joined : together, kernel[k], NULL), WL_OK);
  }
  const size_t bytes = sizeof(double) * (size_t)(kernel[0]->local_rows * kernel[0]->local_columns);
  const int different = bytes > 0 && memcmp(kernel[0]->data, kernel[1]->data, bytes) != 0;
  assert_true(worst_of_all(different) == 0.0);
  for (int k = 0; k < 2; k++) wl_matrix_destroy(&kernel[k]), wl_points_destroy(&apart[k]);
  wl_points_destroy(&joined);
  wl_points_destroy(&together);
}

/* Rows go out from rank 0 and come back in the same order; entries filled by their global indices are where they belong. */
static void test_scatter_and_gather(void **state) {
  fixture *f = *state;
  enum { ROWS = 11, COLUMNS = 5 };
  double in[ROWS * COLUMNS], out[ROWS * COLUMNS];
  int64_t rows, columns, ld, i, j;
  wl_matrix *a = NULL;
  assert_int_equal(wl_matrix_create(f->grid, ROWS, COLUMNS, &a), WL_OK);
  for (int k = 0; k < ROWS * COLUMNS; k++) in[k] = value(k);
  const bool root = wl_grid_rank(f->grid) == 0;
  assert_int_equal(wl_matrix_scatter(a, root ? in : NULL), WL_OK);
  assert_int_equal(wl_matrix_gather(a, root ? out : NULL), WL_OK);
  assert_true(from_root(root ? memcmp(in, out, sizeof in) : 0) == 0.0);
  double *share = wl_matrix_local(a, &rows, &columns, &ld), wrong = 0.0;
  for (int64_t jl = 0; jl < columns; jl++)
    for (int64_t il = 0; il < rows; il++) {
      wl_matrix_local_to_global(a, il, jl, &i, &j);
      wrong += share[il + jl * ld] != value(i * COLUMNS + j);
    }
  assert_true(worst_of_all(wrong) == 0.0);
  wl_matrix_destroy(&a);
}

/* Covariances made whole: symmetric, with the variances on the diagonal, rnd twice ensemble. */
static void test_covariances(void **state) {
  fixture *f = *state;
  const wl_model_options options = wl_model_options_default();
  wl_model *model = NULL;
  wl_matrix *packed = NULL;
  wl_prediction p;
  double all[WL_QUANTITY_NNGP][TEST][TEST];
  assert_int_equal(wl_matrix_create(f->grid, TEST, TEST, &packed), WL_OK);
  assert_int_equal(wl_model_create(&options, f->train, f->targets, &model), WL_OK);
  assert_int_equal(wl_model_factor(model, WL_PRIOR_THETA), WL_OK);
  assert_int_equal(wl_model_predict(model, f->test, packed, &p), WL_OK);
  for (int q = 0; q < WL_QUANTITY_NNGP; q++)
    assert_int_equal(wl_prediction_covariance(&p, packed, (wl_quantity)q, &all[q][0][0]), WL_OK);
  double wrong = 0.0;
  for (int i = 0; i < TEST && wl_grid_rank(f->grid) == 0; i++)
    for (int j = 0; j < TEST; j++) {
      for (int q = 0; q < WL_QUANTITY_NNGP; q++) {
        wrong += all[q][i][j] != all[q][j][i] || all[q][i][i] != p.variance[q][i];
        wrong += !(fabs(all[q][i][j]) <= sqrt(all[q][i][i] * all[q][j][j]));
      }
      wrong += all[WL_QUANTITY_RND][i][j] != 2.0 * all[WL_QUANTITY_ENSEMBLE][i][j];
      wrong += all[WL_QUANTITY_BAYESIAN_RND][i][j] != all[WL_QUANTITY_NTK_GP][i][j];
      wrong += i != j && all[WL_QUANTITY_ENSEMBLE][i][j] == all[WL_QUANTITY_NTK_GP][i][j];
    }
  assert_true(from_root(wrong) == 0.0);
  wl_prediction_clear(&p);
  wl_model_destroy(&model);
  wl_matrix_destroy(&packed);
}

/* Bytes that malloc has out, by pages of their own too. */
static double allocated(void) {
  const struct mallinfo2 info = mallinfo2();
  return (double)info.uordblks + (double)info.hblkhd;
}

/* A model that cannot be made frees the array that it was to take over: several MB, which a leak would show. */
static void test_array_is_not_leaked(void **state) {
  fixture *f = *state;
  wl_model_setup setup = {.options = wl_model_options_default(), .holds = WL_GRAM_BOTH};
  wl_model *model;
  setup.options.jitter = -1.0;
  REFUSED(USAGE, "jitter",
          wl_model_create_from(&setup, f->train, f->targets, &model)); /* the message has its room */
  const double before = allocated();
  assert_int_equal(wl_matrix_create(f->grid, 2000, 2000, &setup.array), WL_OK);
  REFUSED(USAGE, "jitter", wl_model_create_from(&setup, f->train, f->targets, &model));
  assert_true(worst_of_all(allocated() - before) < 65536.0);
}

static wl_error before_init;
static char before_init_message[WL_MESSAGE_SIZE];

static void test_before_mpi_init(void **state) {
  (void)state;
  assert_int_equal(before_init, WL_ERROR_USAGE);
  assert_non_null(strstr(before_init_message, "MPI_Init"));
}

static int group(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_before_mpi_init),
      cmocka_unit_test(test_null),
      cmocka_unit_test(test_no_such_thing),
      cmocka_unit_test(test_destroy_nothing),
      cmocka_unit_test(test_wrong_numbers),
      cmocka_unit_test(test_wrong_options),
      cmocka_unit_test(test_wrong_shapes_and_grids),
      cmocka_unit_test(test_order),
      cmocka_unit_test(test_wrong_draws),
      cmocka_unit_test(test_wrong_on_one_rank),
      cmocka_unit_test(test_points_from_all_ranks),
      cmocka_unit_test(test_joined_points),
      cmocka_unit_test(test_scatter_and_gather),
      cmocka_unit_test(test_covariances),
      cmocka_unit_test(test_array_is_not_leaked),
  };
  return cmocka_run_group_tests(tests, create_fixture, destroy_fixture);
}

int main(int argc, char **argv) {
  wl_grid *grid;
  before_init = wl_grid_create(MPI_COMM_WORLD, 0, 0, 1, &grid);
  snprintf(before_init_message, sizeof before_init_message, "%s", wl_error_message());
  return mpi_test_main(argc, argv, group);
}
