/** Data: rows chosen by list and by lot, standardized inputs and targets, classes, rows that make a matrix singular. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* CMocka wants the four above first. */
#include <cmocka.h>
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "data/data.h"
#include "data/moments.h"
#include "data/repeats.h"
#include "data/rows.h"

static char folder[] = "/tmp/widelimit-data-XXXXXX";

static int set_up(void **state) {
  (void)state;
  return mkdtemp(folder) != NULL && chdir(folder) == 0 ? 0 : -1;
}

static int tear_down(void **state) {
  (void)state;
  static const char *const files[] = {"x.csv", "y.csv", "t.csv", "rows.txt"};
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) remove(files[i]);
  return chdir("/") == 0 ? rmdir(folder) : -1;
}

static void write_text(const char *name, const char *text) {
  FILE *stream = fopen(name, "w");
  assert_non_null(stream);
  assert_true(fputs(text, stream) >= 0);
  assert_int_equal(fclose(stream), 0);
}

static void must_contain(const char *part) {
  if (strstr(wl_error_message(), part) == NULL) fail_msg("\"%s\" lacks \"%s\"", wl_error_message(), part);
}

/* ---- rows --------------------------------------------------------------------------------------------------- */

static void lists(void **state) {
  (void)state;
  wl_rows rows;
  write_text("rows.txt", "0\n2.000000000000000000e+00\n1\n0\n");
  assert_int_equal(wl_rows_read("rows.txt", 3, &rows), WL_OK);
  const int64_t wanted[] = {0, 2, 1, 0};
  assert_int_equal(rows.count, 4);
  assert_memory_equal(rows.row, wanted, sizeof wanted);
  wl_rows_free(&rows);
  assert_int_equal(wl_rows_read("rows.txt:0", 3, &rows), WL_OK);
  wl_rows_free(&rows);
  assert_int_equal(wl_rows_read("rows.txt:1", 3, &rows), WL_ERROR_DATA);
  must_contain("rows.txt:1: entry 1 is row 0, but the 3 rows are numbered from 1");
  assert_int_equal(wl_rows_read("rows.txt", 2, &rows), WL_ERROR_DATA);
  must_contain("rows.txt: entry 2 is row 2, but the 2 rows are numbered from 0");
  assert_null(rows.row);
  write_text("rows.txt", "1\n3\n");
  assert_int_equal(wl_rows_read("rows.txt:1", 3, &rows), WL_OK);
  assert_true(rows.row[0] == 0 && rows.row[1] == 2);
  wl_rows_free(&rows);
  write_text("rows.txt", "1\n1.5\n");
  assert_int_equal(wl_rows_read("rows.txt", 3, &rows), WL_ERROR_DATA);
  must_contain("entry 2 is 1.5, no number of a row");
  write_text("rows.txt", "1\n0\n1\n1\n"); /* one for each row */
  assert_int_equal(wl_rows_read("rows.txt", 4, &rows), WL_ERROR_DATA);
  must_contain("rows.txt: holds a 0 or 1 for each of the 4 rows: a mask?");
  assert_null(rows.row);
  assert_int_equal(wl_rows_read("rows.txt", 5, &rows), WL_OK);
  wl_rows_free(&rows);
  write_text("rows.txt", "0\n1\n"); /* all of two rows */
  assert_int_equal(wl_rows_read("rows.txt", 2, &rows), WL_OK);
  wl_rows_free(&rows);
  write_text("rows.txt", "-1\n");
  assert_int_equal(wl_rows_read("rows.txt", 3, &rows), WL_ERROR_DATA);
  must_contain("entry 1 is row -1");
  write_text("rows.txt", "index\n0\n2\n");
  assert_int_equal(wl_rows_read("rows.txt", 3, &rows), WL_ERROR_DATA);
  must_contain("rows.txt:1: column 1 is not a number: 'index'");
  must_contain("a list of rows has no header: take the line out");
  write_text("rows.txt", "0\nend\n");
  assert_int_equal(wl_rows_read("rows.txt", 3, &rows), WL_ERROR_DATA);
  must_contain("rows.txt:2: column 1 is not a number: 'end' (the separator is the comma)");
  write_text("rows.txt", "1,2\n");
  assert_int_equal(wl_rows_read("rows.txt", 3, &rows), WL_ERROR_DATA);
  must_contain("has 2 columns; a list of rows has one");
}

