/**
 * @file iterate_output.h
 * Brackets in results.h5: /bracket/mean/NAME and /bracket/variance/NAME. Root.
 */
#ifndef WIDELIMIT_PIPELINE_ITERATE_OUTPUT_H
#define WIDELIMIT_PIPELINE_ITERATE_OUTPUT_H

#include "inference/iterative.h"
#include "pipeline/setup.h"

/** Makes the datasets, where the solver is iterative. Errors: WL_ERROR_IO. */
wl_error wl_brackets_declare(const wl_setup *setup, wl_results *results);

/** Those of a batch, in target units. Errors: WL_ERROR_MEMORY; WL_ERROR_IO. */
wl_error wl_brackets_write(const wl_setup *setup, wl_results *results, const wl_bracketed *bracketed);

#endif
