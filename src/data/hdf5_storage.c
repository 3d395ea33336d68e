#include "data/hdf5_storage.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "data/hdf5_links.h"

/** A dataset under inspection. */
typedef struct storage {
  const char *label, *path;
  hid_t dataset, space, creation; /**< the dataset's; its dataspace and creation properties */
  int depth;                      /**< of virtual datasets within virtual datasets */
  const wl_file_visitor *visitor; /**< of the files on the way; NULL: none */
} storage;

static wl_error check_storage(const char *label, const char *path, hid_t dataset, int depth,
                              const wl_file_visitor *visitor);

static void visit(const storage *s, const char *path) {
  if (s->visitor) s->visitor->visit(s->visitor->context, path);
}

/** Points in the dataspace; 0 also where they are too many to count. */
static hssize_t points_of(const storage *s) {
  hsize_t shape[H5S_MAX_RANK], points = 1;
  const int rank = H5Sget_simple_extent_dims(s->space, shape, NULL);
  for (int k = 0; k < rank; k++)
    if (__builtin_mul_overflow(points, shape[k], &points)) return 0;
  return rank < 0 || points > INT64_MAX / 8 ? 0 : (hssize_t)points;
}

/** Directory of a file, with its slash; "" for the current one. */
static void folder_of(const char *path, char folder[PATH_MAX]) {
  const char *slash = strrchr(path, '/');
  snprintf(folder, PATH_MAX, "%.*s", slash ? (int)(slash - path + 1) : 0, path);
}

/* ---- filters ------------------------------------------------------------------------------------------------ */

static bool can_decode(H5Z_filter_t filter) {
  unsigned config = 0;
  return H5Zfilter_avail(filter) > 0 && H5Zget_filter_info(filter, &config) >= 0 &&
         (config & H5Z_FILTER_CONFIG_DECODE_ENABLED) != 0;
}

/** Filters registered with The HDF Group, for files that do not name them. */
static const char *registered_name(H5Z_filter_t filter) {
  static const struct {
    H5Z_filter_t filter;
    const char *name;
  } names[] = {{4, "szip"},      {305, "lzo"},   {307, "bzip2"},        {32000, "lzf"},
               {32001, "blosc"}, {32004, "lz4"}, {32008, "bitshuffle"}, {32013, "zfp"},
               {32015, "zstd"},  {32017, "sz"},  {32026, "blosc2"}};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (names[i].filter == filter) return names[i].name;
  return "without a name";
}

static wl_error check_filters(const storage *s) {
  const int count = H5Pget_nfilters(s->creation);
  for (int i = 0; i < count; i++) {
    char name[64] = "";
    unsigned flags;
    size_t values = 0;
    const H5Z_filter_t filter =
        H5Pget_filter2(s->creation, (unsigned)i, &flags, &values, NULL, sizeof name, name, NULL);
    if (filter < 0 || can_decode(filter)) continue;
    WL_FAIL(
        WL_ERROR_DATA,
        "%s: is packed by filter %s (%d), which this HDF5 does not have: store it with gzip (h5repack -f GZIP=4), "
        "or let HDF5_PLUGIN_PATH say where the filter is",
        s->label, name[0] != '\0' ? name : registered_name(filter), (int)filter);
  }
  return WL_OK;
}

/* ---- chunks ------------------------------------------------------------------------------------------------- */

/** The first row, from 1, of the first chunk that is not there. */
static long long first_missing_row(const storage *s, int rank, const hsize_t *shape, const hsize_t *chunk) {
  hsize_t at[2] = {0, 0};
  for (at[0] = 0; at[0] < shape[0]; at[0] += chunk[0])
    for (at[1] = 0; at[1]<(rank > 1 ? shape[1] : 1); at[1] += rank> 1 ? chunk[1] : 1) {
      unsigned mask;
      haddr_t address = HADDR_UNDEF;
      hsize_t size;
      if (H5Dget_chunk_info_by_coord(s->dataset, at, &mask, &address, &size) < 0 || address == HADDR_UNDEF)
        return (long long)at[0] + 1;
    }
  return 1;
}

