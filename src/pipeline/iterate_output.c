#include "pipeline/iterate_output.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "pipeline/report_numbers.h"
#include "pipeline/result_paths.h"

wl_error wl_brackets_declare(const wl_setup *setup, wl_results *results) {
  static const char *const formula = "low and high: between them lies the exact value, rounding included";
  const wl_model_options options = wl_job_model_options(setup->config);
  const wl_data_shape *s = &setup->shape;
  char path[64];
  if (!wl_job_is_iterative(setup->config)) return WL_OK;
  for (int p = 0; p < WL_PRIOR_COUNT; p++) {
    if (!wl_model_needs(&options, (wl_prior)p)) continue;
    snprintf(path, sizeof path, "/bracket/mean/%s", wl_mean_name(p));
    WL_TRY(wl_results_add_cube(results, path, s->test, s->outputs, 2, formula, "target units"));
  }
  for (int q = 0; q < WL_QUANTITY_COUNT; q++) {
    if (!setup->config->quantity[q]) continue;
    snprintf(path, sizeof path, "/bracket/variance/%s", wl_quantity_name((wl_quantity)q));
    if (setup->units.columns == 1)
      WL_TRY(wl_results_add(results, path, s->test, 2, formula, "target units squared"));
    else
      WL_TRY(wl_results_add_cube(results, path, s->test, s->outputs, 2, formula, "target units squared"));
  }
  return WL_OK;
}

/* Brackets in target units; `ends` has room for two numbers a point and output. */
static wl_error write_in_target_units(const wl_units *u, wl_results *results, const wl_bracketed *b,
                                      double *ends) {
  const wl_prediction *best = &b->best;
  char path[64];
  for (int64_t k = 0; k < 2 * best->count * u->outputs; k++) {
    const int64_t j = k / 2 % u->outputs;
    const double part = u->scale[j] * b->mean[k], end = u->location[j] + part;
    const double off = u->standardized ? DBL_EPSILON * (2.0 * fabs(u->location[j]) + fabs(part) + fabs(end)) : 0.0;
    ends[k] = k % 2 ? end + off : end - off;
  }
  snprintf(path, sizeof path, "/bracket/mean/%s", wl_mean_name((int)best->prior));
  WL_TRY(wl_results_put_cube(results, path, best->first, 0, best->count, u->outputs, ends));
  for (int q = 0; q < WL_QUANTITY_COUNT; q++) {
    if (!b->variance[q]) continue;
    for (int64_t k = 0; k < 2 * best->count * u->columns; k++) {
      const int64_t j = k / 2 % u->columns, i = k / 2 / u->columns;
      ends[k] = u->scale[j] * u->scale[j] * b->variance[q][2 * i + k % 2];
    }
    snprintf(path, sizeof path, "/bracket/variance/%s", wl_quantity_name((wl_quantity)q));
    WL_TRY(wl_results_put_cube(results, path, best->first, 0, best->count, u->columns > 1 ? u->columns : 2, ends));
  }
  return WL_OK;
}

wl_error wl_brackets_write(const wl_setup *setup, wl_results *results, const wl_bracketed *b) {
  double *ends = malloc(2 * sizeof(double) * (size_t)(b->best.count * b->best.outputs));
  if (!ends) WL_FAIL(WL_ERROR_MEMORY, "brackets: out of memory");
  const wl_error error = write_in_target_units(&setup->units, results, b, ends);
  free(ends);
  return error;
}
