#include "pipeline/tune_table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "checkpoint/checkpointer.h"
#include "pipeline/provenance.h"
#include "results/read_back.h"
#include "results/results.h"

static const char file_name[] = "tune.h5", made_with_name[] = "made_with";

static wl_error no_memory(void) { WL_FAIL(WL_ERROR_MEMORY, "tune: out of memory"); }

wl_error wl_tune_table_add(wl_tune_table *t, const double *row) {
  const size_t bytes = sizeof(double) * (size_t)wl_tune_table_width(t);
  if (t->count == t->room) {
    const int64_t room = larger(64, 2 * t->room);
    double *more = realloc(t->row, bytes * (size_t)room);
    if (!more) return no_memory();
    t->row = more;
    t->room = room;
  }
  memcpy(wl_tune_table_row(t, t->count++), row, bytes);
  return WL_OK;
}

static int in_order(const void *x, const void *y) {
  const double *a = x, *b = y;
  for (int k = WL_TUNE_SEARCH; k <= WL_TUNE_STEP; k++)
    if (a[k] != b[k]) return a[k] < b[k] ? -1 : 1;
  return 0;
}

void wl_tune_table_sort(wl_tune_table *t) {
  if (t->count > 1) qsort(t->row, (size_t)t->count, sizeof(double) * (size_t)wl_tune_table_width(t), in_order);
}

bool wl_tune_table_find(const wl_tune_table *t, const double *place, double *goal) {
  for (int64_t k = 0; k < t->count; k++) {
    const double *row = wl_tune_table_row(t, k);
    if (memcmp(row + WL_TUNE_PLACE, place, sizeof(double) * (size_t)t->parameters) != 0) continue;
    *goal = row[WL_TUNE_GOAL];
    return true;
  }
  return false;
}

bool wl_tune_is_better(const wl_config *c, double a, double b) {
  const bool less = c->tune.objective == WL_TUNE_LOO_RMSE || c->tune.objective == WL_TUNE_LOO_CRPS;
  return isfinite(a) && (!isfinite(b) || (less ? a < b : a > b));
}

int64_t wl_tune_table_best(const wl_tune_table *t, const wl_config *c) {
  int64_t best = -1;
  double goal = NAN;
  for (int64_t k = 0; k < t->count; k++) {
    const double new = wl_tune_table_row(t, k)[WL_TUNE_GOAL];
    if (!wl_tune_is_better(c, new, goal)) continue;
    best = k;
    goal = new;
  }
  return best;
}

double wl_tune_number_at(const wl_tune_parameter *p, double place) {
  if (!p->range) return p->key->kind == WL_KIND_CHOICE ? place : strtod(p->choices[(int)place], NULL);
  const double x = p->logarithmic ? p->from * pow(p->to / p->from, place) : p->from + place * (p->to - p->from);
  return fmin(fmax(x, p->from), p->to);
}

void wl_tune_text_at(const wl_tune_parameter *p, double place, const char *format, char text[64]) {
  if (!p->range)
    snprintf(text, 64, "%s", p->choices[(int)place]);
  else
    snprintf(text, 64, format, wl_tune_number_at(p, place));
}

/* ---- writing -------------------------------------------------------------------------------------------------- */

/* A column of numbers of the rows: number `at` of each, or what the parameter has there. */
static wl_error put_column(wl_results *results, const char *path, const wl_tune_table *t, int at,
                           const wl_tune_parameter *p) {
  double *column = malloc(sizeof(double) * (size_t)t->count);
  if (!column) return no_memory();
  for (int64_t k = 0; k < t->count; k++) {
    const double number = wl_tune_table_row(t, k)[at];
    column[k] = p ? wl_tune_number_at(p, number) : number;
  }
  const wl_error error = wl_results_put(results, path, 0, 0, t->count, 1, column);
  free(column);
  return error;
}

static wl_error put_parameter(wl_results *results, const wl_tune_table *t, const wl_tune_parameter *p, int i) {
  char path[256], formula[4096] = "value of the key";
  if (p->key->kind == WL_KIND_CHOICE) {
    size_t length = (size_t)snprintf(formula, sizeof formula, "number, from 0, in:");
    for (int k = 0; k < p->choice_count && length < sizeof formula; k++)
      length += (size_t)snprintf(formula + length, sizeof formula - length, " %s", p->choices[k]);
  }
  snprintf(path, sizeof path, "/parameter/%s", p->key->name);
  WL_TRY(wl_results_add(results, path, t->count, 0, formula, p->logarithmic ? "1, searched on a log scale" : "1"));
  return put_column(results, path, t, WL_TUNE_PLACE + i, p);
}

static wl_error put_places(wl_results *results, const wl_tune_table *t) {
  double *places = malloc(sizeof(double) * (size_t)(t->count * t->parameters));
  if (!places) return no_memory();
  for (int64_t k = 0; k < t->count; k++)
    memcpy(places + k * t->parameters, wl_tune_table_row(t, k) + WL_TUNE_PLACE,
           sizeof(double) * (size_t)t->parameters);
  wl_error error =
      wl_results_add(results, "/place", t->count, t->parameters,
                     "of each evaluation: for a range its part from 0 to 1, for choices the number", "1");
  if (error == WL_OK) error = wl_results_put(results, "/place", 0, 0, t->count, t->parameters, places);
  free(places);
  return error;
}

static const char *objective_name(const wl_config *c) {
  static const char *const names[] = {[WL_TUNE_LOG_MARGINAL_LIKELIHOOD] = "log_marginal_likelihood",
                                      [WL_TUNE_LOO_LOG_DENSITY] = "loo_log_density",
                                      [WL_TUNE_LOO_RMSE] = "loo_rmse",
                                      [WL_TUNE_LOO_CRPS] = "loo_crps"};
  return names[c->tune.objective];
}

