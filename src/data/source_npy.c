/**
 * @file source_npy.c
 * NumPy's .npy files: a magic string, a header that is a Python dictionary, the elements.
 * Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "data/source_format.h"

typedef struct npy_state {
  FILE *file;
  int64_t data; /**< where the elements start */
  char kind;    /**< as in descr: f, i, u or b */
  int size;     /**< bytes of one element */
  bool big;     /**< big endian */
} npy_state;

/* ---- the header --------------------------------------------------------------------------------------------- */

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

/** Reads the header's text (owned by the caller) and leaves the file at the first element. */
static wl_error read_header(const wl_source *source, FILE *file, int64_t file_size, char **text, int64_t *data) {
  enum { LIMIT = 1 << 20 };
  unsigned char start[12];
  const size_t got = fread(start, 1, sizeof start, file);
  if (got < 6 || memcmp(start, "\x93NUMPY", 6) != 0)
    WL_FAIL(WL_ERROR_DATA, "%s: is not an NPY file", source->path);
  if (got < sizeof start) WL_FAIL(WL_ERROR_DATA, "%s: is truncated within the header", source->path);
  if (start[6] < 1 || start[6] > 3)
    WL_FAIL(WL_ERROR_DATA, "%s: is NPY version %d.%d; 1.0, 2.0 and 3.0 are supported", source->path, start[6],
            start[7]);
  const bool short_length = start[6] == 1;
  const int64_t offset = short_length ? 10 : 12;
  int64_t length = (int64_t)start[8] | (int64_t)start[9] << 8;
  if (!short_length) length |= (int64_t)start[10] << 16 | (int64_t)start[11] << 24;
  if (length > file_size - offset) WL_FAIL(WL_ERROR_DATA, "%s: is truncated within the header", source->path);
  if (length > LIMIT) WL_FAIL(WL_ERROR_DATA, "%s: has a header of %lld bytes", source->path, (long long)length);
  *text = calloc((size_t)length + 1, 1);
  if (*text == NULL) WL_FAIL(WL_ERROR_MEMORY, "%s: no memory to open it", source->label);
  if (fseeko(file, offset, SEEK_SET) != 0 || fread(*text, 1, (size_t)length, file) != (size_t)length)
    WL_FAIL(WL_ERROR_IO, "%s: the header cannot be read", source->path);
  *data = offset + length;
  return WL_OK;
}

static wl_error take_type(const wl_source *source, npy_state *state, const char *descr) {
  const char *digits = descr[0] != '\0' && strchr("<>=|", descr[0]) != NULL ? descr + 1 : descr;
  const char kind = *digits != '\0' ? *digits++ : '\0';
  const int size = strlen(digits) == 1 && isdigit((unsigned char)*digits) ? *digits - '0' : 0;
  const bool power = size == 1 || size == 2 || size == 4 || size == 8;
  const bool good =
      (kind == 'f' && power && size > 1) || ((kind == 'i' || kind == 'u') && power) || (kind == 'b' && size == 1);
  if (!good)
    WL_FAIL(WL_ERROR_DATA, "%s: has elements of type '%s'; f2 to f8, i1 to i8, u1 to u8 and b1 are supported",
            source->path, descr);
  const int one = 1;
  const bool native_big = *(const char *)&one == 0;
  state->kind = kind;
  state->size = size;
  state->big = descr[0] == '>' || (descr[0] != '<' && native_big);
  return WL_OK;
}

static wl_error take_shape(wl_source *source, const npy_header *header) {
  if (header->rank != 1 && header->rank != 2)
    WL_FAIL(WL_ERROR_DATA, "%s: has rank %d; rank 1 or 2 is needed", source->path, header->rank);
  if (header->fortran_order)
    WL_FAIL(WL_ERROR_DATA, "%s: is stored in Fortran order; save numpy.ascontiguousarray(x) instead",
            source->path);
  source->rows = header->shape[0];
  source->cols = header->rank == 2 ? header->shape[1] : 1;
  return WL_OK;
}

static wl_error check_size(const wl_source *source, const npy_state *state, int64_t file_size) {
  int64_t needed;
  if (__builtin_mul_overflow(source->rows, source->cols, &needed) ||
      __builtin_mul_overflow(needed, state->size, &needed))
    WL_FAIL(WL_ERROR_DATA, "%s: has an impossible shape (%lld x %lld)", source->path, (long long)source->rows,
            (long long)source->cols);
  if (needed > file_size - state->data)
    WL_FAIL(WL_ERROR_DATA, "%s: is truncated: %lld x %lld elements take %lld bytes, %lld are there", source->path,
            (long long)source->rows, (long long)source->cols, (long long)needed,
            (long long)(file_size - state->data));
  return WL_OK;
}

