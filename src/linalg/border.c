/*
 * L₁₁ L₂₁ᵀ = S₂₁ᵀ is solved as for test points, by the sweep of trsm.c over panels of columns of S₂₁ᵀ, which the lower triangle holds
 * transposed: p?trsm on the border itself takes longer (doc/performance.md).
 */
#include "linalg/border.h"

#include "base/util.h"
#include "dist/scalapack.h"
#include "linalg/trsm.h"

/* Block columns of a panel on a process column: with those on their way, about the room of a factorization (bytes.h). */
enum { BLOCKS = 2 };

/* The columns of L₂₁ᵀ that belong to rows first … first + width − 1. */
static wl_error solve_panel(wl_matrix *a, wl_triangle triangle, int64_t n, int64_t first, int64_t width) {
  const wl_grid panels = wl_grid_for_panels(a->grid, width);
  const wl_matrix leading = wl_matrix_leading(a, n, n);
  wl_matrix *panel = NULL;
  WL_TRY(wl_matrix_create(&panels, n, width, &panel));
  wl_border_get(triangle, first, a, panel);
  const wl_error error = wl_triangle_solve(&leading, triangle, wl_trans_of_lower(triangle), panel);
  if (error == WL_OK) wl_border_put(triangle, first, panel, a);
  wl_matrix_destroy(&panel);
  return error;
}

wl_error wl_eliminate_border(wl_matrix *a, wl_triangle triangle, int64_t n) {
  const int64_t most = (int64_t)BLOCKS * a->grid->columns * a->grid->block, rows = a->rows - n,
                panels = (rows + most - 1) / most;
  for (int64_t k = 0; k < panels; k++) {
    const int64_t first = n + rows * k / panels, next = n + rows * (k + 1) / panels;
    WL_TRY(solve_panel(a, triangle, n, first, next - first));
  }
  wl_syrk_border(triangle, n, a);
  return WL_OK;
}
