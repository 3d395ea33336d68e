#include "pipeline/loo_report.h"

#include <math.h>
#include <stdio.h>

#include "base/log.h"
#include "pipeline/report_numbers.h"
#include "pipeline/result_paths.h"
#include "pipeline/score_report.h"

bool wl_loo_is_done(const wl_loo *loo) {
  return loo->scores.mean[WL_PRIOR_THETA].points > 0 || loo->scores.mean[WL_PRIOR_KAPPA].points > 0;
}

/* Σ log p(y_i | all others), over points and outputs. */
static double log_density(const wl_score *s) {
  return -wl_score_negative_log_likelihood(s) * (double)(s->points * s->outputs);
}

/* ---- console ----------------------------------------------------------------------------------------------------- */

static void print_means(const wl_loo *loo, bool classes) {
  wl_log_line("\n  left out, mean       RMSE%s", classes ? "    accuracy" : "");
  for (int p = 0; p < WL_PRIOR_COUNT; p++) {
    const wl_score *s = &loo->scores.mean[p];
    if (s->points == 0) continue;
    if (classes)
      wl_log_line("  %-14s %10.6f      %.4f", wl_mean_name(p), wl_score_rmse(s), wl_score_accuracy(s));
    else
      wl_log_line("  %-14s %10.6f", wl_mean_name(p), wl_score_rmse(s));
  }
}

enum { LEVELS = 2 }; /* shown of those asked for */

static void print_quantity(const wl_loo *loo, int q, bool classes) {
  char density[32] = "-", columns[WL_SCORE_COLUMNS];
  if (wl_is_predictive(q)) snprintf(density, sizeof density, "%.6g", log_density(&loo->scores.likelihood[q]));
  wl_score_columns(&loo->scores, q, LEVELS, classes, loo->risk[q], columns);
  wl_log_line("  %-12s %12.6g %12s%s", wl_quantity_name((wl_quantity)q), loo->variance_mean[q], density, columns);
}

static void print_surprises(const wl_loo *loo) {
  for (int p = 0; p < WL_PRIOR_COUNT; p++) {
    if (loo->surprises[p] == 0) continue;
    char text[512] = "";
    for (int k = 0, used = 0; k < loo->surprises[p] && used < (int)sizeof text; k++)
      used += snprintf(text + used, sizeof text - (size_t)used, "%s%lld (%.2f)",
                       k == 0  ? ""
                       : k % 5 ? ", "
                               : ",\n    ",
                       (long long)loo->surprise[p][k].row + 1, loo->surprise[p][k].residual);
    wl_log_line("  most surprising training rows by %s, from 1 (standardized residual):\n    %s",
                wl_quantity_name(loo->surprised_by[p]), text);
  }
}

void wl_loo_print(const wl_loo *loo, bool classes) {
  if (!wl_loo_is_done(loo)) return;
  char heads[WL_SCORE_COLUMNS];
  print_means(loo, classes);
  wl_score_heads(&loo->scores, LEVELS, classes, heads);
  wl_log_line("\n  left out    mean variance  log density%s", heads);
  for (int q = 0; q < WL_QUANTITY_COUNT; q++)
    if (loo->scores.likelihood[q].points > 0) print_quantity(loo, q, classes);
  print_surprises(loo);
  if (loo->clamped > 0)
    wl_log_text(2, "  %lld variance(s) of left-out points below zero by rounding (down to %.1e) set to zero",
                (long long)loo->clamped, loo->most_negative);
}

/* ---- summary.json ------------------------------------------------------------------------------------------------ */

static json_t *mean_object(const wl_loo *loo, int p, bool classes) {
  json_t *o = wl_scores_mean_object(&loo->scores, p, classes), *rows = json_array();
  for (int k = 0; k < loo->surprises[p]; k++)
    json_array_append_new(rows, json_pack("{s:I, s:o}", "index", (json_int_t)loo->surprise[p][k].row,
                                          "standardized_residual", wl_json_number(loo->surprise[p][k].residual)));
  if (loo->surprises[p] > 0)
    json_object_set_new(o, "surprising",
                        json_pack("{s:s, s:o}", "by", wl_quantity_name(loo->surprised_by[p]), "rows", rows));
  else
    json_decref(rows);
  return o;
}

static json_t *quantity_object(const wl_loo *loo, int q, bool classes) {
  json_t *o = json_pack("{s:o}", "mean_variance", wl_json_number(loo->variance_mean[q]));
  if (wl_is_predictive(q))
    json_object_set_new(o, "log_predictive_density_sum", wl_json_number(log_density(&loo->scores.likelihood[q])));
  wl_scores_set_quantity(&loo->scores, q, classes, loo->risk[q], o);
  return o;
}

json_t *wl_loo_object(const wl_loo *loo, bool classes) {
  json_t *mean = json_object(), *quantity = json_object();
  for (int p = 0; p < WL_PRIOR_COUNT; p++)
    if (loo->scores.mean[p].points > 0) json_object_set_new(mean, wl_mean_name(p), mean_object(loo, p, classes));
  for (int q = 0; q < WL_QUANTITY_COUNT; q++)
    if (loo->scores.likelihood[q].points > 0)
      json_object_set_new(quantity, wl_quantity_name((wl_quantity)q), quantity_object(loo, q, classes));
  return json_pack("{s:o, s:o, s:o}", "mean", mean, "quantity", quantity, "clamped",
                   json_pack("{s:I, s:o}", "count", (json_int_t)loo->clamped, "most_negative",
                             wl_json_number(loo->most_negative)));
}
