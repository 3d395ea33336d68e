#include "inference/partial_cholesky.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "base/util.h"
#include "dist/collectives.h"
#include "dist/scalapack.h"

/* Ranks at which pivots are drawn: an eighth, a quarter, half, all of them. */
enum { FIRST_SHARE = 8 };

static const double *diagonal_of(const wl_points *points, wl_gram_content kernel) {
  return kernel == WL_GRAM_THETA ? wl_kernel_points_theta(points->row) : wl_kernel_points_kappa(points->row);
}

double wl_kernel_largest(const wl_points *points, wl_gram_content kernel) {
  return wl_largest_of_rows(points, diagonal_of(points, kernel));
}

/* ---- the pivots, on rank 0 ------------------------------------------------------------------------------------ */

typedef struct candidate {
  double key;
  int64_t point;
} candidate;

static int by_key(const void *a, const void *b) {
  const candidate *x = a, *y = b;
  if (x->key != y->key) return x->key < y->key ? -1 : 1;
  return (x->point > y->point) - (x->point < y->point);
}

/*
 * Draws without replacement in proportion to the weights: the points that come first of exponential waiting times with
 * these rates [Efraimidis & Spirakis 2006]. Points without weight come last.
 */
static wl_error draw(int64_t n, const double *weight, uint64_t seed, int64_t from, int64_t to, int64_t *pivot) {
  candidate *all = malloc(sizeof *all * (size_t)n);
  if (!all) WL_FAIL(WL_ERROR_MEMORY, "partial Cholesky: no memory to draw from %lld points", (long long)n);
  for (int64_t i = 0; i < n; i++) {
    const double a = wl_random_normal(seed, WL_STREAM_PIVOT, (uint64_t)i, 2 * (uint64_t)from),
                 b = wl_random_normal(seed, WL_STREAM_PIVOT, (uint64_t)i, 2 * (uint64_t)from + 1);
    all[i] = (candidate){weight[i] > 0.0 ? 0.5 * (a * a + b * b) / weight[i] : DBL_MAX, i};
  }
  for (int64_t k = 0; k < from; k++) all[pivot[k]].key = INFINITY;
  qsort(all, (size_t)n, sizeof *all, by_key);
  for (int64_t k = from; k < to; k++) pivot[k] = all[k - from].point;
  free(all);
  return WL_OK;
}

/* ---- the factor of given pivots --------------------------------------------------------------------------------- */

/* Row k of x on rank 0 ← point pivot[k]. */
static void gather_points(const wl_points *points, const int64_t *pivot, int64_t rank, double *x) {
  const wl_grid *g = points->grid;
  const int64_t d = points->dimension;
  memset(x, 0, sizeof(double) * (size_t)(rank * d));
  for (int64_t k = 0; k < rank; k++)
    if (g->column == 0 && pivot[k] / g->block % g->rows == g->row)
      memcpy(x + k * d, points->row_x + wl_grid_owned(pivot[k], g->block, g->row, g->rows) * d,
             sizeof(double) * (size_t)d);
  wl_sum_on_root(g->comm, 0, rank * d, x);
}

static wl_error create_landmarks(const wl_points *points, const int64_t *pivot, int64_t rank,
                                 wl_points **landmarks) {
  double *x = malloc(sizeof(double) * (size_t)(rank * points->dimension));
  wl_error error = x ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "partial Cholesky: no memory for its pivots");
  error = wl_error_agree(points->grid->comm, error);
  if (error == WL_OK) {
    gather_points(points, pivot, rank, x);
    error = wl_points_create(points->grid, &points->network, rank, points->dimension, x, landmarks);
  }
  free(x);
  return error;
}

/* K_ΠΠ + μ I, with Θ in the lower triangle and κ in the upper. */
static wl_error create_square(const wl_points *landmarks, wl_gram_content kernel, double shift,
                              wl_matrix **square) {
  const int64_t rank = landmarks->count, room = wl_kernel_points_count(landmarks->row);
  double *diagonal = malloc(sizeof(double) * (size_t)(room + 1));
  wl_error error = diagonal ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "partial Cholesky: out of memory");
  WL_GOTO(error, done, wl_error_agree(landmarks->grid->comm, error));
  WL_GOTO(error, done, wl_matrix_create(landmarks->grid, rank, rank, square));
  WL_GOTO(error, done, wl_gram_symmetric(landmarks, kernel, *square));
  for (int64_t il = 0; il < room; il++) diagonal[il] = diagonal_of(landmarks, kernel)[il] + shift;
  wl_matrix_set_diagonal(*square, diagonal);
