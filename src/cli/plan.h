/**
 * @file plan.h
 * `widelimit plan`: what it is asked, what it finds out, and how it says so. Everything here is Local, on rank 0.
 */
#ifndef WIDELIMIT_CLI_PLAN_H
#define WIDELIMIT_CLI_PLAN_H

#include "cli/arguments.h"
#include "cli/calibration.h"
#include "cost/memory.h"

/** The command line. All pointers are borrowed. */
typedef struct wl_plan_options {
  const char *config, *calibration, *json, *sbatch;
  const char *const *overrides; /**< of --set */
  int override_count;
  const char *const *assumptions; /**< of --assume */
  int assumption_count;
  int64_t train, test, dimension, outputs;       /**< 0: from the data */
  int64_t ranks, nodes, cores_per_node, threads; /**< 0: not given */
  double memory_per_node;                        /**< bytes; 0: not given */
} wl_plan_options;

/** A run on so many nodes. */
typedef struct wl_plan_point {
  int64_t nodes, ranks;
  int ranks_per_node;
  wl_grid grid; /**< shape, block and the place (0, 0); nothing else */
  int64_t batch;
  wl_memory rank, node; /**< of the rank, and of the node, that has most */
  int64_t largest_share;
  bool fits_indices, fits_memory;
  wl_estimate estimate;
  wl_limit limit;
  double share[WL_LIMIT_COUNT];
  double efficiency; /**< nodes × seconds of the smallest that fits, over that of this one */
} wl_plan_point;

enum { WL_PLAN_CURVE = 24 };

typedef struct wl_plan {
  wl_plan_options options;
  wl_config *config; /**< owned */
  wl_data_shape shape;
  wl_calibration calibration;
  int cores_per_node, threads;
  double memory_per_node; /**< bytes that a run may take on a node */
  wl_plan_point chosen;
  int64_t smallest; /**< nodes; 0: it fits on none */
  wl_plan_point curve[WL_PLAN_CURVE];
  int curve_count;
  int knee; /**< index into the curve */
} wl_plan;

/** The console: 80 columns. */
void wl_plan_print(const wl_plan *plan);

/** Errors: WL_ERROR_IO; WL_ERROR_USAGE where it is the configuration or the calibration. */
wl_error wl_plan_write_json(const wl_plan *plan, const char *path);

/** A job script for the chosen layout, with margins. Errors: WL_ERROR_IO, also where the file exists. */
wl_error wl_plan_write_sbatch(const wl_plan *plan, const char *path);

#endif