static wl_error open_npy(wl_source *source) {
  if (source->selector != NULL) WL_FAIL(WL_ERROR_DATA, "%s: an NPY file takes no selector", source->spec);
  npy_state *state = source->state = calloc(1, sizeof *state);
  if (state == NULL) WL_FAIL(WL_ERROR_MEMORY, "%s: no memory to open it", source->label);
  struct stat status;
  state->file = fopen(source->path, "rb");
  if (state->file == NULL || fstat(fileno(state->file), &status) != 0)
    WL_FAIL(WL_ERROR_DATA, "%s: cannot be read: %s", source->path, strerror(errno));

  char *text = NULL;
  npy_header header;
  wl_error error = read_header(source, state->file, status.st_size, &text, &state->data);
  const bool parsed = error == WL_OK && parse_header(text, &header);
  free(text);
  WL_TRY(error);
  if (!parsed && strcmp(header.descr, "structured") == 0)
    WL_FAIL(WL_ERROR_DATA, "%s: has elements of a structured type; save a plain array", source->path);
  if (!parsed) WL_FAIL(WL_ERROR_DATA, "%s: has a header that is not NPY's", source->path);
  WL_TRY(take_type(source, state, header.descr));
  WL_TRY(take_shape(source, &header));
  return check_size(source, state, status.st_size);
}

/* ---- the elements ------------------------------------------------------------------------------------------- */

/** IEEE 754 half precision: 1 bit sign, 5 exponent, 10 fraction. */
static double from_half(uint64_t bits) {
  const int exponent = (int)(bits >> 10 & 31);
  const double fraction = (double)(bits & 1023);
  double magnitude = ldexp(fraction + 1024, exponent - 25);
  if (exponent == 0) magnitude = ldexp(fraction, -24);
  if (exponent == 31) magnitude = fraction > 0 ? (double)NAN : (double)INFINITY;
  return bits >> 15 & 1 ? -magnitude : magnitude;
}

static double element(const npy_state *state, const unsigned char *bytes) {
  uint64_t bits = 0;
  for (int i = 0; i < state->size; i++) bits = bits << 8 | bytes[state->big ? i : state->size - 1 - i];
  if (state->kind == 'b') return bits != 0;
  if (state->kind == 'u') return (double)bits;
  if (state->kind == 'i') { /* extend the sign */
    const int unused = 64 - 8 * state->size;
    return (double)((int64_t)(bits << unused) >> unused);
  }
  if (state->size == 2) return from_half(bits);
  if (state->size == 4) {
    const uint32_t low = (uint32_t)bits;
    float single;
    memcpy(&single, &low, sizeof single);
    return (double)single;
  }
  double number;
  memcpy(&number, &bits, sizeof number);
  return number;
}

static wl_error read_npy(wl_source *source, int64_t first, int64_t count, double *out) {
  npy_state *state = source->state;
  unsigned char buffer[1 << 15];
  const int64_t room = (int64_t)sizeof buffer / state->size, total = count * source->cols;
  if (fseeko(state->file, state->data + first * source->cols * state->size, SEEK_SET) != 0)
    WL_FAIL(WL_ERROR_IO, "%s: cannot be read: %s", source->path, strerror(errno));
  for (int64_t done = 0; done < total;) {
    const int64_t wanted = total - done < room ? total - done : room;
    if (fread(buffer, (size_t)state->size, (size_t)wanted, state->file) != (size_t)wanted)
      WL_FAIL(WL_ERROR_IO, "%s: cannot be read: %s", source->path,
              ferror(state->file) ? strerror(errno) : "it became shorter");
    for (int64_t i = 0; i < wanted; i++) out[done + i] = element(state, buffer + i * state->size);
    done += wanted;
  }
  return WL_OK;
}

static void close_npy(wl_source *source) {
  npy_state *state = source->state;
  if (state->file != NULL) fclose(state->file);
  free(state);
}

const wl_source_format wl_source_npy = {{".npy", NULL}, open_npy, read_npy, close_npy};
