/**
 * @file mpi_test.h
 * CMocka on several ranks. Every rank runs every test; a value that only rank 0 knows goes to all by from_root(), so
 * that an assertion fails on all ranks or on none and nobody waits for a rank that has given up.
 */
#ifndef WIDELIMIT_TESTS_MPI_TEST_H
#define WIDELIMIT_TESTS_MPI_TEST_H

#include <math.h>
#include <mpi.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "dist/grid.h"

static inline int rank_of(MPI_Comm comm) {
  int rank;
  MPI_Comm_rank(comm, &rank);
  return rank;
}

static inline double from_root(double value) {
  MPI_Bcast(&value, 1, MPI_DOUBLE, 0, MPI_COMM_WORLD);
  return value;
}

/* The larger deviation; one that is no number is worse than any. */
static inline double worse(double worst, double deviation) {
  return isnan(deviation) ? INFINITY : fmax(worst, deviation);
}

static inline double worst_of_all(double value) {
  MPI_Allreduce(MPI_IN_PLACE, &value, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
  return value;
}

static inline wl_grid *grid_of(MPI_Comm comm, int block) {
  wl_grid *grid = NULL;
  assert_int_equal(wl_grid_create(comm, 0, 0, block, &grid), WL_OK);
  return grid;
}

/* An order and a block size. */
typedef struct grid_case {
  int64_t n;
  int block;
} grid_case;

/* Checks every case on every shape of grid that the ranks make. */
static inline void on_every_grid(const grid_case *cases, size_t count, void (*check)(const wl_grid *, int64_t)) {
  int ranks;
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  for (int rows = 1; rows <= ranks; rows++)
    for (size_t c = 0; c < count && ranks % rows == 0; c++) {
      wl_grid *grid = NULL;
      assert_int_equal(wl_grid_create(MPI_COMM_WORLD, rows, ranks / rows, cases[c].block, &grid), WL_OK);
      check(grid, cases[c].n);
      wl_grid_destroy(&grid);
    }
}

/* Silent on success: only rank 0 reports, and mpirun fails when any rank does. */
static inline int mpi_test_main(int argc, char **argv, int (*group)(void)) {
  MPI_Init(&argc, &argv);
  const int failed = group();
  MPI_Finalize();
  return failed != 0;
}

#endif
