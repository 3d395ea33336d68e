/** Tables of keys: every kind of value, what each refuses, and that what is written reads back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* CMocka wants the four above first. */
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/schema.h"
#include "config/tree.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

typedef enum header { HEADER_AUTO, HEADER_TRUE, HEADER_FALSE } header;

typedef struct holder {
  header header;
  bool solver;
  double tolerance;
  int64_t rank;
  wl_reals times, levels;
  int64_t widths[4];
  uint32_t width_count;
  bool flags[3];
  char *rows;        /* rows: PATH, or */
  double split_test; /* rows: {test: 0.1, seed: 3} */
  uint64_t split_seed;
  wl_tree *layers, *parameters;
} holder;

#define WL_HOLDER holder
#include "config/schema_rows.h"

static const wl_choice headers[] = {{"auto", HEADER_AUTO}, {"true", HEADER_TRUE}, {"false", HEADER_FALSE}};
static const wl_choice flags[] = {{"a", 0}, {"b", 1}, {"c", 2}};

static bool has_solver(const void *h) { return ((const holder *)h)->solver; }
static bool has_split(const void *h) { return ((const holder *)h)->split_test > 0; }

static const wl_key keys[] = {
    {CHOICE("data.header", header, headers), .fallback = "auto"},
    {TEXT("data.rows", rows), .path = true},
    {REAL("data.rows.test", split_test), ABOVE(0), BELOW(1), WHEN(has_split)},
    {UNSIGNED("data.rows.seed", split_seed), .fallback = "7", WHEN(has_split)},
    {SECTION("solver", solver)},
    {REAL("solver.tolerance", tolerance), ABOVE(0), AT_MOST(0.5), .fallback = "1e-6", WHEN(has_solver)},
    {INTEGER("solver.rank", rank), AT_LEAST(0), .fallback = "0", FREE, WHEN(has_solver)},
    {REALS("training.times", times), ABOVE(0), OR_INFINITE, FACTOR},
    {REALS("output.intervals", levels), ABOVE(0), BELOW(1), .fallback = "[0.9]"},
    {INTEGERS("widths", widths, width_count, 4), AT_LEAST(1)},
    {SET("flags", flags, flags)},
    {TREE("network.layers", layers), FACTOR},
    {TREE("tune.parameters", parameters)},
};
static const wl_schema schema = {keys, COUNT(keys)};

static wl_values *values;

static wl_error read_into(holder *h, const char *text, int settings_count, const char *const *settings) {
  const wl_schema_input input = {.file = "f.yaml",
                                 .directory = "dir",
                                 .text = text,
                                 .length = strlen(text),
                                 .setting_count = settings_count,
                                 .settings = settings};
  *h = (holder){0};
  wl_values_destroy(&values);
  const wl_error error = wl_values_read(&schema, &input, h, &values);
  if (error != WL_OK) wl_schema_release(&schema, h);
  return error;
}

static void must_read(holder *h, const char *text, const char *setting) {
  if (read_into(h, text, setting != NULL, &setting) != WL_OK) fail_msg("%s", wl_error_message());
}

static void must_fail(const char *text, const char *setting, const char *message) {
  holder h;
  const wl_error error = read_into(&h, text, setting != NULL, &setting);
  if (error == WL_OK) fail_msg("accepted, although \"%s\" is expected: %s", message, text);
  assert_int_equal(error, WL_ERROR_CONFIG);
  assert_string_equal(wl_error_message(), message);
}

static int tear_down(void **state) {
  (void)state;
  wl_values_destroy(&values);
  return 0;
}

/* ---- kinds ---------------------------------------------------------------------------------------------------- */

