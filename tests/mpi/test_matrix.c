/* Grid, block-cyclic matrix and the agreement on errors. */
#include "mpi_test.h"

#include <stdio.h>
#include <string.h>

#include "dist/matrix.h"

static double value_at(int64_t i, int64_t j) { return 1000.0 * (double)i + (double)j; }

static void test_owned_counts_add_up(void **state) {
  (void)state;
  for (int64_t n = 0; n < 70; n++)
    for (int block = 1; block < 20; block += 3)
      for (int count = 1; count < 6; count++) {
        int64_t sum = 0;
        for (int me = 0; me < count; me++) sum += wl_grid_owned(n, block, me, count);
        assert_int_equal(sum, n);
      }
}

/* Pieces written row-wise from rank 0 are found where they belong, and come back to rank 0 from any place. */
static void check_round_trip_on(const wl_grid *grid, int64_t rows, int64_t columns) {
  wl_matrix *a = NULL;
  assert_int_equal(wl_matrix_create(grid, rows, columns, &a), WL_OK);
  double *piece = malloc(sizeof(double) * (size_t)(rows * columns));
  for (int64_t first = 0; first < rows; first += 3) {
    const int64_t count = rows - first < 3 ? rows - first : 3;
    for (int64_t k = 0; k < count * columns; k++)
      piece[k] = grid->rank == 0 ? value_at(first + k / columns, k % columns) : -1.0;
    wl_matrix_set_rows(a, first, count, piece);
  }
  double wrong = 0.0;
  for (int64_t jl = 0; jl < a->local_columns; jl++)
    for (int64_t il = 0; il < a->local_rows; il++)
      wrong += a->data[il + jl * a->ld] != value_at(wl_matrix_global_row(a, il), wl_matrix_global_column(a, jl));
  assert_true(worst_of_all(wrong) == 0.0);

  const int64_t i = rows / 3, j = columns / 2, height = rows - i, width = columns - j;
  assert_int_equal(wl_matrix_get(a, i, j, height, width, piece), WL_OK);
  wrong = 0.0;
  if (grid->rank == 0)
    for (int64_t k = 0; k < height * width; k++) wrong += piece[k] != value_at(i + k % height, j + k / height);
  assert_true(from_root(wrong) == 0.0);
  free(piece);
  wl_matrix_destroy(&a);
}

static void check_round_trip(int64_t rows, int64_t columns, int block) {
  wl_grid *grid = grid_of(MPI_COMM_WORLD, block);
  const wl_grid panels = wl_grid_for_panels(grid, columns);
  check_round_trip_on(grid, rows, columns);
  check_round_trip_on(&panels, rows, columns);
  wl_grid_destroy(&grid);
}

/* No process column has more than its share of a panel's columns but for one in each round of blocks. */
static void test_panels_are_even(void **state) {
  (void)state;
  for (int block = 1; block < 40; block += 6)
    for (int count = 1; count < 9; count++)
      for (int64_t columns = 0; columns < 300; columns++) {
        const wl_grid grid = {.rows = 1, .columns = count, .block = block, .column_block = block};
        const wl_grid panels = wl_grid_for_panels(&grid, columns);
        assert_int_equal(panels.block, block);
        assert_true(panels.column_block >= 1 && panels.column_block <= block);
        const int64_t rounds = (columns + count * block - 1) / (count * block);
        const int64_t most = wl_grid_owned(columns, panels.column_block, 0, count);
        assert_true(most <= columns / count + rounds);
      }
}

/* Several ranks: 16 tiles a row where they are 48 or larger, 8 at least; one rank: 8. */
static void test_chosen_blocks(void **state) {
  (void)state;
  assert_int_equal(wl_grid_choose_block(100, 2), 16);
  assert_int_equal(wl_grid_choose_block(720, 2), 32);
  assert_int_equal(wl_grid_choose_block(2000, 1), 192);
  assert_int_equal(wl_grid_choose_block(2000, 2), 48);
  assert_int_equal(wl_grid_choose_block(4000, 2), 112);
  assert_int_equal(wl_grid_choose_block(4000, 6), 80);
  assert_int_equal(wl_grid_choose_block(20000, 2), 192);
}

static void test_round_trip(void **state) {
  (void)state;
  check_round_trip(1, 1, 4);
  check_round_trip(5, 3, 16); /* most ranks own nothing */
  check_round_trip(37, 23, 4);
  check_round_trip(64, 64, 8);
}

static void test_grid_must_match_ranks(void **state) {
  (void)state;
  wl_grid *grid = NULL;
  assert_int_equal(wl_grid_create(MPI_COMM_WORLD, 7, 5, 8, &grid), WL_ERROR_CONFIG);
  assert_non_null(strstr(wl_error_message(), "grid.rows"));
  assert_null(grid);
  assert_int_equal(wl_grid_create(MPI_COMM_WORLD, 0, 0, 0, &grid), WL_ERROR_CONFIG);
  assert_non_null(strstr(wl_error_message(), "grid.block"));
}

