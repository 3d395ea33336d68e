/**
 * @file npy.h
 * Private to the sources: the header of an NPY file, which the members of an NPZ archive have too. Local.
 */
#ifndef WIDELIMIT_DATA_NPY_H
#define WIDELIMIT_DATA_NPY_H

#include "data/source_format.h"

/**
 * Finds rows, columns, element type and order from the stream of the source's state, a wl_array_file.
 * Errors: WL_ERROR_DATA: no NPY file, an element type or shape that cannot be used, truncated.
 */
wl_error wl_npy_begin(wl_source *source);

#endif
