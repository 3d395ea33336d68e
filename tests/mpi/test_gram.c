/* Kernels assembled on all ranks are bitwise those that one rank assembles alone with the same block size. */
#include "mpi_test.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/machine.h"
#include "base/random.h"
#include "dist/scalapack.h"
#include "gram/gram.h"
#include "gram/tile_exchange.h"

enum { DIMENSION = 5 };

static wl_error read_points(void *context, int64_t first, int64_t count, double *rows) {
  const uint64_t seed = *(const uint64_t *)context;
  for (int64_t k = 0; k < count * DIMENSION; k++)
    rows[k] = wl_random_normal(seed, WL_STREAM_SYNTHETIC_TRAIN, (uint64_t)(first + k / DIMENSION),
                               (uint64_t)(k % DIMENSION));
  return WL_OK;
}

/* Behind the activations: a list of layers. */
enum { LIST = WL_ACTIVATION_COUNT };

static wl_network network_of(wl_activation activation) {
  static const wl_layer layers[] = {{.kind = WL_LAYER_DENSE, .sigma_w = 1.5, .sigma_b = 0.1},
                                    {.kind = WL_LAYER_ACTIVATION, .activation = WL_ACTIVATION_RELU},
                                    {.kind = WL_LAYER_RESIDUAL, .branch = 3},
                                    {.kind = WL_LAYER_DENSE, .sigma_w = 1.0, .sigma_b = 0.2},
                                    {.kind = WL_LAYER_ACTIVATION, .activation = WL_ACTIVATION_TANH},
                                    {.kind = WL_LAYER_DENSE, .sigma_w = 1.4, .sigma_b = 0.1},
                                    {.kind = WL_LAYER_NORM},
                                    {.kind = WL_LAYER_DENSE, .sigma_w = 1.0, .sigma_b = 0.0}};
  wl_network network = wl_network_default();
  network.activation = activation;
  if ((int)activation != LIST) return network;
  network.activation = WL_ACTIVATION_RELU;
  network.layer_count = sizeof layers / sizeof *layers;
  memcpy(network.layer, layers, sizeof layers);
  return network;
}

static wl_points *points_of(const wl_grid *grid, wl_activation activation, int64_t count, uint64_t seed) {
  const wl_network network = network_of(activation);
  wl_points *set = NULL;
  assert_int_equal(wl_points_read(grid, &network, count, DIMENSION, read_points, &seed, &set), WL_OK);
  return set;
}

/* The whole array on rank 0 of `comm`: Θ below and on the diagonal, κ above. */
static double *symmetric_on(MPI_Comm comm, wl_activation activation, int64_t n, int block) {
  wl_grid *grid = grid_of(comm, block);
  wl_points *points = points_of(grid, activation, n, 1);
  wl_matrix *a = NULL;
  double *whole = calloc((size_t)(n * n), sizeof(double));
  assert_int_equal(wl_matrix_create(grid, n, n, &a), WL_OK);
  assert_int_equal(wl_gram_symmetric(points, WL_GRAM_BOTH, a), WL_OK);
  assert_int_equal(wl_matrix_get(a, 0, 0, n, n, whole), WL_OK);
  wl_matrix_destroy(&a);
  wl_points_destroy(&points);
  wl_grid_destroy(&grid);
  return whole;
}

static double *cross_on(MPI_Comm comm, wl_activation activation, int64_t n, int64_t m, int block) {
  wl_grid *grid = grid_of(comm, block);
  wl_points *x = points_of(grid, activation, n, 1), *t = points_of(grid, activation, m, 2);
  wl_matrix *kappa = NULL, *theta = NULL;
  double *whole = calloc((size_t)(2 * n * m), sizeof(double));
  assert_int_equal(wl_matrix_create(grid, n, m, &kappa), WL_OK);
  assert_int_equal(wl_matrix_create(grid, n, m, &theta), WL_OK);
  assert_int_equal(wl_gram_cross(x, t, kappa, theta), WL_OK);
  assert_int_equal(wl_matrix_get(kappa, 0, 0, n, m, whole), WL_OK);
  assert_int_equal(wl_matrix_get(theta, 0, 0, n, m, whole + n * m), WL_OK);
  wl_matrix_destroy(&theta);
  wl_matrix_destroy(&kappa);
  wl_points_destroy(&t);
  wl_points_destroy(&x);
  wl_grid_destroy(&grid);
  return whole;
}

