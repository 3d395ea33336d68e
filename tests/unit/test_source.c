/** Sources: every format and element type; each wrong file gets a message with file, line, row, column. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* CMocka wants the four above first. */
#include <cmocka.h>
#include <hdf5.h>
#include <locale.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>
#include <zlib.h>

#include "data/source.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static char folder[] = "/tmp/widelimit-source-XXXXXX";

static int set_up(void **state) {
  (void)state;
  return mkdtemp(folder) != NULL && chdir(folder) == 0 ? 0 : -1;
}

static int tear_down(void **state) {
  (void)state;
  static const char *const files[] = {
      "x.csv",    "x.npy", "x.h5",  "x.txt",        "a:b.csv",         "X.CSV",   "bad.h5", "x.csv.gz",
      "x.npy.gz", "x.npz", "x.idx", "x-idx3-ubyte", "x-idx3-ubyte.gz", "part.h5", "x.raw"};
  for (size_t i = 0; i < COUNT(files); i++) remove(files[i]);
  rmdir("folder.npy");
  return chdir("/") == 0 ? rmdir(folder) : -1;
}

static void write_file(const char *name, const void *bytes, size_t length) {
  FILE *stream = fopen(name, "wb");
  assert_non_null(stream);
  assert_int_equal(fwrite(bytes, 1, length, stream), length);
  assert_int_equal(fclose(stream), 0);
}

static void write_text(const char *name, const char *text) { write_file(name, text, strlen(text)); }

/** The message must contain all of `parts`, which are separated by '|'. */
static void must_contain(const char *parts) {
  char copy[512], *rest = copy;
  snprintf(copy, sizeof copy, "%s", parts);
  for (char *part; (part = strsep(&rest, "|")) != NULL;)
    if (strstr(wl_error_message(), part) == NULL)
      fail_msg("the message \"%s\" lacks \"%s\"", wl_error_message(), part);
  assert_null(strchr(wl_error_message(), '\n'));
}

static wl_source *must_open(const char *spec) {
  wl_source *source = NULL;
  if (wl_source_open(spec, NULL, &source) != WL_OK) fail_msg("%s", wl_error_message());
  assert_non_null(source);
  return source;
}

/** Opens, compares shape and all entries, reads once more from the last row back to the first, closes. */
static void must_hold(const char *spec, int64_t rows, int64_t cols, const double *entries) {
  wl_source *source = must_open(spec);
  assert_string_equal(wl_source_spec(source), spec);
  assert_int_equal(wl_source_rows(source), rows);
  assert_int_equal(wl_source_cols(source), cols);
  double *got = calloc((size_t)(rows * cols), sizeof *got);
  assert_non_null(got);
  if (wl_source_read(source, 0, rows, got) != WL_OK) fail_msg("%s", wl_error_message());
  assert_memory_equal(got, entries, (size_t)(rows * cols) * sizeof *got);
  for (int64_t i = rows - 1; i >= 0; i--) {
    assert_int_equal(wl_source_read(source, i, 1, got), WL_OK);
    assert_memory_equal(got, entries + i * cols, (size_t)cols * sizeof *got);
  }
  assert_int_equal(wl_source_read(source, rows, 0, NULL), WL_OK);
  assert_int_equal(wl_source_read(source, 0, rows + 1, got), WL_ERROR_INTERNAL);
  assert_int_equal(wl_source_read(source, -1, 1, got), WL_ERROR_INTERNAL);
  free(got);
  wl_source_close(&source);
  assert_null(source);
  wl_source_close(&source);
}

/** Fails with WL_ERROR_DATA and all of `parts`, on opening or on reading all rows. */
static void must_fail(const char *spec, const char *parts) {
  wl_source *source = NULL;
  wl_error error = wl_source_open(spec, NULL, &source);
  if (error == WL_OK) {
    double *rows = calloc((size_t)(wl_source_rows(source) * wl_source_cols(source)), sizeof *rows);
    error = wl_source_read(source, 0, wl_source_rows(source), rows);
    free(rows);
    wl_source_close(&source);
  }
  assert_null(source);
  if (error == WL_OK) fail_msg("%s is accepted, although \"%s\" is expected", spec, parts);
  must_contain(parts);
  assert_int_equal(error, WL_ERROR_DATA);
}

/* ---- specifications ----------------------------------------------------------------------------------------- */

static void specifications(void **state) {
  (void)state;
  must_fail("x.doc", "x.doc: not a source|.h5, .hdf5|.npy|.csv");
  must_fail("x.doc:1-3", "x.doc:1-3|.csv");
  must_fail("x.gz", "x.gz: not a source");
  must_fail("x.h5.gz:/x", "x.h5.gz:/x: not a source");
  must_fail("", ".csv");
  must_fail(":", ".csv");
  must_fail(".csv", ".csv: not a source");
  must_fail("none.csv", "none.csv: cannot be read: No such file");
  must_fail("none.npy", "none.npy: cannot be read: No such file");
  must_fail("none.h5:/x", "none.h5: cannot be read: No such file");
  assert_int_equal(mkdir("folder.npy", 0700), 0);
  must_fail("folder.npy", "folder.npy: is a directory");

  const double entries[2] = {1, 2};
  write_text("a:b.csv", "1\n2\n");
  write_text("X.CSV", "1\n2\n");
  must_hold("a:b.csv", 2, 1, entries);
  must_hold("a:b.csv:1", 2, 1, entries);
  must_hold("X.CSV", 2, 1, entries);
  if (geteuid() != 0) { /* root may read everything */
    chmod("X.CSV", 0);
    must_fail("X.CSV", "X.CSV: cannot be read: Permission denied");
    chmod("X.CSV", 0600);
  }

  wl_source *source = NULL; /* relative to another folder, and absolute */
  char absolute[sizeof folder + 16];
  snprintf(absolute, sizeof absolute, "%s/a:b.csv", folder);
  assert_int_equal(chdir("/"), 0);
  assert_int_equal(wl_source_open("a:b.csv", &(wl_source_options){.directory = folder}, &source), WL_OK);
  wl_source_close(&source);
  assert_int_equal(wl_source_open(absolute, &(wl_source_options){.directory = "/nowhere"}, &source), WL_OK);
  wl_source_close(&source);
  assert_int_equal(chdir(folder), 0);
}

/* ---- CSV ---------------------------------------------------------------------------------------------------- */

static const double csv_entries[] = {1, 2.5, -3e-7, 4, 5, 6};

