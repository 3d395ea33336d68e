#include "pipeline/retained.h"

#include <stdlib.h>

#include "dist/scalapack.h"

static wl_error keep_solution(const wl_setup *setup, wl_prediction *p, wl_matrix **all) {
  if (!*all) WL_TRY(wl_matrix_create(setup->grid, setup->shape.train, setup->shape.test, all));
  wl_copy_columns(p->count, p->solution, 0, *all, p->first);
  wl_matrix_destroy(&p->solution);
  return WL_OK;
}

static void keep_covariance(wl_retained *retained, wl_prediction *p, wl_matrix **square) {
  for (int q = 0; q < WL_QUANTITY_COUNT; q++) {
    retained->variance[q] = p->variance[q];
    p->variance[q] = NULL;
  }
  retained->covariance = *square;
  *square = NULL;
  retained->rnd_covariance = p->rnd_covariance;
  p->rnd_covariance = NULL;
}

wl_error wl_retain(const wl_setup *setup, wl_prediction *p, wl_matrix **square, wl_retained *retained) {
  if (wl_job_keeps_covariance(setup->config)) keep_covariance(retained, p, square);
  if (p->solution) WL_TRY(keep_solution(setup, p, &retained->solution));
  if (!retained->mean) WL_TRY(wl_matrix_create(setup->grid, setup->shape.test, p->outputs, &retained->mean));
  return wl_matrix_scatter_rows(retained->mean, p->first, p->count, p->mean);
}

void wl_retained_clear(wl_retained *retained) {
  for (int q = 0; q < WL_QUANTITY_COUNT; q++) {
    free(retained->variance[q]);
    retained->variance[q] = NULL;
  }
  wl_matrix_destroy(&retained->covariance);
  wl_matrix_destroy(&retained->rnd_covariance);
  wl_matrix_destroy(&retained->solution);
  wl_matrix_destroy(&retained->mean);
}
