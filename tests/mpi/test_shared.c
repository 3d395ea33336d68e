/* Room that the ranks of a node share. */
#include "dist/shared.h"

#include "mpi_test.h"

/* Everyone reads what everyone wrote. */
static void check_parts(MPI_Comm comm, int64_t count) {
  int rank, size;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &size);
  wl_shared *shared = wl_shared_create(comm, count);
  assert_non_null(shared);
  double wrong = 0.0;
  for (int64_t k = 0; k < count; k++) wl_shared_part(shared, rank)[k] = (double)rank + 1e-6 * (double)k;
  MPI_Barrier(comm);
  for (int other = 0; other < size; other++)
    for (int64_t k = 0; k < count; k++)
      wrong += wl_shared_part(shared, other)[k] != (double)other + 1e-6 * (double)k;
  wl_shared_destroy(&shared);
  assert_null(shared);
  assert_true(worst_of_all(wrong) == 0.0);
}

static void test_parts(void **state) {
  (void)state;
  const int rank = rank_of(MPI_COMM_WORLD);
  MPI_Comm some;
  MPI_Comm_split(MPI_COMM_WORLD, rank % 2, rank, &some);
  for (int64_t count = 0; count < 3000; count += 511) { /* 512 doubles are a page */
    check_parts(MPI_COMM_WORLD, count);
    check_parts(some, count);
  }
  MPI_Comm_free(&some);
}

/* More than any machine has: none on all ranks, and nothing is left behind. */
static void test_no_room(void **state) {
  (void)state;
  assert_null(wl_shared_create(MPI_COMM_WORLD, (int64_t)1 << 47));
  check_parts(MPI_COMM_WORLD, 1000);
}

static int group(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_parts), cmocka_unit_test(test_no_room)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(int argc, char **argv) { return mpi_test_main(argc, argv, group); }
