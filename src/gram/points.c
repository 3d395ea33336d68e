#include <stdlib.h>
#include <string.h>

#include "widelimit/gram.h"

/* One side of the set: the blocks that one process coordinate owns. */
typedef struct side {
  int me, count, block; /* process coordinate, how many there are, points at a time */
  double *x;
} side;

static void keep_owned(const side *s, int64_t dimension, int64_t first, int64_t count, const double *rows) {
  const int block = s->block;
  for (int64_t i = first; i < first + count;) {
    const int64_t end = (i / block + 1) * block, stop = end < first + count ? end : first + count;
    if (i / block % s->count == s->me)
      memcpy(s->x + wl_grid_owned(i, block, s->me, s->count) * dimension, rows + (i - first) * dimension,
             sizeof(double) * (size_t)((stop - i) * dimension));
    i = stop;
  }
}

/* Rows a piece: about 16 MiB, so that neither rank 0 nor a message grows with the data. */
static int64_t rows_a_piece(int64_t count, int64_t dimension) {
  const int64_t rows = ((int64_t)1 << 21) / dimension;
  return rows < 1 ? 1 : rows < count ? rows : count;
}

static wl_error spread(const wl_grid *grid, int64_t count, int64_t dimension, wl_row_reader read, void *context,
                       const side *sides, int side_count) {
  const int64_t step = rows_a_piece(count, dimension);
  double *piece = malloc(sizeof(double) * (size_t)(step * dimension));
  wl_error error = WL_OK;
  if (!piece) error = wl_error_set(WL_ERROR_MEMORY, "no memory for a piece of the inputs");
  error = wl_error_agree(grid->comm, error);
  for (int64_t first = 0; first < count && error == WL_OK; first += step) {
    const int64_t rows = count - first < step ? count - first : step;
    if (grid->rank == 0) error = read(context, first, rows, piece);
    error = wl_error_agree(grid->comm, error);
    if (error != WL_OK) break;
    MPI_Bcast(piece, (int)(rows * dimension), MPI_DOUBLE, 0, grid->comm);
    for (int s = 0; s < side_count; s++) keep_owned(&sides[s], dimension, first, rows, piece);
  }
  free(piece);
  return error;
}

/* The points of one side, which messages call by their global number, counted from 1. */
static wl_error create_side(const wl_network *network, const side *s, int64_t count, int64_t dimension,
                            wl_kernel_points **points) {
  int64_t *number = malloc(sizeof(int64_t) * (size_t)(count + 1));
  if (!number) WL_FAIL(WL_ERROR_MEMORY, "no memory to number %lld points", (long long)count);
  for (int64_t il = 0; il < count; il++) number[il] = wl_grid_global(il, s->block, s->me, s->count) + 1;
  const wl_error error = wl_kernel_points_create(network, count, dimension, s->x, number, points);
  free(number);
  return error;
}

wl_error wl_points_read(const wl_grid *grid, const wl_network *network, int64_t count, int64_t dimension,
                        wl_row_reader read, void *context, wl_points **result) {
  *result = NULL;
  const int64_t row_count = wl_grid_owned(count, grid->block, grid->row, grid->rows);
  const int64_t column_count = wl_grid_owned(count, grid->column_block, grid->column, grid->columns);
  const int same = grid->size == 1;
  wl_points *set = calloc(1, sizeof *set);
  wl_error error = WL_OK;
  if (set) {
    set->row_x = malloc(sizeof(double) * (size_t)(row_count * dimension + 1));
    set->column_x = same ? set->row_x : malloc(sizeof(double) * (size_t)(column_count * dimension + 1));
  }
  if (!set || !set->row_x || !set->column_x)
    error = wl_error_set(WL_ERROR_MEMORY, "no memory for this rank's %lld + %lld input points of dimension %lld",
                         (long long)row_count, (long long)column_count, (long long)dimension);
  WL_GOTO(error, fail, wl_error_agree(grid->comm, error));

  set->grid = grid;
  set->network = *network;
  set->count = count;
  set->dimension = dimension;
  const side sides[2] = {{grid->row, grid->rows, grid->block, set->row_x},
                         {grid->column, grid->columns, grid->column_block, set->column_x}};
  WL_GOTO(error, fail, spread(grid, count, dimension, read, context, sides, same ? 1 : 2));

  error = create_side(network, &sides[0], row_count, dimension, &set->row);
  if (same)
    set->column = set->row;
  else if (error == WL_OK)
    error = create_side(network, &sides[1], column_count, dimension, &set->column);
  WL_GOTO(error, fail, wl_error_agree(grid->comm, error));
  *result = set;
  return WL_OK;

fail:
  wl_points_destroy(&set);
  return error;
}

void wl_points_destroy(wl_points **set) {
  if (!*set) return;
  if ((*set)->column != (*set)->row) wl_kernel_points_destroy(&(*set)->column);
  wl_kernel_points_destroy(&(*set)->row);
  if ((*set)->column_x != (*set)->row_x) free((*set)->column_x);
  free((*set)->row_x);
  free(*set);
  *set = NULL;
}
