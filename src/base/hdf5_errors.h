/**
 * @file hdf5_errors.h
 * HDF5 keeps a stack of errors, and prints it unless told not to. Ours are messages of our own, with what it says innermost; whether
 * it prints is the caller's setting. Local.
 */
#ifndef WIDELIMIT_BASE_HDF5_ERRORS_H
#define WIDELIMIT_BASE_HDF5_ERRORS_H

#include <hdf5.h>

/** What HDF5 does with its stack of errors. */
typedef struct wl_hdf5_errors {
  H5E_auto2_t print;
  void *context;
} wl_hdf5_errors;

static inline wl_hdf5_errors wl_hdf5_mute(void) {
  wl_hdf5_errors found = {NULL, NULL};
  H5Eget_auto2(H5E_DEFAULT, &found.print, &found.context);
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  return found;
}

static inline void wl_hdf5_unmute(const wl_hdf5_errors *found) {
  H5Eset_auto2(H5E_DEFAULT, found->print, found->context);
}

/** HDF5 prints nothing until the end of the block, however that is left; then it does again what it did. */
#define WL_HDF5_QUIET \
  __attribute__((cleanup(wl_hdf5_unmute), unused)) const wl_hdf5_errors wl_hdf5_found = wl_hdf5_mute()

enum { WL_HDF5_REASON = 200 };

/**
 * What the innermost function that failed says, or the first above it that says something, printable. To be called before any other
 * function of HDF5, which would clear the stack. Returns `reason`.
 */
const char *wl_hdf5_reason(char reason[WL_HDF5_REASON]);

#endif
