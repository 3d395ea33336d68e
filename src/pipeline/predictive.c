#include "pipeline/predictive.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "inference/calibration.h"

static const wl_quantity quantities[] = {WL_QUANTITY_ENSEMBLE, WL_QUANTITY_NTK_GP, WL_QUANTITY_NNGP};
enum { QUANTITIES = sizeof quantities / sizeof *quantities, PATH_SIZE = 96 };

static const char *variance_path(wl_quantity q, char path[PATH_SIZE]) {
  snprintf(path, PATH_SIZE, "/predictive/%s", wl_quantity_name(q));
  return path;
}

/* The level as the shortest decimal that reads back to it. */
static const char *interval_path(wl_quantity q, double level, char path[PATH_SIZE]) {
  char text[32];
  for (int digits = 1; digits <= 17; digits++) {
    snprintf(text, sizeof text, "%.*g", digits, level);
    if (strtod(text, NULL) == level) break;
  }
  snprintf(path, PATH_SIZE, "/interval/%s/%s", wl_quantity_name(q), text);
  return path;
}

static wl_error declare_quantity(const wl_setup *setup, wl_quantity q, wl_results *results) {
  const wl_reals *levels = &setup->config->output_intervals;
  const wl_data_shape *s = &setup->shape;
  char path[PATH_SIZE], formula[64];
  snprintf(formula, sizeof formula, "/variance/%s + %s", wl_quantity_name(q),
           setup->config->data.standardize_targets ? "/target/scale^2 noise_variance" : "noise_variance");
  WL_TRY(wl_results_add(results, variance_path(q, path), s->test,
                        setup->units.columns > 1 ? setup->units.columns : 0, formula, "target units squared"));
  for (uint32_t k = 0; k < levels->count; k++)
    WL_TRY(wl_results_add_cube(results, interval_path(q, levels->values[k], path), s->test, s->outputs, 2,
                               "/mean -+ z sqrt(/predictive), P(|N(0, 1)| <= z) = level", "target units"));
  return WL_OK;
}

wl_error wl_predictive_declare(const wl_setup *setup, wl_results *results) {
  for (int k = 0; k < QUANTITIES; k++)
    if (setup->config->quantity[quantities[k]]) WL_TRY(declare_quantity(setup, quantities[k], results));
  return WL_OK;
}

double wl_predictive_bytes(const wl_setup *setup) {
  const double m = (double)setup->shape.test, c = (double)setup->shape.outputs;
  const double intervals = 2.0 * c * setup->config->output_intervals.count;
  return 8.0 * QUANTITIES * m * ((double)setup->units.columns + intervals);
}

static void set_interval(const wl_setup *setup, const wl_prediction *p, const double *variance, double level,
                         double *ends) {
  const double z = wl_normal_half_width(level);
  const int64_t c = p->outputs, columns = setup->units.columns;
  for (int64_t i = 0; i < p->count; i++)
    for (int64_t j = 0; j < c; j++) {
      const double mean = p->mean[i * c + j], half = z * sqrt(variance[i * columns + (columns > 1 ? j : 0)]);
      ends[2 * (i * c + j)] = mean - half;
      ends[2 * (i * c + j) + 1] = mean + half;
    }
}

static wl_error write_quantity(const wl_setup *setup, const wl_prediction *p, wl_quantity q, double *room,
                               wl_results *results) {
  const wl_reals *levels = &setup->config->output_intervals;
  const int64_t columns = setup->units.columns;
  double *variance = room, *ends = room + p->count * columns;
  char path[PATH_SIZE];
  wl_units_add_noise(&setup->units, setup->config->noise_variance, p->count, p->variance[q], variance);
  WL_TRY(wl_results_put(results, variance_path(q, path), p->first, 0, p->count, columns, variance));
  for (uint32_t k = 0; k < levels->count; k++) {
    set_interval(setup, p, variance, levels->values[k], ends);
    WL_TRY(wl_results_put_cube(results, interval_path(q, levels->values[k], path), p->first, 0, p->count,
                               p->outputs, ends));
  }
  return WL_OK;
}

wl_error wl_predictive_write(const wl_setup *setup, const wl_prediction *p, wl_results *results) {
  double *room = malloc(sizeof(double) * (size_t)(p->count * (setup->units.columns + 2 * p->outputs)));
  wl_error error = room ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "predictive variances: out of memory");
  for (int k = 0; k < QUANTITIES && error == WL_OK; k++)
    if (p->variance[quantities[k]]) error = write_quantity(setup, p, quantities[k], room, results);
  free(room);
  return error;
}

wl_error wl_predictive_remove(const wl_setup *setup, wl_prior prior, wl_results *results) {
  const wl_reals *levels = &setup->config->output_intervals;
  char path[PATH_SIZE];
  for (int k = 0; k < QUANTITIES; k++) {
    if (wl_quantity_prior(quantities[k]) != prior) continue;
    WL_TRY(wl_results_remove(results, variance_path(quantities[k], path)));
    for (uint32_t l = 0; l < levels->count; l++)
      WL_TRY(wl_results_remove(results, interval_path(quantities[k], levels->values[l], path)));
  }
  return WL_OK;
}
