/*
 * The certificate from data alone: predicts what is then tested.
 */
#include <math.h>
#include <stdlib.h>

#include "base/check.h"
#include "certificate/certify.h"
#include "widelimit/model.h"

static wl_error check_options(const wl_certify_options *o) {
  if (o->replicates < 2 || o->heads < 1)
    WL_FAIL(WL_ERROR_USAGE, "a certificate needs at least 2 replicates of 1 head, not %lld of %lld",
            (long long)o->replicates, (long long)o->heads);
  if (!(o->false_alarm > 0.0 && o->false_alarm < 1.0))
    WL_FAIL(WL_ERROR_USAGE, "false_alarm is %g; it must lie between 0 and 1", o->false_alarm);
  return WL_OK;
}

wl_certify_options wl_certify_options_default(void) {
  return (wl_certify_options){.seed = 1, .replicates = 200, .heads = 8, .false_alarm = 1e-3};
}

/* What is made on the way. */
typedef struct workspace {
  wl_model *model;
  wl_prediction prediction;
  wl_points *points;
  wl_matrix *mean, *covariance;
} workspace;

static void workspace_destroy(workspace *w) {
  wl_matrix_destroy(&w->covariance);
  wl_matrix_destroy(&w->mean);
  wl_points_destroy(&w->points);
  wl_prediction_clear(&w->prediction);
  wl_model_destroy(&w->model);
}

static wl_error predict(const wl_certify_options *options, const wl_points *train, const wl_points *test,
                        const wl_matrix *targets, workspace *w) {
  const wl_model_options model = {.noise_variance = options->noise_variance,
                                  .jitter = options->jitter,
                                  .seed = options->seed,
                                  .quantity = {[WL_QUANTITY_ENSEMBLE] = true,
                                               [WL_QUANTITY_RND] = true,
                                               [WL_QUANTITY_BAYESIAN_RND] = true,
                                               [WL_QUANTITY_NTK_GP] = true},
                                  .rnd_target = options->rnd_target};
  WL_TRY(wl_model_create(&model, train, targets, &w->model));
  WL_TRY(wl_matrix_create(train->grid, test->count, test->count, &w->covariance));
  WL_TRY(wl_matrix_create(train->grid, test->count, targets->columns, &w->mean));
  WL_TRY(wl_model_factor(w->model, WL_PRIOR_THETA));
  WL_TRY(wl_model_predict(w->model, test, w->covariance, &w->prediction));
  wl_model_destroy(&w->model);
  return wl_matrix_scatter(w->mean, w->prediction.mean);
}

static wl_error certify(const wl_certify_options *options, const wl_points *train, const wl_matrix *targets,
                        workspace *w, wl_certificate *certificate) {
  const wl_certifier_options certifier = {.joint = {.noise_variance = options->noise_variance,
                                                    .jitter = options->jitter,
                                                    .seed = options->seed,
                                                    .rnd_target = options->rnd_target},
                                          .replicates = options->replicates,
                                          .heads = options->heads,
                                          .false_alarm = options->false_alarm};
  double *const *variance = w->prediction.variance;
  const wl_certifier_input input = {.points = w->points,
                                    .train = train->count,
                                    .targets = targets,
                                    .mean = w->mean,
                                    .ensemble_variance = variance[WL_QUANTITY_ENSEMBLE],
                                    .posterior_variance = variance[WL_QUANTITY_NTK_GP],
                                    .rnd_variance = variance[WL_QUANTITY_RND],
                                    .bayesian_variance = variance[WL_QUANTITY_BAYESIAN_RND],
                                    .covariance = w->covariance,
                                    .rnd_covariance = w->prediction.rnd_covariance};
  return wl_certifier_run(&certifier, &input, certificate);
}

wl_error wl_certify(const wl_certify_options *options, const wl_points *train, const wl_points *test,
                    const wl_matrix *targets, wl_certificate *certificate) {
  WL_REQUIRE(options);
  WL_REQUIRE(train);
  WL_REQUIRE(test);
  WL_REQUIRE(targets);
  WL_REQUIRE(certificate);
  WL_TRY(check_options(options));
  WL_TRY(wl_points_check_alike(train, test));
  workspace w = {0};
  wl_error error = predict(options, train, test, targets, &w);
  if (error == WL_OK) error = wl_points_join(train, test, &w.points);
  if (error == WL_OK) error = certify(options, train, targets, &w, certificate);
  workspace_destroy(&w);
  return error;
}
