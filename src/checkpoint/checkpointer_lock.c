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
#include "checkpoint/checkpointer_private.h"

/* Tries and milliseconds between them: a run whose mpirun was killed needs a moment to notice. */
enum { TRIES = 30, PAUSE = 100 };

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

/* Again for a while where another run has it. */
static int lock_patiently(const char *path) {
  int lock = -1;
  for (int i = 0; i < TRIES; i++) {
    lock = lock_once(path);
    if (lock >= 0 || errno != EWOULDBLOCK) break;
    nanosleep(&(struct timespec){.tv_nsec = PAUSE * 1000000L}, NULL);
  }
  return lock;
}

static bool has_no_locks(int number) {
  return number == ENOLCK || number == ENOSYS || number == EOPNOTSUPP || number == EINVAL;
}

wl_error wl_checkpointer_take_lock(const char *path, const char *directory, const char *name, int *lock) {
  char owner[320];
  if (*lock >= 0 && is_there(*lock, path)) return WL_OK;
  if (*lock >= 0) close(*lock);
  *lock = lock_patiently(path);
  if (*lock >= 0) {
    sign(*lock);
    return WL_OK;
  }
  if (errno == EWOULDBLOCK) {
    read_owner(path, owner, sizeof owner);
    WL_FAIL(WL_ERROR_IO,
            "%s: the checkpoints of %s are in use by %s: wait for it, or give this run another name or "
            "checkpoint.directory",
            directory, name, owner);
  }
  if (!has_no_locks(errno)) WL_FAIL(WL_ERROR_IO, "%s: cannot be written: %s", path, strerror(errno));
  wl_log_warning(
      "%s: this file system has no locks (%s): see to it yourself that only one run at a time uses its "
      "checkpoints",
      path, strerror(errno));
  return WL_OK;
}

void wl_checkpointer_drop_lock(const char *path, int *lock) {
  if (*lock < 0) return;
  if (is_there(*lock, path)) unlink(path);
  close(*lock);
  *lock = -1;
}
