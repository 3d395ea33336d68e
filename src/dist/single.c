#include "dist/single.h"

#include <stdlib.h>

#include "base/util.h"
#include "dist/scalapack.h"
#include "widelimit/log.h"

wl_error wl_single_create(const wl_grid *grid, int64_t rows, int64_t columns, wl_single **result) {
  *result = NULL;
  WL_TRY(wl_matrix_check_capacity(grid, rows, columns));
  wl_error error = WL_OK;
  const int64_t bytes = wl_matrix_local_bytes(grid, rows, columns) / 2;
  const int64_t local_columns = wl_grid_owned(columns, grid->block, grid->column, grid->columns);
  wl_single *a = calloc(1, sizeof *a);
  float *data = (float *)aligned_numbers(larger(bytes / 8, local_columns) + 1);
  if (!a || !data) {
    char text[32];
    error = wl_error_set(WL_ERROR_MEMORY, "no memory for this rank's %s of a %lld × %lld matrix; use more nodes",
                         wl_format_bytes((double)bytes, text, sizeof text), (long long)rows, (long long)columns);
  }
  error = wl_error_agree(grid->comm, error);
  if (error != WL_OK) {
    free(data);
    free(a);
    return error;
  }
  *a = (wl_single){.grid = grid,
                   .rows = rows,
                   .columns = columns,
                   .local_rows = wl_grid_owned(rows, grid->block, grid->row, grid->rows),
                   .local_columns = local_columns,
                   .data = data};
  a->ld = a->local_rows > 0 ? a->local_rows : 1;
  wl_scalapack_describe(grid, rows, columns, a->ld, a->descriptor);
  *result = a;
  return WL_OK;
}

void wl_single_destroy(wl_single **a) {
  if (!*a) return;
  free((*a)->data);
  free(*a);
  *a = NULL;
}

void wl_single_narrow(const wl_matrix *from, const double *scale, wl_single *to) {
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
      d[il] = (double)a->data[il + wl_grid_owned(i, g->block, g->column, g->columns) * a->ld];
  }
}
