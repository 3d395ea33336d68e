#include "results/read_back.h"

#include <hdf5.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/hdf5_errors.h"

static wl_error not_ours(const char *path) {
  WL_FAIL(WL_ERROR_DATA, "%s: is damaged, or not a file of widelimit", path);
}

static wl_error read_text(hid_t file, const char *path, const char *name, char **text) {
  const hid_t attribute = H5Aopen(file, name, H5P_DEFAULT), type = attribute >= 0 ? H5Aget_type(attribute) : -1;
  const bool fixed = type >= 0 && H5Tget_class(type) == H5T_STRING && H5Tis_variable_str(type) == 0;
  *text = fixed ? calloc(H5Tget_size(type) + 1, 1) : NULL;
  const bool good = *text && H5Aread(attribute, type, *text) >= 0;
  if (type >= 0) H5Tclose(type);
  if (attribute >= 0) H5Aclose(attribute);
  if (good) return WL_OK;
  free(*text);
  *text = NULL;
  return not_ours(path);
}

wl_error wl_read_back_note(const char *path, const char *name, char **text) {
  WL_HDF5_QUIET;
  *text = NULL;
  const hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
  if (file < 0) return not_ours(path);
  const wl_error error = read_text(file, path, name, text);
  H5Fclose(file);
  return error;
}

static wl_error read_set(hid_t set, const char *path, const char *name, int64_t *rows, int64_t *columns,
                         double **values) {
  hsize_t shape[2] = {0, 1};
  const hid_t space = H5Dget_space(set);
  const int rank = H5Sget_simple_extent_ndims(space);
  const bool fits = (rank == 1 || rank == 2) && H5Sget_simple_extent_dims(space, shape, NULL) == rank;
  H5Sclose(space);
  if (!fits) WL_FAIL(WL_ERROR_DATA, "%s: is damaged: %s is no vector and no matrix", path, name);
  *rows = (int64_t)shape[0];
  *columns = (int64_t)shape[1];
  *values = malloc(sizeof(double) * (size_t)(*rows * *columns + 1));
  if (!*values) WL_FAIL(WL_ERROR_MEMORY, "%s: no memory for %s", path, name);
  if (H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, *values) >= 0) return WL_OK;
  free(*values);
  *values = NULL;
  WL_FAIL(WL_ERROR_DATA, "%s: is damaged: %s cannot be read", path, name);
}

wl_error wl_read_back(const char *path, const char *name, int64_t *rows, int64_t *columns, double **values) {
  WL_HDF5_QUIET;
  *values = NULL;
  const hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
  if (file < 0) return not_ours(path);
  const hid_t set = H5Dopen2(file, name, H5P_DEFAULT);
  const wl_error error = set >= 0 ? read_set(set, path, name, rows, columns, values) : not_ours(path);
  if (set >= 0) H5Dclose(set);
  H5Fclose(file);
  return error;
}
