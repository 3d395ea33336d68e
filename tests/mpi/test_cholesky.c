/*
 * The factorization by both engines, watched and not, and the solves, on every grid that the ranks make, by scaled residuals computed on rank 0 from the whole matrix:
 *   factor  max |S − L Lᵀ| / (n ε max |S|) < 16        solve  max |S X − B| / (n ε max |S| max |X|) < 16
 */
#include "mpi_test.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/random.h"
#include "dist/scalapack.h"
#include "linalg/factorize.h"

enum { RIGHT_HAND_SIDES = 3 };
static const double tolerance = 16.0, other_triangle = 1234.5;

/* Positive definite, none of whose entries is like another. */
static double entry(int64_t i, int64_t j) {
  const double di = (double)i, dj = (double)j;
  return exp(-fabs(di - dj) / 30.0) + 0.05 * cos(di) * cos(dj) + (i == j ? 0.1 : 0.0);
}

static double right_hand_side(int64_t i, int64_t j) { return sin((double)(i + 1) * (double)(j + 2)); }

static void fill(wl_matrix *a, wl_triangle triangle) {
  for (int64_t jl = 0; jl < a->local_columns; jl++)
    for (int64_t il = 0; il < a->local_rows; il++) {
      const int64_t i = wl_matrix_global_row(a, il), j = wl_matrix_global_column(a, jl);
      const int other = triangle == WL_TRIANGLE_LOWER ? i < j : i > j;
      a->data[il + jl * a->ld] = other ? other_triangle : entry(i, j);
    }
}

/* The factor as L in the lower triangle of a whole matrix; counts entries of the other triangle that changed. */
static double gather_factor(const wl_matrix *a, wl_triangle triangle, double *l) {
  const int64_t n = a->rows;
  double changed = 0.0;
  assert_int_equal(wl_matrix_get(a, 0, 0, n, n, l), WL_OK);
  if (a->grid->rank != 0) return 0.0;
  for (int64_t j = 0; j < n; j++)
    for (int64_t i = j + 1; i < n; i++) {
      double *lower = &l[i + j * n], *upper = &l[j + i * n];
      if (triangle == WL_TRIANGLE_UPPER) {
        const double swap = *lower;
        *lower = *upper;
        *upper = swap;
      }
      changed += *upper != other_triangle;
    }
  return changed;
}

static double factor_residual(int64_t n, const double *l) {
  double worst = 0.0;
  for (int64_t j = 0; j < n; j++)
    for (int64_t i = j; i < n; i++) {
      double sum = -entry(i, j);
      for (int64_t k = 0; k <= j; k++) sum += l[i + k * n] * l[j + k * n];
      worst = worse(worst, fabs(sum));
    }
  return worst / ((double)n * DBL_EPSILON * entry(0, 0));
}

static double solve_residual(int64_t n, const double *x) {
  double worst = 0.0, largest = 0.0;
  for (int64_t c = 0; c < RIGHT_HAND_SIDES; c++)
    for (int64_t i = 0; i < n; i++) {
      double sum = -right_hand_side(i, c);
      for (int64_t k = 0; k < n; k++) sum += entry(i, k) * x[k + c * n];
      worst = worse(worst, fabs(sum));
      if (fabs(x[i + c * n]) > largest) largest = fabs(x[i + c * n]);
    }
  return worst / ((double)n * DBL_EPSILON * entry(0, 0) * largest);
}

static double log_determinant_of(int64_t n, const double *l) {
  double sum = 0.0;
  for (int64_t i = 0; i < n; i++) sum += 2.0 * log(l[i + i * n]);
  return sum;
}

static void check_solves(const wl_cholesky *factor, int64_t n, double *whole) {
  wl_matrix *b = NULL;
  assert_int_equal(wl_matrix_create(factor->matrix->grid, n, RIGHT_HAND_SIDES, &b), WL_OK);
  for (int64_t jl = 0; jl < b->local_columns; jl++)
    for (int64_t il = 0; il < b->local_rows; il++)
      b->data[il + jl * b->ld] = right_hand_side(wl_matrix_global_row(b, il), wl_matrix_global_column(b, jl));
  wl_cholesky_forward(factor, b);
  wl_cholesky_backward(factor, b);
  assert_int_equal(wl_matrix_get(b, 0, 0, n, RIGHT_HAND_SIDES, whole), WL_OK);
  assert_true(from_root(b->grid->rank == 0 ? solve_residual(n, whole) : 0.0) < tolerance);
  wl_matrix_destroy(&b);
}

