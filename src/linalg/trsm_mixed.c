#define WL_REAL_IS_SINGLE 0
#define WL_STORED_IS_SINGLE 1
#include "linalg/trsm.inc"

wl_error wl_triangle_solve_mixed(const wl_single *a, wl_triangle triangle, int transposed, wl_matrix *b) {
  return triangle_solve(a, triangle, transposed, 0, b);
}
