/**
 * @file keep.h
 * What becomes of a batch of predictions.
 */
#ifndef WIDELIMIT_PIPELINE_KEEP_H
#define WIDELIMIT_PIPELINE_KEEP_H

#include "pipeline/tally.h"

/**
 * Root. Writes means and variances, in target units, and adds them to the tally. Errors: WL_ERROR_MEMORY; WL_ERROR_IO; those of the
 * readers of data.h.
 */
wl_error wl_keep_prediction(const wl_setup *setup, const wl_services *services, const wl_prediction *prediction,
                            wl_tally *tally);

#endif
