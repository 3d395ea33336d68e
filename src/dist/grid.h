/**
 * @file grid.h
 * The process grid from within: where a rank stands, and who owns which rows.
 */
#ifndef WIDELIMIT_DIST_GRID_H
#define WIDELIMIT_DIST_GRID_H

#include <stdbool.h>

#include "widelimit/grid.h"

/** Members are for reading. Ranks stand column by column, as ScaLAPACK and SLATE expect: r in row r mod P and column r / P. */
struct wl_grid {
  MPI_Comm comm;        /**< a duplicate of the communicator given; owned */
  MPI_Comm row_comm;    /**< the Q ranks of this row, ordered by column; owned */
  MPI_Comm column_comm; /**< the P ranks of this column, ordered by row; owned */
  int rank, size;
  int rows, columns; /**< P, Q */
  int row, column;   /**< where this rank stands */
  int block;         /**< nb: rows of matrices are dealt out in blocks of so many */
  int column_block;  /**< columns likewise: nb, less on a grid for panels */
  int blacs_handle, blacs_context;
};

/**
 * Local. The rule of wl_grid_create: replaces what is 0 among *rows and *columns. The most nearly square grid sends
 * least; with P ≤ Q the factorization's panels, which are block columns, have more owners that take turns.
 */
wl_error wl_grid_choose_shape(int size, int *rows, int *columns);

/**
 * Local. The same grid for matrices of so many columns that need no square tiles, such as panels of test points: in the
 * blocks of at most nb that deal the columns out evenly. It borrows all from `grid`, is not to be destroyed, and must live as
 * long as what is made on it: point sets, the panels that predictions for them make, and their solutions.
 */
wl_grid wl_grid_for_panels(const wl_grid *grid, int64_t columns);

/** Local. Whether they are one grid, or one for panels that was made from it. */
bool wl_grid_same(const wl_grid *a, const wl_grid *b);

/** Local. WL_ERROR_USAGE where it is a grid for panels: symmetric kernel matrices and training points need square tiles. */
wl_error wl_grid_check_square(const wl_grid *grid);

/** Local. How many of n rows, dealt out in blocks of `block`, the process coordinate `me` of `count` owns. */
int64_t wl_grid_owned(int64_t n, int block, int me, int count);

/** Local. The rank that stands in that row and column, and where a rank stands. */
static inline int wl_grid_rank_at(const wl_grid *grid, int row, int column) { return column * grid->rows + row; }
static inline int wl_grid_row_of(const wl_grid *grid, int rank) { return rank % grid->rows; }
static inline int wl_grid_column_of(const wl_grid *grid, int rank) { return rank / grid->rows; }

/** Local. The global index of what has index `local` on the process coordinate `me` of `count`. */
static inline int64_t wl_grid_global(int64_t local, int block, int me, int count) {
  return (local / block * count + me) * block + local % block;
}

#endif
