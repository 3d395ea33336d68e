#include "base/durable.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"

/* Returns 0, or what errno was. */
static int sync_path(const char *path, int flags) {
  const int handle = open(path, flags | O_RDONLY | O_CLOEXEC);
  if (handle < 0) return errno;
  const int reason = fsync(handle) != 0 ? errno : 0;
  close(handle);
  return reason;
}

wl_error wl_durable_sync(const char *path) {
  const int reason = sync_path(path, 0);
  if (reason != 0) WL_FAIL(WL_ERROR_IO, "%s: cannot be brought to the disk: %s", path, strerror(reason));
  return WL_OK;
}

/* A folder that may be written to but not read, or of a file system that does not sync folders, is no error. */
static int sync_folder_of(const char *path) {
  char folder[WL_PATH_SIZE];
  snprintf(folder, sizeof folder, "%s", path);
  char *slash = strrchr(folder, '/');
  if (slash) slash[slash == folder] = 0;
  const int reason = sync_path(slash ? folder : ".", O_DIRECTORY);
  return reason == EINVAL || reason == EACCES || reason == ENOTSUP ? 0 : reason;
}

wl_error wl_durable_rename(const char *from, const char *to) {
  if (rename(from, to) != 0) WL_FAIL(WL_ERROR_IO, "%s: cannot be put in place: %s", to, strerror(errno));
  const int reason = sync_folder_of(to);
  if (reason != 0) WL_FAIL(WL_ERROR_IO, "%s: its folder cannot be brought to the disk: %s", to, strerror(reason));
  return WL_OK;
}
