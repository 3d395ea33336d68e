/**
 * @file checkpoints.h
 * Between a run and its checkpointer: what the configuration wants kept, and where the state of the run stands.
 */
#ifndef WIDELIMIT_PIPELINE_CHECKPOINTS_H
#define WIDELIMIT_PIPELINE_CHECKPOINTS_H

#include "pipeline/assemble.h"
#include "pipeline/request.h"
#include "pipeline/tally.h"

/** Where the parts of a checkpoint come from, once they are made. All pointers are borrowed. */
typedef struct wl_checkpoint_sources {
  const wl_setup *setup;
  const wl_request *request;
  const wl_assembly *assembly;
  const wl_tally *tally;
  wl_results *const *results;
} wl_checkpoint_sources;

/**
 * Collective. Opens the checkpointer of a run.
 * @param sources  must outlive the checkpointer
 * Errors: those of wl_checkpointer_open.
 */
wl_error wl_checkpoints_open(wl_checkpoint_sources *sources, wl_timer *timer, wl_checkpointer *checkpointer);

#endif
