/**
 * @file util.h
 * What every layer needs and no library has. Local.
 */
#ifndef WIDELIMIT_BASE_UTIL_H
#define WIDELIMIT_BASE_UTIL_H

#include <stdint.h>
#include <stdlib.h>

static inline int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

/** Room for `count` ≥ 0 doubles, aligned for any vector unit; not initialized. Owned by the caller (free). NULL: none. */
static inline double *aligned_numbers(int64_t count) {
  return aligned_alloc(64, (sizeof(double) * (size_t)count + 64) / 64 * 64);
}

#endif
