/* The layer recursion on tiles: against the reference cases and near-parallel points known to 40 digits and more,
   and the promises of network.h about the diagonal, storage and errors. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "kernel/block.h"
#include "kernel/network.h"
#include "kernel/points.h"
#include "near_points.inc"

#ifndef WL_REFERENCE_DIR
#error "WL_REFERENCE_DIR is not defined"
#endif

/* Points x_ik = a smooth function without structure: no two parallel, norms from 0.5 to 3. */
static double *make_points(int64_t count, int64_t dimension, int64_t seed) {
  double *x = malloc((size_t)(count * dimension) * sizeof *x);
  for (int64_t i = 0; i < count; i++)
    for (int64_t k = 0; k < dimension; k++)
      x[i * dimension + k] =
          (1.0 + sin(0.1 * (double)i)) * sin(1.7 * (double)((i + seed) * (k + 2)) + 0.3 * (double)k);
  return x;
}

/* That of the points made last. */
static wl_network latest;

static wl_kernel_points *create(const wl_network *network, int64_t count, int64_t dimension, const double *x) {
  wl_kernel_points *points;
  latest = *network;
  assert_int_equal(wl_network_check(network), WL_OK);
  if (wl_kernel_points_create(network, count, dimension, x, NULL, &points) != WL_OK)
    fail_msg("%s", wl_error_message());
  return points;
}

/* A tile with its own work. */
static void tile(const wl_kernel_points *a, int64_t i0, int64_t rows, const wl_kernel_points *b, int64_t j0,
                 int64_t cols, double *kappa, int64_t ldk, double *theta, int64_t ldt) {
  double *work = malloc(wl_network_tile_work(&latest, rows, cols) * sizeof *work);
  wl_network_tile((wl_point_range){a, i0, rows}, (wl_point_range){b, j0, cols}, (wl_tile){kappa, ldk},
                  (wl_tile){theta, ldt}, work);
  free(work);
}

/* All networks with which the promises are tested. */
static int network_list(wl_network *list) {
  int count = 0;
  for (int activation = 0; activation < WL_ACTIVATION_COUNT; activation++) {
    wl_network network = wl_network_default();
    network.activation = (wl_activation)activation;
    network.slope = 0.2;
    list[count++] = network;
    network.depth = 1 + activation % 5;
    network.sigma_b = 0.0;
    list[count++] = network;
  }
  return count;
}
enum { NETWORKS = 2 * WL_ACTIVATION_COUNT };

/* ---- reference cases ---- */

static double *matrix(const json_t *root, const char *key, int64_t *rows, int64_t *cols) {
  const json_t *json = json_object_get(root, key);
  assert_non_null(json);
  *rows = (int64_t)json_array_size(json);
  *cols = (int64_t)json_array_size(json_array_get(json, 0));
  double *m = malloc((size_t)(*rows * *cols) * sizeof *m);
  for (int64_t i = 0; i < *rows; i++)
    for (int64_t j = 0; j < *cols; j++)
      m[i * *cols + j] = json_number_value(json_array_get(json_array_get(json, (size_t)i), (size_t)j));
  return m;
}

/* max |m − reference| / max |reference| < 1e-13, m column-major; < 1e-12 for tanh, whose theta_XX[5][5] is
   4.168978920553365 in the file and 4.16897892055128591 by the trapezoidal rule on the diagonal in 30 digits. */
static void compare(const json_t *root, const char *name, const char *block, const double *m) {
  char key[32];
  snprintf(key, sizeof key, "%s_%s", name, block);
  int64_t rows, cols;
  double *reference = matrix(root, key, &rows, &cols), error = 0.0, size = 0.0;
  for (int64_t i = 0; i < rows; i++) {
    for (int64_t j = 0; j < cols; j++) {
      error = fmax(error, fabs(m[i + j * rows] - reference[i * cols + j]));
      size = fmax(size, fabs(reference[i * cols + j]));
    }
  }
  free(reference);
  const char *name_of_case = json_string_value(json_object_get(root, "name"));
  if (!(error < (strncmp(name_of_case, "tanh", 4) == 0 ? 1e-12 : 1e-13) * size))
    fail_msg("%s %s: relative error %.2e", name_of_case, key, error / size);
}

