#include "dist/single.h"

#include <cblas.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/util.h"
#include "dist/scalapack.h"

static wl_error create(const wl_grid *grid, int64_t rows, int64_t columns, int64_t margin, int64_t room_columns,
                       wl_single **result) {
  *result = NULL;
  WL_TRY(wl_matrix_check_capacity(grid, rows, columns));
  wl_error error = WL_OK;
  const int64_t local_rows = wl_grid_owned(rows, grid->block, grid->row, grid->rows),
                ld = larger(1, local_rows + margin), bytes = 4 * ld * room_columns;
  wl_single *a = calloc(1, sizeof *a);
  float *room = (float *)aligned_numbers(bytes / 8 + 1);
  if (!a || !room) {
    char text[32];
    error = wl_error_set(WL_ERROR_MEMORY, "no memory for this rank's %s of a %lld × %lld matrix; use more nodes",
                         wl_format_bytes((double)bytes, text, sizeof text), (long long)rows, (long long)columns);
  }
  error = wl_error_agree(grid->comm, error);
  if (error != WL_OK) {
    free(room);
    free(a);
    return error;
  }
  *a = (wl_single){.grid = grid,
                   .rows = rows,
                   .columns = columns,
                   .local_rows = local_rows,
                   .local_columns = wl_grid_owned(columns, grid->column_block, grid->column, grid->columns),
                   .ld = ld,
                   .data = room + margin,
                   .room = room};
  wl_scalapack_describe(grid, rows, columns, a->ld, a->descriptor);
  *result = a;
  return WL_OK;
}

wl_error wl_single_create(const wl_grid *grid, int64_t rows, int64_t columns, wl_single **result) {
  return create(grid, rows, columns, 0, wl_grid_owned(columns, grid->column_block, grid->column, grid->columns),
                result);
}

void wl_single_destroy(wl_single **a) {
  if (!*a) return;
  free((*a)->room);
  free(*a);
  *a = NULL;
}

/* ---- two triangles ---------------------------------------------------------------------------------------------- */

/* Block columns of this rank. */
static int64_t blocks_of(const wl_grid *g, int64_t n) {
  return (wl_grid_owned(n, g->block, g->column, g->columns) + g->block - 1) / g->block;
}

/* The local row at which the lower triangle of a local block column begins. */
static int64_t first_row(const wl_grid *g, int64_t b) {
  return wl_grid_owned((b * g->columns + g->column) * g->block, g->block, g->row, g->rows);
}

static int64_t margin_of(const wl_grid *g, int64_t n) {
  const int64_t rows = wl_grid_owned(n, g->block, g->row, g->rows), blocks = blocks_of(g, n);
  int64_t margin = 0;
  for (int64_t b = 0; b < blocks; b++)
    margin = larger(margin, rows - smaller(rows, first_row(g, b)) - smaller(rows, first_row(g, blocks - 1 - b)));
  return (margin + 15) / 16 * 16; /* keeps the alignment */
}

int64_t wl_single_pair_bytes(const wl_grid *g, int64_t n) {
  return 4 * (wl_grid_owned(n, g->block, g->row, g->rows) + margin_of(g, n)) * blocks_of(g, n) * g->block;
}

wl_error wl_single_create_pair(const wl_grid *grid, int64_t n, wl_single **result) {
  return create(grid, n, n, margin_of(grid, n), blocks_of(grid, n) * grid->block, result);
}

wl_single wl_single_behind(const wl_single *a) {
  wl_single other = *a;
  other.behind = true;
  return other;
}

float *wl_single_at(const wl_single *a, int64_t il, int64_t jl) {
  if (!a->behind) return a->data + il + jl * a->ld;
  const int64_t nb = a->grid->block, b = jl / nb, column = (blocks_of(a->grid, a->columns) - 1 - b) * nb + jl % nb;
  return a->room + il - first_row(a->grid, b) + column * a->ld;
}

void wl_single_exchange(wl_single *a) {
  const wl_single behind = wl_single_behind(a);
  for (int64_t jl = 0; jl < a->local_columns; jl++) {
    const int64_t il = first_row(a->grid, jl / a->grid->block);
    if (il < a->local_rows)
      cblas_sswap((int)(a->local_rows - il), wl_single_at(a, il, jl), 1, wl_single_at(&behind, il, jl), 1);
  }
}

/* ---- to and from doubles ---------------------------------------------------------------------------------------- */

void wl_single_round(const wl_matrix *from, const double *scale, wl_single *to) {
  for (int64_t j = 0; j < from->local_columns; j++) {
    const double factor = 1.0 / scale[j];
    for (int64_t i = 0; i < from->local_rows; i++)
      to->data[i + j * to->ld] = (float)(factor * from->data[i + j * from->ld]);
  }
}

void wl_single_widen(const wl_single *from, const double *scale, wl_matrix *to) {
  for (int64_t j = 0; j < from->local_columns; j++)
    for (int64_t i = 0; i < from->local_rows; i++)
      to->data[i + j * to->ld] = scale[j] * (double)from->data[i + j * from->ld];
}

void wl_single_get_diagonal(const wl_single *a, double *d) {
  const wl_grid *g = a->grid;
  for (int64_t il = 0; il < a->local_rows; il++) {
    const int64_t i = wl_grid_global(il, g->block, g->row, g->rows);
    if (i < a->columns && i / g->block % g->columns == g->column)
      d[il] = (double)*wl_single_at(a, il, wl_grid_owned(i, g->block, g->column, g->columns));
  }
}
