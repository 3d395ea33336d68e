/**
 * @file sources.h
 * Private to the data: the files of a configuration, matched with one another, and which of their rows are examples. Local.
 */
#ifndef WIDELIMIT_DATA_SOURCES_H
#define WIDELIMIT_DATA_SOURCES_H

#include "data/rows.h"
#include "data/source.h"

typedef struct wl_data_sources {
  const wl_config *config;                                                         /* borrowed */
  wl_source *train_inputs, *train_targets, *test_inputs, *test_targets, *test_ood; /* owned; NULL: not given */
  wl_rows split; /* the rows that data.split set apart for testing; else zeros */
} wl_data_sources;

/**
 * Opens the files; compares their rows and columns as they are; chooses rows by data.train.rows and data.test.rows, or by
 * data.split. On failure wl_data_sources_close follows.
 * Errors: WL_ERROR_DATA, naming both files where they do not match; those of wl_source_open and wl_rows_read.
 */
wl_error wl_data_sources_open(const wl_config *config, wl_data_sources *sources);

/** Closes; zeros are fine. */
void wl_data_sources_close(wl_data_sources *sources);

#endif