static void reals_are_lists(void **state) {
  (void)state;
  holder h;
  must_read(&h, "training: {times: [1e-1, 2, .inf]}\noutput: {intervals: [0.5, 0.9]}\n", NULL);
  assert_int_equal(h.times.count, 3);
  assert_true(h.times.values[0] == 0.1 && h.times.values[1] == 2 && h.times.values[2] == INFINITY);
  assert_int_equal(h.levels.count, 2);
  assert_true(h.levels.values[0] == 0.5 && h.levels.values[1] == 0.9);
  wl_schema_release(&schema, &h);
  assert_null(h.times.values);
  must_read(&h, "training: {times: [1, 2]}\n", "training.times=[3]"); /* the longer list is gone */
  assert_int_equal(h.times.count, 1);
  assert_true(h.times.values[0] == 3);
  assert_int_equal(h.levels.count, 1); /* the default */
  wl_schema_release(&schema, &h);

  must_fail("training: {times: []}", NULL,
            "f.yaml:1: training.times: is empty, it must be a list of numbers above 0, or .inf");
  must_fail("training:\n  times: [1,\n    0]", NULL,
            "f.yaml:3: training.times: '0' is not allowed, it must be a list of numbers above 0, or .inf");
  must_fail("training: {times: [-.inf]}", NULL,
            "f.yaml:1: training.times: '-.inf' is not allowed, it must be a list of numbers above 0, or .inf");
  must_fail("training: {times: [.nan]}", NULL,
            "f.yaml:1: training.times: '.nan' is not allowed, it must be a list of numbers above 0, or .inf");
  must_fail("training: {times: 3}", NULL,
            "f.yaml:1: training.times: '3' is not allowed, it must be a list of numbers above 0, or .inf");
  must_fail("output: {intervals: [1]}", NULL,
            "f.yaml:1: output.intervals: '1' is not allowed, it must be a list of numbers above 0 and below 1");
  must_fail("output: {intervals: [.inf]}", NULL,
            "f.yaml:1: output.intervals: '.inf' is not allowed, it must be a list of numbers above 0 and below 1");
  must_fail("solver: {tolerance: 0.51}", NULL,
            "f.yaml:1: solver.tolerance: '0.51' is not allowed, it must be a number above 0 and at most 0.5");
}

static void lists_have_their_length(void **state) {
  (void)state;
  holder h;
  must_read(&h, "widths: [1, 2, 3, 4]\nflags: [c, a]\n", "widths=[9]");
  assert_int_equal(h.width_count, 1);
  assert_true(h.widths[0] == 9);
  assert_true(h.flags[0] && !h.flags[1] && h.flags[2]);
  wl_schema_release(&schema, &h);
  must_read(&h, "flags: [c, a]\n", "flags=[b]");
  assert_true(!h.flags[0] && h.flags[1] && !h.flags[2]);
  wl_schema_release(&schema, &h);
  must_fail("widths: [1, 2, 3, 4, 5]", NULL,
            "f.yaml:1: widths: is a list, it must be a list of 1 to 4 integers of at least 1");
}

static void a_choice_may_be_true(void **state) {
  (void)state;
  static const struct {
    const char *text;
    header wanted;
  } good[] = {{"a: 1", HEADER_AUTO},
              {"auto", HEADER_AUTO},
              {"true", HEADER_TRUE},
              {"True", HEADER_TRUE},
              {"FALSE", HEADER_FALSE}};
  for (size_t i = 0; i < COUNT(good); i++) {
    char text[64];
    holder h;
    snprintf(text, sizeof text, i == 0 ? "data:\n" : "data: {header: %s}\n", good[i].text);
    must_read(&h, text, NULL);
    assert_int_equal(h.header, good[i].wanted);
    wl_schema_release(&schema, &h);
  }
  must_fail("data: {header: Auto}", NULL,
            "f.yaml:1: data.header: 'Auto' is not allowed, it must be one of auto, true, false");
}

static void a_section_is_given_by_its_name(void **state) {
  (void)state;
  holder h;
  static const struct {
    const char *text, *setting;
    bool wanted;
  } cases[] = {
      {"data:\n", NULL, false},         {"solver:\n", NULL, true},          {"solver: {rank: 3}\n", NULL, true},
      {"solver.rank: 3\n", NULL, true}, {"data:\n", "solver.rank=3", true}, {"data:\n", "solver={}", true}};
  for (size_t i = 0; i < COUNT(cases); i++) {
    must_read(&h, cases[i].text, cases[i].setting);
    assert_int_equal(h.solver, cases[i].wanted);
    assert_true(h.tolerance == 1e-6); /* defaults are there in any case */
    wl_schema_release(&schema, &h);
  }
  must_fail("solver: 3", NULL, "f.yaml:1: solver: must be a mapping of tolerance, rank");
}

static void a_key_is_a_text_or_a_section(void **state) {
  (void)state;
  holder h;
  must_read(&h, "data: {rows: r.txt}\n", NULL);
  assert_string_equal(h.rows, "dir/r.txt");
  assert_true(h.split_test == 0 && h.split_seed == 7);
  wl_schema_release(&schema, &h);
  must_read(&h, "data: {rows: {test: 0.1, seed: 3}}\n", NULL);
  assert_null(h.rows);
  assert_true(h.split_test == 0.1 && h.split_seed == 3);
  wl_schema_release(&schema, &h);

  /* --set with the other form takes the place of what the file says */
  must_read(&h, "data: {rows: {test: 0.1, seed: 3}}\n", "data.rows=other.txt");
  assert_string_equal(h.rows, "other.txt");
  assert_true(h.split_test == 0 && h.split_seed == 7);
  wl_schema_release(&schema, &h);
  must_read(&h, "data: {rows: r.txt}\n", "data.rows.test=0.5");
  assert_null(h.rows);
  assert_true(h.split_test == 0.5);
  wl_schema_release(&schema, &h);

  must_fail("data:\n  rows: r.txt\n  rows.test: 0.5\n", NULL,
            "f.yaml:3: data.rows.test: is given twice, first as data.rows in line 2");
  must_fail("data: {rows: {test: 1}}", NULL,
            "f.yaml:1: data.rows.test: '1' is not allowed, it must be a number above 0 and below 1");
  must_fail("data: {rows: {part: 1}}", NULL,
            "f.yaml:1: data.rows.part: unknown key, did you mean data.rows.test?");
  must_fail("data: {rows: [1]}", NULL, "f.yaml:1: data.rows: is a list, it must be a path");
}

