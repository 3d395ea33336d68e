/*
 * finite.h5: the measurements, the claims, and what theory says of the same points.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pipeline/finite_report.h"

static const char *const target_units = "target units", *const target_units_squared = "target units squared";

static wl_error put(const wl_finite *f, const char *path, int64_t rows, int64_t columns, const double *values,
                    const char *formula, const char *units) {
  WL_TRY(wl_results_add(f->results, path, rows, columns, formula, units));
  return wl_results_put(f->results, path, 0, 0, rows, columns > 0 ? columns : 1, values);
}

static wl_error write_claim(const wl_finite *f, const wl_claim *claim) {
  const int64_t count = f->experiment->width_count;
  double shown[WL_WIDTHS], error[WL_WIDTHS];
  for (int64_t w = 0; w < count; w++) {
    shown[w] = wl_claim_shown(claim, w);
    error[w] = wl_claim_shown_error(claim, w);
  }
  const double fit[4] = {claim->amplitude, claim->rate, claim->rate_low, claim->rate_high}, pass = claim->pass;
  const double limit[3] = {claim->limit.value, claim->limit.error, claim->truncation};
  char path[96];
  snprintf(path, sizeof path, "/claim/%s/deviation", claim->name);
  WL_TRY(put(f, path, count, 0, shown, claim->formula, "1"));
  snprintf(path, sizeof path, "/claim/%s/standard_error", claim->name);
  WL_TRY(put(f, path, count, 0, error, "of deviation, from independent networks", "1"));
  snprintf(path, sizeof path, "/claim/%s/fit", claim->name);
  WL_TRY(put(f, path, 4, 0, fit, "deviation ~ [0] width^-[1]; [2] to [3]: 95 % interval of [1]", "1"));
  snprintf(path, sizeof path, "/claim/%s/limit", claim->name);
  WL_TRY(put(f, path, 3, 0, limit,
             "[0]: at infinite width, of a distance squared; [1]: its standard error; [2]: truncation error",
             "1"));
  snprintf(path, sizeof path, "/claim/%s/pass", claim->name);
  return put(f, path, 1, 0, &pass, "1: PASS, 0: FAIL", "1");
}

static wl_error write_exact(const wl_finite *f) {
  const wl_problem *p = f->problem;
  double *v = malloc(sizeof(double) * (size_t)p->test);
  if (!v) WL_FAIL(WL_ERROR_MEMORY, "results: out of memory");
  for (int64_t t = 0; t < p->test; t++) v[t] = p->ensemble[t * p->test + t];
  wl_error error = put(f, "/exact/ensemble_variance", p->test, 0, v,
                       "diagonal of kappa_TT + A kappa_XX A' - A kappa_XT - kappa_TX A'", target_units_squared);
  for (int64_t t = 0; t < p->test; t++) v[t] = p->rnd[t * p->test + t];
  if (error == WL_OK)
    error = put(f, "/exact/rnd_variance", p->test, 0, v,
                "diagonal of K_TT + A K_XX A' - A K_XT - K_TX A', K = kappa + that of rnd's target",
                target_units_squared);
  for (int64_t t = 0; t < p->test; t++) v[t] = p->posterior[t * p->test + t];
  if (error == WL_OK)
    error = put(f, "/exact/posterior_variance", p->test, 0, v, "diagonal of theta_TT - A theta_XT",
                target_units_squared);
  free(v);
  WL_TRY(error);
  return put(f, "/exact/mean", p->test, p->outputs, p->mean, "A Y, A = theta_TX S^-1", target_units);
}

static int compare(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Linear interpolation between order statistics. */
static double quantile_of(const double *sorted, int64_t count, double level) {
  const double at = level * (double)(count - 1);
  const int64_t below = (int64_t)at;
  if (below + 1 >= count) return sorted[count - 1];
  return sorted[below] + (at - (double)below) * (sorted[below + 1] - sorted[below]);
}

