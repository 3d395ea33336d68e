#include "pipeline/iterate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/util.h"
#include "pipeline/output.h"
#include "pipeline/points.h"
#include "pipeline/report_numbers.h"

/* ---- datasets ------------------------------------------------------------------------------------------------------- */

wl_error wl_iteration_declare(const wl_setup *setup, wl_results *results) {
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
    ends[k] = u->location[j] + u->scale[j] * b->mean[k];
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

/* Root. */
static wl_error write_brackets(const wl_setup *setup, wl_results *results, const wl_bracketed *b) {
  double *ends = malloc(2 * sizeof(double) * (size_t)(b->best.count * b->best.outputs));
  if (!ends) WL_FAIL(WL_ERROR_MEMORY, "brackets: out of memory");
  const wl_error error = write_in_target_units(&setup->units, results, b, ends);
  free(ends);
  return error;
}

/* Root. */
static wl_error keep_in_target_units(const wl_setup *setup, wl_results *results, const wl_bracketed *b,
                                     wl_tally *tally) {
  wl_prediction converted = {0};
  wl_error error = wl_units_convert(&setup->units, &b->best, &converted);
  if (error == WL_OK) error = wl_output_prediction(setup, results, &converted);
  if (error == WL_OK) error = write_brackets(setup, results, b);
  if (error == WL_OK) error = wl_tally_add(setup, &converted, tally);
  wl_prediction_clear(&converted);
  return error;
}

static wl_error keep(const wl_setup *setup, const wl_services *services, const wl_bracketed *b, wl_tally *tally) {
  const wl_phase before = wl_timer_enter(services->timer, WL_PHASE_WRITE);
  wl_error error = setup->rank == 0 ? keep_in_target_units(setup, services->results, b, tally) : WL_OK;
  error = wl_error_agree(setup->comm, error);
  wl_timer_enter(services->timer, before);
  return error;
}

/* ---- passes ------------------------------------------------------------------------------------------------------- */

/* Batches done, and how far the present one is: the logarithm of its widest bracket goes down about as the passes go on. */
typedef struct course {
  wl_checkpointer *checkpointer;
  int64_t predicted; /* test points of the batches before */
  wl_progress progress;
  char text[64];
  double done, tolerance, first;
} course;

static void show(course *c, int passes, double ratio) {
  if (passes == 1 || c->first == 0.0) c->first = fmax(ratio, 2.0);
  const double share = fmin(1.0, fmax(0.02, 1.0 - log(fmax(ratio, 0.5) / 0.5) / log(c->first / 0.5)));
  snprintf(c->text, sizeof c->text, "pass %d, widest bracket %.1e of %.1e", passes, ratio * c->tolerance,
           c->tolerance);
  wl_progress_update(&c->progress, c->done + share);
}

static wl_error passed(void *context, wl_iterative *solver, int passes, double ratio) {
  course *c = context;
  show(c, passes, ratio);
  return wl_checkpointer_passed(c->checkpointer, solver, c->predicted);
}

/* ---- the phase ------------------------------------------------------------------------------------------------------ */

static wl_error iterate_batch(const wl_setup *setup, const wl_services *services, int64_t first, wl_tally *tally,
                              wl_iterative *solver) {
  const int64_t count = smaller(setup->batch, setup->shape.test - first);
  wl_bracketed results[WL_PRIOR_COUNT] = {{{0}, NULL, {NULL}}, {{0}, NULL, {NULL}}};
  wl_grid panels;
  wl_points *test = NULL;
  wl_error error;
  WL_GOTO(error, done, wl_read_test_points(setup, first, count, &panels, &test));
  WL_GOTO(error, done, wl_iterative_predict(solver, test, first, results));
  for (int p = 0; p < WL_PRIOR_COUNT; p++)
    if (results[p].mean) WL_GOTO(error, done, keep(setup, services, &results[p], tally));
done:
  for (int p = 0; p < WL_PRIOR_COUNT; p++) wl_bracketed_clear(&results[p]);
  wl_points_destroy(&test);
  return error;
}

static void warn(const wl_setup *setup, const wl_iterative *solver) {
  const double excess = wl_iterative_widths_of(solver).excess;
  if (excess <= 1.0) return;
  wl_log_warning(
      "brackets are up to %.1e wide, not %.1e as solver.tolerance asks; they contain the exact values all the "
      "same. "
      "For narrower ones raise solver.passes (%d), solver.rank or the noise",
      excess * setup->config->solver.tolerance, setup->config->solver.tolerance, setup->config->solver.passes);
}

wl_error wl_iterate(const wl_setup *setup, const wl_services *services, const wl_assembly *assembly,
                    wl_tally *tally, wl_iteration *iteration) {
  const double batches = ceil((double)setup->shape.test / (double)setup->batch);
  wl_checkpointer *k = services->checkpointer;
  wl_iterative_source source;
  course c = {.checkpointer = k,
              .predicted = k->resumed ? k->state.predicted : 0,
              .progress = wl_progress_begin("iterate", batches, 0.0),
              .tolerance = setup->config->solver.tolerance};
  wl_iterative_options options = wl_job_iterative_options(setup->config, &setup->shape);
  options.passed = passed;
  options.context = &c;
  options.from = wl_checkpointer_solver(k, &source);
  c.progress.phase = c.text;
  wl_timer_enter(services->timer, WL_PHASE_PRECONDITION);
  WL_TRY(wl_iterative_create(&options, assembly->train, assembly->targets, &iteration->solver));
  wl_timer_enter(services->timer, WL_PHASE_ITERATE);
  wl_checkpointer_start_passes(k);
  for (; c.predicted < setup->shape.test; c.predicted += setup->batch) {
    c.done = (double)c.predicted / (double)setup->batch;
    WL_TRY(iterate_batch(setup, services, c.predicted, tally, iteration->solver));
  }
  wl_progress_end(&c.progress);
  warn(setup, iteration->solver);
  return WL_OK;
}

void wl_iteration_clear(wl_iteration *iteration) { wl_iterative_destroy(&iteration->solver); }
