/**
 * @file source_npy.c
 * NumPy's .npy files: a magic string, a header that is a Python dictionary, the elements.
 * Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "data/array_file.h"
#include "data/npy.h"

/** What the dictionary says. */
typedef struct npy_header {
  char descr[WL_SHOWN_SIZE]; /**< "" where it is missing, "structured" where it is a list */
  bool has_order, fortran_order;
  int rank; /**< -1 where the shape is missing */
  int64_t shape[2];
} npy_header;

/** Takes the word if it comes next, after blanks. */
static bool skip(const char **at, const char *word) {
  while (isspace((unsigned char)**at)) ++*at;
  if (strncmp(*at, word, strlen(word)) != 0) return false;
  *at += strlen(word);
  return true;
}

/** A Python string without escapes. */
static bool parse_string(const char **at, char text[WL_SHOWN_SIZE]) {
  const char quote[2] = {skip(at, "'") ? '\'' : skip(at, "\"") ? '"' : '\0', '\0'};
  if (quote[0] == '\0') return false;
  const size_t length = strcspn(*at, quote);
  if ((*at)[length] == '\0') return false;
  wl_source_shown(*at, length, text);
  *at += length + 1;
  return true;
}

/** `(3, 4)`, `(3,)` or `()`; of more than two dimensions only the number is kept. */
static bool parse_shape(const char **at, npy_header *header) {
  if (!skip(at, "(")) return false;
  header->rank = 0;
  while (!skip(at, ")")) {
    if (!isdigit((unsigned char)**at)) return false;
    char *end;
    errno = 0;
    const long long length = strtoll(*at, &end, 10);
    if (errno != 0) return false;
    *at = end;
    (void)skip(at, "L"); /* Python 2 */
    if (header->rank < 2) header->shape[header->rank] = length;
    header->rank++;
    if (!skip(at, ",") && **at != ')') return false;
  }
  return true;
}

static bool parse_entry(const char **at, npy_header *header) {
  char key[WL_SHOWN_SIZE];
  if (!parse_string(at, key) || !skip(at, ":")) return false;
  if (strcmp(key, "descr") == 0) {
    if (parse_string(at, header->descr)) return true;
    strcpy(header->descr, "structured");
    return false;
  }
  if (strcmp(key, "shape") == 0) return parse_shape(at, header);
  if (strcmp(key, "fortran_order") != 0) return false;
  header->has_order = true;
  header->fortran_order = skip(at, "True");
  return header->fortran_order || skip(at, "False");
}

static bool parse_header(const char *text, npy_header *header) {
  *header = (npy_header){.rank = -1};
  const char *at = text;
  bool good = skip(&at, "{");
  while (good && !skip(&at, "}")) {
    good = parse_entry(&at, header);
    if (good && !skip(&at, ",")) {
      good = skip(&at, "}");
      break;
    }
  }
  return good && header->descr[0] != '\0' && header->has_order && header->rank >= 0;
}

/** Reads the header's text (owned by the caller) and finds where the elements start. */
static wl_error read_header(const wl_source *source, wl_array_file *array, char **text) {
  FILE *file = array->file.stream;
  const int64_t file_size = array->file.size;
  enum { LIMIT = 1 << 20 };
  unsigned char start[12];
  const size_t got = fread(start, 1, sizeof start, file);
  if (got < 6 || memcmp(start, "\x93NUMPY", 6) != 0)
    WL_FAIL(WL_ERROR_DATA, "%s: is not an NPY file%s", source->label, wl_input_file_hint(start, got));
  if (got < sizeof start) WL_FAIL(WL_ERROR_DATA, "%s: is truncated within the header", source->label);
  if (start[6] < 1 || start[6] > 3)
    WL_FAIL(WL_ERROR_DATA, "%s: is NPY version %d.%d; 1.0, 2.0 and 3.0 are supported", source->label, start[6],
            start[7]);
  const bool short_length = start[6] == 1;
  const int64_t offset = short_length ? 10 : 12;
  int64_t length = (int64_t)start[8] | (int64_t)start[9] << 8;
  if (!short_length) length |= (int64_t)start[10] << 16 | (int64_t)start[11] << 24;
  if (length > file_size - offset) WL_FAIL(WL_ERROR_DATA, "%s: is truncated within the header", source->label);
  if (length > LIMIT) WL_FAIL(WL_ERROR_DATA, "%s: has a header of %lld bytes", source->label, (long long)length);
  *text = calloc((size_t)length + 1, 1);
  if (*text == NULL) WL_FAIL(WL_ERROR_MEMORY, "%s: no memory to open it", source->label);
  if (fseeko(file, offset, SEEK_SET) != 0 || fread(*text, 1, (size_t)length, file) != (size_t)length)
    WL_FAIL(WL_ERROR_IO, "%s: the header cannot be read", source->label);
  array->data = offset + length;
  return WL_OK;
}