static void csv_variants(void **state) {
  (void)state;
  static const char *const texts[] = {
      "1,2.5,-3e-7\n4,5,6\n",
      "1,2.5,-3e-7\r\n4,5,6\r\n",
      "1,2.5,-3e-7\n4,5,6", /* no last newline */
      "\xEF\xBB\xBF"
      "1,2.5,-3e-7\n4,5,6\n", /* byte order mark */
      "\xEF\xBB\xBF"
      "a,b,c\n1,2.5,-3e-7\n4,5,6\n", /* and a header */
      "a,b,c\n1,2.5,-3e-7\n4,5,6\n",
      "\"a\",\"b\",\"c\"\n1,2.5,-3e-7\n4,5,6\n",
      "\"1\",\"2.5\",\"-3e-7\"\n\"4\",5,\" 6 \"\n", /* quoted numbers */
      "a,,c\n1,2.5,-3e-7\n4,5,6\n",
      "\"0\",\"1\",\"2\"\n1,2.5,-3e-7\n4,5,6\n", /* texts, for the numbers have no quotes */
      "0,1,2\n1,2.5,-3e-7\n4,5,6\n",
      "1,2,3\n1,2.5,-3e-7\n4,5,6\n",
      "1,2.5,-3e-7\r4,5,6\r",
      "a,b,c\r1,2.5,-3e-7\r\r4,5,6",
      "a,\"b, and\r\nmore\",c\r\n1,2.5,-3e-7\r\n4,5,6\r\n",
      "\"say \"\"b\"\", c\",b,c\n1,2.5,-3e-7\n4,5,6\n",
      "  1   2.5\t-3e-7\n  4   5   6   \n",
      "a b c\n1 2.5 -3e-7\n4 5 6\n",
      "a;b, and more;c\n1;2.5;-3e-7\n4;5;6\n",
      "# a b c\n1 2.5 -3e-7\n#\n4 5 6\n",
      "#\"\n1,2.5,-3e-7\n4,5,6\n",
      "\n# comment, with commas\n\n1,2.5,-3e-7\n  \n # more\n4,5,6\n\n\n",
      " 1 ,\t2.5, -3e-7\n+4,5.,6e0\n",
      "1;2.5;-3e-7\n4;5;6\n",
      "1\t2.5\t-3e-7\n4\t5\t6\n",
      "id\tx\ty\n1\t2.5\t-.3E-6\n4\t5\t6\n",
  };
  for (size_t i = 0; i < COUNT(texts); i++) {
    write_text("x.csv", texts[i]);
    must_hold("x.csv", 2, 3, csv_entries);
  }
}

static void csv_selections(void **state) {
  (void)state;
  static const double middle[] = {2.5, 5}, last_two[] = {2.5, -3e-7, 5, 6}, swapped[] = {-3e-7, 1, 6, 4};
  write_text("x.csv", "1,2.5,-3e-7\n4,5,6\n");
  must_hold("x.csv:1-3", 2, 3, csv_entries);
  must_hold("x.csv:1,2-3", 2, 3, csv_entries);
  must_hold("x.csv:2", 2, 1, middle);
  must_hold("x.csv:2-2", 2, 1, middle);
  must_hold("x.csv:2-3", 2, 2, last_two);
  must_hold("x.csv:2, 3", 2, 2, last_two);
  must_hold("x.csv:3,1", 2, 2, swapped);
  must_fail("x.csv:[a]", "x.csv:[a]: asks for names, but the file has no header");
  /* columns that are not selected may hold anything, also in the first line */
  write_text("x.csv", "setosa,2.5,-3e-7\nsetosa,5,6\n");
  must_hold("x.csv:2-3", 2, 2, last_two);
  write_text("x.csv", "u,v,w\n\"a, \"\"b\"\"\",2.5,-3e-7\n\"c\nd\",5,6\n");
  must_hold("x.csv:2-3", 2, 2, last_two);
  static const char *const selectors[] = {"0",     "0-2", "3-2", "-2",  "2-", "a", "",
                                          "1-2-3", "1,",  ",1",  "1 2", "+1", "[a"};
  for (size_t i = 0; i < COUNT(selectors); i++) {
    char spec[32];
    snprintf(spec, sizeof spec, "x.csv:%s", selectors[i]);
    must_fail(spec, "x.csv:|: the selector must be columns from 1|names of a header");
  }
  must_fail("x.csv:4", "x.csv:4: asks for column 4, the file has 3");
  must_fail("x.csv:1-64", "asks for column 64, the file has 3");
  must_fail("x.csv:1-99999999999999999999999", "the file has 3");
  must_fail("x.csv:3,1-3", "x.csv:3,1-3: asks for column 3 twice");

  write_text("x.csv", "id,\"body, mass\",age,age\n1,2.5,-3e-7,0\n4,5,6,0\n");
  must_hold("x.csv:[\"body, mass\"]", 2, 1, middle);
  must_fail("x.csv:[age]", "columns 3 and 4 are both named 'age'");
  must_fail("x.csv:[bmi]", "has no column 'bmi'; the header says id, body, mass, age, age");
  write_text("x.csv", " b , c:d ,a\n2.5,-3e-7,1\n5,6,4\n");
  must_hold("x.csv:[a, b,c:d]", 2, 3, csv_entries);
}

/** What line 1 is, for the whole file. */
static void csv_headers(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int64_t rows; /**< 0: refused */
    const char *parts;
  } cases[] = {
      {"a,b\n1,2\n3,4\n", 2, ""},
      {"5,2\n3,4\n", 2, ""},
      {",0,1\n0,0.5,2\n1,3,4\n", 2, ""},
      {"0,1\n1,0\n0,1\n", 3, ""}, /* one-hot targets */
      {"0\n1\n1\n", 3, ""},       /* classes */
      {"1\n2.5\n", 2, ""},        /* a single 1 counts nothing */
      {"3\n", 1, ""},
      {"0\n", 1, ""},
      {"7,8,9\n", 1, ""},
      {"0,1\n0.5,2\n", 0, "x.csv:1: is an example or counts the columns|data.header: true|false"},
      {"1,2\n3,4\n", 0, "x.csv:1: is an example or counts"},
      {"0\n0.5\n1\n", 0, "x.csv:1: is an example or counts"},
      {"1,2,3\n", 0, "x.csv:1: is an example or counts"},
      {"NA,0.5\n1,2\n", 0, "x.csv:1: column 1 is not a number: 'NA'|data.header"},
      {"NA\n1\n", 0, "x.csv:1: column 1 is not a number: 'NA'|data.header"},
      {"a,0.5\n1,2\n", 0, "x.csv:1: column 1 is 'a', column 2 a number|data.header: true|false"},
      {"0.5,b\n1,2\n", 0, "x.csv:1: column 2 is 'b', column 1 a number"},
      {"2,1,x,y\n5.1,0\n4.9,1\n", 2, ""}, /* scikit-learn's */
      {"3,1,x,y\n5.1,0\n4.9,1\n", 0, "x.csv:1: has 4 columns, but the next line has 2|data.header"},
      {"5.1,a\n4.9,b\n4.7,a\n", 0, "x.csv:1: column 2 is not a number: 'a'"}, /* an example with its class */
      {"country,1960,1961\nA,0.5,2\nB,3,4\n", 0, "x.csv:1: column 1 is 'country', column 2 a number"},
      {"1960,1961,1962\n1,2,0.5\n", 0, "x.csv:1: is an example or counts"},
      {"5,6,7\n1,2,3\n", 2, ""},
      {"0.0,1.0,2.0\n0.5,1.0,2.0\n", 0, "x.csv:1: is an example or counts"},
      {",1.0,2.0,3.0\n0,0.5,1.0,2.0\n", 0, "x.csv:1: is an example or counts"},
      {"0.0,1.0,2.0\n3.0,1.0,2.0\n", 2, ""}, /* all numbers are whole, and written so */
      {"0.0,1.0\n0.5,1.0\n", 2, ""},
      {"2,2,x\n1,2,0\n3,4,1\n", 2, ""},
      {"9,2,x\n1,2,0\n3,4,1\n", 0, "x.csv:1: column 3 is 'x'"},
      {"a,b\n", 0, "x.csv: has a header and no rows"},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    write_text("x.csv", cases[i].text);
    if (cases[i].rows == 0) must_fail("x.csv", cases[i].parts);
    if (cases[i].rows == 0) continue;
    wl_source *source = must_open("x.csv");
    assert_int_equal(wl_source_rows(source), cases[i].rows);
    wl_source_close(&source);
  }
}

