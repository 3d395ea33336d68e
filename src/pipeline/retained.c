/*
 * The joint law of the predictions under Θ, for what comes after them.
 */
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "dist/scalapack.h"
#include "pipeline/run.h"

/* The mean from rank 0, where predictions leave it, to a distributed matrix. */
static wl_error spread_mean(const wl_run *run, const wl_prediction *p, wl_matrix *mean) {
  const int64_t step = ((int64_t)1 << 20) / p->outputs + 1;
  double *piece = malloc(sizeof(double) * (size_t)(step * p->outputs));
  wl_error error = piece ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "mean of the predictions: out of memory");
  error = wl_error_agree(run->comm, error);
  for (int64_t first = 0; first < p->count && error == WL_OK; first += step) {
    const int64_t rows = smaller(p->count - first, step);
    if (run->rank == 0) memcpy(piece, p->mean + first * p->outputs, sizeof(double) * (size_t)(rows * p->outputs));
    wl_matrix_set_rows(mean, p->first + first, rows, piece);
  }
  free(piece);
  return error;
}

static wl_error keep_solution(const wl_run *run, wl_prediction *p, wl_matrix **all) {
  if (!*all) WL_TRY(wl_matrix_create(run->grid, run->shape.train, run->shape.test, all));
  wl_copy_columns(p->count, p->solution, 0, *all, p->first);
  wl_matrix_destroy(&p->solution);
  return WL_OK;
}

static void keep_covariance(wl_retained *law, wl_prediction *p, wl_matrix **square) {
  for (int q = 0; q < WL_QUANTITY_COUNT; q++) {
    law->variance[q] = p->variance[q];
    p->variance[q] = NULL;
  }
  law->covariance = *square;
  *square = NULL;
}

wl_error wl_run_retain(wl_run *run, wl_prediction *p, wl_matrix **square) {
  wl_retained *law = &run->law;
  if (wl_job_keeps_covariance(run->config)) keep_covariance(law, p, square);
  if (p->solution) WL_TRY(keep_solution(run, p, &law->solution));
  if (!law->mean) WL_TRY(wl_matrix_create(run->grid, run->shape.test, p->outputs, &law->mean));
  return spread_mean(run, p, law->mean);
}

void wl_run_retained_clear(wl_run *run) {
  wl_retained *law = &run->law;
  for (int q = 0; q < WL_QUANTITY_COUNT; q++) {
    free(law->variance[q]);
    law->variance[q] = NULL;
  }
  wl_matrix_destroy(&law->covariance);
  wl_matrix_destroy(&law->solution);
  wl_matrix_destroy(&law->mean);
}
