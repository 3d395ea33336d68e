/**
 * @file tune_evaluate.h
 * The objective of tune at one setting of the configuration: assembly, one factorization, leave-one-out where it is asked for.
 */
#ifndef WIDELIMIT_PIPELINE_TUNE_EVALUATE_H
#define WIDELIMIT_PIPELINE_TUNE_EVALUATE_H

#include "config/tune_parameters.h"
#include "pipeline/setup.h"

/** What stays between evaluations. */
typedef struct wl_tune_data {
  double *inputs, *target; /**< rank 0: the rows, n × d and n × c; owned */
  wl_matrix *targets;      /**< owned */
  bool keep;               /**< kernels, too: there is room for them twice */
  wl_points *points;       /**< of the network that was evaluated last; owned, NULL: none */
  wl_matrix *kernels;      /**< of these points; owned, NULL: none */
} wl_tune_data;

/**
 * Root. What the objective depends on, but for the place: configuration, training data and what is varied, as lines "key: value".
 * *text is owned by the caller. Errors: those of the readers; WL_ERROR_MEMORY.
 */
wl_error wl_tune_made_with(const wl_setup *setup, const wl_tune_parameters *parameters, char **text);

/** Local. Room for the rows on one more rank. Errors: WL_ERROR_MEMORY. */
wl_error wl_tune_create_rows(const wl_setup *setup, wl_tune_data *data);

/**
 * Collective. Reads the training rows once: tune.subset of them, drawn by the seed, in ascending order; all where it is 0 or
 * more than there are. setup->shape.train becomes their number. Needs wl_setup_data, but no grid.
 * Errors: those of the readers; WL_ERROR_MEMORY.
 */
wl_error wl_tune_read(wl_setup *setup, wl_tune_data *data);

/** Collective. Spreads the targets from rank 0 over the grid. Errors: WL_ERROR_MEMORY. */
wl_error wl_tune_spread(const wl_setup *setup, wl_tune_data *data);

/**
 * Collective. The objective for the configuration as it is, the same on all ranks.
 * @param same_network  the network is that of the last call: its points are used again, and its kernels where they were kept
 * Errors: WL_ERROR_NUMERICAL where there is none; WL_ERROR_CAPACITY, WL_ERROR_MEMORY.
 */
wl_error wl_tune_objective_value(const wl_setup *setup, bool same_network, wl_tune_data *data, double *value);

/** Local. Forgets the network that was evaluated last. */
void wl_tune_data_forget(wl_tune_data *data);

/** Local. Frees what it holds. Before the grid. */
void wl_tune_data_clear(wl_tune_data *data);

#endif
