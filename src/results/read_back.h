/**
 * @file read_back.h
 * What an earlier run left in an HDF5 file. Local, on rank 0.
 */
#ifndef WIDELIMIT_RESULTS_READ_BACK_H
#define WIDELIMIT_RESULTS_READ_BACK_H

#include <stdint.h>

#include "widelimit/error.h"

/**
 * A text that wl_results_note left; *text is owned by the caller.
 * Errors: WL_ERROR_DATA, naming the file, where it is none of ours; WL_ERROR_MEMORY.
 */
wl_error wl_read_back_note(const char *path, const char *name, char **text);

/**
 * A dataset of doubles as rows × columns, 1 of a vector; *values is owned by the caller.
 * Errors: WL_ERROR_DATA, naming file and dataset; WL_ERROR_MEMORY.
 */
wl_error wl_read_back(const char *path, const char *set, int64_t *rows, int64_t *columns, double **values);

#endif
