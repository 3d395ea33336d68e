/**
 * @file iterate.h
 * The phase that solves without a matrix and writes means and variances with their brackets, in the place of assemble.h's
 * kernels and of infer.h.
 */
#ifndef WIDELIMIT_PIPELINE_ITERATE_H
#define WIDELIMIT_PIPELINE_ITERATE_H

#include "inference/iterative.h"
#include "pipeline/assemble.h"
#include "pipeline/tally.h"

/** What the report needs. */
typedef struct wl_iteration {
  wl_iterative *solver; /**< owned; NULL where the configuration has another method */
} wl_iteration;

/** Collective. All test points. To be cleared whatever happens. Errors: those of iterative.h and data.h; WL_ERROR_IO. */
wl_error wl_iterate(const wl_setup *setup, const wl_services *services, const wl_assembly *assembly,
                    wl_tally *tally, wl_iteration *iteration);

/** Local. Frees. */
void wl_iteration_clear(wl_iteration *iteration);

#endif
