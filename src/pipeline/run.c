/*
 * `widelimit run`: read, distribute, assemble, factor, predict, write.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "pipeline/certify.h"
#include "pipeline/sample.h"

static wl_error assemble(wl_run *run) {
  wl_timer_enter(&run->timer, WL_PHASE_ASSEMBLE);
  wl_model_options options = wl_run_model_options(run->config);
  wl_checkpointer_hand_over(run, &options);
  return wl_model_create(&options, run->train, run->targets, &run->model);
}

static bool keeps_law(const wl_run *run, wl_prior prior) {
  return prior == WL_PRIOR_THETA && wl_job_retains(run->config);
}

static wl_error create_square(const wl_run *run, wl_prior prior, const wl_points *test, wl_matrix **square) {
  const bool kept = keeps_law(run, prior) && wl_job_keeps_covariance(run->config);
  if (!run->config->output_covariance && !kept) return WL_OK;
  WL_TRY(wl_matrix_create(run->grid, test->count, test->count, square));
  return wl_gram_symmetric(test, WL_GRAM_BOTH, *square);
}

static wl_error keep_batch(wl_run *run, wl_prediction *p, wl_matrix **square) {
  WL_TRY(wl_run_write_batch(run, p, run->config->output_covariance ? *square : NULL));
  return keeps_law(run, p->prior) ? wl_run_retain(run, p, square) : WL_OK;
}

static wl_error predict_batch(wl_run *run, wl_prior prior, int64_t first, int64_t count) {
  wl_points *test = NULL;
  wl_matrix *square = NULL;
  wl_prediction p = {0};
  wl_error error;
  WL_GOTO(error, done, wl_run_read_test_points(run, first, count, &test));
  WL_GOTO(error, done, create_square(run, prior, test, &square));
  WL_GOTO(error, done, wl_model_predict(run->model, test, first, square, &p));
  error = keep_batch(run, &p, &square);
done:
  wl_prediction_clear(&p);
  wl_matrix_destroy(&square);
  wl_points_destroy(&test);
  return error;
}

/* All test points under both priors, which are one batch. */
static wl_error predict_both(wl_run *run) {
  wl_points *test = NULL;
  wl_matrix *square[WL_PRIOR_COUNT] = {NULL, NULL};
  wl_prediction p[WL_PRIOR_COUNT] = {{0}, {0}};
  wl_error error;
  WL_GOTO(error, done, wl_run_read_test_points(run, 0, run->shape.test, &test));
  for (int i = 0; i < WL_PRIOR_COUNT; i++) WL_GOTO(error, done, create_square(run, (wl_prior)i, test, &square[i]));
  WL_GOTO(error, done, wl_model_predict_both(run->model, test, 0, square, p));
  for (int i = 0; i < WL_PRIOR_COUNT && error == WL_OK; i++) error = keep_batch(run, &p[i], &square[i]);
done:
  for (int i = 0; i < WL_PRIOR_COUNT; i++) {
    wl_prediction_clear(&p[i]);
    wl_matrix_destroy(&square[i]);
  }
  wl_points_destroy(&test);
  return error;
}

/* Floating point operations per test point, in units of n². */
static double work_per_point(const wl_run *run, wl_prior prior) {
  const bool *q = run->config->quantity;
  const bool ensemble = prior == WL_PRIOR_THETA && (q[WL_QUANTITY_ENSEMBLE] || q[WL_QUANTITY_RND]);
  return ensemble ? 4.0 : 1.0; /* forward 1, backward 1, product with κ 2 */
}

static double flops_of(const wl_run *run, wl_prior prior, int64_t count) {
  const double n = (double)run->shape.train;
  return work_per_point(run, prior) * n * n * (double)count;
}

static wl_error factor(wl_run *run, wl_prior prior) {
  wl_timer_enter(&run->timer, prior == WL_PRIOR_THETA ? WL_PHASE_FACTOR_THETA : WL_PHASE_FACTOR_KAPPA);
  const double left = (double)(run->shape.train - wl_checkpointer_columns(run, prior));
  wl_timer_count(&run->timer, left * left * left / 3.0);
  return wl_checkpointer_factor(run, prior);
}

static wl_error predict(wl_run *run, wl_prior prior) {
  const int64_t m = run->shape.test, done = wl_checkpointer_predicted(run, prior);
  const double flops = flops_of(run, prior, m - done);
  wl_timer_enter(&run->timer, prior == WL_PRIOR_THETA ? WL_PHASE_PREDICT_THETA : WL_PHASE_PREDICT_KAPPA);
  wl_timer_count(&run->timer, flops);
  wl_progress progress = wl_progress_begin("predict", (double)m, flops / 1e9);
  for (int64_t first = done; first < m; first += run->batch) {
    const int64_t count = smaller(run->batch, m - first);
    WL_TRY(predict_batch(run, prior, first, count));
    WL_TRY(wl_checkpointer_boundary(run, prior, first + count));
    wl_progress_update(&progress, (double)(first + count));
  }
  wl_progress_end(&progress);
  return wl_model_solve_targets(run->model);
}

