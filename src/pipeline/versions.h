/**
 * @file versions.h
 * What the program is and what it stands on: its commit, how it was made, the libraries under it. Local.
 */
#ifndef WIDELIMIT_PIPELINE_VERSIONS_H
#define WIDELIMIT_PIPELINE_VERSIONS_H

/** The line that says how to cite. */
extern const char wl_citation[];

/** 12 digits, and "-dirty" where files differed from it; "unknown" of an unpacked archive. */
extern const char wl_build_commit[];

/** "GNU 12.2.0", and its flags. */
extern const char wl_build_compiler[];
extern const char wl_build_flags[];

/** The MPI library and its version; "1.2.3" of HDF5. */
const char *wl_mpi_version(void);
const char *wl_hdf5_version(void);

/** Version of the program, how it was made, and the libraries under it, on standard output. */
void wl_print_version(void);

#endif
