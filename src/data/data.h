/**
 * @file data.h
 * The data of a run: training and test sets from files or made up, read by rank 0 in pieces.
 *
 * Everything here is Local and called on rank 0 only. The readers have the type wl_row_reader of gram.h, with the
 * wl_data as context.
 */
#ifndef WIDELIMIT_DATA_DATA_H
#define WIDELIMIT_DATA_DATA_H

#include "config/config.h"

/** Sizes: what the other ranks need to know. */
typedef struct wl_data_shape {
  int64_t train, test; /**< n, m */
  int64_t dimension;   /**< d */
  int64_t outputs;     /**< c: target columns; with one_hot the number of classes */
  bool classes;        /**< targets are classes, encoded one_hot */
  bool test_targets;   /**< test targets are given */
  bool ood;            /**< test points are marked in or out of distribution */
} wl_data_shape;

typedef struct wl_data wl_data;

/**
 * Opens all sources of the configuration and checks them against one another; finds the classes (one_hot), the mean
 * and deviation of the inputs (standardize), and, without noise or jitter, training inputs that repeat.
 * Errors: WL_ERROR_DATA, naming file and row: sizes that do not match, classes that are no integers, repeated rows;
 * WL_ERROR_MEMORY; WL_ERROR_IO.
 */
wl_error wl_data_open(const wl_config *config, wl_data **data);

/**
 * The sizes alone: opens the sources, checks that they match and finds the classes (one_hot), but reads no inputs.
 * Errors: those of wl_data_open.
 */
wl_error wl_data_read_shape(const wl_config *config, wl_data_shape *shape);

/** Closes and sets to NULL; NULL is fine. */
void wl_data_close(wl_data **data);

wl_data_shape wl_data_get_shape(const wl_data *data);

/** Rows of X and T (count × d), standardized where the configuration says so. */
wl_error wl_data_train_inputs(void *data, int64_t first, int64_t count, double *rows);
wl_error wl_data_test_inputs(void *data, int64_t first, int64_t count, double *rows);

/** Rows of Y (count × c), one-hot encoded where the configuration says so. */
wl_error wl_data_train_targets(void *data, int64_t first, int64_t count, double *rows);

/** Rows of the test targets (count × c); a class that no training example has becomes a row of zeros. */
wl_error wl_data_test_targets(void *data, int64_t first, int64_t count, double *rows);

/**
 * Lines "training inputs: 720 x 64, 0123456789abcdef" for everything that was given, by a hash of all numbers as the
 * readers above deliver them. *text is owned by the caller. One pass over the data.
 * @param all  false: the training inputs alone
 */
wl_error wl_data_fingerprint(wl_data *data, bool all, char **text);

/** 1 for test points that are out of distribution, 0 for the others (count). */
wl_error wl_data_test_ood(void *data, int64_t first, int64_t count, double *flags);

#endif