static void compare_block(const json_t *root, const char *block, const wl_kernel_points *a,
                          const wl_kernel_points *b) {
  const int64_t rows = wl_kernel_points_count(a), cols = wl_kernel_points_count(b);
  double *kappa = malloc((size_t)(rows * cols) * sizeof *kappa),
         *theta = malloc((size_t)(rows * cols) * sizeof *theta);
  tile(a, 0, rows, b, 0, cols, kappa, rows, theta, rows);
  compare(root, "kappa", block, kappa);
  compare(root, "theta", block, theta);
  free(kappa);
  free(theta);
}

static void reference_case(const char *name) {
  char path[1024];
  snprintf(path, sizeof path, "%s/%s.json", WL_REFERENCE_DIR, name);
  json_error_t error;
  json_t *root = json_load_file(path, 0, &error);
  if (!root) fail_msg("%s: %s", path, error.text);
  const json_t *json = json_object_get(root, "network");
  wl_network network = wl_network_default();
  network.depth = (int)json_integer_value(json_object_get(json, "depth"));
  network.sigma_w = json_number_value(json_object_get(json, "sigma_w"));
  network.sigma_b = json_number_value(json_object_get(json, "sigma_b"));
  network.slope = json_number_value(json_object_get(json, "slope"));
  assert_int_equal(wl_activation_find(json_string_value(json_object_get(json, "activation")), &network.activation),
                   WL_OK);

  int64_t n, m, d;
  double *x = matrix(root, "X", &n, &d), *t = matrix(root, "T", &m, &d);
  wl_kernel_points *X = create(&network, n, d, x), *T = create(&network, m, d, t);
  compare_block(root, "XX", X, X);
  compare_block(root, "TX", T, X);
  compare_block(root, "TT", T, T);
  wl_kernel_points_destroy(&X);
  wl_kernel_points_destroy(&T);
  free(x);
  free(t);
  json_decref(root);
}

static void test_reference(void **state) {
  (void)state;
  static const char *const names[] = {"relu_depth1_linear", "relu_depth3",          "relu_noise",
                                      "leaky_relu_depth2",  "train_points_in_test", "erf_depth3",
                                      "gelu_depth2",        "sin_depth2",           "tanh_depth3"};
  for (size_t k = 0; k < sizeof names / sizeof *names; k++) reference_case(names[k]);
}

/* ---- nearly parallel points ---- */

/* Θ depends on √u, the angle: |error| < 32 L ε of the diagonal, over L layers. */
static void test_near(void **state) {
  (void)state;
  enum { COUNT = sizeof near_point / sizeof *near_point };
  for (size_t c = 0; c < sizeof near_case / sizeof *near_case; c++) {
    wl_network network = {.depth = near_case[c].depth,
                          .activation = WL_ACTIVATION_LEAKY_RELU,
                          .slope = near_case[c].slope,
                          .sigma_w = near_case[c].sigma_w,
                          .sigma_b = near_case[c].sigma_b};
    if (network.slope == 0.0) network.activation = WL_ACTIVATION_RELU;
    wl_kernel_points *a = create(&network, 1, 5, near_base), *b = create(&network, COUNT, 5, near_point[0]);
    double kappa[COUNT], theta[COUNT];
    tile(a, 0, 1, b, 0, COUNT, kappa, 1, theta, 1);
    for (int j = 0; j < COUNT; j++) {
      const double bound = 32.0 * network.depth * 0x1p-53;
      const double size_k = sqrt(wl_kernel_points_kappa(a)[0] * wl_kernel_points_kappa(b)[j]);
      const double size_t = sqrt(wl_kernel_points_theta(a)[0] * wl_kernel_points_theta(b)[j]);
      const double error_k = fabs(kappa[j] - near_case[c].kappa_theta[j][0]) / size_k;
      const double error_t = fabs(theta[j] - near_case[c].kappa_theta[j][1]) / size_t;
      if (!(error_k < bound && error_t < bound))
        fail_msg("case %zu, point %d: kappa %.2e theta %.2e, bound %.2e", c, j, error_k, error_t, bound);
    }
    wl_kernel_points_destroy(&a);
    wl_kernel_points_destroy(&b);
  }
}

