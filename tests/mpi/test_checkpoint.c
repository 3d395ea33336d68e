/* The triangle in a checkpoint file: its order there, any grid's way to it and back, one rank that cannot reach it. */
#define _GNU_SOURCE
#include <errno.h>
#include <hdf5.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "checkpoint/checkpoint_file.h"
#include "mpi_test.h"

static const double outside = -7.0;

/* A disk that keeps other than it was given: one bit of the next large piece written while `spoils`. In place of the C library's. */
static bool spoils;

ssize_t pwrite(int file, const void *bytes, size_t count, off_t at) {
  unsigned char *other = spoils && count > 4096 ? malloc(count) : NULL;
  if (!other) return syscall(SYS_pwrite64, file, bytes, count, at);
  spoils = false;
  memcpy(other, bytes, count);
  other[count / 3] ^= 1;
  const ssize_t written = syscall(SYS_pwrite64, file, other, count, at);
  free(other);
  return written;
}

/* Every other call to read or to write is interrupted by a signal while this holds. */
static bool interrupted;

static bool interrupts(void) {
  static int calls;
  if (!interrupted || ++calls % 2) return false;
  errno = EINTR;
  return true;
}

ssize_t pread(int file, void *bytes, size_t count, off_t at) {
  return interrupts() ? -1 : syscall(SYS_pread64, file, bytes, count, at);
}

ssize_t write(int file, const void *bytes, size_t count) {
  return interrupts() ? -1 : syscall(SYS_write, file, bytes, count);
}

static double value_at(int64_t i, int64_t j) { return (double)i + 1e-4 * (double)j; }

static bool is_inside(wl_triangle triangle, int64_t i, int64_t j) {
  return triangle == WL_TRIANGLE_LOWER ? i >= j : i <= j;
}

/* A file of its own for each number of ranks: tests run side by side. */
static const char *file_name(void) {
  static char name[64];
  int size;
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  snprintf(name, sizeof name, "test_checkpoint.%d.h5", size);
  return name;
}

static wl_matrix *new_matrix(const wl_grid *grid, int64_t n, wl_triangle triangle, bool filled) {
  wl_matrix *a = NULL;
  assert_int_equal(wl_matrix_create(grid, n, n, &a), WL_OK);
  for (int64_t jl = 0; jl < a->local_columns; jl++)
    for (int64_t il = 0; il < a->local_rows; il++) {
      const int64_t i = wl_matrix_global_row(a, il), j = wl_matrix_global_column(a, jl);
      a->data[il + jl * a->ld] = filled && is_inside(triangle, i, j) ? value_at(i, j) : outside;
    }
  return a;
}

static wl_error write_matrix(const wl_grid *grid, const wl_matrix *a, wl_triangle triangle) {
  wl_checkpoint c = {.fingerprint = strdup("test: 1"), .rows = a->rows, .columns = a->rows / 2};
  const wl_checkpoint_content content = {.matrix = a, .triangle = triangle};
  const wl_error error = wl_checkpoint_write(grid, file_name(), &content, &c);
  wl_checkpoint_clear(&c);
  return error;
}

/* Rank 0, by HDF5 alone: [column][row] in strips, zero beyond the triangle. */
static double count_wrong_in_file(int64_t n, wl_triangle triangle) {
  double wrong = 0.0;
  const hid_t file = H5Fopen(file_name(), H5F_ACC_RDONLY, H5P_DEFAULT);
  for (int64_t s = 0; s < wl_strip_count(n); s++) {
    const wl_strip strip = wl_strip_at(n, triangle, s);
    char name[48];
    snprintf(name, sizeof name, "/matrix/%d", (int)s);
    double *values = malloc(sizeof(double) * (size_t)(strip.rows * strip.columns));
    const hid_t set = H5Dopen2(file, name, H5P_DEFAULT);
    wrong += H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0;
    for (int64_t k = 0; k < strip.rows * strip.columns; k++) {
      const int64_t i = strip.row + k % strip.rows, j = strip.column + k / strip.rows;
      wrong += values[k] != (is_inside(triangle, i, j) ? value_at(i, j) : 0.0);
    }
    H5Dclose(set);
    free(values);
  }
  H5Fclose(file);
  return wrong;
}

