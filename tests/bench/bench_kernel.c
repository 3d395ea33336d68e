/* Nanoseconds an entry of wl_network_tile, for each activation and some lists of layers: bench_kernel [depth [dimension [tile]]].
   One thread: OPENBLAS_NUM_THREADS=1. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kernel/network.h"

/* Of this thread alone. */
static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Standard normal coordinates (Box-Muller on rand). */
static double *normal_points(int64_t count, int64_t dimension) {
  double *x = malloc((size_t)(count * dimension) * sizeof *x);
  for (int64_t k = 0; x && k < count * dimension; k++) {
    const double u = (rand() + 1.0) / (RAND_MAX + 2.0), v = rand() / (RAND_MAX + 1.0);
    x[k] = sqrt(-2.0 * log(u)) * cos(2.0 * M_PI * v);
  }
  return x;
}

/* The best of 40 series of passes, each about 10 ms. */
static double nanoseconds(const wl_kernel_points *a, const wl_kernel_points *b, int64_t tile, double *kappa,
                          double *theta, double *work) {
  double best = INFINITY;
  int passes = 1;
  for (int trial = 0; trial < 40; trial++) {
    const double start = seconds();
    for (int pass = 0; pass < passes; pass++)
      wl_network_tile((wl_point_range){a, 0, tile}, (wl_point_range){b, 0, tile}, (wl_tile){kappa, tile},
                      (wl_tile){theta, tile}, work);
    const double spent = seconds() - start;
    best = fmin(best, 1e9 * spent / (double)passes / (double)(tile * tile));
    if (trial == 0) passes = (int)(0.01 / spent) + 1;
  }
  return best;
}

typedef struct bench {
  int64_t dimension, tile;
  const double *x, *y;
  double *kappa, *theta;
} bench;

static void print_row(const bench *m, const char *name, const wl_network *network) {
  wl_kernel_points *a = NULL, *b = NULL;
  const double start = seconds();
  if (wl_kernel_points_create(network, m->tile, m->dimension, m->x, NULL, &a) != WL_OK) return;
  const double created = 1e6 * (seconds() - start) / (double)m->tile;
  double *work = malloc(wl_network_tile_work(network, m->tile, m->tile) * sizeof *work);
  if (work && wl_kernel_points_create(network, m->tile, m->dimension, m->y, NULL, &b) == WL_OK) {
    const double both = nanoseconds(a, b, m->tile, m->kappa, m->theta, work);
    const double one = nanoseconds(a, b, m->tile, m->kappa, NULL, work);
    printf("%-30s %12.3f %12.3f %16.2f\n", name, both, one, created);
  }
  wl_kernel_points_destroy(&a);
  wl_kernel_points_destroy(&b);
  free(work);
}

/* Lists of layers, each of two hidden layers beside what else is in it: to be held against depth 3. */
static void print_lists(const bench *m) {
#define DENSE \
  { .kind = WL_LAYER_DENSE, .sigma_w = 1.4, .sigma_b = 0.1 }
#define PHI(NAME) \
  { .kind = WL_LAYER_ACTIVATION, .activation = WL_ACTIVATION_##NAME }
#define NORM \
  { .kind = WL_LAYER_NORM }
#define RESIDUAL(layers) \
  { .kind = WL_LAYER_RESIDUAL, .branch = (layers) }
#define DROPOUT \
  { .kind = WL_LAYER_DROPOUT, .keep = 0.9 }
#define SHIFTED(by) \
  { .kind = WL_LAYER_ACTIVATION, .activation = WL_ACTIVATION_ERF, .c = (by) }
  static const struct {
    const char *name;
    int count;
    wl_layer layer[8];
  } lists[] = {{"relu, relu", 5, {DENSE, PHI(RELU), DENSE, PHI(RELU), DENSE}},
               {"erf, relu", 5, {DENSE, PHI(ERF), DENSE, PHI(RELU), DENSE}},
               {"relu, erf", 5, {DENSE, PHI(RELU), DENSE, PHI(ERF), DENSE}},
               {"norm, relu, norm, relu", 7, {DENSE, NORM, PHI(RELU), DENSE, NORM, PHI(RELU), DENSE}},
               {"norm, erf, norm, erf", 7, {DENSE, NORM, PHI(ERF), DENSE, NORM, PHI(ERF), DENSE}},
               {"residual of relu, relu", 7, {DENSE, RESIDUAL(4), PHI(RELU), DENSE, PHI(RELU), DENSE, DENSE}},
               {"residual of erf, erf", 7, {DENSE, RESIDUAL(4), PHI(ERF), DENSE, PHI(ERF), DENSE, DENSE}},
               {"relu, dropout, relu, dropout", 7, {DENSE, PHI(RELU), DROPOUT, DENSE, PHI(RELU), DROPOUT, DENSE}},
               {"erf, dropout, erf, dropout", 7, {DENSE, PHI(ERF), DROPOUT, DENSE, PHI(ERF), DROPOUT, DENSE}},
               {"erf(z + 0.5), erf(z + 0.5)", 5, {DENSE, SHIFTED(0.5), DENSE, SHIFTED(0.5), DENSE}},
               {"erf(z + 3), erf(z + 3)", 5, {DENSE, SHIFTED(3.0), DENSE, SHIFTED(3.0), DENSE}}};
  for (size_t k = 0; k < sizeof lists / sizeof *lists; k++) {
    wl_network network = wl_network_default();
    network.layer_count = lists[k].count;
    memcpy(network.layer, lists[k].layer, sizeof lists[k].layer);
    print_row(m, lists[k].name, &network);
  }
}

int main(int argc, char **argv) {
  const int depth = argc > 1 ? atoi(argv[1]) : 3;
  const int64_t dimension = argc > 2 ? atoi(argv[2]) : 64, tile = argc > 3 ? atoi(argv[3]) : 192;
  double *x = normal_points(tile, dimension), *y = normal_points(tile, dimension);
  double *kappa = malloc((size_t)(tile * tile) * sizeof *kappa),
         *theta = malloc((size_t)(tile * tile) * sizeof *theta);
  if (depth < 1 || dimension < 1 || tile < 1 || !x || !y || !kappa || !theta) return EXIT_FAILURE;
  const bench m = {dimension, tile, x, y, kappa, theta};
  printf("depth %d, dimension %lld, tile %lld: ns/entry\n%-30s %12s %12s %16s\n", depth, (long long)dimension,
         (long long)tile, "activation", "kappa, theta", "kappa", "us/point created");
  for (int k = 0; k < WL_ACTIVATION_COUNT; k++) {
    wl_network network = wl_network_default();
    network.depth = depth;
    network.activation = (wl_activation)k;
    print_row(&m, wl_activation_name(network.activation), &network);
  }
  print_lists(&m);
  wl_network network = wl_network_default();
  network.depth = depth;
  network.parameterization = WL_PARAMETERIZATION_STANDARD;
  network.width = 512;
  print_row(&m, "standard, relu", &network);
  network.activation = WL_ACTIVATION_ERF;
  print_row(&m, "standard, erf", &network);
  free(x);
  free(y);
  free(kappa);
  free(theta);
  return EXIT_SUCCESS;
}
