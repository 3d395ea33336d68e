/*
 * Tiles to whole columns and back, by one MPI_Alltoallv a slab.
 */
#include "checkpoint/checkpoint_exchange.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"

/* Numbers that a rank holds at once (16 MiB), and the least that is worth a message and a write of its own (4 MiB). */
enum { MOST = 1 << 21, LEAST = 1 << 19 };

/* ---- slabs ---------------------------------------------------------------------------------------------------- */

wl_slab wl_slab_at(const wl_grid *g, const wl_strip *strip, int64_t done, int64_t turn) {
  const int64_t most = g->size * larger(1, MOST / strip->rows), columns = smaller(strip->columns - done, most);
  return (wl_slab){.strip_column = strip->column,
                   .column = strip->column + done,
                   .columns = columns,
                   .row = strip->row,
                   .rows = strip->rows,
                   .share = larger((columns + g->size - 1) / g->size, larger(1, LEAST / strip->rows)),
                   .first = (int)(turn % g->size),
                   .size = g->size};
}

wl_slab_share wl_slab_columns(const wl_slab *s, int rank) {
  const int64_t place = (rank - s->first + s->size) % s->size, begin = smaller(place * s->share, s->columns);
  return (wl_slab_share){s->column + begin, smaller(begin + s->share, s->columns) - begin};
}

/* ---- one side: tiles ------------------------------------------------------------------------------------------ */

/* Local indices of a slab's rows and columns on this rank. */
typedef struct window {
  int64_t row, rows, column, columns;
} window;

static window window_of(const wl_matrix *a, const wl_slab *s) {
  const int64_t row = wl_matrix_local_row(a, s->row), column = wl_matrix_local_column(a, s->column);
  return (window){row, wl_matrix_local_row(a, s->row + s->rows) - row, column,
                  wl_matrix_local_column(a, s->column + s->columns) - column};
}

/* The triangle's part of a column of the window: rows begin … end − 1, counted within the window. */
static void reach_of(const wl_matrix *a, const window *w, wl_triangle triangle, int64_t j, int64_t *begin,
                     int64_t *end) {
  const int64_t below = wl_matrix_local_row(a, triangle == WL_TRIANGLE_LOWER ? j : j + 1) - w->row;
  const int64_t split = smaller(larger(below, 0), w->rows);
  *begin = triangle == WL_TRIANGLE_LOWER ? split : 0;
  *end = triangle == WL_TRIANGLE_LOWER ? w->rows : split;
}

/* Columns ascend, and so do their holders: column-major is sorted by holder. */
static void pack(const wl_exchange *x, const wl_slab *s) {
  const wl_matrix *a = x->matrix;
  const window w = window_of(a, s);
  for (int64_t jl = 0; jl < w.columns; jl++) {
    int64_t begin, end;
    double *to = x->tiles + jl * w.rows;
    reach_of(a, &w, x->triangle, wl_matrix_global_column(a, w.column + jl), &begin, &end);
    memset(to, 0, sizeof(double) * (size_t)begin);
    if (begin < end)
      memcpy(to + begin, a->data + w.row + begin + (w.column + jl) * a->ld,
             sizeof(double) * (size_t)(end - begin));
    memset(to + end, 0, sizeof(double) * (size_t)(w.rows - end));
  }
}

static void unpack(const wl_exchange *x, const wl_slab *s, wl_matrix *a) {
  const window w = window_of(a, s);
  for (int64_t jl = 0; jl < w.columns; jl++) {
    int64_t begin, end;
    reach_of(a, &w, x->triangle, wl_matrix_global_column(a, w.column + jl), &begin, &end);
    if (begin < end)
      memcpy(a->data + w.row + begin + (w.column + jl) * a->ld, x->tiles + begin + jl * w.rows,
             sizeof(double) * (size_t)(end - begin));
  }
}

/* ---- the other: pieces of whole columns ----------------------------------------------------------------------- */

/* Copies between what comes from (goes to) one owner and its places in the columns that this rank holds. */
static void copy_piece(const wl_exchange *x, const wl_slab *s, const wl_slab_share *mine, int owner, bool order) {
  const wl_grid *g = x->matrix->grid;
  const int64_t nb = g->block, row = wl_grid_row_of(g, owner), column = wl_grid_column_of(g, owner);
  const int64_t rl_begin = wl_grid_owned(s->row, g->block, (int)row, g->rows),
                rl_end = wl_grid_owned(s->row + s->rows, g->block, (int)row, g->rows);
  const int64_t jl_begin = wl_grid_owned(mine->first, g->block, (int)column, g->columns),
                jl_end = wl_grid_owned(mine->first + mine->count, g->block, (int)column, g->columns);
  double *piece = x->pieces + x->piece_offsets[owner];
  for (int64_t jl = jl_begin; jl < jl_end; jl++) {
    const int64_t j = (jl / nb * g->columns + column) * nb + jl % nb;
    double *values = x->columns + (j - mine->first) * s->rows;
    for (int64_t il = rl_begin; il < rl_end;) {
      const int64_t end = smaller(rl_end, (il / nb + 1) * nb), i = (il / nb * g->rows + row) * nb + il % nb;
      const size_t bytes = sizeof(double) * (size_t)(end - il);
      if (order)
        memcpy(values + i - s->row, piece, bytes);
      else
        memcpy(piece, values + i - s->row, bytes);
      piece += end - il;
      il = end;
    }
  }
}

