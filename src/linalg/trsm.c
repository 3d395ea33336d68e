#define WL_REAL_IS_SINGLE 0
#include "linalg/trsm.inc"

#include "linalg/trsm.h"

wl_error wl_triangle_solve(const wl_matrix *a, wl_triangle triangle, wl_trans trans, wl_matrix *b) {
  return triangle_solve(a, triangle, trans, 0, b);
}

wl_error wl_triangle_solve_below(const wl_matrix *a, wl_triangle triangle, wl_trans trans, int64_t first,
                                 wl_matrix *b) {
  return triangle_solve(a, triangle, trans, first, b);
}

/* C_k ← C_k + S_kk B_k with the tile's strict upper triangle from the array and the diagonal given. */
static void add_diagonal_tile(const stream *s, const view *v, const double *diagonal, const wl_matrix *b,
                              wl_matrix *c) {
  for (int64_t j = 0; j < v->width; j++) {
    memcpy(s->tile + j * v->width, v->diagonal + j * v->ld, sizeof(double) * (size_t)v->width);
    s->tile[j + j * v->width] = diagonal[v->own + j];
  }
  if (s->columns > 0)
    cblas_dsymm(CblasColMajor, CblasLeft, CblasUpper, (int)v->width, (int)s->columns, 1.0, s->tile, (int)v->width,
                b->data + v->own, (int)b->ld, 1.0, c->data + v->own, (int)c->ld);
}

wl_error wl_symmetric_product(const wl_matrix *a, const double *diagonal, const wl_matrix *b, double beta,
                              wl_matrix *c) {
  stream s;
  WL_TRY(stream_create(a, false, b, &s));
  for (int64_t j = 0; j < c->local_columns; j++)
    for (int64_t i = 0; i < c->local_rows; i++)
      c->data[i + j * c->ld] = beta == 0.0 ? 0.0 : beta * c->data[i + j * c->ld];
  stream_begin(&s, 0);
  for (int64_t k = 0; k < s.blocks; k++) {
    const view v = stream_end(&s, k);
    stream_begin(&s, k + 1);
    if (v.diagonal) add_diagonal_tile(&s, &v, diagonal, b, c);
    share_strip(&s, &v, b);
    push(&s, &v, 1.0, c);
    pull(&s, &v, b);
    if (v.diagonal) add_strip(&s, &v, 1.0, c);
  }
  stream_destroy(&s);
  return WL_OK;
}

/* C_k ← T_kk B_k */
static void set_half_tile(const stream *s, const view *v, const double *diagonal, const wl_matrix *b,
                          wl_matrix *c) {
  for (int64_t j = 0; j < v->width; j++)
    for (int64_t i = 0; i < v->width; i++)
      s->tile[i + j * v->width] = i < j ? v->diagonal[i + j * v->ld] : (i == j ? 0.5 * diagonal[v->own + j] : 0.0);
  if (s->columns > 0)
    cblas_dgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, (int)v->width, (int)s->columns, (int)v->width, 1.0,
                s->tile, (int)v->width, b->data + v->own, (int)b->ld, 0.0, c->data + v->own, (int)c->ld);
}

wl_error wl_half_product(const wl_matrix *a, const double *diagonal, const wl_matrix *b, wl_matrix *c) {
  stream s;
  WL_TRY(stream_create(a, false, b, &s));
  stream_begin(&s, 0);
  for (int64_t k = 0; k < s.blocks; k++) {
    const view v = stream_end(&s, k);
    stream_begin(&s, k + 1);
    if (v.diagonal) set_half_tile(&s, &v, diagonal, b, c);
    share_strip(&s, &v, b);
    push(&s, &v, 1.0, c);
  }
  stream_destroy(&s);
  return WL_OK;
}
