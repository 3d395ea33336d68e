#include "pipeline/units.h"

#include <math.h>
#include <stdlib.h>

wl_error wl_units_create(const wl_config *config, const wl_data_shape *shape, const wl_data *data, MPI_Comm comm,
                         wl_units *units) {
  const int64_t c = shape->outputs;
  *units = (wl_units){.outputs = c,
                      .columns = wl_job_variance_columns(config, shape),
                      .standardized = config->data.standardize_targets,
                      .location = malloc(sizeof(double) * (size_t)c),
                      .scale = malloc(sizeof(double) * (size_t)c)};
  const bool there = units->location && units->scale;
  WL_TRY(wl_error_agree(comm, there ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "targets: out of memory")));
  for (int64_t j = 0; data && j < c; j++) {
    units->location[j] = wl_data_target_location(data, j);
    units->scale[j] = wl_data_target_scale(data, j);
  }
  MPI_Bcast(units->location, (int)c, MPI_DOUBLE, 0, comm);
  MPI_Bcast(units->scale, (int)c, MPI_DOUBLE, 0, comm);
  return WL_OK;
}

void wl_units_clear(wl_units *units) {
  free(units->location);
  free(units->scale);
  units->location = units->scale = NULL;
}

static void convert_mean(const wl_units *u, int64_t count, const double *from, double *to) {
  for (int64_t i = 0; i < count; i++)
    for (int64_t j = 0, k = i * u->outputs; j < u->outputs; j++, k++)
      to[k] = u->location[j] + u->scale[j] * from[k];
}

static void convert_variance(const wl_units *u, int64_t count, const double *from, double *to) {
  for (int64_t i = 0; i < count; i++)
    for (int64_t j = 0; j < u->columns; j++) to[i * u->columns + j] = u->scale[j] * u->scale[j] * from[i];
}

wl_error wl_units_convert(const wl_units *u, const wl_prediction *p, wl_prediction *to) {
  const size_t rows = sizeof(double) * (size_t)p->count;
  *to = *p;
  to->solution = to->rnd_covariance = NULL;
  to->mean = malloc(rows * (size_t)u->outputs);
  bool there = to->mean != NULL;
  for (int q = 0; q < WL_QUANTITY_COUNT; q++) {
    to->variance[q] = p->variance[q] ? malloc(rows * (size_t)u->columns) : NULL;
    there = there && (to->variance[q] || !p->variance[q]);
  }
  if (!there) WL_FAIL(WL_ERROR_MEMORY, "predictions: out of memory");
  convert_mean(u, p->count, p->mean, to->mean);
  for (int q = 0; q < WL_QUANTITY_COUNT; q++)
    if (p->variance[q]) convert_variance(u, p->count, p->variance[q], to->variance[q]);
  return WL_OK;
}

double wl_units_evidence(const wl_units *u, int64_t points, int64_t output, double value) {
  return value - (double)points * log(u->scale[output]);
}

wl_results_slot wl_units_slot(const wl_units *u, int64_t column, const char *path) {
  return (wl_results_slot){path, u->columns > 1 ? column : -1, u->scale[column] * u->scale[column]};
}

wl_error wl_units_add_matrices(const wl_units *u, wl_results *results, const char *path, int64_t rows,
                               int64_t columns, const char *formula, const char *unit) {
  if (u->columns == 1) return wl_results_add(results, path, rows, columns, formula, unit);
  return wl_results_add_cube(results, path, u->columns, rows, columns, formula, unit);
}

wl_error wl_units_write(const wl_units *u, wl_results *results) {
  if (!u->standardized) return WL_OK;
  WL_TRY(wl_results_note(results, "units",
                         "targets are standardized: the formulas hold of (Y - /target/location) / /target/scale, "
                         "the numbers are turned back; noise_variance and jitter are in standardized units"));
  WL_TRY(
      wl_results_add(results, "/target/location", u->outputs, 0, "mean of the training targets", "target units"));
  WL_TRY(wl_results_add(results, "/target/scale", u->outputs, 0,
                        "standard deviation of the training targets, 1 where they are constant", "target units"));
  WL_TRY(wl_results_put(results, "/target/location", 0, 0, u->outputs, 1, u->location));
  return wl_results_put(results, "/target/scale", 0, 0, u->outputs, 1, u->scale);
}

void wl_units_restore_targets(const wl_units *u, int64_t count, double *target) {
  convert_mean(u, count, target, target);
}

void wl_units_add_noise(const wl_units *u, double noise_variance, int64_t count, const double *variance,
                        double *sum) {
  for (int64_t i = 0; i < count; i++)
    for (int64_t j = 0, k = i * u->columns; j < u->columns; j++, k++)
      sum[k] = variance[k] + u->scale[j] * u->scale[j] * noise_variance;
}
