/*
 * The result files: that two runs do not make them in one folder, and that HDF5 is left as it was found.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "results/results.h"

static char folder[] = "test_results_XXXXXX";

static int make_folder(void **state) {
  (void)state;
  return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state) {
  (void)state;
  return rmdir(folder);
}

static void partial_path(char *path, size_t size) { snprintf(path, size, "%s/.results.h5.partial", folder); }

/* In a process of its own: status 0 where the results were created, 1 where that was refused. */
static pid_t create_in_child(void) {
  const pid_t child = fork();
  if (child != 0) return child;
  wl_results *results = NULL;
  _exit(wl_results_create(folder, 0.0, &results) == WL_OK ? 0 : 1);
}

static int status_of(pid_t child) {
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  return WEXITSTATUS(status);
}

/*
 * A run that has looked whether the file is in use, and not yet made it, has the folder. The second one waits, then finds the
 * file in use, and has not touched what is in it.
 */
static void test_second_run_waits(void **state) {
  (void)state;
  char path[64], text[8] = "";
  partial_path(path, sizeof path);
  const int first = open(folder, O_RDONLY | O_DIRECTORY);
  assert_int_equal(flock(first, LOCK_EX), 0);
  const pid_t child = create_in_child();
  usleep(300000);
  assert_int_equal(waitpid(child, NULL, WNOHANG), 0);
  const int file = open(path, O_RDWR | O_CREAT | O_EXCL, 0666);
  assert_true(file >= 0);
  assert_int_equal(flock(file, LOCK_EX), 0);
  assert_int_equal(write(file, "first", 6), 6);
  assert_int_equal(flock(first, LOCK_UN), 0);
  assert_int_equal(status_of(child), 1);
  assert_int_equal(pread(file, text, sizeof text, 0), 6);
  assert_string_equal(text, "first");
  close(file);
  close(first);
  unlink(path);
}

/* More than any disk has. Nothing is made. */
static void test_room_is_looked_for(void **state) {
  (void)state;
  char path[64];
  partial_path(path, sizeof path);
  wl_results *results = NULL;
  const wl_error error = wl_results_create(folder, 1e30, &results);
  wl_results_discard(&results); /* the next tests would wait for its lock */
  assert_int_equal(error, WL_ERROR_IO);
  assert_non_null(strstr(wl_error_message(), "the results need"));
  assert_int_equal(access(path, F_OK), -1);
}

static void test_one_of_two_runs(void **state) {
  (void)state;
  wl_results *results = NULL;
  assert_int_equal(wl_results_create(folder, 0.0, &results), WL_OK);
  assert_int_equal(status_of(create_in_child()), 1);
  wl_results_discard(&results);
}

static int printed;

static herr_t print(hid_t stack, void *context) {
  (void)stack, (void)context;
  printed++;
  return 0;
}

static void assert_left_alone(void) {
  H5E_auto2_t found;
  void *context;
  H5Eget_auto2(H5E_DEFAULT, &found, &context);
  assert_true(found == print && context == folder);
  assert_int_equal(printed, 0);
}

static void test_errors_of_hdf5_are_left_alone(void **state) {
  (void)state;
  H5E_auto2_t before;
  void *context;
  double number = 1.0;
  wl_results *results = NULL;
  H5Eget_auto2(H5E_DEFAULT, &before, &context);
  H5Eset_auto2(H5E_DEFAULT, print, folder);
  assert_int_equal(wl_results_reopen(folder, &results), WL_ERROR_IO);
  assert_left_alone();
  assert_int_equal(wl_results_create(folder, 0.0, &results), WL_OK);
  assert_left_alone();
  assert_int_equal(wl_results_add(results, "/a", 1, 0, "", ""), WL_OK);
  assert_int_equal(wl_results_add(results, "/a", 1, 0, "", ""), WL_ERROR_IO);
  assert_int_equal(wl_results_put(results, "/b", 0, 0, 1, 0, &number), WL_ERROR_IO);
  assert_int_equal(wl_results_get(results, "/b", 0, 1, &number), WL_ERROR_IO);
  assert_left_alone();
  wl_results_discard(&results);
  assert_left_alone();
  H5Eset_auto2(H5E_DEFAULT, before, context);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_room_is_looked_for),
      cmocka_unit_test(test_second_run_waits),
      cmocka_unit_test(test_one_of_two_runs),
      cmocka_unit_test(test_errors_of_hdf5_are_left_alone),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
