/**
 * @file units.h
 * From the units that a run computes in to those of the targets. With data.standardize_targets the model sees
 * (y − location)/scale, output by output; everything written and reported is turned back:
 *
 *   mean: location + scale·m     variance, covariance, kernel: scale²·v     draw: as a mean; of an error: scale·e
 *   log marginal likelihood: p − n·log(scale)
 *
 * One variance serves all outputs until here. Outputs of different scale have variances of their own, in a column each: `columns`
 * is the number of outputs then, and 1 otherwise.
 */
#ifndef WIDELIMIT_PIPELINE_UNITS_H
#define WIDELIMIT_PIPELINE_UNITS_H

#include "cost/job.h"
#include "results/results.h"

typedef struct wl_units {
  int64_t outputs, columns;
  bool standardized;
  double *location, *scale; /**< outputs each; 0 and 1 without standardize_targets */
} wl_units;

/**
 * Collective. @param data  on rank 0; others pass NULL.
 * Errors: WL_ERROR_MEMORY. To be cleared in any case.
 */
wl_error wl_units_create(const wl_config *config, const wl_data_shape *shape, const wl_data *data, MPI_Comm comm,
                         wl_units *units);

/** Local. Frees. */
void wl_units_clear(wl_units *units);

/**
 * Local. A copy of means and variances in target units, the variances count × columns. To be cleared (wl_prediction_clear) in any
 * case. Errors: WL_ERROR_MEMORY.
 */
wl_error wl_units_convert(const wl_units *units, const wl_prediction *prediction, wl_prediction *converted);

/** Local. What a log marginal likelihood of `points` standardized targets of an output is of the targets themselves. */
double wl_units_evidence(const wl_units *units, int64_t points, int64_t output, double value);

/**
 * Local. The place of the variances, covariances or kernels of an output (one of `columns`): a matrix of its own, or a plane where
 * there are several outputs. The path is borrowed.
 */
wl_results_slot wl_units_slot(const wl_units *units, int64_t column, const char *path);

/** Root. A dataset of such matrices. Errors: WL_ERROR_IO. */
wl_error wl_units_add_matrices(const wl_units *units, wl_results *results, const char *path, int64_t rows,
                               int64_t columns, const char *formula, const char *unit);

/** Root. /target/location and /target/scale, where targets are standardized. Errors: WL_ERROR_IO. */
wl_error wl_units_write(const wl_units *units, wl_results *results);

/** Local. Targets that were read for training (count × outputs) back in their units, in place. */
void wl_units_restore_targets(const wl_units *units, int64_t count, double *target);

/** Local. Variances in target units (count × columns), the noise in units of the model: + scale²·noise. */
void wl_units_add_noise(const wl_units *units, double noise_variance, int64_t count, const double *variance,
                        double *sum);

#endif