/* Equal points of two sets give the diagonal value of either, to the bit. */
static void test_equal_points(void **state) {
  (void)state;
  enum { COUNT = 70, D = 37 };
  double *x = make_points(COUNT, D, 0), *y = malloc(sizeof(double[COUNT][D]));
  memset(x + 3 * D, 0, D * sizeof *x);
  for (int i = 0; i < COUNT; i++) memcpy(y + i * D, x + (COUNT - 1 - i) * D, D * sizeof *x);
  wl_network list[NETWORKS];
  const int networks = network_list(list);
  for (int k = 0; k < networks; k++) {
    wl_kernel_points *a = create(&list[k], COUNT, D, x), *b = create(&list[k], COUNT, D, y);
    static double kappa[COUNT][COUNT], theta[COUNT][COUNT];
    tile(a, 0, COUNT, b, 0, COUNT, kappa[0], COUNT, theta[0], COUNT);
    for (int j = 0; j < COUNT; j++) {
      const int i = COUNT - 1 - j;
      assert_true(kappa[j][i] == wl_kernel_points_kappa(a)[i] && kappa[j][i] == wl_kernel_points_kappa(b)[j]);
      assert_true(theta[j][i] == wl_kernel_points_theta(a)[i] && theta[j][i] == wl_kernel_points_theta(b)[j]);
      for (int k2 = 0; k2 < COUNT; k2++) assert_true(isfinite(kappa[j][k2]) && isfinite(theta[j][k2]));
    }
    wl_kernel_points_destroy(&a);
    wl_kernel_points_destroy(&b);
  }
  free(x);
  free(y);
}

/* Many equal points in one tile, off the diagonal too. */
static void test_all_equal(void **state) {
  (void)state;
  double x[20][3];
  for (int i = 0; i < 20; i++) memcpy(x[i], (double[]){0.3, -1.1, 0.7}, sizeof x[i]);
  wl_network network = wl_network_default();
  wl_kernel_points *a = create(&network, 20, 3, x[0]);
  double theta[20][20];
  tile(a, 0, 20, a, 0, 20, NULL, 0, theta[0], 20);
  for (int j = 0; j < 20; j++)
    for (int i = 0; i < 20; i++) assert_true(theta[j][i] == wl_kernel_points_theta(a)[0]);
  wl_kernel_points_destroy(&a);
}

/* ---- storage ---- */