/* Asks for every block column and does nothing there. */
static bool always(void *context, int64_t columns) {
  (void)context, (void)columns;
  return true;
}

static wl_error note_columns(void *context, const wl_factor_state *state) {
  int64_t *last = context;
  assert_true(state->columns > *last);
  *last = state->columns;
  return WL_OK;
}

/* How a matrix is factored: each engine, watched and not. */
static wl_error factor_as(wl_matrix *a, wl_triangle triangle, wl_engine engine, bool watched,
                          wl_cholesky *factor) {
  int64_t last = 0;
  const wl_factor_watch watch = {.context = &last, .wants = always, .reached = note_columns};
  const wl_cholesky_options options = {
      .engine = engine, .name = "test", .seed = 7, .watch = watched ? &watch : NULL};
  const wl_error error = wl_cholesky_factor_with(a, triangle, &options, factor);
  if (watched && error == WL_OK) assert_int_equal(last, (a->rows - 1) / a->grid->block * a->grid->block);
  return error;
}

/* Runs a check by each engine, watched and not, in both triangles. */
typedef void check_how(const wl_grid *grid, int64_t n, wl_triangle triangle, wl_engine engine, bool watched);

static void each_way(const wl_grid *grid, int64_t n, check_how *check) {
  for (int engine = 0; engine < WL_ENGINE_COUNT; engine++)
    for (int watched = 0; watched < 2; watched++) {
      check(grid, n, WL_TRIANGLE_LOWER, (wl_engine)engine, watched);
      check(grid, n, WL_TRIANGLE_UPPER, (wl_engine)engine, watched);
    }
}

static void check_factor(const wl_grid *grid, int64_t n, wl_triangle triangle, wl_engine engine, bool watched) {
  wl_matrix *a = NULL;
  wl_cholesky factor;
  double *whole = malloc(sizeof(double) * (size_t)(n * (n + RIGHT_HAND_SIDES)));
  assert_int_equal(wl_matrix_create(grid, n, n, &a), WL_OK);
  fill(a, triangle);
  assert_int_equal(factor_as(a, triangle, engine, watched, &factor), WL_OK);
  const double changed = gather_factor(a, triangle, whole);
  const int root = grid->rank == 0;
  assert_true(from_root(changed) == 0.0);
  assert_true(from_root(root ? factor_residual(n, whole) : 0.0) < tolerance);
  assert_true(from_root(root ? fabs(factor.info.log_determinant - log_determinant_of(n, whole)) : 0.0) <
              1e-12 * (double)n);
  assert_true(factor.info.residual < 1.0);
  assert_true(factor.info.reciprocal_condition > 1e-4 && factor.info.reciprocal_condition <= 1.0 + 1e-12);
  check_solves(&factor, n, whole);
  free(whole);
  wl_matrix_destroy(&a);
}

static void check_factor_each_way(const wl_grid *grid, int64_t n) { each_way(grid, n, check_factor); }

static const grid_case cases[] = {{1, 4}, {5, 16}, {16, 16}, {37, 1}, {61, 8}, {130, 16}, {131, 9}};
enum { CASES = sizeof cases / sizeof *cases };
static const grid_case spoilt = {50, 8};

static void test_factor(void **state) {
  (void)state;
  on_every_grid(cases, CASES, check_factor_each_way);
}

