/*
 * Distributed matrices to the result file, by way of pieces of at most 64 MiB on rank 0.
 */
#include <stdlib.h>

#include "base/util.h"
#include "results/results.h"

static int64_t columns_a_piece(int64_t rows) {
  const int64_t columns = ((int64_t)1 << 23) / (rows > 0 ? rows : 1);
  return columns < 1 ? 1 : columns;
}

/* The piece of a triangle: columns j … j + columns − 1 from the diagonal on, column-major with `rows` rows. */
typedef struct strip {
  int64_t row, column, rows, columns;
  double *values, *transposed;
} strip;

/* Scales, sets the diagonal and copies the given triangle of the strip's square part onto the other. */
static void complete_strip(const strip *s, wl_triangle triangle, double scale, double unit,
                           const double *diagonal) {
  const int64_t shift = s->column - s->row; /* row of the strip in which its column 0 meets the diagonal */
  for (int64_t k = 0; k < s->rows * s->columns; k++) s->values[k] *= scale * unit;
  for (int64_t j = 0; j < s->columns; j++) {
    s->values[shift + j + j * s->rows] = unit * diagonal[s->column + j];
    for (int64_t i = j + 1; i < s->columns; i++) {
      double *lower = &s->values[shift + i + j * s->rows], *upper = &s->values[shift + j + i * s->rows];
      if (triangle == WL_TRIANGLE_LOWER)
        *upper = *lower;
      else
        *lower = *upper;
    }
  }
  for (int64_t i = 0; i < s->rows; i++)
    for (int64_t j = 0; j < s->columns; j++) s->transposed[i * s->columns + j] = s->values[i + j * s->rows];
}

/* A piece, row-major. */
static wl_error put(wl_results *results, const wl_results_slot *slot, int64_t row, int64_t column, int64_t rows,
                    int64_t columns, const double *values) {
  if (slot->plane < 0) return wl_results_put(results, slot->path, row, column, rows, columns, values);
  return wl_results_put_plane(results, slot->path, slot->plane, row, column, rows, columns, values);
}

static wl_error put_strip(wl_results *results, const wl_results_slot *slot, const strip *s) {
  WL_TRY(put(results, slot, s->row, s->column, s->rows, s->columns, s->transposed));
  return put(results, slot, s->column, s->row, s->columns, s->rows, s->values);
}

wl_error wl_results_put_symmetric(wl_results *results, const wl_results_slot *slot, const wl_matrix *a,
                                  wl_triangle triangle, double scale, const double *diagonal) {
  const int root = a->grid->rank == 0;
  const int64_t n = a->rows, step = smaller(n, columns_a_piece(n));
  wl_error error = WL_OK;
  strip s = {0};
  if (root) {
    s.values = malloc(sizeof(double) * (size_t)(n * step));
    s.transposed = malloc(sizeof(double) * (size_t)(n * step));
    if (!s.values || !s.transposed) error = wl_error_set(WL_ERROR_MEMORY, "%s: no memory for a piece", slot->path);
  }
  error = wl_error_agree(a->grid->comm, error);
  for (int64_t j = 0; j < n && error == WL_OK; j += step) {
    s.column = j;
    s.columns = smaller(step, n - j);
    s.row = triangle == WL_TRIANGLE_LOWER ? j : 0;
    s.rows = triangle == WL_TRIANGLE_LOWER ? n - j : j + s.columns;
    error = wl_matrix_get(a, s.row, s.column, s.rows, s.columns, s.values);
    if (error != WL_OK) break;
    if (root) {
      complete_strip(&s, triangle, scale, slot->unit, diagonal);
      error = put_strip(results, slot, &s);
    }
    error = wl_error_agree(a->grid->comm, error);
  }
  free(s.transposed);
  free(s.values);
  return error;
}

wl_error wl_results_put_transposed(wl_results *results, const wl_results_slot *slot, int64_t row,
                                   const wl_matrix *a) {
  const int root = a->grid->rank == 0;
  const int64_t step = smaller(a->columns, columns_a_piece(a->rows));
  wl_error error = WL_OK;
  double *piece = root ? malloc(sizeof(double) * (size_t)(a->rows * step + 1)) : NULL;
  if (root && !piece) error = wl_error_set(WL_ERROR_MEMORY, "%s: no memory for a piece", slot->path);
  error = wl_error_agree(a->grid->comm, error);
  for (int64_t j = 0; j < a->columns && error == WL_OK; j += step) {
    const int64_t columns = smaller(step, a->columns - j);
    error = wl_matrix_get(a, 0, j, a->rows, columns, piece);
    if (error != WL_OK) break;
    for (int64_t k = 0; root && k < a->rows * columns; k++) piece[k] *= slot->unit;
    if (root) error = put(results, slot, row + j, 0, columns, a->rows, piece);
    error = wl_error_agree(a->grid->comm, error);
  }
  free(piece);
  return error;
}
