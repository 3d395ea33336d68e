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

static const wl_source_format *const formats[] = {&wl_source_hdf5, &wl_source_npy, &wl_source_csv};
enum { FORMAT_COUNT = sizeof formats / sizeof formats[0] };

const char *wl_source_shown(const char *text, size_t length, char buffer[WL_SHOWN_SIZE]) {
  const bool cut = length >= WL_SHOWN_SIZE;
  const size_t kept = cut ? WL_SHOWN_SIZE - 4 : length;
  for (size_t i = 0; i < kept; i++) buffer[i] = (char)(isprint((unsigned char)text[i]) ? text[i] : '?');
  strcpy(buffer + kept, cut ? "..." : "");
  return buffer;
}

/** The format whose ending the first `length` characters have; NULL if none. */
static const wl_source_format *format_of(const char *path, size_t length) {
  for (int i = 0; i < FORMAT_COUNT; i++)
    for (int j = 0; j < 2; j++) {
      const char *ending = formats[i]->endings[j];
      if (ending == NULL || strlen(ending) >= length) continue;
      if (strncasecmp(path + length - strlen(ending), ending, strlen(ending)) == 0) return formats[i];
    }
  return NULL;
}

/** Length of the path: up to the last colon that follows a known ending, or all; 0 if no ending is known. */
static size_t path_length(const char *spec) {
  size_t length = strlen(spec);
  while (length > 0 && format_of(spec, length) == NULL) {
    do length--;
    while (length > 0 && spec[length] != ':');
  }
  return length;
}

static char *join(const char *directory, const char *path, size_t length) {
  if (directory == NULL || path[0] == '/') return strndup(path, length);
  const size_t size = strlen(directory) + 1 + length + 1;
  char *joined = malloc(size);
  if (joined != NULL) snprintf(joined, size, "%s/%.*s", directory, (int)length, path);
  return joined;
}

static char *label_of(const wl_source *source) {
  if (source->selector == NULL) return strdup(source->path);
  const size_t size = strlen(source->path) + 1 + strlen(source->selector) + 1;
  char *label = malloc(size);
  if (label != NULL) snprintf(label, size, "%s:%s", source->path, source->selector);
  return label;
}

static wl_error take_apart(wl_source *source, const char *spec, const char *directory) {
  const size_t length = path_length(spec);
  if (length == 0) WL_FAIL(WL_ERROR_DATA, "%s: not a source: the file must end in .h5, .hdf5, .npy or .csv", spec);
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

wl_error wl_source_open(const char *spec, const char *directory, wl_source **source) {
  *source = NULL;
  wl_source *s = calloc(1, sizeof *s);
  if (s == NULL) WL_FAIL(WL_ERROR_MEMORY, "%s: no memory to open it", spec);
  wl_error error;
  WL_GOTO(error, failed, take_apart(s, spec, directory));
  WL_GOTO(error, failed, check_file(s->path));
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
  free(s);
  *source = NULL;
}

int64_t wl_source_rows(const wl_source *source) { return source->rows; }

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

wl_error wl_source_read(wl_source *source, int64_t first, int64_t count, double *out) {
  if (first < 0 || count < 0 || first > source->rows || count > source->rows - first)
    WL_FAIL(WL_ERROR_INTERNAL, "%s: %lld rows asked for from row %lld on, there are %lld", source->label,
            (long long)count, (long long)first + 1, (long long)source->rows);
  if (count == 0) return WL_OK;
  WL_TRY(source->format->read(source, first, count, out));
  return check_finite(source, first, count, out);
}
