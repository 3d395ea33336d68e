#include "gram/bytes.h"

#include "gram/matrix_free.h"

static double rows_of(const wl_grid *g, int64_t n) { return (double)wl_grid_owned(n, g->block, g->row, g->rows); }
static double columns_of(const wl_grid *g, int64_t n) {
  return (double)wl_grid_owned(n, g->block, g->column, g->columns);
}

double wl_points_bytes(const wl_grid *g, int64_t count, int64_t dimension) {
  return 8.0 * (rows_of(g, count) + columns_of(g, count)) * (double)dimension;
}

double wl_product_bytes(const wl_grid *g, int64_t n, bool few, int64_t vectors) {
  const double rows = few ? (double)wl_product_piece_rows(g) : g->columns * rows_of(g, n),
               others = g->rows > 1 ? columns_of(g, n) : 0.0;
  return 2.0 * 8.0 * (double)wl_product_part_width(g) * rows +
         8.0 * (double)vectors * (2.0 * rows_of(g, n) + 3.0 * others);
}
