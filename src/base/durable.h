/**
 * @file durable.h
 * Files that are whole after a power failure, or not there. Written under a temporary name, brought to
 * the disk, renamed; then the folder is brought to the disk, since the new name stands in it. Local.
 */
#ifndef WIDELIMIT_BASE_DURABLE_H
#define WIDELIMIT_BASE_DURABLE_H

#include "widelimit/error.h"

/** Brings a closed file to the disk. Errors: WL_ERROR_IO, naming the path. */
wl_error wl_durable_sync(const char *path);

/** Renames a file that is on the disk, and brings the folder there. Errors: WL_ERROR_IO, naming `to`. */
wl_error wl_durable_rename(const char *from, const char *to);

#endif
