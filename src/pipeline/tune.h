/**
 * @file tune.h
 * The command tune: values of keys that the training data makes most likely, or predicts best when left out.
 */
#ifndef WIDELIMIT_PIPELINE_TUNE_H
#define WIDELIMIT_PIPELINE_TUNE_H

#include "pipeline/request.h"
#include "widelimit/error.h"

/**
 * Collective over MPI_COMM_WORLD. From the configuration to tuned.yaml and tune.h5 in the output folder.
 * Errors: WL_ERROR_CONFIG, WL_ERROR_DATA; WL_ERROR_NUMERICAL where no evaluation succeeds; WL_ERROR_STOPPED after the clock or a
 * signal, with the best so far written; WL_ERROR_IO, WL_ERROR_MEMORY.
 */
wl_error wl_tune(const wl_request *request);

#endif
