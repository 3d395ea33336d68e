/*
 * The command line as the table of commands describes it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/arguments.h"

enum { MOST = 8 };

static wl_arguments arguments;

static wl_error parse(int command, const char *const *words) {
  char *argv[MOST];
  int count = 0;
  for (; words[count]; count++) argv[count] = (char *)words[count];
  wl_arguments_clear(&arguments);
  return wl_arguments_parse(&wl_commands[command], count, argv, &arguments);
}

#define PARSE(command, ...) parse(command, (const char *const[]){__VA_ARGS__, NULL})

/* Refused as wrong usage, by a message that has this text. */
#define REFUSES(text, command, ...)                                            \
  do {                                                                         \
    assert_int_equal(PARSE(command, __VA_ARGS__), WL_ERROR_USAGE);             \
    if (!strstr(wl_error_message(), text)) fail_msg("%s", wl_error_message()); \
  } while (0)

static void test_values(void **state) {
  (void)state;
  assert_int_equal(
      PARSE(WL_COMMAND_RUN, "--set", "a=1", "case.yaml", "--set=b=2", "--resume", "--time-limit=1-02:03:04"),
      WL_OK);
  assert_string_equal(arguments.config, "case.yaml");
  assert_int_equal(arguments.overrides.count, 2);
  assert_string_equal(arguments.overrides.word[0], "a=1");
  assert_string_equal(arguments.overrides.word[1], "b=2");
  assert_true(arguments.resume);
  assert_true(arguments.time_limit == 86400.0 + 2 * 3600.0 + 3 * 60.0 + 4.0);
  assert_int_equal(PARSE(WL_COMMAND_PLAN, "c", "--train=5", "--memory-per-node", "1.5GiB", "--sbatch", "job"),
                   WL_OK);
  assert_int_equal(arguments.train, 5);
  assert_true(arguments.memory_per_node == 1.5 * 1024 * 1024 * 1024);
  assert_string_equal(arguments.sbatch, "job");
  assert_int_equal(PARSE(WL_COMMAND_BENCH, "--n", "7", "--n=9", "--calibrate"), WL_OK);
  assert_int_equal(arguments.sizes.count, 2);
  assert_int_equal(arguments.sizes.value[1], 9);
  assert_true(arguments.calibrate);
}

static void test_refusals(void **state) {
  (void)state;
  REFUSES("needs a configuration file", WL_COMMAND_RUN, "--resume");
  REFUSES("one configuration at a time: a or b", WL_COMMAND_RUN, "a", "b");
  REFUSES("unknown option --ranks; see widelimit run --help", WL_COMMAND_RUN, "a", "--ranks", "2");
  REFUSES("--resume takes no value; see", WL_COMMAND_RUN, "a", "--resume=yes");
  REFUSES("unknown option --tim, did you mean --time-limit? See widelimit run --help", WL_COMMAND_RUN, "a",
          "--tim", "1:00:00");
  REFUSES("unknown option --rseume, did you mean --resume?", WL_COMMAND_RUN, "a", "--rseume");
  REFUSES("unknown option --sett=a=1, did you mean --set?", WL_COMMAND_RUN, "a", "--sett=a=1");
  REFUSES("unknown option a", WL_COMMAND_BENCH, "a");
  REFUSES("--set needs a value after it, KEY=VALUE; see widelimit certify --help", WL_COMMAND_CERTIFY, "a",
          "--set");
  REFUSES("--time-limit needs [D-]HH:MM:SS after it, not '1:60:00'", WL_COMMAND_RUN, "a", "--time-limit",
          "1:60:00");
  REFUSES("--factor needs a file", WL_COMMAND_PREDICT, "a", "--factor=");
  REFUSES("--threads needs a whole number from 1 to 4096 after it, not '4097'", WL_COMMAND_PLAN, "a",
          "--threads=4097");
  REFUSES("--nodes needs a whole number", WL_COMMAND_PLAN, "a", "--nodes", "2x");
  REFUSES("--n needs a whole number of at least 1 after it, not '0'", WL_COMMAND_BENCH, "--n", "0");
  REFUSES("--memory-per-node needs memory with its unit", WL_COMMAND_PLAN, "a", "--memory-per-node", "5");
}

/* Whatever is made from the table needs these of it. */
static void test_table(void **state) {
  (void)state;
  for (int c = 0; c < WL_COMMAND_COUNT; c++) {
    const wl_command *command = &wl_commands[c];
    assert_int_equal(wl_command_find(command->name), c);
    assert_non_null(command->usage[0]);
    assert_non_null(command->options[command->option_count - 1].text);
    for (int i = 0; i < command->option_count; i++) {
      const wl_option *o = &command->options[i];
      const bool alone = o->kind == WL_OPTION_FLAG || o->kind == WL_OPTION_HELP;
      assert_memory_equal(o->name, "--", 2);
      assert_int_equal(alone, o->argument == NULL);
      if (o->kind == WL_OPTION_COUNT || o->kind == WL_OPTION_COUNTS) assert_true(o->most >= 1);
      for (int j = 0; j < i; j++) assert_string_not_equal(o->name, command->options[j].name);
    }
  }
  assert_int_equal(wl_command_find("walk"), -1);
  assert_string_equal(wl_command_nearest("predcit"), "predict");
  assert_string_equal(wl_command_nearest("Run"), "run");
  assert_null(wl_command_nearest("walk"));
  char long_word[1000] = "";
  memset(long_word, 'r', sizeof long_word - 1);
  assert_null(wl_command_nearest(long_word));
}

/* What is joined, a shell takes apart again (bash -c 'printf "<%s>" …' of the line gives the words). */
static void test_join(void **state) {
  (void)state;
  char *const words[] = {"a/widelimit", "run", "--set", "name=it's", "", "two words", "grid={rows: 1}"};
  char *line = wl_arguments_join(7, words);
  assert_string_equal(line, "a/widelimit run --set 'name=it'\\''s' '' 'two words' 'grid={rows: 1}'");
  free(line);
}

static int finish(void **state) {
  (void)state;
  wl_arguments_clear(&arguments);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_values), cmocka_unit_test(test_refusals),
                                     cmocka_unit_test(test_table), cmocka_unit_test(test_join)};
  return cmocka_run_group_tests(tests, NULL, finish);
}
