#define _GNU_SOURCE
#include "pipeline/tune_evaluate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "data/rows.h"
#include "inference/calibration.h"
#include "inference/loo.h"
#include "inference/metrics.h"

/* ---- what it depends on --------------------------------------------------------------------------------------- */

static void describe(const wl_tune_parameter *p, FILE *to) {
  fprintf(to, "tune.parameters.%s:", p->key->name);
  if (p->range) fprintf(to, " %.17g to %.17g%s", p->from, p->to, p->logarithmic ? ", log" : "");
  for (int k = 0; k < p->choice_count; k++) fprintf(to, " %s", p->choices[k]);
  fputc('\n', to);
}

static void describe_tune(const wl_config *c, const wl_tune_parameters *parameters, FILE *to) {
  fprintf(to, "tune.objective: %d\ntune.prior: %s\ntune.subset: %lld\n", (int)c->tune.objective,
          wl_quantity_name(c->tune.prior), (long long)c->tune.subset);
  if (c->tune.subset > 0) fprintf(to, "seed: %llu\n", (unsigned long long)c->seed);
  for (int i = 0; i < parameters->count; i++) describe(&parameters->parameter[i], to);
}

wl_error wl_tune_made_with(const wl_setup *setup, const wl_tune_parameters *parameters, char **text) {
  char *config = NULL, *data = NULL;
  size_t size;
  *text = NULL;
  wl_error error = wl_config_fingerprint(setup->config, WL_SCOPE_FACTOR, &config);
  if (error == WL_OK) error = wl_data_fingerprint(setup->data, WL_DATA_TRAINING, setup->shape.train, &data);
  if (error == WL_OK) {
    FILE *to = open_memstream(text, &size);
    if (to) {
      fprintf(to, "%s%s", config, data);
      describe_tune(setup->config, parameters, to);
    }
    if (!to || fclose(to) != 0) error = wl_error_set(WL_ERROR_MEMORY, "tune: out of memory");
  }
  free(data);
  free(config);
  return error;
}

/* ---- the rows ------------------------------------------------------------------------------------------------- */

/* Keeps those rows of `columns` numbers that are taken. */
static wl_error keep(wl_data *data, wl_row_reader read, int64_t rows, int64_t columns, const bool *taken,
                     double *kept) {
  const int64_t step = smaller(rows, larger(1, ((int64_t)1 << 20) / columns));
  double *piece = malloc(sizeof(double) * (size_t)(step * columns));
  wl_error error = piece ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "tune: out of memory");
  for (int64_t first = 0; first < rows && error == WL_OK; first += step) {
    const int64_t count = smaller(step, rows - first);
    error = read(data, first, count, piece);
    for (int64_t i = 0; i < count && error == WL_OK; i++) {
      if (!taken[first + i]) continue;
      memcpy(kept, piece + i * columns, sizeof(double) * (size_t)columns);
      kept += columns;
    }
  }
  free(piece);
  return error;
}

static wl_error create_rows(int64_t rows, const wl_data_shape *shape, wl_tune_data *data) {
  data->inputs = malloc(sizeof(double) * (size_t)(rows * shape->dimension));
  data->target = malloc(sizeof(double) * (size_t)(rows * shape->outputs));
  return data->inputs && data->target ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "tune: out of memory");
}

wl_error wl_tune_create_rows(const wl_setup *setup, wl_tune_data *data) {
  return create_rows(setup->shape.train, &setup->shape, data);
}

/* Root. */
static wl_error read_rows(const wl_setup *setup, int64_t subset, wl_tune_data *data) {
  const wl_data_shape *shape = &setup->shape;
  bool *taken = calloc((size_t)shape->train, sizeof *taken);
  wl_error error = taken ? create_rows(subset, shape, data) : wl_error_set(WL_ERROR_MEMORY, "tune: out of memory");
  if (error == WL_OK)
    error = wl_rows_draw(shape->train, subset, setup->config->seed, WL_STREAM_TUNE_SUBSET, taken);
  if (error == WL_OK)
    error = keep(setup->data, wl_data_train_inputs, shape->train, shape->dimension, taken, data->inputs);
  if (error == WL_OK)
    error = keep(setup->data, wl_data_train_targets, shape->train, shape->outputs, taken, data->target);
  free(taken);
  return error;
}

wl_error wl_tune_read(wl_setup *setup, wl_tune_data *data) {
  const int64_t asked = setup->config->tune.subset, rows = setup->shape.train;
  const int64_t subset = asked > 0 ? smaller(asked, rows) : rows;
  const wl_error error = setup->rank == 0 ? read_rows(setup, subset, data) : WL_OK;
  setup->shape.train = subset;
  return wl_error_agree(setup->comm, error);
}

