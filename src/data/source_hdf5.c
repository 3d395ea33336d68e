/**
 * @file source_hdf5.c
 * One dataset of an HDF5 file, read by one rank with the default (serial) driver.
 */
#include <ctype.h>
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
#include "data/hdf5_storage.h"
#include "data/source_format.h"

typedef struct hdf5_state {
  hid_t file, dataset, space;
  hid_t access; /**< how links are followed */
  int rank;
} hdf5_state;

/** HDF5 prints its error stack unless told not to; the caller's setting comes back afterwards. */
typedef struct silence {
  H5E_auto2_t print;
  void *data;
} silence;

static silence silence_begin(void) {
  silence s = {NULL, NULL};
  H5Eget_auto2(H5E_DEFAULT, &s.print, &s.data);
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  return s;
}

static void silence_end(silence s) {
  H5Eclear2(H5E_DEFAULT);
  H5Eset_auto2(H5E_DEFAULT, s.print, s.data);
}

enum { REASON_SIZE = 200 };

/** Keeps what the innermost failing function says, or the first above it that says something. */
static herr_t keep_first(unsigned depth, const H5E_error2_t *entry, void *context) {
  (void)depth;
  char *reason = context, minor[128] = "";
  const char *text = entry->desc;
  if (reason[0] != '\0') return 0;
  if (text == NULL || text[0] == '\0') {
    H5Eget_msg(entry->min_num, NULL, minor, sizeof minor);
    text = minor[0] != '\0' ? minor : entry->func_name;
  }
  if (text != NULL) snprintf(reason, REASON_SIZE, "%s", text);
  for (char *c = reason; *c != '\0'; c++)
    if (!isprint((unsigned char)*c)) *c = '?';
  return 0;
}

/** To be called before any other function of HDF5, which would clear the stack of errors. */
static const char *hdf5_reason(char reason[REASON_SIZE]) {
  reason[0] = '\0';
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_first, reason);
  if (reason[0] == '\0') strcpy(reason, "HDF5 says no more");
  return reason;
}

typedef struct name_list {
  char text[256];
  int count;
} name_list;

static herr_t add_name(hid_t group, const char *name, const H5L_info_t *info, void *data) {
  (void)group;
  (void)info;
  name_list *list = data;
  char buffer[WL_SHOWN_SIZE];
  const size_t used = strlen(list->text);
  if (++list->count > 6 || used > sizeof list->text - WL_SHOWN_SIZE - 8) {
    snprintf(list->text + used, sizeof list->text - used, ", ...");
    return 1;
  }
  snprintf(list->text + used, sizeof list->text - used, "%s%s", used > 0 ? ", " : "",
           wl_source_shown(name, strlen(name), buffer));
  return 0;
}

static wl_error absent(const wl_source *source, const char *group) {
  const hdf5_state *state = source->state;
  name_list names = {"", 0};
  hid_t id = H5Gopen2(state->file, group, state->access);
  if (id >= 0) {
    H5Literate(id, H5_INDEX_NAME, H5_ITER_INC, NULL, add_name, &names);
    H5Gclose(id);
  }
  WL_FAIL(WL_ERROR_DATA, "%s: %s has no dataset %s; %s holds %s", source->label, source->path, source->selector,
          group, names.count > 0 ? names.text : "nothing");
}

/** Walks down the path, since HDF5 can only say whether one link exists. */
static wl_error check_exists(const wl_source *source) {
  const hdf5_state *state = source->state;
  const char *selector = source->selector;
  char *part = strdup(selector), *group = strdup("/");
  wl_error error = part == NULL || group == NULL
                       ? wl_error_set(WL_ERROR_MEMORY, "%s: no memory to open it", source->label)
                       : WL_OK;
  size_t end = strspn(selector, "/");
  while (error == WL_OK && selector[end] != '\0') {
    end += strcspn(selector + end, "/");
    strcpy(part, selector);
    part[end] = '\0';
    if (H5Lexists(state->file, part, state->access) <= 0) {
      error = absent(source, group);
      break;
    }
    char *swap = strdup(part);
    if (swap == NULL) error = wl_error_set(WL_ERROR_MEMORY, "%s: no memory to open it", source->label);
    free(group);
    group = swap;
    end += strspn(selector + end, "/");
  }
  free(part);
  free(group);
  return error;
}

