/*
 * From measurements to verdicts. The deviations of a true theory are c₁/n + c₂/n² + … without a constant, of either sign and
 * not always monotonic; so each claim is extrapolated to infinite width, and what is left there is held against its error.
 */
#include <gsl/gsl_cdf.h>
#include <math.h>

#include "finite/combine.h"

enum { LEAST_GROUPS = 8, MOST_TERMS = 3 };

double wl_claim_shown(const wl_claim *claim, int64_t width) {
  const double value = claim->at[width].value;
  return claim->kind == WL_CLAIM_DISTANCE ? sqrt(value) : value;
}

double wl_claim_shown_error(const wl_claim *claim, int64_t width) {
  const wl_estimate *e = &claim->at[width];
  return claim->kind == WL_CLAIM_DISTANCE && e->value > 0.0 ? e->error / (2.0 * sqrt(e->value)) : e->error;
}

static bool is_present(const wl_claim_entry *entry, const wl_experiment *experiment) {
  if ((entry->flags & WL_CLAIM_HEADS) && experiment->record.heads[WL_FINITE_RND] < 2) return false;
  if ((entry->flags & WL_CLAIM_TWICE) && experiment->problem->other_target) return false;
  return !(entry->flags & WL_CLAIM_GROUPS) || wl_claim_groups(experiment) >= LEAST_GROUPS;
}

/* Is the estimate of what is at most `allowance` within its error, at the level of one test? */
static bool is_within(wl_claim_kind kind, wl_estimate e, double allowance, double level, double critical) {
  if (!isfinite(e.value)) return false;
  if (kind == WL_CLAIM_SQUARE) {
    const double error = allowance > 0.0 ? e.error : e.null_error, apart = e.value - allowance;
    if (apart <= 0.0) return true;
    if (e.dof <= 0.0) return apart <= critical * error;
    return gsl_cdf_chisq_Q(e.dof + apart / error * sqrt(2.0 * e.dof), e.dof) >= level;
  }
  if (fabs(e.value) <= allowance) return true;
  e.value -= copysign(allowance, e.value);
  const double deviations = wl_stat_deviations(&e);
  return deviations <= critical && (kind == WL_CLAIM_DISTANCE || deviations >= -critical);
}

/* Weights of the limit from the `terms` + 1 largest widths; the others get 0. */
static void weigh(const wl_experiment *experiment, int64_t terms, double *weights) {
  const int64_t first = experiment->width_count - terms - 1;
  for (int64_t w = 0; w < first; w++) weights[w] = 0.0;
  wl_stat_extrapolation(terms + 1, experiment->widths + first, weights + first);
}

/* The square of what a term more changes, without the bias of noise: negative where nothing is seen. */
static double step_square(wl_combination *c, const wl_claim_entry *entry, const double *more, const double *less,
                          int64_t widths) {
  double weights[WL_WIDTHS];
  for (int64_t w = 0; w < widths; w++) weights[w] = more[w] - less[w];
  const wl_estimate e = wl_combination_estimate(c, entry, weights);
  return entry->kind == WL_CLAIM_SQUARE ? e.value : e.value * e.value - e.error * e.error;
}

/* The limit by as many terms as the widths give, and as its truncation error the largest change that one term made (after the
   first one of a distance, which is its leading term and known to be there). */
static void extrapolate(const wl_experiment *experiment, wl_combination *c, wl_claim_entry entry,
                        wl_claim *claim) {
  if (entry.fill_limit) entry.fill = entry.fill_limit;
  const int64_t count = experiment->width_count, terms = count - 1 < MOST_TERMS ? count - 1 : MOST_TERMS;
  double weights[MOST_TERMS + 1][WL_WIDTHS], square = 0.0;
  weigh(experiment, 0, weights[0]);
  for (int64_t k = 1; k <= terms; k++) {
    weigh(experiment, k, weights[k]);
    if (k == 1 && terms > 1 && entry.kind == WL_CLAIM_DISTANCE) continue;
    square = fmax(square, step_square(c, &entry, weights[k], weights[k - 1], count));
  }
  claim->limit = wl_combination_estimate(c, &entry, weights[terms]);
  claim->truncation = entry.kind == WL_CLAIM_SQUARE ? square : sqrt(square);
}

