#define _GNU_SOURCE
#include "base/hdf5_abandon.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

/* The descriptor of a file of the driver sec2; -1: there is none. */
static int descriptor(hid_t file) {
  void *handle = NULL;
  return H5Fget_vfd_handle(file, H5P_DEFAULT, &handle) >= 0 && handle ? *(const int *)handle : -1;
}

void wl_hdf5_abandon(hid_t file) {
  const int memory = memfd_create("widelimit", MFD_CLOEXEC), disk = descriptor(file);
  if (memory >= 0 && disk >= 0) dup2(memory, disk);
  if (memory >= 0) close(memory);
  H5Fclose(file);
}

/* Takes the room of all that the file will be. A file system that cannot is asked by writing. */
static bool reserve(hid_t file) {
  hsize_t size = 0;
  const int disk = descriptor(file);
  if (disk < 0 || H5Fget_filesize(file, &size) < 0 || size == 0) return true;
  return fallocate(disk, FALLOC_FL_KEEP_SIZE, 0, (off_t)size) == 0 || (errno != ENOSPC && errno != EDQUOT);
}

bool wl_hdf5_close_written(hid_t file, bool good) {
  if (good && reserve(file) && H5Fflush(file, H5F_SCOPE_GLOBAL) >= 0) return H5Fclose(file) >= 0;
  const int reason = errno;
  wl_hdf5_abandon(file);
  errno = reason;
  return false;
}
