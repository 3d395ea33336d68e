/**
 * @file infer.h
 * The phase that factors the kernel matrices, predicts at the test points, and at training points that are left out.
 */
#ifndef WIDELIMIT_PIPELINE_INFER_H
#define WIDELIMIT_PIPELINE_INFER_H

#include "pipeline/assemble.h"
#include "pipeline/loo.h"
#include "pipeline/retained.h"
#include "pipeline/tally.h"

/**
 * Collective. Predictions go to the results and to the tally, and what later phases need of them is retained;
 * those of left-out points, where asked for, to the results and to `loo`.
 * @param assembly  its kernels become factors
 * @param retained  zeros on entry; to be cleared whatever happens
 * @param loo       zeros on entry
 * Errors: WL_ERROR_NUMERICAL; WL_ERROR_STOPPED; those of the readers, of the results and of the checkpointer.
 */
wl_error wl_infer(const wl_setup *setup, const wl_services *services, const wl_assembly *assembly, wl_tally *tally,
                  wl_retained *retained, wl_loo *loo);

#endif