/** Of a link that is there to an object that is not, or cannot be opened. */
static wl_error not_there(const wl_source *source) {
  const hdf5_state *state = source->state;
  H5L_info_t info;
  char value[1024] = "";
  const char *path = NULL, *object = NULL;
  const bool link = H5Lget_info(state->file, source->selector, &info, state->access) >= 0 &&
                    info.type != H5L_TYPE_HARD && info.u.val_size < sizeof value &&
                    H5Lget_val(state->file, source->selector, value, sizeof value, state->access) >= 0;
  if (link && info.type == H5L_TYPE_SOFT)
    WL_FAIL(WL_ERROR_DATA, "%s: is a link to %s, which is not there", source->label, value);
  if (link && H5Lunpack_elink_val(value, info.u.val_size, NULL, &path, &object) >= 0)
    WL_FAIL(WL_ERROR_DATA, "%s: is a link to %s in the file %s, which is %s", source->label, object, path,
            wl_hdf5_link_leads_to_no_file(source->path, path) ? "not a regular file" : "not there");
  WL_FAIL(WL_ERROR_DATA, "%s: cannot be opened", source->label);
}

/** FALSE is 0 and TRUE is 1 (h5py's booleans), in any case of letters. */
static bool is_boolean(hid_t type) {
  if (H5Tget_nmembers(type) != 2) return false;
  bool good = true;
  for (unsigned i = 0; i < 2; i++) {
    char *name = H5Tget_member_name(type, i);
    const hid_t base = H5Tget_super(type);
    long long value = -1;
    unsigned char bytes[sizeof value];
    const bool fits = base >= 0 && H5Tget_size(base) <= sizeof bytes && H5Tget_member_value(type, i, bytes) >= 0 &&
                      H5Tconvert(base, H5T_NATIVE_LLONG, 1, bytes, NULL, H5P_DEFAULT) >= 0;
    if (fits) memcpy(&value, bytes, sizeof value);
    good = good && fits && name != NULL && strcasecmp(name, value == 1 ? "TRUE" : "FALSE") == 0 && value / 2 == 0;
    if (name != NULL) H5free_memory(name);
    if (base >= 0) H5Tclose(base);
  }
  return good;
}

static wl_error check_type(const wl_source *source, hid_t dataset) {
  static const struct {
    H5T_class_t class;
    const char *name;
  } names[] = {{H5T_STRING, "string"},
               {H5T_COMPOUND, "compound"},
               {H5T_ENUM, "enumeration (other than FALSE 0, TRUE 1)"},
               {H5T_ARRAY, "array"},
               {H5T_VLEN, "variable length"},
               {H5T_OPAQUE, "opaque"},
               {H5T_BITFIELD, "bit field"},
               {H5T_REFERENCE, "reference"},
               {H5T_TIME, "time"}};
  const hid_t type = H5Dget_type(dataset);
  const H5T_class_t class = type >= 0 ? H5Tget_class(type) : H5T_NO_CLASS;
  const bool good = class == H5T_INTEGER || class == H5T_FLOAT || (class == H5T_ENUM && is_boolean(type));
  if (type >= 0) H5Tclose(type);
  if (good) return WL_OK;
  const char *name = "that this HDF5 does not know";
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (names[i].class == class) name = names[i].name;
  WL_FAIL(WL_ERROR_DATA, "%s: has elements of type %s; integers, floating point numbers or booleans are needed",
          source->label, name);
}

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

/** MATLAB writes column after column, so that HDF5 sees each matrix transposed; a wide one surely is. */
static void warn_of_matlab(const wl_source *source) {
  const hdf5_state *state = source->state;
  if (source->rows < source->cols && H5Aexists(state->dataset, "MATLAB_class") > 0)
    wl_log_warning("%s: is %lld x %lld; MATLAB wrote it, and what is a row there is a column here", source->label,
                   (long long)source->rows, (long long)source->cols);
}

