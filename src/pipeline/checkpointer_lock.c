/*
 * One run at a time for the checkpoints of a folder and name: a lock on .NAME.lock there, which says whose it is.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "pipeline/run.h"

enum { PATH_SIZE = 4200 };

/* Tries and milliseconds between them: a run whose mpirun was killed needs a moment to notice. */
enum { TRIES = 30, PAUSE = 100 };

static void name_lock(const wl_run *run, char *path, size_t size) {
  char name[PATH_SIZE];
  snprintf(name, sizeof name, ".%s.lock", run->config->name);
  wl_checkpointer_path(run, name, path, size);
}

/* Whether the open file is still the one of that name: a run that ends removes it, and folders get removed. */
static bool is_there(int file, const char *path) {
  struct stat mine, there;
  return fstat(file, &mine) == 0 && stat(path, &there) == 0 && mine.st_ino == there.st_ino &&
         mine.st_dev == there.st_dev;
}

/* Opens and locks it; -1 with EWOULDBLOCK in errno where another run has it. */
static int lock_once(const char *path) {
  for (;;) {
    const int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (file < 0) return -1;
    if (flock(file, LOCK_EX | LOCK_NB) != 0) {
      const int reason = errno;
      close(file);
      errno = reason;
      return -1;
    }
    if (is_there(file, path)) return file;
    close(file); /* its owner removed it between our two calls */
  }
}

static void sign(int file) {
  char host[256] = "?", text[320];
  gethostname(host, sizeof host - 1);
  const int length = snprintf(text, sizeof text, "process %ld on %s\n", (long)getpid(), host);
  if (ftruncate(file, 0) != 0 || pwrite(file, text, (size_t)length, 0) != length) return; /* for a message only */
}

static void read_owner(const char *path, char *owner, size_t size) {
  FILE *file = fopen(path, "re");
  if (!file || !fgets(owner, (int)size, file)) snprintf(owner, size, "another process");
  if (file) fclose(file);
  owner[strcspn(owner, "\n")] = 0;
}

wl_error wl_checkpointer_take_lock(wl_run *run) {
  wl_checkpointer *k = &run->checkpointer;
  char path[PATH_SIZE], owner[320];
  name_lock(run, path, sizeof path);
  if (k->lock >= 0 && is_there(k->lock, path)) return WL_OK;
  if (k->lock >= 0) close(k->lock);
  for (int i = 0; i < TRIES; i++) {
    k->lock = lock_once(path);
    if (k->lock >= 0 || errno != EWOULDBLOCK) break;
    nanosleep(&(struct timespec){.tv_nsec = PAUSE * 1000000L}, NULL);
  }
  if (k->lock >= 0) {
    sign(k->lock);
    return WL_OK;
  }
  if (errno == EWOULDBLOCK) {
    read_owner(path, owner, sizeof owner);
    WL_FAIL(WL_ERROR_IO,
            "%s: the checkpoints of %s are in use by %s: wait for it, or give this run another name or "
            "checkpoint.directory",
            run->config->checkpoint.directory, run->config->name, owner);
  }
  if (errno == ENOLCK || errno == ENOSYS || errno == EOPNOTSUPP || errno == EINVAL) {
    wl_log_warning(
        "%s: this file system has no locks (%s): see to it yourself that only one run at a time uses its "
        "checkpoints",
        path, strerror(errno));
    return WL_OK;
  }
  WL_FAIL(WL_ERROR_IO, "%s: cannot be written: %s", path, strerror(errno));
}

void wl_checkpointer_drop_lock(wl_run *run) {
  wl_checkpointer *k = &run->checkpointer;
  char path[PATH_SIZE];
  if (k->lock < 0) return;
  name_lock(run, path, sizeof path);
  if (is_there(k->lock, path)) unlink(path);
  close(k->lock);
  k->lock = -1;
}