/* Both factors, and then the predictions in the same passes. */
static wl_error infer_together(wl_run *run) {
  WL_TRY(factor(run, WL_PRIOR_THETA));
  WL_TRY(factor(run, WL_PRIOR_KAPPA));
  const int64_t m = run->shape.test;
  const double flops = flops_of(run, WL_PRIOR_THETA, m) + flops_of(run, WL_PRIOR_KAPPA, m);
  wl_timer_enter(&run->timer, WL_PHASE_PREDICT_BOTH);
  wl_timer_count(&run->timer, flops);
  wl_progress progress = wl_progress_begin("predict", (double)m, flops / 1e9);
  WL_TRY(predict_both(run));
  wl_progress_update(&progress, (double)m);
  wl_progress_end(&progress);
  return WL_OK;
}

/* One prior after the other. */
static wl_error infer(wl_run *run) {
  const wl_model_options options = wl_run_model_options(run->config);
  const wl_job job = wl_run_job(run);
  if (wl_job_predicts_both(&job)) return infer_together(run);
  for (int p = 0; p < WL_PRIOR_COUNT; p++) {
    if (!wl_model_needs(&options, (wl_prior)p) || wl_checkpointer_is_past(run, (wl_prior)p)) continue;
    WL_TRY(factor(run, (wl_prior)p));
    WL_TRY(predict(run, (wl_prior)p));
  }
  return WL_OK;
}

static wl_error finish(wl_run *run) {
  wl_timer_enter(&run->timer, WL_PHASE_WRITE);
  char *summary = NULL, *config = NULL;
  wl_error error = wl_run_report(run, &summary);
  if (run->rank == 0 && error == WL_OK) {
    error = wl_config_format(run->config, &config);
    if (error == WL_OK) error = wl_results_commit(&run->results, summary, config);
  }
  error = wl_error_agree(run->comm, error);
  if (error == WL_OK)
    wl_log_line("\n  in %s: results.h5, summary.json, config.yaml", run->config->output_directory);
  free(config);
  free(summary);
  return error;
}

static wl_error run_phases(wl_run *run, const wl_request *request) {
  WL_TRY(wl_run_share_config(run, request));
  if (request->factor && run->config->precision == WL_PRECISION_MIXED)
    WL_FAIL(WL_ERROR_CONFIG,
            "%s: precision: is mixed, but the factors in %s are those of double precision: set precision: double",
            run->config->file, request->factor);
  if (run->config->checkpoint.directory) wl_halt_listen();
  run->node = wl_node_find(run->comm);
  wl_blas_choose_threads(&run->node);
  WL_TRY(wl_run_open_data(run));
  WL_TRY(wl_run_make_grid(run));
  WL_TRY(wl_checkpointer_open(run, request));
  WL_TRY(wl_run_open_results(run));
  wl_run_print_header(run);
  wl_checkpointer_announce(run);
  WL_TRY(wl_run_read_data(run));
  WL_TRY(assemble(run));
  if (run->config->output_kernels && !run->checkpointer.resumed) WL_TRY(wl_run_write_kernels(run));
  WL_TRY(infer(run));
  WL_TRY(wl_run_sample(run));
  WL_TRY(wl_checkpointer_last_boundary(run));
  WL_TRY(wl_run_certify(run));
  WL_TRY(finish(run));
  wl_checkpointer_remove_all(run);
  return wl_run_judge(run);
}

static void run_clear(wl_run *run) {
  for (int q = 0; q < WL_QUANTITY_COUNT; q++) free(run->tally.variance[q]);
  free(run->tally.ood);
  wl_run_retained_clear(run);
  wl_results_discard(&run->results);
  wl_checkpointer_close(run);
  wl_model_destroy(&run->model);
  wl_matrix_destroy(&run->targets);
  wl_points_destroy(&run->train);
  wl_data_close(&run->data);
  wl_grid_destroy(&run->grid);
  wl_config_destroy(&run->config);
}

wl_error wl_run_all(const wl_request *request) {
  wl_run run = {.comm = MPI_COMM_WORLD, .timer = wl_timer_start()};
  MPI_Comm_rank(run.comm, &run.rank);
  const wl_error error = run_phases(&run, request);
  run_clear(&run);
  return error;
}
