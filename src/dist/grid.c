#include "dist/grid.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/util.h"
#include "dist/scalapack.h"

enum { BLOCK_LIMIT = 8192 }; /* a tile is one message, and every rank has room for several */

static void most_nearly_square(int size, int *rows, int *columns) {
  int p = 1;
  for (int q = 1; (int64_t)q * q <= size; q++)
    if (size % q == 0) p = q;
  *rows = p;
  *columns = size / p;
}

wl_error wl_grid_choose_shape(int size, int *rows, int *columns) {
  if (*rows < 0 || *columns < 0) WL_FAIL(WL_ERROR_CONFIG, "grid: rows and columns must be at least 0");
  if (*rows == 0 && *columns == 0) {
    most_nearly_square(size, rows, columns);
    return WL_OK;
  }
  const int given_rows = *rows, given_columns = *columns;
  if (*rows == 0) *rows = size / *columns;
  if (*columns == 0) *columns = size / *rows;
  if ((int64_t)*rows * *columns == size) return WL_OK;
  if (given_rows && given_columns)
    WL_FAIL(WL_ERROR_CONFIG,
            "grid.rows × grid.columns is %d × %d, but the number of ranks is %d; use 0 × 0 to have it chosen",
            given_rows, given_columns, size);
  WL_FAIL(WL_ERROR_CONFIG, "grid.%s is %d, which does not divide the %d ranks; use 0 to have it chosen",
          given_rows ? "rows" : "columns", given_rows ? given_rows : given_columns, size);
}

static wl_error check_mpi(MPI_Comm comm) {
  int initialized, finalized = 0;
  MPI_Initialized(&initialized);
  if (initialized) MPI_Finalized(&finalized);
  if (!initialized || finalized)
    WL_FAIL(WL_ERROR_USAGE, "a grid needs MPI, which is %s",
            finalized ? "finalized" : "not initialized: call MPI_Init");
  if (comm == MPI_COMM_NULL) WL_FAIL(WL_ERROR_USAGE, "the communicator of a grid is MPI_COMM_NULL");
  return WL_OK;
}

wl_error wl_grid_create(MPI_Comm comm, int rows, int columns, int block, wl_grid **result) {
  WL_REQUIRE(result);
  *result = NULL;
  WL_TRY(check_mpi(comm));
  int rank, size;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &size);
  if (block < 1) WL_FAIL(WL_ERROR_CONFIG, "grid.block is %d; it must be at least 1", block);
  if (block > BLOCK_LIMIT) WL_FAIL(WL_ERROR_CONFIG, "grid.block is %d; it must be at most %d", block, BLOCK_LIMIT);
  WL_TRY(wl_grid_choose_shape(size, &rows, &columns));

  wl_grid *grid = calloc(1, sizeof *grid);
  wl_error error = WL_OK;
  if (!grid) error = wl_error_set(WL_ERROR_MEMORY, "process grid: out of memory");
  error = wl_error_agree(comm, error);
  if (error != WL_OK) {
    free(grid);
    return error;
  }
  *grid = (wl_grid){.rank = rank,
                    .size = size,
                    .rows = rows,
                    .columns = columns,
                    .block = block,
                    .column_block = block,
                    .row = rank % rows,
                    .column = rank / rows};
  MPI_Comm_dup(comm, &grid->comm);
  MPI_Comm_split(grid->comm, grid->row, grid->column, &grid->row_comm);
  MPI_Comm_split(grid->comm, grid->column, grid->row, &grid->column_comm);
  wl_blacs_open(grid);
  *result = grid;
  return WL_OK;
}

void wl_grid_destroy(wl_grid **grid) {
  if (!grid || !*grid) return;
  wl_blacs_close(*grid);
  MPI_Comm_free(&(*grid)->column_comm);
  MPI_Comm_free(&(*grid)->row_comm);
  MPI_Comm_free(&(*grid)->comm);
  free(*grid);
  *grid = NULL;
}

int wl_grid_rank(const wl_grid *grid) { return grid ? grid->rank : -1; }

void wl_grid_shape(const wl_grid *grid, int *rows, int *columns) {
  *rows = grid ? grid->rows : 0;
  *columns = grid ? grid->columns : 0;
}

bool wl_grid_same(const wl_grid *a, const wl_grid *b) {
  return a->blacs_context == b->blacs_context && a->rows == b->rows && a->columns == b->columns &&
         a->block == b->block;
}

wl_grid wl_grid_for_panels(const wl_grid *grid, int64_t columns) {
  wl_grid panels = *grid;
  const int64_t round = (int64_t)grid->columns * grid->block, rounds = larger(1, (columns + round - 1) / round),
                blocks = rounds * grid->columns;
  panels.column_block = (int)larger(1, (columns + blocks - 1) / blocks);
  return panels;
}

wl_error wl_grid_check_square(const wl_grid *grid) {
  if (grid->column_block == grid->block) return WL_OK;
  WL_FAIL(WL_ERROR_USAGE,
          "symmetric kernel matrices need points and arrays on a grid of square tiles, not on one for panels");
}

int wl_grid_choose_block(int64_t n, int size) {
  int rows, columns;
  most_nearly_square(size > 0 ? size : 1, &rows, &columns);
  const int64_t eighth = n / columns / 8;
  /* One rank deals out nothing; several wait less with 16 tiles a row, unless these become too small for BLAS. */
  const int64_t even = size > 1 && eighth > 48 ? larger(48, eighth / 2) : eighth;
  return (int)larger(16, smaller(192, even / 16 * 16));
}

int64_t wl_grid_owned(int64_t n, int block, int me, int count) {
  const int64_t whole = n / block; /* full blocks; block `whole` is the ragged one */
  int64_t owned = whole / count * block;
  if (me < whole % count) owned += block;
  if (me == whole % count) owned += n % block;
  return owned;
}
