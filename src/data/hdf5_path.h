/**
 * @file hdf5_path.h
 * Private to the sources: from the path of a dataset within an HDF5 file to the dataset, or to what is there instead. Local.
 */
#ifndef WIDELIMIT_DATA_HDF5_PATH_H
#define WIDELIMIT_DATA_HDF5_PATH_H

#include <hdf5.h>

#include "data/source_format.h"

/**
 * Opens the dataset that the source's selector names.
 * @param file     the source's, open
 * @param access   how links are followed (hdf5_links.h)
 * @param dataset  to be closed by the caller; H5I_INVALID_HID on an error
 * Errors: WL_ERROR_DATA, naming what is there instead: other names, a group, a type, a link that leads nowhere; WL_ERROR_MEMORY.
 */
wl_error wl_hdf5_open_dataset(const wl_source *source, hid_t file, hid_t access, hid_t *dataset);

#endif
