#include "pipeline/checkpoints.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Configuration and data of that scope. */
static wl_error fingerprint(void *context, wl_scope scope, int64_t train, char **text) {
  const wl_checkpoint_sources *s = context;
  char *config = NULL, *data = NULL;
  wl_error error = wl_config_fingerprint(s->setup->config, scope, &config);
  if (error == WL_OK)
    error = wl_data_fingerprint(s->setup->data, scope == WL_SCOPE_RUN ? WL_DATA_ALL : WL_DATA_TRAINING_INPUTS,
                                train, &data);
  if (error == WL_OK) {
    /* a prediction's checkpoints have no matrix: a run cannot go on from them */
    const char *command = scope == WL_SCOPE_RUN && s->request->factor ? "command: predict\n" : "";
    const size_t size = strlen(config) + strlen(data) + strlen(command) + 1;
    *text = malloc(size);
    if (*text)
      snprintf(*text, size, "%s%s%s", config, data, command);
    else
      error = wl_error_set(WL_ERROR_MEMORY, "checkpoint: out of memory");
  }
  free(data);
  free(config);
  return error;
}

static wl_checkpointer_state state(void *context) {
  const wl_checkpoint_sources *s = context;
  wl_checkpointer_state now = {.clamped = s->tally->clamped, .most_negative = s->tally->most_negative};
  for (int p = 0; p < WL_PRIOR_COUNT && s->assembly->model; p++)
    now.evidence[p] = wl_model_evidence(s->assembly->model, (wl_prior)p);
  return now;
}

static wl_error results(void *context, char *path, size_t size) {
  const wl_checkpoint_sources *s = context;
  WL_TRY(wl_results_flush(*s->results));
  return wl_results_partial_path(s->setup->config->output_directory, path, size);
}

wl_error wl_checkpoints_open(wl_checkpoint_sources *s, wl_timer *timer, wl_checkpointer *checkpointer) {
  const wl_setup *setup = s->setup;
  const wl_config *c = setup->config;
  const wl_model_options model = wl_job_model_options(c);
  const wl_checkpointer_options options = {
      .comm = setup->comm,
      .directory = c->checkpoint.directory,
      .name = c->name,
      .every_minutes = c->checkpoint.every_minutes,
      .keep = c->checkpoint.keep,
      .resume = s->request->resume,
      .time_limit = s->request->time_limit,
      .factor_save = c->factor_save,
      .overwrite = s->request->overwrite,
      .replace_factor = setup->replace_factor,
      .factor = s->request->factor,
      .train = setup->shape.train,
      .test = setup->shape.test,
      .outputs = setup->shape.outputs,
      .bytes = wl_job_checkpoint_bytes(c, &setup->shape),
      .works = {wl_model_needs(&model, WL_PRIOR_THETA), wl_model_needs(&model, WL_PRIOR_KAPPA)},
      .last_prior = wl_job_last_prior(c),
      .draws = wl_job_has_draws(c),
      .certified = c->certify.wanted,
      .timer = timer};
  const wl_checkpointer_client client = {
      .context = s, .fingerprint = fingerprint, .state = state, .results = results};
  return wl_checkpointer_open(checkpointer, &options, &client, setup->grid);
}