/* ---- trees ---------------------------------------------------------------------------------------------------- */

static const char layers[] =
    "network:\n"
    "  layers:\n"
    "    - dense: {sigma_w: 1.5, sigma_b: .1}\n"
    "    - relu\n"
    "    - residual: [dense, \"3\", ~, 3]\n";

static void trees_are_handed_on(void **state) {
  (void)state;
  static const char *const dense[] = {"sigma_w", "sigma_b", NULL}, *const other[] = {"sigma_b", "width", NULL};
  holder h;
  double number;
  int64_t integer;
  must_read(&h, layers, NULL);
  const wl_tree *list = h.layers;
  assert_int_equal(list->form, WL_TREE_LIST);
  assert_int_equal(list->count, 3);
  assert_int_equal(list->items[0]->form, WL_TREE_MAP);
  const wl_tree *options = wl_tree_get(list->items[0], "dense");
  assert_int_equal(wl_tree_check_keys(options, dense), WL_OK);
  assert_int_equal(wl_tree_real(wl_tree_get(options, "sigma_w"), &number), WL_OK);
  assert_true(number == 1.5);
  assert_null(wl_tree_get(options, "sigma"));
  assert_null(wl_tree_get(list->items[1], "relu"));
  assert_string_equal(list->items[1]->text, "relu");
  const wl_tree *branch = wl_tree_get(list->items[2], "residual");
  assert_int_equal(branch->count, 4);
  assert_true(branch->items[1]->quoted && !branch->items[3]->quoted);
  assert_string_equal(branch->items[2]->text, "");
  assert_int_equal(wl_tree_integer(branch->items[3], &integer), WL_OK);
  assert_true(integer == 3);

  assert_int_equal(wl_tree_check_keys(options, other), WL_ERROR_CONFIG);
  assert_string_equal(wl_error_message(),
                      "f.yaml:3: network.layers[0].dense: has no key 'sigma_w', it has sigma_b, width");
  assert_int_equal(wl_tree_check_keys(list, other), WL_ERROR_CONFIG);
  assert_string_equal(wl_error_message(), "f.yaml:2: network.layers: must be a mapping of sigma_b, width");
  assert_int_equal(wl_tree_real(list->items[1], &number), WL_ERROR_CONFIG);
  assert_string_equal(wl_error_message(),
                      "f.yaml:4: network.layers[1]: 'relu' is not allowed, it must be a number");
  assert_int_equal(wl_tree_integer(wl_tree_get(options, "sigma_w"), &integer), WL_ERROR_CONFIG);
  assert_string_equal(wl_error_message(),
                      "f.yaml:3: network.layers[0].dense.sigma_w: '1.5' is not allowed, it must be an integer");
  wl_schema_release(&schema, &h);
  assert_null(h.layers);
}