/* The factor that LAPACK makes of the whole matrix on rank 0: |L − L_LAPACK| ≤ n ε κ₂(S) |L|, here κ₂ < 2,000. */
static void check_against_lapack(const wl_grid *grid, int64_t n, wl_triangle triangle, wl_engine engine,
                                 bool watched) {
  wl_matrix *a = NULL;
  wl_cholesky factor;
  double *whole = malloc(sizeof(double) * (size_t)(n * n)), worst = 0.0;
  assert_int_equal(wl_matrix_create(grid, n, n, &a), WL_OK);
  fill(a, triangle);
  assert_int_equal(factor_as(a, triangle, engine, watched, &factor), WL_OK);
  gather_factor(a, triangle, whole);
  if (grid->rank == 0) {
    double *lapack = malloc(sizeof(double) * (size_t)(n * n));
    for (int64_t j = 0; j < n; j++)
      for (int64_t i = j; i < n; i++) lapack[i + j * n] = entry(i, j);
    assert_int_equal(wl_potrf_tile(WL_TRIANGLE_LOWER, n, lapack, n), -1);
    for (int64_t j = 0; j < n; j++)
      for (int64_t i = j; i < n; i++) worst = worse(worst, fabs(whole[i + j * n] - lapack[i + j * n]));
    free(lapack);
  }
  assert_true(from_root(worst) < (double)n * DBL_EPSILON * 2000.0 * sqrt(entry(0, 0)));
  free(whole);
  wl_matrix_destroy(&a);
}

static void check_against_lapack_each_way(const wl_grid *grid, int64_t n) {
  each_way(grid, n, check_against_lapack);
}

static void test_against_lapack(void **state) {
  (void)state;
  on_every_grid(cases, CASES, check_against_lapack_each_way);
}

/* In single precision, each rank looks at its own entries of what the double factor of the whole matrix has: ε κ₂(S) |L|, for
   errors of rounding S itself and of the factorization stay below it, without the n of the bound. */
static void fill_single(wl_single *a, wl_triangle triangle) {
  for (int64_t jl = 0; jl < a->local_columns; jl++)
    for (int64_t il = 0; il < a->local_rows; il++) {
      const wl_grid *g = a->grid;
      const int64_t i = wl_grid_global(il, g->block, g->row, g->rows),
                    j = wl_grid_global(jl, g->block, g->column, g->columns);
      const int other = triangle == WL_TRIANGLE_LOWER ? i < j : i > j;
      a->data[il + jl * a->ld] = (float)(other ? other_triangle : entry(i, j));
    }
}

/* The largest error, or infinity where an entry of the other triangle changed. */
static double single_error(const wl_single *a, wl_triangle triangle, const double *l) {
  const wl_grid *g = a->grid;
  double worst = 0.0;
  for (int64_t jl = 0; jl < a->local_columns; jl++)
    for (int64_t il = 0; il < a->local_rows; il++) {
      const int64_t i = wl_grid_global(il, g->block, g->row, g->rows),
                    j = wl_grid_global(jl, g->block, g->column, g->columns);
      const bool lower = triangle == WL_TRIANGLE_LOWER, other = lower ? i < j : i > j;
      const double value = (double)a->data[il + jl * a->ld];
      const double expected = lower ? l[i + j * a->rows] : l[j + i * a->rows];
      const double error = other ? (value == other_triangle ? 0.0 : INFINITY) : fabs(value - expected);
      worst = worse(worst, error);
    }
  return worst_of_all(worst);
}

static void check_single(const wl_grid *grid, int64_t n) {
  double *lapack = malloc(sizeof(double) * (size_t)(n * n));
  for (int64_t j = 0; j < n; j++)
    for (int64_t i = j; i < n; i++) lapack[i + j * n] = entry(i, j);
  assert_int_equal(wl_potrf_tile(WL_TRIANGLE_LOWER, n, lapack, n), -1);
  for (int engine = 0; engine < WL_ENGINE_COUNT; engine++)
    for (int upper = 0; upper < 2; upper++) {
      const wl_triangle triangle = upper ? WL_TRIANGLE_UPPER : WL_TRIANGLE_LOWER;
      wl_single *a = NULL;
      int64_t pivot;
      assert_int_equal(wl_single_create(grid, n, n, &a), WL_OK);
      fill_single(a, triangle);
      assert_int_equal(wl_factorize_single(a, triangle, (wl_engine)engine, "test", &pivot), WL_OK);
      assert_int_equal(pivot, -1);
      assert_true(single_error(a, triangle, lapack) < FLT_EPSILON * 2000.0 * sqrt(entry(0, 0)));
      wl_single_destroy(&a);
    }
  free(lapack);
}

static void test_single(void **state) {
  (void)state;
  on_every_grid(cases, CASES, check_single);
}

