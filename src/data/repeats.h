/**
 * @file repeats.h
 * Finds rows of a matrix that are equal, without holding the matrix: by a hash of each row. Local.
 */
#ifndef WIDELIMIT_DATA_REPEATS_H
#define WIDELIMIT_DATA_REPEATS_H

#include <stdint.h>

#include "widelimit/error.h"

/** 128 bits of a row; equal rows have equal hashes (−0 counts as 0), others differ for all practical purposes. */
typedef struct wl_row_hash {
  uint64_t high, low;
  int64_t row;
} wl_row_hash;

/** The hash of one row. */
wl_row_hash wl_row_hash_make(const double *x, int64_t dimension, int64_t row);

/** Sorts the hashes; *first < *second are the first two equal rows in file order, or both -1. */
void wl_row_hash_find_repeat(wl_row_hash *hashes, int64_t count, int64_t *first, int64_t *second);

#endif
