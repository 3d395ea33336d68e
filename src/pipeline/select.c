/*
 * select: set up with the pool in the place of the test points, factor, choose, write.
 */
#define _GNU_SOURCE
#include "pipeline/select.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "inference/select.h"
#include "pipeline/checkpoints.h"
#include "pipeline/elapsed.h"
#include "pipeline/header.h"
#include "pipeline/points.h"
#include "pipeline/provenance.h"
#include "pipeline/room.h"
#include "pipeline/run_log.h"

typedef struct selecting {
  wl_timer timer;
  wl_setup setup;
  wl_checkpointer checkpointer;
  wl_checkpoint_sources sources;
  wl_results *results; /* rank 0 */
  wl_run_log log;
  wl_assembly assembly;
  wl_tally tally; /* empty: select has no metrics */
  wl_selection selection;
} selecting;

wl_error wl_select_prepare(wl_config *c) {
  if (!c->select.wanted)
    WL_FAIL(WL_ERROR_CONFIG, "%s: select: is missing: widelimit select needs select.count and data.pool.inputs",
            c->file);
  char *pool = strdup(c->data.pool_inputs),
       **absent[] = {&c->data.test_inputs, &c->data.test_targets, &c->data.test_ood, &c->data.test_rows};
  if (!pool) WL_FAIL(WL_ERROR_MEMORY, "select: out of memory");
  for (size_t k = 0; k < sizeof absent / sizeof *absent; k++) {
    free(*absent[k]);
    *absent[k] = NULL;
  }
  c->data.test_inputs = pool;
  c->data.split.test = 0.0;
  memset(c->samples, 0, sizeof c->samples);
  c->certify.wanted = c->loo = c->spectrum = c->output_covariance = c->output_kernels = false;
  c->noise_path.count = c->training.times.count = 0;
  for (int q = 0; q < WL_QUANTITY_COUNT; q++) c->quantity[q] = q == (int)c->select.by;
  return WL_OK;
}

static wl_error check_count(const wl_setup *setup) {
  if (setup->config->select.count <= setup->shape.test) return WL_OK;
  WL_FAIL(WL_ERROR_CONFIG, "%s: select.count: is %lld, but the pool has %lld points", setup->config->file,
          (long long)setup->config->select.count, (long long)setup->shape.test);
}

static const wl_outputs outputs = {"results.h5", "config.yaml", "summary.json"};

static wl_error set_up(const wl_request *request, wl_setup *setup) {
  WL_TRY(wl_setup_config(request, MPI_COMM_WORLD, &outputs, setup));
  if (setup->config->checkpoint.directory) wl_halt_listen();
  wl_blas_choose_threads(&setup->node);
  WL_TRY(wl_setup_data(setup));
  WL_TRY(check_count(setup));
  return wl_setup_grid(setup);
}

/* Root. */
static wl_error declare(const wl_setup *setup, wl_results **results) {
  const int64_t count = setup->config->select.count, pool = setup->shape.test;
  const bool information = setup->config->select.rule == WL_SELECT_INFORMATION;
  const struct {
    const char *path, *formula, *units;
    int64_t rows;
  } sets[] = {{"/select/index", "row of the pool, from 0, in the order of choice", "1", count},
              {"/select/score", "its variance when it was chosen, those before it being labelled",
               "target units squared", count},
              {"/select/gain",
               information ? "sum of log(1 + score / noise_variance) / 2 up to it"
                           : "what the variances of the whole pool have lost up to it",
               information ? "1" : "target units squared", count},
              {"/select/before", "variance of every point of the pool before the first choice",
               "target units squared", pool},
              {"/select/after", "variance of every point of the pool after the last choice",
               "target units squared", pool}};
  WL_TRY(wl_results_create(setup->config->output_directory, 8.0 * (3.0 * (double)count + 2.0 * (double)pool),
                           results));
  WL_TRY(wl_results_note(*results, "program", "widelimit " WIDELIMIT_VERSION));
  WL_TRY(wl_provenance_write(setup, NULL, *results));
  WL_TRY(wl_results_note(*results, "select.by", wl_quantity_name(setup->config->select.by)));
  for (size_t k = 0; k < sizeof sets / sizeof *sets; k++)
    WL_TRY(wl_results_add(*results, sets[k].path, sets[k].rows, 0, sets[k].formula, sets[k].units));
  return WL_OK;
}

