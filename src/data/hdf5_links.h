/**
 * @file hdf5_links.h
 * Private to the sources: links that lead out of an HDF5 file. HDF5 opens whatever stands there, and waits for ever for a named
 * pipe that nobody writes to. Local.
 */
#ifndef WIDELIMIT_DATA_HDF5_LINKS_H
#define WIDELIMIT_DATA_HDF5_LINKS_H

#include <hdf5.h>
#include <stdbool.h>

/** Whether something is there that is no regular file. */
bool wl_hdf5_is_no_file(const char *path);

/**
 * Access properties for H5Oopen, H5Dopen2 and all that follow links, by which an external link to what is no regular file cannot be
 * followed. To be closed with H5Pclose; H5P_DEFAULT where there is no memory for them.
 */
hid_t wl_hdf5_link_access(void);

/** Whether an external link of the file `from` to the file `to` cannot be followed for that reason. */
bool wl_hdf5_link_leads_to_no_file(const char *from, const char *to);

#endif