/* ---- between them --------------------------------------------------------------------------------------------- */

/* Who sends how much to whom, as the holder sees it and as the owner does. */
static void count(wl_exchange *x, const wl_slab *s) {
  const wl_matrix *a = x->matrix;
  const wl_grid *g = a->grid;
  const window w = window_of(a, s);
  const wl_slab_share mine = wl_slab_columns(s, g->rank);
  int at = 0;
  for (int r = 0; r < g->size; r++) {
    const int row = wl_grid_row_of(g, r), column = wl_grid_column_of(g, r);
    const wl_slab_share theirs = wl_slab_columns(s, r);
    const int64_t first = wl_matrix_local_column(a, theirs.first);
    x->tile_offsets[r] = (int)((first - w.column) * w.rows);
    x->tile_counts[r] = (int)((wl_matrix_local_column(a, theirs.first + theirs.count) - first) * w.rows);
    const int64_t rows =
        wl_grid_owned(s->row + s->rows, g->block, row, g->rows) - wl_grid_owned(s->row, g->block, row, g->rows);
    const int64_t columns = wl_grid_owned(mine.first + mine.count, g->block, column, g->columns) -
                            wl_grid_owned(mine.first, g->block, column, g->columns);
    x->piece_offsets[r] = at;
    x->piece_counts[r] = (int)(rows * columns);
    at += x->piece_counts[r];
  }
}

void wl_exchange_collect(wl_exchange *x, const wl_slab *s) {
  const wl_grid *g = x->matrix->grid;
  const wl_slab_share mine = wl_slab_columns(s, g->rank);
  count(x, s);
  pack(x, s);
  MPI_Alltoallv(x->tiles, x->tile_counts, x->tile_offsets, MPI_DOUBLE, x->pieces, x->piece_counts,
                x->piece_offsets, MPI_DOUBLE, g->comm);
  for (int r = 0; r < g->size && mine.count > 0; r++) copy_piece(x, s, &mine, r, true);
}

void wl_exchange_spread(wl_exchange *x, const wl_slab *s, wl_matrix *target) {
  const wl_grid *g = x->matrix->grid;
  const wl_slab_share mine = wl_slab_columns(s, g->rank);
  count(x, s);
  for (int r = 0; r < g->size && mine.count > 0; r++) copy_piece(x, s, &mine, r, false);
  MPI_Alltoallv(x->pieces, x->piece_counts, x->piece_offsets, MPI_DOUBLE, x->tiles, x->tile_counts,
                x->tile_offsets, MPI_DOUBLE, g->comm);
  unpack(x, s, target);
}

/* ---- lifetime ------------------------------------------------------------------------------------------------- */

wl_error wl_exchange_create(const wl_matrix *a, wl_triangle triangle, wl_exchange *x) {
  int64_t tiles = 0, held = 0;
  for (int64_t n = a->rows, s = 0; s < wl_strip_count(n); s++) {
    const wl_strip strip = wl_strip_at(n, triangle, s);
    for (int64_t done = 0; done < strip.columns;) {
      const wl_slab slab = wl_slab_at(a->grid, &strip, done, s);
      const window w = window_of(a, &slab);
      tiles = larger(tiles, w.rows * w.columns);
      held = larger(held, slab.rows * smaller(slab.share, slab.columns));
      done += slab.columns;
    }
  }
  *x = (wl_exchange){.matrix = a, .triangle = triangle};
  const size_t ranks = (size_t)a->grid->size;
  x->columns = aligned_numbers(held);
  x->tiles = aligned_numbers(tiles);
  x->pieces = aligned_numbers(held);
  x->tile_counts = malloc(4 * sizeof(int) * ranks);
  wl_error error = WL_OK;
  if (!x->columns || !x->tiles || !x->pieces || !x->tile_counts)
    error = wl_error_set(WL_ERROR_MEMORY, "checkpoint: no memory for a strip");
  error = wl_error_agree(a->grid->comm, error);
  if (error != WL_OK) return error;
  x->tile_offsets = x->tile_counts + ranks;
  x->piece_counts = x->tile_counts + 2 * ranks;
  x->piece_offsets = x->tile_counts + 3 * ranks;
  return WL_OK;
}

void wl_exchange_destroy(wl_exchange *x) {
  free(x->tile_counts);
  free(x->pieces);
  free(x->tiles);
  free(x->columns);
  *x = (wl_exchange){0};
}
