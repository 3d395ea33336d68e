/**
 * @file results_file.h
 * Private to the results: the file that is being written (results.c), its datasets (datasets.c) and its texts (attributes.c).
 */
#ifndef WIDELIMIT_RESULTS_RESULTS_FILE_H
#define WIDELIMIT_RESULTS_RESULTS_FILE_H

#include <hdf5.h>
#include <stdbool.h>

#include "results/results.h"

struct wl_results {
  char *directory;    /**< owned */
  const char *name;   /**< of the HDF5 file; borrowed */
  const char *config; /**< of the configuration, where it is not config.yaml, else NULL; borrowed */
  hid_t file;
  bool created; /**< the temporary files are ours to remove, not those of another run in the same folder */
};

/** Local. A text of fixed length at an object, UTF-8. Negative on failure. */
herr_t wl_results_write_attribute(hid_t object, const char *name, const char *text);

#endif
