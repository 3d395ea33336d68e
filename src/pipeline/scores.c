#include "pipeline/scores.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "inference/detection.h"

_Static_assert((int)WL_INTERVALS <= (int)WL_LEVELS, "every interval that may be asked for is counted");

int wl_interval_levels(const wl_config *config, double level[WL_LEVELS]) {
  static const double usual[] = {0.5, 0.9};
  const wl_reals *asked = &config->output_intervals;
  const double *from = asked->count > 0 ? asked->values : usual;
  const int count = asked->count > 0 ? (int)asked->count : (int)(sizeof usual / sizeof *usual);
  memcpy(level, from, sizeof *level * (size_t)count);
  return count;
}

/* What the Gaussians of the classes give as probabilities. */
static void add_classes(const wl_forecast *f, double *work, wl_class_calibration *classes) {
  double *probability = work + 3 * f->outputs;
  for (int64_t i = 0; i < f->count; i++) {
    if (!wl_forecast_counts(f, i)) continue;
    wl_class_probabilities(f->outputs, f->mean + i * f->outputs, f->variance[i * f->columns], work, probability);
    wl_class_calibration_add(classes, f->outputs, probability, wl_forecast_class(f, i));
  }
}

static void add_quantity(const wl_setup *setup, const wl_forecast *f, int q, double *work, wl_scores *s) {
  wl_calibration *calibration = &s->calibration[q];
  calibration->outputs = f->outputs;
  calibration->level_count = wl_interval_levels(setup->config, calibration->level);
  wl_score_add(&s->likelihood[q], f);
  if (!wl_is_predictive(q)) return;
  wl_calibration_add(calibration, f);
  if (setup->shape.classes) add_classes(f, work, &s->classes[q]);
}

static void count_classes(const wl_setup *setup, const wl_forecast *f, int64_t *points_of) {
  const int64_t *examples = wl_data_class_counts(setup->data);
  for (int64_t i = 0; i < f->count; i++) {
    const int64_t class = wl_forecast_class(f, i);
    if (wl_forecast_counts(f, i)) points_of[class < 0 || examples[class] == 0 ? f->outputs : class]++;
  }
}

/* Room for what is kept of all points of a prior. */
static wl_error make_room(const wl_setup *setup, wl_prior prior, int64_t points, wl_scores *s) {
  const size_t classes = (size_t)setup->shape.outputs + 1;
  if (!s->loss[prior]) s->loss[prior] = malloc(sizeof(double) * (size_t)(points + 1));
  if (!s->points_of[prior] && setup->shape.classes) s->points_of[prior] = calloc(classes, sizeof(int64_t));
  if (s->loss[prior] && (s->points_of[prior] || !setup->shape.classes)) return WL_OK;
  WL_FAIL(WL_ERROR_MEMORY, "metrics: out of memory");
}

wl_error wl_scores_add(const wl_setup *setup, const wl_prediction *p, int64_t points, const double *target,
                       const double *skip, wl_scores *s) {
  wl_forecast f = {.count = p->count,
                   .outputs = p->outputs,
                   .columns = setup->units.columns,
                   .mean = p->mean,
                   .target = target,
                   .skip = skip};
  WL_TRY(make_room(setup, p->prior, points, s));
  double *observed = malloc(sizeof(double) * (size_t)(f.count * f.columns + 4 * f.outputs));
  if (!observed) WL_FAIL(WL_ERROR_MEMORY, "metrics: out of memory");
  wl_score_add(&s->mean[p->prior], &f);
  wl_forecast_losses(&f, setup->shape.classes, s->loss[p->prior] + p->first);
  if (setup->shape.classes) count_classes(setup, &f, s->points_of[p->prior]);
  f.variance = observed;
  for (int q = 0; q < WL_QUANTITY_COUNT; q++) {
    if (!p->variance[q]) continue;
    wl_units_add_noise(&setup->units, setup->config->noise_variance, f.count, p->variance[q], observed);
    add_quantity(setup, &f, q, observed + f.count * f.columns, s);
  }
  free(observed);
  return WL_OK;
}

wl_error wl_scores_risk(const wl_setup *setup, const wl_scores *s, wl_prior prior, int64_t points,
                        const double *variance, const double *skip, double *area) {
  *area = NAN;
  if (!s->loss[prior]) return WL_OK;
  double *score = malloc(2 * sizeof(double) * (size_t)(points + 1));
  if (!score) WL_FAIL(WL_ERROR_MEMORY, "metrics: out of memory");
  double *loss = score + points;
  int64_t count = 0;
  for (int64_t i = 0; i < points; i++) {
    if (skip && skip[i] != 0.0) continue;
    score[count] = variance[i * setup->units.columns];
    loss[count++] = s->loss[prior][i];
  }
  const wl_error error = wl_risk_coverage(count, score, loss, area);
  free(score);
  return error;
}

const int64_t *wl_scores_class_points(const wl_scores *s) {
  return s->points_of[WL_PRIOR_THETA] ? s->points_of[WL_PRIOR_THETA] : s->points_of[WL_PRIOR_KAPPA];
}

void wl_scores_forget(wl_scores *s, wl_prior prior) {
  s->mean[prior] = (wl_score){0};
  free(s->points_of[prior]);
  free(s->loss[prior]);
  s->points_of[prior] = NULL;
  s->loss[prior] = NULL;
  for (int q = 0; q < WL_QUANTITY_COUNT; q++) {
    if (wl_quantity_prior((wl_quantity)q) != prior) continue;
    s->likelihood[q] = (wl_score){0};
    s->calibration[q] = (wl_calibration){0};
    s->classes[q] = (wl_class_calibration){0};
  }
}

void wl_scores_clear(wl_scores *s) {
  for (int p = 0; p < WL_PRIOR_COUNT; p++) wl_scores_forget(s, (wl_prior)p);
}
