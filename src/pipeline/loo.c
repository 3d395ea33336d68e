#include "pipeline/loo.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/util.h"
#include "inference/loo.h"
#include "pipeline/result_paths.h"

static void variance_path(int quantity, char path[64]) {
  snprintf(path, 64, "/loo/variance/%s", wl_quantity_name((wl_quantity)quantity));
}

double wl_loo_result_bytes(const wl_setup *setup) {
  if (!setup->config->loo) return 0.0;
  return 8.0 * (double)setup->shape.train *
         (2.0 * (double)setup->shape.outputs + WL_QUANTITY_COUNT * (double)setup->units.columns);
}

wl_error wl_loo_declare(const wl_setup *setup, wl_results *results) {
  static const char *const formula[WL_QUANTITY_COUNT] = {
      [WL_QUANTITY_ENSEMBLE] = "[S^-1 kappa_XX S^-1]_ii / d_i^2, d = diag S^-1",
      [WL_QUANTITY_RND] = "2 [S^-1 kappa_XX S^-1]_ii / d_i^2, d = diag S^-1",
      [WL_QUANTITY_BAYESIAN_RND] = "1 / d_i - noise_variance - jitter, d = diag S^-1",
      [WL_QUANTITY_NTK_GP] = "1 / d_i - noise_variance - jitter, d = diag S^-1",
      [WL_QUANTITY_NNGP] =
          "1 / d_i - noise_variance - jitter, d = diag (kappa_XX + (noise_variance + jitter) I)^-1"};
  static const char *const mean[WL_PRIOR_COUNT] = {
      "y_i - [S^-1 Y]_i / d_i, d = diag S^-1",
      "y_i - [S^-1 Y]_i / d_i, d = diag S^-1, S = kappa_XX + (noise_variance + jitter) I"};
  if (!setup->config->loo) return WL_OK;
  const wl_model_options options = wl_job_model_options(setup->config);
  const int64_t n = setup->shape.train;
  for (int p = 0; p < WL_PRIOR_COUNT; p++)
    if (wl_model_needs(&options, (wl_prior)p))
      WL_TRY(wl_results_add(results, wl_loo_mean_path((wl_prior)p), n, setup->shape.outputs, mean[p],
                            "target units"));
  for (int q = 0; q < WL_QUANTITY_COUNT; q++) {
    char path[64];
    variance_path(q, path);
    if (setup->config->quantity[q])
      WL_TRY(wl_results_add(results, path, n, setup->units.columns > 1 ? setup->units.columns : 0, formula[q],
                            "target units squared"));
  }
  return WL_OK;
}

/* Keeps the largest residuals, those that tie in the order of their rows. */
static void note_surprise(wl_loo *loo, wl_prior prior, wl_surprise new) {
  wl_surprise *all = loo->surprise[prior];
  int *count = &loo->surprises[prior];
  if (*count == WL_SURPRISES && !(new.residual > all[WL_SURPRISES - 1].residual)) return;
  int at = *count < WL_SURPRISES ? (*count)++ : WL_SURPRISES - 1;
  for (; at > 0 && new.residual > all[at - 1].residual; at--) all[at] = all[at - 1];
  all[at] = new;
}

/* Whose variance makes residuals comparable: the first predictive one of the prior that there is; RND's error is none. */
static int surprising_quantity(const wl_prediction *p) {
  static const wl_quantity order[] = {WL_QUANTITY_NTK_GP, WL_QUANTITY_BAYESIAN_RND, WL_QUANTITY_ENSEMBLE,
                                      WL_QUANTITY_NNGP};
  for (size_t k = 0; k < sizeof order / sizeof *order; k++)
    if (p->variance[order[k]]) return (int)order[k];
  return -1;
}

/* Of some training points, whose targets are given. */
static wl_error add_surprises(const wl_setup *setup, const wl_prediction *p, const double *target, wl_loo *loo) {
  const int q = surprising_quantity(p);
  const int64_t c = p->outputs, columns = setup->units.columns;
  if (q < 0) return WL_OK;
  loo->surprised_by[p->prior] = (wl_quantity)q;
  double *v = malloc(sizeof(double) * (size_t)(p->count * columns));
  if (!v) WL_FAIL(WL_ERROR_MEMORY, "leave-one-out: out of memory");
  wl_units_add_noise(&setup->units, setup->config->noise_variance, p->count, p->variance[q], v);
  for (int64_t i = 0; i < p->count; i++) {
    double squared = 0.0;
    for (int64_t j = 0; j < c; j++) {
      const double r = target[i * c + j] - p->mean[i * c + j];
      squared += r * r / v[i * columns + (columns > 1 ? j : 0)];
    }
    note_surprise(loo, p->prior, (wl_surprise){p->first + i, sqrt(squared / (double)c)});
  }
  free(v);
  return WL_OK;
}

/* `count` points from `first` on; the arrays are those of all. */
static wl_prediction some_of(const wl_setup *setup, const wl_prediction *all, int64_t first, int64_t count) {
  wl_prediction p = *all;
  p.first = first;
  p.count = count;
  p.mean += first * all->outputs;
  for (int q = 0; q < WL_QUANTITY_COUNT; q++)
    if (p.variance[q]) p.variance[q] += first * setup->units.columns;
  return p;
}

