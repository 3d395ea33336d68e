#include "data/data.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/given_files.h"
#include "data/passes.h"
#include "data/sources.h"
#include "data/synthetic.h"

struct wl_data {
  const wl_config *config;
  wl_data_shape shape;
  wl_given_files *kernels;    /* in place of inputs; NULL: not given */
  wl_data_sources files;      /* zeros when synthetic */
  wl_moments inputs, targets; /* of the training data, where they are standardized; else zeros */
  int64_t *examples;          /* of each class; NULL without one_hot */
};

/* Rows of a file beside given kernels. */
static wl_error check_rows(const wl_source *source, int64_t rows, const char *kernel) {
  if (!source || wl_source_rows(source) == rows) return WL_OK;
  WL_FAIL(WL_ERROR_DATA, "%s has %lld rows, but %s has %lld; they must match", wl_source_spec(source),
          (long long)wl_source_rows(source), kernel, (long long)rows);
}

static wl_error open_kernels(wl_data *data) {
  const wl_data_sources *f = &data->files;
  WL_TRY(wl_given_files_open(data->config, &data->kernels));
  const wl_given *g = &data->kernels->given;
  const char *const *name = data->kernels->name[g->has[WL_GIVEN_THETA] ? WL_GIVEN_THETA : WL_GIVEN_KAPPA];
  WL_TRY(check_rows(f->train_targets, g->train, name[WL_GIVEN_XX]));
  WL_TRY(check_rows(f->test_targets, g->count - g->train, name[WL_GIVEN_TX]));
  return check_rows(f->test_ood, g->count - g->train, name[WL_GIVEN_TX]);
}

/* Sizes: from the heads of the files, and one pass over classes. */
static wl_error measure_files(wl_data *data) {
  const wl_data_sources *f = &data->files;
  WL_TRY(wl_data_sources_open(data->config, &data->files));
  if (data->config->kernels.wanted) WL_TRY(open_kernels(data));
  const wl_given *g = data->kernels ? &data->kernels->given : NULL;
  data->shape = (wl_data_shape){.train = g ? g->train : wl_source_rows(f->train_inputs),
                                .test = g ? g->count - g->train : wl_source_rows(f->test_inputs),
                                .dimension = g ? 0 : wl_source_cols(f->train_inputs),
                                .outputs = wl_source_cols(f->train_targets),
                                .classes = data->config->data.target_encoding == WL_ENCODING_ONE_HOT,
                                .test_targets = f->test_targets != NULL,
                                .ood = f->test_ood != NULL};
  return data->shape.classes
             ? wl_pass_classes(f->train_targets, f->test_targets, &data->shape.outputs, &data->examples)
             : WL_OK;
}

static wl_error read_test_targets(wl_data *data) {
  const wl_source *source = data->files.test_targets;
  if (!source) return WL_OK;
  const wl_row_set targets = {wl_source_spec(source), wl_data_test_targets, data, data->shape.test,
                              data->shape.outputs};
  return wl_pass_read(&targets);
}

/* Squares of targets, and of their deviations, are of the range of doubles with room for sums. */
static const double largest_target = 1e140, least_scale = 1e-140;

static wl_error check_target_scales(const wl_data *data) {
  for (int64_t j = 0; j < data->shape.outputs; j++) {
    const double scale = wl_data_target_scale(data, j);
    if (scale > least_scale && scale < largest_target) continue;
    WL_FAIL(WL_ERROR_DATA,
            "%s: column %lld has standard deviation %.3g, whose square is out of the range of doubles: write the "
            "targets in other units",
            wl_source_spec(data->files.train_targets), (long long)j + 1, scale);
  }
  return WL_OK;
}

static wl_error open_files(wl_data *data) {
  WL_TRY(measure_files(data));
  const wl_config *c = data->config;
  const wl_data_sources *f = &data->files;
  const wl_data_shape *s = &data->shape;
  if (c->data.standardize) WL_TRY(wl_pass_moments(f->train_inputs, &data->inputs));
  if (c->data.standardize_targets) WL_TRY(wl_pass_moments(f->train_targets, &data->targets));
  WL_TRY(check_target_scales(data));
  if (f->test_ood) WL_TRY(wl_pass_flags(f->test_ood));
  WL_TRY(read_test_targets(data));
  if (data->kernels) return WL_OK; /* all ranks together look at them */
  const wl_row_set train = {wl_source_spec(f->train_inputs), wl_data_train_inputs, data, s->train, s->dimension};
  const wl_row_set test = {wl_source_spec(f->test_inputs), wl_data_test_inputs, data, s->test, s->dimension};
  WL_TRY(wl_pass_read(&test));
  return c->noise_variance > 0.0 || c->jitter > 0.0 ? WL_OK : wl_pass_singular_rows(&train, &c->network);
}

/* A configuration with a pool may be one for select alone, which puts the pool in the place of the test points. */
static wl_error check_test(const wl_config *config) {
  const bool other = config->synthetic.train > 0 || config->data.split.test > 0.0 || config->kernels.wanted;
  if (config->data.test_inputs || other) return WL_OK;
  WL_FAIL(WL_ERROR_CONFIG, "%s: data.test.inputs: is missing, only select does without", config->file);
}

