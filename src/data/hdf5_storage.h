/**
 * @file hdf5_storage.h
 * Private to the sources: whether all numbers of a dataset exist. HDF5 gives zeros for those that do not: chunks never
 * written, sources of a virtual dataset that are not there, the end of an external file that is too short. Local.
 */
#ifndef WIDELIMIT_DATA_HDF5_STORAGE_H
#define WIDELIMIT_DATA_HDF5_STORAGE_H

#include <hdf5.h>

#include "data/source.h"

/**
 * @param label  names the dataset in messages
 * @param path   of its file
 * Errors: WL_ERROR_DATA, naming what is missing: rows, a file, a dataset, or a filter this HDF5 does not have.
 */
wl_error wl_hdf5_check_storage(const char *label, const char *path, hid_t dataset);

/** Visits the other files that hold its numbers, as far as they can be found. */
void wl_hdf5_visit_storage(const char *path, hid_t dataset, const wl_file_visitor *visitor);

#endif
