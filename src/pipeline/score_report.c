#include "pipeline/score_report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- summary.json ------------------------------------------------------------------------------------------------ */

json_t *wl_scores_mean_object(const wl_scores *scores, int prior, bool classes) {
  const wl_score *s = &scores->mean[prior];
  json_t *o = json_pack("{s:I, s:o}", "points", (json_int_t)s->points, "rmse", wl_json_number(wl_score_rmse(s)));
  if (classes) json_object_set_new(o, "accuracy", wl_json_number(wl_score_accuracy(s)));
  return o;
}

static json_t *coverage_array(const wl_calibration *c) {
  json_t *coverage = json_array();
  for (int k = 0; k < c->level_count; k++)
    json_array_append_new(coverage, json_pack("{s:o, s:o}", "level", wl_json_number(c->level[k]), "share",
                                              wl_json_number(wl_calibration_coverage(c, k))));
  return coverage;
}

void wl_scores_set_quantity(const wl_scores *scores, int q, bool classes, double risk, json_t *object) {
  const wl_calibration *c = &scores->calibration[q];
  if (wl_is_predictive(q)) {
    json_object_set_new(object, "negative_log_likelihood",
                        wl_json_number(wl_score_negative_log_likelihood(&scores->likelihood[q])));
    json_object_set_new(object, "coverage", coverage_array(c));
    json_object_set_new(object, "crps", wl_json_number(wl_calibration_crps(c)));
  }
  if (wl_is_predictive(q) && classes) {
    const wl_class_calibration *k = &scores->classes[q];
    json_object_set_new(object, "expected_calibration_error", wl_json_number(wl_class_calibration_error(k)));
    json_object_set_new(object, "brier_score", wl_json_number(wl_class_calibration_brier(k)));
  }
  json_object_set_new(object, "aurc", wl_json_number(risk));
}

/* ---- console ----------------------------------------------------------------------------------------------------- */

static void append(char *text, const char *format, double value) {
  const size_t used = strlen(text);
  if (isfinite(value))
    snprintf(text + used, WL_SCORE_COLUMNS - used, format, value);
  else
    snprintf(text + used, WL_SCORE_COLUMNS - used, " %9s", "-");
}

static void append_word(char *text, int width, const char *word) {
  const size_t used = strlen(text);
  snprintf(text + used, WL_SCORE_COLUMNS - used, "%*s", width, word);
}

/* The levels are the same for all quantities that have any. */
static const wl_calibration *any_calibration(const wl_scores *scores) {
  int q = 0;
  while (q < WL_QUANTITY_COUNT - 1 && scores->calibration[q].level_count == 0) q++;
  return &scores->calibration[q];
}

static int smaller_of(int a, int b) { return a < b ? a : b; }

void wl_score_heads(const wl_scores *scores, int levels, bool classes, char text[WL_SCORE_COLUMNS]) {
  const wl_calibration *c = any_calibration(scores);
  text[0] = '\0';
  if (classes) {
    append_word(text, 10, "ECE");
    append_word(text, 10, "Brier");
  } else {
    for (int k = 0; k < smaller_of(levels, c->level_count); k++) {
      char level[32];
      snprintf(level, sizeof level, "in %.4g %%", 100.0 * c->level[k]);
      append_word(text, 10, level);
    }
    append_word(text, 10, "CRPS");
  }
  append_word(text, 10, "AURC");
}

void wl_score_columns(const wl_scores *scores, int q, int levels, bool classes, double risk,
                      char text[WL_SCORE_COLUMNS]) {
  const bool predictive = wl_is_predictive(q);
  const wl_calibration *c = &scores->calibration[q];
  text[0] = '\0';
  if (classes) {
    append(text, " %9.4f", predictive ? wl_class_calibration_error(&scores->classes[q]) : NAN);
    append(text, " %9.4f", predictive ? wl_class_calibration_brier(&scores->classes[q]) : NAN);
  } else {
    const int shown = smaller_of(levels, any_calibration(scores)->level_count);
    for (int k = 0; k < shown; k++)
      append(text, "%8.1f %%", predictive ? 100.0 * wl_calibration_coverage(c, k) : NAN);
    append(text, " %9.5g", predictive ? wl_calibration_crps(c) : NAN);
  }
  append(text, " %9.5g", risk);
}
