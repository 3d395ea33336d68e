#include "pipeline/training_time.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/util.h"
#include "inference/training_time.h"
#include "pipeline/points.h"

bool wl_quantity_has_time(wl_quantity q) {
  return q == WL_QUANTITY_ENSEMBLE || q == WL_QUANTITY_RND || q == WL_QUANTITY_BAYESIAN_RND;
}

static void path_of(const char *kind, int quantity, char path[64]) {
  snprintf(path, 64, "/at_time/%s/%s", kind, wl_quantity_name((wl_quantity)quantity));
}

/* ---- datasets ------------------------------------------------------------------------------------------------------ */

wl_error wl_times_declare(const wl_setup *setup, wl_results *results) {
  static const char *const formula[WL_QUANTITY_COUNT] = {
      [WL_QUANTITY_ENSEMBLE] =
          "kappa_TT + A kappa_XX A' - A kappa_XT - kappa_TX A', A = theta_TX S^-1 (I - e^(-t S))",
      [WL_QUANTITY_RND] =
          "2 (kappa_TT + A kappa_XX A' - A kappa_XT - kappa_TX A'), A = theta_TX S^-1 (I - e^(-t S))",
      [WL_QUANTITY_BAYESIAN_RND] =
          "theta_TT + A S A' - A theta_XT - theta_TX A', A = theta_TX S^-1 (I - e^(-t S))"};
  const int64_t count = setup->config->training.times.count, m = setup->shape.test;
  if (count == 0) return WL_OK;
  WL_TRY(
      wl_results_add(results, "/at_time/times", count, 0, "training times t of gradient flow of unit rate", "1"));
  WL_TRY(wl_results_put(results, "/at_time/times", 0, 0, count, 1, setup->config->training.times.values));
  WL_TRY(wl_results_add_cube(results, "/at_time/mean/ntk", count, m, setup->shape.outputs,
                             "theta_TX S^-1 (I - e^(-t S)) Y", "target units"));
  for (int q = 0; q < WL_QUANTITY_COUNT; q++) {
    char path[64];
    if (!setup->config->quantity[q] || !wl_quantity_has_time((wl_quantity)q)) continue;
    path_of("variance", q, path);
    WL_TRY(wl_results_add(results, path, count, m, formula[q], "target units squared"));
    path_of("covariance", q, path);
    if (setup->config->output_covariance)
      WL_TRY(wl_results_add_cube(results, path, count, m, m, formula[q], "target units squared"));
  }
  return WL_OK;
}

/* Root. Time k. */
static wl_error write_prediction(wl_results *results, int64_t k, const wl_prediction *p) {
  WL_TRY(wl_results_put_cube(results, "/at_time/mean/ntk", k, p->first, 1, p->count, p->mean));
  for (int q = 0; q < WL_QUANTITY_COUNT; q++) {
    char path[64];
    path_of("variance", q, path);
    if (p->variance[q]) WL_TRY(wl_results_put(results, path, k, p->first, 1, p->count, p->variance[q]));
  }
  return WL_OK;
}

static wl_error write_covariances(wl_results *results, int64_t k, const wl_prediction *p,
                                  const wl_matrix *square) {
  for (int q = 0; q < WL_QUANTITY_COUNT; q++) {
    char path[64];
    if (!p->variance[q]) continue;
    path_of("covariance", q, path);
    const wl_triangle triangle = q == WL_QUANTITY_BAYESIAN_RND ? WL_TRIANGLE_LOWER : WL_TRIANGLE_UPPER;
    const wl_results_slot slot = {path, k, 1.0};
    WL_TRY(wl_results_put_symmetric(results, &slot, square, triangle, q == WL_QUANTITY_RND ? 2.0 : 1.0,
                                    p->variance[q]));
  }
  return WL_OK;
}

/* ---- scores -------------------------------------------------------------------------------------------------------- */

void wl_time_scores_clear(wl_time_scores *scores) {
  free(scores->at);
  *scores = (wl_time_scores){0};
}

/* Targets and marks of a batch of test points, on rank 0; NULL where there are none. */
typedef struct observed {
  double *target, *ood;
} observed;

/* Root. */
static wl_error observe(const wl_setup *setup, int64_t first, int64_t count, observed *o) {
  const wl_data_shape *s = &setup->shape;
  if (s->test_targets) o->target = malloc(sizeof(double) * (size_t)(count * s->outputs));
  if (s->ood) o->ood = malloc(sizeof(double) * (size_t)count);
  if ((s->test_targets && !o->target) || (s->ood && !o->ood)) WL_FAIL(WL_ERROR_MEMORY, "metrics: out of memory");
  if (o->target) WL_TRY(wl_data_test_targets(setup->data, first, count, o->target));
  return o->ood ? wl_data_test_ood(setup->data, first, count, o->ood) : WL_OK;
}

/* Root. */
static void score(const wl_prediction *p, const observed *o, wl_time_score *s) {
  const wl_forecast forecast = {p->count, p->outputs, 1, p->mean, NULL, o->target, o->ood};
  if (o->target) wl_score_add(&s->mean, &forecast);
  for (int q = 0; q < WL_QUANTITY_COUNT; q++)
    for (int64_t j = 0; j < p->count && p->variance[q]; j++)
      if (!o->ood || o->ood[j] == 0.0) s->variance_sum[q] += p->variance[q][j];
}

