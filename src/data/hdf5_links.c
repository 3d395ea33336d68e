#include "data/hdf5_links.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

bool wl_hdf5_is_no_file(const char *path) {
  struct stat status;
  return stat(path, &status) == 0 && !S_ISREG(status.st_mode);
}

static bool is_no_file_in(const char *folder, int length, const char *name) {
  char path[PATH_MAX];
  return snprintf(path, sizeof path, "%.*s/%s", length, folder, name) < PATH_MAX && wl_hdf5_is_no_file(path);
}

/** In each of the folders that HDF5_EXT_PREFIX lists. */
static bool is_no_file_by_prefix(const char *name) {
  const char *folder = getenv("HDF5_EXT_PREFIX");
  while (folder && *folder != '\0') {
    const size_t length = strcspn(folder, ":");
    if (is_no_file_in(folder, (int)length, name)) return true;
    folder += length + (folder[length] == ':');
  }
  return false;
}

/** Wherever HDF5 looks for the name: as it is, in HDF5_EXT_PREFIX, beside the file. */
static bool leads_to_no_file(const char *from, const char *name) {
  const char *slash = strrchr(from, '/');
  return wl_hdf5_is_no_file(name) || is_no_file_by_prefix(name) ||
         (slash && is_no_file_in(from, (int)(slash - from), name));
}

bool wl_hdf5_link_leads_to_no_file(const char *from, const char *to) {
  if (leads_to_no_file(from, to)) return true;
  return to[0] == '/' && leads_to_no_file(from, strrchr(to, '/') + 1); /* HDF5, too, goes on with the name alone */
}

static herr_t follow(const char *from, const char *group, const char *to, const char *object, unsigned *flags,
                     hid_t access, void *context) {
  (void)group, (void)object, (void)flags, (void)access, (void)context;
  return wl_hdf5_link_leads_to_no_file(from, to) ? -1 : 0;
}

hid_t wl_hdf5_link_access(void) {
  const hid_t access = H5Pcreate(H5P_DATASET_ACCESS);
  if (access < 0) return H5P_DEFAULT;
  H5Pset_elink_cb(access, follow, NULL);
  return access;
}