/* The first row whose pivot is none is named in single precision too, and NaN is none. */
static void check_single_pivots(const wl_grid *grid, int64_t n) {
  const double values[] = {-1.0, NAN};
  for (int engine = 0; engine < WL_ENGINE_COUNT; engine++)
    for (int c = 0; c < 4; c++) {
      const wl_triangle triangle = c / 2 ? WL_TRIANGLE_UPPER : WL_TRIANGLE_LOWER;
      const int64_t at = 23, il = wl_grid_owned(at, grid->block, grid->row, grid->rows),
                    jl = wl_grid_owned(at, grid->block, grid->column, grid->columns);
      const bool mine =
          at / grid->block % grid->rows == grid->row && at / grid->block % grid->columns == grid->column;
      wl_single *a = NULL;
      int64_t pivot;
      assert_int_equal(wl_single_create(grid, n, n, &a), WL_OK);
      fill_single(a, triangle);
      if (mine) a->data[il + jl * a->ld] = (float)values[c % 2];
      assert_int_equal(wl_factorize_single(a, triangle, (wl_engine)engine, "test", &pivot), WL_OK);
      assert_int_equal(pivot, at);
      wl_single_destroy(&a);
    }
}

static void test_single_pivots(void **state) {
  (void)state;
  on_every_grid(&spoilt, 1, check_single_pivots);
}

/* A matrix spoilt at (at, at): every rank gets the error, with that row (counted from 1) in the message. */
static void spoil(wl_matrix *a, int64_t at, double value) {
  for (int64_t jl = 0; jl < a->local_columns; jl++)
    for (int64_t il = 0; il < a->local_rows; il++)
      if (wl_matrix_global_row(a, il) == at && wl_matrix_global_column(a, jl) == at)
        a->data[il + jl * a->ld] = value;
}

static void check_spoilt(const wl_grid *grid, int64_t at, double value, wl_triangle triangle, wl_engine engine,
                         bool watched, const char *expected) {
  wl_matrix *a = NULL;
  wl_cholesky factor;
  assert_int_equal(wl_matrix_create(grid, 50, 50, &a), WL_OK);
  fill(a, triangle);
  spoil(a, at, value);
  assert_int_equal(factor_as(a, triangle, engine, watched, &factor), WL_ERROR_NUMERICAL);
  assert_non_null(strstr(wl_error_message(), expected));
  wl_matrix_destroy(&a);
}

/* S_at,at at which the pivot vanishes but for rounding: the Schur complement of the others' rows is its distance. */
static double singular_value(int64_t at) {
  double l[50 * 50];
  for (int64_t j = 0; j <= at; j++)
    for (int64_t i = j; i <= at; i++) l[i + j * 50] = entry(i, j);
  assert_int_equal(wl_potrf_tile(WL_TRIANGLE_LOWER, at + 1, l, 50), -1);
  return entry(at, at) - l[at + at * 50] * l[at + at * 50];
}

static void check_pivots(const wl_grid *grid, int64_t n, wl_triangle triangle, wl_engine engine, bool watched) {
  const int64_t rows[] = {0, 7, 8, 23, 49};
  (void)n;
  for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
    char expected[64];
    snprintf(expected, sizeof expected, "training row %lld (", (long long)rows[r] + 1);
    check_spoilt(grid, rows[r], -1.0, triangle, engine, watched, expected);
    if (rows[r] > 0) check_spoilt(grid, rows[r], singular_value(rows[r]), triangle, engine, watched, expected);
  }
}

static void check_pivots_each_way(const wl_grid *grid, int64_t n) { each_way(grid, n, check_pivots); }

static void test_not_positive_definite(void **state) {
  (void)state;
  on_every_grid(&spoilt, 1, check_pivots_each_way);
}

static void check_not_finite(const wl_grid *grid, int64_t n, wl_triangle triangle, wl_engine engine,
                             bool watched) {
  (void)n;
  check_spoilt(grid, 20, NAN, triangle, engine, watched, "not finite");
  check_spoilt(grid, 20, INFINITY, triangle, engine, watched, "not finite");
}

static void check_not_finite_each_way(const wl_grid *grid, int64_t n) { each_way(grid, n, check_not_finite); }

