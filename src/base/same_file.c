#define _GNU_SOURCE
#include "base/same_file.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PATH_SIZE = 2 * PATH_MAX };

bool wl_same_file(const char *a, const char *b) {
  struct stat x, y;
  return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* Appends what is not there yet, in which "." and ".." mean what they will once its folders are made. */
static void append(char *path, size_t size, const char *tail) {
  while (*(tail += strspn(tail, "/"))) {
    const size_t length = strcspn(tail, "/"), used = strlen(path);
    char *slash = strrchr(path, '/');
    if (length == 2 && strncmp(tail, "..", 2) == 0) {
      if (slash) *slash = 0;
    } else if (length != 1 || tail[0] != '.') {
      snprintf(path + used, size - used, "/%.*s", (int)length, tail);
    }
    tail += length;
  }
}

/* The path without links and dots, as far as it is there. */
static void resolve(const char *path, char resolved[PATH_SIZE]) {
  char head[PATH_SIZE];
  size_t length = strlen(path);
  resolved[0] = 0;
  for (;;) {
    snprintf(head, sizeof head, "%.*s", (int)length, path);
    if (length == 0) snprintf(head, sizeof head, "%s", path[0] == '/' ? "/" : ".");
    if (realpath(head, resolved) || length == 0) break;
    while (length > 0 && path[length - 1] != '/') length--;
    while (length > 0 && path[length - 1] == '/') length--;
  }
  if (strcmp(resolved, "/") == 0) resolved[0] = 0;
  append(resolved, PATH_SIZE, path + length);
}

bool wl_same_place(const char *a, const char *b) {
  char x[PATH_SIZE], y[PATH_SIZE];
  if (wl_same_file(a, b)) return true;
  resolve(a, x);
  resolve(b, y);
  return strcmp(x, y) == 0 || wl_same_file(x, y);
}
