/**
 * @file hdf5_abandon.h
 * A way to let go of an HDF5 file that cannot be written to its end. Local.
 */
#ifndef WIDELIMIT_BASE_HDF5_ABANDON_H
#define WIDELIMIT_BASE_HDF5_ABANDON_H

#include <hdf5.h>
#include <stdbool.h>

/**
 * Closes a file that is open for writing and that the caller removes: what HDF5 still wants to write goes to memory and is gone.
 * A close that fails for want of room would leave the file half closed, and HDF5 (1.10 to 1.14) would crash on it when it
 * ends. The file must be of the default driver (sec2).
 */
void wl_hdf5_abandon(hid_t file);

/**
 * Closes a file that was written, if all was `good` so far and the rest fits on the disk; else abandons it and returns false, with
 * the system's reason in errno. The room is taken before anything is flushed: a flush that fails leaves a file that cannot be closed.
 */
bool wl_hdf5_close_written(hid_t file, bool good);

#endif
