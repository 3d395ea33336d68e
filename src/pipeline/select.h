/**
 * @file select.h
 * The command select: which points of a pool to label next.
 */
#ifndef WIDELIMIT_PIPELINE_SELECT_H
#define WIDELIMIT_PIPELINE_SELECT_H

#include "config/config.h"
#include "pipeline/request.h"

/**
 * Root. Makes a configuration one of select: its pool stands in for the test points, and select.by is the one quantity.
 * Errors: WL_ERROR_CONFIG where it has no section select; WL_ERROR_MEMORY.
 */
wl_error wl_select_prepare(wl_config *config);

/** Collective over MPI_COMM_WORLD. From the configuration to the files in the output folder. */
wl_error wl_select(const wl_request *request);

#endif
