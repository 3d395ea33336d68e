/**
 * @file given_files.h
 * The kernels that the section `kernels` names: matrices in HDF5 files, of which each rank reads what its tiles need. Local.
 */
#ifndef WIDELIMIT_DATA_GIVEN_FILES_H
#define WIDELIMIT_DATA_GIVEN_FILES_H

#include "config/config.h"
#include "data/source.h"
#include "gram/given.h"

typedef struct wl_given_files {
  wl_given given;                                      /**< reads from these files */
  const char *name[WL_GIVEN_KERNELS][WL_GIVEN_PARTS];  /**< as configured, for messages; borrowed */
  wl_source *source[WL_GIVEN_KERNELS][WL_GIVEN_PARTS]; /**< owned; NULL: not given */
} wl_given_files;

/**
 * Opens them and compares their sizes; reads no numbers.
 * Errors: WL_ERROR_DATA, naming the file: those of wl_source_open, no HDF5 file, sizes that do not match, a diagonal where
 * the configuration needs all of TT; WL_ERROR_MEMORY.
 */
wl_error wl_given_files_open(const wl_config *config, wl_given_files **files);

/** Closes and sets to NULL; NULL is fine. */
void wl_given_files_close(wl_given_files **files);

#endif
