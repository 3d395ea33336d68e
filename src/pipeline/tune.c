/*
 * tune: rank 0 searches; each evaluation is an order to all ranks, which hold equal configurations and change them alike.
 */
#include "pipeline/tune.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/timer.h"
#include "checkpoint/halt.h"
#include "config/tune_parameters.h"
#include "pipeline/header.h"
#include "pipeline/provenance.h"
#include "pipeline/run_log.h"
#include "pipeline/tune_evaluate.h"
#include "pipeline/tune_search.h"
#include "results/results.h"

typedef struct tuning {
  wl_setup setup;
  wl_tune_parameters parameters; /* names stay: they are the table's */
  wl_tune_data data;
  wl_halt halt;
  bool listening;
  wl_run_log log;
  wl_results *results; /* rank 0, as what follows */
  wl_progress progress;
  double *places;      /* evaluations × parameters */
  double *goals;       /* the objective, NaN where it failed */
  double *last;        /* all ranks: the place that the configuration is at */
  int64_t count, best; /* best < 0: none yet */
} tuning;

static bool is_minimized(const wl_config *c) {
  return c->tune.objective == WL_TUNE_LOO_RMSE || c->tune.objective == WL_TUNE_LOO_CRPS;
}

static double number_at(const wl_tune_parameter *p, double place) {
  if (!p->range) return p->key->kind == WL_KIND_CHOICE ? place : strtod(p->choices[(int)place], NULL);
  const double x = p->logarithmic ? p->from * pow(p->to / p->from, place) : p->from + place * (p->to - p->from);
  return fmin(fmax(x, p->from), p->to);
}

static void text_at(const wl_tune_parameter *p, double place, const char *format, char text[64]) {
  if (!p->range)
    snprintf(text, 64, "%s", p->choices[(int)place]);
  else
    snprintf(text, 64, format, number_at(p, place));
}

/* All ranks. Only keys that move are set. */
static wl_error move_to(tuning *t, const double *place, bool *same_network) {
  wl_error error = WL_OK;
  *same_network = true;
  for (int i = 0; i < t->parameters.count && error == WL_OK; i++) {
    const wl_tune_parameter *p = &t->parameters.parameter[i];
    char text[64];
    if (place[i] == t->last[i]) continue;
    if (strncmp(p->key->name, "network.", 8) == 0) *same_network = false;
    text_at(p, place[i], "%.17g", text);
    t->last[i] = NAN; /* until it is set */
    error = wl_config_set(t->setup.config, p->key->name, text);
    if (error == WL_OK) t->last[i] = place[i];
  }
  if (error != WL_OK) *same_network = false;
  if (error != WL_OK) wl_points_destroy(&t->data.points);
  return wl_error_agree(t->setup.comm, error);
}

/* All ranks. NaN where the numbers or the rules between keys do not allow the setting; other errors are errors. */
static wl_error evaluate_here(tuning *t, double *place, double *value) {
  bool same_network;
  *value = NAN;
  MPI_Bcast(place, t->parameters.count, MPI_DOUBLE, 0, t->setup.comm);
  wl_error error = move_to(t, place, &same_network);
  if (error == WL_OK) error = wl_tune_objective_value(&t->setup, same_network, &t->data, value);
  error = wl_error_agree(t->setup.comm, error);
  if (error == WL_OK) return WL_OK;
  *value = NAN;
  return error == WL_ERROR_NUMERICAL || error == WL_ERROR_CONFIG ? WL_OK : error;
}

/* All ranks: whether the clock or a signal ends it. */
static bool must_stop(tuning *t) { return wl_halt_decide(&t->halt) == WL_DECISION_STOP; }

static wl_error stopped(const tuning *t) { WL_FAIL(WL_ERROR_STOPPED, "stopped by %s", wl_halt_reason(&t->halt)); }

static void note(tuning *t, const double *place, double value) {
  const bool less = is_minimized(t->setup.config);
  memcpy(t->places + t->count * t->parameters.count, place, sizeof(double) * (size_t)t->parameters.count);
  t->goals[t->count] = value;
  const bool better =
      isfinite(value) && (t->best < 0 || (less ? value < t->goals[t->best] : value > t->goals[t->best]));
  if (better) t->best = t->count;
  t->count++;
  wl_progress_update(&t->progress, (double)t->count);
}

enum { ORDER_END, ORDER_EVALUATE };

