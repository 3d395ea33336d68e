/**
 * @file watch.h
 * What is done between the steps of a long computation, such as a checkpoint, and how it is told to give up.
 */
#ifndef WIDELIMIT_INFERENCE_WATCH_H
#define WIDELIMIT_INFERENCE_WATCH_H

#include <stdint.h>

#include "widelimit/error.h"

/** Called after each step, Collective, when `done` points are through. An error ends the computation. */
typedef struct wl_watch {
  void *context;
  wl_error (*reached)(void *context, int64_t done);
} wl_watch;

#endif