static wl_error open_dataset(wl_source *source) {
  hdf5_state *state = source->state;
  char reason[REASON_SIZE];
  if (H5Fis_hdf5(source->path) <= 0)
    WL_FAIL(
        WL_ERROR_DATA, "%s: is not an HDF5 file%s", source->path,
        strcasecmp(source->path + strlen(source->path) - 4, ".mat") == 0 ? "; in MATLAB, save with -v7.3" : "");
  state->file = H5Fopen(source->path, H5F_ACC_RDONLY, H5P_DEFAULT);
  if (state->file < 0)
    WL_FAIL(WL_ERROR_DATA, "%s: cannot be opened by HDF5: %s", source->path, hdf5_reason(reason));
  state->access = wl_hdf5_link_access();
  WL_TRY(check_exists(source));
  hid_t object = H5Oopen(state->file, source->selector, state->access);
  const H5I_type_t kind = object >= 0 ? H5Iget_type(object) : H5I_BADID;
  if (object >= 0) H5Oclose(object);
  if (kind == H5I_GROUP) {
    name_list names = {"", 0};
    H5Literate_by_name(state->file, source->selector, H5_INDEX_NAME, H5_ITER_INC, NULL, add_name, &names,
                       state->access);
    WL_FAIL(WL_ERROR_DATA, "%s: is a group, not a dataset; it holds %s", source->label,
            names.count > 0 ? names.text : "nothing");
  }
  if (object < 0) return not_there(source);
  if (kind != H5I_DATASET) WL_FAIL(WL_ERROR_DATA, "%s: is a type, not a dataset", source->label);
  state->dataset = H5Dopen2(state->file, source->selector, state->access);
  if (state->dataset < 0)
    WL_FAIL(WL_ERROR_DATA, "%s: cannot be opened by HDF5: %s", source->label, hdf5_reason(reason));
  WL_TRY(check_type(source, state->dataset));
  WL_TRY(find_shape(source));
  warn_of_matlab(source);
  char home[PATH_MAX]; /* the file that an external link leads to */
  const bool found = H5Fget_name(state->dataset, home, sizeof home) > 0;
  return wl_hdf5_check_storage(source->label, found ? home : source->path, state->dataset);
}

static wl_error open_hdf5(wl_source *source) {
  if (source->selector == NULL || source->selector[0] == '\0')
    WL_FAIL(WL_ERROR_DATA, "%s: names no dataset, write %s:/DATASET", source->spec, source->path);
  hdf5_state *state = source->state = malloc(sizeof *state);
  if (state == NULL) WL_FAIL(WL_ERROR_MEMORY, "%s: no memory to open it", source->label);
  *state = (hdf5_state){H5I_INVALID_HID, H5I_INVALID_HID, H5I_INVALID_HID, H5P_DEFAULT, 0};
  const silence s = silence_begin();
  const wl_error error = open_dataset(source);
  silence_end(s);
  return error;
}

/** At most 1 GiB: larger calls fail on some file systems. A dataset of rank 1 has one column. */
static wl_error read_piece(const wl_source *source, int64_t first, int64_t count, int64_t column, int64_t columns,
                           double *out) {
  const hdf5_state *state = source->state;
  const hsize_t start[2] = {(hsize_t)first, (hsize_t)column}, size[2] = {(hsize_t)count, (hsize_t)columns};
  char reason[REASON_SIZE];
  const hid_t memory = H5Screate_simple(state->rank, size, NULL);
  wl_error error = WL_OK;
  if (memory < 0 || H5Sselect_hyperslab(state->space, H5S_SELECT_SET, start, NULL, size, NULL) < 0 ||
      H5Dread(state->dataset, H5T_NATIVE_DOUBLE, memory, state->space, H5P_DEFAULT, out) < 0)
    error = wl_error_set(WL_ERROR_IO, "%s: rows %lld to %lld cannot be read: %s", source->label,
                         (long long)(first + 1), (long long)(first + count), hdf5_reason(reason));
  if (memory >= 0) H5Sclose(memory);
  return error;
}

static wl_error read_hdf5_block(wl_source *source, int64_t first, int64_t count, int64_t column, int64_t columns,
                                double *out) {
  const int64_t row_bytes = columns * (int64_t)sizeof(double), limit = (int64_t)1 << 30;
  const int64_t piece = row_bytes < limit ? limit / row_bytes : 1;
  const silence s = silence_begin();
  wl_error error = WL_OK;
  for (int64_t done = 0; error == WL_OK && done < count; done += piece) {
    const int64_t rows = count - done < piece ? count - done : piece;
    error = read_piece(source, first + done, rows, column, columns, out + done * columns);
  }
  silence_end(s);
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
