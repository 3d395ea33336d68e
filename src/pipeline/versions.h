/**
 * @file versions.h
 * The versions of the libraries under the program. Local.
 */
#ifndef WIDELIMIT_PIPELINE_VERSIONS_H
#define WIDELIMIT_PIPELINE_VERSIONS_H

#include <stddef.h>

/** The MPI library and its version; "1.2.3" of HDF5. */
const char *wl_mpi_version(void);
const char *wl_hdf5_version(void);

/** Version of the program and of the libraries under it, on standard output. */
void wl_print_version(void);

#endif