/* A distance is seen to fall: the logarithm of its ratio between the ends is above its error. */
static bool is_falling(const wl_series_data *data, double critical) {
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

/* Each width, and the limit; of what is 0 at every width the mean over all of them. */
static void measure(const wl_experiment *experiment, wl_combination *c, const wl_claim_entry *entry,
                    wl_claim *claim) {
  const int64_t count = experiment->width_count;
  double weights[WL_WIDTHS] = {0.0};
  for (int64_t w = 0; w < count; w++) {
    weights[w] = 1.0;
    claim->at[w] = wl_combination_estimate(c, entry, weights);
    weights[w] = 0.0;
  }
  if (claim->kind != WL_CLAIM_ZERO) {
    extrapolate(experiment, c, *entry, claim);
    return;
  }
  for (int64_t w = 0; w < count; w++) weights[w] = 1.0 / (double)count;
  claim->limit = wl_combination_estimate(c, entry, weights);
}

static void test_claim(const wl_experiment *experiment, double level, double critical, wl_claim *claim) {
  wl_series_data data = {.count = experiment->width_count};
  for (int64_t w = 0; w < data.count; w++) {
    data.n[w] = (double)experiment->widths[w];
    data.y[w] = claim->at[w].value;
    data.error[w] = claim->at[w].error;
  }
  claim->rate = claim->rate_low = claim->rate_high = NAN;
  if (claim->kind != WL_CLAIM_ZERO) fit_rate(claim, &data);
  claim->falls = claim->kind != WL_CLAIM_DISTANCE || is_falling(&data, critical);
  claim->agrees = is_within(claim->kind, claim->limit, claim->truncation, level, critical);
  /* what is zero already need not be extrapolated */
  if (claim->kind == WL_CLAIM_BIAS || claim->kind == WL_CLAIM_SQUARE)
    claim->agrees = claim->agrees || is_within(claim->kind, claim->at[data.count - 1], 0.0, level, critical);
  claim->pass = claim->falls && claim->agrees;
}

static wl_error measure_all(const wl_experiment *experiment, wl_verdict *verdict) {
  wl_combination *combination = NULL;
  WL_TRY(wl_combination_create(experiment, &combination));
  for (int c = 0; c < WL_CLAIMS; c++) {
    const wl_claim_entry *entry = &wl_claim_entries[c];
    wl_claim *claim = &verdict->claim[c];
    *claim = (wl_claim){.name = entry->name, .formula = entry->formula, .kind = entry->kind};
    claim->present = is_present(entry, experiment);
    if (claim->present) measure(experiment, combination, entry, claim);
  }
  wl_combination_destroy(&combination);
  return WL_OK;
}

static void count_convergence(const wl_experiment *experiment, wl_verdict *verdict) {
  for (int64_t i = 0; i < experiment->width_count * experiment->networks; i++)
    for (int model = 0; model < WL_FINITE_MODELS; model++)
      if (experiment->data[i * experiment->record.size + experiment->record.converged[model]] == 0.0)
        verdict->not_converged[model]++;
}

double wl_verdict_bytes(const wl_problem *problem, const wl_experiment_options *options) {
  return wl_combination_bytes(problem, options->width_count, options->networks);
}

wl_error wl_experiment_verdict(const wl_experiment *experiment, wl_verdict *verdict) {
  *verdict = (wl_verdict){.pass = true};
  WL_TRY(measure_all(experiment, verdict));
  int tests = 0;
  for (int c = 0; c < WL_CLAIMS; c++)
    if (verdict->claim[c].present) tests += verdict->claim[c].kind == WL_CLAIM_DISTANCE ? 2 : 1;
  const double level = WL_FINITE_FALSE_ALARM / tests;
  verdict->critical = gsl_cdf_tdist_Qinv(0.5 * level, (double)experiment->networks - 1.0);
  for (int c = 0; c < WL_CLAIMS; c++) {
    wl_claim *claim = &verdict->claim[c];
    if (!claim->present) continue;
    test_claim(experiment, level, verdict->critical, claim);
    verdict->pass = verdict->pass && claim->pass;
  }
  count_convergence(experiment, verdict);
  for (int model = 0; model < WL_FINITE_MODELS; model++)
    verdict->pass = verdict->pass && verdict->not_converged[model] == 0;
  return WL_OK;
}
