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
 * Opens all sources of the configuration and checks them against one another; chooses their rows (data.train.rows,
 * data.test.rows, data.split); finds the classes (one_hot), the mean and deviation of inputs and targets (standardize,
 * standardize_targets), and, without noise or jitter, training inputs that repeat or, without biases, are zero.
 * Errors: WL_ERROR_DATA, naming file and row: sizes that do not match, classes that are no integers, such rows;
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

/**
 * Rows of X and T (count × d), multiplied by data.scale, divided by data.divide_by and standardized where the configuration
 * says so. Errors: those of wl_source_read; WL_ERROR_DATA where a number is too large once it is scaled.
 */
wl_error wl_data_train_inputs(void *data, int64_t first, int64_t count, double *rows);
wl_error wl_data_test_inputs(void *data, int64_t first, int64_t count, double *rows);

/**
 * Rows of Y (count × c), one-hot encoded or standardized where the configuration says so. Errors: those of wl_source_read;
 * WL_ERROR_DATA where the square of a number is out of range.
 */
wl_error wl_data_train_targets(void *data, int64_t first, int64_t count, double *rows);

/**
 * Rows of the test targets (count × c), in target units also where Y is standardized; a class that no training example has
 * becomes a row of zeros.
 */
wl_error wl_data_test_targets(void *data, int64_t first, int64_t count, double *rows);

/**
 * Location and scale of an output with data.standardize_targets, 0 and 1 otherwise: target = location + scale · number, so
 * a mean m becomes location + scale·m, a variance v (the noise, too) scale²·v, and a log marginal likelihood loses
 * n·log(scale). Outputs have scales of their own.
 */
double wl_data_target_location(const wl_data *data, int64_t output);
double wl_data_target_scale(const wl_data *data, int64_t output);

/** With one_hot: how many training examples each class has (outputs); else NULL. Owned by the data. */
const int64_t *wl_data_class_counts(const wl_data *data);

/** With data.split: for each test point its row in the files, from 0, ascending; else NULL. Owned by the data. */
const int64_t *wl_data_split_rows(const wl_data *data);

/** What of the data. */
typedef enum wl_data_parts { WL_DATA_TRAINING_INPUTS, WL_DATA_TRAINING, WL_DATA_ALL } wl_data_parts;

/**
 * Lines "training inputs: 720 x 64, 0123456789abcdef" for what was given of these parts, by a hash of all numbers as the
 * readers above deliver them. *text is owned by the caller. One pass over the data.
 * @param train  how many training rows count: the first ones
 */
wl_error wl_data_fingerprint(wl_data *data, wl_data_parts parts, int64_t train, char **text);

/** 1 for test points that are out of distribution, 0 for the others (count). */
wl_error wl_data_test_ood(void *data, int64_t first, int64_t count, double *flags);

#endif