/* ---- the phase ----------------------------------------------------------------------------------------------------- */

/* The arguments of wl_times_run, and a batch of test points. */
typedef struct phase {
  const wl_setup *setup;
  const wl_services *services;
  const wl_spectrum *spectrum;
  wl_time_scores *scores;
  wl_progress progress;
  wl_points *test;
  wl_training_time *times;
  wl_matrix *kernels; /* Θ_TT and κ_TT, where covariances are wanted */
  wl_matrix *square;  /* what a time makes of them; NULL: the only time works in place */
  observed observed;
} phase;

static wl_error keep(const phase *f, uint32_t k, const wl_prediction *p, const wl_matrix *square) {
  const wl_phase before = wl_timer_enter(f->services->timer, WL_PHASE_WRITE);
  wl_error error = WL_OK;
  if (f->setup->rank == 0) {
    error = write_prediction(f->services->results, k, p);
    score(p, &f->observed, &f->scores->at[k]);
    f->scores->clamped += p->clamped;
    f->scores->most_negative = fmin(f->scores->most_negative, p->most_negative);
  }
  error = wl_error_agree(f->setup->comm, error);
  if (error == WL_OK && square) error = write_covariances(f->services->results, k, p, square);
  wl_timer_enter(f->services->timer, before);
  return error;
}

static wl_error predict_time(const phase *f, uint32_t k) {
  wl_matrix *square = f->square ? f->square : f->kernels;
  wl_prediction p = {0};
  if (f->square) wl_matrix_copy(f->kernels, f->square);
  wl_error error = wl_training_time_predict(f->times, f->setup->config->training.times.values[k], square, &p);
  if (error == WL_OK) error = keep(f, k, &p, square);
  wl_prediction_clear(&p);
  if (error != WL_OK) return error;
  wl_checkpointer *checkpointer = f->services->checkpointer;
  return wl_checkpointer_boundary(checkpointer, checkpointer->options.last_prior, checkpointer->options.test);
}

/* The kernels of covariances, once for all times. */
static wl_error create_squares(phase *f) {
  const int squares = wl_job_time_squares(f->setup->config);
  const int64_t m = f->test->count;
  if (squares == 0) return WL_OK;
  WL_TRY(wl_matrix_create(f->setup->grid, m, m, &f->kernels));
  if (squares > 1) WL_TRY(wl_matrix_create(f->setup->grid, m, m, &f->square));
  return wl_gram_symmetric(f->test, WL_GRAM_BOTH, f->kernels);
}

static wl_error open_batch(phase *f, int64_t first, int64_t count, wl_grid *panels) {
  const wl_config *c = f->setup->config;
  wl_training_time_options options = {.shift = c->noise_variance + c->jitter};
  for (int q = 0; q < WL_QUANTITY_COUNT; q++)
    options.quantity[q] = c->quantity[q] && wl_quantity_has_time((wl_quantity)q);
  WL_TRY(wl_read_test_points(f->setup, first, count, panels, &f->test));
  const wl_error error = f->setup->rank == 0 ? observe(f->setup, first, count, &f->observed) : WL_OK;
  WL_TRY(wl_error_agree(f->setup->comm, error));
  if (f->setup->rank == 0)
    for (int64_t j = 0; j < count; j++) f->scores->points += !f->observed.ood || f->observed.ood[j] == 0.0;
  WL_TRY(create_squares(f));
  return wl_training_time_create(f->spectrum, &options, f->test, first, &f->times);
}

static void close_batch(phase *f) {
  wl_matrix_destroy(&f->square);
  wl_matrix_destroy(&f->kernels);
  wl_training_time_destroy(&f->times);
  wl_points_destroy(&f->test);
  free(f->observed.ood);
  free(f->observed.target);
  f->observed = (observed){0};
}

static wl_error predict_batch(phase *f, int64_t first, int64_t count) {
  const uint32_t times = f->setup->config->training.times.count;
  wl_grid panels;
  wl_error error = open_batch(f, first, count, &panels);
  for (uint32_t k = 0; k < times && error == WL_OK; k++) {
    error = predict_time(f, k);
    wl_progress_update(&f->progress, (double)first + (double)count * (k + 1.0) / times);
  }
  close_batch(f);
  return error;
}

wl_error wl_times_run(const wl_setup *setup, const wl_services *services, const wl_spectrum *spectrum,
                      wl_time_scores *scores) {
  const wl_reals *times = &setup->config->training.times;
  const int64_t m = setup->shape.test;
  if (times->count == 0) return WL_OK;
  const double flops = wl_job_at_time_flops(setup->config, &setup->shape);
  wl_timer_enter(services->timer, WL_PHASE_AT_TIME);
  wl_timer_count(services->timer, flops);
  scores->at = calloc(times->count, sizeof *scores->at);
  wl_error error = scores->at ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "training times: out of memory");
  WL_TRY(wl_error_agree(setup->comm, error));
  scores->count = times->count;
  for (uint32_t k = 0; k < times->count; k++) scores->at[k].time = times->values[k];
  phase f = {.setup = setup, .services = services, .spectrum = spectrum, .scores = scores};
  f.progress = wl_progress_begin("training times", (double)m, flops / 1e9);
  for (int64_t first = 0; first < m && error == WL_OK; first += setup->batch)
    error = predict_batch(&f, first, smaller(setup->batch, m - first));
  wl_progress_end(&f.progress);
  return error;
}