/* Leading dimensions, offsets, a missing output and the rest of the set change no bit. */
static void storage_case(const wl_network *network, int64_t rows, int64_t cols) {
  enum { D = 6, EXTRA = 5 };
  double *x = make_points(rows + EXTRA, D, 1), *y = make_points(cols + EXTRA, D, 1000);
  wl_kernel_points *a = create(network, rows + EXTRA, D, x), *b = create(network, cols + EXTRA, D, y);
  wl_kernel_points *a_alone = create(network, rows, D, x + 2 * D), *b_alone = create(network, cols, D, y + 3 * D);
  const int64_t ldk = rows + 3, ldt = rows + 7, size = (rows + 8) * (cols + 2);
  double *memory = malloc((size_t)(6 * size) * sizeof *memory);
  for (int64_t k = 0; k < 6 * size; k++) memory[k] = 17.0;
  double *kappa = memory, *theta = memory + size, *kappa_1 = memory + 2 * size + 1,
         *theta_1 = memory + 3 * size + 3;
  double *kappa_2 = memory + 4 * size, *theta_2 = memory + 5 * size;
  double *work = malloc((wl_network_tile_work(network, rows, cols) + 1) * sizeof *work);

  wl_network_tile((wl_point_range){a_alone, 0, rows}, (wl_point_range){b_alone, 0, cols}, (wl_tile){kappa, rows},
                  (wl_tile){theta, rows}, work);
  wl_network_tile((wl_point_range){a, 2, rows}, (wl_point_range){b, 3, cols}, (wl_tile){kappa_1, ldk},
                  (wl_tile){theta_1, ldt}, work + 1);
  wl_network_tile((wl_point_range){a, 2, rows}, (wl_point_range){b, 3, cols}, (wl_tile){kappa_2, rows},
                  (wl_tile){NULL, 0}, work);
  wl_network_tile((wl_point_range){a, 2, rows}, (wl_point_range){b, 3, cols}, (wl_tile){NULL, 0},
                  (wl_tile){theta_2, rows}, work);
  for (int64_t j = 0; j < cols; j++) {
    for (int64_t i = 0; i < rows; i++) {
      assert_true(kappa[i + j * rows] == kappa_1[i + j * ldk]);
      assert_true(kappa[i + j * rows] == kappa_2[i + j * rows]);
      assert_true(theta[i + j * rows] == theta_1[i + j * ldt]);
      assert_true(theta[i + j * rows] == theta_2[i + j * rows]);
    }
    for (int64_t i = rows; i < ldk; i++) assert_true(kappa_1[i + j * ldk] == 17.0);
    for (int64_t i = rows; i < ldt; i++) assert_true(theta_1[i + j * ldt] == 17.0);
  }
  /* κ transposed, in the same memory as before, and alone */
  const int64_t lds = cols + 1;
  wl_network_tile_split((wl_point_range){a, 2, rows}, (wl_point_range){b, 3, cols}, (wl_tile){kappa_2, lds},
                        (wl_tile){theta_2, rows}, work);
  wl_network_tile_split((wl_point_range){a, 2, rows}, (wl_point_range){b, 3, cols}, (wl_tile){theta_1, lds},
                        (wl_tile){NULL, 0}, work);
  for (int64_t j = 0; j < cols; j++)
    for (int64_t i = 0; i < rows; i++) {
      assert_true(kappa_2[j + i * lds] == kappa[i + j * rows]);
      assert_true(theta_1[j + i * lds] == kappa[i + j * rows]);
      assert_true(theta_2[i + j * rows] == theta[i + j * rows]);
    }
  free(work);
  free(memory);
  wl_kernel_points_destroy(&a);
  wl_kernel_points_destroy(&b);
  wl_kernel_points_destroy(&a_alone);
  wl_kernel_points_destroy(&b_alone);
  free(x);
  free(y);
}

static void test_storage(void **state) {
  (void)state;
  static const int64_t sizes[][2] = {{1, 1}, {3, 5}, {5, 3}, {7, 1}, {1, 7}, {193, 7}, {64, 8}, {65, 193}};
  wl_network list[NETWORKS];
  const int networks = network_list(list);
  for (int k = 0; k < networks; k++)
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) storage_case(&list[k], sizes[s][0], sizes[s][1]);
}

/* (a, b) and (b, a) agree to rounding, and every instruction set agrees with the plain one. */
static void compare_blocks(const wl_network *network, const wl_block *block) {
  enum { N = 67, M = 21, D = 9 };
  double *x = make_points(N, D, 5), *y = make_points(M, D, 77);
  static double kappa[M][N], theta[M][N], kappa_2[N][M], theta_2[N][M];
  wl_kernel_points *a = create(network, N, D, x), *b = create(network, M, D, y);
  tile(a, 0, N, b, 0, M, kappa[0], N, theta[0], N);
  a->program.block = b->program.block = block;
  tile(b, 0, M, a, 0, N, kappa_2[0], M, theta_2[0], M);
  for (int j = 0; j < M; j++) {
    for (int i = 0; i < N; i++) {
      const double size_k = sqrt(a->kappa[i] * b->kappa[j]), size_t = sqrt(a->theta[i] * b->theta[j]);
      if (!(fabs(kappa[j][i] - kappa_2[i][j]) <= 2e-14 * size_k &&
            fabs(theta[j][i] - theta_2[i][j]) <= 5e-14 * size_t))
        fail_msg("%s, %s, depth %d: (%d, %d) differ by %g and %g", block->name,
                 wl_activation_name(network->activation), network->depth, i, j, kappa[j][i] - kappa_2[i][j],
                 theta[j][i] - theta_2[i][j]);
    }
  }
  wl_kernel_points_destroy(&a);
  wl_kernel_points_destroy(&b);
  free(x);
  free(y);
}

