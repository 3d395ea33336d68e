#include "data/passes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "data/repeats.h"
#include "kernel/layers.h"

/* Rows a piece of a pass. */
static int64_t piece_rows(int64_t columns) {
  const int64_t rows = ((int64_t)1 << 20) / columns;
  return rows < 1 ? 1 : rows;
}

wl_error wl_row_set_visit(const wl_row_set *set, wl_row_visitor visit, void *context) {
  const int64_t columns = set->columns, step = smaller(piece_rows(columns), set->rows);
  double *piece = malloc(sizeof(double) * (size_t)(step * columns));
  if (!piece) WL_FAIL(WL_ERROR_MEMORY, "%s: no memory for a piece of it", set->name);
  wl_error error = WL_OK;
  for (int64_t first = 0; first < set->rows && error == WL_OK; first += step) {
    const int64_t count = smaller(step, set->rows - first);
    error = set->read(set->context, first, count, piece);
    for (int64_t i = 0; i < count && error == WL_OK; i++) error = visit(context, first + i, piece + i * columns);
  }
  free(piece);
  return error;
}

static wl_error read_source(void *source, int64_t first, int64_t count, double *rows) {
  return wl_source_read(source, first, count, rows);
}

/* The numbers as they stand in the file. */
static wl_error visit_source(wl_source *source, wl_row_visitor visit, void *context) {
  const wl_row_set set = {wl_source_spec(source), read_source, source, wl_source_rows(source),
                          wl_source_cols(source)};
  return wl_row_set_visit(&set, visit, context);
}

/* Reading alone finds what is not finite: now, rather than after the factorization. */
static wl_error visit_any(void *context, int64_t row, const double *x) {
  (void)context, (void)row, (void)x;
  return WL_OK;
}

enum { MOST_CLASSES = 1000001 };

typedef struct class_pass {
  const wl_source *source;
  int64_t largest;
  int64_t *examples;    /* of each class; NULL: not counted */
  const int64_t *known; /* training examples of each class; NULL: these are the training examples */
  int64_t unknown, first_unknown;
} class_pass;

static wl_error visit_class(void *context, int64_t row, const double *x) {
  class_pass *pass = context;
  if (!(*x >= 0.0 && *x < MOST_CLASSES && *x == floor(*x)))
    WL_FAIL(WL_ERROR_DATA, "%s: row %lld is %.17g; target_encoding: one_hot needs integer classes 0, 1, 2, …",
            wl_source_spec(pass->source), (long long)row + 1, *x);
  if ((int64_t)*x > pass->largest) pass->largest = (int64_t)*x;
  if (pass->examples) pass->examples[(int64_t)*x]++;
  if (pass->known && pass->known[(int64_t)*x] == 0 && pass->unknown++ == 0) pass->first_unknown = (int64_t)*x;
  return WL_OK;
}

/* An output without an example learns the constant 0. */
static void warn_of_absent_classes(const class_pass *pass) {
  char list[128] = "";
  int64_t absent = 0;
  for (int64_t k = 0; k <= pass->largest; k++) {
    if (pass->examples[k] > 0) continue;
    const size_t used = strlen(list);
    if (absent++ < 8)
      snprintf(list + used, sizeof list - used, "%s%lld", absent > 1 ? ", " : " ", (long long)k);
    else if (absent == 9)
      snprintf(list + used, sizeof list - used, ", ...");
  }
  if (absent > 0)
    wl_log_warning("%s: %lld of the %lld outputs (classes 0 to %lld) have no training example:%s%s",
                   wl_source_spec(pass->source), (long long)absent, (long long)pass->largest + 1,
                   (long long)pass->largest, list,
                   absent == 1 && pass->examples[0] == 0 ? "; the classes seem to be numbered from 1" : "");
}

wl_error wl_pass_classes(wl_source *train, wl_source *test, int64_t *classes, int64_t **examples) {
  *examples = calloc(MOST_CLASSES, sizeof **examples);
  if (!*examples) WL_FAIL(WL_ERROR_MEMORY, "classes: out of memory");
  class_pass training = {.source = train, .largest = -1, .examples = *examples},
             testing = {.source = test, .largest = -1, .known = *examples};
  wl_error error = visit_source(train, visit_class, &training);
  if (error == WL_OK) warn_of_absent_classes(&training);
  if (error == WL_OK && test) error = visit_source(test, visit_class, &testing);
  if (error == WL_OK && testing.unknown > 0)
    wl_log_warning(
        "%s: %lld targets are of classes that no training example has, such as %lld: none can be predicted",
        wl_source_spec(test), (long long)testing.unknown, (long long)testing.first_unknown);
  *classes = training.largest + 1;
  return error;
}

