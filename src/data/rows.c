#include "data/rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "data/source.h"

/* ---- lists -------------------------------------------------------------------------------------------------- */

/** The number of the first row; cuts it off the specification. */
static int take_base(char *spec) {
  const size_t length = strlen(spec);
  if (length < 3 || spec[length - 2] != ':' || (spec[length - 1] != '0' && spec[length - 1] != '1')) return 0;
  const int base = spec[length - 1] - '0';
  spec[length - 2] = '\0';
  return base;
}

static wl_error convert(const char *spec, int base, int64_t total, const double *numbers, wl_rows *rows) {
  for (int64_t i = 0; i < rows->count; i++) {
    const double number = numbers[i] - base;
    if (number != floor(number))
      WL_FAIL(WL_ERROR_DATA, "%s: entry %lld is %.17g, no number of a row", spec, (long long)i + 1, numbers[i]);
    if (number < 0 || number >= (double)total)
      WL_FAIL(WL_ERROR_DATA,
              "%s: entry %lld is row %.17g, but the %lld rows are numbered from %d (:0 or :1 behind the path says "
              "how)",
              spec, (long long)i + 1, numbers[i], (long long)total, base);
    rows->row[i] = (int64_t)number;
  }
  return WL_OK;
}

/* One 0 or 1 for each row of the file: as row numbers these would be the first two rows, over and over. */
static bool is_mask(int64_t count, int64_t total, const double *numbers) {
  bool mask = count == total && total > 2;
  for (int64_t i = 0; i < count && mask; i++) mask = numbers[i] == 0.0 || numbers[i] == 1.0;
  return mask;
}

/* Repeats are allowed (bootstrap samples), but seldom meant. */
static wl_error warn_of_repeats(const char *spec, int base, int64_t total, const wl_rows *rows) {
  bool *listed = calloc((size_t)total, sizeof *listed);
  if (!listed) WL_FAIL(WL_ERROR_MEMORY, "%s: no memory to read it", spec);
  int64_t repeats = 0, first = 0;
  for (int64_t i = 0; i < rows->count; i++) {
    if (listed[rows->row[i]] && repeats++ == 0) first = rows->row[i];
    listed[rows->row[i]] = true;
  }
  free(listed);
  if (repeats > 0)
    wl_log_warning("%s: %lld of its %lld entries repeat a row, the first row %lld", spec, (long long)repeats,
                   (long long)rows->count, (long long)(first + base));
  return WL_OK;
}

static wl_error read_list(const char *spec, int base, int64_t total, wl_source *source, wl_rows *rows) {
  if (wl_source_cols(source) != 1)
    WL_FAIL(WL_ERROR_DATA, "%s: has %lld columns; a list of rows has one", spec,
            (long long)wl_source_cols(source));
  rows->count = wl_source_rows(source);
  rows->row = malloc(sizeof *rows->row * (size_t)rows->count);
  double *numbers = malloc(sizeof *numbers * (size_t)rows->count);
  wl_error error = rows->row && numbers ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "%s: no memory to read it", spec);
  if (error == WL_OK) error = wl_source_read(source, 0, rows->count, numbers);
  if (error == WL_OK && is_mask(rows->count, total, numbers))
    error =
        wl_error_set(WL_ERROR_DATA,
                     "%s: holds a 0 or 1 for each of the %lld rows: a mask? The numbers of the rows are wanted "
                     "(numpy.flatnonzero)",
                     spec, (long long)total);
  if (error == WL_OK) error = convert(spec, base, total, numbers, rows);
  if (error == WL_OK) error = warn_of_repeats(spec, base, total, rows);
  free(numbers);
  return error;
}

wl_error wl_rows_read(const char *spec, int64_t total, wl_rows *rows) {
  *rows = (wl_rows){0};
  char *path = strdup(spec);
  if (!path) WL_FAIL(WL_ERROR_MEMORY, "%s: no memory to read it", spec);
  const int base = take_base(path);
  const wl_source_options options = {.header = WL_HEADER_FALSE,
                                     .header_hint = "; a list of rows has no header: take the line out"};
  wl_source *source = NULL;
  wl_error error = wl_source_open(path, &options, &source);
  if (error == WL_OK) error = read_list(spec, base, total, source, rows);
  wl_source_close(&source);
  free(path);
  if (error != WL_OK) wl_rows_free(rows);
  return error;
}

/* ---- lots --------------------------------------------------------------------------------------------------- */

typedef struct lot {
  double number;
  int64_t row;
} lot;

static int by_number(const void *a, const void *b) {
  const lot *x = a, *y = b;
  if (x->number != y->number) return x->number < y->number ? -1 : 1;
  return (x->row > y->row) - (x->row < y->row);
}

wl_error wl_rows_draw(int64_t total, int64_t count, uint64_t seed, wl_stream stream, bool *drawn) {
  lot *lots = malloc(sizeof *lots * (size_t)total);
  if (!lots) WL_FAIL(WL_ERROR_MEMORY, "no memory to draw from %lld rows", (long long)total);
  for (int64_t i = 0; i < total; i++) lots[i] = (lot){wl_random_normal(seed, stream, (uint64_t)i, 0), i};
  qsort(lots, (size_t)total, sizeof *lots, by_number);
  for (int64_t k = 0; k < count; k++) drawn[lots[k].row] = true;
  free(lots);
  return WL_OK;
}

wl_error wl_rows_split(int64_t total, double fraction, uint64_t seed, wl_rows *train, wl_rows *test) {
  *train = *test = (wl_rows){0};
  if (total < 2) WL_FAIL(WL_ERROR_DATA, "data.split: one row cannot be split");
  int64_t tests = (int64_t)llround(fraction * (double)total);
  tests = larger(1, smaller(tests, total - 1));
  bool *is_test = calloc((size_t)total, sizeof *is_test);
  train->row = malloc(sizeof(int64_t) * (size_t)(total - tests));
  test->row = malloc(sizeof(int64_t) * (size_t)tests);
  wl_error error = is_test && train->row && test->row ? wl_rows_draw(total, tests, seed, WL_STREAM_SPLIT, is_test)
                                                      : wl_error_set(WL_ERROR_MEMORY, "data.split: out of memory");
  for (int64_t i = 0; error == WL_OK && i < total; i++) {
    wl_rows *set = is_test[i] ? test : train;
    set->row[set->count++] = i;
  }
  free(is_test);
  if (error == WL_OK) return WL_OK;
  wl_rows_free(train);
  wl_rows_free(test);
  return error;
}

void wl_rows_free(wl_rows *rows) {
  free(rows->row);
  *rows = (wl_rows){0};
}
