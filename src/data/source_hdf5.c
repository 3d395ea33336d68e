/**
 * @file source_hdf5.c
 * One dataset of an HDF5 file, read by one rank with the default (serial) driver.
 */
#include <hdf5.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/hdf5_errors.h"
#include "base/log.h"
#include "data/hdf5_links.h"
#include "data/hdf5_path.h"
#include "data/hdf5_storage.h"
#include "data/hdf5_type.h"
#include "data/source_format.h"

typedef struct hdf5_state {
  hid_t file, dataset, space;
  hid_t access; /**< how links are followed */
  int rank;
} hdf5_state;

static wl_error find_shape(wl_source *source) {
  hdf5_state *state = source->state;
  state->space = H5Dget_space(state->dataset);
  hsize_t shape[H5S_MAX_RANK] = {0};
  const int rank = H5Sget_simple_extent_dims(state->space, shape, NULL);
  if (rank < 0 || H5Sget_simple_extent_type(state->space) == H5S_NULL)
    WL_FAIL(WL_ERROR_DATA, "%s: has no elements", source->label);
  state->rank = rank;
  if (rank == 1 || rank == 2) {
    if (shape[0] > INT64_MAX || shape[1] > INT64_MAX) WL_FAIL(WL_ERROR_DATA, "%s: is too large", source->label);
    source->rows = (int64_t)shape[0];
    source->cols = rank == 2 ? (int64_t)shape[1] : 1;
    return WL_OK;
  }
  char text[256] = "";
  for (int i = 0; i < rank && strlen(text) < sizeof text - 32; i++)
    snprintf(text + strlen(text), sizeof text - strlen(text), "%s%llu", i > 0 ? " x " : " (",
             (unsigned long long)shape[i]);
  WL_FAIL(WL_ERROR_DATA, "%s: has rank %d%s%s; rank 1 or 2 is needed", source->label, rank,
          rank > 0 ? text : " (one number)", rank > 0 ? ")" : "");
}

static bool is_matlab(const char *path) {
  const size_t length = strlen(path);
  return length > 4 && strcasecmp(path + length - 4, ".mat") == 0;
}

/** MATLAB writes column after column, so that HDF5 sees each matrix transposed; a wide one surely is. */
static void warn_of_matlab(const wl_source *source) {
  const hdf5_state *state = source->state;
  if (source->rows < source->cols && H5Aexists(state->dataset, "MATLAB_class") > 0)
    wl_log_warning("%s: is %lld x %lld; MATLAB wrote it, and what is a row there is a column here", source->label,
                   (long long)source->rows, (long long)source->cols);
}

static wl_error open_dataset(wl_source *source) {
  hdf5_state *state = source->state;
  char reason[WL_HDF5_REASON], home[PATH_MAX]; /* the file that an external link leads to */
  if (H5Fis_hdf5(source->path) <= 0)
    WL_FAIL(WL_ERROR_DATA, "%s: is not an HDF5 file%s", source->path,
            is_matlab(source->path) ? "; in MATLAB, save with -v7.3" : "");
  state->file = H5Fopen(source->path, H5F_ACC_RDONLY, H5P_DEFAULT);
  if (state->file < 0)
    WL_FAIL(WL_ERROR_DATA, "%s: cannot be opened by HDF5: %s", source->path, wl_hdf5_reason(reason));
  state->access = wl_hdf5_link_access();
  WL_TRY(wl_hdf5_open_dataset(source, state->file, state->access, &state->dataset));
  WL_TRY(wl_hdf5_check_type(source->label, state->dataset));
  WL_TRY(find_shape(source));
  warn_of_matlab(source);
  const bool found = H5Fget_name(state->dataset, home, sizeof home) > 0;
  return wl_hdf5_check_storage(source->label, found ? home : source->path, state->dataset);
}

