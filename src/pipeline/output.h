/**
 * @file output.h
 * What a run writes to results.h5, but for its draws: datasets with their meaning, kernels, predictions.
 */
#ifndef WIDELIMIT_PIPELINE_OUTPUT_H
#define WIDELIMIT_PIPELINE_OUTPUT_H

#include "pipeline/assemble.h"
#include "pipeline/services.h"
#include "pipeline/setup.h"

/**
 * Collective. Makes all datasets, or goes on with the results of a checkpoint, so that a full disk or a wrong folder is known
 * before anything is computed. Errors: WL_ERROR_IO.
 */
wl_error wl_output_open(const wl_setup *setup, const wl_checkpointer *checkpointer, wl_results **results);

/** Local. Bytes of results.h5. */
double wl_output_bytes(const wl_setup *setup);

/** Collective. κ and Θ of XX (before it is factored), TX and TT, where they are asked for. */
wl_error wl_output_kernels(const wl_setup *setup, const wl_services *services, const wl_assembly *assembly);

/** Collective. Takes the mean of this prior and all that rests on it out of the results. Errors: WL_ERROR_IO. */
wl_error wl_output_leave_out(const wl_setup *setup, wl_results *results, wl_prior prior);

/** Root. Means and variances, also predictive ones, of a prediction in target units (units.h). */
wl_error wl_output_prediction(const wl_setup *setup, wl_results *results, const wl_prediction *prediction);

/** Collective. The covariances of a prediction, which `square` holds, in units of the model as it is. */
wl_error wl_output_covariances(const wl_setup *setup, wl_results *results, const wl_prediction *prediction,
                               const wl_matrix *square);

#endif
