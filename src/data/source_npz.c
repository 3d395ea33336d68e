/**
 * @file source_npz.c
 * One array of NumPy's .npz archives: a ZIP file with a member NAME.npy for each array, stored (numpy.savez) or
 * deflated (numpy.savez_compressed). The member is unpacked once, into memory.
 */
#include <stdlib.h>
#include <string.h>
#include <zip.h>

#include "data/array_file.h"
#include "data/npy.h"

/** The names of the arrays, for messages. */
static const char *list_members(zip_t *archive, char *text, size_t size) {
  const zip_int64_t count = zip_get_num_entries(archive, 0);
  size_t used = 0;
  text[0] = '\0';
  for (zip_int64_t i = 0; i < count && used + WL_SHOWN_SIZE + 8 < size; i++) {
    const char *name = zip_get_name(archive, (zip_uint64_t)i, 0);
    if (name == NULL) continue;
    size_t length = strlen(name);
    if (length > 4 && strcmp(name + length - 4, ".npy") == 0) length -= 4;
    char shown[WL_SHOWN_SIZE];
    used += (size_t)snprintf(text + used, size - used, "%s%s", i > 0 ? ", " : "",
                             i == 6 ? "..." : wl_source_shown(name, length, shown));
    if (i == 6) break;
  }
  return count > 0 ? text : "nothing";
}

/** NAME.npy, as numpy.savez writes it, or NAME. */
static zip_int64_t find_member(zip_t *archive, const char *name) {
  const size_t size = strlen(name) + 5;
  char *full = malloc(size);
  if (full == NULL) return -1;
  snprintf(full, size, "%s.npy", name);
  zip_int64_t index = zip_name_locate(archive, full, 0);
  free(full);
  return index >= 0 ? index : zip_name_locate(archive, name, 0);
}

/** Whether another member has the same name: which of them is meant, readers do not agree on. */
static bool is_twice(zip_t *archive, zip_uint64_t index) {
  const char *name = zip_get_name(archive, index, 0);
  const zip_int64_t count = zip_get_num_entries(archive, 0);
  for (zip_uint64_t i = index + 1; name && (zip_int64_t)i < count; i++) {
    const char *other = zip_get_name(archive, i, 0);
    if (other && strcmp(name, other) == 0) return true;
  }
  return false;
}

/** All of the member, to its end, where the sum is checked. */
static bool unpack(zip_file_t *member, char *bytes, zip_uint64_t size) {
  char beyond;
  zip_uint64_t done = 0;
  while (done < size) {
    const zip_uint64_t wanted = size - done < 1 << 30 ? size - done : 1 << 30;
    const zip_int64_t got = zip_fread(member, bytes + done, wanted);
    if (got <= 0) return false;
    done += (zip_uint64_t)got;
  }
  return zip_fread(member, &beyond, 1) == 0;
}

static wl_error read_member(const wl_source *source, zip_t *archive, zip_uint64_t index, wl_input_file *file) {
  const zip_uint64_t limit = (zip_uint64_t)1 << 36;
  zip_stat_t status;
  if (zip_stat_index(archive, index, 0, &status) != 0 || (status.valid & ZIP_STAT_SIZE) == 0)
    WL_FAIL(WL_ERROR_DATA, "%s: cannot be read: %s", source->label, zip_strerror(archive));
  if (status.size > limit) WL_FAIL(WL_ERROR_DATA, "%s: takes more than 64 GiB; save it as .npy", source->label);
  zip_file_t *member = zip_fopen_index(archive, index, 0);
  if (member == NULL) WL_FAIL(WL_ERROR_DATA, "%s: cannot be unpacked: %s", source->label, zip_strerror(archive));
  char *bytes = malloc(status.size > 0 ? status.size : 1);
  wl_error error = WL_OK;
  if (bytes == NULL)
    error = wl_error_set(WL_ERROR_MEMORY, "%s: no memory to unpack it", source->label);
  else if (!unpack(member, bytes, status.size))
    error = wl_error_set(WL_ERROR_DATA, "%s: cannot be unpacked: %s", source->label, zip_file_strerror(member));
  zip_fclose(member);
  if (error == WL_OK) return wl_input_file_from_memory(source->label, bytes, (int64_t)status.size, file);
  free(bytes);
  return error;
}

static wl_error open_member(wl_source *source, zip_t *archive) {
  wl_array_file *array = source->state;
  char names[512];
  if (source->selector == NULL || source->selector[0] == '\0')
    WL_FAIL(WL_ERROR_DATA, "%s: names no array, write %s:NAME; it holds %s", source->spec, source->path,
            list_members(archive, names, sizeof names));
  const zip_int64_t index = find_member(archive, source->selector);
  if (index < 0)
    WL_FAIL(WL_ERROR_DATA, "%s: has no array %s; it holds %s", source->path, source->selector,
            list_members(archive, names, sizeof names));
  if (is_twice(archive, (zip_uint64_t)index))
    WL_FAIL(WL_ERROR_DATA, "%s: holds %s twice; save it anew", source->path, source->selector);
  WL_TRY(read_member(source, archive, (zip_uint64_t)index, &array->file));
  return wl_npy_begin(source);
}

static wl_error open_npz(wl_source *source) {
  wl_array_file *array = source->state = calloc(1, sizeof *array);
  if (array == NULL) WL_FAIL(WL_ERROR_MEMORY, "%s: no memory to open it", source->label);
  int code = 0;
  zip_t *archive = zip_open(source->path, ZIP_RDONLY, &code);
  if (archive == NULL) {
    zip_error_t reason;
    zip_error_init_with_code(&reason, code);
    const wl_error error = wl_error_set(WL_ERROR_DATA, "%s: is not an NPZ (ZIP) archive: %s", source->path,
                                        zip_error_strerror(&reason));
    zip_error_fini(&reason);
    return error;
  }
  const wl_error error = open_member(source, archive);
  zip_discard(archive);
  return error;
}

const wl_source_format wl_source_npz = {
    .endings = {".npz"}, .open = open_npz, .read = wl_array_file_read, .close = wl_array_file_close};
