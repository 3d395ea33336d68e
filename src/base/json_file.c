#include "base/json_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"
#include "base/writable.h"

static bool may_be_replaced(const char *path, const char *mark) {
  struct stat status;
  if (stat(path, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size == 0) return true;
  json_t *root = json_load_file(path, 0, NULL);
  const bool ours = json_object_get(root, "version") && json_object_get(root, mark);
  json_decref(root);
  return ours;
}

/* To open one for writing would wait for a reader. */
static bool is_pipe_without_reader(const char *path) {
  struct stat status;
  if (stat(path, &status) != 0 || !S_ISFIFO(status.st_mode)) return false;
  const int pipe = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
  if (pipe >= 0) close(pipe);
  return pipe < 0;
}

wl_error wl_json_file_try(const char *path, const char *mark) {
  WL_TRY(wl_writable_file(path, "--json"));
  if (is_pipe_without_reader(path))
    WL_FAIL(WL_ERROR_USAGE, "--json %s: is a named pipe that nobody reads from", path);
  if (may_be_replaced(path, mark)) return WL_OK;
  WL_FAIL(WL_ERROR_USAGE,
          "--json %s: there is such a file, which is no earlier report of this command and is not written over",
          path);
}

wl_error wl_json_file_write(const json_t *root, const char *path, unsigned digits) {
  struct stat status;
  char part[WL_PATH_SIZE];
  const bool direct = lstat(path, &status) == 0 && !S_ISREG(status.st_mode);
  if (snprintf(part, sizeof part, "%s%s", path, direct ? "" : ".part") >= (int)sizeof part)
    WL_FAIL(WL_ERROR_IO, "%s: cannot write: %s", path, strerror(ENAMETOOLONG));
  if (json_dump_file(root, part, JSON_INDENT(2) | JSON_REAL_PRECISION(digits)) == 0 &&
      (direct || rename(part, path) == 0))
    return WL_OK;
  const int why = errno;
  if (!direct) remove(part);
  WL_FAIL(WL_ERROR_IO, "%s: cannot write: %s", path, strerror(why));
}
