/**
 * @file capacity.h
 * Whether a run fits where it is to work, and how long it takes there.
 */
#ifndef WIDELIMIT_COST_CAPACITY_H
#define WIDELIMIT_COST_CAPACITY_H

#include "base/machine.h"
#include "cost/job.h"
#include "cost/plan.h"

/**
 * Collective over the grid. Errors: WL_ERROR_CAPACITY where the run fits neither the 32-bit local indices, the limit on
 * address space nor the memory of the nodes, with the number of ranks that would do.
 */
wl_error wl_job_check_capacity(const wl_job *job, const wl_node *node);

/** Local. The seconds of its phases by the built-in rates, which are those of one processor (plan.h). */
wl_estimate wl_job_estimate(const wl_job *job, const wl_node *node);

#endif
