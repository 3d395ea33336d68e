#include "data/sources.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- files -------------------------------------------------------------------------------------------------- */

static wl_error open_source(const wl_data_sources *s, const char *spec, wl_source **source) {
  const wl_source_options options = {.header = s->config->data.header};
  return spec ? wl_source_open(spec, &options, source) : WL_OK;
}

/* With data.split the test set is made of rows of the training files. */
static wl_error open_sources(wl_data_sources *s) {
  const wl_config *c = s->config;
  const bool split = c->data.split.test > 0.0;
  WL_TRY(open_source(s, c->data.train_inputs, &s->train_inputs));
  WL_TRY(open_source(s, c->data.train_targets, &s->train_targets));
  WL_TRY(open_source(s, split ? c->data.train_inputs : c->data.test_inputs, &s->test_inputs));
  WL_TRY(open_source(s, split ? c->data.train_targets : c->data.test_targets, &s->test_targets));
  return open_source(s, c->data.test_ood, &s->test_ood);
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

/* Reads the first example: what is no table of numbers says so, rather than that its size is another. */
static wl_error look_into(wl_source *source) {
  double *row = malloc(sizeof *row * (size_t)wl_source_cols(source));
  if (!row) WL_FAIL(WL_ERROR_MEMORY, "%s: no memory for a row", wl_source_spec(source));
  const wl_error error = wl_source_read(source, 0, 1, row);
  free(row);
  return error;
}

static wl_error check_rows(wl_source *a, wl_source *b) {
  char remedy[512];
  if (!b || wl_source_rows(a) == wl_source_rows(b)) return WL_OK;
  WL_TRY(look_into(a));
  WL_TRY(look_into(b));
  WL_FAIL(WL_ERROR_DATA, "%s has %lld rows, but %s has %lld; they must match%s", wl_source_spec(a),
          (long long)wl_source_rows(a), wl_source_spec(b), (long long)wl_source_rows(b),
          row_remedy(a, b, remedy, sizeof remedy));
}

static wl_error check_columns(wl_source *a, wl_source *b) {
  if (!b || wl_source_cols(a) == wl_source_cols(b)) return WL_OK;
  WL_TRY(look_into(a));
  WL_TRY(look_into(b));
  WL_FAIL(WL_ERROR_DATA, "%s has %lld columns, but %s has %lld; they must match%s", wl_source_spec(a),
          (long long)wl_source_cols(a), wl_source_spec(b), (long long)wl_source_cols(b),
          wl_source_rows(a) == wl_source_rows(b) ? "; are they transposed? An example is a row" : "");
}

static wl_error check_single_column(const wl_source *source, const char *what) {
  if (!source || wl_source_cols(source) == 1) return WL_OK;
  WL_FAIL(WL_ERROR_DATA, "%s has %lld columns; %s must have one", wl_source_spec(source),
          (long long)wl_source_cols(source), what);
}

static wl_error check_sources(const wl_data_sources *s) {
  if (s->train_inputs) { /* none beside given kernels */
    WL_TRY(check_rows(s->train_inputs, s->train_targets));
    WL_TRY(check_columns(s->train_inputs, s->test_inputs));
    WL_TRY(check_rows(s->test_inputs, s->test_targets));
    WL_TRY(check_rows(s->test_inputs, s->test_ood));
  }
  WL_TRY(check_columns(s->train_targets, s->test_targets));
  WL_TRY(check_single_column(s->test_ood, "data.test.ood"));
  if (s->config->data.target_encoding == WL_ENCODING_ONE_HOT)
    WL_TRY(check_single_column(s->train_targets, "classes (target_encoding: one_hot)"));
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

static wl_error choose_train_rows(wl_data_sources *s, const wl_rows *rows) {
  WL_TRY(choose_rows(s->train_inputs, rows));
  return choose_rows(s->train_targets, rows);
}

static wl_error choose_test_rows(wl_data_sources *s, const wl_rows *rows) {
  WL_TRY(choose_rows(s->test_inputs, rows));
  WL_TRY(choose_rows(s->test_targets, rows));
  return choose_rows(s->test_ood, rows);
}

static wl_error choose_listed(wl_data_sources *s, const char *spec, const wl_source *inputs,
                              wl_error (*choose)(wl_data_sources *, const wl_rows *)) {
  wl_rows rows;
  if (!spec) return WL_OK;
  WL_TRY(wl_rows_read(spec, wl_source_rows(inputs), &rows));
  const wl_error error = choose(s, &rows);
  wl_rows_free(&rows);
  return error;
}

static wl_error split_rows(wl_data_sources *s) {
  const wl_config *c = s->config;
  wl_rows train;
  WL_TRY(
      wl_rows_split(wl_source_rows(s->train_inputs), c->data.split.test, c->data.split.seed, &train, &s->split));
  wl_error error = choose_train_rows(s, &train);
  if (error == WL_OK) error = choose_test_rows(s, &s->split);
  wl_rows_free(&train);
  return error;
}

/* After the files have been compared as they are. */
static wl_error choose_all_rows(wl_data_sources *s) {
  const wl_config *c = s->config;
  if (c->data.split.test > 0.0) return split_rows(s);
  WL_TRY(choose_listed(s, c->data.train_rows, s->train_inputs, choose_train_rows));
  return choose_listed(s, c->data.test_rows, s->test_inputs, choose_test_rows);
}

wl_error wl_data_sources_open(const wl_config *config, wl_data_sources *sources) {
  *sources = (wl_data_sources){.config = config};
  WL_TRY(open_sources(sources));
  WL_TRY(check_sources(sources));
  return choose_all_rows(sources);
}

void wl_data_sources_close(wl_data_sources *sources) {
  wl_source_close(&sources->train_inputs);
  wl_source_close(&sources->train_targets);
  wl_source_close(&sources->test_inputs);
  wl_source_close(&sources->test_targets);
  wl_source_close(&sources->test_ood);
  wl_rows_free(&sources->split);
}