static void test_instruction_sets(void **state) {
  (void)state;
  wl_network list[NETWORKS];
  const int networks = network_list(list);
  for (int k = 0; k < networks; k++) {
    compare_blocks(&list[k], &wl_block_generic);
    compare_blocks(&list[k], wl_block_select());
  }
}

/* ---- limits ---- */

/* At depth 64 the tile meets the diagonal continuously: a point and itself moved by 1e-9. */
static void test_deep(void **state) {
  (void)state;
  for (int activation = 0; activation < WL_ACTIVATION_COUNT; activation++) {
    wl_network network = {
        .depth = 64, .activation = (wl_activation)activation, .slope = 0.1, .sigma_w = 1.0, .sigma_b = 0.3};
    double x[2][4] = {{0.3, -0.2, 0.9, 0.5}, {0.3, -0.2, 0.9, 0.5 + 1e-9}}, kappa, theta;
    wl_kernel_points *a = create(&network, 2, 4, x[0]);
    tile(a, 0, 1, a, 1, 1, &kappa, 1, &theta, 1);
    assert_true(fabs(kappa - wl_kernel_points_kappa(a)[0]) < 1e-7 * wl_kernel_points_kappa(a)[0]);
    assert_true(fabs(theta - wl_kernel_points_theta(a)[0]) < 1e-6 * wl_kernel_points_theta(a)[0]);
    wl_kernel_points_destroy(&a);
  }
}

/* Zero points, huge and tiny ones (squares below the smallest double): numbers within the Cauchy-Schwarz bound. */
static void test_extreme_points(void **state) {
  (void)state;
  double x[][2] = {{0.0, 0.0},   {-0.0, 0.0}, {1e-300, 0.0}, {1e-160, 1e-160},
                   {1e-20, 0.0}, {1.0, -1.0}, {1e5, 2.0},    {-1e30, 1e30}};
  enum { COUNT = sizeof x / sizeof *x };
  wl_network list[NETWORKS];
  const int networks = network_list(list);
  for (int k = 0; k < networks; k++) {
    wl_kernel_points *a = create(&list[k], COUNT, 2, x[0]);
    double kappa[COUNT][COUNT], theta[COUNT][COUNT];
    tile(a, 0, COUNT, a, 0, COUNT, kappa[0], COUNT, theta[0], COUNT);
    for (int j = 0; j < COUNT; j++) {
      for (int i = 0; i < COUNT; i++) {
        assert_true(fabs(kappa[j][i]) <= (1.0 + 1e-12) * sqrt(a->kappa[i]) * sqrt(a->kappa[j]) + 1e-120);
        assert_true(fabs(theta[j][i]) <= (1.0 + 1e-12) * sqrt(a->theta[i]) * sqrt(a->theta[j]) + 1e-120);
      }
      assert_true(kappa[j][j] == a->kappa[j] && theta[j][j] == a->theta[j]);
    }
    assert_true(kappa[1][0] == a->kappa[0]);
    wl_kernel_points_destroy(&a);
  }
}

/* Parallel and antiparallel points whose squares' ratio no double holds: c = ±1, then J₁(−1) = 0 and J₁(0) = 1/π. */
static void test_far_scales(void **state) {
  (void)state;
  const double x[][2] = {{3e-100, 1e-100}, {3e60, 1e60}, {-3e60, -1e60}};
  wl_network network = wl_network_default();
  network.sigma_b = 0.0;
  wl_kernel_points *a = create(&network, 3, 2, x[0]);
  double kappa[3][3], theta[3][3];
  tile(a, 0, 3, a, 0, 3, kappa[0], 3, theta[0], 3);
  for (int i = 0; i < 2; i++) {
    const double same = sqrt(a->kappa[0]) * sqrt(a->kappa[1]), own = sqrt(a->kappa[2]) * sqrt(a->kappa[i]);
    assert_true(fabs(kappa[1 - i][i] / same - 1.0) < 1e-7);
    assert_true(fabs(kappa[2][i] / own - M_1_PI) < 1e-7 && fabs(kappa[i][2] / own - M_1_PI) < 1e-7);
  }
  wl_kernel_points_destroy(&a);
}

