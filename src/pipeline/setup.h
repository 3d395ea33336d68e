/**
 * @file setup.h
 * The first phase: configuration, machine, data and grid. The later phases read what it makes and change nothing of it.
 */
#ifndef WIDELIMIT_PIPELINE_SETUP_H
#define WIDELIMIT_PIPELINE_SETUP_H

#include "base/machine.h"
#include "cost/job.h"
#include "data/data.h"
#include "data/given_files.h"
#include "pipeline/overwrite.h"
#include "pipeline/request.h"
#include "pipeline/units.h"

typedef struct wl_setup {
  const wl_request *request; /**< borrowed */
  MPI_Comm comm;
  int rank;
  wl_config *config; /**< equal on all ranks; owned */
  wl_node node;
  wl_data *data;           /**< rank 0; owned */
  wl_given_files *kernels; /**< in place of inputs and a network, on every rank; owned, NULL: not given */
  wl_data_shape shape;
  wl_units units;      /**< of the targets; owned */
  wl_grid *grid;       /**< owned */
  int64_t batch;       /**< test points at a time */
  bool replace_factor; /**< rank 0: another factor may be in the place of factor.save, and go */
} wl_setup;

/**
 * Collective. The steps, in this order; each fills in its members. To be cleared whatever happens.
 * config  reads, with what the command asks for beyond it, holds what it leaves against what is there, and finds out about the
 *         machine. Errors: those of wl_config_read and wl_overwrite_check
 * data    opens the sources, shares the sizes, and looks at given kernels. Errors: those of wl_data_open, wl_given_files_open
 *         and wl_given_verify
 * grid    lays out the processes. Errors: those of wl_grid_create and wl_job_check_capacity
 */
wl_error wl_setup_config(const wl_request *request, MPI_Comm comm, const wl_outputs *outputs, wl_setup *setup);
wl_error wl_setup_data(wl_setup *setup);
wl_error wl_setup_grid(wl_setup *setup);

/** Local. Factors in a file (NULL: none) are those of a matrix in double precision: WL_ERROR_CONFIG where the run has none. */
wl_error wl_setup_check_factor(const char *factor, const wl_config *config);

/** Local. Frees. */
void wl_setup_clear(wl_setup *setup);

/** Local. What decides pieces and memory on this rank. */
wl_job wl_setup_job(const wl_setup *setup);

#endif
