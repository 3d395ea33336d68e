#include "data/data.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "data/repeats.h"
#include "data/source.h"
#include "data/synthetic.h"
#include "widelimit/gram.h"

struct wl_data {
  const wl_config *config;
  wl_data_shape shape;
  wl_source *train_inputs, *train_targets, *test_inputs, *test_targets, *test_ood; /* NULL when synthetic */
  double *mean, *scale; /* of the training inputs' columns, where they are standardized; else NULL */
};

/* Rows a piece of a pass over a source. */
static int64_t piece_rows(int64_t columns) {
  const int64_t rows = ((int64_t)1 << 20) / columns;
  return rows < 1 ? 1 : rows;
}

static wl_error open_sources(wl_data *data) {
  const wl_config *c = data->config;
  WL_TRY(wl_source_open(c->data.train_inputs, NULL, &data->train_inputs));
  WL_TRY(wl_source_open(c->data.train_targets, NULL, &data->train_targets));
  WL_TRY(wl_source_open(c->data.test_inputs, NULL, &data->test_inputs));
  if (c->data.test_targets) WL_TRY(wl_source_open(c->data.test_targets, NULL, &data->test_targets));
  if (c->data.test_ood) WL_TRY(wl_source_open(c->data.test_ood, NULL, &data->test_ood));
  return WL_OK;
}

static wl_error check_rows(const wl_source *a, const wl_source *b) {
  if (!b || wl_source_rows(a) == wl_source_rows(b)) return WL_OK;
  WL_FAIL(WL_ERROR_DATA, "%s has %lld rows, but %s has %lld; they must match", wl_source_spec(a),
          (long long)wl_source_rows(a), wl_source_spec(b), (long long)wl_source_rows(b));
}

static wl_error check_columns(const wl_source *a, const wl_source *b) {
  if (!b || wl_source_cols(a) == wl_source_cols(b)) return WL_OK;
  WL_FAIL(WL_ERROR_DATA, "%s has %lld columns, but %s has %lld; they must match", wl_source_spec(a),
          (long long)wl_source_cols(a), wl_source_spec(b), (long long)wl_source_cols(b));
}

static wl_error check_single_column(const wl_source *source, const char *what) {
  if (!source || wl_source_cols(source) == 1) return WL_OK;
  WL_FAIL(WL_ERROR_DATA, "%s has %lld columns; %s must have one", wl_source_spec(source),
          (long long)wl_source_cols(source), what);
}

static wl_error check_sources(const wl_data *data) {
  WL_TRY(check_rows(data->train_inputs, data->train_targets));
  WL_TRY(check_columns(data->train_inputs, data->test_inputs));
  WL_TRY(check_rows(data->test_inputs, data->test_targets));
  WL_TRY(check_columns(data->train_targets, data->test_targets));
  WL_TRY(check_rows(data->test_inputs, data->test_ood));
  WL_TRY(check_single_column(data->test_ood, "data.test.ood"));
  if (data->config->data.target_encoding == WL_ENCODING_ONE_HOT)
    WL_TRY(check_single_column(data->train_targets, "classes (target_encoding: one_hot)"));
  return WL_OK;
}

/* One pass over a source in pieces; stops at the first error. */
typedef wl_error (*row_visitor)(void *context, int64_t row, const double *x);

static wl_error visit_rows(wl_source *source, row_visitor visit, void *context) {
  const int64_t columns = wl_source_cols(source), rows = wl_source_rows(source), step = piece_rows(columns);
  double *piece = malloc(sizeof(double) * (size_t)(smaller(step, rows) * columns));
  if (!piece) WL_FAIL(WL_ERROR_MEMORY, "%s: no memory for a piece of it", wl_source_spec(source));
  wl_error error = WL_OK;
  for (int64_t first = 0; first < rows && error == WL_OK; first += step) {
    const int64_t count = smaller(step, rows - first);
    error = wl_source_read(source, first, count, piece);
    for (int64_t i = 0; i < count && error == WL_OK; i++) error = visit(context, first + i, piece + i * columns);
  }
  free(piece);
  return error;
}

