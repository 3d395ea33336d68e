/*
 * From measurements to verdicts: every claim against zero or its trend at the largest width.
 */
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

#include "finite/claims.h"

enum { LEAST_GROUPS = 8 };

double wl_claim_shown(const wl_claim *claim, int64_t width) {
  const double value = claim->at[width].value;
  return claim->kind == WL_CLAIM_DISTANCE ? sqrt(value) : value;
}

double wl_claim_shown_error(const wl_claim *claim, int64_t width) {
  const wl_estimate *e = &claim->at[width];
  return claim->kind == WL_CLAIM_DISTANCE && e->value > 0.0 ? e->error / (2.0 * sqrt(e->value)) : e->error;
}

/*
 * By what power of n a claim falls at least. Squared distances end up falling as n⁻², but where a test point is close to
 * a training point the spread of the kernels, n⁻¹ in squares, rules over every width in reach.
 */
static const double least_power = 1.0;

static bool is_present(const wl_claim_entry *entry, const wl_experiment *study) {
  if ((entry->flags & WL_CLAIM_HEADS) && study->record.heads[WL_FINITE_RND] < 2) return false;
  return !(entry->flags & WL_CLAIM_GROUPS) || wl_claim_groups(study) >= LEAST_GROUPS;
}

/* Is the estimate within its error of zero, at the level of one test? */
static bool is_zero(const wl_claim *claim, const wl_estimate *e, double level, double critical) {
  if (claim->kind == WL_CLAIM_DISTANCE) return false;
  if (claim->kind == WL_CLAIM_BIAS) return fabs(wl_stat_deviations(e)) <= critical;
  if (e->value <= 0.0) return true;
  if (e->dof <= 0.0) return e->value <= critical * e->null_error;
  return gsl_cdf_chisq_Q(e->dof + e->value / e->null_error * sqrt(2.0 * e->dof), e->dof) >= level;
}

/* At the largest width: no larger than the trend of the smaller ones says. */
static bool is_on_trend(wl_claim *claim, const wl_claim_entry *entry, const wl_series_data *data,
                        double critical) {
  const int64_t last = data->count - 1;
  wl_series_data smaller = *data;
  smaller.count = last;
  const int terms = (entry->flags & WL_CLAIM_PRECISE) && last >= 2 ? 2 : 1;
  claim->predicted = wl_stat_predict(&smaller, least_power, terms, data->n[last], &claim->prediction_error);
  const double margin = critical * hypot(claim->prediction_error, data->error[last]);
  if (entry->kind == WL_CLAIM_BIAS) return fabs(data->y[last]) <= fabs(claim->predicted) + margin;
  return data->y[last] <= claim->predicted + margin;
}

/* A distance: the logarithm of its ratio between the ends is above its error. Of what may be zero no fall can be asked, only
   that it does not grow beyond doubt. */
static bool is_falling(const wl_claim *claim, const wl_series_data *data, double critical) {
  double low, high, amplitude;
  if (claim->kind != WL_CLAIM_DISTANCE) {
    wl_stat_rate(data, critical, &low, &high, &amplitude);
    return high > 0.0;
  }
  const int64_t last = data->count - 1;
  if (!(data->y[0] > 0.0) || !(data->y[last] > 0.0)) return false;
  const double error = hypot(data->error[0] / data->y[0], data->error[last] / data->y[last]);
  return log(data->y[0] / data->y[last]) > critical * error;
}

static void fit_rate(wl_claim *claim, const wl_series_data *data) {
  claim->rate =
      wl_stat_rate(data, gsl_cdf_ugaussian_Qinv(0.025), &claim->rate_low, &claim->rate_high, &claim->amplitude);
  if (claim->kind != WL_CLAIM_DISTANCE) return;
  claim->rate /= 2.0;
  claim->rate_low /= 2.0;
  claim->rate_high /= 2.0;
  claim->amplitude = sqrt(fmax(claim->amplitude, 0.0));
}

