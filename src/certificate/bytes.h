/**
 * @file bytes.h
 * What a certificate takes on a rank beside the joint array and its points, in bytes. Local: the rank is that of grid->row,
 * grid->column.
 */
#ifndef WIDELIMIT_CERTIFICATE_BYTES_H
#define WIDELIMIT_CERTIFICATE_BYTES_H

#include "dist/grid.h"

/**
 * Of n training points, m test points, R replicates of K heads: two (n + m) × m panels, five m × m matrices, heads between
 * their halves, functions, and on rank 0 the inner products of pairs.
 */
double wl_certify_bytes(const wl_grid *grid, int64_t n, int64_t m, int64_t replicates, int64_t heads);

#endif