/** Every row is in one of the sets, once; sizes are as asked for; another seed is another split. */
static void lots(void **state) {
  (void)state;
  const struct {
    int64_t total;
    double fraction;
    int64_t tests;
  } cases[] = {{100, 0.1, 10}, {2, 0.01, 1}, {2, 0.99, 1}, {10, 0.25, 3}, {1000, 0.5, 500}};
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    wl_rows train, test, again, other[2];
    const int64_t n = cases[c].total;
    assert_int_equal(wl_rows_split(n, cases[c].fraction, 3, &train, &test), WL_OK);
    assert_int_equal(test.count, cases[c].tests);
    assert_int_equal(train.count + test.count, n);
    for (int64_t i = 0, a = 0, b = 0; i < n; i++) {
      const bool in_train = a < train.count && train.row[a] == i, in_test = b < test.count && test.row[b] == i;
      assert_true(in_train != in_test);
      a += in_train;
      b += in_test;
    }
    assert_int_equal(wl_rows_split(n, cases[c].fraction, 3, &other[0], &again), WL_OK);
    assert_memory_equal(again.row, test.row, (size_t)test.count * sizeof *test.row);
    wl_rows_free(&other[0]);
    wl_rows_free(&again);
    assert_int_equal(wl_rows_split(n, cases[c].fraction, 4, &other[0], &other[1]), WL_OK);
    if (n >= 100) assert_memory_not_equal(other[1].row, test.row, (size_t)test.count * sizeof *test.row);
    wl_rows_free(&other[0]);
    wl_rows_free(&other[1]);
    wl_rows_free(&train);
    wl_rows_free(&test);
  }
  wl_rows one, none;
  assert_int_equal(wl_rows_split(1, 0.5, 0, &one, &none), WL_ERROR_DATA);
}

/* ---- moments ------------------------------------------------------------------------------------------------ */

enum { ROWS = 5 };

static void learn(const double column[ROWS], wl_moments *moments, int64_t *constant) {
  int64_t first = -1;
  assert_true(wl_moments_create(1, moments));
  for (int i = 0; i < ROWS; i++) wl_moments_measure(moments, &column[i]);
  wl_moments_begin(moments);
  for (int i = 0; i < ROWS; i++) wl_moments_add(moments, &column[i]);
  *constant = wl_moments_end(moments, &first);
  assert_int_equal(first, *constant > 0 ? 0 : -1);
}

/** Mean 0 and variance 1 within n ε whatever the magnitude, and to the bit the same for powers of two. */
static void magnitudes(void **state) {
  (void)state;
  const double plain[ROWS] = {0.1, 0.4, -0.7, 1.0, -1.3};
  const double factors[] = {1, 0x1p500, 0x1p-500, 1e155, 1e-170, 1e308, 1e-300};
  double wanted[ROWS];
  for (size_t f = 0; f < sizeof factors / sizeof *factors; f++) {
    wl_moments moments;
    int64_t constant;
    double column[ROWS], sum = 0, squares = 0;
    for (int i = 0; i < ROWS; i++) column[i] = plain[i] * factors[f];
    learn(column, &moments, &constant);
    assert_int_equal(constant, 0);
    for (int i = 0; i < ROWS; i++) {
      double x = column[i];
      wl_moments_apply(&moments, &x);
      if (f == 0) wanted[i] = x;
      if (f < 3) assert_true(x == wanted[i]);
      sum += x;
      squares += x * x;
      const double back = wl_moments_location(&moments, 0) + wl_moments_scale(&moments, 0) * x;
      assert_true(fabs(back - column[i]) <= 4 * DBL_EPSILON * 1.3 * factors[f]);
    }
    assert_true(fabs(sum) <= ROWS * ROWS * DBL_EPSILON);
    assert_true(fabs(squares / ROWS - 1) <= ROWS * ROWS * DBL_EPSILON);
    wl_moments_free(&moments);
  }
}