/* Root: what the search calls. */
static wl_error order(void *context, const double *place, double *goal) {
  tuning *t = context;
  int what = ORDER_EVALUATE;
  double value, here[WL_TUNE_CHOICES];
  MPI_Bcast(&what, 1, MPI_INT, 0, t->setup.comm);
  memcpy(here, place, sizeof(double) * (size_t)t->parameters.count);
  WL_TRY(evaluate_here(t, here, &value));
  note(t, place, value);
  *goal = is_minimized(t->setup.config) ? -value : value;
  return must_stop(t) ? stopped(t) : WL_OK;
}

/* The other ranks. */
static wl_error serve(tuning *t) {
  for (wl_error error = WL_OK;;) {
    int what;
    double value, place[WL_TUNE_CHOICES];
    MPI_Bcast(&what, 1, MPI_INT, 0, t->setup.comm);
    if (what == ORDER_END) return error;
    error = evaluate_here(t, place, &value);
    if (error == WL_OK && must_stop(t)) error = stopped(t);
  }
}

static wl_error search(tuning *t) {
  if (t->setup.rank != 0) return wl_error_agree(t->setup.comm, serve(t));
  int what = ORDER_END;
  t->progress = wl_progress_begin("tune", (double)t->setup.config->tune.evaluations, 0.0);
  const wl_error error = wl_tune_search(t->setup.config, &t->parameters, order, t);
  wl_progress_end(&t->progress);
  MPI_Bcast(&what, 1, MPI_INT, 0, t->setup.comm);
  return wl_error_agree(t->setup.comm, error);
}

static void print_row(const tuning *t, int64_t k) {
  for (int i = 0; i < t->parameters.count; i++) {
    const wl_tune_parameter *p = &t->parameters.parameter[i];
    char text[64];
    text_at(p, t->places[k * t->parameters.count + i], "%.6g", text);
    wl_log_line("    %-24s %s", p->key->name, text);
  }
}

static void print_best(const tuning *t) {
  int64_t failures = 0;
  for (int64_t k = 0; k < t->count; k++) failures += !isfinite(t->goals[k]);
  wl_log_line("\n  evaluation   best so far");
  double best = NAN;
  for (int64_t k = 0; k <= t->best; k++) {
    const double x = t->goals[k];
    if (!isfinite(x) || (isfinite(best) && (is_minimized(t->setup.config) ? x >= best : x <= best))) continue;
    best = x;
    wl_log_line("  %10lld   %.10g", (long long)k + 1, best);
  }
  wl_log_line("\n  best of %lld evaluations (%lld failed):", (long long)t->count, (long long)failures);
  print_row(t, t->best);
}

static wl_error put_parameter(tuning *t, int i) {
  const wl_tune_parameter *p = &t->parameters.parameter[i];
  char path[256], formula[4096] = "value of the key";
  if (p->key->kind == WL_KIND_CHOICE) {
    size_t length = (size_t)snprintf(formula, sizeof formula, "number, from 0, in:");
    for (int k = 0; k < p->choice_count && length < sizeof formula; k++)
      length += (size_t)snprintf(formula + length, sizeof formula - length, " %s", p->choices[k]);
  }
  snprintf(path, sizeof path, "/parameter/%s", p->key->name);
  WL_TRY(wl_results_add(t->results, path, t->count, 0, formula, "1"));
  double *column = malloc(sizeof(double) * (size_t)t->count);
  if (!column) WL_FAIL(WL_ERROR_MEMORY, "tune: out of memory");
  for (int64_t k = 0; k < t->count; k++) column[k] = number_at(p, t->places[k * t->parameters.count + i]);
  const wl_error error = wl_results_put(t->results, path, 0, 0, t->count, 1, column);
  free(column);
  return error;
}

/* Root. The configuration is at the best place. */
static wl_error write(tuning *t) {
  for (int i = 0; i < t->parameters.count; i++) WL_TRY(put_parameter(t, i));
  WL_TRY(wl_results_add(t->results, "/objective", t->count, 0, "tune.objective; NaN where it failed", "1"));
  WL_TRY(wl_results_put(t->results, "/objective", 0, 0, t->count, 1, t->goals));
  char *text = NULL;
  WL_TRY(wl_config_format(t->setup.config, &text));
  const wl_error error = wl_results_commit_config(&t->results, "tuned.yaml", text);
  free(text);
  return error;
}

