#include "finite/statistics.h"

#include <cblas.h>
#include <math.h>

wl_estimate wl_stat_mean(int64_t count, const double *values) {
  const double M = (double)count;
  double mean = 0.0, squares = 0.0, cubes = 0.0;
  for (int64_t i = 0; i < count; i++) mean += values[i] / M;
  for (int64_t i = 0; i < count; i++) {
    const double apart = values[i] - mean;
    squares += apart * apart;
    cubes += apart * apart * apart;
  }
  const double error = sqrt(squares / (M * (M - 1.0)));
  const double skewness = squares > 0.0 ? cubes / M / pow(squares / M, 1.5) : 0.0;
  return (wl_estimate){.value = mean, .error = error, .null_error = error, .skew = skewness / sqrt(M)};
}

double wl_stat_deviations(const wl_estimate *e) {
  if (!(e->error > 0.0)) return e->value == 0.0 ? 0.0 : copysign(INFINITY, e->value);
  const double t = e->value / e->error, s = e->skew;
  return t + s * t * t / 3.0 + s * s * t * t * t / 27.0 + s / 6.0;
}

/* The variance of the means of rows, which holds that of E[B]·B, and more the fewer entries a row has. */
static double projection_variance(int64_t count, const double *gram, double value, double scatter) {
  const double M = (double)count;
  double sum = 0.0;
  for (int64_t i = 0; i < count; i++) {
    double row = 0.0;
    for (int64_t j = 0; j < count; j++) row += gram[i * count + j];
    row = row / (M - 1.0) - value;
    sum += row * row;
  }
  return fmax(sum / (M - 1.0) - scatter / (M - 1.0), 0.0);
}

wl_estimate wl_stat_square(int64_t count, double *gram, double *work) {
  const double M = (double)count, pairs = M * (M - 1.0);
  double sum = 0.0, squares = 0.0;
  for (int64_t i = 0; i < count; i++) gram[i * count + i] = 0.0;
  for (int64_t i = 0; i < count * count; i++) {
    sum += gram[i];
    squares += gram[i] * gram[i];
  }
  const double value = sum / pairs, scatter = fmax(squares / pairs - value * value, 0.0);
  const double variance = 4.0 / M * projection_variance(count, gram, value, scatter) + 2.0 * scatter / pairs;
  /* tr C³ from the triangles i ≠ j ≠ k */
  const blasint n = (blasint)count;
  cblas_dsymm(CblasColMajor, CblasLeft, CblasLower, n, n, 1.0, gram, n, gram, n, 0.0, work, n);
  double triangles = 0.0;
  for (int64_t i = 0; i < count * count; i++) triangles += work[i] * gram[i];
  triangles /= pairs * (M - 2.0);
  wl_estimate e = {.value = value, .error = sqrt(variance), .null_error = sqrt(2.0 * scatter / pairs)};
  if (triangles > 0.0 && squares > 0.0) e.dof = fmax(pow(squares / pairs, 3.0) / (triangles * triangles), 1.0);
  return e;
}

/* A measurement without any scatter still has rounding. */
static double weight_of(const wl_series_data *data, int64_t w) {
  const double error = fmax(data->error[w], 1e-9 * fabs(data->y[w]) + 1e-30);
  return 1.0 / (error * error);
}

void wl_stat_extrapolation(int64_t count, const int64_t *n, double *weights) {
  for (int64_t w = 0; w < count; w++) {
    weights[w] = 1.0;
    for (int64_t v = 0; v < count; v++)
      if (v != w) weights[w] *= (double)n[w] / (double)(n[w] - n[v]);
  }
}

static double misfit(const wl_series_data *data, double q, double *amplitude) {
  double yy = 0.0, yp = 0.0, pp = 0.0;
  for (int64_t w = 0; w < data->count; w++) {
    const double p = pow(data->n[w] / data->n[0], -q), weight = weight_of(data, w);
    yy += weight * data->y[w] * data->y[w];
    yp += weight * data->y[w] * p;
    pp += weight * p * p;
  }
  *amplitude = yp / pp * pow(data->n[0], q);
  return yy - yp * yp / pp;
}

double wl_stat_rate(const wl_series_data *data, double deviations, double *low, double *high, double *amplitude) {
  enum { STEPS = 20000 };
  const double from = -10.0, step = 20.0 / STEPS;
  double best = from, least = INFINITY, a;
  for (int i = 0; i <= STEPS; i++) {
    const double q = from + step * i, at = misfit(data, q, &a);
    if (at >= least) continue;
    least = at;
    best = q;
    *amplitude = a;
  }
  const double spare = data->count > 2 ? fmax(least / (double)(data->count - 2), 1.0) : 1.0;
  const double limit = least + deviations * deviations * spare;
  *low = INFINITY;
  *high = -INFINITY;
  for (int i = 0; i <= STEPS; i++) {
    const double q = from + step * i;
    if (misfit(data, q, &a) > limit) continue;
    *low = fmin(*low, i == 0 ? -INFINITY : q);
    *high = fmax(*high, i == STEPS ? INFINITY : q);
  }
  return best;
}
