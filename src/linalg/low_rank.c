#include "linalg/low_rank.h"

#include <math.h>
#include <string.h>

#include "dist/scalapack.h"
#include "linalg/probes.h"

/* M ← s I + G Gᵀ, and its factor. */
static wl_error factor_inner(wl_low_rank *p) {
  const int64_t rank = p->g->rows;
  WL_TRY(wl_matrix_create(p->g->grid, rank, rank, &p->inner));
  wl_matrix *m = p->inner;
  memset(m->data, 0, sizeof(double) * (size_t)(m->ld * m->local_columns));
  for (int64_t il = 0; il < m->local_rows; il++) {
    double *diagonal = wl_matrix_diagonal_at(m, il);
    if (diagonal) *diagonal = p->shift;
  }
  wl_syrk_add(WL_TRIANGLE_LOWER, p->g, m);
  if (isfinite(p->trace) && wl_potrf(WL_TRIANGLE_LOWER, m) == rank) return WL_OK;
  WL_FAIL(WL_ERROR_NUMERICAL,
          "preconditioner: s I + G G' of order %lld is not positive definite to rounding: add noise_variance or "
          "jitter",
          (long long)rank);
}

wl_error wl_low_rank_create(const wl_matrix *g, double shift, wl_low_rank *p) {
  *p = (wl_low_rank){.g = g, .shift = shift, .trace = wl_sum_of_squares(g)};
  WL_TRY(factor_inner(p));
  p->log_determinant = wl_log_determinant(p->inner) + (double)(p->g->columns - p->g->rows) * log(shift);
  return WL_OK;
}

void wl_low_rank_destroy(wl_low_rank *p) { wl_matrix_destroy(&p->inner); }

static void scale(double by, wl_matrix *a) {
  for (int64_t j = 0; j < a->local_columns; j++)
    for (int64_t i = 0; i < a->local_rows; i++) a->data[i + j * a->ld] *= by;
}

wl_error wl_low_rank_solve(const wl_low_rank *p, const wl_matrix *r, wl_matrix *z) {
  wl_matrix *small = NULL;
  WL_TRY(wl_matrix_create(r->grid, p->g->rows, r->columns, &small));
  wl_gemm(p->g, r, small);
  wl_trsm_left(WL_TRIANGLE_LOWER, WL_NO_TRANS, p->inner, small);
  wl_trsm_left(WL_TRIANGLE_LOWER, WL_TRANS, p->inner, small);
  scale(-1.0, small);
  if (z != r) wl_matrix_copy(r, z);
  wl_gemm_transposed_add(p->g, small, z);
  scale(1.0 / p->shift, z);
  wl_matrix_destroy(&small);
  return WL_OK;
}

wl_error wl_low_rank_multiply(const wl_low_rank *p, const wl_matrix *z, wl_matrix *w) {
  wl_matrix *small = NULL;
  WL_TRY(wl_matrix_create(z->grid, p->g->rows, z->columns, &small));
  wl_gemm(p->g, z, small);
  wl_gemm_transposed(p->g, small, w);
  wl_matrix_destroy(&small);
  for (int64_t j = 0; j < z->local_columns; j++)
    for (int64_t i = 0; i < z->local_rows; i++) w->data[i + j * w->ld] += p->shift * z->data[i + j * z->ld];
  return WL_OK;
}

wl_error wl_low_rank_draw(const wl_low_rank *p, uint64_t seed, wl_matrix *b) {
  wl_matrix *u = NULL;
  WL_TRY(wl_matrix_create(b->grid, p->g->rows, b->columns, &u));
  wl_fill_probes(u, seed, 0);
  wl_fill_probes(b, seed, u->rows);
  scale(sqrt(p->shift), b);
  wl_gemm_transposed_add(p->g, u, b);
  wl_matrix_destroy(&u);
  return WL_OK;
}
