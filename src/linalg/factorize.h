/**
 * @file factorize.h
 * The Cholesky factorization itself, without what wl_cholesky_factor measures around it.
 */
#ifndef WIDELIMIT_LINALG_FACTORIZE_H
#define WIDELIMIT_LINALG_FACTORIZE_H

#include "dist/single.h"
#include "linalg/cholesky.h"

/** How to factor a triangle. */
typedef struct wl_factorize_options {
  wl_engine engine;
  const char *name;             /**< in progress */
  const wl_factor_watch *watch; /**< asked after every block column; NULL: not watched */
  /** What the watch gets, and where to begin: with .columns = 0 at the whole triangle, and then, with .eliminated = 0,
      .diagonal is ignored. NULL: the whole triangle. */
  wl_factor_state *state;
} wl_factorize_options;

/**
 * Collective. Overwrites the triangle with its factor; the other one is neither read nor written.
 * *pivot is -1 or, on all ranks, the first row whose pivot is not positive to rounding; the triangle is then spoilt.
 * Errors: WL_ERROR_MEMORY; those of the watch.
 */
wl_error wl_factorize_with(wl_matrix *matrix, wl_triangle triangle, const wl_factorize_options *options,
                           int64_t *pivot);

/** Collective. The same by ScaLAPACK, unwatched. */
wl_error wl_factorize(wl_matrix *matrix, wl_triangle triangle, const char *name, int64_t *pivot);

/** Collective. The same in single precision. */
wl_error wl_factorize_single(wl_single *matrix, wl_triangle triangle, wl_engine engine, const char *name,
                             int64_t *pivot);

/**
 * Local. The verdict on a residual, the same on all ranks. Errors: WL_ERROR_NUMERICAL where it is not below WL_RESIDUAL_LIMIT.
 * @param name  of the matrix in the message
 */
wl_error wl_check_residual(const wl_factor_info *info, const char *name, wl_engine engine);

#endif
