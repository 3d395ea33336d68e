/**
 * @file source_idx.c
 * IDX files, in which MNIST and its relatives are published: four bytes 0, 0, element type, number of dimensions; the
 * dimensions as big-endian integers of 32 bits; the elements, big endian. All dimensions but the first become columns.
 * Format: http://yann.lecun.com/exdb/mnist
 */
#include <stdlib.h>
#include <string.h>

#include "data/array_file.h"

static bool type_of(int code, wl_element_type *type) {
  static const struct {
    int code;
    wl_element_type type;
  } types[] = {{0x08, {'u', 1, true}}, {0x09, {'i', 1, true}}, {0x0B, {'i', 2, true}},
               {0x0C, {'i', 4, true}}, {0x0D, {'f', 4, true}}, {0x0E, {'f', 8, true}}};
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (types[i].code == code) {
      *type = types[i].type;
      return true;
    }
  return false;
}

static wl_error read_head(wl_source *source, wl_array_file *array) {
  unsigned char start[4], length[4];
  FILE *stream = array->file.stream;
  if (fread(start, 1, 4, stream) != 4 || start[0] != 0 || start[1] != 0)
    WL_FAIL(WL_ERROR_DATA, "%s: is not an IDX file", source->label);
  if (!type_of(start[2], &array->type))
    WL_FAIL(WL_ERROR_DATA, "%s: has elements of type 0x%02X, which IDX files have not", source->label, start[2]);
  if (start[3] == 0) WL_FAIL(WL_ERROR_DATA, "%s: has rank 0; at least 1 is needed", source->label);
  int64_t shape[2] = {0, 1};
  for (int k = 0; k < start[3]; k++) {
    if (fread(length, 1, 4, stream) != 4)
      WL_FAIL(WL_ERROR_DATA, "%s: is truncated within the header", source->label);
    const int64_t n = (int64_t)length[0] << 24 | length[1] << 16 | length[2] << 8 | length[3];
    if (k == 0)
      shape[0] = n;
    else if (__builtin_mul_overflow(shape[1], n, &shape[1]))
      WL_FAIL(WL_ERROR_DATA, "%s: has an impossible shape", source->label);
  }
  array->data = 4 + 4 * (int64_t)start[3];
  source->rows = shape[0];
  source->cols = shape[1];
  return WL_OK;
}

static wl_error open_idx(wl_source *source) {
  if (source->selector != NULL) WL_FAIL(WL_ERROR_DATA, "%s: an IDX file takes no selector", source->spec);
  wl_array_file *array = source->state = calloc(1, sizeof *array);
  if (array == NULL) WL_FAIL(WL_ERROR_MEMORY, "%s: no memory to open it", source->label);
  WL_TRY(wl_input_file_open(source->path, &array->file));
  WL_TRY(read_head(source, array));
  WL_TRY(wl_array_file_check_size(source, array));
  const int64_t end = array->data + source->rows * source->cols * array->type.size;
  if (source->rows > 0 && source->cols > 0 && end != array->file.size)
    WL_FAIL(WL_ERROR_DATA, "%s: has %lld bytes more than its header says", source->label,
            (long long)(array->file.size - end));
  return WL_OK;
}

const wl_source_format wl_source_idx = {
    .endings = {".idx", "idx1-ubyte", "idx2-ubyte", "idx3-ubyte", "idx4-ubyte", "idx1-int", "idx2-int"},
    .packed = true,
    .open = open_idx,
    .read = wl_array_file_read,
    .close = wl_array_file_close};
