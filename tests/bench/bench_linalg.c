/*
 * bench_linalg N [COLUMNS [REPEATS [BLOCK [P [PART OF NAMES]]]]]: the factorization by every engine, watched and not, in both precisions, and solves with
 * COLUMNS right-hand sides by every way there is, in turn in one process on the same matrix: Gflop/s, medians. By hand:
 *
 *   mpirun -n 2 build/tests/bench_linalg 8000 1000 5
 *
 * WIDELIMIT_PBLAS_BLOCK sets the PBLAS logical block.
 */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dist/scalapack.h"
#include "dist/single.h"
#include "linalg/factorize.h"
#include "linalg/trsm.h"

enum { MOST_REPEATS = 50 };

typedef struct bench {
  int64_t n, columns;
  wl_matrix *s, *b; /* n × n, n × columns */
  wl_single *s32;
} bench;

/* Diagonally dominant; computed again before each factorization. */
static double entry(int64_t i, int64_t j, int64_t n) {
  return i == j ? (double)n : 1.0 / (1.0 + (double)(i > j ? i - j : j - i));
}

static void fill(bench *b) {
  for (int64_t jl = 0; jl < b->s->local_columns; jl++)
    for (int64_t il = 0; il < b->s->local_rows; il++)
      b->s->data[il + jl * b->s->ld] =
          entry(wl_matrix_global_row(b->s, il), wl_matrix_global_column(b->s, jl), b->n);
}

static void fill_single(bench *b) {
  for (int64_t jl = 0; jl < b->s32->local_columns; jl++)
    for (int64_t il = 0; il < b->s32->local_rows; il++)
      b->s32->data[il + jl * b->s32->ld] =
          (float)entry(wl_matrix_global_row(b->s, il), wl_matrix_global_column(b->s, jl), b->n);
}

static void fill_right(bench *b) {
  for (int64_t k = 0; k < b->b->ld * b->b->local_columns; k++) b->b->data[k] = 1.0 / (double)(k % 1000 + 1);
}

static bool never(void *context, int64_t columns) {
  (void)context, (void)columns;
  return false;
}

static void must(bool good) {
  if (good) return;
  fprintf(stderr, "bench_linalg: %s\n", wl_error_message());
  MPI_Abort(MPI_COMM_WORLD, 1);
}

static void factor(bench *b, wl_engine engine, bool watched) {
  const wl_factor_watch watch = {.wants = never};
  const wl_factorize_options options = {.engine = engine, .name = "bench", .watch = watched ? &watch : NULL};
  int64_t pivot;
  must(wl_factorize_with(b->s, WL_TRIANGLE_LOWER, &options, &pivot) == WL_OK && pivot < 0);
}

static void scalapack(bench *b) { factor(b, WL_ENGINE_SCALAPACK, false); }
static void watched(bench *b) { factor(b, WL_ENGINE_SCALAPACK, true); }
static void lookahead(bench *b) { factor(b, WL_ENGINE_LOOKAHEAD, false); }

static void single_by(bench *b, wl_engine engine) {
  int64_t pivot;
  must(wl_factorize_single(b->s32, WL_TRIANGLE_LOWER, engine, "bench", &pivot) == WL_OK && pivot < 0);
}

static void scalapack_single(bench *b) { single_by(b, WL_ENGINE_SCALAPACK); }
static void lookahead_single(bench *b) { single_by(b, WL_ENGINE_LOOKAHEAD); }

static void solve(bench *b) { must(wl_triangle_solve(b->s, WL_TRIANGLE_LOWER, WL_NO_TRANS, b->b) == WL_OK); }
static void solve_transposed(bench *b) {
  must(wl_triangle_solve(b->s, WL_TRIANGLE_LOWER, WL_TRANS, b->b) == WL_OK);
}
static void trsm(bench *b) { wl_trsm_left(WL_TRIANGLE_LOWER, WL_NO_TRANS, b->s, b->b); }
static void trsm_transposed(bench *b) { wl_trsm_left(WL_TRIANGLE_LOWER, WL_TRANS, b->s, b->b); }

/* L X = B by p?trsm on diagonal blocks of order `width` and p?gemm behind. */
extern void pdgemm_(const char *transa, const char *transb, const int *m, const int *n, const int *k,
                    const double *alpha, const double *a, const int *ia, const int *ja, const int *desca,
                    const double *b, const int *ib, const int *jb, const int *descb, const double *beta, double *c,
                    const int *ic, const int *jc, const int *descc);
extern void pdtrsm_(const char *side, const char *uplo, const char *trans, const char *diag, const int *m,
                    const int *n, const double *alpha, const double *a, const int *ia, const int *ja,
                    const int *desca, double *b, const int *ib, const int *jb, const int *descb);

enum { SUPER_BLOCK = 768 };

static void blocked(bench *b) {
  const int one = 1, n = (int)b->columns;
  const double plus = 1.0, minus = -1.0;
  for (int64_t first = 0; first < b->n; first += SUPER_BLOCK) {
    const int w = (int)(b->n - first < SUPER_BLOCK ? b->n - first : SUPER_BLOCK), at = (int)first + 1,
              below = at + w;
    const int rest = (int)(b->n - first) - w;
    pdtrsm_("L", "L", "N", "N", &w, &n, &plus, b->s->data, &at, &at, b->s->descriptor, b->b->data, &at, &one,
            b->b->descriptor);
    if (rest > 0)
      pdgemm_("N", "N", &rest, &n, &w, &minus, b->s->data, &below, &at, b->s->descriptor, b->b->data, &at, &one,
              b->b->descriptor, &plus, b->b->data, &below, &one, b->b->descriptor);
  }
}

