#include "pipeline/infer.h"

#include <float.h>
#include <malloc.h>
#include <stdio.h>

#include "base/log.h"
#include "base/util.h"
#include "pipeline/keep.h"
#include "pipeline/output.h"
#include "pipeline/points.h"

/* The arguments of wl_infer. */
typedef struct inference {
  const wl_setup *setup;
  const wl_services *services;
  const wl_assembly *assembly;
  wl_tally *tally;
  wl_retained *retained;
  wl_loo *loo;
} inference;

static bool retains(const inference *in, wl_prior prior) {
  return prior == WL_PRIOR_THETA && wl_job_retains(in->setup->config);
}

static wl_error create_square(const inference *in, wl_prior prior, const wl_points *test, wl_matrix **square) {
  const bool kept = retains(in, prior) && wl_job_keeps_covariance(in->setup->config);
  if (!in->setup->config->output_covariance && !kept) return WL_OK;
  WL_TRY(wl_matrix_create(in->setup->grid, test->count, test->count, square));
  return wl_gram_symmetric(test, WL_GRAM_BOTH, *square);
}

static wl_error keep_batch(const inference *in, wl_prediction *p, wl_matrix **square) {
  const wl_setup *setup = in->setup;
  const wl_phase before = wl_timer_enter(in->services->timer, WL_PHASE_WRITE);
  wl_error error = setup->rank == 0 ? wl_keep_prediction(setup, in->services, p, in->tally) : WL_OK;
  error = wl_error_agree(setup->comm, error);
  if (error == WL_OK && setup->config->output_covariance)
    error = wl_output_covariances(setup, in->services->results, p, *square);
  wl_timer_enter(in->services->timer, before);
  WL_TRY(error);
  return retains(in, p->prior) ? wl_retain(setup, p, square, in->retained) : WL_OK;
}

static wl_error predict_batch(const inference *in, wl_prior prior, int64_t first, int64_t count) {
  wl_grid panels;
  wl_points *test = NULL;
  wl_matrix *square = NULL;
  wl_prediction p = {0};
  wl_error error;
  WL_GOTO(error, done, wl_read_test_points(in->setup, first, count, &panels, &test));
  WL_GOTO(error, done, create_square(in, prior, test, &square));
  WL_GOTO(error, done, wl_model_predict_batch(in->assembly->model, test, first, square, &p));
  error = keep_batch(in, &p, &square);
done:
  wl_prediction_clear(&p);
  wl_matrix_destroy(&square);
  wl_points_destroy(&test);
  return error;
}

/* All test points under both priors, which are one batch. */
static wl_error predict_both(const inference *in) {
  wl_grid panels;
  wl_points *test = NULL;
  wl_matrix *square[WL_PRIOR_COUNT] = {NULL, NULL};
  wl_prediction p[WL_PRIOR_COUNT] = {{0}, {0}};
  wl_error error;
  WL_GOTO(error, done, wl_read_test_points(in->setup, 0, in->setup->shape.test, &panels, &test));
  for (int i = 0; i < WL_PRIOR_COUNT; i++) WL_GOTO(error, done, create_square(in, (wl_prior)i, test, &square[i]));
  WL_GOTO(error, done, wl_model_predict_both(in->assembly->model, test, 0, square, p));
  for (int i = 0; i < WL_PRIOR_COUNT && error == WL_OK; i++) error = keep_batch(in, &p[i], &square[i]);
done:
  for (int i = 0; i < WL_PRIOR_COUNT; i++) {
    wl_prediction_clear(&p[i]);
    wl_matrix_destroy(&square[i]);
  }
  wl_points_destroy(&test);
  return error;
}

/*
 * An estimate beyond 1/(n ε) says that no digit of a solution is sure. κ ends there as with a failed pivot; Θ, on which all
 * else rests, with the warning of the report. In mixed precision the refinement judges.
 */
static wl_error check_condition(const inference *in, wl_prior prior) {
  const wl_evidence *e = wl_model_evidence(in->assembly->model, prior);
  const double n = (double)in->setup->shape.train;
  if (prior != WL_PRIOR_KAPPA || !e || e->factor.reciprocal_condition >= n * DBL_EPSILON) return WL_OK;
  WL_FAIL(
      WL_ERROR_NUMERICAL,
      "the kernel matrix kappa is singular to rounding: its condition estimate %.1e is beyond %.1e, 1/eps over "
      "the %.0f training rows; add noise_variance or jitter",
      1.0 / e->factor.reciprocal_condition, 1.0 / (n * DBL_EPSILON), n);
}

static wl_error factor(const inference *in, wl_prior prior) {
  wl_timer_enter(in->services->timer, prior == WL_PRIOR_THETA ? WL_PHASE_FACTOR_THETA : WL_PHASE_FACTOR_KAPPA);
  const double left =
      (double)(in->setup->shape.train - wl_checkpointer_columns(in->services->checkpointer, prior));
  wl_timer_count(in->services->timer, left * left * left / 3.0);
  const wl_error error = wl_checkpointer_factor(in->services->checkpointer, in->assembly->model, prior);
  malloc_trim(0);
  WL_TRY(error);
  return check_condition(in, prior);
}