/** data.header: what line 1 is need not be found out. */
static void csv_headers_asked_for(void **state) {
  (void)state;
  static const wl_source_options with = {.header = WL_HEADER_TRUE}, without = {.header = WL_HEADER_FALSE};
  wl_source *source = NULL;
  double numbers[4];
  write_text("x.csv", "0,1,2,3,x\n1,2\n3,4\n"); /* a header may be of any width */
  assert_int_equal(wl_source_open("x.csv", &with, &source), WL_OK);
  assert_int_equal(wl_source_rows(source), 2);
  wl_source_close(&source);
  write_text("x.csv", "0,1,2\n1,2.5,4\n");
  assert_int_equal(wl_source_open("x.csv:2,3", &without, &source), WL_OK);
  assert_int_equal(wl_source_read(source, 0, 2, numbers), WL_OK);
  assert_true(numbers[0] == 1 && numbers[1] == 2 && numbers[2] == 2.5 && numbers[3] == 4);
  wl_source_close(&source);
}

static void csv_errors(void **state) {
  (void)state;
  static const struct {
    const char *text, *parts;
  } cases[] = {
      {"", "x.csv: is empty"},
      {"\n# only\n", "x.csv: is empty"},
      {"\xEF\xBB\xBF", "x.csv: is empty"},
      {"a,b\n", "x.csv: has a header and no rows"},
      {"5,2\n3,4\n3,4,5\n", "x.csv:3: has 3 columns, 2 are expected"},
      {"5,2\n3,4,5\n", "x.csv:1: has 2 columns, but the next line has 3"},
      {"# c\na,b\n\n1,2\n3\n", "x.csv:5: has 1 columns, 2 are expected"},
      {"a,b,c\n1,2\n", "x.csv:1: has 3 columns, but the next line has 2"},
      {"5,2\n3,x\n", "x.csv:2: column 2 is not a number: 'x'"},
      {"5,2\n\n3,\n", "x.csv:3: column 2 is empty"},
      {"1,,3\n4,5,6\n", "x.csv:1: column 2 is empty"},
      {"5,2\n\"3,4\n", "x.csv:2: a quote opens in this line and does not close"},
      {"5,2\n\"3\"x,4\n", "x.csv:2: column 1 is not a number: '\"3\"x'"},
      {"5,2\n3,4 5\n", "x.csv:1: has 1 columns, but the next line has 2 (the separator is the blank)"},
      {"5;2\n1,5;3\n", "x.csv:2: column 1 is not a number: '1,5'|semicolon; decimals need a point"},
      {"5\n1,5\n", "x.csv:1: has 1 columns, but the next line has 2"},
      {"\xFF\xFE"
       "5",
       "x.csv: is UTF-16"},
      {"5,2\n0x1A,4\n", "x.csv:2: column 1 is not a number: '0x1A'"},
      {"5,2\n1_000,4\n", "x.csv:2: column 1 is not a number: '1_000'"},
      {"5;2\n3;4,5\n", "x.csv:2: column 2 is not a number: '4,5'|decimals need a point"},
      {"a;b\n1,5;2,5\n", "x.csv:2: column 1 is not a number: '1,5'|decimals need a point"},
      {"1,5\t-2,5e3\n3,5\t4,5\n", "x.csv:1: column 1 is not a number: '1,5'|tab; decimals need a point"},
      {"1,5  2,5\n3,5  4,5\n", "x.csv:1: column 1 is not a number: '1,5'|blank; decimals need a point"},
      {"1,5;x\n3,5;x\n", "x.csv:1: column 1 is not a number: '1,5'|decimals need a point"},
      {"\"1,5\",\"2,5\"\n\"3,5\",4\n", "x.csv:1: column 1 is not a number: '1,5'|decimals need a point"},
      {"1.0D+3,2\n3,4\n", "x.csv:1: column 1 is|1.0D+3"},
      {"5,2\n3,-1.0D+3\n", "x.csv:2: column 2 is not a number: '-1.0D+3'|exponents need an E"},
      {"5,2\n3,0123456789012345678901234567890123456789012345678901234567890x\n", "x.csv:2: column 2|0123...|'"},
      {"5,2\n3,\x01\xff\n", "x.csv:2: column 2 is not a number: '?\?'"},
      {"5,2\n3,nan\n", "x.csv:2: row 2, column 2 is nan"},
      {"a,b\n5,2\nNaN,3\n", "x.csv:3: row 2, column 1 is nan"},
      {"5,2\n-inf,3\n", "x.csv:2: row 2, column 1 is -inf"},
      {"5,2\n3,1e999\n", "x.csv:2: row 2, column 2 is inf"},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    write_text("x.csv", cases[i].text);
    must_fail("x.csv", cases[i].parts);
  }
  write_file("x.csv", "5,2\n3\0,4\n", 9);
  must_fail("x.csv", "x.csv:2: holds a zero byte");
  write_text("x.csv", "5,2,3\n4,5,nan\n");
  must_fail("x.csv:2-3", "x.csv:2: row 2, column 3 is nan"); /* the file's column */
  write_text("x.csv", "1,5;2,5\n3,5;4,5\n");
  must_fail("x.csv:1", "decimals need a point"); /* rather than 1 and 3 */
}

static void csv_is_read_in_pieces(void **state) {
  (void)state;
  enum { ROWS = 10000, COLS = 7, PIECE = 33 };
  FILE *stream = fopen("x.csv", "w");
  for (int i = 0; i < ROWS; i++)
    for (int j = 0; j < COLS; j++) fprintf(stream, "%d%c", i * COLS - j, j + 1 < COLS ? ',' : '\n');
  fclose(stream);
  wl_source *source = must_open("x.csv:2-6");
  double rows[PIECE * 5];
  for (int64_t first = 0; first < ROWS; first += PIECE) {
    const int64_t count = ROWS - first < PIECE ? ROWS - first : PIECE;
    assert_int_equal(wl_source_read(source, first, count, rows), WL_OK);
    for (int64_t i = 0; i < count; i++)
      for (int64_t j = 0; j < 5; j++) assert_true(rows[i * 5 + j] == (double)((first + i) * COLS - j - 1));
  }
  wl_source_close(&source);
}

static void locale_does_not_matter(void **state) {
  (void)state;
  if (setlocale(LC_ALL, "de_DE.UTF-8") == NULL) skip();
  write_text("x.csv", "1,2.5,-3e-7\n4,5,6\n");
  must_hold("x.csv", 2, 3, csv_entries);
  setlocale(LC_ALL, "C");
}

/* ---- NPY ---------------------------------------------------------------------------------------------------- */

/** An NPY file of the given version with this header; returns its length. */
static size_t make_npy(unsigned char *file, int version, const char *header, const void *data, size_t bytes) {
  const size_t length = strlen(header), start = version == 1 ? 10 : 12;
  memcpy(file, "\x93NUMPY", 6);
  file[6] = (unsigned char)version;
  file[7] = 0;
  for (size_t i = 8; i < start; i++) file[i] = (unsigned char)(length >> 8 * (i - 8));
  memcpy(file + start, header, length);
  if (bytes > 0) memcpy(file + start + length, data, bytes);
  return start + length + bytes;
}

static void write_npy(int version, const char *header, const void *data, size_t bytes) {
  unsigned char file[8192];
  write_file("x.npy", file, make_npy(file, version, header, data, bytes));
}