/* Reading alone finds what is not finite: now, rather than after the factorization. */
static wl_error visit_any(void *context, int64_t row, const double *x) {
  (void)context, (void)row, (void)x;
  return WL_OK;
}

typedef struct class_pass {
  const wl_source *source;
  int64_t largest;
} class_pass;

static wl_error visit_class(void *context, int64_t row, const double *x) {
  class_pass *pass = context;
  if (!(*x >= 0.0 && *x <= 1e6 && *x == floor(*x)))
    WL_FAIL(WL_ERROR_DATA, "%s: row %lld is %.17g; target_encoding: one_hot needs integer classes 0, 1, 2, …",
            wl_source_spec(pass->source), (long long)row + 1, *x);
  if ((int64_t)*x > pass->largest) pass->largest = (int64_t)*x;
  return WL_OK;
}

static wl_error find_classes(wl_data *data) {
  class_pass train = {data->train_targets, -1}, test = {data->test_targets, -1};
  WL_TRY(visit_rows(data->train_targets, visit_class, &train));
  if (data->test_targets) WL_TRY(visit_rows(data->test_targets, visit_class, &test));
  data->shape.classes = true;
  data->shape.outputs = train.largest + 1;
  return WL_OK;
}

static wl_error visit_flag(void *context, int64_t row, const double *x) {
  if (*x == 0.0 || *x == 1.0) return WL_OK;
  WL_FAIL(WL_ERROR_DATA, "%s: row %lld is %.17g; it must be 0 (in distribution) or 1 (out of it)",
          wl_source_spec(context), (long long)row + 1, *x);
}

/* Mean and variance of each column by Welford's recurrence. */
typedef struct moment_pass {
  int64_t dimension;
  double *mean, *sum;
} moment_pass;

static wl_error visit_moments(void *context, int64_t row, const double *x) {
  moment_pass *pass = context;
  for (int64_t k = 0; k < pass->dimension; k++) {
    const double delta = x[k] - pass->mean[k];
    pass->mean[k] += delta / (double)(row + 1);
    pass->sum[k] += delta * (x[k] - pass->mean[k]);
  }
  return WL_OK;
}

static wl_error find_moments(wl_data *data) {
  const int64_t d = data->shape.dimension;
  data->mean = calloc((size_t)d, sizeof(double));
  data->scale = calloc((size_t)d, sizeof(double));
  if (!data->mean || !data->scale) WL_FAIL(WL_ERROR_MEMORY, "standardize: out of memory");
  moment_pass pass = {d, data->mean, data->scale};
  WL_TRY(visit_rows(data->train_inputs, visit_moments, &pass));
  for (int64_t k = 0; k < d; k++) { /* a constant column is centred only */
    const double deviation = sqrt(data->scale[k] / (double)data->shape.train);
    data->scale[k] = deviation > 0.0 ? 1.0 / deviation : 1.0;
  }
  return WL_OK;
}

typedef struct repeat_pass {
  int64_t dimension;
  wl_row_hash *hashes;
} repeat_pass;

static wl_error visit_repeat(void *context, int64_t row, const double *x) {
  repeat_pass *pass = context;
  pass->hashes[row] = wl_row_hash_make(x, pass->dimension, row);
  return WL_OK;
}

/* Without noise, two equal rows make the kernel matrix singular. */
static wl_error check_repeats(wl_data *data) {
  if (data->config->noise_variance > 0.0 || data->config->jitter > 0.0) return WL_OK;
  repeat_pass pass = {data->shape.dimension, malloc(sizeof(wl_row_hash) * (size_t)data->shape.train)};
  if (!pass.hashes)
    WL_FAIL(WL_ERROR_MEMORY, "%s: no memory to look for repeated rows", wl_source_spec(data->train_inputs));
  int64_t first = -1, second = -1;
  const wl_error error = visit_rows(data->train_inputs, visit_repeat, &pass);
  if (error == WL_OK) wl_row_hash_find_repeat(pass.hashes, data->shape.train, &first, &second);
  free(pass.hashes);
  if (error != WL_OK || second < 0) return error;
  WL_FAIL(
      WL_ERROR_DATA,
      "%s: rows %lld and %lld (counted from 1) are equal, which makes the kernel matrix singular; remove one, or "
      "set noise_variance or jitter above 0",
      wl_source_spec(data->train_inputs), (long long)first + 1, (long long)second + 1);
}

