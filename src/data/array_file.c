#include "data/array_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

wl_error wl_array_file_check_size(const wl_source *source, const wl_array_file *array) {
  const int64_t there = array->file.size - array->data;
  int64_t needed;
  if (__builtin_mul_overflow(source->rows, source->cols, &needed) ||
      __builtin_mul_overflow(needed, array->type.size, &needed))
    WL_FAIL(WL_ERROR_DATA, "%s: has an impossible shape (%lld x %lld)", source->label, (long long)source->rows,
            (long long)source->cols);
  if (needed > there)
    WL_FAIL(WL_ERROR_DATA, "%s: is truncated: %lld x %lld elements take %lld bytes, %lld are there", source->label,
            (long long)source->rows, (long long)source->cols, (long long)needed, (long long)there);
  return WL_OK;
}

/* `count` elements from number `first` on, one every `stride` doubles of `out`. */
static wl_error read_run(const wl_source *source, int64_t first, int64_t count, double *out, int64_t stride) {
  wl_array_file *array = source->state;
  FILE *stream = array->file.stream;
  unsigned char buffer[1 << 15];
  const int64_t size = array->type.size, room = (int64_t)sizeof buffer / size, at = array->data + first * size;
  if (ftello(stream) != at && fseeko(stream, at, SEEK_SET) != 0)
    WL_FAIL(WL_ERROR_IO, "%s: cannot be read: %s", source->label, strerror(errno));
  for (int64_t done = 0; done < count;) {
    const int64_t wanted = count - done < room ? count - done : room;
    if (fread(buffer, (size_t)size, (size_t)wanted, stream) != (size_t)wanted)
      WL_FAIL(WL_ERROR_IO, "%s: cannot be read: %s", source->label,
              ferror(stream) ? strerror(errno) : "it became shorter");
    wl_elements_decode(&array->type, buffer, wanted, out + done * stride, stride);
    done += wanted;
  }
  return WL_OK;
}

wl_error wl_array_file_read(wl_source *source, int64_t first, int64_t count, double *out) {
  const wl_array_file *array = source->state;
  if (!array->columns_first) return read_run(source, first * source->cols, count * source->cols, out, 1);
  for (int64_t j = 0; j < source->cols; j++)
    WL_TRY(read_run(source, j * source->rows + first, count, out + j, source->cols));
  return WL_OK;
}

void wl_array_file_close(wl_source *source) {
  wl_array_file *array = source->state;
  wl_input_file_close(&array->file);
  free(array);
}