static void trees_have_limits(void **state) {
  (void)state;
  char text[4096] = "network.layers: ";
  for (int i = 0; i < 40; i++) strcat(text, "[");
  for (int i = 0; i < 40; i++) strcat(text, "]");
  holder h;
  assert_int_equal(read_into(&h, text, 0, NULL), WL_ERROR_CONFIG);
  assert_non_null(strstr(wl_error_message(), "is nested more than 32 deep"));
  assert_int_equal(read_into(&h, "tune.parameters: &a {again: *a}\n", 0, NULL), WL_ERROR_CONFIG);
  assert_non_null(strstr(wl_error_message(), "is nested more than 32 deep"));
  strcpy(text, "tune:\n  parameters:\n    a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n");
  for (int i = 1; i < 10; i++) { /* ten thousand million numbers in half a page */
    char line[128];
    snprintf(line, sizeof line, "    a%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n", i,
             i, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
    strcat(text, line);
  }
  assert_int_equal(read_into(&h, text, 0, NULL), WL_ERROR_CONFIG);
  assert_non_null(strstr(wl_error_message(), "has more than 10000 values"));
  must_fail("tune.parameters: {a: 1, b: 2,\n  a: 3}", NULL, "f.yaml:2: tune.parameters.a: is given twice");
  must_fail("tune.parameters: {[a]: 1}", NULL, "f.yaml:1: tune.parameters: a key must be a plain name");
  must_fail("tune.parameters: {a: \"b\\0c\"}", NULL, "f.yaml:1: tune.parameters.a: holds a zero byte");
  must_fail("tune: {parameters: }", NULL,
            "f.yaml:1: tune.parameters: has no value, it must be a list, a mapping or a text");
}

/* ---- writing back --------------------------------------------------------------------------------------------- */

static const char *const texts[] = {
    "data:\n",
    "data: {header: True, rows: /r.txt}\nsolver:\ntraining: {times: [.inf, 0.1]}\nwidths: [3, 1]\nflags: [b]\n",
    "data: {rows: {test: 0.1}}\nsolver: {rank: 5, tolerance: 1e-9}\n",
    layers,
    "tune.parameters: {network.sigma_w: {from: 0.5, to: 3, scale: log}, network.depth: [2, 3], ? \"a: b\" : [-.5, "
    "\"#\"]}\n",
    "tune.parameters: [a b, 'it''s', \"\\n\", ..., -a, \"\", \"~\", null, ~, {}, [], {x: }, 1.e-3, \"---\", \"- "
    "a\"]\n",
    "tune.parameters:\n  - |\n    two\n    lines\n  - >-\n    folded\n  - x: \n    y: [-1, +.5]\n",
    "network.layers: word\n",
};

static void what_is_written_reads_back(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(texts); i++) {
    holder first, second;
    char *text = NULL, *again = NULL;
    if (read_into(&first, texts[i], 0, NULL) != WL_OK) fail_msg("%zu: %s", i, wl_error_message());
    assert_int_equal(wl_schema_format(&schema, &first, "f.yaml", &text), WL_OK);
    if (read_into(&second, text, 0, NULL) != WL_OK) fail_msg("%s\n%s", wl_error_message(), text);
    assert_int_equal(wl_schema_format(&schema, &second, "f.yaml", &again), WL_OK);
    assert_string_equal(text, again);
    free(text);
    free(again);
    wl_schema_release(&schema, &first);
    wl_schema_release(&schema, &second);
  }
}

static void what_is_written(void **state) {
  (void)state;
  holder h;
  char *text = NULL;
  must_read(&h, texts[1], "network.layers=[dense: {sigma_w: 1.50}, relu, \"1\", [~]]");
  assert_int_equal(wl_schema_format(&schema, &h, "f.yaml", &text), WL_OK);
  assert_string_equal(text,
                      "data:\n"
                      "  header: true\n"
                      "  rows: \"/r.txt\"\n"
                      "solver:\n"
                      "  tolerance: 9.9999999999999995e-07\n"
                      "  rank: 0\n"
                      "training:\n"
                      "  times: [.inf, 0.10000000000000001]\n"
                      "output:\n"
                      "  intervals: [0.90000000000000002]\n"
                      "widths: [3, 1]\n"
                      "flags: [b]\n"
                      "network:\n"
                      "  layers: [{dense: {sigma_w: 1.50}}, relu, \"1\", [~]]\n");
  free(text);
  assert_int_equal(wl_schema_fingerprint(&schema, &h, "f.yaml", WL_SCOPE_FACTOR, &text), WL_OK);
  assert_string_equal(text,
                      "training.times: [.inf, 0.10000000000000001]\n"
                      "network.layers: [{dense: {sigma_w: 1.50}}, relu, \"1\", [~]]\n");
  free(text);
  assert_int_equal(wl_schema_fingerprint(&schema, &h, "f.yaml", WL_SCOPE_RUN, &text), WL_OK);
  assert_non_null(strstr(text, "solver.tolerance: "));
  assert_non_null(strstr(text, "network.layers: "));
  assert_null(strstr(text, "solver.rank")); /* FREE */
  free(text);
  wl_schema_release(&schema, &h);
  must_read(&h, texts[0], NULL); /* what is not given is not written */
  assert_int_equal(wl_schema_format(&schema, &h, "f.yaml", &text), WL_OK);
  assert_string_equal(text, "data:\n  header: auto\noutput:\n  intervals: [0.90000000000000002]\n");
  free(text);
  wl_schema_release(&schema, &h);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reals_are_lists),
      cmocka_unit_test(lists_have_their_length),
      cmocka_unit_test(a_choice_may_be_true),
      cmocka_unit_test(a_section_is_given_by_its_name),
      cmocka_unit_test(a_key_is_a_text_or_a_section),
      cmocka_unit_test(trees_are_handed_on),
      cmocka_unit_test(trees_have_limits),
      cmocka_unit_test(what_is_written_reads_back),
      cmocka_unit_test(what_is_written),
  };
  return cmocka_run_group_tests(tests, NULL, tear_down);
}
