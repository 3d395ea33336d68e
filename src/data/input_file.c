#include "data/input_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <zlib.h>

bool wl_input_file_is_packed(const char *path) {
  const size_t length = strlen(path);
  return length > 3 && strcasecmp(path + length - 3, ".gz") == 0;
}

wl_error wl_input_file_from_memory(const char *path, void *bytes, int64_t size, wl_input_file *file) {
  *file = (wl_input_file){.size = size, .unpacked = bytes};
  if (size == 0) WL_FAIL(WL_ERROR_DATA, "%s: is empty", path);
  file->stream = fmemopen(bytes, (size_t)size, "rb");
  if (!file->stream) WL_FAIL(WL_ERROR_MEMORY, "%s: no memory to unpack it", path);
  return WL_OK;
}

/* All bytes of the packed file, in a buffer that doubles. */
static wl_error unpack(const char *path, gzFile packed, char **bytes, int64_t *size) {
  const int64_t limit = (int64_t)1 << 32;
  int64_t room = 0;
  for (*size = 0;;) {
    if (*size == room) {
      if (room >= limit) WL_FAIL(WL_ERROR_DATA, "%s: unpacks to more than 4 GiB; unpack it first (gunzip)", path);
      room = room > 0 ? 2 * room : 1 << 16;
      char *more = realloc(*bytes, (size_t)room);
      if (!more) WL_FAIL(WL_ERROR_MEMORY, "%s: no memory to unpack it", path);
      *bytes = more;
    }
    const int64_t wanted = room - *size < 1 << 20 ? room - *size : 1 << 20;
    const int got = gzread(packed, *bytes + *size, (unsigned)wanted);
    if (*size == 0 && gzdirect(packed)) WL_FAIL(WL_ERROR_DATA, "%s: is not packed by gzip", path);
    if (got > 0) *size += got;
    if (got >= wanted) continue;
    int state;
    const char *reason = gzerror(packed, &state);
    if (state == Z_OK || state == Z_STREAM_END) return WL_OK;
    WL_FAIL(WL_ERROR_DATA, "%s: cannot be unpacked: %s", path,
            state == Z_BUF_ERROR ? "it ends early"
            : state == Z_ERRNO   ? strerror(errno)
                                 : reason);
  }
}

static wl_error open_packed(const char *path, wl_input_file *file) {
  gzFile packed = gzopen(path, "rb");
  if (!packed) WL_FAIL(WL_ERROR_DATA, "%s: cannot be read: %s", path, strerror(errno));
  (void)gzbuffer(packed, 1 << 17);
  char *bytes = NULL;
  int64_t size = 0;
  const wl_error error = unpack(path, packed, &bytes, &size);
  gzclose_r(packed);
  if (error != WL_OK) {
    free(bytes);
    return error;
  }
  return wl_input_file_from_memory(path, bytes, size, file);
}

wl_error wl_input_file_open(const char *path, wl_input_file *file) {
  *file = (wl_input_file){0};
  if (wl_input_file_is_packed(path)) return open_packed(path, file);
  struct stat status;
  file->stream = fopen(path, "rb");
  if (!file->stream || fstat(fileno(file->stream), &status) != 0)
    WL_FAIL(WL_ERROR_DATA, "%s: cannot be read: %s", path, strerror(errno));
  file->size = status.st_size;
  return WL_OK;
}

void wl_input_file_close(wl_input_file *file) {
  if (file->stream) fclose(file->stream);
  free(file->unpacked);
  *file = (wl_input_file){0};
}