static void constant_columns(void **state) {
  (void)state;
  const double columns[][ROWS] = {
      {0.3, 0.1 + 0.2, 0.3, 0.3, 0.3}, {7, 7, 7, 7, 7}, {0, 0, 0, 0, 0}, {1e300, 1e300, 1e300, 1e300, 1e300}};
  for (size_t c = 0; c < sizeof columns / sizeof *columns; c++) {
    wl_moments moments;
    int64_t constant;
    learn(columns[c], &moments, &constant);
    assert_int_equal(constant, 1);
    double x = columns[c][0] + 0.01;
    wl_moments_apply(&moments, &x); /* centred, in its own units */
    if (columns[c][0] < 1e3) assert_true(fabs(x - 0.01) <= 16 * DBL_EPSILON * (columns[c][0] + 1));
    assert_true(wl_moments_scale(&moments, 0) == 1.0);
    wl_moments_free(&moments);
  }
  const double narrow[ROWS] = {1, 1 + 64 * DBL_EPSILON, 1, 1, 1}; /* more than rounding */
  wl_moments moments;
  int64_t constant;
  learn(narrow, &moments, &constant);
  assert_int_equal(constant, 0);
  wl_moments_free(&moments);
}

/** Numbers that differ in their last digits keep these: 1e14 + j is j standardized, within n ε. */
static void far_from_zero(void **state) {
  (void)state;
  double near[ROWS], far[ROWS];
  for (int i = 0; i < ROWS; i++) far[i] = 1e14 + (near[i] = i * i - 7);
  wl_moments small, large;
  int64_t constant;
  learn(near, &small, &constant);
  learn(far, &large, &constant);
  assert_int_equal(constant, 0);
  for (int i = 0; i < ROWS; i++) {
    wl_moments_apply(&small, &near[i]);
    wl_moments_apply(&large, &far[i]);
    assert_true(fabs(near[i] - far[i]) <= 4 * ROWS * DBL_EPSILON);
  }
  wl_moments_free(&small);
  wl_moments_free(&large);
}

/* ---- data --------------------------------------------------------------------------------------------------- */

/** A configuration of files in this folder, with these further lines of `data`. */
static wl_config *configure(const char *train, const char *more, const char *rest) {
  char text[1024];
  wl_config *config = NULL;
  snprintf(text, sizeof text, "data:\n  train: {inputs: x.csv, targets: y.csv%s}\n%s\n%s\n", train, more, rest);
  if (wl_config_parse(text, &config) != WL_OK) fail_msg("%s", wl_error_message());
  return config;
}

static void write_files(void) {
  write_text("x.csv", "a,b\n1,10\n2,20\n3,30\n4,50\n");
  write_text("y.csv", "100\n200\n300\n500\n");
  write_text("t.csv", "5,60\n");
}

static void targets_are_standardized(void **state) {
  (void)state;
  write_files();
  wl_config *config = configure("", "  test: {inputs: t.csv, targets: t.csv:2}", "noise_variance: 1");
  config->data.standardize_targets = true;
  wl_data *data = NULL;
  assert_int_equal(wl_data_open(config, &data), WL_OK);
  double y[4], sum = 0, squares = 0, test;
  assert_int_equal(wl_data_train_targets(data, 0, 4, y), WL_OK);
  for (int i = 0; i < 4; i++) sum += y[i], squares += y[i] * y[i];
  assert_true(fabs(sum) < 16 * DBL_EPSILON && fabs(squares - 4) < 64 * DBL_EPSILON);
  assert_true(fabs(wl_data_target_location(data, 0) - 275) < 275 * 4 * DBL_EPSILON);
  assert_true(fabs(wl_data_target_scale(data, 0) - sqrt(21875)) < 148 * 4 * DBL_EPSILON);
  assert_int_equal(wl_data_test_targets(data, 0, 1, &test), WL_OK);
  assert_true(test == 60); /* in target units */
  assert_null(wl_data_split_rows(data));
  wl_data_close(&data);
  wl_config_destroy(&config);
}

