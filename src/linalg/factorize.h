/**
 * @file factorize.h
 * The right-looking block Cholesky loop itself.
 */
#ifndef WIDELIMIT_LINALG_FACTORIZE_H
#define WIDELIMIT_LINALG_FACTORIZE_H

#include "dist/single.h"
#include "linalg/cholesky.h"

/**
 * Collective. Overwrites the triangle with its factor.
 * *pivot is -1, or the global row whose pivot is not positive to rounding; the loop then stops on every rank.
 * Errors: WL_ERROR_MEMORY.
 */
wl_error wl_factorize(wl_matrix *matrix, wl_triangle triangle, const char *name, int64_t *pivot);

/** Collective. The same in single precision. */
wl_error wl_factorize_single(wl_single *matrix, wl_triangle triangle, const char *name, int64_t *pivot);

/**
 * Collective. The same, watched and from a state in between.
 * @param watch  NULL, or asked after every panel; `state` is what it gets
 * @param state  where to begin; .columns = 0: the whole triangle, and, with .eliminated = 0, .diagonal is ignored
 * Errors: also those of the watch.
 */
wl_error wl_factorize_from(wl_matrix *matrix, wl_triangle triangle, const char *name, const wl_factor_watch *watch,
                           wl_factor_state *state, int64_t *pivot);

#endif
