/*
 * A Cholesky factor in two arrays beside the one in one array, on every grid of all ranks, by what each rank holds:
 *   factor   max |L − L'| / (n ε max |L|) < 16          product  max |L Z − L' Z| / (n ε max |L| max |Z|) < 16
 */
#include "mpi_test.h"

#include <float.h>
#include <math.h>

#include "dist/scalapack.h"
#include "linalg/factorize.h"
#include "linalg/rfp.h"

static const double tolerance = 16.0;

/* Ragged ones, ranks that own nothing, first halves that end within blocks, one block in all. */
static const grid_case sizes[] = {{1, 4},  {2, 4},    {3, 1},   {17, 16},  {37, 1},
                                  {61, 8}, {130, 16}, {131, 9}, {300, 64}, {90, 500}};
enum { SIZES = sizeof sizes / sizeof *sizes };

typedef double (*value)(int64_t i, int64_t j);

static double entry(int64_t i, int64_t j) {
  const double di = (double)i, dj = (double)j;
  return exp(-fabs(di - dj) / 30.0) + 0.05 * cos(di) * cos(dj) + (i == j ? 0.1 : 0.0);
}

static double identity(int64_t i, int64_t j) { return i == j ? 1.0 : 0.0; }

static double column(int64_t i, int64_t j) { return sin((double)(i + 1) * (double)(j + 2)); }

static int64_t special; /* the row that is wrong in the matrices below */

static double indefinite(int64_t i, int64_t j) { return i == special && j == special ? -1.0 : entry(i, j); }

/* The row is another one: its pivot is rounding alone. */
static double repeated(int64_t i, int64_t j) {
  return entry(i == special ? special / 2 : i, j == special ? special / 2 : j);
}

/* From (i, j) on. */
static void fill(value of, int64_t i, int64_t j, wl_matrix *a) {
  for (int64_t jl = 0; jl < a->local_columns; jl++)
    for (int64_t il = 0; il < a->local_rows; il++)
      a->data[il + jl * a->ld] = of(i + wl_matrix_global_row(a, il), j + wl_matrix_global_column(a, jl));
}

static wl_matrix *matrix_of(const wl_grid *grid, int64_t rows, int64_t columns, value of) {
  wl_matrix *a = NULL;
  assert_int_equal(wl_matrix_create(grid, rows, columns, &a), WL_OK);
  fill(of, 0, 0, a);
  return a;
}

/* Of the matrix from (offset, offset) on, the triangle of one end and its diagonal. */
static void fill_end(value of, int64_t offset, int upper, double *diagonal, wl_matrix *a) {
  for (int64_t jl = 0; jl < a->local_columns; jl++)
    for (int64_t il = 0; il < a->local_rows; il++) {
      const int64_t i = wl_matrix_global_row(a, il), j = wl_matrix_global_column(a, jl);
      if (upper ? i < j : i > j) a->data[il + jl * a->ld] = of(offset + i, offset + j);
    }
  for (int64_t il = 0; il < a->local_rows; il++) {
    const int64_t i = offset + wl_matrix_global_row(a, il);
    diagonal[il] = of(i, i);
  }
}

static wl_rfp *rfp_of(const wl_grid *grid, int64_t n, value of) {
  wl_rfp *h = NULL;
  assert_int_equal(wl_rfp_create(grid, n, &h), WL_OK);
  const int64_t first = wl_rfp_first(n);
  fill_end(of, 0, 0, h->diagonal[0], h->ends);
  fill_end(of, first, 1, h->diagonal[1], &h->last);
  fill(of, 0, first, h->cross);
  return h;
}

static double largest(const wl_matrix *a) {
  double most = 0.0;
  for (int64_t jl = 0; jl < a->local_columns; jl++)
    for (int64_t il = 0; il < a->local_rows; il++) most = fmax(most, fabs(a->data[il + jl * a->ld]));
  return worst_of_all(most);
}

static double difference(const wl_matrix *a, const wl_matrix *wanted) {
  double worst = 0.0;
  for (int64_t jl = 0; jl < a->local_columns; jl++)
    for (int64_t il = 0; il < a->local_rows; il++) {
      const double apart = fabs(a->data[il + jl * a->ld] - wanted->data[il + jl * a->ld]);
      worst = worse(worst, apart);
    }
  return worst_of_all(worst);
}

/* L Z by both; columns of the identity give L itself, and zeros above its diagonal. */
static void check_product(wl_rfp *h, const wl_matrix *l, int64_t columns, value z) {
  wl_matrix *b = matrix_of(l->grid, l->rows, columns, z), *wanted = matrix_of(l->grid, l->rows, columns, z);
  wl_trmm_left(WL_TRIANGLE_LOWER, WL_NO_TRANS, l, wanted);
  assert_int_equal(wl_rfp_multiply(h, b), WL_OK);
  assert_true(difference(b, wanted) < tolerance * (double)l->rows * DBL_EPSILON * largest(l));
  wl_matrix_destroy(&wanted);
  wl_matrix_destroy(&b);
}

static void check_factor(const wl_grid *grid, int64_t n) {
  wl_matrix *l = matrix_of(grid, n, n, entry);
  wl_rfp *h = rfp_of(grid, n, entry);
  int64_t pivot;
  assert_int_equal(wl_factorize(l, WL_TRIANGLE_LOWER, "whole", &pivot), WL_OK);
  assert_int_equal(pivot, -1);
  assert_int_equal(wl_rfp_factorize(h, WL_ENGINE_SCALAPACK, "packed", &pivot), WL_OK);
  assert_int_equal(pivot, -1);
  check_product(h, l, n, identity);
  check_product(h, l, 1, column);
  check_product(h, l, 23, column);
  wl_rfp_destroy(&h);
  wl_matrix_destroy(&l);
}

static void test_factor(void **state) {
  (void)state;
  on_every_grid(sizes, SIZES, check_factor);
}

/* Every rank learns the row of the pivot that fails, in one array and in two. */
static void check_pivot(const wl_grid *grid, int64_t n, value of) {
  wl_matrix *a = matrix_of(grid, n, n, of);
  wl_rfp *h = rfp_of(grid, n, of);
  int64_t pivot;
  assert_int_equal(wl_factorize(a, WL_TRIANGLE_LOWER, "whole", &pivot), WL_OK);
  assert_int_equal(pivot, special);
  assert_int_equal(wl_rfp_factorize(h, WL_ENGINE_SCALAPACK, "packed", &pivot), WL_OK);
  assert_int_equal(pivot, special);
  wl_rfp_destroy(&h);
  wl_matrix_destroy(&a);
}

static void check_pivots(const wl_grid *grid, int64_t n) {
  const int64_t first = wl_rfp_first(n), rows[] = {0, first - 1, first, n - 1};
  for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
    special = rows[k];
    if (special >= n) continue;
    check_pivot(grid, n, indefinite);
    if (special > 0) check_pivot(grid, n, repeated);
  }
}

static void test_pivot(void **state) {
  (void)state;
  on_every_grid(sizes, SIZES, check_pivots);
}

static int group(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_factor), cmocka_unit_test(test_pivot)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(int argc, char **argv) { return mpi_test_main(argc, argv, group); }