/* Deviations whose squares are out of range, which variances would be multiplied by. */
static void targets_out_of_range(void **state) {
  (void)state;
  static const char *const targets[] = {"1e160\n2e160\n-1e160\n0\n", "1e-170\n2e-170\n-1e-170\n0\n"};
  for (int i = 0; i < 2; i++) {
    wl_data *data = NULL;
    write_files();
    write_text("y.csv", targets[i]);
    wl_config *config = configure("", "  test: {inputs: t.csv}", "noise_variance: 1");
    config->data.standardize_targets = true;
    assert_int_equal(wl_data_open(config, &data), WL_ERROR_DATA);
    must_contain("y.csv: column 1 has standard deviation");
    config->data.standardize_targets = false;
    assert_int_equal(wl_data_open(config, &data), WL_OK);
    double y[4];
    assert_int_equal(wl_data_train_targets(data, 0, 4, y), i == 0 ? WL_ERROR_DATA : WL_OK);
    if (i == 0) must_contain("y.csv: row 1, column 1 is 1e+160, whose square is out of the range of doubles");
    wl_data_close(&data);
    wl_config_destroy(&config);
  }
}

static void splits_and_lists(void **state) {
  (void)state;
  write_files();
  wl_data *data = NULL;
  wl_config *config = configure("", "  split: {test: 0.5, seed: 1}", "noise_variance: 1");
  assert_int_equal(wl_data_open(config, &data), WL_OK);
  const wl_data_shape shape = wl_data_get_shape(data);
  assert_true(shape.train == 2 && shape.test == 2 && shape.test_targets);
  double x[2][2], y[2];
  assert_int_equal(wl_data_test_inputs(data, 0, 2, &x[0][0]), WL_OK);
  assert_int_equal(wl_data_test_targets(data, 0, 2, y), WL_OK);
  for (int i = 0; i < 2; i++) {
    assert_true(x[i][0] == (double)wl_data_split_rows(data)[i] + 1);
    assert_true(y[i] == 10 * x[i][1]);
  }
  wl_data_close(&data);
  wl_config_destroy(&config);

  write_text("rows.txt", "4\n1\n");
  config =
      configure(", rows: \"rows.txt:1\"",
                "  divide_by: 2\n  test: {inputs: x.csv, targets: y.csv, rows: rows.txt}", "noise_variance: 1");
  assert_int_equal(wl_data_open(config, &data), WL_ERROR_DATA); /* row 4, counted from 0, is not there */
  must_contain("entry 1 is row 4");
  write_text("rows.txt", "3\n1\n");
  assert_int_equal(wl_data_open(config, &data), WL_OK);
  assert_int_equal(wl_data_train_inputs(data, 0, 2, &x[0][0]), WL_OK);
  assert_true(x[0][0] == 1.5 && x[1][0] == 0.5 && x[1][1] == 5);
  assert_int_equal(wl_data_test_targets(data, 0, 2, y), WL_OK);
  assert_true(y[0] == 500 && y[1] == 200);
  wl_data_close(&data);
  wl_config_destroy(&config);
}

static void must_not_open(const char *more, const char *rest, const char *part) {
  wl_data *data = NULL;
  wl_config *config = configure("", more, rest);
  assert_int_equal(wl_data_open(config, &data), WL_ERROR_DATA);
  must_contain(part);
  assert_null(data);
  wl_config_destroy(&config);
}

/* The first two equal rows in the order of the file; −0 is 0, columns are not exchanged. */
static void repeated_rows(void **state) {
  (void)state;
  static const double x[][2] = {{1, 2}, {2, 1}, {0.0, 3}, {1, 3}, {-0.0, 3}, {2, 1}};
  enum { COUNT = sizeof x / sizeof *x };
  wl_row_hash hashes[COUNT];
  int64_t first, second;
  for (int i = 0; i < COUNT; i++) hashes[i] = wl_row_hash_make(x[i], 2, i);
  wl_row_hash_find_repeat(hashes, COUNT, &first, &second);
  assert_int_equal(first, 2);
  assert_int_equal(second, 4);
  for (int i = 0; i < 4; i++) hashes[i] = wl_row_hash_make(x[i], 2, i);
  wl_row_hash_find_repeat(hashes, 4, &first, &second);
  assert_int_equal(first, -1);
  assert_int_equal(second, -1);
}