/* From test point `first` on. */
static wl_error predict_batches(const inference *in, wl_prior prior, int64_t first, wl_progress *progress) {
  const int64_t m = in->setup->shape.test;
  for (; first < m; first += in->setup->batch) {
    const int64_t count = smaller(in->setup->batch, m - first);
    WL_TRY(predict_batch(in, prior, first, count));
    WL_TRY(wl_checkpointer_boundary(in->services->checkpointer, prior, first + count));
    wl_progress_update(progress, (double)(first + count));
  }
  return WL_OK;
}

static wl_error predict(const inference *in, wl_prior prior) {
  const int64_t m = in->setup->shape.test, done = wl_checkpointer_predicted(in->services->checkpointer, prior);
  const double flops = wl_job_predict_flops(in->setup->config, &in->setup->shape, prior, m - done);
  wl_timer_enter(in->services->timer, prior == WL_PRIOR_THETA ? WL_PHASE_PREDICT_THETA : WL_PHASE_PREDICT_KAPPA);
  wl_timer_count(in->services->timer, flops);
  wl_progress progress = wl_progress_begin("predict", (double)m, flops / 1e9);
  const wl_error error = predict_batches(in, prior, done, &progress);
  wl_progress_end(&progress); /* the run goes on where κ alone fails */
  return error == WL_OK ? wl_model_solve_targets(in->assembly->model) : error;
}

/* κ cannot be used, for the reason of the error: nngp alone rests on it, and what Θ gave stands. */
static wl_error leave_out_nngp(const inference *in) {
  wl_log_warning("nngp is left out: %s", wl_error_message());
  wl_tally_leave_out_nngp(in->tally, wl_error_message());
  wl_checkpointer_suspend(in->services->checkpointer);
  return wl_output_leave_out(in->setup, in->services->results, WL_PRIOR_KAPPA);
}

static wl_error infer_prior(const inference *in, wl_prior prior) {
  WL_TRY(factor(in, prior));
  wl_checkpointer_expect_loo(in->services->checkpointer, in->setup->config->loo);
  WL_TRY(predict(in, prior));
  WL_TRY(wl_loo_run(in->setup, in->services, in->assembly, prior, in->loo));
  wl_checkpointer_expect_loo(in->services->checkpointer, false);
  return WL_OK;
}

/* After Θ's factor: κ's, and then the predictions in the same passes. */
static wl_error predict_together(const inference *in) {
  WL_TRY(factor(in, WL_PRIOR_KAPPA));
  const int64_t m = in->setup->shape.test;
  const double flops = wl_job_predict_flops(in->setup->config, &in->setup->shape, WL_PRIOR_THETA, m) +
                       wl_job_predict_flops(in->setup->config, &in->setup->shape, WL_PRIOR_KAPPA, m);
  wl_timer_enter(in->services->timer, WL_PHASE_PREDICT_BOTH);
  wl_timer_count(in->services->timer, flops);
  wl_progress progress = wl_progress_begin("predict", (double)m, flops / 1e9);
  const wl_error error = predict_both(in);
  if (error == WL_OK) wl_progress_update(&progress, (double)m);
  wl_progress_end(&progress);
  return error;
}

/* Both factors, and then the predictions. Where that fails and Θ alone does not, it was κ. */
static wl_error infer_together(const inference *in) {
  char reason[WL_MESSAGE_SIZE];
  WL_TRY(factor(in, WL_PRIOR_THETA));
  const wl_error error = predict_together(in);
  if (error != WL_ERROR_NUMERICAL) return error;
  snprintf(reason, sizeof reason, "%s", wl_error_message());
  WL_TRY(infer_prior(in, WL_PRIOR_THETA));
  wl_error_set(error, "%s", reason);
  return leave_out_nngp(in);
}

/* One prior after the other. */
static wl_error infer(const inference *in) {
  const wl_model_options options = wl_job_model_options(in->setup->config);
  const wl_job job = wl_setup_job(in->setup);
  if (wl_job_predicts_both(&job)) return infer_together(in);
  for (int p = 0; p < WL_PRIOR_COUNT; p++) {
    if (!wl_model_needs(&options, (wl_prior)p)) continue;
    if (wl_checkpointer_is_past(in->services->checkpointer, (wl_prior)p, in->assembly->model)) {
      WL_TRY(wl_loo_recall(in->setup, in->services, (wl_prior)p, in->loo));
      continue;
    }
    const wl_error error = infer_prior(in, (wl_prior)p);
    if (error == WL_ERROR_NUMERICAL && p == WL_PRIOR_KAPPA && wl_job_wants_both(in->setup->config))
      return leave_out_nngp(in);
    WL_TRY(error);
  }
  return WL_OK;
}

wl_error wl_infer(const wl_setup *setup, const wl_services *services, const wl_assembly *assembly, wl_tally *tally,
                  wl_retained *retained, wl_loo *loo) {
  const inference in = {setup, services, assembly, tally, retained, loo};
  return infer(&in);
}
