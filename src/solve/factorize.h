/**
 * @file factorize.h
 * The right-looking block Cholesky loop itself.
 */
#ifndef WIDELIMIT_SOLVE_FACTORIZE_H
#define WIDELIMIT_SOLVE_FACTORIZE_H

#include "widelimit/cholesky.h"

/**
 * Collective. Overwrites the triangle with its factor.
 * *pivot is -1, or the global row whose pivot is not positive to rounding; the loop then stops on every rank.
 * Errors: WL_ERROR_MEMORY.
 */
wl_error wl_factorize(wl_matrix *matrix, wl_triangle triangle, const char *name, int64_t *pivot);

#endif
