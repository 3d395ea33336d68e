/**
 * @file capacity.h
 * Whether a run fits where it is to work.
 */
#ifndef WIDELIMIT_COST_CAPACITY_H
#define WIDELIMIT_COST_CAPACITY_H

#include "base/machine.h"
#include "cost/job.h"

/**
 * Collective over the grid. Errors: WL_ERROR_CAPACITY where the run fits neither the 32-bit local indices, the limit on
 * address space nor the memory of the nodes, with the number of ranks that would do.
 */
wl_error wl_job_check_capacity(const wl_job *job, const wl_node *node);

#endif
