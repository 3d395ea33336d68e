#define _GNU_SOURCE
#include "results/results.h"

#include <errno.h>
#include <fcntl.h>
#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/durable.h"
#include "base/hdf5_abandon.h"
#include "base/hdf5_errors.h"
#include "base/log.h"
#include "base/writable.h"

struct wl_results {
  char *directory;
  const char *name;   /* of the HDF5 file; borrowed */
  const char *config; /* of the configuration, where it is not config.yaml; borrowed */
  hid_t file;
  int created; /* the temporary files are ours to remove, not those of another run in the same folder */
};

/*
 * The files, in the order in which they are put in place: the configuration first, since it says whose the folder is, should
 * nothing follow; the summary last, as the sign that all is there.
 */
static const char results_name[] = "results.h5";
static const char *const names[] = {"config.yaml", NULL, "summary.json"}; /* NULL: the HDF5 file */
enum { CONFIG, RESULTS, SUMMARY, FILES };

static void path_of(const wl_results *r, int file, int temporary, char *path, size_t size) {
  const char *name = names[file] ? names[file] : r->name;
  if (file == CONFIG && r->config) name = r->config;
  snprintf(path, size, temporary ? "%s/.%s.partial" : "%s/%s", r->directory, name);
}

static wl_error make_directory(const char *path) { return wl_writable_folder(path, "output.directory"); }

static wl_error check_room(const char *directory, double bytes) {
  const double room = wl_disk_of(directory).room;
  char wanted[32], there[32];
  if (bytes > room)
    WL_FAIL(WL_ERROR_IO, "%s: the results need %s, the disk has %s left", directory,
            wl_format_bytes(bytes, wanted, sizeof wanted), wl_format_bytes(room, there, sizeof there));
  return WL_OK;
}

/* Whether a run has the file open. H5Fcreate empties a file before it asks for its lock, so this has to come first. */
static bool is_in_use(const char *path) {
  const int file = open(path, O_RDWR | O_CLOEXEC);
  if (file < 0) return false;
  const bool locked = flock(file, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  close(file);
  return locked;
}

/* Waits until no other run makes its files in the folder. Where the file system has no locks, -1: nothing is waited for. */
static int lock_folder(const char *directory) {
  const int folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  while (folder >= 0 && flock(folder, LOCK_EX) != 0)
    if (errno != EINTR) {
      close(folder);
      return -1;
    }
  return folder;
}

static wl_error refuse(const char *path) {
  WL_FAIL(WL_ERROR_IO, "%s: cannot create this file; does another run write to the folder?", path);
}

static wl_error create_in(wl_results *r, double bytes) {
  WL_TRY(make_directory(r->directory));
  WL_TRY(check_room(r->directory, bytes));
  char path[4200];
  path_of(r, RESULTS, 1, path, sizeof path);
  WL_HDF5_QUIET;
  const int folder =
      lock_folder(r->directory); /* between the question and the answer, nobody else creates the file */
  r->file = is_in_use(path) ? -1 : H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  if (folder >= 0) close(folder);
  if (r->file < 0) return refuse(path);
  r->created = 1;
  return WL_OK;
}

wl_error wl_results_create_named(const char *directory, const char *name, double bytes, wl_results **result) {
  *result = NULL;
  wl_results *r = calloc(1, sizeof *r);
  char *copy = strdup(directory);
  if (!r || !copy) {
    free(r);
    free(copy);
    WL_FAIL(WL_ERROR_MEMORY, "results: out of memory");
  }
  *r = (wl_results){.directory = copy, .name = name, .file = -1};
  const wl_error error = create_in(r, bytes);
  if (error != WL_OK) {
    wl_results_discard(&r);
    return error;
  }
  *result = r;
  return WL_OK;
}

wl_error wl_results_create(const char *directory, double bytes, wl_results **result) {
  return wl_results_create_named(directory, results_name, bytes, result);
}

wl_error wl_results_partial_path(const char *directory, char *path, size_t size) {
  WL_TRY(make_directory(directory));
  snprintf(path, size, "%s/.%s.partial", directory, results_name);
  return WL_OK;
}

wl_error wl_results_claim_partial(const char *directory, char *path, size_t size) {
  WL_TRY(wl_results_partial_path(directory, path, size));
  return is_in_use(path) ? refuse(path) : WL_OK;
}

wl_error wl_results_reopen(const char *directory, wl_results **result) {
  *result = NULL;
  wl_results *r = calloc(1, sizeof *r);
  char *copy = strdup(directory), path[4200];
  if (!r || !copy) {
    free(r);
    free(copy);
    WL_FAIL(WL_ERROR_MEMORY, "results: out of memory");
  }
  *r = (wl_results){.directory = copy, .name = results_name, .file = -1};
  path_of(r, RESULTS, 1, path, sizeof path);
  WL_HDF5_QUIET;
  r->file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
  r->created = r->file >= 0;
  *result = r;
  if (r->created) return WL_OK;
  wl_results_discard(result);
  WL_FAIL(WL_ERROR_IO, "%s: cannot be opened", path);
}

wl_error wl_results_flush(wl_results *r) {
  WL_HDF5_QUIET;
  if (H5Fflush(r->file, H5F_SCOPE_GLOBAL) >= 0) return WL_OK;
  WL_FAIL(WL_ERROR_IO, "%s/results.h5: cannot be written (disk full?)", r->directory);
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
  if (status < 0) WL_FAIL(WL_ERROR_IO, "%s/results.h5: cannot read %s", r->directory, path);
  return WL_OK;
}

wl_error wl_results_get(wl_results *r, const char *path, int64_t row, int64_t rows, double *values) {
  return wl_results_get_piece(r, path, row, 0, rows, 0, values);
}

void wl_results_discard(wl_results **pointer) {
  WL_HDF5_QUIET;
  wl_results *r = *pointer;
  if (!r) return;
  if (r->file >= 0) wl_hdf5_abandon(r->file);
  char path[4200];
  for (int f = 0; f < FILES && r->created; f++) {
    path_of(r, f, 1, path, sizeof path);
    unlink(path);
  }
  free(r->directory);
  free(r);
  *pointer = NULL;
}

static wl_error write_text(const wl_results *r, int file, const char *text) {
  char path[4200];
  path_of(r, file, 1, path, sizeof path);
  FILE *out = fopen(path, "w");
  int failed = !out || fputs(text, out) < 0;
  if (out) failed |= fflush(out) != 0;
  const int reason = errno;
  if (out) failed |= fclose(out) != 0;
  if (failed) WL_FAIL(WL_ERROR_IO, "%s: cannot write: %s", path, strerror(reason));
  return WL_OK;
}

static wl_error close_file(wl_results *r) {
  WL_HDF5_QUIET;
  const bool written = wl_hdf5_close_written(r->file, true);
  r->file = -1;
  if (!written) WL_FAIL(WL_ERROR_IO, "%s/%s: cannot write it to the end (disk full?)", r->directory, r->name);
  return WL_OK;
}

static wl_error commit(wl_results *r, const char *summary, const char *config) {
  WL_TRY(close_file(r));
  WL_TRY(write_text(r, CONFIG, config));
  const int files = summary ? FILES : SUMMARY;
  if (summary) WL_TRY(write_text(r, SUMMARY, summary));
  for (int f = 0; f < files; f++) { /* what a rename could still fail on, before the first one */
    char from[4200], to[4200];
    struct stat status;
    path_of(r, f, 1, from, sizeof from);
    WL_TRY(wl_durable_sync(from));
    path_of(r, f, 0, to, sizeof to);
    if (stat(to, &status) == 0 && S_ISDIR(status.st_mode))
      WL_FAIL(WL_ERROR_IO, "%s: is a folder, where this file belongs", to);
  }
  for (int f = 0; f < files; f++) {
    char from[4200], to[4200];
    path_of(r, f, 1, from, sizeof from);
    path_of(r, f, 0, to, sizeof to);
    WL_TRY(wl_durable_rename(from, to));
  }
  return WL_OK;
}

wl_error wl_results_commit(wl_results **r, const char *summary, const char *config) {
  const wl_error error = commit(*r, summary, config);
  wl_results_discard(r);
  return error;
}

wl_error wl_results_commit_config(wl_results **r, const char *name, const char *config) {
  (*r)->config = name;
  const wl_error error = commit(*r, NULL, config);
  wl_results_discard(r);
  return error;
}

static herr_t write_attribute(hid_t object, const char *name, const char *text) {
  const hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR);
  H5Tset_size(type, strlen(text) + 1);
  H5Tset_cset(type, H5T_CSET_UTF8);
  const hid_t attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
  const herr_t status = attribute < 0 ? -1 : H5Awrite(attribute, type, text);
  if (attribute >= 0) H5Aclose(attribute);
  H5Sclose(space);
  H5Tclose(type);
  return status;
}

