#include "data/moments.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

bool wl_moments_create(int64_t columns, wl_moments *moments) {
  *moments = (wl_moments){.columns = columns};
  double **const arrays[] = {&moments->unit, &moments->low, &moments->high, &moments->mean, &moments->inverse};
  for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
    if ((*arrays[i] = calloc((size_t)columns, sizeof(double))) == NULL) return false;
  return true;
}

void wl_moments_free(wl_moments *moments) {
  free(moments->unit);
  free(moments->low);
  free(moments->high);
  free(moments->mean);
  free(moments->inverse);
  *moments = (wl_moments){0};
}

void wl_moments_measure(wl_moments *moments, const double *row) {
  for (int64_t k = 0; k < moments->columns; k++) {
    if (moments->rows == 0 || row[k] < moments->low[k]) moments->low[k] = row[k];
    if (moments->rows == 0 || row[k] > moments->high[k]) moments->high[k] = row[k];
  }
  moments->rows++;
}

void wl_moments_begin(wl_moments *moments) {
  for (int64_t k = 0; k < moments->columns; k++) {
    const double largest = fmax(fabs(moments->low[k]), fabs(moments->high[k]));
    int exponent = 0;
    (void)frexp(largest, &exponent);
    exponent = exponent < -1020 ? -1020 : exponent > 1020 ? 1020 : exponent; /* 2^e and 2^-e are normal numbers */
    moments->unit[k] = largest > 0.0 ? ldexp(1.0, -exponent) : 1.0;
    moments->low[k] *= moments->unit[k];
    moments->high[k] *= moments->unit[k];
  }
  moments->rows = 0;
}

void wl_moments_add(wl_moments *moments, const double *row) {
  moments->rows++;
  for (int64_t k = 0; k < moments->columns; k++) {
    const double x = row[k] * moments->unit[k] - moments->low[k], delta = x - moments->mean[k];
    moments->mean[k] += delta / (double)moments->rows;
    moments->inverse[k] += delta * (x - moments->mean[k]); /* the sum of squares, until the end */
  }
}

int64_t wl_moments_end(wl_moments *moments, int64_t *first) {
  int64_t constant = 0;
  for (int64_t k = moments->columns; k-- > 0;) {
    const double largest = fmax(fabs(moments->low[k]), fabs(moments->high[k]));
    const double deviation = sqrt(moments->inverse[k] / (double)moments->rows);
    moments->inverse[k] = 1.0 / deviation;
    if (moments->high[k] - moments->low[k] > 16 * DBL_EPSILON * largest && deviation > 0.0) continue;
    moments->inverse[k] = 1.0 / moments->unit[k];
    constant++;
    *first = k;
  }
  return constant;
}

void wl_moments_apply(const wl_moments *moments, double *row) {
  for (int64_t k = 0; k < moments->columns; k++)
    row[k] = (row[k] * moments->unit[k] - moments->low[k] - moments->mean[k]) * moments->inverse[k];
}

double wl_moments_location(const wl_moments *moments, int64_t k) {
  return (moments->low[k] + moments->mean[k]) / moments->unit[k];
}

double wl_moments_scale(const wl_moments *moments, int64_t k) {
  return 1.0 / moments->inverse[k] / moments->unit[k];
}
