/**
 * @file hdf5_type.h
 * Private to the sources: which element types of HDF5 are numbers. Local.
 */
#ifndef WIDELIMIT_DATA_HDF5_TYPE_H
#define WIDELIMIT_DATA_HDF5_TYPE_H

#include <hdf5.h>

#include "widelimit/error.h"

/**
 * Integers and floating point numbers of any size and byte order, and booleans: enumerations of FALSE 0 and TRUE 1 (h5py's).
 * @param label  names the dataset in messages
 * Errors: WL_ERROR_DATA, naming the type that it has.
 */
wl_error wl_hdf5_check_type(const char *label, hid_t dataset);

#endif