static wl_error open_with(const wl_config *config, wl_error (*files)(wl_data *), wl_data **result) {
  *result = NULL;
  wl_data *data = calloc(1, sizeof *data);
  if (!data) WL_FAIL(WL_ERROR_MEMORY, "data: out of memory");
  data->config = config;
  wl_error error = check_test(config);
  if (error == WL_OK && config->synthetic.train > 0)
    data->shape = (wl_data_shape){.train = config->synthetic.train,
                                  .test = config->synthetic.test,
                                  .dimension = config->synthetic.dimension,
                                  .outputs = 1,
                                  .test_targets = true};
  else if (error == WL_OK)
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
  wl_data_sources_close(&data->files);
  wl_given_files_close(&data->kernels);
  wl_moments_free(&data->inputs);
  wl_moments_free(&data->targets);
  free(data->examples);
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
  return read_inputs(data, data->files.train_inputs, WL_STREAM_SYNTHETIC_TRAIN, first, count, rows);
}

wl_error wl_data_test_inputs(void *context, int64_t first, int64_t count, double *rows) {
  wl_data *data = context;
  return read_inputs(data, data->files.test_inputs, WL_STREAM_SYNTHETIC_TEST, first, count, rows);
}

static wl_error check_targets(const wl_data *data, int64_t first, int64_t count, const double *rows) {
  const int64_t c = data->shape.outputs;
  for (int64_t k = 0; k < count * c; k++)
    if (!(fabs(rows[k]) < largest_target))
      WL_FAIL(WL_ERROR_DATA,
              "%s: row %lld, column %lld is %.3g, whose square is out of the range of doubles: write the targets "
              "in other units",
              wl_source_spec(data->files.train_targets), (long long)(first + k / c) + 1, (long long)(k % c) + 1,
              rows[k]);
  return WL_OK;
}

wl_error wl_data_train_targets(void *context, int64_t first, int64_t count, double *rows) {
  wl_data *data = context;
  WL_TRY(read_targets(data, data->files.train_targets, WL_STREAM_SYNTHETIC_TRAIN, first, count, rows));
  for (int64_t i = 0; data->targets.unit && i < count; i++)
    wl_moments_apply(&data->targets, rows + i * data->shape.outputs);
  return check_targets(data, first, count, rows);
}

double wl_data_target_location(const wl_data *data, int64_t output) {
  return data->targets.unit ? wl_moments_location(&data->targets, output) : 0.0;
}

double wl_data_target_scale(const wl_data *data, int64_t output) {
  return data->targets.unit ? wl_moments_scale(&data->targets, output) : 1.0;
}

const int64_t *wl_data_class_counts(const wl_data *data) { return data->examples; }

const int64_t *wl_data_split_rows(const wl_data *data) { return data->files.split.row; }

wl_error wl_data_test_targets(void *context, int64_t first, int64_t count, double *rows) {
  wl_data *data = context;
  return read_targets(data, data->files.test_targets, WL_STREAM_SYNTHETIC_TEST, first, count, rows);
}

wl_error wl_data_test_ood(void *context, int64_t first, int64_t count, double *flags) {
  wl_data *data = context;
  return wl_source_read(data->files.test_ood, first, count, flags);
}

static wl_error read_source(void *context, int64_t first, int64_t count, double *rows) {
  return wl_source_read(context, first, count, rows);
}

enum { MOST_PARTS = 5 + WL_GIVEN_KERNELS * WL_GIVEN_PARTS };

/* Matrices of given kernels, those of the training points first; returns how many. */
static size_t list_kernels(const wl_data *data, bool all, wl_row_set *parts) {
  static const char *const names[WL_GIVEN_PARTS][WL_GIVEN_KERNELS] = {
      {"theta_XX", "kappa_XX"}, {"theta_TX", "kappa_TX"}, {"theta_TT", "kappa_TT"}};
  size_t count = 0;
  for (int part = 0; part < (all ? WL_GIVEN_PARTS : WL_GIVEN_XX + 1); part++)
    for (int k = 0; data->kernels && k < WL_GIVEN_KERNELS; k++) {
      wl_source *source = data->kernels->source[k][part];
      if (!source) continue;
      parts[count++] =
          (wl_row_set){names[part][k], read_source, source, wl_source_rows(source), wl_source_cols(source)};
    }
  return count;
}

static size_t list_parts(wl_data *data, wl_data_parts wanted, int64_t train, wl_row_set *parts) {
  const wl_data_shape *s = &data->shape;
  const bool inputs = !data->kernels, all = wanted == WL_DATA_ALL;
  const wl_row_set plain[] = {
      {"training inputs", wl_data_train_inputs, data, inputs ? train : 0, s->dimension},
      {"training targets", wl_data_train_targets, data, wanted >= WL_DATA_TRAINING ? train : 0, s->outputs},
      {"test inputs", wl_data_test_inputs, data, all && inputs ? s->test : 0, s->dimension},
      {"test targets", wl_data_test_targets, data, all && s->test_targets ? s->test : 0, s->outputs},
      {"test ood", wl_data_test_ood, data, all && s->ood ? s->test : 0, 1}};
  memcpy(parts, plain, sizeof plain);
  const size_t count = sizeof plain / sizeof *plain;
  return count + list_kernels(data, all, parts + count);
}

wl_error wl_data_fingerprint(wl_data *data, wl_data_parts wanted, int64_t train, char **text) {
  wl_row_set parts[MOST_PARTS];
  const size_t count = list_parts(data, wanted, train, parts);
  enum { SIZE = 1024 };
  *text = calloc(SIZE, 1);
  if (!*text) WL_FAIL(WL_ERROR_MEMORY, "data: out of memory");
  wl_error error = WL_OK;
  for (size_t p = 0; p < count && error == WL_OK; p++) {
    uint64_t hash = 0;
    if (parts[p].rows == 0) continue;
    error = wl_pass_hash(&parts[p], &hash);
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