/* Sizes: from the heads of the files, and one pass over classes. */
static wl_error measure_files(wl_data *data) {
  WL_TRY(open_sources(data));
  WL_TRY(check_sources(data));
  data->shape = (wl_data_shape){.train = wl_source_rows(data->train_inputs),
                                .test = wl_source_rows(data->test_inputs),
                                .dimension = wl_source_cols(data->train_inputs),
                                .outputs = wl_source_cols(data->train_targets),
                                .test_targets = data->test_targets != NULL,
                                .ood = data->test_ood != NULL};
  return data->config->data.target_encoding == WL_ENCODING_ONE_HOT ? find_classes(data) : WL_OK;
}

static wl_error open_files(wl_data *data) {
  WL_TRY(measure_files(data));
  if (data->test_ood) WL_TRY(visit_rows(data->test_ood, visit_flag, data->test_ood));
  WL_TRY(visit_rows(data->test_inputs, visit_any, NULL));
  if (data->test_targets) WL_TRY(visit_rows(data->test_targets, visit_any, NULL));
  if (data->config->data.standardize) WL_TRY(find_moments(data));
  return check_repeats(data);
}

static wl_error open_with(const wl_config *config, wl_error (*files)(wl_data *), wl_data **result) {
  *result = NULL;
  wl_data *data = calloc(1, sizeof *data);
  if (!data) WL_FAIL(WL_ERROR_MEMORY, "data: out of memory");
  data->config = config;
  wl_error error = WL_OK;
  if (config->synthetic.train > 0)
    data->shape = (wl_data_shape){.train = config->synthetic.train,
                                  .test = config->synthetic.test,
                                  .dimension = config->synthetic.dimension,
                                  .outputs = 1,
                                  .test_targets = true};
  else
    error = files(data);
  if (error != WL_OK) {
    wl_data_close(&data);
    return error;
  }
  *result = data;
  return WL_OK;
}

wl_error wl_data_open(const wl_config *config, wl_data **result) { return open_with(config, open_files, result); }

wl_error wl_data_read_shape(const wl_config *config, wl_data_shape *shape) {
  wl_data *data;
  WL_TRY(open_with(config, measure_files, &data));
  *shape = data->shape;
  wl_data_close(&data);
  return WL_OK;
}

void wl_data_close(wl_data **pointer) {
  wl_data *data = *pointer;
  if (!data) return;
  wl_source_close(&data->train_inputs);
  wl_source_close(&data->train_targets);
  wl_source_close(&data->test_inputs);
  wl_source_close(&data->test_targets);
  wl_source_close(&data->test_ood);
  free(data->mean);
  free(data->scale);
  free(data);
  *pointer = NULL;
}

wl_data_shape wl_data_get_shape(const wl_data *data) { return data->shape; }

static wl_error read_inputs(wl_data *data, wl_source *source, wl_stream stream, int64_t first, int64_t count,
                            double *rows) {
  const int64_t d = data->shape.dimension;
  if (!source) {
    wl_synthetic_inputs(data->config->seed, stream, d, first, count, rows);
    return WL_OK;
  }
  WL_TRY(wl_source_read(source, first, count, rows));
  if (data->mean)
    for (int64_t i = 0; i < count; i++)
      for (int64_t k = 0; k < d; k++) rows[i * d + k] = (rows[i * d + k] - data->mean[k]) * data->scale[k];
  return WL_OK;
}

/* Classes to unit vectors, in place from the back: row i grows from 1 number to c. */
static void encode_one_hot(int64_t count, int64_t outputs, double *rows) {
  for (int64_t i = count - 1; i >= 0; i--) {
    const int64_t class = (int64_t)rows[i];
    for (int64_t j = 0; j < outputs; j++) rows[i * outputs + j] = j == class ? 1.0 : 0.0;
  }
}

