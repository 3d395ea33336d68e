/**
 * @file finite.h
 * The theory held against trained networks of finite width: read, solve exactly, train, compare, write.
 */
#ifndef WIDELIMIT_PIPELINE_FINITE_H
#define WIDELIMIT_PIPELINE_FINITE_H

#include "pipeline/request.h"
#include "widelimit/error.h"

/** Collective over MPI_COMM_WORLD. From the configuration to the files in the output folder. */
wl_error wl_finite_run(const wl_request *request);

#endif
