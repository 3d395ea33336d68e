/**
 * @file observed.h
 * What was observed, as the run took it from its sources: written beside the predictions, so that results can be drawn and
 * scored without the sources. Classes stand there as one number a row, −1 where no training example has the class; inputs
 * only where they have one dimension.
 *
 * Root.
 */
#ifndef WIDELIMIT_PIPELINE_OBSERVED_H
#define WIDELIMIT_PIPELINE_OBSERVED_H

#include "pipeline/setup.h"
#include "results/results.h"

/**
 * /test/{targets,ood}, with data.split /{test,train}/rows, and for d = 1 /test/inputs and /train/{inputs,targets}, those that
 * there are.
 * Errors: those of the readers of data.h; WL_ERROR_IO; WL_ERROR_MEMORY.
 */
wl_error wl_observed_write(const wl_setup *setup, wl_results *results);

/** Local. Bytes of the datasets. */
double wl_observed_bytes(const wl_setup *setup);

#endif