static wl_error take_type(const wl_source *source, wl_element_type *type, const char *descr) {
  const char *digits = descr[0] != '\0' && strchr("<>=|", descr[0]) != NULL ? descr + 1 : descr;
  const int one = 1;
  const bool native_big = *(const char *)&one == 0;
  type->kind = *digits != '\0' ? *digits++ : '\0';
  type->size = strlen(digits) == 1 && isdigit((unsigned char)*digits) ? *digits - '0' : 0;
  type->big = descr[0] == '>' || (descr[0] != '<' && native_big);
  if (!wl_element_type_exists(type))
    WL_FAIL(WL_ERROR_DATA, "%s: has elements of type '%s'; f2 to f8, i1 to i8, u1 to u8 and b1 are supported",
            source->label, descr);
  return WL_OK;
}

static wl_error take_shape(wl_source *source, const npy_header *header) {
  if (header->rank != 1 && header->rank != 2)
    WL_FAIL(WL_ERROR_DATA, "%s: has rank %d; rank 1 or 2 is needed", source->label, header->rank);
  source->rows = header->shape[0];
  source->cols = header->rank == 2 ? header->shape[1] : 1;
  return WL_OK;
}

wl_error wl_npy_begin(wl_source *source) {
  wl_array_file *array = source->state;
  char *text = NULL;
  npy_header header;
  wl_error error = read_header(source, array, &text);
  const bool parsed = error == WL_OK && parse_header(text, &header);
  free(text);
  WL_TRY(error);
  if (!parsed && strcmp(header.descr, "structured") == 0)
    WL_FAIL(WL_ERROR_DATA, "%s: has elements of a structured type; save a plain array", source->label);
  if (!parsed) WL_FAIL(WL_ERROR_DATA, "%s: has a header that is not NPY's", source->label);
  WL_TRY(take_type(source, &array->type, header.descr));
  WL_TRY(take_shape(source, &header));
  array->columns_first = header.fortran_order;
  WL_TRY(wl_array_file_check_size(source, array));
  const int64_t more = array->file.size - array->data - source->rows * source->cols * array->type.size;
  if (more > 0)
    wl_log_warning("%s: %lld bytes behind its %lld x %lld array are not read: were several saved into one file?",
                   source->label, (long long)more, (long long)source->rows, (long long)source->cols);
  return WL_OK;
}

static wl_error open_npy(wl_source *source) {
  if (source->selector != NULL) WL_FAIL(WL_ERROR_DATA, "%s: an NPY file takes no selector", source->spec);
  wl_array_file *array = source->state = calloc(1, sizeof *array);
  if (array == NULL) WL_FAIL(WL_ERROR_MEMORY, "%s: no memory to open it", source->label);
  WL_TRY(wl_input_file_open(source->path, &array->file));
  return wl_npy_begin(source);
}

const wl_source_format wl_source_npy = {.endings = {".npy"},
                                        .packed = true,
                                        .open = open_npy,
                                        .read = wl_array_file_read,
                                        .close = wl_array_file_close};
