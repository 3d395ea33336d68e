#include "pipeline/tally.h"

#include "pipeline/result_paths.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room on rank 0 for what the metrics need of all test points. */
static wl_error create(const wl_setup *setup, wl_tally *t) {
  const size_t size = sizeof(double) * (size_t)(setup->shape.test + 1);
  for (int q = 0; q < WL_QUANTITY_COUNT; q++)
    if (setup->config->quantity[q] && !(t->variance[q] = malloc(size * (size_t)setup->units.columns)))
      WL_FAIL(WL_ERROR_MEMORY, "metrics: out of memory");
  if (!setup->shape.ood) return WL_OK;
  t->ood = malloc(size);
  if (!t->ood) WL_FAIL(WL_ERROR_MEMORY, "metrics: out of memory");
  return wl_data_test_ood(setup->data, 0, setup->shape.test, t->ood);
}

static wl_error score(const wl_setup *setup, const wl_prediction *p, wl_tally *t) {
  if (!setup->shape.test_targets) return WL_OK;
  double *target = malloc(sizeof(double) * (size_t)(p->count * p->outputs));
  if (!target) WL_FAIL(WL_ERROR_MEMORY, "metrics: out of memory");
  wl_error error = wl_data_test_targets(setup->data, p->first, p->count, target);
  const double *ood = t->ood ? t->ood + p->first : NULL;
  if (error == WL_OK) error = wl_scores_add(setup, p, setup->shape.test, target, ood, &t->scores);
  free(target);
  return error;
}

/* What the results hold of this prior's first `count` test points. */
static wl_error recall(const wl_setup *setup, wl_results *results, wl_prior prior, int64_t count, wl_tally *t) {
  wl_prediction p = {.prior = prior, .count = count, .outputs = setup->shape.outputs};
  p.mean = malloc(sizeof(double) * (size_t)(count * p.outputs + 1));
  if (!p.mean) WL_FAIL(WL_ERROR_MEMORY, "metrics: out of memory");
  wl_error error = wl_results_get(results, wl_mean_path(prior), 0, count, p.mean);
  for (int q = 0; q < WL_QUANTITY_COUNT && error == WL_OK; q++) {
    if (!t->variance[q] || wl_quantity_prior((wl_quantity)q) != prior) continue;
    char path[64];
    snprintf(path, sizeof path, "/variance/%s", wl_quantity_name((wl_quantity)q));
    error = wl_results_get(results, path, 0, count, t->variance[q]);
    p.variance[q] = t->variance[q];
  }
  if (error == WL_OK) error = score(setup, &p, t);
  free(p.mean);
  return error;
}

/* Without a matrix both priors are predicted together. */
static wl_error recall_batches(const wl_setup *setup, wl_results *results, int64_t count, wl_tally *t) {
  const wl_model_options options = wl_job_model_options(setup->config);
  for (int p = 0; p < WL_PRIOR_COUNT && count > 0; p++)
    if (wl_model_needs(&options, (wl_prior)p)) WL_TRY(recall(setup, results, (wl_prior)p, count, t));
  return WL_OK;
}

/* Root. Of the predictions that were made before the checkpoint. */
static wl_error recall_all(const wl_setup *setup, const wl_services *services, wl_tally *t) {
  const wl_checkpointer *k = services->checkpointer;
  if (!k->resumed) return WL_OK;
  t->clamped = k->state.clamped;
  t->most_negative = k->state.most_negative;
  if (k->state.numbers) return recall_batches(setup, services->results, k->state.predicted, t);
  if (k->state.prior == WL_PRIOR_KAPPA && k->state.evidence[WL_PRIOR_THETA].log_marginal_likelihood)
    WL_TRY(recall(setup, services->results, WL_PRIOR_THETA, setup->shape.test, t));
  return k->state.predicted > 0 ? recall(setup, services->results, k->state.prior, k->state.predicted, t) : WL_OK;
}

wl_error wl_tally_create(const wl_setup *setup, const wl_services *services, wl_tally *tally) {
  wl_error error = WL_OK;
  if (setup->rank == 0) {
    error = create(setup, tally);
    if (error == WL_OK) error = recall_all(setup, services, tally);
  }
  return wl_error_agree(setup->comm, error);
}

wl_error wl_tally_add(const wl_setup *setup, const wl_prediction *p, wl_tally *t) {
  const int64_t columns = setup->units.columns;
  for (int q = 0; q < WL_QUANTITY_COUNT; q++)
    if (p->variance[q])
      memcpy(t->variance[q] + p->first * columns, p->variance[q], sizeof(double) * (size_t)(p->count * columns));
  t->clamped += p->clamped;
  if (p->most_negative < t->most_negative) t->most_negative = p->most_negative;
  return score(setup, p, t);
}

void wl_tally_leave_out_nngp(wl_tally *tally, const char *reason) {
  snprintf(tally->left_out, sizeof tally->left_out, "%s", reason);
  free(tally->variance[WL_QUANTITY_NNGP]);
  tally->variance[WL_QUANTITY_NNGP] = NULL;
  wl_scores_forget(&tally->scores, WL_PRIOR_KAPPA);
}

wl_error wl_tally_check(const wl_tally *tally, const wl_config *config) {
  if (!tally->left_out[0]) return WL_OK;
  char others[128] = "";
  for (int q = 0; q < WL_QUANTITY_COUNT; q++) {
    if (q == WL_QUANTITY_NNGP || !config->quantity[q]) continue;
    const size_t used = strlen(others);
    snprintf(others + used, sizeof others - used, "%s%s", used ? ", " : "", wl_quantity_name((wl_quantity)q));
  }
  WL_FAIL(WL_ERROR_NUMERICAL,
          "nngp is left out: %s. All other results are in %s; they are complete with quantities: [%s]",
          tally->left_out, config->output_directory, others);
}

void wl_tally_clear(wl_tally *tally) {
  for (int q = 0; q < WL_QUANTITY_COUNT; q++) free(tally->variance[q]);
  free(tally->ood);
  wl_scores_clear(&tally->scores);
}