wl_error wl_results_note(wl_results *r, const char *name, const char *text) {
  WL_HDF5_QUIET;
  const hid_t root = H5Gopen2(r->file, "/", H5P_DEFAULT);
  const herr_t status = root < 0 ? -1 : write_attribute(root, name, text);
  if (root >= 0) H5Gclose(root);
  if (status < 0) WL_FAIL(WL_ERROR_IO, "%s/%s: cannot write attribute %s", r->directory, r->name, name);
  return WL_OK;
}

static const char provenance[] = "/provenance", set_aside[] = "/earlier", earlier[] = "/provenance/earlier";

static hid_t open_provenance(const wl_results *r) {
  if (H5Lexists(r->file, provenance, H5P_DEFAULT) > 0) return H5Gopen2(r->file, provenance, H5P_DEFAULT);
  return H5Gcreate2(r->file, provenance, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
}

wl_error wl_results_describe(wl_results *r, const char *name, const char *text) {
  WL_HDF5_QUIET;
  const hid_t group = open_provenance(r), type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR);
  H5Tset_size(type, H5T_VARIABLE);
  H5Tset_cset(type, H5T_CSET_UTF8);
  const hid_t attribute = group < 0 ? -1 : H5Acreate2(group, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
  const herr_t status = attribute < 0 ? -1 : H5Awrite(attribute, type, &text);
  if (attribute >= 0) H5Aclose(attribute);
  if (group >= 0) H5Gclose(group);
  H5Sclose(space);
  H5Tclose(type);
  if (status < 0) WL_FAIL(WL_ERROR_IO, "%s/%s: cannot write %s of /provenance", r->directory, r->name, name);
  return WL_OK;
}

wl_error wl_results_describe_anew(wl_results *r) {
  WL_HDF5_QUIET;
  if (H5Lexists(r->file, provenance, H5P_DEFAULT) <= 0) return WL_OK;
  herr_t status = H5Lmove(r->file, provenance, r->file, set_aside, H5P_DEFAULT, H5P_DEFAULT);
  const hid_t group = status < 0 ? -1 : open_provenance(r);
  if (group >= 0) H5Gclose(group);
  status = group < 0 ? -1 : H5Lmove(r->file, set_aside, r->file, earlier, H5P_DEFAULT, H5P_DEFAULT);
  if (status < 0) WL_FAIL(WL_ERROR_IO, "%s/%s: cannot move /provenance", r->directory, r->name);
  return WL_OK;
}

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
    status = write_attribute(set, "formula", formula);
    if (status >= 0) status = write_attribute(set, "units", units);
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
