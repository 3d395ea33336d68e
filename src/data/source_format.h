/**
 * @file source_format.h
 * Private to the sources: what a file format provides. One entry in source.c, one file source_FORMAT.c.
 */
#ifndef WIDELIMIT_DATA_SOURCE_FORMAT_H
#define WIDELIMIT_DATA_SOURCE_FORMAT_H

#include <stdbool.h>
#include <stdio.h>

#include "data/source.h"

typedef struct wl_source_format wl_source_format;

struct wl_source {
  const wl_source_format *format;
  char *spec;              /**< as given; owned */
  char *path;              /**< of the file, usable from the current directory; owned */
  char *selector;          /**< the part after the colon; NULL: none; owned */
  char *label;             /**< path and selector, for messages; owned */
  wl_header header;        /**< what line 1 of a text file is */
  const char *header_hint; /**< of the options */
  int64_t rows, cols;
  int64_t *chosen;      /**< rows of the file that the source shows, from 0; NULL: all; owned */
  int64_t chosen_count; /**< how many */
  void *state;          /**< the format's own; owned by it */
};

struct wl_source_format {
  const char *endings[8]; /**< in lower case; NULL behind the last */
  bool packed;            /**< the file may be packed by gzip: each ending, and it with .gz */
  /** Finds rows and cols; the file exists and is a regular one. On failure close() follows. */
  wl_error (*open)(wl_source *source);
  /** Rows first … first + count − 1 of the file, which exist; finite or not. */
  wl_error (*read)(wl_source *source, int64_t first, int64_t count, double *out);
  /** A block of them, likewise; NULL: the format has rows alone. */
  wl_error (*read_block)(wl_source *source, int64_t row, int64_t rows, int64_t column, int64_t columns,
                         double *out);
  /** Frees the state, complete or not. */
  void (*close)(wl_source *source);
};

extern const wl_source_format wl_source_hdf5, wl_source_npy, wl_source_npz, wl_source_csv, wl_source_idx;

enum { WL_SHOWN_SIZE = 48 };

/** `length` characters of a text from outside, shortened and made printable. Returns the buffer. */
const char *wl_source_shown(const char *text, size_t length, char buffer[WL_SHOWN_SIZE]);

#endif
