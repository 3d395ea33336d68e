#include "pipeline/observed.h"

#include <stdlib.h>

#include "base/util.h"

typedef wl_error reader(void *data, int64_t first, int64_t count, double *rows);

/* Of a set: all columns; its only one; the class that a one-hot row stands for. */
typedef enum set_kind { MATRIX, VECTOR, CLASSES } set_kind;

/* One dataset: rows of the reader, `columns` each. */
typedef struct set {
  const char *path, *meaning, *units;
  reader *read;
  int64_t rows, columns;
  set_kind kind;
} set;

static int64_t target_columns(const wl_data_shape *s) { return s->classes ? 1 : s->outputs; }

static bool is_split(const wl_setup *setup) { return setup->config->data.split.test > 0.0; }

double wl_observed_bytes(const wl_setup *setup) {
  const wl_data_shape *s = &setup->shape;
  double numbers = is_split(setup) ? (double)s->test + (double)s->train : 0.0;
  if (s->test_targets) numbers += (double)s->test * (double)target_columns(s);
  if (s->ood) numbers += (double)s->test;
  if (s->dimension == 1) numbers += (double)s->test + (double)s->train * (1.0 + (double)target_columns(s));
  return 8.0 * numbers;
}

/* One-hot rows become their class; the class of row i is written at i, never behind what is still to be read. */
static void decode(int64_t rows, int64_t classes, double *values) {
  for (int64_t i = 0; i < rows; i++) {
    int64_t class = classes - 1;
    while (class >= 0 && values[i * classes + class] != 1.0) class --;
    values[i] = (double)class;
  }
}

/* The rows of the files that the split made test points, which ascend, and those between them; both have the type `reader`. */
static wl_error test_rows(void *data, int64_t first, int64_t count, double *rows) {
  for (int64_t i = 0; i < count; i++) rows[i] = (double)wl_data_split_rows(data)[first + i];
  return WL_OK;
}

static wl_error train_rows(void *data, int64_t first, int64_t count, double *rows) {
  const int64_t *test = wl_data_split_rows(data), tests = wl_data_get_shape(data).test;
  int64_t before = 0; /* test points among the rows up to here */
  for (int64_t i = 0; i < first + count; i++) {
    while (before < tests && test[before] == i + before) before++;
    if (i >= first) rows[i - first] = (double)(i + before);
  }
  return WL_OK;
}

static wl_error copy(const wl_setup *setup, wl_results *results, const set *s, int64_t first, int64_t count,
                     double *values) {
  WL_TRY(s->read(setup->data, first, count, values));
  if (s->kind == CLASSES) {
    decode(count, s->columns, values);
  } else if (s->read == wl_data_train_targets) {
    wl_units_restore_targets(&setup->units, count, values);
  }
  return wl_results_put(results, s->path, first, 0, count, s->kind == MATRIX ? s->columns : 1, values);
}

static wl_error write_set(const wl_setup *setup, wl_results *results, const set *s) {
  const int64_t room = ((int64_t)1 << 20) / s->columns, step = smaller(s->rows, room < 1 ? 1 : room);
  WL_TRY(wl_results_add(results, s->path, s->rows, s->kind == MATRIX ? s->columns : 0, s->meaning, s->units));
  double *values = malloc(sizeof(double) * (size_t)(step * s->columns));
  if (!values) WL_FAIL(WL_ERROR_MEMORY, "%s: out of memory", s->path);
  wl_error error = WL_OK;
  for (int64_t first = 0; first < s->rows && error == WL_OK; first += step)
    error = copy(setup, results, s, first, smaller(step, s->rows - first), values);
  free(values);
  return error;
}

wl_error wl_observed_write(const wl_setup *setup, wl_results *results) {
  const wl_data_shape *s = &setup->shape;
  const set_kind targets = s->classes ? CLASSES : MATRIX;
  const char *y = s->classes ? "classes, -1: one without a training example" : "targets";
  const char *units = s->classes ? "1" : "target units";
  const char *x = "inputs, scaled and standardized as configured";
  const bool line = s->dimension == 1, split = is_split(setup);
  const struct {
    bool wanted;
    set set;
  } sets[] = {
      {s->test_targets, {"/test/targets", y, units, wl_data_test_targets, s->test, s->outputs, targets}},
      {s->ood, {"/test/ood", "1: out of distribution", "1", wl_data_test_ood, s->test, 1, VECTOR}},
      {split, {"/test/rows", "row in the files, from 0", "1", test_rows, s->test, 1, VECTOR}},
      {split, {"/train/rows", "row in the files, from 0", "1", train_rows, s->train, 1, VECTOR}},
      {line, {"/test/inputs", x, "1", wl_data_test_inputs, s->test, 1, MATRIX}},
      {line, {"/train/inputs", x, "1", wl_data_train_inputs, s->train, 1, MATRIX}},
      {line, {"/train/targets", y, units, wl_data_train_targets, s->train, s->outputs, targets}},
  };
  for (size_t k = 0; k < sizeof sets / sizeof *sets; k++)
    if (sets[k].wanted) WL_TRY(write_set(setup, results, &sets[k].set));
  return WL_OK;
}