static wl_error open_files(const wl_request *request, selecting *s) {
  s->sources = (wl_checkpoint_sources){&s->setup, request, &s->assembly, &s->tally, &s->results};
  WL_TRY(wl_checkpoints_open(&s->sources, &s->timer, &s->checkpointer));
  wl_error error = s->setup.rank == 0 ? declare(&s->setup, &s->results) : WL_OK;
  if (error == WL_OK) error = wl_run_log_open(&s->log, &s->setup);
  return wl_error_agree(s->setup.comm, error);
}

/* A checkpoint between two choices has the factor; the choices are made again. */
static wl_error reached(void *context, int64_t done) {
  selecting *s = context;
  (void)done;
  return wl_checkpointer_boundary(&s->checkpointer, wl_job_last_prior(s->setup.config), 0);
}

/* Variances in target units squared, of several outputs their mean. */
static void turn_into_target_units(const wl_setup *setup, wl_selection *p) {
  const wl_units *u = &setup->units;
  double unit = 0.0;
  for (int64_t j = 0; j < u->outputs; j++) unit += u->scale[j] * u->scale[j] / (double)u->outputs;
  for (int64_t k = 0; k < p->count; k++) p->score[k] *= unit;
  for (int64_t k = 0; k < p->count && setup->config->select.rule == WL_SELECT_VARIANCE; k++) p->gain[k] *= unit;
  for (int64_t i = 0; i < p->pool; i++) {
    p->before[i] *= unit;
    p->after[i] *= unit;
  }
}

static wl_error choose(selecting *s) {
  const wl_config *c = s->setup.config;
  const wl_prior prior = wl_job_last_prior(c);
  const double n = (double)s->setup.shape.train;
  wl_timer_enter(&s->timer, prior == WL_PRIOR_THETA ? WL_PHASE_FACTOR_THETA : WL_PHASE_FACTOR_KAPPA);
  wl_timer_count(&s->timer, n * n * n / 3.0);
  WL_TRY(wl_checkpointer_factor(&s->checkpointer, s->assembly.model, prior));
  const wl_watch watch = {s, reached};
  const wl_select_options options = {
      .by = c->select.by, .rule = c->select.rule, .count = c->select.count, .watch = &watch};
  wl_grid panels;
  wl_points *pool = NULL;
  wl_timer_enter(&s->timer, WL_PHASE_SELECT);
  wl_timer_count(&s->timer, wl_job_predict_flops(c, &s->setup.shape, prior, s->setup.shape.test));
  WL_TRY(wl_read_test_points(&s->setup, 0, s->setup.shape.test, &panels, &pool));
  const wl_error error = wl_model_select(s->assembly.model, pool, &options, &s->selection);
  wl_points_destroy(&pool);
  if (error == WL_OK && s->setup.rank == 0) turn_into_target_units(&s->setup, &s->selection);
  return error;
}

/* Root. */
static wl_error write_choices(const wl_selection *p, wl_results *results) {
  double *index = malloc(sizeof(double) * (size_t)p->count);
  if (!index) WL_FAIL(WL_ERROR_MEMORY, "select: out of memory");
  for (int64_t k = 0; k < p->count; k++) index[k] = (double)p->index[k];
  wl_error error = wl_results_put(results, "/select/index", 0, 0, p->count, 1, index);
  free(index);
  if (error == WL_OK) error = wl_results_put(results, "/select/score", 0, 0, p->count, 1, p->score);
  if (error == WL_OK) error = wl_results_put(results, "/select/gain", 0, 0, p->count, 1, p->gain);
  if (error == WL_OK) error = wl_results_put(results, "/select/before", 0, 0, p->pool, 1, p->before);
  if (error == WL_OK) error = wl_results_put(results, "/select/after", 0, 0, p->pool, 1, p->after);
  return error;
}

static double mean_of(int64_t count, const double *x) {
  double sum = 0.0;
  for (int64_t i = 0; i < count; i++) sum += x[i];
  return sum / (double)count;
}

static void print_choices(const selecting *s) {
  const wl_selection *p = &s->selection;
  const int64_t shown = p->count <= 12 ? p->count : 10;
  wl_log_line("\n  choice   index in pool   %-12s       gain", wl_quantity_name(s->setup.config->select.by));
  for (int64_t k = 0; k < p->count; k++) {
    if (k == shown) wl_log_line("  ...");
    if (k >= shown && k < p->count - 1) continue;
    wl_log_line("  %6lld   %13lld   %-12.6g %10.6g", (long long)k + 1, (long long)p->index[k], p->score[k],
                p->gain[k]);
  }
  wl_log_line("  mean variance of the pool: %.6g before, %.6g after", mean_of(p->pool, p->before),
              mean_of(p->pool, p->after));
}