static wl_error score_pieces(const wl_setup *setup, const wl_prediction *all, int64_t step, double *target,
                             wl_loo *loo) {
  for (int64_t first = 0; first < all->count; first += step) {
    const wl_prediction p = some_of(setup, all, first, smaller(step, all->count - first));
    WL_TRY(wl_data_train_targets(setup->data, first, p.count, target));
    wl_units_restore_targets(&setup->units, p.count, target);
    WL_TRY(wl_scores_add(setup, &p, all->count, target, NULL, &loo->scores));
    WL_TRY(add_surprises(setup, &p, target, loo));
  }
  return WL_OK;
}

static double mean_of(int64_t count, const double *x) {
  double sum = 0.0;
  for (int64_t i = 0; i < count; i++) sum += x[i];
  return sum / (double)count;
}

/* Root. A prediction of all training points, in target units. */
static wl_error score(const wl_setup *setup, const wl_prediction *p, wl_loo *loo) {
  const int64_t n = p->count, step = smaller(n, larger(1, ((int64_t)1 << 20) / p->outputs));
  double *target = malloc(sizeof(double) * (size_t)(step * p->outputs));
  if (!target) WL_FAIL(WL_ERROR_MEMORY, "leave-one-out: out of memory");
  wl_error error = score_pieces(setup, p, step, target, loo);
  free(target);
  for (int q = 0; q < WL_QUANTITY_COUNT && error == WL_OK; q++) {
    if (!p->variance[q]) continue;
    loo->variance_mean[q] = mean_of(n * setup->units.columns, p->variance[q]);
    error = wl_scores_risk(setup, &loo->scores, p->prior, n, p->variance[q], NULL, &loo->risk[q]);
  }
  return error;
}

/* Root. */
static wl_error write(const wl_setup *setup, const wl_prediction *p, wl_results *results) {
  WL_TRY(wl_results_put(results, wl_loo_mean_path(p->prior), 0, 0, p->count, p->outputs, p->mean));
  for (int q = 0; q < WL_QUANTITY_COUNT; q++) {
    char path[64];
    variance_path(q, path);
    if (p->variance[q])
      WL_TRY(wl_results_put(results, path, 0, 0, p->count, setup->units.columns, p->variance[q]));
  }
  return WL_OK;
}

/* Root. */
static wl_error write_and_score(const wl_setup *setup, const wl_prediction *p, wl_results *results, wl_loo *loo) {
  wl_prediction converted = {0};
  wl_error error = wl_units_convert(&setup->units, p, &converted);
  if (error == WL_OK) error = write(setup, &converted, results);
  if (error == WL_OK) error = score(setup, &converted, loo);
  wl_prediction_clear(&converted);
  return error;
}

/* A checkpoint between two panels has the factor and all predictions, so that a run goes on with the first panel. */
typedef struct boundary {
  wl_checkpointer *checkpointer;
  wl_prior prior;
  int64_t test;
} boundary;

static wl_error reached(void *context, int64_t done) {
  const boundary *b = context;
  (void)done;
  return wl_checkpointer_boundary(b->checkpointer, b->prior, b->test);
}

wl_error wl_loo_run(const wl_setup *setup, const wl_services *services, const wl_assembly *assembly,
                    wl_prior prior, wl_loo *loo) {
  if (!setup->config->loo) return WL_OK;
  boundary b = {services->checkpointer, prior, setup->shape.test};
  const wl_watch watch = {&b, reached};
  wl_prediction p = {0};
  wl_timer_enter(services->timer, WL_PHASE_LOO);
  const bool ensemble = prior == WL_PRIOR_THETA && wl_quantities_need_ensemble(setup->config->quantity);
  wl_timer_count(services->timer, wl_loo_flops(setup->shape.train, ensemble));
  WL_TRY(wl_model_leave_one_out(assembly->model, &watch, &p));
  loo->clamped += p.clamped;
  loo->most_negative = fmin(loo->most_negative, p.most_negative);
  const wl_error error = setup->rank == 0 ? write_and_score(setup, &p, services->results, loo) : WL_OK;
  wl_prediction_clear(&p);
  return wl_error_agree(setup->comm, error);
}

void wl_loo_clear(wl_loo *loo) { wl_scores_clear(&loo->scores); }

/* Root. */
static wl_error read_back(const wl_setup *setup, wl_results *results, wl_prediction *p) {
  const size_t size = sizeof(double) * (size_t)p->count;
  p->mean = malloc(size * (size_t)p->outputs);
  if (!p->mean) WL_FAIL(WL_ERROR_MEMORY, "leave-one-out: out of memory");
  WL_TRY(wl_results_get(results, wl_loo_mean_path(p->prior), 0, p->count, p->mean));
  for (int q = 0; q < WL_QUANTITY_COUNT; q++) {
    if (!setup->config->quantity[q] || wl_quantity_prior((wl_quantity)q) != p->prior) continue;
    char path[64];
    variance_path(q, path);
    p->variance[q] = malloc(size * (size_t)setup->units.columns);
    if (!p->variance[q]) WL_FAIL(WL_ERROR_MEMORY, "leave-one-out: out of memory");
    WL_TRY(wl_results_get(results, path, 0, p->count, p->variance[q]));
  }
  return WL_OK;
}

wl_error wl_loo_recall(const wl_setup *setup, const wl_services *services, wl_prior prior, wl_loo *loo) {
  if (!setup->config->loo) return WL_OK;
  wl_prediction p = {.prior = prior, .count = setup->shape.train, .outputs = setup->shape.outputs};
  wl_error error = WL_OK;
  if (setup->rank == 0) {
    error = read_back(setup, services->results, &p);
    if (error == WL_OK) error = score(setup, &p, loo);
  }
  wl_prediction_clear(&p);
  return wl_error_agree(setup->comm, error);
}
