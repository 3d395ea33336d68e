/**
 * @file search.h
 * A run on other numbers of nodes: whether it fits, how long it takes, and how many nodes pay. Local.
 */
#ifndef WIDELIMIT_COST_SEARCH_H
#define WIDELIMIT_COST_SEARCH_H

#include "cost/memory.h"
#include "cost/plan.h"

/** The run, and the nodes that there are. All pointers are borrowed. */
typedef struct wl_search {
  const wl_config *config;
  wl_data_shape shape;
  int64_t known; /**< training points of the factors that a file has, as wl_work has it */
  const wl_speeds *speeds;
  int measured_threads; /**< of BLAS a rank, with which the speeds were measured */
  int cores_per_node;
  int threads;            /**< of BLAS a rank */
  double memory_per_node; /**< bytes that a run may take on a node */
} wl_search;

/** A run on so many nodes. */
typedef struct wl_search_point {
  int64_t nodes, ranks;
  int ranks_per_node;
  wl_grid grid; /**< shape, block and the place (0, 0); nothing else */
  int64_t batch;
  wl_memory rank, node; /**< of the rank, and of the node, that has most */
  int64_t largest_share;
  bool fits_indices, fits_memory;
  wl_estimate estimate;               /**< by the configuration's engine */
  double seconds_by[WL_ENGINE_COUNT]; /**< in all, by each engine */
  double seconds_row_major; /**< in all, by the configuration's engine, if ranks stood row by row on the grid */
  wl_limit limit;
  double share[WL_LIMIT_COUNT];
  double efficiency; /**< nodes × seconds of the smallest that fits, over that of this one; 0: not compared */
} wl_search_point;

enum { WL_SEARCH_CURVE = 24 };

/** Most nodes that are tried. */
enum { WL_SEARCH_NODES = 1 << 16 };

/** Twice as many nodes as long as they help, from the smallest number that fits. */
typedef struct wl_search_curve {
  int64_t smallest; /**< nodes; 0: it fits on none */
  wl_search_point point[WL_SEARCH_CURVE];
  int count;
  int knee; /**< the last point of at least half the efficiency of the first */
} wl_search_curve;

/** Ranks that a node has where each gets its threads. */
int wl_search_ranks_per_node(const wl_search *search);

/** Errors: WL_ERROR_CONFIG where the grid of the configuration is not one of these ranks. */
wl_error wl_search_point_at(const wl_search *search, int64_t ranks, int ranks_per_node, wl_search_point *point);

void wl_search_find(const wl_search *search, wl_search_curve *curve);

#endif