/* Root. */
static wl_error summarize(const selecting *s, const wl_phase_time *phase, char **text) {
  const wl_config *c = s->setup.config;
  const wl_selection *p = &s->selection;
  json_t *choices = json_array(), *seconds = json_object();
  for (int64_t k = 0; k < p->count; k++)
    json_array_append_new(choices, json_pack("{s:I, s:f, s:f}", "index", (json_int_t)p->index[k], "score",
                                             p->score[k], "gain", p->gain[k]));
  for (int k = 0; k < WL_PHASE_COUNT; k++)
    if (phase[k].maximum > 0.0)
      json_object_set_new(seconds, wl_phase_name((wl_phase)k), json_real(phase[k].maximum));
  json_t *root = json_pack(
      "{s:s, s:s, s:s, s:{s:I, s:I, s:I}, s:o, s:{s:s, s:s, s:o, s:f, s:f}}", "program", "widelimit", "version",
      WIDELIMIT_VERSION, "name", c->name, "sizes", "train", (json_int_t)s->setup.shape.train, "pool",
      (json_int_t)p->pool, "dimension", (json_int_t)s->setup.shape.dimension, "seconds", seconds, "select", "by",
      wl_quantity_name(c->select.by), "rule", c->select.rule == WL_SELECT_INFORMATION ? "information" : "variance",
      "choices", choices, "mean_variance_before", mean_of(p->pool, p->before), "mean_variance_after",
      mean_of(p->pool, p->after));
  *text = root ? json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(17)) : NULL;
  json_decref(root);
  if (!*text) WL_FAIL(WL_ERROR_MEMORY, "summary: out of memory");
  return WL_OK;
}

static void print_seconds(const wl_phase_time *phase) {
  wl_log_line("\n  phase             seconds");
  for (int k = 0; k < WL_PHASE_COUNT; k++)
    if (phase[k].maximum > 0.0) wl_log_line("  %-14s %10.3f", wl_phase_name((wl_phase)k), phase[k].maximum);
}

static wl_error finish(selecting *s) {
  wl_phase_time phase[WL_PHASE_COUNT];
  wl_timer_enter(&s->timer, WL_PHASE_WRITE);
  for (int k = 0; k < WL_PHASE_COUNT; k++) phase[k] = wl_timer_reduce(&s->timer, (wl_phase)k, s->setup.comm);
  char *summary = NULL, *config = NULL;
  wl_error error = WL_OK;
  if (s->setup.rank == 0) {
    print_seconds(phase);
    print_choices(s);
    error = write_choices(&s->selection, s->results);
    if (error == WL_OK) error = summarize(s, phase, &summary);
    if (error == WL_OK) error = wl_config_format(s->setup.config, &config);
    if (error == WL_OK) error = wl_results_commit(&s->results, summary, config);
  }
  error = wl_error_agree(s->setup.comm, error);
  if (error == WL_OK) {
    wl_run_log_commit(&s->log);
    wl_log_line("\n  in %s: results.h5, summary.json, config.yaml, run.log", s->setup.config->output_directory);
  }
  free(config);
  free(summary);
  return error;
}

static wl_error select_phases(const wl_request *request, selecting *s) {
  WL_TRY(set_up(request, &s->setup));
  WL_TRY(open_files(request, s));
  const wl_services services = {s->results, &s->checkpointer, &s->timer};
  wl_print_header(&s->setup);
  wl_checkpointer_announce(&s->checkpointer);
  wl_room_check(&s->setup, request, 0.0);
  wl_elapsed_show(&s->setup, &s->timer);
  WL_TRY(wl_assemble(&s->setup, &services, &s->assembly));
  WL_TRY(choose(s));
  WL_TRY(finish(s));
  wl_checkpointer_remove_all(&s->checkpointer);
  return WL_OK;
}

wl_error wl_select(const wl_request *request) {
  selecting s = {.timer = wl_timer_start()};
  wl_request as_select = *request;
  as_select.select = true;
  const wl_error error = select_phases(&as_select, &s);
  wl_ticker_stop(&s.timer);
  wl_selection_clear(&s.selection);
  wl_results_discard(&s.results);
  wl_run_log_end(&s.log, error);
  wl_checkpointer_close(&s.checkpointer);
  wl_assembly_clear(&s.assembly);
  wl_setup_clear(&s.setup);
  return error;
}
