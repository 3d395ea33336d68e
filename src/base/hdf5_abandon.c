#define _GNU_SOURCE
#include "base/hdf5_abandon.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

void wl_hdf5_abandon(hid_t file) {
  void *handle = NULL;
  const int memory = memfd_create("widelimit", MFD_CLOEXEC);
  if (memory >= 0) {
    if (H5Fget_vfd_handle(file, H5P_DEFAULT, &handle) >= 0 && handle) dup2(memory, *(const int *)handle);
    close(memory);
  }
  H5Fclose(file);
}

bool wl_hdf5_close_written(hid_t file, bool good) {
  if (good && H5Fflush(file, H5F_SCOPE_GLOBAL) >= 0) return H5Fclose(file) >= 0;
  const int reason = errno;
  wl_hdf5_abandon(file);
  errno = reason;
  return false;
}
