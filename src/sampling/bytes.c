#include "sampling/bytes.h"

#include <math.h>

#include "dist/matrix.h"
#include "linalg/bytes.h"
#include "linalg/rfp.h"

static double bytes(const wl_grid *g, int64_t rows, int64_t columns) {
  return (double)wl_matrix_local_bytes(g, rows, columns);
}

double wl_draw_bytes(const wl_grid *g, int64_t all, int64_t width) { return 3.0 * bytes(g, all, width); }

double wl_draw_rfp_factor_bytes(const wl_grid *g, int64_t all) {
  const int64_t first = wl_rfp_first(all);
  return bytes(g, first, first) + bytes(g, first, all - first);
}

double wl_draw_rfp_bytes(const wl_grid *g, int64_t all, int64_t test, int64_t width) {
  const double whole = bytes(g, all, width), draws = bytes(g, test, width);
  return wl_rfp_multiply_bytes(g, all, width) + fmax(2.0 * whole + draws, whole + 2.0 * draws);
}
