/**
 * @file writable.h
 * Places that will be written to, made and tried before the work that fills them. Local.
 */
#ifndef WIDELIMIT_BASE_WRITABLE_H
#define WIDELIMIT_BASE_WRITABLE_H

#include <sys/types.h>

#include "widelimit/error.h"

/**
 * Makes the folder and those above it where they are missing, and a file in it, which goes again. That the disk is full is no
 * error here (wl_disk_of).
 * @param key  what asks for it, for messages: "output.directory"
 * Errors: WL_ERROR_IO, naming path and key: cannot be made, is no folder, cannot be written to.
 */
wl_error wl_writable_folder(const char *path, const char *key);

/**
 * The same for the folder of a file, which itself must not be a folder. What is no plain file (/dev/stdout) is not tried.
 * Errors: WL_ERROR_IO.
 */
wl_error wl_writable_file(const char *path, const char *key);

/** A file system: its number, and the bytes that are free for us on it, HUGE_VAL where the system does not tell. */
typedef struct wl_disk {
  dev_t number;
  double room;
} wl_disk;

/** That of a file or folder, or of the folder in which it would be. */
wl_disk wl_disk_of(const char *path);

#endif