static wl_error check_chunks(const storage *s) {
  hsize_t shape[2] = {0, 1}, chunk[2] = {1, 1}, there = 0;
  const int rank = H5Sget_simple_extent_ndims(s->space);
  if (rank < 1 || rank > 2) return WL_OK;
  H5Sget_simple_extent_dims(s->space, shape, NULL);
  if (H5Pget_chunk(s->creation, rank, chunk) < 0 || H5Dget_num_chunks(s->dataset, s->space, &there) < 0)
    WL_FAIL(WL_ERROR_DATA, "%s: its chunks cannot be counted, the file is damaged", s->label);
  const hsize_t needed = ((shape[0] - 1) / chunk[0] + 1) * ((shape[1] - 1) / chunk[1] + 1);
  if (there >= needed) return WL_OK;
  WL_FAIL(WL_ERROR_DATA, "%s: row %lld was never written (%llu of %llu chunks are there)", s->label,
          first_missing_row(s, rank, shape, chunk), (unsigned long long)there, (unsigned long long)needed);
}

/* ---- external files ----------------------------------------------------------------------------------------- */

/** Where HDF5 looks for an external file: in HDF5_EXTFILE_PREFIX or the current directory. */
static void external_path(const storage *s, const char *name, char path[PATH_MAX]) {
  static const char origin[] = "${ORIGIN}";
  const char *prefix = getenv("HDF5_EXTFILE_PREFIX");
  char folder[PATH_MAX] = "";
  if (name[0] == '/' || !prefix || prefix[0] == '\0' || strcmp(prefix, ".") == 0) {
    snprintf(path, PATH_MAX, "%s", name);
    return;
  }
  if (strncmp(prefix, origin, strlen(origin)) == 0) {
    folder_of(s->path, folder);
    prefix += strlen(origin);
    prefix += prefix[0] == '/' && folder[0] == '\0';
  }
  if (snprintf(path, PATH_MAX, "%s%s/%s", folder, prefix, name) >= PATH_MAX) path[0] = '\0';
}

static wl_error check_external(const storage *s) {
  const hid_t type = H5Dget_type(s->dataset);
  hsize_t needed = (hsize_t)points_of(s) * H5Tget_size(type);
  H5Tclose(type);
  const int count = H5Pget_external_count(s->creation);
  for (int i = 0; i < count && needed > 0; i++) {
    char name[1024] = "", path[PATH_MAX];
    off_t offset = 0;
    hsize_t bytes = 0;
    struct stat status;
    if (H5Pget_external(s->creation, (unsigned)i, sizeof name - 1, name, &offset, &bytes) < 0)
      WL_FAIL(WL_ERROR_DATA, "%s: its external files are not named, the file is damaged", s->label);
    external_path(s, name, path);
    visit(s, path);
    if (stat(path, &status) != 0)
      WL_FAIL(WL_ERROR_DATA, "%s: its external file %s cannot be read: %s (relative to the current directory)",
              s->label, path, strerror(errno));
    if (!S_ISREG(status.st_mode))
      WL_FAIL(WL_ERROR_DATA, "%s: its external file %s is not a regular file", s->label, path);
    const hsize_t here = needed < bytes ? needed : bytes;
    if (status.st_size < offset || (hsize_t)(status.st_size - offset) < here)
      WL_FAIL(WL_ERROR_DATA, "%s: its external file %s is too short: %lld bytes, %llu are needed", s->label, path,
              (long long)status.st_size, (unsigned long long)here + (unsigned long long)offset);
    needed -= here;
  }
  if (needed > 0) WL_FAIL(WL_ERROR_DATA, "%s: its external files do not hold all of it", s->label);
  return WL_OK;
}

/* ---- virtual datasets --------------------------------------------------------------------------------------- */

/** Where HDF5 finds the file of a source: in HDF5_VDS_PREFIX, beside the file or in the current directory. */
static bool find_source(const storage *s, const char *name, char path[PATH_MAX]) {
  const char *prefix = getenv("HDF5_VDS_PREFIX"), *slash = strrchr(name, '/');
  char folder[PATH_MAX];
  folder_of(s->path, folder);
  if (strcmp(name, ".") == 0) return snprintf(path, PATH_MAX, "%s", s->path) < PATH_MAX;
  if (name[0] == '/') {
    if (snprintf(path, PATH_MAX, "%s", name) < PATH_MAX && access(path, R_OK) == 0) return true;
    name = slash + 1; /* HDF5, too, goes on with the name alone */
  }
  if (prefix && snprintf(path, PATH_MAX, "%s/%s", prefix, name) < PATH_MAX && access(path, R_OK) == 0) return true;
  if (snprintf(path, PATH_MAX, "%s%s", folder, name) < PATH_MAX && access(path, R_OK) == 0) return true;
  return snprintf(path, PATH_MAX, "%s", name) < PATH_MAX && access(path, R_OK) == 0;
}