static wl_error read_targets(wl_data *data, wl_source *source, wl_stream stream, int64_t first, int64_t count,
                             double *rows) {
  if (!source) {
    wl_synthetic_targets(data->config->seed, stream, data->shape.dimension, first, count, rows);
    return WL_OK;
  }
  WL_TRY(wl_source_read(source, first, count, rows));
  if (data->shape.classes) encode_one_hot(count, data->shape.outputs, rows);
  return WL_OK;
}

wl_error wl_data_train_inputs(void *context, int64_t first, int64_t count, double *rows) {
  wl_data *data = context;
  return read_inputs(data, data->train_inputs, WL_STREAM_SYNTHETIC_TRAIN, first, count, rows);
}

wl_error wl_data_test_inputs(void *context, int64_t first, int64_t count, double *rows) {
  wl_data *data = context;
  return read_inputs(data, data->test_inputs, WL_STREAM_SYNTHETIC_TEST, first, count, rows);
}

wl_error wl_data_train_targets(void *context, int64_t first, int64_t count, double *rows) {
  wl_data *data = context;
  return read_targets(data, data->train_targets, WL_STREAM_SYNTHETIC_TRAIN, first, count, rows);
}

wl_error wl_data_test_targets(void *context, int64_t first, int64_t count, double *rows) {
  wl_data *data = context;
  return read_targets(data, data->test_targets, WL_STREAM_SYNTHETIC_TEST, first, count, rows);
}

wl_error wl_data_test_ood(void *context, int64_t first, int64_t count, double *flags) {
  wl_data *data = context;
  return wl_source_read(data->test_ood, first, count, flags);
}

/* One set of rows: how to read them. */
typedef struct part {
  const char *name;
  wl_row_reader read;
  int64_t rows, columns; /* no rows: not given */
} part;

static wl_error hash_part(wl_data *data, const part *p, uint64_t *hash) {
  const int64_t step = smaller(piece_rows(p->columns), p->rows);
  double *piece = malloc(sizeof(double) * (size_t)(step * p->columns));
  if (!piece) WL_FAIL(WL_ERROR_MEMORY, "%s: no memory for a piece", p->name);
  wl_error error = WL_OK;
  for (int64_t first = 0; first < p->rows && error == WL_OK; first += step) {
    const int64_t count = smaller(step, p->rows - first);
    error = p->read(data, first, count, piece);
    for (int64_t i = 0; i < count && error == WL_OK; i++)
      *hash =
          (*hash ^ wl_row_hash_make(piece + i * p->columns, p->columns, first + i).high) * 0x9e3779b97f4a7c15ULL;
  }
  free(piece);
  return error;
}

wl_error wl_data_fingerprint(wl_data *data, bool all, char **text) {
  const wl_data_shape *s = &data->shape;
  const part parts[] = {{"training inputs", wl_data_train_inputs, s->train, s->dimension},
                        {"training targets", wl_data_train_targets, all ? s->train : 0, s->outputs},
                        {"test inputs", wl_data_test_inputs, all ? s->test : 0, s->dimension},
                        {"test targets", wl_data_test_targets, all && s->test_targets ? s->test : 0, s->outputs},
                        {"test ood", wl_data_test_ood, all && s->ood ? s->test : 0, 1}};
  enum { SIZE = 1024 };
  *text = calloc(SIZE, 1);
  if (!*text) WL_FAIL(WL_ERROR_MEMORY, "data: out of memory");
  wl_error error = WL_OK;
  for (size_t p = 0; p < sizeof parts / sizeof *parts && error == WL_OK; p++) {
    uint64_t hash = 0;
    if (parts[p].rows == 0) continue;
    error = hash_part(data, &parts[p], &hash);
    const size_t used = strlen(*text);
    snprintf(*text + used, SIZE - used, "%s: %lld x %lld, %016" PRIx64 "\n", parts[p].name,
             (long long)parts[p].rows, (long long)parts[p].columns, hash);
  }
  if (error != WL_OK) {
    free(*text);
    *text = NULL;
  }
  return error;
}
