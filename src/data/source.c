/**
 * @file source.c
 * Sources of every format: the specification taken apart, what all formats check alike.
 */
#include "data/source.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "data/source_format.h"

static const wl_source_format *const formats[] = {&wl_source_hdf5, &wl_source_npy, &wl_source_npz, &wl_source_csv,
                                                  &wl_source_idx};
enum { FORMAT_COUNT = sizeof formats / sizeof formats[0] };

const char *wl_source_shown(const char *text, size_t length, char buffer[WL_SHOWN_SIZE]) {
  const bool cut = length >= WL_SHOWN_SIZE;
  const size_t kept = cut ? WL_SHOWN_SIZE - 4 : length;
  for (size_t i = 0; i < kept; i++) buffer[i] = (char)(isprint((unsigned char)text[i]) ? text[i] : '?');
  strcpy(buffer + kept, cut ? "..." : "");
  return buffer;
}

static bool ends_in(const char *path, size_t length, const char *ending) {
  const size_t size = strlen(ending);
  return size < length && strncasecmp(path + length - size, ending, size) == 0;
}

/** The format whose ending the first `length` characters have; NULL if none. */
static const wl_source_format *format_of(const char *path, size_t length) {
  const bool packed = ends_in(path, length, ".gz");
  if (packed) length -= strlen(".gz");
  for (int i = 0; i < FORMAT_COUNT; i++)
    for (const char *const *ending = formats[i]->endings; *ending != NULL; ending++)
      if (ends_in(path, length, *ending) && (formats[i]->packed || !packed)) return formats[i];
  return NULL;
}

static char *join(const char *directory, const char *path, size_t length) {
  if (directory == NULL || path[0] == '/') return strndup(path, length);
  const size_t size = strlen(directory) + 1 + length + 1;
  char *joined = malloc(size);
  if (joined != NULL) snprintf(joined, size, "%s/%.*s", directory, (int)length, path);
  return joined;
}

/** Whether the first `length` characters are the path of a file that is there. */
static bool is_there(const char *directory, const char *spec, size_t length) {
  char *path = join(directory, spec, length);
  const bool good = path != NULL && access(path, F_OK) == 0;
  free(path);
  return good;
}

/**
 * Length of the path: all, or up to a colon behind a known ending; the longest that is there (`x.npz:a.npy` has two such
 * endings), else the longest; 0 if no ending is known.
 */
static size_t path_length(const char *spec, const char *directory) {
  size_t longest = 0;
  for (size_t length = strlen(spec); length > 0; length--) {
    if ((spec[length] != '\0' && spec[length] != ':') || format_of(spec, length) == NULL) continue;
    if (is_there(directory, spec, length)) return length;
    if (longest == 0) longest = length;
  }
  return longest;
}

char *wl_source_path(const char *spec) {
  const size_t length = path_length(spec, NULL);
  return length > 0 ? strndup(spec, length) : NULL;
}

static char *label_of(const wl_source *source) {
  if (source->selector == NULL) return strdup(source->path);
  const size_t size = strlen(source->path) + 1 + strlen(source->selector) + 1;
  char *label = malloc(size);
  if (label != NULL) snprintf(label, size, "%s:%s", source->path, source->selector);
  return label;
}

static wl_error take_apart(wl_source *source, const char *spec, const char *directory) {
  const size_t length = path_length(spec, directory);
  if (length == 0)
    WL_FAIL(
        WL_ERROR_DATA,
        "%s: not a source: the file must end in .h5, .hdf5, .mat, .npy, .npz, .csv, .tsv, .txt, .data, .dat or "
        "idx3-ubyte; text, .npy and idx also with .gz",
        spec);
  source->format = format_of(spec, length);
  source->spec = strdup(spec);
  source->path = join(directory, spec, length);
  if (spec[length] == ':') source->selector = strdup(spec + length + 1);
  if (source->spec == NULL || source->path == NULL || (spec[length] == ':' && source->selector == NULL))
    WL_FAIL(WL_ERROR_MEMORY, "%s: no memory to open it", spec);
  source->label = label_of(source);
  if (source->label == NULL) WL_FAIL(WL_ERROR_MEMORY, "%s: no memory to open it", spec);
  return WL_OK;
}

static wl_error check_file(const char *path) {
  struct stat status;
  if (stat(path, &status) != 0 || access(path, R_OK) != 0)
    WL_FAIL(WL_ERROR_DATA, "%s: cannot be read: %s", path, strerror(errno));
  if (S_ISDIR(status.st_mode)) WL_FAIL(WL_ERROR_DATA, "%s: is a directory, a file is needed", path);
  if (!S_ISREG(status.st_mode)) WL_FAIL(WL_ERROR_DATA, "%s: is not a regular file", path);
  return WL_OK;
}

static wl_error check_shape(const wl_source *source) {
  const long long rows = source->rows, cols = source->cols;
  if (rows <= 0 || cols <= 0) WL_FAIL(WL_ERROR_DATA, "%s: is empty (%lld x %lld)", source->label, rows, cols);
  if (rows > INT64_MAX / (int64_t)sizeof(double) / cols)
    WL_FAIL(WL_ERROR_DATA, "%s: is too large (%lld x %lld)", source->label, rows, cols);
  return WL_OK;
}

