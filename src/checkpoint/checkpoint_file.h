/**
 * @file checkpoint_file.h
 * Private to checkpoints: the strips (checkpoint_matrix.c, checkpoint_exchange.c), panels (checkpoint_panels.c), the guard
 * (checkpoint_guard.c), the header's text (checkpoint_header.c).
 */
#ifndef WIDELIMIT_CHECKPOINT_CHECKPOINT_FILE_H
#define WIDELIMIT_CHECKPOINT_CHECKPOINT_FILE_H

#include <hdf5.h>

#include "checkpoint/checkpoint.h"

/** A strip of columns of one triangle. */
typedef struct wl_strip {
  int64_t column, columns; /**< global */
  int64_t row, rows;       /**< those that the triangle reaches within these columns */
} wl_strip;

/** Local. How many strips an n × n matrix has, and where strip s lies. */
int64_t wl_strip_count(int64_t n);
wl_strip wl_strip_at(int64_t n, wl_triangle triangle, int64_t s);

/** Collective. Writes all strips, down to the disk, to a file that has their datasets; `checksums` gets one number each. */
wl_error wl_strips_write(const char *path, const wl_matrix *matrix, wl_triangle triangle, uint64_t *checksums);

/**
 * Collective. Reads all strips.
 * @param matrix  into its triangle; NULL: only the checksums are wanted, then `shape` says how ranks share the work. No rank
 *                reads what wl_strips_write had it write, where there are two.
 */
wl_error wl_strips_read(const char *path, const wl_matrix *shape, wl_triangle triangle, wl_matrix *matrix,
                        uint64_t *checksums);

/** Collective. Writes all panels to a file that has their datasets, a piece of rows at a time by way of rank 0. Errors: WL_ERROR_IO; WL_ERROR_MEMORY. */
wl_error wl_panels_write(const char *path, int count, wl_matrix *const *panel);

/** Bytes of a file that the guard does not cover. */
typedef struct wl_gap {
  uint64_t offset, length;
} wl_gap;

/** Local. Where the first `strips` strips lie in an open file. False where they do not, ascending and in one piece each. */
bool wl_strips_locate(hid_t file, int64_t strips, wl_gap *gaps);

/** Local. Appends the guard of all bytes but the gaps, which ascend. Errors: WL_ERROR_IO. */
wl_error wl_guard_append(const char *path, int64_t count, const wl_gap *gaps);

/** Local. Errors: WL_ERROR_DATA, naming the file and what is wrong; WL_ERROR_IO. */
wl_error wl_guard_check(const char *path);

#endif
