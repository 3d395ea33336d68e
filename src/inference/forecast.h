/**
 * @file forecast.h
 * Gaussian predictions and what was observed there: what scores are taken of.
 */
#ifndef WIDELIMIT_INFERENCE_FORECAST_H
#define WIDELIMIT_INFERENCE_FORECAST_H

#include <stdint.h>

/** Arrays are row-major and borrowed. Output j of point i is predicted as N(mean_ij, v_ij). */
typedef struct wl_forecast {
  int64_t count, outputs;
  int64_t columns;        /**< of variance: 1, the same for all outputs, or `outputs`, each its own */
  const double *mean;     /**< count × outputs */
  const double *variance; /**< v, of a new observation (function plus noise); NULL: no distribution */
  const double *target;   /**< count × outputs */
  const double *skip;     /**< count; points with another number than 0 do not count; NULL: all count */
} wl_forecast;

/** Local. v of an output at a point. */
static inline double wl_forecast_variance(const wl_forecast *f, int64_t point, int64_t output) {
  return f->variance[point * f->columns + (f->columns > 1 ? output : 0)];
}

/** Local. Whether a point counts. */
static inline int wl_forecast_counts(const wl_forecast *f, int64_t point) {
  return !f->skip || f->skip[point] == 0.0;
}

#endif