/** Whether the source holds what mapping `index` takes from it. Of a selection of all, HDF5 keeps no extent. */
static bool holds_selection(const storage *s, size_t index, hid_t dataset) {
  hsize_t first[H5S_MAX_RANK], last[H5S_MAX_RANK], shape[H5S_MAX_RANK];
  const hid_t space = H5Dget_space(dataset), source = H5Pget_virtual_srcspace(s->creation, index);
  const hid_t target = H5Pget_virtual_vspace(s->creation, index);
  const int rank = H5Sget_simple_extent_dims(space, shape, NULL);
  bool good = true;
  if (H5Sget_select_type(source) == H5S_SEL_ALL)
    good = H5Sget_simple_extent_npoints(space) == H5Sget_select_npoints(target);
  else
    good = rank == H5Sget_simple_extent_ndims(source) && H5Sget_select_bounds(source, first, last) >= 0;
  for (int k = 0; k < rank && good && H5Sget_select_type(source) != H5S_SEL_ALL; k++) good = last[k] < shape[k];
  H5Sclose(target);
  H5Sclose(source);
  H5Sclose(space);
  return good;
}

static wl_error check_source_in(const storage *s, size_t index, const char *path, hid_t file, const char *name) {
  char label[WL_MESSAGE_SIZE];
  const hid_t access = wl_hdf5_link_access(), dataset = H5Dopen2(file, name, access);
  if (access != H5P_DEFAULT) H5Pclose(access);
  if (dataset < 0) WL_FAIL(WL_ERROR_DATA, "%s: its source %s has no dataset %s", s->label, path, name);
  snprintf(label, sizeof label, "%.300s: its source %.300s:%.300s", s->label, path, name);
  const wl_error error = holds_selection(s, index, dataset)
                             ? check_storage(label, path, dataset, s->depth + 1, s->visitor)
                             : wl_error_set(WL_ERROR_DATA, "%s has not the shape that is taken from it", label);
  H5Dclose(dataset);
  return error;
}

static wl_error check_source(const storage *s, size_t index) {
  char file_name[1024] = "", set_name[1024] = "", path[PATH_MAX];
  H5Pget_virtual_filename(s->creation, index, file_name, sizeof file_name);
  H5Pget_virtual_dsetname(s->creation, index, set_name, sizeof set_name);
  if (strchr(file_name, '%') || strchr(set_name, '%'))
    WL_FAIL(WL_ERROR_DATA, "%s: is a virtual dataset of a pattern of files (%s:%s); store it as a plain one",
            s->label, file_name, set_name);
  if (!find_source(s, file_name, path))
    WL_FAIL(WL_ERROR_DATA, "%s: is a virtual dataset, and its source %s is missing", s->label, file_name);
  visit(s, path);
  if (wl_hdf5_is_no_file(path)) WL_FAIL(WL_ERROR_DATA, "%s: its source %s is not a regular file", s->label, path);
  const hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
  if (file < 0) WL_FAIL(WL_ERROR_DATA, "%s: its source %s is not an HDF5 file that can be opened", s->label, path);
  const wl_error error = check_source_in(s, index, path, file, set_name);
  H5Fclose(file);
  return error;
}

/** Adds what one mapping covers; false where it has no limit. */
static bool add_cover(hid_t cover, hid_t mapping) {
  hsize_t start[H5S_MAX_RANK], stride[H5S_MAX_RANK], count[H5S_MAX_RANK], block[H5S_MAX_RANK];
  if (H5Sget_select_type(mapping) == H5S_SEL_ALL) return H5Sselect_all(cover) >= 0;
  if (H5Sis_regular_hyperslab(mapping) > 0) {
    if (H5Sget_regular_hyperslab(mapping, start, stride, count, block) < 0) return false;
    for (int k = 0; k < H5Sget_simple_extent_ndims(mapping); k++)
      if (count[k] == H5S_UNLIMITED || block[k] == H5S_UNLIMITED) return false;
    return H5Sselect_hyperslab(cover, H5S_SELECT_OR, start, stride, count, block) >= 0;
  }
  const int rank = H5Sget_simple_extent_ndims(mapping);
  const hssize_t blocks = H5Sget_select_hyper_nblocks(mapping);
  if (blocks < 0) return false;
  for (hssize_t b = 0; b < blocks; b++) {
    hsize_t corners[2 * H5S_MAX_RANK];
    if (H5Sget_select_hyper_blocklist(mapping, (hsize_t)b, 1, corners) < 0) return false;
    for (int k = 0; k < rank; k++) count[k] = corners[rank + k] - corners[k] + 1;
    if (H5Sselect_hyperslab(cover, H5S_SELECT_OR, corners, NULL, count, NULL) < 0) return false;
  }
  return true;
}

