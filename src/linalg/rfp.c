#include "linalg/rfp.h"

#include <stdlib.h>

#include "dist/scalapack.h"
#include "linalg/factorize.h"
#include "linalg/trsm.h"

static wl_error fill(const wl_grid *grid, int64_t order, wl_rfp *h) {
  const int64_t first = wl_rfp_first(order), rest = order - first;
  WL_TRY(wl_matrix_create(grid, first, first, &h->ends));
  WL_TRY(wl_matrix_create(grid, first, rest, &h->cross));
  h->last = wl_matrix_leading(h->ends, rest, rest);
  wl_error error = WL_OK;
  for (int k = 0; k < 2; k++) {
    h->diagonal[k] = calloc((size_t)h->ends->local_rows + 1, sizeof(double));
    if (!h->diagonal[k]) error = wl_error_set(WL_ERROR_MEMORY, "rectangular full packed factor: out of memory");
  }
  return wl_error_agree(grid->comm, error);
}

wl_error wl_rfp_create(const wl_grid *grid, int64_t order, wl_rfp **result) {
  *result = NULL;
  wl_rfp *h = calloc(1, sizeof *h);
  wl_error error = h ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "rectangular full packed factor: out of memory");
  error = wl_error_agree(grid->comm, error);
  if (error == WL_OK) error = fill(grid, order, h);
  if (error != WL_OK) wl_rfp_destroy(&h);
  *result = h;
  return error;
}

void wl_rfp_destroy(wl_rfp **pointer) {
  wl_rfp *h = *pointer;
  if (!h) return;
  for (int k = 0; k < 2; k++) free(h->diagonal[k]);
  wl_matrix_destroy(&h->cross);
  wl_matrix_destroy(&h->ends);
  free(h);
  *pointer = NULL;
}

/* L₂₂ᵀ of K₂₂ − Vᵀ V, whose pivots are held against the diagonal of K₂₂ as if they were found among those of all of K. */
static wl_error factorize_last(wl_rfp *h, wl_engine engine, const char *name, int64_t *pivot) {
  wl_factor_state state = {.diagonal = h->diagonal[1], .eliminated = h->ends->rows};
  const wl_factorize_options options = {.engine = engine, .name = name, .state = &state};
  wl_matrix_set_diagonal(&h->last, h->diagonal[1]);
  wl_syrk_transposed(WL_TRIANGLE_UPPER, h->cross, &h->last);
  WL_TRY(wl_factorize_with(&h->last, WL_TRIANGLE_UPPER, &options, pivot));
  wl_matrix_get_diagonal(&h->last, h->diagonal[1]);
  if (*pivot >= 0) *pivot += h->ends->rows;
  return WL_OK;
}

wl_error wl_rfp_factorize(wl_rfp *h, wl_engine engine, const char *name, int64_t *pivot) {
  const wl_factorize_options options = {.engine = engine, .name = name};
  wl_matrix_set_diagonal(h->ends, h->diagonal[0]);
  WL_TRY(wl_factorize_with(h->ends, WL_TRIANGLE_LOWER, &options, pivot));
  if (*pivot >= 0) return WL_OK;
  wl_matrix_get_diagonal(h->ends, h->diagonal[0]);
  WL_TRY(wl_triangle_solve(h->ends, WL_TRIANGLE_LOWER, WL_NO_TRANS, h->cross));
  return factorize_last(h, engine, name, pivot);
}

/* [L₁₁ B₁; Vᵀ B₁ + L₂₂ B₂] */
wl_error wl_rfp_multiply(wl_rfp *h, wl_matrix *b) {
  wl_matrix first = wl_matrix_leading(b, h->ends->rows, b->columns), *last = NULL;
  WL_TRY(wl_matrix_create(b->grid, h->last.rows, b->columns, &last));
  wl_rows_from(first.rows, b, last);
  wl_matrix_set_diagonal(&h->last, h->diagonal[1]);
  wl_trmm_left(WL_TRIANGLE_UPPER, WL_TRANS, &h->last, last);
  wl_gemm_transposed_add(h->cross, &first, last);
  wl_matrix_set_diagonal(h->ends, h->diagonal[0]);
  wl_trmm_left(WL_TRIANGLE_LOWER, WL_NO_TRANS, h->ends, &first);
  wl_rows_to(first.rows, last, b);
  wl_matrix_destroy(&last);
  return WL_OK;
}
