/**
 * @file bytes.h
 * What points and products with their kernel matrices take on a rank, in bytes. Local: the rank is that of grid->row,
 * grid->column.
 */
#ifndef WIDELIMIT_GRAM_BYTES_H
#define WIDELIMIT_GRAM_BYTES_H

#include <stdbool.h>

#include "dist/grid.h"

/** The inputs of `count` points of dimension d, on block rows and block columns. */
double wl_points_bytes(const wl_grid *grid, int64_t count, int64_t dimension);

/**
 * One matrix-free pass over n points: the kernels' columns on their way, or pieces of them where the columns are few, and
 * `vectors` of both kernels together on block rows and, where those are not all rows, on block columns.
 */
double wl_product_bytes(const wl_grid *grid, int64_t n, bool few, int64_t vectors);

#endif