static wl_error open_hdf5(wl_source *source) {
  if (source->selector == NULL || source->selector[0] == '\0')
    WL_FAIL(WL_ERROR_DATA, "%s: names no dataset, write %s:/DATASET", source->spec, source->path);
  hdf5_state *state = source->state = malloc(sizeof *state);
  if (state == NULL) WL_FAIL(WL_ERROR_MEMORY, "%s: no memory to open it", source->label);
  *state = (hdf5_state){H5I_INVALID_HID, H5I_INVALID_HID, H5I_INVALID_HID, H5P_DEFAULT, 0};
  WL_HDF5_QUIET;
  return open_dataset(source);
}

/** At most 1 GiB: larger calls fail on some file systems. A dataset of rank 1 has one column. */
static wl_error read_piece(const wl_source *source, int64_t first, int64_t count, int64_t column, int64_t columns,
                           double *out) {
  const hdf5_state *state = source->state;
  const hsize_t start[2] = {(hsize_t)first, (hsize_t)column}, size[2] = {(hsize_t)count, (hsize_t)columns};
  char reason[WL_HDF5_REASON];
  const hid_t memory = H5Screate_simple(state->rank, size, NULL);
  wl_error error = WL_OK;
  if (memory < 0 || H5Sselect_hyperslab(state->space, H5S_SELECT_SET, start, NULL, size, NULL) < 0 ||
      H5Dread(state->dataset, H5T_NATIVE_DOUBLE, memory, state->space, H5P_DEFAULT, out) < 0)
    error = wl_error_set(WL_ERROR_IO, "%s: rows %lld to %lld cannot be read: %s", source->label,
                         (long long)(first + 1), (long long)(first + count), wl_hdf5_reason(reason));
  if (memory >= 0) H5Sclose(memory);
  return error;
}

static wl_error read_hdf5_block(wl_source *source, int64_t first, int64_t count, int64_t column, int64_t columns,
                                double *out) {
  const int64_t row_bytes = columns * (int64_t)sizeof(double), limit = (int64_t)1 << 30;
  const int64_t piece = row_bytes < limit ? limit / row_bytes : 1;
  WL_HDF5_QUIET;
  wl_error error = WL_OK;
  for (int64_t done = 0; error == WL_OK && done < count; done += piece) {
    const int64_t rows = count - done < piece ? count - done : piece;
    error = read_piece(source, first + done, rows, column, columns, out + done * columns);
  }
  return error;
}

static wl_error read_hdf5(wl_source *source, int64_t first, int64_t count, double *out) {
  return read_hdf5_block(source, first, count, 0, source->cols, out);
}

static void close_hdf5(wl_source *source) {
  hdf5_state *state = source->state;
  if (state->space >= 0) H5Sclose(state->space);
  if (state->dataset >= 0) H5Dclose(state->dataset);
  if (state->file >= 0) H5Fclose(state->file);
  if (state->access != H5P_DEFAULT) H5Pclose(state->access);
  free(state);
}

const wl_source_format wl_source_hdf5 = {.endings = {".h5", ".hdf5", ".mat"},
                                         .open = open_hdf5,
                                         .read = read_hdf5,
                                         .read_block = read_hdf5_block,
                                         .close = close_hdf5};

/* ---- files -------------------------------------------------------------------------------------------------- */

static void visit_dataset(const char *path, const char *name, const wl_file_visitor *visitor) {
  char home[PATH_MAX];
  const hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
  const hid_t access = wl_hdf5_link_access(), dataset = file >= 0 ? H5Dopen2(file, name, access) : -1;
  if (access != H5P_DEFAULT) H5Pclose(access);
  if (dataset >= 0 && H5Fget_name(dataset, home, sizeof home) > 0) {
    visitor->visit(visitor->context, home);
    wl_hdf5_visit_storage(home, dataset, visitor);
  }
  if (dataset >= 0) H5Dclose(dataset);
  if (file >= 0) H5Fclose(file);
}

void wl_source_visit_files(const char *spec, const wl_file_visitor *visitor) {
  WL_HDF5_QUIET;
  struct stat status;
  char *path = wl_source_path(spec);
  const char *selector = path ? spec + strlen(path) : "";
  if (selector[0] == ':' && stat(path, &status) == 0 && S_ISREG(status.st_mode) && H5Fis_hdf5(path) > 0)
    visit_dataset(path, selector + 1, visitor);
  free(path);
}
