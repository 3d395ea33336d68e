#include "kernel/points.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/block.h"
#include "kernel/rounding.h"

/* Variances up to here are accepted: products of two of them do not overflow. */
static const double variance_limit = 1e150;

static wl_error allocate(double **array, int64_t count) {
  *array = count > 0 ? calloc((size_t)count, sizeof **array) : NULL;
  if (count > 0 && !*array) WL_FAIL(WL_ERROR_MEMORY, "no memory for %lld numbers", (long long)count);
  return WL_OK;
}

static wl_error allocate_all(wl_kernel_points *points) {
  const int64_t count = points->count, series = points->program.series * count;
  WL_TRY(allocate(&points->kappa, count));
  WL_TRY(allocate(&points->theta, count));
  WL_TRY(allocate(&points->variance, count));
  WL_TRY(allocate(&points->inverse_root, count));
  WL_TRY(allocate(&points->field, points->program.fields * count));
  if (series == 0) return WL_OK;
  points->series_start = calloc((size_t)series, sizeof *points->series_start);
  points->series_terms = calloc((size_t)series, sizeof *points->series_terms);
  if (!points->series_start || !points->series_terms)
    WL_FAIL(WL_ERROR_MEMORY, "no memory for the series of %lld points", (long long)count);
  return WL_OK;
}

/* κ¹ = σ_w² |x|²/d + σ_b², the square summed with more digits than a double has. */
static double first_variance(const wl_kernel_points *points, int64_t i) {
  const double *x = points->x + i * points->dimension;
  long double sum = 0.0L;
  for (int64_t k = 0; k < points->dimension; k++) sum += (long double)x[k] * (long double)x[k];
  return (double)((long double)points->program.weight * sum / (long double)points->dimension +
                  (long double)points->program.bias);
}

static wl_error append_series(wl_kernel_points *points, int64_t at, const wl_series *series) {
  const int count = series->terms[WL_SERIES_LEVELS - 1];
  if (!points->series || points->series_used + count > points->series_room) {
    const int64_t room = 2 * points->series_room + WL_SERIES_TERMS;
    double *grown = realloc(points->series, (size_t)room * sizeof *grown);
    if (!grown) WL_FAIL(WL_ERROR_MEMORY, "no memory for a series of %lld numbers", (long long)room);
    points->series = grown;
    points->series_room = room;
  }
  memcpy(points->series + points->series_used, series->B, (size_t)count * sizeof *series->B);
  memcpy(points->series_terms[at], series->terms, sizeof series->terms);
  points->series_start[at] = points->series_used;
  points->series_used += count;
  return WL_OK;
}

/* Everything follows from the variance: a point with that of the one before has all of it. */
static void copy_previous(wl_kernel_points *points, int64_t i) {
  points->kappa[i] = points->kappa[i - 1];
  points->theta[i] = points->theta[i - 1];
  for (int s = 0; s < points->program.count; s++) {
    const wl_step *step = &points->program.step[s];
    if (step->fields > 0)
      memcpy(wl_kernel_points_field(points, step, i), wl_kernel_points_field(points, step, i - 1),
             (size_t)step->fields * sizeof(double));
    if (step->series < 0) continue;
    const int64_t at = wl_kernel_points_series(points, step, i);
    points->series_start[at] = points->series_start[at - 1];
    memcpy(points->series_terms[at], points->series_terms[at - 1], sizeof points->series_terms[at]);
  }
}

static long long label_of(const wl_kernel_points *points, int64_t i) {
  return points->label ? points->label[i] : i;
}

static wl_error check_variance(const wl_kernel_points *points, double q, int layer, int64_t i) {
  if (q <= variance_limit) return WL_OK;
  WL_FAIL(WL_ERROR_NUMERICAL,
          "the variance of point %lld in layer %d is %g, too large to go on; scale the inputs or reduce sigma_w, "
          "sigma_b or the depth",
          label_of(points, i), layer, q);
}

/* The series at the step of variance q, where E[φ'²] = slope. */
static wl_error add_series(wl_kernel_points *points, const wl_step *step, int64_t i, double q, double slope) {
  wl_series series;
  wl_logistic_series(&step->model->logistic, q, slope, &series);
  wl_kernel_points_field(points, step, i)[3] = series.limit;
  return append_series(points, wl_kernel_points_series(points, step, i), &series);
}