/* Θ_ii of relu in closed form: q¹ = σ_b² + σ_w² ‖x‖²/d, qˡ⁺¹ = σ_b² + σ_w² qˡ/2, Θˡ⁺¹ = qˡ⁺¹ + σ_w² Θˡ/2, within 8 ε a layer. */
static void test_diagonal(void **state) {
  (void)state;
  const int64_t n = 37;
  const wl_network network = wl_network_default();
  const double bias = network.sigma_b * network.sigma_b, weight = network.sigma_w * network.sigma_w;
  double *whole = symmetric_on(MPI_COMM_WORLD, WL_ACTIVATION_RELU, n, 8), worst = 0.0;
  for (int64_t i = 0; i < n && rank_of(MPI_COMM_WORLD) == 0; i++) {
    const uint64_t seed = 1;
    double x[DIMENSION], square = 0.0;
    assert_int_equal(read_points((void *)&seed, i, 1, x), WL_OK);
    for (int k = 0; k < DIMENSION; k++) square += x[k] * x[k];
    double q = bias + weight * square / DIMENSION, theta = q;
    for (int layer = 1; layer < network.depth; layer++) {
      q = bias + 0.5 * weight * q;
      theta = q + 0.5 * weight * theta;
    }
    worst = worse(worst, fabs(whole[i + i * n] / theta - 1.0));
  }
  free(whole);
  assert_true(from_root(worst) < 8.0 * DBL_EPSILON * network.depth);
}

static void check_same_bits(double *together, double *alone, int64_t count) {
  double different = 0.0;
  if (rank_of(MPI_COMM_WORLD) == 0)
    for (int64_t k = 0; k < count; k++) different += memcmp(&together[k], &alone[k], sizeof(double)) != 0;
  free(together);
  free(alone);
  assert_true(from_root(different) == 0.0);
}

static const wl_activation activations[] = {WL_ACTIVATION_RELU, WL_ACTIVATION_ERF, WL_ACTIVATION_TANH,
                                            (wl_activation)LIST};
static const struct {
  int64_t n, m;
  int block;
} cases[] = {{1, 1, 4}, {29, 3, 8}, {70, 41, 16}, {97, 20, 7}};

static void test_symmetric_is_bitwise_the_same(void **state) {
  (void)state;
  for (size_t a = 0; a < sizeof activations / sizeof *activations; a++)
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++)
      check_same_bits(symmetric_on(MPI_COMM_WORLD, activations[a], cases[c].n, cases[c].block),
                      symmetric_on(MPI_COMM_SELF, activations[a], cases[c].n, cases[c].block),
                      cases[c].n * cases[c].n);
}

static void test_cross_is_bitwise_the_same(void **state) {
  (void)state;
  for (size_t a = 0; a < sizeof activations / sizeof *activations; a++)
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++)
      check_same_bits(cross_on(MPI_COMM_WORLD, activations[a], cases[c].n, cases[c].m, cases[c].block),
                      cross_on(MPI_COMM_SELF, activations[a], cases[c].n, cases[c].m, cases[c].block),
                      2 * cases[c].n * cases[c].m);
}

static void test_threads_change_no_bit(void **state) {
  (void)state;
  const int threads = wl_blas_threads();
  for (size_t a = 0; a < sizeof activations / sizeof *activations; a++) {
    wl_blas_set_threads(3);
    double *three = symmetric_on(MPI_COMM_WORLD, activations[a], 97, 7);
    assert_int_equal(wl_blas_threads(), 3); /* the assembly gives back what it found */
    wl_blas_set_threads(1);
    check_same_bits(three, symmetric_on(MPI_COMM_WORLD, activations[a], 97, 7), 97 * 97);
  }
  wl_blas_set_threads(threads);
}

