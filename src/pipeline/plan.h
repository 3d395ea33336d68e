/**
 * @file plan.h
 * What a run takes, before it starts: memory, nodes and time, on the console, as JSON and as a job script.
 */
#ifndef WIDELIMIT_PIPELINE_PLAN_H
#define WIDELIMIT_PIPELINE_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "widelimit/error.h"

/** What is asked. All pointers are borrowed. */
typedef struct wl_plan_options {
  const char *config, *calibration, *json, *sbatch;
  bool
      select; /**< of `widelimit select`, whose pool is in the place of the test points; else of `widelimit run` */
  const char *factor;           /**< whose training rows need not be factored; NULL: none */
  const char *const *overrides; /**< of --set */
  int override_count;
  const char *const *assumptions; /**< of --assume */
  int assumption_count;
  int64_t train, test, dimension, outputs;       /**< 0: from the data */
  int64_t ranks, nodes, cores_per_node, threads; /**< 0: not given */
  double memory_per_node;                        /**< bytes; 0: not given */
} wl_plan_options;

/**
 * Collective over MPI_COMM_WORLD. Errors: WL_ERROR_CAPACITY where the run does not fit, after the plan is printed;
 * WL_ERROR_USAGE; WL_ERROR_IO; those of wl_config_read and wl_data_read_shape.
 */
wl_error wl_plan_run(const wl_plan_options *options);

#endif