static void test_overflow(void **state) {
  (void)state;
  wl_network network = {.depth = 64, .activation = WL_ACTIVATION_RELU, .sigma_w = 1000.0};
  const double x[3][1] = {{0.0}, {1e-3}, {2.0}};
  wl_kernel_points *points;
  assert_int_equal(wl_kernel_points_create(&network, 3, 1, x[0], NULL, &points), WL_ERROR_NUMERICAL);
  assert_null(points);
  assert_non_null(strstr(wl_error_message(), "point 1 "));
  assert_non_null(strstr(wl_error_message(), "layer 28 "));
  const double bad[1] = {NAN};
  network.depth = 2;
  assert_int_equal(wl_kernel_points_create(&network, 1, 1, bad, NULL, &points), WL_ERROR_NUMERICAL);
  assert_non_null(strstr(wl_error_message(), "point 0 in layer 1 is nan"));
  wl_kernel_points_destroy(&points);
  assert_int_equal(wl_kernel_points_create(&network, 1, 0, bad, NULL, &points), WL_ERROR_CAPACITY);
}

static void test_empty(void **state) {
  (void)state;
  const wl_network network = wl_network_default();
  wl_kernel_points *a = create(&network, 0, 3, NULL);
  assert_int_equal(wl_kernel_points_count(a), 0);
  tile(a, 0, 0, a, 0, 0, NULL, 1, NULL, 1);
  wl_kernel_points_destroy(&a);
  assert_null(a);
  wl_kernel_points_destroy(&a);
}

/* ---- options ---- */

static void expect_wrong(wl_network network, const char *text) {
  assert_int_equal(wl_network_check(&network), WL_ERROR_CONFIG);
  if (!strstr(wl_error_message(), text)) fail_msg("\"%s\" lacks \"%s\"", wl_error_message(), text);
}

static void test_check(void **state) {
  (void)state;
  wl_network network = wl_network_default();
  assert_int_equal(wl_network_check(&network), WL_OK);
#define WRONG(member, value, text) \
  do {                             \
    wl_network wrong = network;    \
    wrong.member = (value);        \
    expect_wrong(wrong, text);     \
  } while (0)
  WRONG(depth, 0, "network.depth is 0; it must be at least 1");
  WRONG(depth, 1001, "network.depth is 1001; it must be at most 1000");
  WRONG(sigma_w, 0.0, "network.sigma_w is 0; it must be above 0");
  WRONG(sigma_w, (double)INFINITY, "network.sigma_w is inf");
  WRONG(sigma_w, (double)NAN, "network.sigma_w is nan");
  WRONG(sigma_b, -0.5, "network.sigma_b is -0.5; it must be at least 0");
  WRONG(slope, 1.0, "network.slope is 1; it must be at least 0 and below 1");
  WRONG(slope, -0.1, "network.slope is -0.1");
  WRONG(activation, WL_ACTIVATION_COUNT, "network.activation");
#undef WRONG
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_reference),    cmocka_unit_test(test_near),
      cmocka_unit_test(test_equal_points), cmocka_unit_test(test_all_equal),
      cmocka_unit_test(test_storage),      cmocka_unit_test(test_instruction_sets),
      cmocka_unit_test(test_deep),         cmocka_unit_test(test_extreme_points),
      cmocka_unit_test(test_far_scales),   cmocka_unit_test(test_overflow),
      cmocka_unit_test(test_empty),        cmocka_unit_test(test_check),
  };
  return cmocka_run_group_tests_name("network", tests, NULL, NULL);
}
