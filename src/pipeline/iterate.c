#include "pipeline/iterate.h"

#include <math.h>
#include <stdio.h>

#include "base/log.h"
#include "base/util.h"
#include "pipeline/iterate_output.h"
#include "pipeline/keep.h"
#include "pipeline/points.h"

static wl_error keep(const wl_setup *setup, const wl_services *services, const wl_bracketed *b, wl_tally *tally) {
  const wl_phase before = wl_timer_enter(services->timer, WL_PHASE_WRITE);
  wl_error error = setup->rank == 0 ? wl_keep_prediction(setup, services, &b->best, tally) : WL_OK;
  if (setup->rank == 0 && error == WL_OK) error = wl_brackets_write(setup, services->results, b);
  error = wl_error_agree(setup->comm, error);
  wl_timer_enter(services->timer, before);
  return error;
}

/* ---- passes ------------------------------------------------------------------------------------------------------- */

/* Batches done, and how far the present one is: the logarithm of its widest bracket goes down about as the passes go on. */
typedef struct batch_progress {
  wl_checkpointer *checkpointer;
  int64_t predicted; /* test points of the batches before */
  wl_progress progress;
  char text[64];
  double done, tolerance, first;
} batch_progress;

static void show(batch_progress *c, int passes, double ratio) {
  if (passes == 1 || c->first == 0.0) c->first = fmax(ratio, 2.0);
  const double share = fmin(1.0, fmax(0.02, 1.0 - log(fmax(ratio, 0.5) / 0.5) / log(c->first / 0.5)));
  snprintf(c->text, sizeof c->text, "pass %d, widest bracket %.1e of %.1e", passes, ratio * c->tolerance,
           c->tolerance);
  wl_progress_update(&c->progress, c->done + share);
}

static wl_error passed(void *context, wl_iterative *solver, int passes, double ratio) {
  batch_progress *c = context;
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
  batch_progress c = {.checkpointer = k,
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
