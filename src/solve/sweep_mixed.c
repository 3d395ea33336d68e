#define WL_REAL_IS_SINGLE 0
#define WL_STORED_IS_SINGLE 1
#include "solve/sweep.inc"

wl_error wl_triangle_solve_mixed(const wl_single *a, wl_triangle triangle, int transposed, wl_matrix *b) {
  return triangle_solve(a, triangle, transposed, b);
}

/* From the last block column on, so that B_k goes to the rows below before it becomes L_kk B_k. */
wl_error wl_lower_product_mixed(const wl_single *a, wl_matrix *b) {
  sweep s;
  WL_TRY(sweep_create(a, 1, b, &s));
  sweep_begin(&s, s.blocks - 1);
  for (int64_t k = s.blocks - 1; k >= 0; k--) {
    const view v = sweep_end(&s, k);
    sweep_begin(&s, k - 1);
    share_strip(&s, &v, b);
    push(&s, &v, 1.0, b);
    if (v.diagonal && s.columns > 0)
      cblas_dtrmm(CblasColMajor, CblasLeft, CblasLower, CblasNoTrans, CblasNonUnit, (int)v.width, (int)s.columns,
                  1.0, v.diagonal, (int)v.ld, b->data + v.own, (int)b->ld);
  }
  sweep_destroy(&s);
  return WL_OK;
}
