/*
 * Datasets of a result file: declared, written and read by pieces.
 */
#include "base/hdf5_errors.h"
#include "results/results_file.h"

static wl_error add(wl_results *r, const char *path, int rank, const hsize_t *shape, const char *formula,
                    const char *units) {
  WL_HDF5_QUIET;
  const hid_t space = H5Screate_simple(rank, shape, NULL), link = H5Pcreate(H5P_LINK_CREATE);
  H5Pset_create_intermediate_group(link, 1);
  const hid_t create = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_obj_track_times(create, 0); /* the same run gives the same file, whenever */
  const hid_t set = H5Dcreate2(r->file, path, H5T_IEEE_F64LE, space, link, create, H5P_DEFAULT);
  herr_t status = -1;
  if (set >= 0) {
    status = wl_results_write_attribute(set, "formula", formula);
    if (status >= 0) status = wl_results_write_attribute(set, "units", units);
    H5Dclose(set);
  }
  H5Pclose(create);
  H5Pclose(link);
  H5Sclose(space);
  if (status < 0) WL_FAIL(WL_ERROR_IO, "%s/%s: cannot make %s", r->directory, r->name, path);
  return WL_OK;
}

wl_error wl_results_add(wl_results *r, const char *path, int64_t rows, int64_t columns, const char *formula,
                        const char *units) {
  const hsize_t shape[2] = {(hsize_t)rows, (hsize_t)columns};
  return add(r, path, columns > 0 ? 2 : 1, shape, formula, units);
}

wl_error wl_results_add_cube(wl_results *r, const char *path, int64_t planes, int64_t rows, int64_t columns,
                             const char *formula, const char *units) {
  const hsize_t shape[3] = {(hsize_t)planes, (hsize_t)rows, (hsize_t)columns};
  return add(r, path, 3, shape, formula, units);
}

wl_error wl_results_remove(wl_results *r, const char *path) {
  WL_HDF5_QUIET;
  const hid_t set = H5Dopen2(r->file, path, H5P_DEFAULT);
  if (set < 0) return WL_OK;
  H5Dclose(set);
  if (H5Ldelete(r->file, path, H5P_DEFAULT) >= 0) return WL_OK;
  WL_FAIL(WL_ERROR_IO, "%s/%s: cannot remove %s", r->directory, r->name, path);
}

/* Writes the piece that begins at `start`. Where a piece has all columns, the columns' extent is that of the dataset. */
static wl_error put(wl_results *r, const char *path, const hsize_t *start, const hsize_t *wanted,
                    const double *values) {
  WL_HDF5_QUIET;
  const hid_t set = H5Dopen2(r->file, path, H5P_DEFAULT);
  herr_t status = -1;
  if (set >= 0) {
    const hid_t space = H5Dget_space(set);
    const int rank = H5Sget_simple_extent_ndims(space);
    hsize_t count[3] = {1, 1, 1}, extent[3] = {1, 1, 1};
    H5Sget_simple_extent_dims(space, extent, NULL);
    for (int k = 0; k < rank; k++) count[k] = wanted[k] > 0 ? wanted[k] : extent[k];
    const hid_t memory = H5Screate_simple(rank, count, NULL);
    status = H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL);
    if (status >= 0) status = H5Dwrite(set, H5T_NATIVE_DOUBLE, memory, space, H5P_DEFAULT, values);
    H5Sclose(memory);
    H5Sclose(space);
    H5Dclose(set);
  }
  if (status < 0) WL_FAIL(WL_ERROR_IO, "%s/%s: cannot write %s (disk full?)", r->directory, r->name, path);
  return WL_OK;
}

wl_error wl_results_put(wl_results *r, const char *path, int64_t row, int64_t column, int64_t rows,
                        int64_t columns, const double *values) {
  const hsize_t start[2] = {(hsize_t)row, (hsize_t)column}, count[2] = {(hsize_t)rows, (hsize_t)columns};
  return put(r, path, start, count, values);
}

wl_error wl_results_put_plane(wl_results *r, const char *path, int64_t plane, int64_t row, int64_t column,
                              int64_t rows, int64_t columns, const double *values) {
  const hsize_t start[3] = {(hsize_t)plane, (hsize_t)row, (hsize_t)column};
  const hsize_t count[3] = {1, (hsize_t)rows, (hsize_t)columns};
  return put(r, path, start, count, values);
}

wl_error wl_results_put_cube(wl_results *r, const char *path, int64_t plane, int64_t row, int64_t planes,
                             int64_t rows, const double *values) {
  const hsize_t start[3] = {(hsize_t)plane, (hsize_t)row, 0}, count[3] = {(hsize_t)planes, (hsize_t)rows, 0};
  return put(r, path, start, count, values);
}

/* Reads a piece; 0 columns: all. */
static herr_t get(hid_t set, int64_t row, int64_t column, int64_t rows, int64_t columns, double *values) {
  const hid_t space = H5Dget_space(set);
  const hsize_t start[3] = {(hsize_t)row, (hsize_t)column, 0};
  hsize_t count[3] = {0, 0, 0};
  const int rank = H5Sget_simple_extent_ndims(space);
  herr_t status = rank <= 3 ? H5Sget_simple_extent_dims(space, count, NULL) : -1;
  count[0] = (hsize_t)rows;
  count[2] = 1;
  if (columns > 0) count[1] = (hsize_t)columns;
  const hid_t memory = status >= 0 ? H5Screate_simple(rank, count, NULL) : -1;
  if (status >= 0) status = H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL);
  if (status >= 0) status = H5Dread(set, H5T_NATIVE_DOUBLE, memory, space, H5P_DEFAULT, values);
  if (memory >= 0) H5Sclose(memory);
  H5Sclose(space);
  return status;
}

wl_error wl_results_get_piece(wl_results *r, const char *path, int64_t row, int64_t column, int64_t rows,
                              int64_t columns, double *values) {
  WL_HDF5_QUIET;
  const hid_t set = H5Dopen2(r->file, path, H5P_DEFAULT);
  const herr_t status = set >= 0 ? get(set, row, column, rows, columns, values) : -1;
  if (set >= 0) H5Dclose(set);
  if (status < 0) WL_FAIL(WL_ERROR_IO, "%s/%s: cannot read %s", r->directory, r->name, path);
  return WL_OK;
}

wl_error wl_results_get(wl_results *r, const char *path, int64_t row, int64_t rows, double *values) {
  return wl_results_get_piece(r, path, row, 0, rows, 0, values);
}