/* `height` 0: as wl_gram_symmetric() does; else with `neighbours`. */
static double *mirrored_on(MPI_Comm neighbours, int64_t height, int rows, int columns, int64_t n) {
  wl_grid *grid = NULL;
  wl_matrix *a = NULL;
  double *whole = calloc((size_t)(n * n), sizeof(double));
  assert_int_equal(wl_grid_create(MPI_COMM_WORLD, rows, columns, 8, &grid), WL_OK);
  wl_points *points = points_of(grid, WL_ACTIVATION_RELU, n, 1);
  assert_int_equal(wl_matrix_create(grid, n, n, &a), WL_OK);
  for (int64_t k = 0; k < a->ld * a->local_columns; k++) a->data[k] = NAN;
  const wl_error error =
      height ? wl_gram_symmetric_among(points, neighbours, height, a) : wl_gram_symmetric(points, WL_GRAM_BOTH, a);
  assert_int_equal(error, WL_OK);
  assert_int_equal(wl_matrix_get(a, 0, 0, n, n, whole), WL_OK);
  wl_matrix_destroy(&a);
  wl_points_destroy(&points);
  wl_grid_destroy(&grid);
  return whole;
}

/* Whoever evaluates an entry, in however many steps, on every shape of grid: no rank is a neighbour, every second
   one is, all are. */
static void test_neighbours_change_no_bit(void **state) {
  (void)state;
  int size;
  const int rank = rank_of(MPI_COMM_WORLD);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  MPI_Comm some;
  MPI_Comm_split(MPI_COMM_WORLD, rank % 2, rank, &some);
  const MPI_Comm neighbours[] = {MPI_COMM_SELF, some, MPI_COMM_WORLD};
  for (int rows = 1; rows <= size; rows++) {
    if (size % rows) continue;
    for (int64_t n = 1; n <= 200; n += 83) /* 1, 84, 167: one block, a ragged last one */
      for (int64_t height = 1; height <= 9; height += 4)
        for (int k = 0; k < 3; k++)
          check_same_bits(mirrored_on(neighbours[k], height, rows, size / rows, n),
                          symmetric_on(MPI_COMM_SELF, WL_ACTIVATION_RELU, n, 8), n * n);
    check_same_bits(mirrored_on(MPI_COMM_NULL, 0, rows, size / rows, 167),
                    symmetric_on(MPI_COMM_SELF, WL_ACTIVATION_RELU, 167, 8), 167 * 167);
  }
  MPI_Comm_free(&some);
}

/* A triangle that is not asked for stays as it was, the other one is what it is beside it. */
static void test_content(void **state) {
  (void)state;
  wl_grid *grid = grid_of(MPI_COMM_WORLD, 8);
  wl_points *points = points_of(grid, WL_ACTIVATION_RELU, 45, 1);
  wl_matrix *a = NULL, *both = NULL;
  assert_int_equal(wl_matrix_create(grid, 45, 45, &a), WL_OK);
  assert_int_equal(wl_matrix_create(grid, 45, 45, &both), WL_OK);
  assert_int_equal(wl_gram_symmetric(points, WL_GRAM_BOTH, both), WL_OK);
  for (int content = WL_GRAM_THETA; content <= WL_GRAM_KAPPA; content++) {
    for (int64_t k = 0; k < a->ld * a->local_columns; k++) a->data[k] = -5.0;
    assert_int_equal(wl_gram_symmetric(points, (wl_gram_content)content, a), WL_OK);
    double wrong = 0.0;
    for (int64_t jl = 0; jl < a->local_columns; jl++)
      for (int64_t il = 0; il < a->local_rows; il++) {
        const double other = both->data[il + jl * a->ld];
        const int above = wl_matrix_global_row(a, il) < wl_matrix_global_column(a, jl);
        const int on = wl_matrix_global_row(a, il) == wl_matrix_global_column(a, jl);
        const int filled = content == WL_GRAM_THETA ? !above : above;
        if (!(content == WL_GRAM_KAPPA && on)) wrong += a->data[il + jl * a->ld] != (filled ? other : -5.0);
      }
    assert_true(worst_of_all(wrong) == 0.0);
  }
  wl_matrix_destroy(&both);
  wl_matrix_destroy(&a);
  wl_points_destroy(&points);
  wl_grid_destroy(&grid);
}