static void check_read(int64_t n, wl_triangle triangle, int block) {
  wl_grid *grid = grid_of(MPI_COMM_WORLD, block);
  wl_matrix *a = new_matrix(grid, n, triangle, false);
  wl_checkpoint c = {0};
  const bool root = grid->rank == 0;
  assert_int_equal(wl_error_agree(grid->comm, root ? wl_checkpoint_open(file_name(), &c) : WL_OK), WL_OK);
  assert_int_equal(wl_checkpoint_share(grid->comm, &c), WL_OK);
  assert_int_equal(wl_checkpoint_read_matrix(file_name(), &c, triangle, a), WL_OK);
  double wrong = 0.0;
  for (int64_t jl = 0; jl < a->local_columns; jl++)
    for (int64_t il = 0; il < a->local_rows; il++) {
      const int64_t i = wl_matrix_global_row(a, il), j = wl_matrix_global_column(a, jl);
      wrong += a->data[il + jl * a->ld] != (is_inside(triangle, i, j) ? value_at(i, j) : outside);
    }
  assert_true(worst_of_all(wrong) == 0.0);
  wl_checkpoint_clear(&c);
  wl_matrix_destroy(&a);
  wl_grid_destroy(&grid);
}

static void check_round_trip(int64_t n, wl_triangle triangle, int block, int other_block) {
  wl_grid *grid = grid_of(MPI_COMM_WORLD, block);
  wl_matrix *a = new_matrix(grid, n, triangle, true);
  assert_int_equal(write_matrix(grid, a, triangle), WL_OK);
  assert_true(from_root(grid->rank == 0 ? count_wrong_in_file(n, triangle) : 0.0) == 0.0);
  wl_matrix_destroy(&a);
  wl_grid_destroy(&grid);
  check_read(n, triangle, other_block);
}

static void test_round_trip(void **state) {
  (void)state;
  for (wl_triangle t = WL_TRIANGLE_LOWER; t <= WL_TRIANGLE_UPPER; t++) {
    check_round_trip(1, t, 4, 1);
    check_round_trip(37, t, 8, 64);     /* most ranks have no tiles, one has all columns */
    check_round_trip(1700, t, 48, 100); /* columns of one strip on several ranks */
  }
}

/* MPI-IO waits for ever here. */
static void test_one_rank_cannot_open(void **state) {
  (void)state;
  wl_grid *grid = grid_of(MPI_COMM_WORLD, 16);
  wl_matrix *a = new_matrix(grid, 100, WL_TRIANGLE_LOWER, true);
  assert_int_equal(write_matrix(grid, a, WL_TRIANGLE_LOWER), WL_OK);
  wl_checkpoint c = {0};
  const wl_error opened = grid->rank == 0 ? wl_checkpoint_open(file_name(), &c) : WL_OK;
  assert_int_equal(wl_error_agree(grid->comm, opened), WL_OK);
  assert_int_equal(wl_checkpoint_share(grid->comm, &c), WL_OK);

  struct rlimit before, none;
  getrlimit(RLIMIT_NOFILE, &before);
  none = before;
  none.rlim_cur = 3;
  if (grid->rank == grid->size - 1) setrlimit(RLIMIT_NOFILE, &none);
  const wl_error written = write_matrix(grid, a, WL_TRIANGLE_LOWER);
  const int named = grid->size == 1 || strstr(wl_error_message(), "(rank ") != NULL;
  const wl_error read = wl_checkpoint_read_matrix(file_name(), &c, WL_TRIANGLE_LOWER, a);
  setrlimit(RLIMIT_NOFILE, &before);
  assert_int_equal(written, WL_ERROR_IO);
  assert_true(named);
  assert_int_equal(read, WL_ERROR_IO);
  char partial[80];
  snprintf(partial, sizeof partial, "%s.partial", file_name());
  assert_true(from_root(access(partial, F_OK) == 0) == 0.0);

  check_read(100, WL_TRIANGLE_LOWER, 16); /* the file that was there before */
  wl_checkpoint_clear(&c);
  wl_matrix_destroy(&a);
  wl_grid_destroy(&grid);
}