enum { LEVELS = 5 };
static const double levels[LEVELS] = {0.025, 0.16, 0.5, 0.84, 0.975};

/* ε of all networks and heads at each test point, sorted: what a band of the exact law should cover. */
static wl_error write_quantiles(const wl_finite *f, int model, int64_t w) {
  const wl_experiment *s = f->experiment;
  const int64_t m = f->problem->test, K = s->record.heads[model], count = s->networks * K;
  double *values = malloc(sizeof(double) * (size_t)(count + m * LEVELS));
  if (!values) WL_FAIL(WL_ERROR_MEMORY, "results: out of memory");
  double *table = values + count;
  for (int64_t t = 0; t < m; t++) {
    for (int64_t i = 0; i < s->networks; i++)
      for (int64_t k = 0; k < K; k++)
        values[i * K + k] = s->data[(w * s->networks + i) * s->record.size + s->record.error[model] + k * m + t];
    qsort(values, (size_t)count, sizeof *values, compare);
    for (int q = 0; q < LEVELS; q++) table[t * LEVELS + q] = quantile_of(values, count, levels[q]);
  }
  char path[96];
  snprintf(path, sizeof path, "/quantile/%s/%lld", wl_finite_model_name(model), (long long)s->widths[w]);
  const wl_error error = put(f, path, m, LEVELS, table,
                             "2.5, 16, 50, 84 and 97.5 % of the errors of all networks and heads", target_units);
  free(values);
  return error;
}

/* ε, one row a network: head by head, test point by test point. */
static wl_error write_errors(const wl_finite *f, int model, int64_t w) {
  const wl_experiment *s = f->experiment;
  const int64_t size = f->problem->test * s->record.heads[model];
  char path[96];
  snprintf(path, sizeof path, "/error/%s/%lld", wl_finite_model_name(model), (long long)s->widths[w]);
  WL_TRY(wl_results_add(f->results, path, s->networks, size,
                        "trained minus exact mean (ensemble) or target, one row a network", target_units));
  for (int64_t i = 0; i < s->networks; i++)
    WL_TRY(wl_results_put(f->results, path, i, 0, 1, size,
                          s->data + (w * s->networks + i) * s->record.size + s->record.error[model]));
  return WL_OK;
}

static wl_error write_steps(const wl_finite *f, int model) {
  const wl_experiment *s = f->experiment;
  char path[96];
  snprintf(path, sizeof path, "/steps/%s", wl_finite_model_name(model));
  WL_TRY(wl_results_add(f->results, path, s->width_count, s->networks, "steps of training, one row a width", "1"));
  for (int64_t w = 0; w < s->width_count; w++)
    for (int64_t i = 0; i < s->networks; i++)
      WL_TRY(wl_results_put(f->results, path, w, i, 1, 1,
                            s->data + (w * s->networks + i) * s->record.size + s->record.steps[model]));
  return WL_OK;
}

wl_error wl_finite_write(const wl_finite *f) {
  double widths[WL_WIDTHS];
  for (int64_t w = 0; w < f->experiment->width_count; w++) widths[w] = (double)f->experiment->widths[w];
  WL_TRY(wl_results_note(f->results, "name", f->setup.config->name));
  WL_TRY(put(f, "/width", f->experiment->width_count, 0, widths, "width of every hidden layer", "1"));
  WL_TRY(write_exact(f));
  for (int c = 0; c < WL_CLAIMS; c++)
    if (f->verdict.claim[c].present) WL_TRY(write_claim(f, &f->verdict.claim[c]));
  for (int model = 0; model < WL_FINITE_MODELS; model++) {
    WL_TRY(write_steps(f, model));
    for (int64_t w = 0; w < f->experiment->width_count; w++) {
      WL_TRY(write_quantiles(f, model, w));
      WL_TRY(write_errors(f, model, w));
    }
  }
  return WL_OK;
}