done:
  free(diagonal);
  return error;
}

/* G = R⁻¹ K_ΠX */
static wl_error factor_pivots(const wl_points *points, wl_gram_content kernel, const int64_t *pivot, int64_t rank,
                              double shift, wl_matrix **g) {
  const bool theta = kernel == WL_GRAM_THETA;
  const wl_triangle triangle = theta ? WL_TRIANGLE_LOWER : WL_TRIANGLE_UPPER;
  wl_points *landmarks = NULL;
  wl_matrix *square = NULL;
  wl_error error;
  WL_GOTO(error, done, create_landmarks(points, pivot, rank, &landmarks));
  WL_GOTO(error, done, create_square(landmarks, kernel, shift, &square));
  if (wl_potrf(triangle, square) < rank)
    WL_GOTO(error, done,
            wl_error_set(WL_ERROR_NUMERICAL, "partial Cholesky: %s of %lld pivots is not positive semidefinite",
                         theta ? "theta" : "kappa", (long long)rank));
  WL_GOTO(error, done, wl_matrix_create(points->grid, rank, points->count, g));
  WL_GOTO(error, done, wl_gram_cross(landmarks, points, theta ? NULL : *g, theta ? *g : NULL));
  wl_trsm_left(triangle, theta ? WL_NO_TRANS : WL_TRANS, square, *g);
done:
  wl_matrix_destroy(&square);
  wl_points_destroy(&landmarks);
  return error;
}

/* weight_i ← K_ii − ‖g_i‖² on rank 0. The largest ‖g_i‖² and what is left of the trace, on all ranks. */
static void find_weights(const wl_points *points, wl_gram_content kernel, const wl_matrix *g, double *weight,
                         double *largest, wl_partial_cholesky *factor) {
  const wl_grid *grid = points->grid;
  const double *diagonal = diagonal_of(points, kernel);
  double sums[3] = {0.0, 0.0, 0.0}; /* the largest, the trace of Q, that of K */
  memset(weight, 0, sizeof(double) * (size_t)points->count);
  for (int64_t jl = 0; g && jl < g->local_columns; jl++) {
    double *at = weight + wl_matrix_global_column(g, jl);
    for (int64_t il = 0; il < g->local_rows; il++) *at -= g->data[il + jl * g->ld] * g->data[il + jl * g->ld];
  }
  MPI_Allreduce(MPI_IN_PLACE, weight, (int)points->count, MPI_DOUBLE, MPI_SUM, grid->comm);
  for (int64_t i = 0; i < points->count; i++) {
    sums[0] = fmax(sums[0], -weight[i]);
    sums[1] -= weight[i];
  }
  for (int64_t il = 0; il < wl_kernel_points_count(points->row) && grid->column == 0; il++)
    sums[2] += diagonal[il];
  MPI_Allreduce(MPI_IN_PLACE, &sums[2], 1, MPI_DOUBLE, MPI_SUM, grid->comm);
  *largest = sums[0];
  factor->left = sums[2] > 0.0 ? (sums[2] - sums[1]) / sums[2] : 0.0;
  factor->rest = fmax(0.0, (sums[2] - sums[1]) / (double)points->count);
}

/* Adds K_ii: that of the ranks of the first grid column, on rank 0. */
static void add_diagonal(const wl_points *points, wl_gram_content kernel, double *weight) {
  const wl_grid *grid = points->grid;
  const double *diagonal = diagonal_of(points, kernel);
  if (grid->rank != 0) memset(weight, 0, sizeof(double) * (size_t)points->count);
  for (int64_t il = 0; il < wl_kernel_points_count(points->row) && grid->column == 0; il++)
    weight[wl_grid_global(il, grid->block, grid->row, grid->rows)] += diagonal[il];
  MPI_Reduce(grid->rank == 0 ? MPI_IN_PLACE : weight, weight, (int)points->count, MPI_DOUBLE, MPI_SUM, 0,
             grid->comm);
}

