/* Memory that control groups leave, read from a made-up /proc and /sys: versions 2 and 1, Slurm's groups, a container's mount. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/control_group.h"
#include "base/machine.h"

static const double mib = 1048576.0;
static char root[] = "test_machine.XXXXXX";

static int make_root(void **state) {
  (void)state;
  return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state) {
  (void)state;
  char command[64];
  snprintf(command, sizeof command, "rm -r %s", root);
  return system(command);
}

/* Writes `text` to a file below the root, making the folders that it is in. */
static void put(const char *name, const char *text) {
  char path[512];
  snprintf(path, sizeof path, "%s/%s", root, name);
  for (char *slash = strchr(path + strlen(root) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
    *slash = 0;
    mkdir(path, 0777);
    *slash = '/';
  }
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fputs(text, file);
  fclose(file);
}

/* A group of version 2 in `folder`: limit ("max" or bytes), used, of which page cache. In MiB; limit 0: none. */
static void put_group(const char *folder, double limit, double used, double cache, int version) {
  static const char *const names[] = {"memory.limit_in_bytes", "memory.usage_in_bytes", "memory.max",
                                      "memory.current"};
  char name[512], text[256];
  snprintf(name, sizeof name, "%s/%s", folder, names[2 * (version - 1)]);
  snprintf(text, sizeof text, "%.0f\n", limit * mib);
  put(name, limit > 0.0 ? text : version == 2 ? "max\n" : "9223372036854771712\n");
  snprintf(name, sizeof name, "%s/%s", folder, names[2 * (version - 1) + 1]);
  snprintf(text, sizeof text, "%.0f\n", used * mib);
  put(name, text);
  snprintf(name, sizeof name, "%s/memory.stat", folder);
  snprintf(text, sizeof text, "anon %.0f\n%sinactive_file %.0f\n%sactive_file %.0f\nactive_file_other 1\n",
           (used - cache) * mib, version == 1 ? "inactive_file 1\ntotal_" : "", 0.75 * cache * mib,
           version == 1 ? "active_file 1\ntotal_" : "", 0.25 * cache * mib);
  put(name, text);
}

#define V2_MOUNT "25 1 0:22 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw\n"
#define V1_MOUNT "31 25 0:27 / /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory\n"
#define DISK "20 1 8:1 / / rw - ext4 /dev/sda1 rw\n"

static void test_version_2(void **state) {
  (void)state;
  put("proc/self/cgroup", "0::/user.slice/run.scope\n");
  put("proc/self/mountinfo", DISK V2_MOUNT);
  put_group("sys/fs/cgroup/user.slice", 0, 900, 0, 2);
  put_group("sys/fs/cgroup/user.slice/run.scope", 1000, 700, 600, 2);
  assert_true(wl_control_group_memory_left(root) == 900.0 * mib); /* page cache is not used up */
  put_group("sys/fs/cgroup/user.slice", 1200, 800, 200, 2);
  assert_true(wl_control_group_memory_left(root) == 600.0 * mib); /* the group above leaves less */
  put_group("sys/fs/cgroup/user.slice", 500, 800, 200, 2);
  assert_true(wl_control_group_memory_left(root) == 0.0); /* more than the limit is in use */
}

static void test_no_limit(void **state) {
  (void)state;
  put("proc/self/cgroup", "0::/\n");
  put("proc/self/mountinfo", DISK V2_MOUNT);
  assert_true(isinf(wl_control_group_memory_left(root)));
  put("proc/self/mountinfo", DISK);
  assert_true(isinf(wl_control_group_memory_left(root)));
  assert_true(isinf(wl_control_group_memory_left("does/not/exist")));
}

/* Slurm with --mem: the job's group has the limit, the task's has none. Version 2 is mounted too, without memory. */
static void test_version_1_slurm(void **state) {
  (void)state;
  put("proc/self/cgroup",
      "9:name=systemd:/\n5:cpuacct,memory_other:/\n4:hugetlb,memory:/slurm/uid_7/job_3/step_0/task_1\n0::/\n");
  put("proc/self/mountinfo", DISK
      "26 1 0:22 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
      "27 1 0:23 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n" V1_MOUNT);
  put_group("sys/fs/cgroup/memory/slurm/uid_7/job_3/step_0/task_1", 0, 100, 40, 1);
  put_group("sys/fs/cgroup/memory/slurm/uid_7/job_3/step_0", 0, 150, 40, 1);
  put_group("sys/fs/cgroup/memory/slurm/uid_7/job_3", 2048, 200, 120, 1);
  put_group("sys/fs/cgroup/memory/slurm", 0, 5000, 40, 1);
  assert_true(wl_control_group_memory_left(root) == (2048.0 - 80.0) * mib);
}

/* In a container, the mount's top is the container's group; with a name space of its own, the process is in "/". */
static void test_container(void **state) {
  (void)state;
  put("proc/self/cgroup", "4:memory:/docker/abc/inner\n");
  put("proc/self/mountinfo", DISK "31 25 0:27 /docker/abc /sys/fs/cgroup/inside ro - cgroup cgroup rw,memory\n");
  put_group("sys/fs/cgroup/inside", 3000, 100, 0, 1);
  put_group("sys/fs/cgroup/inside/inner", 2000, 100, 0, 1);
  assert_true(wl_control_group_memory_left(root) == 1900.0 * mib);
  put("proc/self/cgroup", "4:memory:/docker/abc\n");
  assert_true(wl_control_group_memory_left(root) == 2900.0 * mib);
  put("proc/self/cgroup", "4:memory:/../other\n"); /* beyond what is seen: the top alone */
  assert_true(wl_control_group_memory_left(root) == 2900.0 * mib);
  put("proc/self/cgroup", "4:memory:/\n");
  put("proc/self/mountinfo", DISK "31 25 0:27 / /sys/fs/cgroup/inside ro - cgroup cgroup rw,memory\n");
  assert_true(wl_control_group_memory_left(root) == 2900.0 * mib);
}

/* 192 MiB that are written to raise the peak to at least that and no more than what the system reports as ever used. */
static void test_peak_memory(void **state) {
  (void)state;
  const size_t bytes = 192 << 20;
  volatile char *room = malloc(bytes);
  assert_non_null((void *)room);
  for (size_t i = 0; i < bytes; i += 1024) room[i] = 1;
  free((void *)room);
  FILE *file = fopen("/proc/self/status", "r");
  assert_non_null(file);
  char line[256];
  double high = 0.0;
  while (fgets(line, sizeof line, file))
    if (strncmp(line, "VmHWM:", 6) == 0) high = 1024.0 * atof(line + 6);
  fclose(file);
  const double peak = wl_machine_peak_memory();
  assert_true(peak >= (double)bytes);
  assert_true(fabs(peak - high) <= 1024.0 * 1024.0 * 4.0); /* the kernel counts pages of each thread in batches */
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_version_2), cmocka_unit_test(test_no_limit),
                                     cmocka_unit_test(test_version_1_slurm), cmocka_unit_test(test_container),
                                     cmocka_unit_test(test_peak_memory)};
  return cmocka_run_group_tests(tests, make_root, remove_root);
}
