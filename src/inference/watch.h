/**
 * @file watch.h
 * How a long computation of many steps is told to give up.
 */
#ifndef WIDELIMIT_INFERENCE_WATCH_H
#define WIDELIMIT_INFERENCE_WATCH_H

#include <stdbool.h>
#include <stdint.h>

/** Asked after each step, Collective: whether to end with WL_ERROR_STOPPED. `done` points are through. */
typedef struct wl_watch {
  void *context;
  bool (*stops)(void *context, int64_t done);
} wl_watch;

#endif