/* The recursion on the diagonal. */
static wl_error recurse(wl_kernel_points *points, int64_t i) {
  wl_point_state state = {.q = points->variance[i], .theta = points->variance[i]};
  wl_entry_error error = wl_entry_error_start(points->dimension);
  for (int s = 0; s < points->program.count; s++) {
    const wl_step *step = &points->program.step[s];
    const double q = state.q;
    if (wl_step_normalizes(step) && !(q > 0.0))
      WL_FAIL(WL_ERROR_NUMERICAL, "point %lld has no variance that layer_norm could divide by in layer %d",
              label_of(points, i), step->layer);
    const double slope = wl_step_apply(step, &state, wl_kernel_points_field(points, step, i));
    WL_TRY(check_variance(points, state.q, step->layer, i));
    if (!isfinite(state.theta))
      WL_FAIL(WL_ERROR_NUMERICAL, "the tangent kernel of point %lld overflows in layer %d", label_of(points, i),
              step->layer);
    if (step->series >= 0) WL_TRY(add_series(points, step, i, q, slope));
    wl_entry_error_pass(step, q, slope, state.q, &error);
  }
  points->kappa[i] = state.q;
  points->theta[i] = state.theta;
  points->rounding = fmax(points->rounding, fmax(error.now.kappa, error.now.theta));
  return WL_OK;
}

static wl_error fill(wl_kernel_points *points) {
  for (int64_t i = 0; i < points->count; i++) {
    const double q = first_variance(points, i);
    WL_TRY(check_variance(points, q, 1, i));
    points->variance[i] = q;
    points->inverse_root[i] = q > 0.0 ? 1.0 / sqrt(q) : (double)NAN;
    if (i > 0 && q == points->variance[i - 1])
      copy_previous(points, i);
    else
      WL_TRY(recurse(points, i));
  }
  return WL_OK;
}

wl_error wl_kernel_points_create(const wl_network *network, int64_t count, int64_t dimension, const double *x,
                                 const int64_t *label, wl_kernel_points **result) {
  *result = NULL;
  if (dimension < 1 || dimension > INT32_MAX)
    WL_FAIL(WL_ERROR_CAPACITY, "points of dimension %lld; it must be between 1 and %d", (long long)dimension,
            INT32_MAX);
  wl_kernel_points *points = calloc(1, sizeof *points);
  if (!points) WL_FAIL(WL_ERROR_MEMORY, "no memory for a set of points");
  points->count = count;
  points->dimension = dimension;
  points->x = x;
  points->label = label;
  wl_error error = wl_program_init(&points->program, network, dimension);
  if (error == WL_OK) error = allocate_all(points);
  if (error == WL_OK) error = fill(points);
  points->label = NULL;
  if (error == WL_OK)
    *result = points;
  else
    wl_kernel_points_destroy(&points);
  return error;
}

void wl_kernel_points_destroy(wl_kernel_points **points) {
  if (!points || !*points) return;
  wl_program_release(&(*points)->program);
  free((*points)->kappa);
  free((*points)->theta);
  free((*points)->variance);
  free((*points)->inverse_root);
  free((*points)->field);
  free((*points)->series_start);
  free((*points)->series_terms);
  free((*points)->series);
  free((*points)->number);
  free(*points);
  *points = NULL;
}

int64_t wl_kernel_points_count(const wl_kernel_points *points) { return points->count; }

const double *wl_kernel_points_kappa(const wl_kernel_points *points) { return points->kappa; }

const double *wl_kernel_points_theta(const wl_kernel_points *points) { return points->theta; }

/* Put X = (σ_b, σ_w x/√d), so κ¹ = X·X'. The part of X' across X, e = X' − r X with r = X·X'/|X|², has
   sin² t = |e|²/|X'|²; a relative error ε of r enters as ε². Then 1 − |cos t| = sin² t/(1 + |cos t|). */
bool wl_kernel_points_near(const wl_kernel_points *a, int64_t i, const wl_kernel_points *b, int64_t j, double *e) {
  const int64_t d = a->dimension;
  const double *x = a->x + i * d, *y = b->x + j * d, q = a->variance[i], p = b->variance[j];
  const double c = copysign(1.0 - fabs(*e), *e), r = q > 0.0 ? c * (sqrt(p) / sqrt(q)) : 0.0;
  double sum[4] = {0.0, 0.0, 0.0, 0.0};
  bool equal = true;
  for (int64_t k = 0; k < d; k++) {
    const double across = y[k] - r * x[k];
    sum[k % 4] += across * across;
    equal &= x[k] == y[k];
  }
  if (q == 0.0 || p == 0.0) { /* a zero point has no angle: perpendicular to all, by convention */
    *e = 1.0;
    return equal;
  }
  const double across = (sum[0] + sum[1]) + (sum[2] + sum[3]), bias = a->program.bias * (1.0 - r) * (1.0 - r);
  const double sine2 = fmin((a->program.weight / (double)d * across + bias) / p, 1.0);
  *e = copysign(equal ? 0.0 : sine2 / (1.0 + sqrt(1.0 - sine2)), c);
  return equal;
}
