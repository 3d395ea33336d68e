/**
 * @file bytes.h
 * What factorizations and solves take on a rank beside the matrices that they are given, in bytes. Local: the rank is that of
 * grid->row, grid->column.
 */
#ifndef WIDELIMIT_LINALG_BYTES_H
#define WIDELIMIT_LINALG_BYTES_H

#include <stdbool.h>

#include "dist/grid.h"

/** Of an n × n matrix of doubles (one of floats: half): two panels on their way in both directions, and what is gathered. */
double wl_factorize_bytes(const wl_grid *grid, int64_t n);

/** A block column of doubles on its way to the other process columns. */
double wl_trsm_bytes(const wl_grid *grid, int64_t n);

/**
 * Of wl_rfp_multiply with `width` columns and a factor of order n: the second half of the panel, two copies of what of it is on its way to
 * other rows, and PBLAS's panels.
 */
double wl_rfp_multiply_bytes(const wl_grid *grid, int64_t n, int64_t width);

/** Of an eigendecomposition: with vectors their matrix, and about two more shares to work with. */
double wl_eigen_bytes(const wl_grid *grid, int64_t n, bool vectors);

/** With a triangle of floats and a panel of doubles: vectors and their sums where the columns are few, or two block columns. */
double wl_solve_mixed_bytes(const wl_grid *grid, int64_t n, int64_t columns);

#endif