/* What does not read back as it was written is no checkpoint, on any rank, and the one before it stays. */
static void test_written_wrong(void **state) {
  (void)state;
  wl_grid *grid = grid_of(MPI_COMM_WORLD, 16);
  wl_matrix *a = new_matrix(grid, 300, WL_TRIANGLE_LOWER, true);
  assert_int_equal(write_matrix(grid, a, WL_TRIANGLE_LOWER), WL_OK);
  spoils = true;
  const wl_error written = write_matrix(grid, a, WL_TRIANGLE_LOWER);
  assert_true(worst_of_all(!spoils) == 1.0); /* some rank wrote through it */
  spoils = false;
  assert_int_equal(written, WL_ERROR_IO);
  assert_non_null(strstr(wl_error_message(), "does not read back as it was written"));
  check_read(300, WL_TRIANGLE_LOWER, 16);
  wl_matrix_destroy(&a);
  wl_grid_destroy(&grid);
}

static void test_interrupted(void **state) {
  (void)state;
  wl_grid *grid = grid_of(MPI_COMM_WORLD, 16);
  wl_matrix *a = new_matrix(grid, 300, WL_TRIANGLE_LOWER, true);
  interrupted = true;
  const wl_error written = write_matrix(grid, a, WL_TRIANGLE_LOWER), checked = wl_guard_check(file_name());
  interrupted = false;
  assert_int_equal(written, WL_OK);
  assert_int_equal(checked, WL_OK);
  check_read(300, WL_TRIANGLE_LOWER, 16);
  wl_matrix_destroy(&a);
  wl_grid_destroy(&grid);
}

/* Probing vectors for another matrix do not go to the room for this one's. HDF5 is left as it was: it prints to whom it did. */
static herr_t never(hid_t stack, void *context) {
  (void)stack;
  ++*(int *)context;
  return 0;
}

static void test_products_of_another_size(void **state) {
  (void)state;
  wl_grid *grid = grid_of(MPI_COMM_WORLD, 16);
  wl_matrix *products = NULL;
  assert_int_equal(wl_matrix_create(grid, 10, WL_PROBES, &products), WL_OK);
  static const hsize_t shapes[][2] = {{WL_PROBES, 4000}, {WL_PROBES, 9}, {WL_PROBES + 1, 10}, {10, WL_PROBES}};
  int printed = 0;
  void *context;
  H5E_auto2_t print, restored;
  H5Eget_auto2(H5E_DEFAULT, &print, &context);
  H5Eset_auto2(H5E_DEFAULT, never, &printed);
  for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
    if (grid->rank == 0) {
      const hid_t file = H5Fcreate(file_name(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
      const hid_t space = H5Screate_simple(2, shapes[s], NULL);
      H5Dclose(H5Dcreate2(file, "/products", H5T_IEEE_F64LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
      H5Sclose(space);
      H5Fclose(file);
    }
    assert_int_equal(wl_checkpoint_read_products(file_name(), products), WL_ERROR_DATA);
    assert_non_null(strstr(wl_error_message(), "/products is not 4 x 10"));
  }
  MPI_Barrier(MPI_COMM_WORLD);
  if (grid->rank == 0) unlink(file_name());
  assert_int_equal(wl_checkpoint_read_products(file_name(), products), WL_ERROR_IO);
  H5Eget_auto2(H5E_DEFAULT, &restored, &context);
  H5Eset_auto2(H5E_DEFAULT, print, NULL);
  assert_true(restored == never && context == &printed && printed == 0);
  wl_matrix_destroy(&products);
  wl_grid_destroy(&grid);
}

static int group(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_round_trip),
      cmocka_unit_test(test_one_rank_cannot_open),
      cmocka_unit_test(test_written_wrong),
      cmocka_unit_test(test_interrupted),
      cmocka_unit_test(test_products_of_another_size),
  };
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank_of(MPI_COMM_WORLD) == 0) unlink(file_name());
  return failed;
}

int main(int argc, char **argv) { return mpi_test_main(argc, argv, group); }