wl_error wl_source_open(const char *spec, const wl_source_options *options, wl_source **source) {
  *source = NULL;
  wl_source *s = calloc(1, sizeof *s);
  if (s == NULL) WL_FAIL(WL_ERROR_MEMORY, "%s: no memory to open it", spec);
  wl_error error;
  WL_GOTO(error, failed, take_apart(s, spec, options != NULL ? options->directory : NULL));
  WL_GOTO(error, failed, check_file(s->path));
  s->header = options != NULL ? options->header : WL_HEADER_AUTO;
  s->header_hint = options != NULL ? options->header_hint : NULL;
  WL_GOTO(error, failed, s->format->open(s));
  WL_GOTO(error, failed, check_shape(s));
  *source = s;
  return WL_OK;
failed:
  wl_source_close(&s);
  return error;
}

void wl_source_close(wl_source **source) {
  if (source == NULL || *source == NULL) return;
  wl_source *s = *source;
  if (s->state != NULL) s->format->close(s);
  free(s->spec);
  free(s->path);
  free(s->selector);
  free(s->label);
  free(s->chosen);
  free(s);
  *source = NULL;
}

int64_t wl_source_rows(const wl_source *source) { return source->chosen ? source->chosen_count : source->rows; }

int64_t wl_source_cols(const wl_source *source) { return source->cols; }

const char *wl_source_spec(const wl_source *source) { return source->spec; }

static wl_error check_finite(const wl_source *source, int64_t first, int64_t count, const double *x) {
  for (int64_t i = 0; i < count; i++)
    for (int64_t j = 0; j < source->cols; j++) {
      const double entry = x[i * source->cols + j];
      if (!isfinite(entry))
        WL_FAIL(WL_ERROR_DATA, "%s: row %lld, column %lld is %s", source->label, (long long)(first + i + 1),
                (long long)(j + 1),
                isnan(entry) ? "nan"
                : entry > 0  ? "inf"
                             : "-inf");
    }
  return WL_OK;
}

/** Rows of the file. */
static wl_error read_rows(wl_source *source, int64_t first, int64_t count, double *out) {
  WL_TRY(source->format->read(source, first, count, out));
  return check_finite(source, first, count, out);
}

wl_error wl_source_choose_rows(wl_source *source, int64_t *rows, int64_t count) {
  free(source->chosen);
  source->chosen = rows;
  source->chosen_count = count;
  for (int64_t i = 0; i < count; i++)
    if (rows[i] < 0 || rows[i] >= source->rows)
      WL_FAIL(WL_ERROR_DATA, "%s: row %lld (counted from 0) is asked for, there are %lld", source->label,
              (long long)rows[i], (long long)source->rows);
  return WL_OK;
}

/** A chosen row: where it stands in the file, and where it goes. */
typedef struct errand {
  int64_t from, to;
} errand;

static int by_place(const void *a, const void *b) {
  const errand *x = a, *y = b;
  return (x->from > y->from) - (x->from < y->from);
}

/** In the order of the file: no format likes to go back, and what is stored in chunks is unpacked chunk by chunk. */
static wl_error read_chosen(wl_source *source, int64_t first, int64_t count, double *out) {
  errand *errands = malloc(sizeof *errands * (size_t)count);
  if (errands == NULL) WL_FAIL(WL_ERROR_MEMORY, "%s: no memory to choose rows", source->label);
  for (int64_t i = 0; i < count; i++) errands[i] = (errand){source->chosen[first + i], i};
  qsort(errands, (size_t)count, sizeof *errands, by_place);
  wl_error error = WL_OK;
  for (int64_t i = 0, run; i < count && error == WL_OK; i += run) {
    for (run = 1; i + run < count && errands[i + run].from == errands[i].from + run &&
                  errands[i + run].to == errands[i].to + run;)
      run++;
    error = read_rows(source, errands[i].from, run, out + errands[i].to * source->cols);
  }
  free(errands);
  return error;
}

wl_error wl_source_read(wl_source *source, int64_t first, int64_t count, double *out) {
  const int64_t rows = wl_source_rows(source);
  if (first < 0 || count < 0 || first > rows || count > rows - first)
    WL_FAIL(WL_ERROR_INTERNAL, "%s: %lld rows asked for from row %lld on, there are %lld", source->label,
            (long long)count, (long long)first + 1, (long long)rows);
  if (count == 0) return WL_OK;
  return source->chosen != NULL ? read_chosen(source, first, count, out) : read_rows(source, first, count, out);
}

bool wl_source_has_blocks(const wl_source *source) { return source->format->read_block != NULL; }

static bool is_within(int64_t first, int64_t count, int64_t all) {
  return first >= 0 && count >= 0 && first <= all && count <= all - first;
}

wl_error wl_source_read_block(wl_source *source, int64_t row, int64_t rows, int64_t column, int64_t columns,
                              double *out) {
  if (!wl_source_has_blocks(source) || source->chosen || !is_within(row, rows, source->rows) ||
      !is_within(column, columns, source->cols))
    WL_FAIL(WL_ERROR_INTERNAL, "%s: no block of %lld x %lld at (%lld, %lld)", source->label, (long long)rows,
            (long long)columns, (long long)row + 1, (long long)column + 1);
  if (rows == 0 || columns == 0) return WL_OK;
  return source->format->read_block(source, row, rows, column, columns, out);
}