wl_error wl_tune_spread(const wl_setup *setup, wl_tune_data *data) {
  WL_TRY(wl_matrix_create(setup->grid, setup->shape.train, setup->shape.outputs, &data->targets));
  return wl_matrix_scatter(data->targets, data->target);
}

/* ---- the objective -------------------------------------------------------------------------------------------- */

/* Root. */
static wl_error score(const wl_setup *setup, const wl_prediction *p, const double *target, double *value) {
  const wl_config *c = setup->config;
  double *variance = malloc(sizeof(double) * (size_t)p->count);
  if (!variance) WL_FAIL(WL_ERROR_MEMORY, "tune: out of memory");
  for (int64_t i = 0; i < p->count; i++) variance[i] = p->variance[c->tune.prior][i] + c->noise_variance;
  const wl_forecast forecast = {p->count, p->outputs, 1, p->mean, variance, target, NULL};
  wl_score scores = {0};
  wl_calibration calibration = {.outputs = p->outputs};
  wl_score_add(&scores, &forecast);
  wl_calibration_add(&calibration, &forecast);
  free(variance);
  const double all = (double)p->count * (double)p->outputs;
  if (c->tune.objective == WL_TUNE_LOO_RMSE)
    *value = wl_score_rmse(&scores);
  else if (c->tune.objective == WL_TUNE_LOO_CRPS)
    *value = wl_calibration_crps(&calibration);
  else
    *value = -all * wl_score_negative_log_likelihood(&scores);
  return WL_OK;
}

static wl_error of_model(const wl_setup *setup, wl_model *model, const double *target, double *value) {
  const wl_config *c = setup->config;
  const wl_prior prior = wl_quantity_prior(c->tune.prior);
  wl_error error = WL_OK;
  WL_TRY(wl_model_factor(model, prior));
  *value = 0.0;
  if (c->tune.objective == WL_TUNE_LOG_MARGINAL_LIKELIHOOD) {
    const wl_evidence *evidence = wl_model_evidence(model, prior);
    for (int64_t j = 0; j < setup->shape.outputs; j++) *value += evidence->log_marginal_likelihood[j];
  } else {
    wl_prediction loo = {0};
    error = wl_model_leave_one_out(model, NULL, &loo);
    if (error == WL_OK && setup->rank == 0) error = score(setup, &loo, target, value);
    wl_prediction_clear(&loo);
    WL_TRY(wl_error_agree(setup->comm, error));
  }
  MPI_Bcast(value, 1, MPI_DOUBLE, 0, setup->comm);
  if (!isfinite(*value)) WL_FAIL(WL_ERROR_NUMERICAL, "tune: the objective is not finite");
  return WL_OK;
}

static wl_error copy(const wl_matrix *from, wl_matrix **to) {
  WL_TRY(wl_matrix_create(from->grid, from->rows, from->columns, to));
  wl_matrix_copy(from, *to);
  return WL_OK;
}

/* The factorization overwrites its kernels: those that are kept are copied before. */
static wl_error create_model(const wl_config *c, wl_tune_data *data, wl_model **model) {
  wl_model_setup from = {.options = wl_job_model_options(c)};
  for (int q = 0; q < WL_QUANTITY_COUNT; q++) from.options.quantity[q] = q == (int)c->tune.prior;
  if (data->kernels) {
    WL_TRY(copy(data->kernels, &from.array));
    from.holds = WL_GRAM_BOTH;
  }
  WL_TRY(wl_model_create_from(&from, data->points, data->targets, model));
  return data->keep && !data->kernels ? copy(wl_model_gram(*model), &data->kernels) : WL_OK;
}

wl_error wl_tune_objective_value(const wl_setup *setup, bool same_network, wl_tune_data *data, double *value) {
  const wl_config *c = setup->config;
  if (!same_network) wl_tune_data_forget(data);
  if (!data->points)
    WL_TRY(wl_points_create(setup->grid, &c->network, setup->shape.train, setup->shape.dimension, data->inputs,
                            &data->points));
  wl_model *model = NULL;
  wl_error error = create_model(c, data, &model);
  if (error == WL_OK) error = of_model(setup, model, data->target, value);
  wl_model_destroy(&model);
  return error;
}

void wl_tune_data_forget(wl_tune_data *data) {
  wl_points_destroy(&data->points);
  wl_matrix_destroy(&data->kernels);
}

void wl_tune_data_clear(wl_tune_data *data) {
  wl_tune_data_forget(data);
  wl_matrix_destroy(&data->targets);
  free(data->inputs);
  free(data->target);
}
