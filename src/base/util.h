/**
 * @file util.h
 * What every layer needs and no library has. Local.
 */
#ifndef WIDELIMIT_BASE_UTIL_H
#define WIDELIMIT_BASE_UTIL_H

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

static inline int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

/** Bytes of a path with what the program puts before or behind it, such as .partial: 4096, the longest of Linux, and some more. */
enum { WL_PATH_SIZE = 4200 };

enum { HUGE_PAGE = 2 << 20 };

/**
 * Room for `count` ≥ 0 doubles, aligned for any vector unit; not initialized. Owned by the caller (free). NULL: none.
 * Large arrays ask for huge pages: the first touch of a page costs far more than the zeros in it.
 */
static inline double *aligned_numbers(int64_t count) {
  const size_t bytes = sizeof(double) * (size_t)count, unit = bytes >= HUGE_PAGE ? HUGE_PAGE : 64;
  void *room = aligned_alloc(unit, (bytes + unit) / unit * unit);
  if (room && unit == HUGE_PAGE) madvise(room, bytes, MADV_HUGEPAGE);
  return room;
}

#endif
