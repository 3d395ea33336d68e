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

/* What is unpacked, in a buffer that doubles. */
typedef struct unpacked {
  char *bytes;
  int64_t size, room;
} unpacked;

static wl_error make_room(const char *path, unpacked *u) {
  const int64_t limit = (int64_t)1 << 32;
  if (u->size < u->room) return WL_OK;
  if (u->room >= limit) WL_FAIL(WL_ERROR_DATA, "%s: unpacks to more than 4 GiB; unpack it first (gunzip)", path);
  u->room = u->room > 0 ? 2 * u->room : 1 << 16;
  char *more = realloc(u->bytes, (size_t)u->room);
  if (!more) WL_FAIL(WL_ERROR_MEMORY, "%s: no memory to unpack it", path);
  u->bytes = more;
  return WL_OK;
}

/* Unpacks what fits; at the end of a member, the next one may follow. */
static wl_error inflate_some(const char *path, z_stream *z, unpacked *u, bool *between) {
  const bool first = u->size == 0 && z->total_in == 0;
  WL_TRY(make_room(path, u));
  const int64_t room = u->room - u->size < 1 << 20 ? u->room - u->size : 1 << 20;
  z->next_out = (unsigned char *)u->bytes + u->size;
  z->avail_out = (unsigned)room;
  const int state = inflate(z, Z_NO_FLUSH);
  u->size += room - z->avail_out;
  *between = state == Z_STREAM_END;
  if (*between) inflateReset(z);
  if (*between || state == Z_OK || state == Z_BUF_ERROR) return WL_OK;
  if (first && z->total_in <= 2) WL_FAIL(WL_ERROR_DATA, "%s: is not packed by gzip", path);
  WL_FAIL(WL_ERROR_DATA, "%s: cannot be unpacked: %s", path, z->msg ? z->msg : "it is damaged");
}

/* Zeros behind the last member are padding (tapes, blocks of disks); anything else is part of the data, or damage. */
static bool is_padding(const z_stream *z) {
  for (unsigned i = 0; i < z->avail_in; i++)
    if (z->next_in[i] != 0) return false;
  return true;
}

static wl_error unpack(const char *path, FILE *packed, z_stream *z, unpacked *u) {
  unsigned char piece[1 << 16];
  bool between = false, full = false; /* members; what is there may be more than there was room for */
  for (;;) {
    if (z->avail_in == 0 && !full) {
      z->next_in = piece;
      z->avail_in = (unsigned)fread(piece, 1, sizeof piece, packed);
      if (ferror(packed)) WL_FAIL(WL_ERROR_DATA, "%s: cannot be read: %s", path, strerror(errno));
      if (z->avail_in == 0 && between) return WL_OK;
      if (z->avail_in == 0)
        WL_FAIL(WL_ERROR_DATA, z->total_in == 0 ? "%s: is empty" : "%s: cannot be unpacked: it ends early", path);
    }
    if (between && is_padding(z))
      z->avail_in = 0;
    else
      WL_TRY(inflate_some(path, z, u, &between));
    full = !between && z->avail_out == 0;
  }
}

static wl_error open_packed(const char *path, wl_input_file *file) {
  enum { WINDOW = 15, GZIP = 16 };
  z_stream z = {0};
  unpacked u = {0};
  FILE *packed = fopen(path, "rbe");
  if (!packed) WL_FAIL(WL_ERROR_DATA, "%s: cannot be read: %s", path, strerror(errno));
  wl_error error = inflateInit2(&z, WINDOW + GZIP) == Z_OK
                       ? unpack(path, packed, &z, &u)
                       : wl_error_set(WL_ERROR_MEMORY, "%s: no memory to unpack it", path);
  inflateEnd(&z);
  fclose(packed);
  if (error == WL_OK) return wl_input_file_from_memory(path, u.bytes, u.size, file);
  free(u.bytes);
  return error;
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

const char *wl_input_file_hint(const unsigned char *start, size_t count) {
  static const struct {
    const char *magic, *hint;
  } kinds[] = {{"\x1f\x8b", "; it is packed by gzip: add .gz to its name"},
               {"PK\3\4", "; it is a ZIP archive: NumPy's are named .npz, others must be unpacked"},
               {"\x93NUMPY", "; it is NumPy's: name it .npy"},
               {"\x89HDF", "; it is HDF5: name it .h5"},
               {"BZh91AY&SY", "; it is packed by bzip2: unpack it (bunzip2)"},
               {"\xfd"
                "7zXZ",
                "; it is packed by xz: unpack it (unxz)"},
               {"PAR1\x15", "; it is Parquet: write it as .npy or .csv"}};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (strlen(kinds[i].magic) <= count && memcmp(start, kinds[i].magic, strlen(kinds[i].magic)) == 0)
      return kinds[i].hint;
  return "";
}

void wl_input_file_close(wl_input_file *file) {
  if (file->stream) fclose(file->stream);
  free(file->unpacked);
  *file = (wl_input_file){0};
}