/** Copies the array with every element's bytes reversed. */
static void swap_bytes(const void *from, void *to, size_t size, size_t count) {
  for (size_t i = 0; i < count; i++)
    for (size_t b = 0; b < size; b++)
      ((unsigned char *)to)[i * size + b] = ((const unsigned char *)from)[i * size + size - 1 - b];
}

static void npy_element_types(void **state) {
  (void)state;
  const double f8[] = {1, -2.5, 1e300, 0, 4e-320, 7};
  const float f4[] = {1, -2.5F, 1e30F, 0, 1e-42F, 7};
  const uint16_t f2[] = {0x3c00, 0xc100, 0x7bff, 0x0000, 0x0001, 0x4700}; /* 1 −2.5 65504 0 2⁻²⁴ 7 */
  const int8_t i1[] = {1, -2, 127, 0, -128, 7};
  const int16_t i2[] = {1, -2, 32767, 0, -32768, 7};
  const int32_t i4[] = {1, -2, INT32_MAX, 0, INT32_MIN, 7};
  const int64_t i8[] = {1, -2, (int64_t)1 << 52, 0, INT64_MIN, 7};
  const uint8_t u1[] = {1, 2, 255, 0, 128, 7};
  const uint16_t u2[] = {1, 2, 65535, 0, 32768, 7};
  const uint32_t u4[] = {1, 2, UINT32_MAX, 0, 3, 7};
  const uint64_t u8[] = {1, 2, (uint64_t)1 << 63, 0, 3, 7};
  const struct {
    const char *type;
    size_t size;
    const void *data;
    double wanted[6];
  } types[] = {
      {"f8", 8, f8, {1, -2.5, 1e300, 0, 4e-320, 7}},
      {"f4", 4, f4, {1, -2.5, (double)1e30F, 0, (double)1e-42F, 7}},
      {"f2", 2, f2, {1, -2.5, 65504, 0, 0x1p-24, 7}},
      {"i1", 1, i1, {1, -2, 127, 0, -128, 7}},
      {"i2", 2, i2, {1, -2, 32767, 0, -32768, 7}},
      {"i4", 4, i4, {1, -2, INT32_MAX, 0, INT32_MIN, 7}},
      {"i8", 8, i8, {1, -2, 0x1p52, 0, -0x1p63, 7}},
      {"u1", 1, u1, {1, 2, 255, 0, 128, 7}},
      {"u2", 2, u2, {1, 2, 65535, 0, 32768, 7}},
      {"u4", 4, u4, {1, 2, UINT32_MAX, 0, 3, 7}},
      {"u8", 8, u8, {1, 2, 0x1p63, 0, 3, 7}},
      {"b1", 1, u1, {1, 1, 1, 0, 1, 1}},
  };
  const int one = 1;
  const bool native_big = *(const char *)&one == 0;
  for (size_t t = 0; t < COUNT(types); t++)
    for (const char *order = types[t].size > 1 ? "<>=" : "|"; *order != '\0'; order++) {
      unsigned char data[48];
      if (*order == (native_big ? '<' : '>'))
        swap_bytes(types[t].data, data, types[t].size, 6);
      else
        memcpy(data, types[t].data, 6 * types[t].size);
      char header[128];
      snprintf(header, sizeof header, "{'descr': '%c%s', 'fortran_order': False, 'shape': (2, 3), }   \n", *order,
               types[t].type);
      write_npy(1, header, data, 6 * types[t].size);
      must_hold("x.npy", 2, 3, types[t].wanted);
    }
}

static void npy_headers(void **state) {
  (void)state;
  const double data[] = {1, 2, 3, 4, 5, 6};
  const char *two = "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }\n";
  for (int version = 1; version <= 3; version++) {
    write_npy(version, two, data, sizeof data);
    must_hold("x.npy", 2, 3, data);
  }
  const double columns_first[] = {1, 3, 5, 2, 4, 6};
  write_npy(1, "{'descr': '<f8', 'fortran_order': True, 'shape': (3, 2), }", columns_first, sizeof data);
  must_hold("x.npy", 3, 2, data);
  write_npy(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (6,), }", data, sizeof data);
  must_hold("x.npy", 6, 1, data);
  write_npy(1, "{\"shape\":(6L,),\"fortran_order\":False,\"descr\":\"<f8\"}", data, sizeof data);
  must_hold("x.npy", 6, 1, data);
  write_npy(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (1, 5)}", data,
            sizeof data); /* bytes to spare */
  must_hold("x.npy", 1, 5, data);
}

static void npy_errors(void **state) {
  (void)state;
#define HEADER(descr, order, shape) "{'descr': " descr ", 'fortran_order': " order ", 'shape': " shape ", }\n"
  static const struct {
    const char *header, *parts;
  } cases[] = {
      {HEADER("'<c16'", "False", "(2, 3)"), "x.npy: has elements of type '<c16'|supported"},
      {HEADER("'<f16'", "False", "(2, 3)"), "'<f16'"},
      {HEADER("'<f1'", "False", "(2, 3)"), "'<f1'"},
      {HEADER("'<i3'", "False", "(2, 3)"), "'<i3'"},
      {HEADER("'<f88'", "False", "(2, 3)"), "'<f88'"},
      {HEADER("'|O'", "False", "(2, 3)"), "'|"},
      {HEADER("'<U5'", "False", "(2, 3)"), "'<U5'"},
      {HEADER("'<M8[ns]'", "False", "(2, 3)"), "'<M8[ns]'"},
      {HEADER("''", "False", "(2, 3)"), "x.npy: has a header that is not NPY's"},
      {HEADER("'<'", "False", "(2, 3)"), "'<'"},
      {HEADER("[('a', '<f8')]", "False", "(6,)"), "x.npy: has elements of a structured type"},
      {HEADER("'<f8'", "False", "()"), "x.npy: has rank 0"},
      {HEADER("'<f8'", "False", "(1, 2, 3)"), "x.npy: has rank 3; rank 1 or 2"},
      {HEADER("'<f8'", "False", "(0, 3)"), "x.npy: is empty (0 x 3)"},
      {HEADER("'<f8'", "False", "(3, 0)"), "x.npy: is empty (3 x 0)"},
      {HEADER("'<f8'", "False", "(2, 4)"), "x.npy: is truncated: 2 x 4 elements take 64 bytes, 48 are there"},
      {HEADER("'<f8'", "False", "(4294967296, 4294967296)"), "x.npy: has an impossible shape"},
      {HEADER("'<f8'", "False", "(9223372036854775807, 1)"), "x.npy: has an impossible shape"},
      {HEADER("'<f8'", "False", "(1152921504606846976, 0)"), "x.npy: is empty"},
      {HEADER("'<f8'", "False", "(99999999999999999999, 1)"), "x.npy: has a header that is not NPY's"},
      {HEADER("'<f8'", "False", "(-2, 3)"), "x.npy: has a header that is not NPY's"},
      {HEADER("'<f8'", "False", "(2 3)"), "x.npy: has a header that is not NPY's"},
      {HEADER("'<f8'", "False", "(,)"), "x.npy: has a header that is not NPY's"},
      {HEADER("'<f8'", "Maybe", "(2, 3)"), "x.npy: has a header that is not NPY's"},
      {HEADER("'<f8", "False", "(2, 3)"), "x.npy: has a header that is not NPY's"},
      {"{'descr': '<f8', 'shape': (2, 3)}", "x.npy: has a header that is not NPY's"},
      {"{'fortran_order': False, 'shape': (2, 3)}", "x.npy: has a header that is not NPY's"},
      {"{'descr': '<f8', 'fortran_order': False}", "x.npy: has a header that is not NPY's"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), 'more': 1}", "not NPY's"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3)", "not NPY's"},
      {"", "x.npy: has a header that is not NPY's"},
  };
