#include "data/data.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "data/moments.h"
#include "data/repeats.h"
#include "data/rows.h"
#include "data/source.h"
#include "data/synthetic.h"
#include "widelimit/gram.h"

struct wl_data {
  const wl_config *config;
  wl_data_shape shape;
  wl_source *train_inputs, *train_targets, *test_inputs, *test_targets, *test_ood; /* NULL when synthetic */
  wl_moments inputs, targets; /* of the training data, where they are standardized; else zeros */
  wl_rows split;              /* the rows that data.split set apart for testing; else zeros */
};

/* Rows a piece of a pass over a source. */
static int64_t piece_rows(int64_t columns) {
  const int64_t rows = ((int64_t)1 << 20) / columns;
  return rows < 1 ? 1 : rows;
}

static wl_error open_source(const wl_data *data, const char *spec, wl_source **source) {
  const wl_source_options options = {.header = data->config->data.header};
  return spec ? wl_source_open(spec, &options, source) : WL_OK;
}

/* With data.split the test set is made of rows of the training files. */
static wl_error open_sources(wl_data *data) {
  const wl_config *c = data->config;
  const bool split = c->data.split.test > 0.0;
  WL_TRY(open_source(data, c->data.train_inputs, &data->train_inputs));
  WL_TRY(open_source(data, c->data.train_targets, &data->train_targets));
  WL_TRY(open_source(data, split ? c->data.train_inputs : c->data.test_inputs, &data->test_inputs));
  WL_TRY(open_source(data, split ? c->data.train_targets : c->data.test_targets, &data->test_targets));
  return open_source(data, c->data.test_ood, &data->test_ood);
}

static bool is_transposed(const wl_source *a, const wl_source *b) {
  return wl_source_cols(a) > 1 &&
         (wl_source_cols(a) == wl_source_cols(b) || wl_source_cols(a) == wl_source_rows(b));
}

/* What is behind numbers of rows that differ, as far as they tell. */
static const char *row_remedy(const wl_source *a, const wl_source *b, char *text, size_t size) {
  const int64_t more = wl_source_rows(a) - wl_source_rows(b);
  const wl_source *wide = is_transposed(a, b) ? a : is_transposed(b, a) ? b : NULL;
  text[0] = '\0';
  if (wide)
    snprintf(
        text, size,
        "; %s looks transposed (MATLAB and Fortran store column after column): an example is a row, but it has "
        "%lld columns; store it transposed",
        wl_source_spec(wide), (long long)wl_source_cols(wide));
  else if (more == 1 || more == -1)
    snprintf(text, size, "; is line 1 of one a header (data.header: true)?");
  return text;
}

static wl_error check_rows(const wl_source *a, const wl_source *b) {
  char remedy[512];
  if (!b || wl_source_rows(a) == wl_source_rows(b)) return WL_OK;
  WL_FAIL(WL_ERROR_DATA, "%s has %lld rows, but %s has %lld; they must match%s", wl_source_spec(a),
          (long long)wl_source_rows(a), wl_source_spec(b), (long long)wl_source_rows(b),
          row_remedy(a, b, remedy, sizeof remedy));
}