static void test_not_finite(void **state) {
  (void)state;
  on_every_grid(&spoilt, 1, check_not_finite_each_way);
}

/* What gets past the look at S: the factorization itself names a row whose pivot is NaN. */
static void check_nan_pivot(const wl_grid *grid, int64_t n, wl_triangle triangle, wl_engine engine, bool watched) {
  int64_t last = 0, pivot;
  const wl_factor_watch watch = {.context = &last, .wants = always, .reached = note_columns};
  const wl_factorize_options options = {.engine = engine, .name = "test", .watch = watched ? &watch : NULL};
  wl_matrix *a = NULL;
  assert_int_equal(wl_matrix_create(grid, n, n, &a), WL_OK);
  fill(a, triangle);
  spoil(a, 20, NAN);
  assert_int_equal(wl_factorize_with(a, triangle, &options, &pivot), WL_OK);
  assert_int_equal(pivot, 20);
  wl_matrix_destroy(&a);
}

static void check_nan_pivot_each_way(const wl_grid *grid, int64_t n) { each_way(grid, n, check_nan_pivot); }

static void test_nan_pivot(void **state) {
  (void)state;
  on_every_grid(&spoilt, 1, check_nan_pivot_each_way);
}

/*
 * What is reported as residual, and that so much is an error, where it is known: products S Z that were handed over wrong by 1 in every entry give
 * ‖S Z − L Lᵀ Z‖_F = √(4 n), beside which rounding is 1e-13.
 */
static void test_residual(void **state) {
  (void)state;
  const int64_t n = 61;
  const uint64_t seed = 7;
  wl_grid *grid = grid_of(MPI_COMM_WORLD, 8);
  wl_matrix *a = NULL, *products = NULL;
  assert_int_equal(wl_matrix_create(grid, n, n, &a), WL_OK);
  assert_int_equal(wl_matrix_create(grid, n, WL_PROBES, &products), WL_OK);
  fill(a, WL_TRIANGLE_LOWER);
  double norm = 0.0, probes = 0.0; /* ‖S‖₁, ‖Z‖_F² */
  for (int64_t j = 0; j < n; j++) {
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++) sum += fabs(entry(i, j));
    norm = fmax(norm, sum);
    for (uint64_t k = 0; k < WL_PROBES; k++)
      probes += pow(wl_random_normal(seed, WL_STREAM_PROBE, (uint64_t)j, k), 2.0);
  }
  for (int64_t jl = 0; jl < products->local_columns; jl++)
    for (int64_t il = 0; il < products->local_rows; il++) {
      double sum = 1.0;
      for (int64_t k = 0; k < n; k++)
        sum +=
            entry(wl_matrix_global_row(products, il), k) *
            wl_random_normal(seed, WL_STREAM_PROBE, (uint64_t)k, (uint64_t)wl_matrix_global_column(products, jl));
      products->data[il + jl * products->ld] = sum;
    }
  const wl_factor_state resume = {.columns = 0, .norm = norm, .products = products};
  wl_cholesky factor;
  const wl_cholesky_options options = {.name = "test", .seed = seed, .resume = &resume};
  assert_int_equal(wl_cholesky_factor_with(a, WL_TRIANGLE_LOWER, &options, &factor), WL_ERROR_NUMERICAL);
  assert_non_null(strstr(wl_error_message(), "FAILED"));
  const double expected = sqrt((double)(n * WL_PROBES)) / ((double)n * DBL_EPSILON * norm * sqrt(probes));
  assert_true(fabs(factor.info.residual / expected - 1.0) < 1e-10);
  wl_matrix_destroy(&products);
  wl_matrix_destroy(&a);
  wl_grid_destroy(&grid);
}