static wl_error put_all(wl_results *results, const wl_tune_table *t, const wl_config *c,
                        const wl_tune_parameters *parameters, const char *made_with) {
  WL_TRY(wl_results_note(results, "program", "widelimit " WIDELIMIT_VERSION));
  WL_TRY(wl_results_note(results, "tune.objective", objective_name(c)));
  WL_TRY(wl_results_note(results, made_with_name, made_with));
  for (int i = 0; i < parameters->count; i++) WL_TRY(put_parameter(results, t, &parameters->parameter[i], i));
  WL_TRY(put_places(results, t));
  WL_TRY(wl_results_add(results, "/objective", t->count, 0, "tune.objective; NaN where it failed", "1"));
  return put_column(results, "/objective", t, WL_TUNE_GOAL, NULL);
}

/* The configuration with the values at a place. */
static wl_error configuration_at(const wl_config *c, const wl_tune_parameters *parameters, const double *place,
                                 wl_config **result) {
  char *effective = NULL;
  wl_error error = wl_config_format(c, &effective);
  if (error == WL_OK) error = wl_config_parse(effective, result);
  for (int i = 0; i < parameters->count && error == WL_OK; i++) {
    char value[64];
    wl_tune_text_at(&parameters->parameter[i], place[i], "%.17g", value);
    error = wl_config_set(*result, parameters->parameter[i].key->name, value);
  }
  free(effective);
  WL_TRY(error);
  free((*result)->file); /* it is the user's, with other values */
  (*result)->file = strdup(c->file);
  return (*result)->file ? WL_OK : no_memory();
}

wl_error wl_tune_table_digest(wl_tune_table *t, const wl_config *c) {
  const wl_tune_parameters none = {0};
  wl_config *as_written = NULL;
  wl_error error = configuration_at(c, &none, NULL, &as_written);
  if (error == WL_OK) error = wl_provenance_inputs(as_written, &t->inputs);
  wl_config_destroy(&as_written);
  return error;
}

/* The files of a setup whose configuration is the best. */
static wl_error write_files(const wl_tune_table *t, const wl_setup *best, const wl_tune_parameters *parameters,
                            const char *made_with) {
  char *text = NULL;
  wl_results *results = NULL;
  wl_error error = wl_config_format(best->config, &text);
  if (error == WL_OK)
    error = wl_results_create_named(best->config->output_directory, file_name,
                                    8.0 * (double)t->count * (2.0 * (double)t->parameters + 1.0), &results);
  if (error == WL_OK) error = wl_provenance_write(best, t->inputs, results);
  if (error == WL_OK) error = put_all(results, t, best->config, parameters, made_with);
  if (error == WL_OK)
    error = wl_results_commit_config(&results, "tuned.yaml", text);
  else
    wl_results_discard(&results);
  free(text);
  return error;
}

wl_error wl_tune_table_write(const wl_tune_table *t, const wl_setup *setup, const wl_tune_parameters *parameters,
                             const char *made_with) {
  const int64_t k = wl_tune_table_best(t, setup->config);
  wl_setup best = *setup;
  best.config = NULL;
  wl_error error =
      configuration_at(setup->config, parameters, wl_tune_table_row(t, k) + WL_TUNE_PLACE, &best.config);
  if (error == WL_OK) error = write_files(t, &best, parameters, made_with);
  wl_config_destroy(&best.config);
  return error;
}

/* ---- reading -------------------------------------------------------------------------------------------------- */

static wl_error add_rows(const char *path, int64_t rows, int64_t columns, const double *place, const double *goal,
                         wl_tune_table *t) {
  double *row = malloc(sizeof(double) * (size_t)wl_tune_table_width(t));
  wl_error error = row ? WL_OK : no_memory();
  if (error == WL_OK && columns != t->parameters)
    error = wl_error_set(WL_ERROR_DATA, "%s: is damaged: /place has %lld columns, not %d", path,
                         (long long)columns, t->parameters);
  for (int64_t k = 0; k < rows && error == WL_OK; k++) {
    row[WL_TUNE_SEARCH] = row[WL_TUNE_STEP] = 0.0;
    row[WL_TUNE_GOAL] = goal[k];
    memcpy(row + WL_TUNE_PLACE, place + k * columns, sizeof(double) * (size_t)columns);
    error = wl_tune_table_add(t, row);
  }
  free(row);
  return error;
}

static wl_error read_rows(const char *path, wl_tune_table *t) {
  double *place = NULL, *goal = NULL;
  int64_t rows, columns, goals, one;
  wl_error error = wl_read_back(path, "/place", &rows, &columns, &place);
  if (error == WL_OK) error = wl_read_back(path, "/objective", &goals, &one, &goal);
  if (error == WL_OK && (goals != rows || one != 1))
    error = wl_error_set(WL_ERROR_DATA, "%s: is damaged: /objective does not belong to /place", path);
  if (error == WL_OK) error = add_rows(path, rows, columns, place, goal, t);
  free(goal);
  free(place);
  return error;
}

wl_error wl_tune_table_read(const wl_config *c, const char *made_with, wl_tune_table *t) {
  char path[WL_PATH_SIZE], *then = NULL;
  snprintf(path, sizeof path, "%s/%s", c->output_directory, file_name);
  if (access(path, F_OK) != 0) return WL_OK;
  WL_TRY(wl_read_back_note(path, made_with_name, &then));
  wl_error error = wl_checkpointer_compare(path, then, made_with);
  if (error == WL_OK) error = read_rows(path, t);
  free(then);
  return error;
}

void wl_tune_table_clear(wl_tune_table *t) {
  free(t->row);
  free(t->inputs);
  *t = (wl_tune_table){.parameters = t->parameters};
}
