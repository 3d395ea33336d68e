#define WL_REAL_IS_SINGLE 0
#define WL_STORED_IS_SINGLE 1
#include "linalg/trsm.inc"

wl_error wl_triangle_solve_mixed(const wl_single *a, wl_triangle triangle, wl_trans trans, wl_matrix *b) {
  return triangle_solve(a, triangle, trans, 0, b);
}
