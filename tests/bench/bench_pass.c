/*
 * bench_pass N DIMENSION [COLUMNS [REPEATS [DEPTH]]]: one pass of the solver without a matrix (wl_gram_multiply with Θ, N points) beside
 * what it cannot do without, in turn in one process:
 *
 *   pairs   this rank's share of N²/2 pairs by the kernel of a tile, into one tile's room
 *   DGEMM   both products of as many tiles of that shape with COLUMNS columns, of one tile and one piece of V
 *   all     pairs and then DGEMM of each tile
 *
 * Seconds by the clock and of the processor, each of the slowest rank, medians, and the medians of each repeat's ratios; a rank
 * that waits for another takes processor time as well. By hand:
 *
 *   OPENBLAS_NUM_THREADS=1 mpirun -n 2 build/tests/bench_pass 10000 64
 */
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/random.h"
#include "base/util.h"
#include "gram/matrix_free.h"

enum { MOST_REPEATS = 51, ROWS = 192, WIDTH = 192 };

typedef struct bench {
  const wl_points *points;
  int64_t columns, tiles;
  double *tile, *work, *v, *c; /* v, c: ROWS × columns */
  wl_matrix *x, *y;            /* n × columns */
} bench;

static void must(bool good) {
  if (good) return;
  fprintf(stderr, "bench_pass: %s\n", wl_error_message());
  MPI_Abort(MPI_COMM_WORLD, 1);
}

static wl_error read_points(void *context, int64_t first, int64_t count, double *rows) {
  const int64_t d = *(const int64_t *)context;
  for (int64_t i = 0; i < count; i++)
    for (int64_t k = 0; k < d; k++)
      rows[i * d + k] = wl_random_normal(1, WL_STREAM_PROBE, (uint64_t)(first + i), (uint64_t)k);
  return WL_OK;
}

static void pass(bench *b) {
  const wl_product product = {.v = b->x, .c = b->y, .shift = 0.01, .replicated = true};
  must(wl_gram_multiply(b->points, &product, NULL) == WL_OK);
}

/* Tiles at other places each time, for the points are read from memory. */
static void evaluate(bench *b, int64_t k) {
  const int64_t rows = wl_kernel_points_count(b->points->row) - ROWS,
                columns = wl_kernel_points_count(b->points->column) - WIDTH;
  wl_network_tile((wl_point_range){b->points->row, k * ROWS % (rows + 1), ROWS},
                  (wl_point_range){b->points->column, k * ROWS / (rows + 1) * WIDTH % (columns + 1), WIDTH},
                  (wl_tile){NULL, ROWS}, (wl_tile){b->tile, ROWS}, b->work);
}

static void multiply(bench *b) {
  const int m = (int)b->columns;
  cblas_dgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, ROWS, m, WIDTH, 1.0, b->tile, ROWS, b->v, ROWS, 1.0, b->c,
              ROWS);
  cblas_dgemm(CblasColMajor, CblasTrans, CblasNoTrans, WIDTH, m, ROWS, 1.0, b->tile, ROWS, b->v, ROWS, 1.0, b->c,
              ROWS);
}

static void pairs(bench *b) {
  for (int64_t k = 0; k < b->tiles; k++) evaluate(b, k);
}

static void products(bench *b) {
  for (int64_t k = 0; k < b->tiles; k++) multiply(b);
}

static void both(bench *b) {
  for (int64_t k = 0; k < b->tiles; k++) {
    evaluate(b, k);
    multiply(b);
  }
}

/* What a piece of work took, on the rank that took longest: by the clock, and of its processor. */
typedef struct spent {
  double clock, processor;
} spent;