static wl_error check_columns(const wl_source *a, const wl_source *b) {
  if (!b || wl_source_cols(a) == wl_source_cols(b)) return WL_OK;
  WL_FAIL(WL_ERROR_DATA, "%s has %lld columns, but %s has %lld; they must match%s", wl_source_spec(a),
          (long long)wl_source_cols(a), wl_source_spec(b), (long long)wl_source_cols(b),
          wl_source_rows(a) == wl_source_rows(b) ? "; are they transposed? An example is a row" : "");
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

/* ---- rows --------------------------------------------------------------------------------------------------- */

/* A source takes a copy of the rows. */
static wl_error choose_rows(wl_source *source, const wl_rows *rows) {
  if (!source) return WL_OK;
  int64_t *copy = malloc(sizeof *copy * (size_t)rows->count);
  if (!copy) WL_FAIL(WL_ERROR_MEMORY, "%s: no memory to choose rows", wl_source_spec(source));
  memcpy(copy, rows->row, sizeof *copy * (size_t)rows->count);
  return wl_source_choose_rows(source, copy, rows->count);
}

static wl_error choose_train_rows(wl_data *data, const wl_rows *rows) {
  WL_TRY(choose_rows(data->train_inputs, rows));
  return choose_rows(data->train_targets, rows);
}

static wl_error choose_test_rows(wl_data *data, const wl_rows *rows) {
  WL_TRY(choose_rows(data->test_inputs, rows));
  WL_TRY(choose_rows(data->test_targets, rows));
  return choose_rows(data->test_ood, rows);
}

static wl_error choose_listed(wl_data *data, const char *spec, const wl_source *inputs,
                              wl_error (*choose)(wl_data *, const wl_rows *)) {
  wl_rows rows;
  if (!spec) return WL_OK;
  WL_TRY(wl_rows_read(spec, wl_source_rows(inputs), &rows));
  const wl_error error = choose(data, &rows);
  wl_rows_free(&rows);
  return error;
}

static wl_error split_rows(wl_data *data) {
  const wl_config *c = data->config;
  wl_rows train;
  WL_TRY(wl_rows_split(wl_source_rows(data->train_inputs), c->data.split.test, c->data.split.seed, &train,
                       &data->split));
  wl_error error = choose_train_rows(data, &train);
  if (error == WL_OK) error = choose_test_rows(data, &data->split);
  wl_rows_free(&train);
  return error;
}

/* After the files have been compared as they are. */
static wl_error choose_all_rows(wl_data *data) {
  const wl_config *c = data->config;
  if (c->data.split.test > 0.0) return split_rows(data);
  WL_TRY(choose_listed(data, c->data.train_rows, data->train_inputs, choose_train_rows));
  return choose_listed(data, c->data.test_rows, data->test_inputs, choose_test_rows);
}

/* ---- passes ------------------------------------------------------------------------------------------------- */

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

enum { MOST_CLASSES = 1000001 };

typedef struct class_pass {
  const wl_source *source;
  int64_t largest;
  bool *seen; /* one a class */
} class_pass;

static wl_error visit_class(void *context, int64_t row, const double *x) {
  class_pass *pass = context;
  if (!(*x >= 0.0 && *x < MOST_CLASSES && *x == floor(*x)))
    WL_FAIL(WL_ERROR_DATA, "%s: row %lld is %.17g; target_encoding: one_hot needs integer classes 0, 1, 2, …",
            wl_source_spec(pass->source), (long long)row + 1, *x);
  if ((int64_t)*x > pass->largest) pass->largest = (int64_t)*x;
  if (pass->seen) pass->seen[(int64_t)*x] = true;
  return WL_OK;
}

/* An output without an example learns the constant 0. */
static void warn_of_absent_classes(const class_pass *pass) {
  char list[128] = "";
  int64_t absent = 0;
  for (int64_t k = 0; k <= pass->largest; k++) {
    if (pass->seen[k]) continue;
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
                   absent == 1 && !pass->seen[0] ? "; the classes seem to be numbered from 1" : "");
}

static wl_error find_classes(wl_data *data) {
  bool *seen = calloc(MOST_CLASSES, sizeof *seen);
  if (!seen) WL_FAIL(WL_ERROR_MEMORY, "classes: out of memory");
  class_pass train = {data->train_targets, -1, seen}, test = {data->test_targets, -1, NULL};
  wl_error error = visit_rows(data->train_targets, visit_class, &train);
  if (error == WL_OK) warn_of_absent_classes(&train);
  if (error == WL_OK && data->test_targets) error = visit_rows(data->test_targets, visit_class, &test);
  free(seen);
  data->shape.classes = true;
  data->shape.outputs = train.largest + 1;
  return error;
}

static wl_error visit_flag(void *context, int64_t row, const double *x) {
  if (*x == 0.0 || *x == 1.0) return WL_OK;
  WL_FAIL(WL_ERROR_DATA, "%s: row %lld is %.17g; it must be 0 (in distribution) or 1 (out of it)",
          wl_source_spec(context), (long long)row + 1, *x);
}

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

static wl_error find_moments(wl_source *source, wl_moments *moments) {
  if (!wl_moments_create(wl_source_cols(source), moments))
    WL_FAIL(WL_ERROR_MEMORY, "%s: no memory to standardize it", wl_source_spec(source));
  WL_TRY(visit_rows(source, visit_range, moments));
  wl_moments_begin(moments);
  WL_TRY(visit_rows(source, visit_moments, moments));
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

/* Where the network is zero at zero whatever its weights: no biases, and activations with φ(0) = 0. */
static bool vanishes_at_zero(const wl_network *network) {
  const wl_activation phi = network->activation;
  return network->sigma_b == 0.0 &&
         (network->depth == 1 ||
          (phi != WL_ACTIVATION_COS && phi != WL_ACTIVATION_SIGMOID && phi != WL_ACTIVATION_SOFTPLUS));
}

static wl_error judge_repeats(const wl_data *data, const repeat_pass *pass) {
  const char *spec = wl_source_spec(data->train_inputs);
  int64_t first, second;
  if (pass->zero >= 0 && vanishes_at_zero(&data->config->network))
    WL_FAIL(WL_ERROR_DATA,
            "%s: row %lld (counted from 1) is zero, where a network with network.sigma_b = 0 is 0 whatever its "
            "weights; "
            "set network.sigma_b, noise_variance or jitter above 0, or remove the row",
            spec, (long long)pass->zero + 1);
  wl_row_hash_find_repeat(pass->hashes, data->shape.train, &first, &second);
  if (second < 0) return WL_OK;
  WL_FAIL(
      WL_ERROR_DATA,
      "%s: rows %lld and %lld (counted from 1) are equal, which makes the kernel matrix singular; remove one, or "
      "set noise_variance or jitter above 0",
      spec, (long long)first + 1, (long long)second + 1);
}

static wl_error check_repeats(wl_data *data) {
  if (data->config->noise_variance > 0.0 || data->config->jitter > 0.0) return WL_OK;
  repeat_pass pass = {data->shape.dimension, -1, malloc(sizeof(wl_row_hash) * (size_t)data->shape.train)};
  if (!pass.hashes)
    WL_FAIL(WL_ERROR_MEMORY, "%s: no memory to look for repeated rows", wl_source_spec(data->train_inputs));
  wl_error error = visit_rows(data->train_inputs, visit_repeat, &pass);
  if (error == WL_OK) error = judge_repeats(data, &pass);
  free(pass.hashes);
  return error;
}

/* Sizes: from the heads of the files, and one pass over classes. */
static wl_error measure_files(wl_data *data) {
  WL_TRY(open_sources(data));
  WL_TRY(check_sources(data));
  WL_TRY(choose_all_rows(data));
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
  if (data->config->data.standardize) WL_TRY(find_moments(data->train_inputs, &data->inputs));
  if (data->config->data.standardize_targets) WL_TRY(find_moments(data->train_targets, &data->targets));
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
  wl_moments_free(&data->inputs);
  wl_moments_free(&data->targets);
  wl_rows_free(&data->split);
  free(data);
  *pointer = NULL;
}

wl_data_shape wl_data_get_shape(const wl_data *data) { return data->shape; }

static wl_error check_finite(const wl_source *source, const double *x, int64_t count, int64_t row) {
  for (int64_t k = 0; k < count; k++)
    if (!isfinite(x[k]))
      WL_FAIL(WL_ERROR_DATA, "%s: row %lld, column %lld is too large once it is scaled", wl_source_spec(source),
              (long long)row + 1, (long long)k + 1);
  return WL_OK;
}

/* What the configuration says about the units of inputs: data.scale / data.divide_by, then data.standardize. */
static wl_error scale_inputs(const wl_data *data, const wl_source *source, int64_t first, int64_t count,
                             double *rows) {
  const int64_t d = data->shape.dimension;
  const double scale = data->config->data.scale, divisor = data->config->data.divide_by;
  if (data->inputs.unit == NULL && scale == 1.0 && divisor == 1.0) return WL_OK;
  for (int64_t i = 0; i < count; i++) {
    double *x = rows + i * d;
    if (data->inputs.unit) /* a common factor changes nothing */
      wl_moments_apply(&data->inputs, x);
    else
      for (int64_t k = 0; k < d; k++) x[k] = x[k] * scale / divisor;
    WL_TRY(check_finite(source, x, d, first + i));
  }
  return WL_OK;
}

static wl_error read_inputs(wl_data *data, wl_source *source, wl_stream stream, int64_t first, int64_t count,
                            double *rows) {
  if (!source) {
    wl_synthetic_inputs(data->config->seed, stream, data->shape.dimension, first, count, rows);
    return WL_OK;
  }
  WL_TRY(wl_source_read(source, first, count, rows));
  return scale_inputs(data, source, first, count, rows);
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
  WL_TRY(read_targets(data, data->train_targets, WL_STREAM_SYNTHETIC_TRAIN, first, count, rows));
  for (int64_t i = 0; data->targets.unit && i < count; i++)
    wl_moments_apply(&data->targets, rows + i * data->shape.outputs);
  return WL_OK;
}

double wl_data_target_location(const wl_data *data, int64_t output) {
  return data->targets.unit ? wl_moments_location(&data->targets, output) : 0.0;
}

double wl_data_target_scale(const wl_data *data, int64_t output) {
  return data->targets.unit ? wl_moments_scale(&data->targets, output) : 1.0;
}

const int64_t *wl_data_split_rows(const wl_data *data) { return data->split.row; }

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