/* 32-bit local indices: refused with a number of ranks that would do. */
static void test_capacity(void **state) {
  (void)state;
  wl_grid *grid = grid_of(MPI_COMM_WORLD, 192);
  wl_matrix *a = NULL;
  assert_int_equal(wl_matrix_create(grid, 1000000, 1000000, &a), WL_ERROR_CAPACITY);
  assert_non_null(strstr(wl_error_message(), "mpirun -n"));
  assert_null(a);
  int size;
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  if (size == 1) { /* 46,340² < 2³¹ < 46,341² */
    assert_int_equal(wl_matrix_check_capacity(grid, 46340, 46340), WL_OK);
    assert_int_equal(wl_matrix_check_capacity(grid, 46341, 46341), WL_ERROR_CAPACITY);
  }
  const int64_t ranks = wl_matrix_ranks_needed(1000000);
  int64_t p = 1;
  while (p * p < ranks) p++;
  const int64_t share = wl_grid_owned(1000000, 192, 0, (int)p),
                before = wl_grid_owned(1000000, 192, 0, (int)p - 1);
  assert_true(share * share <= INT32_MAX && before * before > INT32_MAX);
  wl_grid_destroy(&grid);
}

static void fill(wl_matrix *a, double sign) {
  for (int64_t jl = 0; jl < a->local_columns; jl++)
    for (int64_t il = 0; il < a->local_rows; il++)
      a->data[il + jl * a->ld] = sign * value_at(wl_matrix_global_row(a, il) + 1, wl_matrix_global_column(a, jl));
}

/* Local. Entries that are not those of fill: with -1 in the first rows and columns, and with 1 elsewhere. */
static double count_wrong(const wl_matrix *a, int64_t rows, int64_t columns) {
  double wrong = 0.0;
  for (int64_t jl = 0; jl < a->local_columns; jl++)
    for (int64_t il = 0; il < a->local_rows; il++) {
      const int64_t i = wl_matrix_global_row(a, il), j = wl_matrix_global_column(a, jl);
      wrong += a->data[il + jl * a->ld] != (i < rows && j < columns ? -1.0 : 1.0) * value_at(i + 1, j);
    }
  return wrong;
}

/* A leading part lies within another matrix, whose columns are further apart: copies go by columns, and leave the rest alone. */
static void check_leading(const wl_grid *grid, int64_t n) {
  const int64_t rows = n / 2 + 1, columns = n / 3 + 1;
  wl_matrix *whole = NULL, *part = NULL;
  assert_int_equal(wl_matrix_create(grid, n, n, &whole), WL_OK);
  assert_int_equal(wl_matrix_create(grid, rows, columns, &part), WL_OK);
  fill(whole, 1.0);
  wl_matrix leading = wl_matrix_leading(whole, rows, columns);
  wl_matrix_copy(&leading, part);
  assert_true(worst_of_all(count_wrong(part, 0, 0)) == 0.0);
  fill(part, -1.0);
  wl_matrix_copy(part, &leading);
  assert_true(worst_of_all(count_wrong(whole, rows, columns)) == 0.0);
  wl_matrix_destroy(&part);
  wl_matrix_destroy(&whole);
}

/* Rows from rank 0 go where they belong, and others stay. */
static void check_scatter(const wl_grid *grid, int64_t n) {
  const int64_t first = n / 4, rows = n / 2;
  wl_matrix *a = NULL;
  double *values = grid->rank == 0 ? malloc(sizeof(double) * (size_t)(rows * n + 1)) : NULL;
  assert_int_equal(wl_matrix_create(grid, n, n, &a), WL_OK);
  fill(a, 1.0);
  for (int64_t k = 0; values && k < rows * n; k++) values[k] = value_at(first + k / n + 1, k % n) + 0.5;
  assert_int_equal(wl_matrix_scatter_rows(a, first, rows, values), WL_OK);
  double wrong = 0.0;
  for (int64_t jl = 0; jl < a->local_columns; jl++)
    for (int64_t il = 0; il < a->local_rows; il++) {
      const int64_t i = wl_matrix_global_row(a, il);
      const double change = i >= first && i < first + rows ? 0.5 : 0.0;
      wrong += a->data[il + jl * a->ld] != value_at(i + 1, wl_matrix_global_column(a, jl)) + change;
    }
  assert_true(worst_of_all(wrong) == 0.0);
  free(values);
  wl_matrix_destroy(&a);
}

static void test_parts(void **state) {
  (void)state;
  static const grid_case cases[] = {{1, 4}, {9, 16}, {37, 4}};
  on_every_grid(cases, sizeof cases / sizeof *cases, check_leading);
  on_every_grid(cases, sizeof cases / sizeof *cases, check_scatter);
}

/* Whichever rank fails, all return its error with its message. */
static void test_agreement(void **state) {
  (void)state;
  int size;
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  const int rank = rank_of(MPI_COMM_WORLD);
  assert_int_equal(wl_error_agree(MPI_COMM_WORLD, WL_OK), WL_OK);
  for (int failing = 0; failing < size; failing++) {
    wl_error error = rank == failing ? wl_error_set(WL_ERROR_DATA, "rank %d cannot read", failing) : WL_OK;
    assert_int_equal(wl_error_agree(MPI_COMM_WORLD, error), WL_ERROR_DATA);
    char expected[64];
    snprintf(expected, sizeof expected, "rank %d cannot read", failing);
    assert_non_null(strstr(wl_error_message(), expected));
  }
}

static int group(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_owned_counts_add_up),
                                     cmocka_unit_test(test_panels_are_even),
                                     cmocka_unit_test(test_chosen_blocks),
                                     cmocka_unit_test(test_round_trip),
                                     cmocka_unit_test(test_parts),
                                     cmocka_unit_test(test_grid_must_match_ranks),
                                     cmocka_unit_test(test_capacity),
                                     cmocka_unit_test(test_agreement)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(int argc, char **argv) { return mpi_test_main(argc, argv, group); }
