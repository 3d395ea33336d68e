/**
 * @file values.h
 * A dataset of an HDF5 file as a whole.
 */
#ifndef WIDELIMIT_TESTS_VALUES_H
#define WIDELIMIT_TESTS_VALUES_H

#include <hdf5.h>
#include <stdlib.h>

/* To be freed. NULL: there is none; 0 entries: it cannot be read. */
static inline double *values_of(hid_t file, const char *path, size_t *count) {
  const hid_t set = H5Dopen2(file, path, H5P_DEFAULT);
  *count = 0;
  if (set < 0) return NULL;
  const hid_t space = H5Dget_space(set);
  *count = (size_t)H5Sget_simple_extent_npoints(space);
  double *values = malloc(sizeof(double) * (*count + 1));
  if (values && H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0) *count = 0;
  H5Sclose(space);
  H5Dclose(set);
  return values;
}

#endif