static double processor_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static spent spent_on(bench *b, void (*work)(bench *)) {
  MPI_Barrier(MPI_COMM_WORLD);
  const double began = MPI_Wtime(), processor = processor_seconds();
  work(b);
  double seconds[2] = {MPI_Wtime() - began, processor_seconds() - processor};
  MPI_Allreduce(MPI_IN_PLACE, seconds, 2, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
  return (spent){seconds[0], seconds[1]};
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median(const double *values, int count) {
  double sorted[MOST_REPEATS];
  memcpy(sorted, values, sizeof(double) * (size_t)count);
  qsort(sorted, (size_t)count, sizeof(double), ascending);
  return 0.5 * (sorted[count / 2] + sorted[(count - 1) / 2]);
}

/* Seconds of each kind of work, and what a pass takes over pairs + DGEMM and over all; medians. */
static void print_row(const char *name, double t[4][MOST_REPEATS], int repeats) {
  double of_sum[MOST_REPEATS], of_all[MOST_REPEATS];
  for (int r = 0; r < repeats; r++) {
    of_sum[r] = t[0][r] / (t[1][r] + t[2][r]);
    of_all[r] = t[0][r] / t[3][r];
  }
  printf("%-10s", name);
  for (int k = 0; k < 4; k++) printf(" %9.3f", median(t[k], repeats));
  printf(" %20.3f %10.3f\n", median(of_sum, repeats), median(of_all, repeats));
}

static void run(bench *b, int repeats) {
  double clock[4][MOST_REPEATS], processor[4][MOST_REPEATS];
  void (*const work[4])(bench *) = {pass, pairs, products, both};
  for (int r = -1; r < repeats; r++) /* the first does not count */
    for (int k = 0; k < 4; k++) {
      const spent s = spent_on(b, work[k]);
      clock[k][larger(r, 0)] = s.clock;
      processor[k][larger(r, 0)] = s.processor;
    }
  const wl_grid *g = b->points->grid;
  const double n = (double)b->points->count, flops = 2.0 * n * n * (double)b->columns;
  if (g->rank > 0) return;
  printf("n %.0f, dimension %lld, %lld columns, depth %d, grid %d x %d, block %d, %d repeats\n", n,
         (long long)b->points->dimension, (long long)b->columns, b->points->network.depth, g->rows, g->columns,
         g->block, repeats);
  printf("%-10s %9s %9s %9s %9s %20s %10s\n", "seconds", "pass", "pairs", "DGEMM", "all", "pass/(pairs + DGEMM)",
         "pass/all");
  print_row("clock", clock, repeats);
  print_row("processor", processor, repeats);
  printf("a rank's processor: %.2f ns a pair, DGEMM %.1f Gflop/s\n",
         2e9 * median(processor[1], repeats) * g->size / (n * n),
         1e-9 * flops / g->size / median(processor[2], repeats));
}

static int64_t argument(int argc, char **argv, int k, int64_t otherwise) {
  const int64_t value = argc > k ? atoll(argv[k]) : otherwise;
  if (value >= 1) return value;
  fprintf(stderr, "bench_pass N DIMENSION [COLUMNS [REPEATS [DEPTH]]]\n");
  MPI_Abort(MPI_COMM_WORLD, 2);
  return 0;
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  const int64_t n = argument(argc, argv, 1, 0), columns = argument(argc, argv, 3, 65);
  int64_t dimension = argument(argc, argv, 2, 0);
  const int repeats = (int)smaller(argument(argc, argv, 4, 5), MOST_REPEATS);
  wl_network network = wl_network_default();
  network.depth = (int)argument(argc, argv, 5, network.depth);
  int ranks;
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  wl_grid *grid = NULL;
  wl_points *points = NULL;
  must(wl_grid_create(MPI_COMM_WORLD, 0, 0, wl_grid_choose_block(n, ranks), &grid) == WL_OK);
  must(wl_points_read(grid, &network, n, dimension, read_points, &dimension, &points) == WL_OK);
  const double share = (double)n * (double)n / 2.0 / ranks;
  bench b = {.points = points, .columns = columns, .tiles = (int64_t)(share / (ROWS * WIDTH) + 0.5)};
  const wl_grid panels = wl_grid_for_panels(grid, columns);
  must(wl_matrix_create(&panels, n, columns, &b.x) == WL_OK &&
       wl_matrix_create(&panels, n, columns, &b.y) == WL_OK);
  for (int64_t k = 0; k < b.x->ld * b.x->local_columns; k++) b.x->data[k] = 1.0 / (double)(k % 1000 + 1);
  b.tile = aligned_numbers(ROWS * WIDTH);
  b.work = aligned_numbers((int64_t)wl_network_tile_work(&network, ROWS, WIDTH));
  b.v = aligned_numbers(ROWS * columns);
  b.c = aligned_numbers(ROWS * columns);
  for (int64_t k = 0; k < ROWS * columns; k++) b.v[k] = b.c[k] = 1.0;
  run(&b, repeats);
  free(b.tile);
  free(b.work);
  free(b.v);
  free(b.c);
  wl_matrix_destroy(&b.x);
  wl_matrix_destroy(&b.y);
  wl_points_destroy(&points);
  wl_grid_destroy(&grid);
  MPI_Finalize();
  return EXIT_SUCCESS;
}