/* What is 0 at every width: the mean over all of them. */
static void judge_zero(wl_claim *claim, int64_t count, double critical) {
  const wl_estimate mean = wl_stat_pool(count, claim->at);
  claim->predicted = mean.value;
  claim->prediction_error = mean.error;
  claim->rate = claim->rate_low = claim->rate_high = NAN;
  claim->falls = true;
  claim->agrees = fabs(wl_stat_deviations(&mean)) <= critical;
  claim->pass = claim->agrees;
}

static void judge(const wl_experiment *study, const wl_claim_entry *entry, double level, double critical,
                  wl_claim *claim) {
  wl_series_data data = {.count = study->width_count};
  for (int64_t w = 0; w < data.count; w++) {
    data.n[w] = (double)study->widths[w];
    data.y[w] = claim->at[w].value;
    data.error[w] = claim->at[w].error;
  }
  if (claim->kind == WL_CLAIM_ZERO) {
    judge_zero(claim, data.count, critical);
    return;
  }
  const wl_estimate *last = &claim->at[data.count - 1];
  fit_rate(claim, &data);
  claim->falls = is_falling(claim, &data, critical);
  const bool on_trend = is_on_trend(claim, entry, &data, critical);
  claim->agrees = isfinite(last->value) && (is_zero(claim, last, level, critical) || on_trend);
  claim->pass = claim->falls && claim->agrees;
}

static wl_error measure_all(const wl_experiment *study, wl_verdict *verdict) {
  const size_t M = (size_t)study->networks, features = (size_t)wl_claim_features(study->problem);
  double *room = malloc(sizeof(double) * (M + M * features + 2 * M * M));
  if (!room) WL_FAIL(WL_ERROR_MEMORY, "finite networks: no memory to compare %zu networks", M);
  wl_view view = {.study = study, .problem = study->problem, .values = room};
  view.features = room + M;
  view.gram = view.features + M * features;
  view.work = view.gram + M * M;
  for (int c = 0; c < WL_CLAIMS; c++) {
    const wl_claim_entry *entry = &wl_claim_entries[c];
    wl_claim *claim = &verdict->claim[c];
    *claim = (wl_claim){.name = entry->name, .formula = entry->formula, .kind = entry->kind};
    claim->present = is_present(entry, study);
    for (int64_t w = 0; w < study->width_count && claim->present; w++) {
      view.data = study->data + w * study->networks * study->record.size;
      claim->at[w] = entry->measure(&view);
    }
  }
  free(room);
  return WL_OK;
}

static void count_convergence(const wl_experiment *study, wl_verdict *verdict) {
  for (int64_t i = 0; i < study->width_count * study->networks; i++)
    for (int model = 0; model < WL_FINITE_MODELS; model++)
      if (study->data[i * study->record.size + study->record.converged[model]] == 0.0)
        verdict->not_converged[model]++;
}

wl_error wl_experiment_verdict(const wl_experiment *study, wl_verdict *verdict) {
  *verdict = (wl_verdict){.pass = true};
  WL_TRY(measure_all(study, verdict));
  int tests = 0;
  for (int c = 0; c < WL_CLAIMS; c++)
    if (verdict->claim[c].present) tests += verdict->claim[c].kind == WL_CLAIM_DISTANCE ? 2 : 1;
  const double level = WL_FINITE_FALSE_ALARM / tests;
  verdict->critical = gsl_cdf_tdist_Qinv(0.5 * level, (double)study->networks - 1.0);
  for (int c = 0; c < WL_CLAIMS; c++) {
    wl_claim *claim = &verdict->claim[c];
    if (!claim->present) continue;
    judge(study, &wl_claim_entries[c], level, verdict->critical, claim);
    verdict->pass = verdict->pass && claim->pass;
  }
  count_convergence(study, verdict);
  for (int model = 0; model < WL_FINITE_MODELS; model++)
    verdict->pass = verdict->pass && verdict->not_converged[model] == 0;
  return WL_OK;
}
