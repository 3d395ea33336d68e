/**
 * @file run.h
 * A run: the phases in their order.
 */
#ifndef WIDELIMIT_PIPELINE_RUN_H
#define WIDELIMIT_PIPELINE_RUN_H

#include "pipeline/request.h"
#include "widelimit/error.h"

/** Collective over MPI_COMM_WORLD. From the configuration to the files in the output folder. */
wl_error wl_run(const wl_request *request);

#endif