/* S = I but for one entry of 1e-6, so that ‖S⁻¹‖₁ = 1e6: from an even vector that shows as 1e6 / n, and only the climb finds it. */
static void test_condition(void **state) {
  (void)state;
  const int64_t n = 61;
  for (int64_t at = 0; at < n; at += 20) {
    wl_grid *grid = grid_of(MPI_COMM_WORLD, 8);
    wl_matrix *a = NULL;
    wl_cholesky factor;
    assert_int_equal(wl_matrix_create(grid, n, n, &a), WL_OK);
    for (int64_t jl = 0; jl < a->local_columns; jl++)
      for (int64_t il = 0; il < a->local_rows; il++) {
        const int64_t i = wl_matrix_global_row(a, il), j = wl_matrix_global_column(a, jl);
        a->data[il + jl * a->ld] = i != j ? 0.0 : i == at ? 1e-6 : 1.0;
      }
    assert_int_equal(wl_cholesky_factor(a, WL_TRIANGLE_LOWER, "test", 7, &factor), WL_OK);
    assert_true(factor.info.norm == 1.0);
    assert_true(fabs(factor.info.reciprocal_condition / 1e-6 - 1.0) < 1e-12);
    wl_matrix_destroy(&a);
    wl_grid_destroy(&grid);
  }
}

/* Of S, by local row, on the ranks that own the entries. */
static void diagonal_of(const wl_matrix *a, double *diagonal) {
  for (int64_t il = 0; il < a->local_rows; il++) {
    const int64_t i = wl_matrix_global_row(a, il);
    diagonal[il] = entry(i, i);
  }
}

/* Factors the first n rows, and then extends the factor. */
static wl_error extend_as(wl_matrix *a, int64_t n, wl_triangle triangle, wl_engine engine,
                          const wl_factor_watch *watch, wl_cholesky *known, wl_cholesky *factor) {
  wl_matrix first = wl_matrix_leading(a, n, n);
  double *diagonal = malloc(sizeof(double) * (size_t)(a->local_rows + 1));
  diagonal_of(a, diagonal);
  assert_int_equal(wl_cholesky_factor(&first, triangle, "test", 7, known), WL_OK);
  const wl_factor_state state = {.columns = n, .diagonal = diagonal};
  const wl_cholesky_options options = {
      .engine = engine, .name = "test", .seed = 7, .watch = watch, .resume = &state};
  const wl_error error = wl_cholesky_extend(a, triangle, &options, &known->info, factor);
  free(diagonal);
  return error;
}

static double exact_norm(int64_t n) {
  double norm = 0.0;
  for (int64_t j = 0; j < n; j++) {
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++) sum += fabs(entry(i, j));
    norm = fmax(norm, sum);
  }
  return norm;
}

/* A factor of the first rows that is extended is one of all of S; its norm is a lower bound within a factor of two. */
static void check_extension(const wl_grid *grid, int64_t n, int64_t known_rows, wl_triangle triangle,
                            wl_engine engine) {
  wl_matrix *a = NULL;
  wl_cholesky known, factor;
  double *whole = malloc(sizeof(double) * (size_t)(n * (n + RIGHT_HAND_SIDES)));
  assert_int_equal(wl_matrix_create(grid, n, n, &a), WL_OK);
  fill(a, triangle);
  assert_int_equal(extend_as(a, known_rows, triangle, engine, NULL, &known, &factor), WL_OK);
  const double changed = gather_factor(a, triangle, whole), norm = exact_norm(n);
  const int root = grid->rank == 0;
  assert_true(from_root(changed) == 0.0);
  assert_true(from_root(root ? factor_residual(n, whole) : 0.0) < tolerance);
  assert_true(from_root(root ? fabs(factor.info.log_determinant - log_determinant_of(n, whole)) : 0.0) <
              1e-12 * (double)n);
  assert_true(factor.info.residual > known.info.residual && factor.info.residual < 2.0);
  assert_true(factor.info.norm <= norm * (1.0 + 1e-12) && factor.info.norm > norm / 2.0);
  assert_true(factor.info.reciprocal_condition > 1e-4 && factor.info.reciprocal_condition < 1.0);
  check_solves(&factor, n, whole);
  free(whole);
  wl_matrix_destroy(&a);
}

static void check_extensions(const wl_grid *grid, int64_t n) {
  const int64_t known[] = {1, n / 2, n - 1};
  for (size_t k = 0; k < sizeof known / sizeof *known; k++)
    for (int engine = 0; engine < WL_ENGINE_COUNT; engine++)
      for (int upper = 0; upper < 2; upper++)
        check_extension(grid, n, known[k], upper ? WL_TRIANGLE_UPPER : WL_TRIANGLE_LOWER, (wl_engine)engine);
}