static wl_error check_virtual(const storage *s) {
  size_t count = 0;
  if (s->depth > 8) WL_FAIL(WL_ERROR_DATA, "%s: is a virtual dataset of virtual datasets without end", s->label);
  if (H5Pget_virtual_count(s->creation, &count) < 0)
    WL_FAIL(WL_ERROR_DATA, "%s: its sources are not named, the file is damaged", s->label);
  const hid_t cover = H5Scopy(s->space);
  H5Sselect_none(cover);
  wl_error error = WL_OK;
  for (size_t i = 0; i < count && error == WL_OK; i++) {
    const hid_t mapping = H5Pget_virtual_vspace(s->creation, i);
    if (!add_cover(cover, mapping))
      error =
          wl_error_set(WL_ERROR_DATA, "%s: is a virtual dataset without limit; store it as a plain one", s->label);
    H5Sclose(mapping);
    if (error == WL_OK) error = check_source(s, i);
  }
  hsize_t zero[H5S_MAX_RANK] = {0}, shape[H5S_MAX_RANK];
  H5Sget_simple_extent_dims(s->space, shape, NULL);
  if (H5Sget_select_type(cover) != H5S_SEL_ALL && H5Sget_select_npoints(cover) > 0)
    H5Sselect_hyperslab(cover, H5S_SELECT_AND, zero, NULL, shape, NULL);
  const hssize_t covered = H5Sget_select_npoints(cover), points = points_of(s);
  H5Sclose(cover);
  if (error != WL_OK || covered == points) return error;
  WL_FAIL(WL_ERROR_DATA, "%s: is a virtual dataset whose sources cover %lld of its %lld numbers", s->label,
          (long long)covered, (long long)points);
}

/* ---- all of it ---------------------------------------------------------------------------------------------- */

static wl_error check_contiguous(const storage *s) {
  H5D_space_status_t status = H5D_SPACE_STATUS_ERROR;
  if (H5Pget_external_count(s->creation) > 0) return check_external(s);
  if (H5Dget_space_status(s->dataset, &status) >= 0 && status == H5D_SPACE_STATUS_ALLOCATED) return WL_OK;
  WL_FAIL(WL_ERROR_DATA, "%s: was never written", s->label);
}

static wl_error check_layout(const storage *s) {
  switch (H5Pget_layout(s->creation)) {
    case H5D_CONTIGUOUS:
      return check_contiguous(s);
    case H5D_CHUNKED:
      WL_TRY(check_filters(s));
      return check_chunks(s);
    case H5D_VIRTUAL:
      return check_virtual(s);
    default: /* compact: within the object's header */
      return WL_OK;
  }
}

static wl_error check_storage(const char *label, const char *path, hid_t dataset, int depth,
                              const wl_file_visitor *visitor) {
  const storage s = {label, path, dataset, H5Dget_space(dataset), H5Dget_create_plist(dataset), depth, visitor};
  wl_error error = WL_OK;
  if (s.space < 0 || s.creation < 0)
    error = wl_error_set(WL_ERROR_DATA, "%s: cannot be read, the file is damaged", label);
  else if (points_of(&s) > 0)
    error = check_layout(&s);
  if (s.space >= 0) H5Sclose(s.space);
  if (s.creation >= 0) H5Pclose(s.creation);
  return error;
}

wl_error wl_hdf5_check_storage(const char *label, const char *path, hid_t dataset) {
  return check_storage(label, path, dataset, 0, NULL);
}

void wl_hdf5_visit_storage(const char *path, hid_t dataset, const wl_file_visitor *visitor) {
  const hid_t creation = H5Dget_create_plist(dataset);
  const bool elsewhere =
      creation >= 0 && (H5Pget_layout(creation) == H5D_VIRTUAL || H5Pget_external_count(creation) > 0);
  if (creation >= 0) H5Pclose(creation);
  if (elsewhere) (void)check_storage(path, path, dataset, 0, visitor); /* what is wrong is said when it is read */
}
