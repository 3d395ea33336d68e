/**
 * @file infer.h
 * The phase that factors the kernel matrices and predicts at the test points.
 */
#ifndef WIDELIMIT_PIPELINE_INFER_H
#define WIDELIMIT_PIPELINE_INFER_H

#include "pipeline/assemble.h"
#include "pipeline/retained.h"
#include "pipeline/tally.h"

/**
 * Collective. Predictions go to the results and to the tally, and what later phases need of them is retained.
 * @param assembly  its kernels become factors
 * @param retained  zeros on entry; to be cleared whatever happens
 * Errors: WL_ERROR_NUMERICAL; WL_ERROR_STOPPED; those of the readers, of the results and of the checkpointer.
 */
wl_error wl_infer(const wl_setup *setup, const wl_services *services, const wl_assembly *assembly, wl_tally *tally,
                  wl_retained *retained);

#endif
