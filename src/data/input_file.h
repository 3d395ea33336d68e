/**
 * @file input_file.h
 * Private to the sources: a file as a stream, unpacked where its name ends in `.gz`. Local.
 */
#ifndef WIDELIMIT_DATA_INPUT_FILE_H
#define WIDELIMIT_DATA_INPUT_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "widelimit/error.h"

/** Any position of the stream can be read at the same cost. */
typedef struct wl_input_file {
  FILE *stream;
  int64_t size;   /**< bytes of the stream */
  void *unpacked; /**< what the stream reads where it is no file on disk; owned */
} wl_input_file;

/** Whether the name ends in `.gz`, in any case. */
bool wl_input_file_is_packed(const char *path);

/**
 * Opens the file. What is packed is unpacked once, into memory, of which it may take 4 GiB.
 * Errors: WL_ERROR_DATA: cannot be read, is not packed although it says so, ends early, is too large; WL_ERROR_MEMORY.
 */
wl_error wl_input_file_open(const char *path, wl_input_file *file);

/** Makes a stream of bytes in memory, which it owns from then on, also on failure. `path` is for messages. */
wl_error wl_input_file_from_memory(const char *path, void *bytes, int64_t size, wl_input_file *file);

/** What a file is that begins with these bytes, and how it is to be named, behind a message; "" where that is not known. */
const char *wl_input_file_hint(const unsigned char *start, size_t count);

/** Closes; a file of zeros is fine. */
void wl_input_file_close(wl_input_file *file);

#endif
