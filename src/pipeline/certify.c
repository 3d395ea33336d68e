#include "pipeline/certify.h"

#include <stdio.h>
#include <string.h>

#include "pipeline/points.h"

static wl_certifier_options options_of(const wl_config *config, wl_checkpointer *checkpointer) {
  wl_certifier_options options = {.joint = wl_job_joint_options(config),
                                  .replicates = config->certify.replicates,
                                  .heads = config->certify.heads,
                                  .false_alarm = config->certify.false_alarm};
  options.joint.fault = config->certify.sabotage;
  options.joint.watch = wl_checkpointer_joint_watch(checkpointer);
  return options;
}

wl_error wl_certify_run(const wl_setup *setup, const wl_services *services, const wl_assembly *assembly,
                        wl_retained *retained, wl_certified *certified) {
  if (!setup->config->certify.wanted) return WL_OK;
  if (!retained->covariance)
    WL_FAIL(WL_ERROR_INTERNAL, "certificate: this run did not predict under theta, so it has nothing to certify");
  wl_timer_enter(services->timer, WL_PHASE_CERTIFY);
  wl_timer_count(services->timer, wl_job_certify_flops(setup->config, &setup->shape));
  wl_model_release(assembly->model);
  wl_points *points = NULL;
  wl_error error = wl_read_joint_points(setup, 0, setup->shape.train + setup->shape.test, &points);
  if (error == WL_OK) {
    const wl_certifier_options options = options_of(setup->config, services->checkpointer);
    const wl_certifier_input input = {.points = points,
                                      .train = setup->shape.train,
                                      .targets = assembly->targets,
                                      .mean = retained->mean,
                                      .ensemble_variance = retained->variance[WL_QUANTITY_ENSEMBLE],
                                      .posterior_variance = retained->variance[WL_QUANTITY_NTK_GP],
                                      .rnd_variance = retained->variance[WL_QUANTITY_RND],
                                      .bayesian_variance = retained->variance[WL_QUANTITY_BAYESIAN_RND],
                                      .covariance = retained->covariance,
                                      .rnd_covariance = retained->rnd_covariance};
    error = wl_certifier_run(&options, &input, &certified->certificate);
  }
  certified->done = error == WL_OK;
  wl_points_destroy(&points);
  wl_retained_clear(retained);
  return error;
}

wl_error wl_certified_check(const wl_certified *certified) {
  const wl_certificate *c = &certified->certificate;
  if (!certified->done || c->passed) return WL_OK;
  char names[512] = "";
  int failed = 0;
  for (int t = 0; t < WL_TEST_COUNT; t++) {
    if (c->test[t].passed) continue;
    const size_t used = strlen(names);
    snprintf(names + used, sizeof names - used, "%s%s", failed++ ? ", " : "", wl_test_name_of((wl_test_name)t));
  }
  WL_FAIL(WL_ERROR_CERTIFICATE, "the certificate failed in %d of %d tests: %s", failed, (int)WL_TEST_COUNT, names);
}
