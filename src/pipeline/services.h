/**
 * @file services.h
 * What every phase of a run may use beside its inputs: where results go, what keeps the state, the clock.
 */
#ifndef WIDELIMIT_PIPELINE_SERVICES_H
#define WIDELIMIT_PIPELINE_SERVICES_H

#include "base/timer.h"
#include "checkpoint/checkpointer.h"
#include "results/results.h"

/** All pointers are borrowed. */
typedef struct wl_services {
  wl_results *results; /**< rank 0; NULL elsewhere */
  wl_checkpointer *checkpointer;
  wl_timer *timer;
} wl_services;

#endif
