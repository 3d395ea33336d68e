#include "inference/bytes.h"

#include <math.h>

#include "base/util.h"
#include "dist/matrix.h"
#include "gram/bytes.h"
#include "gram/matrix_free.h"
#include "inference/loo.h"
#include "inference/mixed.h"
#include "inference/select.h"
#include "linalg/bytes.h"

double wl_predict_bytes(const wl_grid *g, const wl_grid *panels, int64_t n, int64_t count) {
  return 2.0 * ((double)wl_matrix_local_bytes(panels, n, count) + wl_trsm_bytes(g, n));
}

double wl_predict_target_bytes(const wl_grid *g, const wl_grid *panels, int64_t n, int64_t count) {
  const bool few = wl_product_is_few(g, n, count);
  const double panel = (double)wl_matrix_local_bytes(panels, n, count);
  return panel + fmax(panel, wl_product_bytes(g, n, few, few ? 2 * count : 0));
}

double wl_select_bytes(const wl_grid *g, const wl_grid *panels, int64_t n, int64_t pool, int64_t count,
                       bool functions) {
  const double columns = (double)wl_grid_owned(pool, panels->column_block, panels->column, panels->columns);
  const double kept = (functions ? 2.0 : 1.0) * (double)count + 3.0 * WL_SELECT_CANDIDATES;
  return (functions ? 2.0 : 1.0) * (double)wl_matrix_local_bytes(panels, n, pool) + 2.0 * wl_trsm_bytes(g, n) +
         8.0 * columns * kept;
}

double wl_loo_bytes(const wl_grid *g, int64_t n, bool ensemble) {
  const int64_t width = wl_loo_width(n, g->columns, ensemble);
  const wl_grid panels = wl_grid_for_panels(g, width);
  return (ensemble ? 2.0 : 1.0) * (double)wl_matrix_local_bytes(&panels, n, width) + 2.0 * wl_trsm_bytes(g, n);
}

double wl_spectrum_bytes(const wl_grid *g, const wl_grid *panels, int64_t n, int64_t count, bool vectors,
                         bool ensemble) {
  const double eigenvectors = vectors ? (double)wl_matrix_local_bytes(g, n, n) : 0.0;
  const double predict =
      (ensemble ? 4.0 : 2.0) * (double)wl_matrix_local_bytes(panels, n, count) + 2.0 * wl_trsm_bytes(g, n);
  return fmax(wl_eigen_bytes(g, n, vectors), eigenvectors + (count > 0 ? predict : 0.0));
}

double wl_predict_mixed_bytes(const wl_grid *g, int64_t n, int64_t count, int64_t outputs, bool both) {
  const int64_t columns = count + outputs + WL_MIXED_RANDOM_COLUMNS,
                few = smaller(columns, wl_product_most_few(g, n)), probes = WL_MIXED_PROBES;
  const wl_grid panels = wl_grid_for_panels(g, columns);
  const double pass =
      both ? wl_product_bytes(g, n, true, 2 * columns + larger(columns, 2 * probes))
           : wl_product_bytes(g, n, wl_product_is_few(g, n, columns + probes), few + larger(few, probes));
  return (both ? 10.5 : 5.5) * (double)wl_matrix_local_bytes(&panels, n, columns) +
         (both ? 2.0 : 1.0) * 2.0 * (double)wl_matrix_local_bytes(g, n, probes) +
         fmax(pass, wl_solve_mixed_bytes(g, n, columns));
}

double wl_iterative_bytes(const wl_grid *g, const wl_grid *panels, int64_t n, int64_t columns, int64_t rank,
                          int kernels) {
  const double draw = 24.0 * (double)n; /* of pivots, before there are panels */
  return fmax(draw, 5.0 * kernels * (double)wl_matrix_local_bytes(panels, n, columns) +
                        (double)wl_matrix_local_bytes(panels, rank, columns) +
                        wl_product_bytes(g, n, true, (kernels + 1) * columns));
}
