/**
 * @file probes.h
 * What is said of factorizations: norms, the log-determinant, and random vectors Z by which a matrix is held against its factors.
 * Collective.
 */
#ifndef WIDELIMIT_LINALG_PROBES_H
#define WIDELIMIT_LINALG_PROBES_H

#include "dist/matrix.h"

/** ‖S‖₁ of a symmetric matrix given by one triangle; NaN where any of its entries is. Errors: WL_ERROR_MEMORY. */
wl_error wl_norm1(const wl_matrix *a, wl_triangle triangle, double *norm);

/** The same with zeros in the place of the leading block of order n, which is not read. */
wl_error wl_border_norm1(const wl_matrix *a, wl_triangle triangle, int64_t n, double *norm);

/** ‖A‖_F and its square, all entries. */
double wl_frobenius_norm(const wl_matrix *a);
double wl_sum_of_squares(const wl_matrix *a);

/** 2 Σ log L_ii of a Cholesky factor with that diagonal: log det of what was factored. */
double wl_log_determinant(const wl_matrix *factor);

/** Local. Standard normal numbers that depend on seed, row and column alone; row 0 of z counts as row `first`. */
void wl_fill_probes(wl_matrix *z, uint64_t seed, int64_t first);

#endif