#undef HEADER
  const double data[6] = {1, 2, 3, 4, 5, 6};
  for (size_t i = 0; i < COUNT(cases); i++) {
    write_npy(1, cases[i].header, data, sizeof data);
    must_fail("x.npy", cases[i].parts);
  }
  write_npy(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3)}", data, sizeof data);
  must_fail("x.npy:1", "x.npy:1: an NPY file takes no selector");

  double bad[6] = {1, 2, 3, 4, (double)NAN, 6};
  write_npy(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3)}", bad, sizeof bad);
  must_fail("x.npy", "x.npy: row 2, column 2 is nan");
  bad[4] = (double)-INFINITY;
  write_npy(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3)}", bad, sizeof bad);
  must_fail("x.npy", "x.npy: row 2, column 2 is -inf");
  const uint16_t halves[] = {0x7c00, 0x7e00};
  write_npy(1, "{'descr': '<f2', 'fortran_order': False, 'shape': (2,)}", halves, sizeof halves);
  must_fail("x.npy", "x.npy: row 1, column 1 is inf");
}

static void npy_cut_anywhere(void **state) {
  (void)state;
  unsigned char file[256];
  const double data[6] = {1, 2, 3, 4, 5, 6};
  const size_t length =
      make_npy(file, 2, "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3)}", data, sizeof data);
  for (size_t cut = 0; cut < length; cut++) {
    write_file("x.npy", file, cut);
    must_fail("x.npy", cut < 6 ? "x.npy: is not an NPY file" : "x.npy: is truncated");
  }
  file[6] = 4;
  write_file("x.npy", file, length);
  must_fail("x.npy", "x.npy: is NPY version 4.0");
  file[6] = 2;
  memset(file + 8, 0xff, 4); /* a header of 4 GiB */
  write_file("x.npy", file, length);
  must_fail("x.npy", "x.npy: is truncated within the header");
}

/* ---- packed files, NPZ and IDX ------------------------------------------------------------------------------ */

/* Appends the bytes of another file, and these. */
static void append(const char *name, const char *other, const char *tail, size_t count) {
  char piece[1024];
  FILE *to = fopen(name, "ab"), *from = fopen(other, "rb");
  assert_non_null(to);
  assert_non_null(from);
  const size_t size = fread(piece, 1, sizeof piece, from);
  assert_int_equal(fwrite(piece, 1, size, to), size);
  assert_int_equal(fwrite(tail, 1, count, to), count);
  fclose(from);
  fclose(to);
}

static void write_packed(const char *name, const void *bytes, size_t length) {
  gzFile file = gzopen(name, "wb");
  assert_non_null(file);
  assert_int_equal(gzwrite(file, bytes, (unsigned)length), length);
  assert_int_equal(gzclose(file), Z_OK);
}

static void packed_files(void **state) {
  (void)state;
  static const char text[] = "a,b,c\n1,2.5,-3e-7\n4,5,6\n";
  unsigned char npy[256];
  write_packed("x.csv.gz", text, sizeof text - 1);
  must_hold("x.csv.gz", 2, 3, csv_entries);
  must_hold("x.csv.gz:[a,b,c]", 2, 3, csv_entries);
  const size_t length = make_npy(npy, 1, "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3)}", csv_entries,
                                 sizeof csv_entries);
  write_packed("x.npy.gz", npy, length);
  must_hold("x.npy.gz", 2, 3, csv_entries);
  struct stat status;
  assert_int_equal(stat("x.csv.gz", &status), 0);
  for (off_t cut = status.st_size - 1; cut > 0; cut--) { /* also within the sum at its end */
    assert_int_equal(truncate("x.csv.gz", cut), 0);
    must_fail("x.csv.gz", cut > 9 ? "x.csv.gz: cannot be unpacked: it ends early" : "x.csv.gz: ");
  }
  write_text("x.csv.gz", text);
  must_fail("x.csv.gz", "x.csv.gz: is not packed by gzip");

  /* two members, as `cat a.gz b.gz` makes them, are one text; zeros behind are padding, anything else is refused */
  static const char tails[3][8] = {"", "\0\0\0\0\0\0\0", "\0\0junk"};
  for (int t = 0; t < 3; t++) {
    const size_t line = strcspn(text, "\n") + 1;
    write_packed("x.csv.gz", text, (unsigned)line);
    write_packed("y.csv.gz", text + line, (unsigned)(sizeof text - 1 - line));
    append("x.csv.gz", "y.csv.gz", tails[t], t == 0 ? 0 : sizeof tails[t]);
    if (t < 2)
      must_hold("x.csv.gz", 2, 3, csv_entries);
    else
      must_fail("x.csv.gz", "x.csv.gz: cannot be unpacked");
  }
  unlink("y.csv.gz");
  write_text("x.csv.gz", "");
  must_fail("x.csv.gz", "x.csv.gz: is");
}

/** An archive with two members of one name, which libzip does not write: the name of one is changed afterwards. */
static void write_twins(const void *npy, size_t length) {
  char bytes[2048];
  zip_t *archive = zip_open("y.npz", ZIP_CREATE | ZIP_TRUNCATE, NULL);
  assert_true(zip_file_add(archive, "train.npy", zip_source_buffer(archive, npy, length, 0), 0) >= 0);
  assert_true(zip_file_add(archive, "trail.npy", zip_source_buffer(archive, npy, length, 0), 0) >= 0);
  assert_int_equal(zip_close(archive), 0);
  FILE *stream = fopen("y.npz", "rb");
  const size_t size = fread(bytes, 1, sizeof bytes, stream);
  fclose(stream);
  for (size_t i = 0; i + 5 <= size; i++)
    if (memcmp(bytes + i, "trail", 5) == 0) bytes[i + 4] = 'n';
  write_file("y.npz", bytes, size);
}

static void npz_archives(void **state) {
  (void)state;
  unsigned char npy[256];
  const size_t length = make_npy(npy, 1, "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3)}", csv_entries,
                                 sizeof csv_entries);
  for (int packed = 0; packed < 2; packed++) {
    zip_t *archive = zip_open("x.npz", ZIP_CREATE | ZIP_TRUNCATE, NULL);
    assert_non_null(archive);
    const zip_int64_t index =
        zip_file_add(archive, "train.npy", zip_source_buffer(archive, npy, length, 0), ZIP_FL_OVERWRITE);
    assert_true(index >= 0 && zip_file_add(archive, "bad.npy", zip_source_buffer(archive, npy, 40, 0), 0) >= 0);
    zip_set_file_compression(archive, (zip_uint64_t)index, packed ? ZIP_CM_DEFLATE : ZIP_CM_STORE, 0);
    assert_int_equal(zip_close(archive), 0);
    must_hold("x.npz:train", 2, 3, csv_entries);
    must_hold("x.npz:train.npy", 2, 3, csv_entries);
  }
  must_fail("x.npz", "x.npz: names no array, write x.npz:NAME; it holds train, bad");
  must_fail("x.npz:test", "x.npz: has no array test; it holds train, bad");
  must_fail("x.npz:bad", "x.npz:bad: is truncated within the header");
  write_twins(npy, length);
  must_fail("y.npz:train", "y.npz: holds train twice");
  struct stat status;
  assert_int_equal(stat("x.npz", &status), 0);
  assert_int_equal(truncate("x.npz", status.st_size / 2), 0);
  must_fail("x.npz:train", "x.npz: is not an NPZ (ZIP) archive");
}

