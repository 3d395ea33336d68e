#include "base/hdf5_errors.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Keeps what the first entry that has a text says. */
static herr_t keep_first(unsigned depth, const H5E_error2_t *entry, void *context) {
  (void)depth;
  char *reason = context, minor[128] = "";
  const char *text = entry->desc;
  if (reason[0] != '\0') return 0;
  if (text == NULL || text[0] == '\0') {
    H5Eget_msg(entry->min_num, NULL, minor, sizeof minor);
    text = minor[0] != '\0' ? minor : entry->func_name;
  }
  if (text != NULL) snprintf(reason, WL_HDF5_REASON, "%s", text);
  for (char *c = reason; *c != '\0'; c++)
    if (!isprint((unsigned char)*c)) *c = '?';
  return 0;
}

const char *wl_hdf5_reason(char reason[WL_HDF5_REASON]) {
  reason[0] = '\0';
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_first, reason);
  if (reason[0] == '\0') strcpy(reason, "HDF5 says no more");
  return reason;
}