/* Root. */
static wl_error finish(tuning *t) {
  if (t->best < 0)
    WL_FAIL(WL_ERROR_NUMERICAL, "tune: none of %lld evaluations succeeded; the last: %s", (long long)t->count,
            wl_error_message());
  print_best(t);
  for (int i = 0; i < t->parameters.count; i++) {
    char text[64];
    text_at(&t->parameters.parameter[i], t->places[t->best * t->parameters.count + i], "%.17g", text);
    WL_TRY(wl_config_set(t->setup.config, t->parameters.parameter[i].key->name, text));
  }
  WL_TRY(write(t));
  wl_run_log_commit(&t->log);
  wl_log_line("\n  in %s: tuned.yaml, tune.h5, run.log", t->setup.config->output_directory);
  return WL_OK;
}

static wl_error make_room(tuning *t) {
  const size_t p = (size_t)t->parameters.count, e = (size_t)t->setup.config->tune.evaluations;
  if (p > WL_TUNE_CHOICES) WL_FAIL(WL_ERROR_CONFIG, "tune.parameters: too many");
  t->last = malloc(sizeof(double) * p);
  if (t->setup.rank == 0) {
    t->places = malloc(sizeof(double) * p * e);
    t->goals = malloc(sizeof(double) * e);
  }
  if (!t->last || (t->setup.rank == 0 && (!t->places || !t->goals)))
    WL_FAIL(WL_ERROR_MEMORY, "tune: out of memory");
  for (size_t i = 0; i < p; i++) t->last[i] = NAN;
  return WL_OK;
}

/* Rows that are there twice are refused where there is no noise, but here there may be. */
static wl_error open_data(tuning *t) {
  double *noise = &t->setup.config->noise_variance;
  const double given = *noise;
  for (int i = 0; i < t->parameters.count; i++)
    if (strncmp(t->parameters.parameter[i].key->name, "network.", 8) != 0) *noise = 1.0;
  const wl_error error = wl_setup_data(&t->setup);
  *noise = given;
  return error;
}

static const wl_outputs outputs = {"tune.h5", "tuned.yaml", NULL};

static wl_error set_up(const wl_request *request, double began, tuning *t) {
  WL_TRY(wl_setup_config(request, MPI_COMM_WORLD, &outputs, &t->setup));
  wl_halt_listen();
  wl_blas_choose_threads(&t->setup.node);
  wl_halt_open(&t->halt, t->setup.comm, began, request->time_limit, 0.0);
  t->listening = true;
  wl_error error = wl_tune_parameters_read(&wl_config_schema, t->setup.config->tune.parameters, &t->parameters);
  if (error == WL_OK) error = make_room(t);
  WL_TRY(wl_error_agree(t->setup.comm, error));
  WL_TRY(open_data(t));
  WL_TRY(wl_tune_read(&t->setup, &t->data));
  WL_TRY(wl_setup_grid(&t->setup));
  WL_TRY(wl_tune_spread(&t->setup, &t->data));
  if (t->setup.rank == 0)
    error = wl_results_create_named(t->setup.config->output_directory, "tune.h5", 0.0, &t->results);
  if (t->setup.rank == 0 && error == WL_OK) error = wl_provenance_write(&t->setup, t->results);
  if (error == WL_OK) error = wl_run_log_open(&t->log, &t->setup);
  return wl_error_agree(t->setup.comm, error);
}

static wl_error tune_phases(const wl_request *request, double began, tuning *t) {
  WL_TRY(set_up(request, began, t));
  wl_print_title(&t->setup, ", tuned");
  const wl_error ended = search(t);
  char reason[256];
  if (ended != WL_OK && ended != WL_ERROR_STOPPED) return ended;
  snprintf(reason, sizeof reason, "%s", wl_error_message());
  const wl_error error = t->setup.rank == 0 ? finish(t) : WL_OK;
  WL_TRY(wl_error_agree(t->setup.comm, error));
  if (ended == WL_OK) return WL_OK;
  return wl_error_set(ended, "%s; the best so far is in tuned.yaml", reason);
}

wl_error wl_tune(const wl_request *request) {
  tuning t = {.best = -1};
  wl_request as_tune = *request;
  as_tune.tune = true;
  const wl_error error = tune_phases(&as_tune, wl_timer_start().began, &t);
  wl_results_discard(&t.results);
  wl_run_log_end(&t.log, error);
  if (t.listening) wl_halt_close(&t.halt);
  wl_tune_data_clear(&t.data);
  wl_tune_parameters_clear(&t.parameters);
  free(t.last);
  free(t.goals);
  free(t.places);
  wl_setup_clear(&t.setup);
  return error;
}