/* −2 and 1 as each of the types, big endian. */
static void idx_element_types(void **state) {
  (void)state;
  static const struct {
    unsigned char code, size, elements[16];
  } types[] = {{0x09, 1, {0xfe, 1}},
               {0x0b, 2, {0xff, 0xfe, 0, 1}},
               {0x0c, 4, {0xff, 0xff, 0xff, 0xfe, 0, 0, 0, 1}},
               {0x0d, 4, {0xc0, 0, 0, 0, 0x3f, 0x80}},
               {0x0e, 8, {0xc0, 0, 0, 0, 0, 0, 0, 0, 0x3f, 0xf0}}};
  static const double numbers[] = {-2, 1};
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    unsigned char file[24] = {0, 0, types[i].code, 1, 0, 0, 0, 2};
    memcpy(file + 8, types[i].elements, sizeof types[i].elements);
    write_file("x.idx", file, 8 + 2 * (size_t)types[i].size);
    must_hold("x.idx", 2, 1, numbers);
  }
}

static void idx_files(void **state) {
  (void)state;
  static const double pixels[6] = {0, 1, 2, 253, 254, 255}, halves[2] = {-1.5, 2};
  unsigned char images[] = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 0, 1, 2, 253, 254, 255};
  unsigned char floats[] = {0, 0, 13, 1, 0, 0, 0, 2, 0xbf, 0xc0, 0, 0, 0x40, 0, 0, 0};
  write_file("x-idx3-ubyte", images, sizeof images);
  must_hold("x-idx3-ubyte", 2, 3, pixels);
  must_fail("x-idx3-ubyte:1", "an IDX file takes no selector");
  write_packed("x-idx3-ubyte.gz", images, sizeof images);
  must_hold("x-idx3-ubyte.gz", 2, 3, pixels);
  write_file("x.idx", floats, sizeof floats);
  must_hold("x.idx", 2, 1, halves);
  for (size_t cut = 0; cut < sizeof images; cut++) {
    write_file("x.idx", images, cut);
    must_fail("x.idx", cut < 4    ? "x.idx: is not an IDX file"
                       : cut < 16 ? "x.idx: is truncated within the header"
                                  : "x.idx: is truncated: 2 x 3 elements take 6 bytes");
  }
  images[11] = 0;
  write_file("x.idx", images, sizeof images);
  must_fail("x.idx", "x.idx: is empty (2 x 0)");
  memset(images + 4, 0xff, 12);
  write_file("x.idx", images, sizeof images);
  must_fail("x.idx", "x.idx: has an impossible shape");
  images[2] = 10;
  write_file("x.idx", images, sizeof images);
  must_fail("x.idx", "x.idx: has elements of type 0x0A");
  floats[7] = 1;
  write_file("x.idx", floats, sizeof floats);
  must_fail("x.idx", "x.idx: has 4 bytes more than its header says");
}

/** Rows in another order, some twice; messages count as the file does. */
static void chosen_rows(void **state) {
  (void)state;
  write_text("x.csv", "x\n10\n11\n12\nnan\n14\n");
  static const int64_t order[] = {4, 0, 1, 2, 0};
  static const double wanted[] = {14, 10, 11, 12, 10};
  double got[5];
  wl_source *source = must_open("x.csv");
  int64_t *rows = malloc(sizeof order);
  memcpy(rows, order, sizeof order);
  assert_int_equal(wl_source_choose_rows(source, rows, 5), WL_OK);
  assert_int_equal(wl_source_rows(source), 5);
  assert_int_equal(wl_source_read(source, 0, 5, got), WL_OK);
  assert_memory_equal(got, wanted, sizeof wanted);
  assert_int_equal(wl_source_read(source, 1, 2, got), WL_OK);
  assert_memory_equal(got, wanted + 1, 2 * sizeof *wanted);
  rows = malloc(sizeof *rows);
  rows[0] = 3;
  assert_int_equal(wl_source_choose_rows(source, rows, 1), WL_OK);
  assert_int_equal(wl_source_read(source, 0, 1, got), WL_ERROR_DATA);
  must_contain("x.csv:5: row 4, column 1 is nan");
  rows = malloc(sizeof *rows);
  rows[0] = 5;
  assert_int_equal(wl_source_choose_rows(source, rows, 1), WL_ERROR_DATA);
  must_contain("x.csv: row 5 (counted from 0) is asked for, there are 5");
  wl_source_close(&source);
}

/* ---- HDF5 --------------------------------------------------------------------------------------------------- */

