/**
 * @file assemble.h
 * The phase that reads the training data and assembles their kernel matrices.
 */
#ifndef WIDELIMIT_PIPELINE_ASSEMBLE_H
#define WIDELIMIT_PIPELINE_ASSEMBLE_H

#include "pipeline/services.h"
#include "pipeline/setup.h"

/** Owned; the model borrows the others. */
typedef struct wl_assembly {
  wl_points *train;   /**< X */
  wl_matrix *targets; /**< Y */
  wl_model *model;    /**< assembled, or with the array of a checkpoint; NULL with solver.method: iterative */
} wl_assembly;

/** Collective. To be cleared whatever happens. Errors: those of points.h and wl_model_create. */
wl_error wl_assemble(const wl_setup *setup, const wl_services *services, wl_assembly *assembly);

/** Local. Frees. */
void wl_assembly_clear(wl_assembly *assembly);

#endif