static wl_error visit_flag(void *context, int64_t row, const double *x) {
  if (*x == 0.0 || *x == 1.0) return WL_OK;
  WL_FAIL(WL_ERROR_DATA, "%s: row %lld is %.17g; it must be 0 (in distribution) or 1 (out of it)",
          wl_source_spec(context), (long long)row + 1, *x);
}

wl_error wl_pass_flags(wl_source *source) { return visit_source(source, visit_flag, source); }

static wl_error visit_range(void *context, int64_t row, const double *x) {
  (void)row;
  wl_moments_measure(context, x);
  return WL_OK;
}

static wl_error visit_moments(void *context, int64_t row, const double *x) {
  (void)row;
  wl_moments_add(context, x);
  return WL_OK;
}

wl_error wl_pass_moments(wl_source *source, wl_moments *moments) {
  if (!wl_moments_create(wl_source_cols(source), moments))
    WL_FAIL(WL_ERROR_MEMORY, "%s: no memory to standardize it", wl_source_spec(source));
  WL_TRY(visit_source(source, visit_range, moments));
  wl_moments_begin(moments);
  WL_TRY(visit_source(source, visit_moments, moments));
  int64_t first = 0;
  const int64_t constant = wl_moments_end(moments, &first);
  if (constant > 0)
    wl_log_warning("%s: %lld columns are constant (up to rounding), the first is %lld: centred, not scaled",
                   wl_source_spec(source), (long long)constant, (long long)first + 1);
  return WL_OK;
}

/* What makes a kernel matrix without noise singular: a row that repeats; without biases a row of zeros. */
typedef struct repeat_pass {
  int64_t dimension;
  int64_t zero; /* the first row of zeros, or -1 */
  wl_row_hash *hashes;
} repeat_pass;

static bool is_zero(const double *x, int64_t count) {
  int64_t k = 0;
  while (k < count && x[k] == 0.0) k++;
  return k == count;
}

static wl_error visit_repeat(void *context, int64_t row, const double *x) {
  repeat_pass *pass = context;
  pass->hashes[row] = wl_row_hash_make(x, pass->dimension, row);
  if (pass->zero < 0 && is_zero(x, pass->dimension)) pass->zero = row;
  return WL_OK;
}

static wl_error check_singular(const wl_row_set *set, const wl_network *network, const repeat_pass *pass) {
  int64_t first, second;
  if (pass->zero >= 0 && wl_network_vanishes_at_zero(network))
    WL_FAIL(WL_ERROR_DATA,
            "%s: row %lld (counted from 1) is zero, where a network with %s = 0 is 0 whatever its "
            "weights; "
            "set a sigma_b, noise_variance or jitter above 0, or remove the row",
            set->name, (long long)pass->zero + 1, network->layer_count > 0 ? "every sigma_b" : "network.sigma_b");
  if (wl_network_has_dropout(network)) return WL_OK; /* equal rows have masks of their own */
  wl_row_hash_find_repeat(pass->hashes, set->rows, &first, &second);
  if (second < 0) return WL_OK;
  WL_FAIL(
      WL_ERROR_DATA,
      "%s: rows %lld and %lld (counted from 1) are equal, which makes the kernel matrix singular; remove one, or "
      "set noise_variance or jitter above 0",
      set->name, (long long)first + 1, (long long)second + 1);
}

wl_error wl_pass_singular_rows(const wl_row_set *set, const wl_network *network) {
  repeat_pass pass = {set->columns, -1, malloc(sizeof(wl_row_hash) * (size_t)set->rows)};
  if (!pass.hashes) WL_FAIL(WL_ERROR_MEMORY, "%s: no memory to look for repeated rows", set->name);
  wl_error error = wl_row_set_visit(set, visit_repeat, &pass);
  if (error == WL_OK) error = check_singular(set, network, &pass);
  free(pass.hashes);
  return error;
}

typedef struct hash_pass {
  int64_t columns;
  uint64_t hash;
} hash_pass;

static wl_error visit_hash(void *context, int64_t row, const double *x) {
  hash_pass *pass = context;
  pass->hash = (pass->hash ^ wl_row_hash_make(x, pass->columns, row).high) * 0x9e3779b97f4a7c15ULL;
  return WL_OK;
}

wl_error wl_pass_hash(const wl_row_set *set, uint64_t *hash) {
  hash_pass pass = {set->columns, 0};
  WL_TRY(wl_row_set_visit(set, visit_hash, &pass));
  *hash = pass.hash;
  return WL_OK;
}

wl_error wl_pass_read(const wl_row_set *set) { return wl_row_set_visit(set, visit_any, NULL); }
