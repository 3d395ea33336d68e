#include "linalg/low_rank.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dist/scalapack.h"
#include "linalg/probes.h"

static double sum_of_squares(const wl_matrix *a) {
  double sum = 0.0;
  for (int64_t j = 0; j < a->local_columns; j++)
    for (int64_t i = 0; i < a->local_rows; i++) sum += a->data[i + j * a->ld] * a->data[i + j * a->ld];
  MPI_Allreduce(MPI_IN_PLACE, &sum, 1, MPI_DOUBLE, MPI_SUM, a->grid->comm);
  return sum;
}

static bool has_diagonal(const wl_matrix *a, int64_t il, int64_t *jl) {
  const int64_t i = wl_matrix_global_row(a, il);
  *jl = wl_matrix_local_column(a, i);
  return *jl < a->local_columns && wl_matrix_global_column(a, *jl) == i;
}

static double log_determinant_of(const wl_matrix *factor) {
  double sum = 0.0;
  for (int64_t il = 0, jl; il < factor->local_rows; il++)
    if (has_diagonal(factor, il, &jl)) sum += 2.0 * log(factor->data[il + jl * factor->ld]);
  MPI_Allreduce(MPI_IN_PLACE, &sum, 1, MPI_DOUBLE, MPI_SUM, factor->grid->comm);
  return sum;
}

/* M ← s I + G Gᵀ, and its factor. */
static wl_error factor_inner(wl_low_rank *p) {
  const int64_t rank = p->g->rows;
  WL_TRY(wl_matrix_create(p->g->grid, rank, rank, &p->inner));
  wl_matrix *m = p->inner;
  memset(m->data, 0, sizeof(double) * (size_t)(m->ld * m->local_columns));
  for (int64_t il = 0, jl; il < m->local_rows; il++)
    if (has_diagonal(m, il, &jl)) m->data[il + jl * m->ld] = p->shift;
  wl_syrk_add(WL_TRIANGLE_LOWER, p->g, m);
  if (isfinite(p->trace) && wl_potrf(WL_TRIANGLE_LOWER, m) == rank) return WL_OK;
  WL_FAIL(WL_ERROR_NUMERICAL,
          "preconditioner: s I + G G' of order %lld is not positive definite to rounding: add noise_variance or "
          "jitter",
          (long long)rank);
}

wl_error wl_low_rank_create(const wl_matrix *g, double shift, wl_low_rank *p) {
  *p = (wl_low_rank){.g = g, .shift = shift, .trace = sum_of_squares(g)};
  WL_TRY(factor_inner(p));
  p->log_determinant = log_determinant_of(p->inner) + (double)(p->g->columns - p->g->rows) * log(shift);
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
