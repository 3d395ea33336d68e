/**
 * @file source_format.h
 * Private to the sources: what a file format provides. One entry in source.c, one file source_FORMAT.c.
 */
#ifndef WIDELIMIT_DATA_SOURCE_FORMAT_H
#define WIDELIMIT_DATA_SOURCE_FORMAT_H

#include <stdio.h>

#include "data/source.h"

typedef struct wl_source_format wl_source_format;

struct wl_source {
  const wl_source_format *format;
  char *spec;     /**< as given; owned */
  char *path;     /**< of the file, usable from the current directory; owned */
  char *selector; /**< the part after the colon; NULL: none; owned */
  char *label;    /**< path and selector, for messages; owned */
  int64_t rows, cols;
  void *state; /**< the format's own; owned by it */
};

struct wl_source_format {
  const char *endings[2]; /**< with the dot; NULL: no second one */
  /** Finds rows and cols; the file exists and is a regular one. On failure close() follows. */
  wl_error (*open)(wl_source *source);
  /** Rows first … first + count − 1, which exist; finite or not. */
  wl_error (*read)(wl_source *source, int64_t first, int64_t count, double *out);
  /** Frees the state, complete or not. */
  void (*close)(wl_source *source);
};

extern const wl_source_format wl_source_hdf5, wl_source_npy, wl_source_csv;

enum { WL_SHOWN_SIZE = 48 };

/** `length` characters of a text from outside, shortened and made printable. Returns the buffer. */
const char *wl_source_shown(const char *text, size_t length, char buffer[WL_SHOWN_SIZE]);

#endif
