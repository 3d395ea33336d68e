/**
 * @file predictive.h
 * What is said of a new observation: its variance, function plus noise, and its central intervals, of the quantities that stand for
 * a prediction of their own (bayesian_rnd equals ntk_gp). In target units.
 *
 *   /predictive/NAME       m, or m × c with standardized targets
 *   /interval/NAME/LEVEL   m × c × 2: low and high, for each level of output.intervals
 */
#ifndef WIDELIMIT_PIPELINE_PREDICTIVE_H
#define WIDELIMIT_PIPELINE_PREDICTIVE_H

#include "pipeline/setup.h"
#include "results/results.h"

/** Root. Makes the datasets. Errors: WL_ERROR_IO. */
wl_error wl_predictive_declare(const wl_setup *setup, wl_results *results);

/** Root. Those of a prediction in target units (units.h). Errors: WL_ERROR_IO, WL_ERROR_MEMORY. */
wl_error wl_predictive_write(const wl_setup *setup, const wl_prediction *prediction, wl_results *results);

/** Root. Takes those of a prior out again. Errors: WL_ERROR_IO. */
wl_error wl_predictive_remove(const wl_setup *setup, wl_prior prior, wl_results *results);

/** Local. Bytes of the datasets. */
double wl_predictive_bytes(const wl_setup *setup);

#endif
