/**
 * @file bytes.h
 * What draws take on a rank beside factors and points, in bytes. Local: the rank is that of grid->row, grid->column.
 */
#ifndef WIDELIMIT_SAMPLING_BYTES_H
#define WIDELIMIT_SAMPLING_BYTES_H

#include "dist/grid.h"

/** `width` columns drawn with the joint array of `all` points: three panels. */
double wl_draw_bytes(const wl_grid *grid, int64_t all, int64_t width);

/** The joint factor in rectangular full packed form. */
double wl_draw_rfp_factor_bytes(const wl_grid *grid, int64_t all);

/**
 * `width` columns at `test` of `all` points drawn with it: two panels of all points and the draws, or one and two of the draws, beside
 * what its product takes.
 */
double wl_draw_rfp_bytes(const wl_grid *grid, int64_t all, int64_t test, int64_t width);

#endif