/* One kernel between two point sets is what its weights make of κ and Θ. */
static void test_cross_weighted(void **state) {
  (void)state;
  static const double weights[][2] = {{1.0, 0.0}, {-1.0, 1.0}, {0.5, -2.0}};
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    const int64_t n = cases[c].n, m = cases[c].m;
    wl_grid *grid = grid_of(MPI_COMM_WORLD, cases[c].block);
    wl_points *x = points_of(grid, WL_ACTIVATION_RELU, n, 1), *t = points_of(grid, WL_ACTIVATION_RELU, m, 2);
    wl_matrix *kappa = NULL, *theta = NULL, *mixed = NULL;
    assert_int_equal(wl_matrix_create(grid, n, m, &kappa), WL_OK);
    assert_int_equal(wl_matrix_create(grid, n, m, &theta), WL_OK);
    assert_int_equal(wl_matrix_create(grid, n, m, &mixed), WL_OK);
    assert_int_equal(wl_gram_cross(x, t, kappa, theta), WL_OK);
    for (size_t w = 0; w < sizeof weights / sizeof *weights; w++) {
      double wrong = 0.0;
      assert_int_equal(wl_gram_cross_weighted(x, t, weights[w][0], weights[w][1], mixed), WL_OK);
      for (int64_t k = 0; k < mixed->local_rows * mixed->local_columns; k++)
        wrong += mixed->data[k] != weights[w][0] * kappa->data[k] + weights[w][1] * theta->data[k];
      assert_true(worst_of_all(wrong) == 0.0);
    }
    wl_matrix_destroy(&mixed);
    wl_matrix_destroy(&theta);
    wl_matrix_destroy(&kappa);
    wl_points_destroy(&t);
    wl_points_destroy(&x);
    wl_grid_destroy(&grid);
  }
}

/* A grid for panels deals any number of columns out; square matrices are refused there. */
static void test_panels(void **state) {
  (void)state;
  wl_grid *grid = grid_of(MPI_COMM_WORLD, 16);
  const wl_grid panels = wl_grid_for_panels(grid, 40);
  wl_points *train = points_of(grid, WL_ACTIVATION_RELU, 45, 1);
  wl_matrix *plain = NULL, *panel = NULL, *copy = NULL;
  for (int64_t count = 1; count < 140; count += 31) { /* others than 40, too */
    wl_points *on_grid = points_of(grid, WL_ACTIVATION_RELU, count, 2),
              *on_panels = points_of(&panels, WL_ACTIVATION_RELU, count, 2);
    assert_int_equal(wl_matrix_create(grid, 45, count, &plain), WL_OK);
    assert_int_equal(wl_matrix_create(grid, 45, count, &copy), WL_OK);
    assert_int_equal(wl_matrix_create(&panels, 45, count, &panel), WL_OK);
    for (int64_t k = 0; k < panel->ld * panel->local_columns; k++) panel->data[k] = NAN;
    assert_int_equal(wl_gram_cross(train, on_grid, plain, NULL), WL_OK);
    assert_int_equal(wl_gram_cross(train, on_panels, panel, NULL), WL_OK);
    wl_copy_columns(count, panel, 0, copy, 0);
    double worst = 0.0;
    for (int64_t k = 0; k < plain->ld * plain->local_columns && plain->local_rows > 0; k++)
      worst = worse(worst, fabs(copy->data[k] - plain->data[k]));
    assert_true(worst_of_all(isnan(worst) ? 1.0 : worst) < 1e-14); /* products of other shapes round otherwise */
    wl_matrix_destroy(&panel);
    wl_matrix_destroy(&copy);
    wl_matrix_destroy(&plain);
    assert_int_equal(wl_matrix_create(grid, count, count, &plain), WL_OK);
    if (panels.column_block != grid->block)
      for (int content = WL_GRAM_THETA; content <= WL_GRAM_BOTH; content++)
        assert_int_equal(wl_gram_symmetric(on_panels, (wl_gram_content)content, plain), WL_ERROR_USAGE);
    wl_matrix_destroy(&plain);
    wl_points_destroy(&on_panels);
    wl_points_destroy(&on_grid);
  }
  wl_points_destroy(&train);
  wl_grid_destroy(&grid);
}