static void put(hid_t file, const char *name, hid_t type, int rank, const hsize_t *shape, hid_t memory,
                const void *data) {
  const hid_t space = rank > 0 ? H5Screate_simple(rank, shape, NULL) : H5Screate(H5S_SCALAR);
  const hid_t set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  assert_true(set >= 0);
  if (data != NULL) assert_true(H5Dwrite(set, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >= 0);
  H5Dclose(set);
  H5Sclose(space);
}

static const double h5_entries[6] = {1, 2, 3, 4, 5, 100};

static void hdf5_element_types(void **state) {
  (void)state;
  const struct {
    const char *name;
    hid_t type;
  } types[] = {
      {"f4le", H5T_IEEE_F32LE}, {"f4be", H5T_IEEE_F32BE}, {"f8le", H5T_IEEE_F64LE}, {"f8be", H5T_IEEE_F64BE},
      {"i1", H5T_STD_I8LE},     {"i2be", H5T_STD_I16BE},  {"i4le", H5T_STD_I32LE},  {"i8be", H5T_STD_I64BE},
      {"u1", H5T_STD_U8LE},     {"u2le", H5T_STD_U16LE},  {"u4be", H5T_STD_U32BE},  {"u8le", H5T_STD_U64LE},
  };
  const hsize_t shape[2] = {2, 3}, line[1] = {6};
  const hid_t file = H5Fcreate("x.h5", H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  for (size_t t = 0; t < COUNT(types); t++)
    put(file, types[t].name, types[t].type, 2, shape, H5T_NATIVE_DOUBLE, h5_entries);
  put(file, "line", H5T_IEEE_F64LE, 1, line, H5T_NATIVE_DOUBLE, h5_entries);
  H5Fclose(file);
  for (size_t t = 0; t < COUNT(types); t++) {
    char spec[32];
    snprintf(spec, sizeof spec, "x.h5:/%s", types[t].name);
    must_hold(spec, 2, 3, h5_entries);
  }
  must_hold("x.h5:/line", 6, 1, h5_entries);
  must_hold("x.h5:line", 6, 1, h5_entries);

  wl_source *a = must_open("x.h5:/line"), *b = must_open("x.h5:/i1"); /* two from one file */
  double entry;
  assert_int_equal(wl_source_read(a, 5, 1, &entry), WL_OK);
  assert_true(entry == 100);
  wl_source_close(&a);
  wl_source_close(&b);
}

static void make_bad_hdf5(void) {
  const hsize_t shape[3] = {2, 3, 4}, none[2] = {0, 5}, huge[2] = {(hsize_t)1 << 40, (hsize_t)1 << 40};
  const hsize_t chunk[2] = {1, 1};
  double bad[6] = {1, 2, 3, 4, 5, 6};
  const hid_t file = H5Fcreate("x.h5", H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  const hid_t group = H5Gcreate2(file, "/train", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  put(file, "/train/x", H5T_IEEE_F64LE, 2, shape, H5T_NATIVE_DOUBLE, bad);
  put(file, "/train/y", H5T_IEEE_F64LE, 1, shape, H5T_NATIVE_DOUBLE, bad);
  put(file, "/cube", H5T_IEEE_F64LE, 3, shape, 0, NULL);
  put(file, "/one", H5T_IEEE_F64LE, 0, NULL, 0, NULL);
  put(file, "/none", H5T_IEEE_F64LE, 2, none, 0, NULL);
  bad[5] = (double)NAN;
  put(file, "/nan", H5T_IEEE_F64LE, 2, shape, H5T_NATIVE_DOUBLE, bad);
  put(file, "/opaque", H5Tcreate(H5T_OPAQUE, 4), 1, shape, 0, NULL);
  put(file, "/words", H5T_C_S1, 1, shape, 0, NULL);
  const hid_t pair = H5Tcreate(H5T_COMPOUND, 16), flag = H5Tenum_create(H5T_NATIVE_INT8);
  H5Tinsert(pair, "a", 0, H5T_NATIVE_DOUBLE);
  const int8_t yes = 1;
  H5Tenum_insert(flag, "TRUE", &yes);
  put(file, "/pairs", pair, 1, shape, 0, NULL);
  put(file, "/flags", flag, 1, shape, 0, NULL);
  const hid_t null = H5Screate(H5S_NULL);
  H5Dclose(H5Dcreate2(file, "/null", H5T_IEEE_F64LE, null, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  H5Sclose(null);
  H5Lcreate_soft("/nowhere", file, "/dangling", H5P_DEFAULT, H5P_DEFAULT);
  H5Lcreate_external("gone.h5", "/x", file, "/outward", H5P_DEFAULT, H5P_DEFAULT);
  const hid_t chunks = H5Pcreate(H5P_DATASET_CREATE), space = H5Screate_simple(2, huge, NULL);
  H5Pset_chunk(chunks, 2, chunk);
  H5Dclose(H5Dcreate2(file, "/huge", H5T_IEEE_F64LE, space, H5P_DEFAULT, chunks, H5P_DEFAULT));
  H5Sclose(space);
  H5Pclose(chunks);
  H5Tclose(pair);
  H5Tclose(flag);
  H5Gclose(group);
  H5Fclose(file);
}

static void hdf5_errors(void **state) {
  (void)state;
  make_bad_hdf5();
  must_fail("x.h5", "x.h5: names no dataset, write x.h5:/DATASET");
  must_fail("x.h5:", "x.h5:: names no dataset");
  must_fail("x.h5:/train/z", "x.h5 has no dataset /train/z; /train holds x, y");
  must_fail("x.h5:/trian/x", "x.h5 has no dataset /trian/x; / holds cube, dangling, flags, huge, nan, none, ...");
  must_fail("x.h5:/train/x/deeper", "x.h5 has no dataset /train/x/deeper; /train/x holds nothing");
  must_fail("x.h5:/train", "x.h5:/train: is a group, not a dataset; it holds x, y");
  must_fail("x.h5:/", "x.h5:/: is a group");
  must_fail("x.h5:/dangling", "x.h5:/dangling: is a link to /nowhere, which is not there");
  must_fail("x.h5:/outward", "x.h5:/outward: is a link to /x in the file gone.h5, which is not there");
  must_fail("x.h5:/cube", "x.h5:/cube: has rank 3 (2 x 3 x 4); rank 1 or 2");
  must_fail("x.h5:/one", "x.h5:/one: has rank 0 (one number)");
  must_fail("x.h5:/none", "x.h5:/none: is empty (0 x 5)");
  must_fail("x.h5:/null", "x.h5:/null: has no elements");
  must_fail("x.h5:/huge", "x.h5:/huge: is too large (1099511627776 x 1099511627776)");
  must_fail("x.h5:/nan", "x.h5:/nan: row 2, column 3 is nan");
  must_fail("x.h5:/words", "x.h5:/words: has elements of type string");
  must_fail("x.h5:/pairs", "x.h5:/pairs: has elements of type compound");
  must_fail("x.h5:/flags", "x.h5:/flags: has elements of type enumeration");
  must_fail("x.h5:/opaque", "x.h5:/opaque: has elements of type opaque");
  write_text("bad.h5", "this is a text\n");
  must_fail("bad.h5:/x", "bad.h5: is not an HDF5 file");
  write_file("bad.h5", "\x89HDF\r\n\x1a\n", 8); /* the signature alone */
  must_fail("bad.h5:/x", "bad.h5: cannot be opened by HDF5");
}

/** A dataset of 4 x 2 with these creation properties; `data` may be NULL: never written. Takes the properties. */
static void put_stored(hid_t file, const char *name, hid_t creation, const double *data, hsize_t written) {
  const hsize_t shape[2] = {4, 2}, part[2] = {written, 2}, start[2] = {0, 0};
  const hid_t space = H5Screate_simple(2, shape, NULL), memory = H5Screate_simple(2, part, NULL);
  const hid_t set = H5Dcreate2(file, name, H5T_IEEE_F64LE, space, H5P_DEFAULT, creation, H5P_DEFAULT);
  assert_true(set >= 0);
  H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, part, NULL);
  if (data != NULL) assert_true(H5Dwrite(set, H5T_NATIVE_DOUBLE, memory, space, H5P_DEFAULT, data) >= 0);
  H5Dclose(set);
  H5Sclose(memory);
  H5Sclose(space);
  H5Pclose(creation);
}

static hid_t in_chunks(hsize_t rows) {
  const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
  const hsize_t chunk[2] = {rows, 1};
  H5Pset_chunk(creation, 2, chunk);
  return creation;
}

/** The last `rows` rows come from /x of the file, the others from /chunks of the same one. */
static hid_t virtually(const char *file, hsize_t rows, bool all) {
  const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
  const hsize_t shape[2] = {4, 2}, first[2] = {0, 0}, at[2] = {4 - rows, 0}, part[2] = {rows, 2},
                rest[2] = {4 - rows, 2};
  const hid_t target = H5Screate_simple(2, shape, NULL), source = H5Screate_simple(2, shape, NULL);
  const hid_t whole = H5Screate_simple(2, part, NULL);
  H5Sselect_hyperslab(target, H5S_SELECT_SET, at, NULL, part, NULL);
  assert_true(H5Pset_virtual(creation, target, file, "/x", whole) >= 0);
  H5Sselect_hyperslab(target, H5S_SELECT_SET, first, NULL, rest, NULL);
  H5Sselect_hyperslab(source, H5S_SELECT_SET, first, NULL, rest, NULL);
  if (all) assert_true(H5Pset_virtual(creation, target, ".", "/chunks", source) >= 0);
  H5Sclose(whole);
  H5Sclose(source);
  H5Sclose(target);
  return creation;
}

/** In a folder of its own: what a virtual dataset there takes its numbers from is looked for there. */
static void make_stored_elsewhere(const double *data) {
  const hsize_t all[2] = {4, 2};
  mkdir("sub", 0777);
  hid_t file = H5Fcreate("sub/source.h5", H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  put(file, "/x", H5T_IEEE_F64LE, 2, all, H5T_NATIVE_DOUBLE, data);
  H5Fclose(file);
  file = H5Fcreate("sub/whole.h5", H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  put_stored(file, "/virtual", virtually("source.h5", 4, false), NULL, 4);
  H5Fclose(file);
}

static void make_stored(const double *data) {
  const hsize_t two[2] = {2, 2};
  hid_t file = H5Fcreate("part.h5", H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  put(file, "/x", H5T_IEEE_F64LE, 2, two, H5T_NATIVE_DOUBLE, data + 4);
  H5Fclose(file);
  write_file("x.raw", data, 8 * sizeof *data);
  file = H5Fcreate("x.h5", H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  put_stored(file, "/chunks", in_chunks(3), data, 4);
  put_stored(file, "/half", in_chunks(3), data, 3);
  put_stored(file, "/never", H5Pcreate(H5P_DATASET_CREATE), NULL, 4);
  for (hsize_t bytes = 56; bytes <= 64; bytes += 8) {
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_external(creation, "x.raw", (off_t)(64 - bytes), 64); /* HDF5 reads zeros behind the end */
    put_stored(file, bytes == 64 ? "/outside" : "/short", creation, NULL, 4);
  }
  const hid_t absent = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_external(absent, "gone.raw", 0, 64);
  put_stored(file, "/absent", absent, NULL, 4);
  put_stored(file, "/virtual", virtually("part.h5", 2, true), NULL, 4);
  H5Lcreate_external("sub/whole.h5", "/virtual", file, "/elsewhere", H5P_DEFAULT, H5P_DEFAULT);
  put_stored(file, "/gap", virtually("part.h5", 2, false), NULL, 4);
  put_stored(file, "/missing", virtually("gone.h5", 2, true), NULL, 4);
  put_stored(file, "/small", virtually("part.h5", 3, true), NULL, 4);
  const hid_t boolean = H5Tenum_create(H5T_NATIVE_INT8);
  const int8_t no = 0, yes = 1, flags[2] = {1, 0};
  H5Tenum_insert(boolean, "FALSE", &no);
  H5Tenum_insert(boolean, "TRUE", &yes);
  put(file, "/booleans", boolean, 1, two, boolean, flags);
  H5Tclose(boolean);
  H5Fclose(file);
}

static void hdf5_storage(void **state) {
  (void)state;
  static const double data[8] = {1, 2, 3, 4, 5, 6, 7, 8}, flags[2] = {1, 0};
  make_stored(data);
  must_hold("x.h5:/chunks", 4, 2, data);
  must_hold("x.h5:/virtual", 4, 2, data);
  must_hold("x.h5:/outside", 4, 2, data);
  must_hold("x.h5:/booleans", 2, 1, flags);
  must_fail("x.h5:/half", "x.h5:/half: row 4 was never written (2 of 4 chunks are there)");
  must_fail("x.h5:/never", "x.h5:/never: was never written");
  must_fail("x.h5:/short", "x.h5:/short: its external file x.raw is too short: 64 bytes, 72 are needed");
  must_fail("x.h5:/absent", "x.h5:/absent: its external file gone.raw cannot be read: No such file");
  make_stored_elsewhere(data);
  must_hold("x.h5:/elsewhere", 4, 2, data);
  must_fail("x.h5:/gap", "x.h5:/gap: is a virtual dataset whose sources cover 4 of its 8 numbers");
  must_fail("x.h5:/missing", "x.h5:/missing: is a virtual dataset, and its source gone.h5 is missing");
  must_fail("x.h5:/small", "x.h5:/small: its source part.h5:/x has not the shape that is taken from it");
}

/** Overwrites the first place in the file that holds this number. */
static void replace_first(const char *name, const double *number, double other) {
  FILE *stream = fopen(name, "r+b");
  char bytes[16384];
  const size_t length = fread(bytes, 1, sizeof bytes, stream);
  size_t at = 0;
  while (at + sizeof *number <= length && memcmp(bytes + at, number, sizeof *number) != 0) at++;
  assert_true(at + sizeof *number <= length);
  fseek(stream, (long)at, SEEK_SET);
  assert_int_equal(fwrite(&other, sizeof other, 1, stream), 1);
  assert_int_equal(fclose(stream), 0);
}

/** Data that do not match their checksum, or are gone after opening: an input/output failure. */
static void reading_can_fail(void **state) {
  (void)state;
  double data[600], got[600];
  for (int i = 0; i < 600; i++) data[i] = 1.2345;
  const hsize_t shape[1] = {600};
  const hid_t file = H5Fcreate("x.h5", H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  const hid_t checked = H5Pcreate(H5P_DATASET_CREATE), space = H5Screate_simple(1, shape, NULL);
  H5Pset_chunk(checked, 1, shape);
  H5Pset_fletcher32(checked);
  const hid_t set = H5Dcreate2(file, "/x", H5T_NATIVE_DOUBLE, space, H5P_DEFAULT, checked, H5P_DEFAULT);
  assert_true(H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >= 0);
  H5Dclose(set);
  H5Sclose(space);
  H5Pclose(checked);
  H5Fclose(file);
  replace_first("x.h5", &data[0], 1.5);
  wl_source *source = must_open("x.h5:/x");
  assert_int_equal(wl_source_read(source, 0, 600, got), WL_ERROR_IO);
  must_contain("x.h5:/x: rows 1 to 600 cannot be read: ");
  wl_source_close(&source);
  assert_int_equal(truncate("x.h5", 3000), 0);
  must_fail("x.h5:/x", "x.h5: cannot be opened by HDF5");

  write_npy(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (600,)}", data,
            sizeof data); /* more than a stream keeps */
  source = must_open("x.npy");
  assert_int_equal(truncate("x.npy", 1000), 0);
  assert_int_equal(wl_source_read(source, 500, 100, got), WL_ERROR_IO);
  must_contain("x.npy: cannot be read: it became shorter");
  wl_source_close(&source);

  char text[50000];
  for (size_t i = 0; i < sizeof text; i++) text[i] = i % 2 == 0 ? '1' : '\n';
  write_file("x.csv", text, sizeof text);
  source = must_open("x.csv");
  assert_int_equal(truncate("x.csv", 2), 0);
  assert_int_equal(wl_source_read(source, 0, 3, got), WL_ERROR_IO);
  must_contain("x.csv:2: the file changed");
  wl_source_close(&source);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(specifications),
      cmocka_unit_test(csv_variants),
      cmocka_unit_test(csv_selections),
      cmocka_unit_test(csv_headers),
      cmocka_unit_test(csv_headers_asked_for),
      cmocka_unit_test(csv_errors),
      cmocka_unit_test(csv_is_read_in_pieces),
      cmocka_unit_test(locale_does_not_matter),
      cmocka_unit_test(npy_element_types),
      cmocka_unit_test(npy_headers),
      cmocka_unit_test(npy_errors),
      cmocka_unit_test(npy_cut_anywhere),
      cmocka_unit_test(packed_files),
      cmocka_unit_test(npz_archives),
      cmocka_unit_test(idx_element_types),
      cmocka_unit_test(idx_files),
      cmocka_unit_test(chosen_rows),
      cmocka_unit_test(hdf5_element_types),
      cmocka_unit_test(hdf5_storage),
      cmocka_unit_test(hdf5_errors),
      cmocka_unit_test(reading_can_fail),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