static void test_extension(void **state) {
  (void)state;
  on_every_grid(cases + 1, CASES - 1, check_extensions);
}

/* What was spoilt beyond the known rows is found on every rank, and named. */
static void check_bad_border(const wl_grid *grid, int64_t n) {
  const double values[] = {-1.0, NAN};
  const char *const expected[] = {"training row 42 (", "not finite"};
  for (int upper = 0; upper < 2; upper++)
    for (int v = 0; v < 2; v++) {
      wl_matrix *a = NULL;
      wl_cholesky known, factor;
      assert_int_equal(wl_matrix_create(grid, n, n, &a), WL_OK);
      fill(a, upper ? WL_TRIANGLE_UPPER : WL_TRIANGLE_LOWER);
      spoil(a, 41, values[v]);
      assert_int_equal(extend_as(a, 30, upper ? WL_TRIANGLE_UPPER : WL_TRIANGLE_LOWER, WL_ENGINE_SCALAPACK, NULL,
                                 &known, &factor),
                       WL_ERROR_NUMERICAL);
      assert_non_null(strstr(wl_error_message(), expected[v]));
      wl_matrix_destroy(&a);
    }
}

static void test_bad_border(void **state) {
  (void)state;
  on_every_grid(&spoilt, 1, check_bad_border);
}

/* An entry of the lower triangle that goes wrong, or its mirror image in the upper one. */
typedef struct wrong_entry {
  wl_matrix *a;
  wl_triangle triangle;
  int64_t i, j;
} wrong_entry;

static wl_error go_wrong(void *context, const wl_factor_state *state) {
  const wrong_entry *w = context;
  const bool lower = w->triangle == WL_TRIANGLE_LOWER;
  const int64_t i = lower ? w->i : w->j, j = lower ? w->j : w->i;
  const int64_t il = wl_matrix_local_row(w->a, i), jl = wl_matrix_local_column(w->a, j);
  (void)state;
  if (wl_matrix_local_row(w->a, i + 1) > il && wl_matrix_local_column(w->a, j + 1) > jl)
    w->a->data[il + jl * w->a->ld] += 1e-6;
  return WL_OK;
}

/* An engine that makes a wrong L₂₁, or touches L₁₁, on its way through L₂₂, does not get through. */
static void check_wrong_extension(const wl_grid *grid, int64_t n) {
  const int64_t known_rows = 30, rows[] = {45, 20};
  for (int k = 0; k < 2 * 2 * WL_ENGINE_COUNT; k++) {
    wl_matrix *a = NULL;
    wl_cholesky known, factor;
    const wl_triangle triangle = k % 2 ? WL_TRIANGLE_UPPER : WL_TRIANGLE_LOWER;
    assert_int_equal(wl_matrix_create(grid, n, n, &a), WL_OK);
    fill(a, triangle);
    wrong_entry wrong = {a, triangle, rows[k / 2 % 2], 10};
    const wl_factor_watch watch = {.context = &wrong, .wants = always, .reached = go_wrong};
    assert_int_equal(extend_as(a, known_rows, triangle, (wl_engine)(k / 4), &watch, &known, &factor),
                     WL_ERROR_NUMERICAL);
    assert_non_null(strstr(wl_error_message(), "FAILED"));
    wl_matrix_destroy(&a);
  }
}

static void test_wrong_extension(void **state) {
  (void)state;
  on_every_grid(&spoilt, 1, check_wrong_extension);
}

static int group(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_factor),
                                     cmocka_unit_test(test_against_lapack),
                                     cmocka_unit_test(test_single),
                                     cmocka_unit_test(test_single_pivots),
                                     cmocka_unit_test(test_not_positive_definite),
                                     cmocka_unit_test(test_not_finite),
                                     cmocka_unit_test(test_nan_pivot),
                                     cmocka_unit_test(test_residual),
                                     cmocka_unit_test(test_condition),
                                     cmocka_unit_test(test_extension),
                                     cmocka_unit_test(test_bad_border),
                                     cmocka_unit_test(test_wrong_extension)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(int argc, char **argv) { return mpi_test_main(argc, argv, group); }