static wl_error failing_reader(void *context, int64_t first, int64_t count, double *rows) {
  (void)context;
  (void)count;
  (void)rows;
  WL_FAIL(WL_ERROR_DATA, "row %lld is not there", (long long)first + 1);
}

/* An error of rank 0's reader reaches every rank. */
static void test_reader_error(void **state) {
  (void)state;
  wl_grid *grid = grid_of(MPI_COMM_WORLD, 8);
  const wl_network network = wl_network_default();
  wl_points *set = NULL;
  assert_int_equal(wl_points_read(grid, &network, 20, DIMENSION, failing_reader, NULL, &set), WL_ERROR_DATA);
  assert_non_null(strstr(wl_error_message(), "row 1 is not there"));
  assert_null(set);
  wl_grid_destroy(&grid);
}

/* Given kernels of N points in the order X, T; above the diagonal of XX and TT stands another number, which is not to be used. */
enum { GIVEN_TRAIN = 23, GIVEN_ALL = 37 };

static double given_entry(wl_given_kernel kernel, int64_t i, int64_t j) {
  const int64_t low = i < j ? i : j, high = i < j ? j : i;
  return (double)(1000 * high + low) + (kernel == WL_GIVEN_KAPPA ? 0.5 : 0.0);
}

static wl_error read_given(void *context, wl_given_kernel kernel, wl_given_part part, int64_t row, int64_t rows,
                           int64_t column, int64_t columns, double *out) {
  const int64_t i0 = row + (part == WL_GIVEN_XX ? 0 : GIVEN_TRAIN), *fails = context;
  const int64_t j0 = column + (part == WL_GIVEN_TT ? GIVEN_TRAIN : 0);
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = 0; j < columns; j++) {
      if (fails && i0 + i == fails[0] && j0 + j == fails[1]) WL_FAIL(WL_ERROR_IO, "an entry cannot be read");
      const double other = part != WL_GIVEN_TX && i0 + i < j0 + j ? 0.25 : 0.0;
      out[i * columns + j] = given_entry(kernel, i0 + i, j0 + j) + other;
    }
  return WL_OK;
}

static wl_given given_of(int64_t *fails) {
  wl_given given = {.read = read_given, .context = fails, .train = GIVEN_TRAIN, .count = GIVEN_ALL};
  for (int k = 0; k < WL_GIVEN_KERNELS; k++) {
    given.has[k] = given.full[k] = true;
    given.diagonal[k] = calloc(GIVEN_ALL, sizeof(double));
    for (int64_t i = 0; i < GIVEN_ALL; i++) given.diagonal[k][i] = given_entry((wl_given_kernel)k, i, i);
  }
  return given;
}

static void given_clear(wl_given *given) {
  for (int k = 0; k < WL_GIVEN_KERNELS; k++) free(given->diagonal[k]);
}