static void singular_rows(void **state) {
  (void)state;
  static const char test[] = "  test: {inputs: t.csv}", free_of_biases[] = "network: {sigma_b: 0}";
  write_files();
  write_text("x.csv", "a,b\n1,10\n-0,0\n3,30\n1,10\n");
  must_not_open(test, free_of_biases,
                "x.csv: row 2 (counted from 1) is zero, where a network with network.sigma_b = 0");
  must_not_open(test, "", "x.csv: rows 1 and 4 (counted from 1) are equal");
  must_not_open(test, "network: {sigma_b: 0, activation: cos}", "rows 1 and 4");
  write_text("x.csv", "a,b\n1,10\n0,0\n3,30\n2,10\n");
  wl_data *data = NULL;
  static const char *const good[] = {"network: {sigma_b: 0, activation: softplus}",
                                     "network: {sigma_b: 0}\njitter: 0.1", ""};
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    wl_config *config = configure("", test, good[i]);
    assert_int_equal(wl_data_open(config, &data), WL_OK);
    wl_data_close(&data);
    wl_config_destroy(&config);
  }
  wl_config *config = configure("", "  test: {inputs: t.csv}\n  standardize: true", free_of_biases);
  assert_int_equal(wl_data_open(config, &data), WL_OK); /* row 2 is not the mean */
  wl_data_close(&data);
  wl_config_destroy(&config);
}

static void files_that_do_not_match(void **state) {
  (void)state;
  static const char test[] = "  test: {inputs: t.csv}";
  write_files();
  write_text("x.csv", "1,2,5,7\n10,20,30,50\n");
  must_not_open(test, "", "x.csv looks transposed (MATLAB");
  write_files();
  write_text("y.csv", "100,200,300,500\n");
  must_not_open(test, "", "y.csv looks transposed (MATLAB");
  write_text("y.csv", "100\n200\n300\n500\n600\n");
  must_not_open(test, "", "is line 1 of one a header");
  write_files();
  write_text("t.csv", "1e300,1\n");
  write_text("x.csv", "1e-20,10\n2e-20,20\n3e-20,30\n4e-20,50\n");
  must_not_open("  test: {inputs: t.csv}\n  standardize: true", "",
                "t.csv: row 1, column 1 is too large once it is scaled");
}

static void classes(void **state) {
  (void)state;
  write_files();
  write_text("y.csv", "1\n3\n3\n1\n");
  wl_data *data = NULL;
  wl_config *config = configure("", "  test: {inputs: t.csv}\n  target_encoding: one_hot", "");
  double y[4][4];
  assert_int_equal(wl_data_open(config, &data), WL_OK);
  assert_int_equal(wl_data_get_shape(data).outputs, 4);
  assert_int_equal(wl_data_train_targets(data, 0, 4, &y[0][0]), WL_OK);
  for (int i = 0; i < 4; i++)
    for (int k = 0; k < 4; k++) assert_true(y[i][k] == (k == (i == 0 || i == 3 ? 1 : 3)));
  wl_data_close(&data);
  wl_config_destroy(&config);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lists),
      cmocka_unit_test(lots),
      cmocka_unit_test(magnitudes),
      cmocka_unit_test(constant_columns),
      cmocka_unit_test(far_from_zero),
      cmocka_unit_test(targets_are_standardized),
      cmocka_unit_test(targets_out_of_range),
      cmocka_unit_test(splits_and_lists),
      cmocka_unit_test(repeated_rows),
      cmocka_unit_test(singular_rows),
      cmocka_unit_test(files_that_do_not_match),
      cmocka_unit_test(classes),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
