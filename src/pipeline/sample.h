/**
 * @file sample.h
 * The phase that draws: panels of bounded width, streamed to results.h5.
 */
#ifndef WIDELIMIT_PIPELINE_SAMPLE_H
#define WIDELIMIT_PIPELINE_SAMPLE_H

#include "pipeline/assemble.h"
#include "pipeline/retained.h"

/** What a reader of the samples should know of how they were made. */
typedef struct wl_sampling {
  bool done, target_is_zero;
  double shift[WL_STAGES]; /**< δ by wl_stage; 0: that factor was not made */
} wl_sampling;

/**
 * Collective. Draws and writes, where that is asked for; ends all use of the model but its evidence.
 * @param retained  consumed where draws are made from it, in mixed precision
 * Errors: those of widelimit/sample.h; WL_ERROR_IO; WL_ERROR_STOPPED.
 */
wl_error wl_sample(const wl_setup *setup, const wl_services *services, const wl_assembly *assembly,
                   wl_retained *retained, wl_sampling *sampling);

#endif