/* Blocks that hold X and T, on every grid: each entry is the one of i ≥ j, of TX where X meets T. */
static void check_given(const wl_grid *grid, int64_t all) {
  wl_given given = given_of(NULL);
  wl_points *points = NULL, *train = NULL, *test = NULL;
  wl_matrix *a = NULL, *cross = NULL;
  int64_t wrong = 0;
  assert_int_equal(wl_points_create_given(grid, &given, 0, all, &points), WL_OK);
  assert_int_equal(wl_points_create_given(grid, &given, 0, GIVEN_TRAIN, &train), WL_OK);
  assert_int_equal(wl_points_create_given(grid, &given, GIVEN_TRAIN, all - GIVEN_TRAIN, &test), WL_OK);
  assert_int_equal(wl_matrix_create(grid, all, all, &a), WL_OK);
  assert_int_equal(wl_matrix_create(grid, GIVEN_TRAIN, all - GIVEN_TRAIN, &cross), WL_OK);
  assert_int_equal(wl_gram_symmetric(points, WL_GRAM_BOTH, a), WL_OK);
  assert_int_equal(wl_gram_cross(train, test, cross, NULL), WL_OK);
  for (int64_t jl = 0; jl < a->local_columns; jl++)
    for (int64_t il = 0; il < a->local_rows; il++) {
      const int64_t i = wl_matrix_global_row(a, il), j = wl_matrix_global_column(a, jl);
      wrong += a->data[il + jl * a->ld] != given_entry(i < j ? WL_GIVEN_KAPPA : WL_GIVEN_THETA, i, j);
    }
  for (int64_t jl = 0; jl < cross->local_columns; jl++)
    for (int64_t il = 0; il < cross->local_rows; il++)
      wrong += cross->data[il + jl * cross->ld] != given_entry(WL_GIVEN_KAPPA, wl_matrix_global_row(cross, il),
                                                               GIVEN_TRAIN + wl_matrix_global_column(cross, jl));
  assert_int_equal(wrong, 0);
  wl_matrix_destroy(&cross);
  wl_matrix_destroy(&a);
  wl_points_destroy(&test);
  wl_points_destroy(&train);
  wl_points_destroy(&points);
  given_clear(&given);
}

static void test_given(void **state) {
  (void)state;
  static const grid_case shapes[] = {{GIVEN_ALL, 5}, {GIVEN_ALL, 23}, {GIVEN_ALL, 64}};
  on_every_grid(shapes, sizeof shapes / sizeof *shapes, check_given);
}

/* One entry that one rank cannot read: the assembly ends with its error on all of them. */
static void test_given_error(void **state) {
  (void)state;
  int64_t fails[2] = {20, 3};
  wl_grid *grid = grid_of(MPI_COMM_WORLD, 5);
  wl_given given = given_of(fails);
  wl_points *points = NULL;
  wl_matrix *a = NULL;
  assert_int_equal(wl_points_create_given(grid, &given, 0, GIVEN_ALL, &points), WL_OK);
  assert_int_equal(wl_matrix_create(grid, GIVEN_ALL, GIVEN_ALL, &a), WL_OK);
  assert_int_equal(wl_gram_symmetric(points, WL_GRAM_BOTH, a), WL_ERROR_IO);
  assert_non_null(strstr(wl_error_message(), "an entry cannot be read"));
  wl_matrix_destroy(&a);
  wl_points_destroy(&points);
  given_clear(&given);
  wl_grid_destroy(&grid);
}

static int group(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_symmetric_is_bitwise_the_same),
                                     cmocka_unit_test(test_cross_is_bitwise_the_same),
                                     cmocka_unit_test(test_threads_change_no_bit),
                                     cmocka_unit_test(test_neighbours_change_no_bit),
                                     cmocka_unit_test(test_diagonal),
                                     cmocka_unit_test(test_content),
                                     cmocka_unit_test(test_panels),
                                     cmocka_unit_test(test_cross_weighted),
                                     cmocka_unit_test(test_reader_error),
                                     cmocka_unit_test(test_given),
                                     cmocka_unit_test(test_given_error)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(int argc, char **argv) { return mpi_test_main(argc, argv, group); }