static void blocked_transposed(bench *b) {
  const int one = 1, n = (int)b->columns;
  const double plus = 1.0, minus = -1.0;
  for (int64_t first = (b->n - 1) / SUPER_BLOCK * SUPER_BLOCK; first >= 0; first -= SUPER_BLOCK) {
    const int w = (int)(b->n - first < SUPER_BLOCK ? b->n - first : SUPER_BLOCK), at = (int)first + 1,
              below = at + w;
    const int rest = (int)(b->n - first) - w;
    if (rest > 0)
      pdgemm_("T", "N", &w, &n, &rest, &minus, b->s->data, &below, &at, b->s->descriptor, b->b->data, &below, &one,
              b->b->descriptor, &plus, b->b->data, &at, &one, b->b->descriptor);
    pdtrsm_("L", "L", "T", "N", &w, &n, &plus, b->s->data, &at, &at, b->s->descriptor, b->b->data, &at, &one,
            b->b->descriptor);
  }
}

static wl_matrix *product;
static double *diagonal;
static void symmetric(bench *b) { must(wl_symmetric_product(b->s, diagonal, b->b, 0.0, product) == WL_OK); }
static void symm(bench *b) { wl_symm_left(WL_TRIANGLE_UPPER, 1.0, b->s, b->b, 0.0, product); }

/* What is timed, what comes before it untimed, and flops in units of n³/3 or of n² times the columns. */
typedef struct way {
  const char *name;
  void (*run)(bench *);
  void (*prepare)(bench *);
  double cubes, squares;
} way;

static const way ways[] = {{"scalapack", scalapack, fill, 1.0, 0.0},
                           {"scalapack, watched", watched, fill, 1.0, 0.0},
                           {"lookahead", lookahead, fill, 1.0, 0.0},
                           {"scalapack, single", scalapack_single, fill_single, 1.0, 0.0},
                           {"lookahead, single", lookahead_single, fill_single, 1.0, 0.0},
                           {"solve, B stationary", solve, fill_right, 0.0, 1.0},
                           {"solve, pdtrsm", trsm, fill_right, 0.0, 1.0},
                           {"solve, pdtrsm + pdgemm", blocked, fill_right, 0.0, 1.0},
                           {"transposed, B stationary", solve_transposed, fill_right, 0.0, 1.0},
                           {"transposed, pdtrsm", trsm_transposed, fill_right, 0.0, 1.0},
                           {"transposed, pdtrsm + pdgemm", blocked_transposed, fill_right, 0.0, 1.0},
                           {"product, B stationary", symmetric, fill_right, 0.0, 2.0},
                           {"product, pdsymm", symm, fill_right, 0.0, 2.0}};
enum { WAYS = sizeof ways / sizeof *ways };

static int compare(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double number(int argc, char **argv, int i, double fallback) { return argc > i ? atof(argv[i]) : fallback; }

static double seconds_of(bench *b, const way *w) {
  w->prepare(b);
  MPI_Barrier(MPI_COMM_WORLD);
  const double began = MPI_Wtime();
  w->run(b);
  MPI_Barrier(MPI_COMM_WORLD);
  return MPI_Wtime() - began;
}

/* Every way in turn, as often as that; the medians. */
static void compare_ways(bench *b, int repeats, const char *only) {
  static double seconds[WAYS][MOST_REPEATS];
  const double n = (double)b->n, cube = n * n * n / 3e9, square = n * n * (double)b->columns / 1e9;
  for (int r = 0; r < repeats; r++)
    for (int w = 0; w < WAYS; w++)
      if (strstr(ways[w].name, only)) seconds[w][r] = seconds_of(b, &ways[w]);
  for (int w = 0; w < WAYS && b->s->grid->rank == 0; w++) {
    if (!strstr(ways[w].name, only)) continue;
    qsort(seconds[w], (size_t)repeats, sizeof(double), compare);
    printf("  %-28s %8.1f Gflop/s\n", ways[w].name,
           (ways[w].cubes * cube + ways[w].squares * square) / seconds[w][repeats / 2]);
  }
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  const int64_t n = (int64_t)number(argc, argv, 1, 4000.0), columns = (int64_t)number(argc, argv, 2, 1000.0);
  const int repeats = (int)fmin(MOST_REPEATS, number(argc, argv, 3, 3.0));
  int ranks;
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  const int block = (int)number(argc, argv, 4, (double)wl_grid_choose_block(n, ranks));
  wl_grid *grid = NULL;
  must(wl_grid_create(MPI_COMM_WORLD, (int)number(argc, argv, 5, 0.0), 0, block, &grid) == WL_OK);
  const wl_grid panels = wl_grid_for_panels(grid, columns);
  bench b = {.n = n, .columns = columns};
  must(wl_matrix_create(grid, n, n, &b.s) == WL_OK && wl_matrix_create(&panels, n, columns, &b.b) == WL_OK &&
       wl_single_create(grid, n, n, &b.s32) == WL_OK && wl_matrix_create(&panels, n, columns, &product) == WL_OK);
  diagonal = calloc((size_t)b.s->local_rows + 1, sizeof(double));
  must(diagonal != NULL);
  if (grid->rank == 0)
    printf("n = %lld, %lld columns, grid %d x %d, block %d\n", (long long)n, (long long)columns, grid->rows,
           grid->columns, block);
  compare_ways(&b, repeats, argc > 6 ? argv[6] : "");
  wl_matrix_destroy(&product);
  wl_single_destroy(&b.s32);
  wl_matrix_destroy(&b.b);
  wl_matrix_destroy(&b.s);
  wl_grid_destroy(&grid);
  free(diagonal);
  MPI_Finalize();
  return 0;
}
