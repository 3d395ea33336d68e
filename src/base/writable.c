#include "base/writable.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/util.h"

enum { LONGEST = 4096 };

static bool is_folder(const char *path) {
  struct stat status;
  return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static void folder_of(const char *path, char folder[WL_PATH_SIZE]) {
  snprintf(folder, WL_PATH_SIZE, "%s", path);
  char *slash = strrchr(folder, '/');
  if (slash)
    slash[slash == folder] = 0;
  else
    snprintf(folder, WL_PATH_SIZE, ".");
}

/* One of the folders of `path`; what is there already need not be allowed to be made. */
static wl_error make(const char *part, const char *path, const char *key) {
  const int reason = mkdir(part, 0777) == 0 ? 0 : errno;
  if (reason == 0 || is_folder(part)) return WL_OK;
  if (reason == EEXIST && strcmp(part, path) == 0) WL_FAIL(WL_ERROR_IO, "%s: is not a folder (%s)", path, key);
  WL_FAIL(WL_ERROR_IO, "%s: cannot make this folder (%s): %s: %s", path, key, part,
          strerror(reason == EEXIST ? ENOTDIR : reason));
}

static wl_error make_all(const char *path, const char *key) {
  char part[WL_PATH_SIZE];
  if (strlen(path) >= LONGEST) WL_FAIL(WL_ERROR_IO, "%.60s…: the path is too long (%s)", path, key);
  snprintf(part, sizeof part, "%s", path);
  for (char *slash = part[0] ? strchr(part + 1, '/') : NULL; slash; slash = strchr(slash + 1, '/')) {
    *slash = 0;
    WL_TRY(make(part, path, key));
    *slash = '/';
  }
  return make(path, path, key);
}

/* Permissions do not tell: a disk may be read-only, and the superuser is let in everywhere else. */
static wl_error try(const char *folder, const char *key) {
  char path[WL_PATH_SIZE + 32];
  snprintf(path, sizeof path, "%s/.widelimit-XXXXXX", folder);
  const int file = mkstemp(path);
  if (file < 0 && errno != ENOSPC && errno != EDQUOT)
    WL_FAIL(WL_ERROR_IO, "%s: cannot write to this folder (%s): %s", folder, key, strerror(errno));
  if (file < 0) return WL_OK;
  close(file);
  unlink(path);
  return WL_OK;
}

wl_error wl_writable_folder(const char *path, const char *key) {
  WL_TRY(make_all(path, key));
  return try(path, key);
}

wl_error wl_writable_file(const char *path, const char *key) {
  struct stat status;
  char folder[WL_PATH_SIZE];
  if (strlen(path) >= LONGEST) WL_FAIL(WL_ERROR_IO, "%.60s…: the path is too long (%s)", path, key);
  snprintf(folder, sizeof folder, "%s.partial", path); /* its name until it is complete */
  if (stat(folder, &status) != 0 && errno == ENAMETOOLONG)
    WL_FAIL(WL_ERROR_IO, "%.60s…: the path is too long (%s)", path, key);
  if (is_folder(path)) WL_FAIL(WL_ERROR_IO, "%s: is a folder, where a file is to be written (%s)", path, key);
  if (stat(path, &status) == 0 && !S_ISREG(status.st_mode)) return WL_OK;
  folder_of(path, folder);
  return wl_writable_folder(folder, key);
}

wl_disk wl_disk_of(const char *path) {
  struct stat status;
  struct statvfs disk;
  char folder[WL_PATH_SIZE];
  if (stat(path, &status) != 0) {
    folder_of(path, folder);
    path = folder;
  }
  if (stat(path, &status) != 0 || statvfs(path, &disk) != 0) return (wl_disk){.room = HUGE_VAL};
  return (wl_disk){.number = status.st_dev, .room = (double)disk.f_bavail * (double)disk.f_frsize};
}
