/*
 * /proc/self/cgroup says which group the process is in, /proc/self/mountinfo where its hierarchy is mounted and which of its
 * groups is the top of what can be seen there: in a container, often not the root.
 */
#include "base/control_group.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST = 4096 };

/* The two versions: how a mount is known, and the names of a group's files. Inactive and active file pages are page cache. */
typedef struct version {
  const char *type, *controller, *limit, *used, *page_cache[2];
} version;

static const version versions[] = {
    {"cgroup2", "", "memory.max", "memory.current", {"inactive_file ", "active_file "}},
    {"cgroup",
     "memory",
     "memory.limit_in_bytes",
     "memory.usage_in_bytes",
     {"total_inactive_file ", "total_active_file "}},
};

static FILE *open_in(const char *folder, const char *name) {
  char path[2 * LONGEST];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return fopen(path, "r");
}

/* A group's number; infinite where it says "max" or is not there. */
static double read_number(const char *group, const char *name) {
  FILE *file = open_in(group, name);
  double number = HUGE_VAL;
  if (!file) return number;
  if (fscanf(file, "%lf", &number) != 1) number = HUGE_VAL;
  fclose(file);
  return number;
}

static double page_cache(const char *group, const version *v) {
  FILE *file = open_in(group, "memory.stat");
  if (!file) return 0.0;
  char line[256];
  double bytes = 0.0;
  while (fgets(line, sizeof line, file))
    for (int i = 0; i < 2; i++)
      if (strncmp(line, v->page_cache[i], strlen(v->page_cache[i])) == 0)
        bytes += atof(line + strlen(v->page_cache[i]));
  fclose(file);
  return bytes;
}

static double left_in(const char *group, const version *v) {
  const double limit = read_number(group, v->limit), used = read_number(group, v->used);
  if (isinf(limit) || isinf(used)) return HUGE_VAL;
  return fmax(limit - fmax(used - page_cache(group, v), 0.0), 0.0);
}

/* Whether `name` is among the words of `list`, which commas part. */
static bool lists(const char *list, const char *name) {
  const size_t length = strlen(name);
  for (const char *word = list; word; word = strchr(word, ',') ? strchr(word, ',') + 1 : NULL)
    if (strncmp(word, name, length) == 0 && (word[length] == ',' || word[length] == 0)) return true;
  return false;
}

/* The process's group: of the lines NUMBER:CONTROLLERS:GROUP, that of this version. */
static bool find_group(const char *root, const version *v, char group[LONGEST]) {
  FILE *file = open_in(root, "proc/self/cgroup");
  if (!file) return false;
  char line[LONGEST];
  bool found = false;
  while (!found && fgets(line, sizeof line, file)) {
    line[strcspn(line, "\n")] = 0;
    char *controllers = strchr(line, ':'), *path = controllers ? strchr(++controllers, ':') : NULL;
    if (!path) continue;
    *path++ = 0;
    found = lists(controllers, v->controller);
    if (found) snprintf(group, LONGEST, "%s", path);
  }
  fclose(file);
  return found;
}

/* A mount of this version: NUMBER PARENT DEVICE TOP POINT OPTIONS [TAG]... - TYPE SOURCE CONTROLLERS. */
static bool find_mount(const char *root, const version *v, char top[LONGEST], char point[LONGEST]) {
  FILE *file = open_in(root, "proc/self/mountinfo");
  if (!file) return false;
  char line[3 * LONGEST], type[32], controllers[512];
  bool found = false;
  while (!found && fgets(line, sizeof line, file)) {
    const char *tail = strstr(line, " - ");
    found = tail && sscanf(tail, " - %31s %*s %511s", type, controllers) == 2 && strcmp(type, v->type) == 0 &&
            (!*v->controller || lists(controllers, v->controller)) &&
            sscanf(line, "%*s %*s %*s %4095s %4095s", top, point) == 2;
  }
  fclose(file);
  return found;
}

/* The part of `group` below `top`, "" where it is not below. */
static const char *below(const char *group, const char *top) {
  const size_t length = strcmp(top, "/") == 0 ? 0 : strlen(top);
  if (strncmp(group, top, length) != 0 || group[length] != '/' || strstr(group, "/..")) return "";
  return group[length + 1] ? group + length : "";
}

/* The least over the group and those above it, up to the mount's top. */
static double left_upwards(const char *root, const version *v) {
  char group[LONGEST], top[LONGEST], point[LONGEST], folder[3 * LONGEST];
  if (!find_group(root, v, group) || !find_mount(root, v, top, point)) return HUGE_VAL;
  snprintf(folder, sizeof folder, "%s%s%s", root, point, below(group, top));
  char *const end = folder + strlen(root) + strlen(point);
  double left = left_in(folder, v);
  while (strlen(folder) > (size_t)(end - folder)) {
    *strrchr(folder, '/') = 0;
    left = fmin(left, left_in(folder, v));
  }
  return left;
}

double wl_control_group_memory_left(const char *root) {
  return fmin(left_upwards(root, &versions[0]), left_upwards(root, &versions[1]));
}
