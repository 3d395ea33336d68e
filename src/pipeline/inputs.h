/**
 * @file inputs.h
 * The files that a command reads, by path, whether or not they are there. Local, on rank 0.
 */
#ifndef WIDELIMIT_PIPELINE_INPUTS_H
#define WIDELIMIT_PIPELINE_INPUTS_H

#include "config/config.h"

/** A file, and what names it: a key, an option, or what it is. */
typedef struct wl_input {
  char *path;       /**< owned */
  const char *what; /**< borrowed */
} wl_input;

typedef struct wl_inputs {
  wl_input *file; /**< owned */
  int count;
} wl_inputs;

/** The configuration and all sources of data that it names, and the files these refer to. To be cleared. */
wl_inputs wl_inputs_of(const wl_config *config);

/** Whether the key names a source of data. */
bool wl_inputs_is_source(const wl_key *key);

/** One more; NULL is none. */
void wl_inputs_add(wl_inputs *inputs, const char *path, const char *what);

/** The first that `path` is, or will be once its folders are made (base/same_file.h); NULL: none is. */
const wl_input *wl_inputs_find(const wl_inputs *inputs, const char *path);

void wl_inputs_clear(wl_inputs *inputs);

#endif