/* More pivots by the weights that G leaves: from … to − 1, then known to all. */
static wl_error draw_pivots(const wl_points *points, wl_gram_content kernel, uint64_t seed, double *weight,
                            int64_t from, int64_t to, int64_t *pivot) {
  wl_error error = WL_OK;
  add_diagonal(points, kernel, weight);
  if (points->grid->rank == 0) error = draw(points->count, weight, seed, from, to, pivot);
  WL_TRY(wl_error_agree(points->grid->comm, error));
  MPI_Bcast(pivot + from, (int)(to - from), MPI_INT64_T, 0, points->grid->comm);
  return WL_OK;
}

/* ---- rounding ----------------------------------------------------------------------------------------------------- */

/*
 * Entries of R Rᵀ are those of K_ΠΠ + μ I to τ, entries of G Rᵀ those of K_ΠX: (r + 1) and r roundings [Higham 2002, Thms 10.3,
 * 8.5], that of the sum, and what is wrong in entries of the kernel. So
 *   [K_ΠΠ + μ I + E_W, (K_ΠX + E_C); …, K + δ I] ⪰ 0   where ‖E_C‖² ≤ (μ − ‖E_W‖) δ,
 * of which K + δ I − Q is a Schur complement. μ = r τ + √(n r) τ and δ = √(n r) τ do. DBL_EPSILON is twice the unit roundoff, which
 * leaves room for ‖g_i‖² beyond K_ii.
 */
static double rounding_of(int64_t rank, double entry, double largest) {
  return ((double)(rank + 4) * DBL_EPSILON + entry) * largest;
}

static wl_error check(wl_gram_content kernel, double largest, double most, double left) {
  if (largest <= 1.01 * most && isfinite(left)) return WL_OK;
  WL_FAIL(WL_ERROR_NUMERICAL, "partial Cholesky: %s is not positive semidefinite or not finite",
          kernel == WL_GRAM_THETA ? "theta" : "kappa");
}

/* In rounds: each draws pivots by what those before it leave, and factors with all of them. */
static wl_error draw_and_factor(const wl_points *points, wl_gram_content kernel, int64_t rank, uint64_t seed,
                                double shift, double most, double *weight, wl_partial_cholesky *factor) {
  double largest = 0.0;
  for (int64_t have = 0, share = FIRST_SHARE; share > 0; share /= 2) {
    const int64_t next = larger(have + (have < rank), rank / share);
    find_weights(points, kernel, factor->g, weight, &largest, factor);
    WL_TRY(check(kernel, largest, most, factor->left));
    WL_TRY(draw_pivots(points, kernel, seed, weight, have, next, factor->pivot));
    wl_matrix_destroy(&factor->g);
    WL_TRY(factor_pivots(points, kernel, factor->pivot, next, shift, &factor->g));
    have = next;
  }
  return WL_OK;
}

wl_error wl_partial_cholesky_create(const wl_points *points, wl_gram_content kernel, int64_t rank, uint64_t seed,
                                    const int64_t *pivot, double entry, wl_partial_cholesky *factor) {
  const int64_t n = points->count;
  const double most = wl_kernel_largest(points, kernel), tau = rounding_of(rank, entry, most),
               wide = sqrt((double)n * (double)rank) * tau, shift = (double)rank * tau + wide;
  double largest = 0.0;
  *factor = (wl_partial_cholesky){.deficit = wide, .left = 1.0};
  double *weight = malloc(sizeof(double) * (size_t)(n + 1));
  factor->pivot = malloc(sizeof(int64_t) * (size_t)(rank + 1));
  wl_error error =
      weight && factor->pivot ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "partial Cholesky: out of memory");
  WL_GOTO(error, done, wl_error_agree(points->grid->comm, error));
  if (pivot) {
    memcpy(factor->pivot, pivot, sizeof(int64_t) * (size_t)rank);
    WL_GOTO(error, done, factor_pivots(points, kernel, pivot, rank, shift, &factor->g));
  } else {
    WL_GOTO(error, done, draw_and_factor(points, kernel, rank, seed, shift, most, weight, factor));
  }
  find_weights(points, kernel, factor->g, weight, &largest, factor);
  error = check(kernel, largest, most, factor->left);
done:
  free(weight);
  if (error != WL_OK) wl_partial_cholesky_clear(factor);
  return error;
}

void wl_partial_cholesky_clear(wl_partial_cholesky *factor) {
  wl_matrix_destroy(&factor->g);
  free(factor->pivot);
  factor->pivot = NULL;
}
