#include "inference/calibration.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

double wl_normal_half_width(double level) { return gsl_cdf_ugaussian_Qinv(0.5 * (1.0 - level)); }

double wl_crps_normal(double mean, double v, double y) {
  if (v <= 0.0) return fabs(y - mean);
  const double s = sqrt(v), z = (y - mean) / s;
  const double density = exp(-0.5 * z * z) / sqrt(2.0 * M_PI);
  return s * (z * erf(z * M_SQRT1_2) + 2.0 * density - 1.0 / sqrt(M_PI));
}

void wl_calibration_add(wl_calibration *c, const wl_forecast *f) {
  double width[WL_LEVELS];
  for (int k = 0; k < c->level_count; k++) width[k] = wl_normal_half_width(c->level[k]);
  for (int64_t i = 0; i < f->count; i++) {
    if (!wl_forecast_counts(f, i)) continue;
    c->points++;
    for (int64_t j = 0; j < f->outputs; j++) {
      const double mean = f->mean[i * f->outputs + j], target = f->target[i * f->outputs + j];
      const double v = wl_forecast_variance(f, i, j), distance = fabs(target - mean), s = sqrt(v);
      for (int k = 0; k < c->level_count; k++) c->inside[k] += distance <= width[k] * s;
      c->crps += wl_crps_normal(mean, v, target);
    }
  }
}

double wl_calibration_coverage(const wl_calibration *c, int k) {
  return (double)c->inside[k] / (double)(c->points * c->outputs);
}

double wl_calibration_crps(const wl_calibration *c) { return c->crps / (double)(c->points * c->outputs); }

static int64_t first_largest(int64_t count, const double *x) {
  int64_t best = 0;
  for (int64_t j = 1; j < count; j++)
    if (x[j] > x[best]) best = j;
  return best;
}

/* p += h φ(x − mean_j) Π_{k≠j} Φ(x − mean_k), by products from both ends. */
static void add_node(int64_t classes, const double *mean, double s, double x, double h, double *work, double *p) {
  double *below = work, *before = work + classes, *after = work + 2 * classes;
  for (int64_t j = 0; j < classes; j++) below[j] = 0.5 * erfc(-(x - mean[j]) / s * M_SQRT1_2);
  before[0] = after[classes - 1] = 1.0;
  for (int64_t j = 1; j < classes; j++) before[j] = before[j - 1] * below[j - 1];
  for (int64_t j = classes - 1; j > 0; j--) after[j - 1] = after[j] * below[j];
  for (int64_t j = 0; j < classes; j++) {
    const double z = (x - mean[j]) / s;
    p[j] += h * exp(-0.5 * z * z) / sqrt(2.0 * M_PI) * before[j] * after[j];
  }
}

void wl_class_probabilities(int64_t classes, const double *mean, double v, double *work, double *p) {
  const int64_t best = first_largest(classes, mean);
  for (int64_t j = 0; j < classes; j++) p[j] = 0.0;
  if (v <= 0.0) {
    p[best] = 1.0;
    return;
  }
  /* The largest of all f is within 9 √v of the largest mean, but for 1e-18; h = √v/4 integrates Gaussians to 1e-30. */
  const double s = sqrt(v), h = 0.25;
  double sum = 0.0;
  for (int node = -36; node <= 36; node++) add_node(classes, mean, s, mean[best] + s * h * node, h, work, p);
  for (int64_t j = 0; j < classes; j++) sum += p[j];
  for (int64_t j = 0; j < classes; j++) p[j] /= sum;
}

void wl_class_calibration_add(wl_class_calibration *c, int64_t classes, const double *p, int64_t class) {
  const int64_t guess = first_largest(classes, p);
  double brier = class < 0 ? 1.0 : 0.0;
  for (int64_t j = 0; j < classes; j++) {
    const double missing = (j == class ? 1.0 : 0.0) - p[j];
    brier += missing * missing;
  }
  int bin = (int)ceil(p[guess] * WL_CONFIDENCE_BINS) - 1;
  if (bin > WL_CONFIDENCE_BINS - 1) bin = WL_CONFIDENCE_BINS - 1;
  c->points++;
  c->brier += brier;
  c->count[bin]++;
  c->confidence[bin] += p[guess];
  c->correct[bin] += guess == class;
}

double wl_class_calibration_brier(const wl_class_calibration *c) { return c->brier / (double)c->points; }

double wl_class_calibration_error(const wl_class_calibration *c) {
  double error = 0.0;
  for (int b = 0; b < WL_CONFIDENCE_BINS; b++) error += fabs((double)c->correct[b] - c->confidence[b]);
  return error / (double)c->points;
}
