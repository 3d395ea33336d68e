/**
 * @file cholesky.h
 * Cholesky factorization of a block-cyclic symmetric positive definite matrix, in place in one triangle, and what
 * follows from the factor: solves, log-determinant, residual, condition.
 *
 *   lower:  S = L Lᵀ        upper:  S = Uᵀ U, and everything below reads with L = Uᵀ
 *
 * The triangle that is not named is neither read nor written, so that it can hold another matrix.
 */
#ifndef WIDELIMIT_LINALG_CHOLESKY_H
#define WIDELIMIT_LINALG_CHOLESKY_H

#include <stdbool.h>

#include "dist/matrix.h"
#include "widelimit/factor.h"

/** A factor and what is known of it. Members are for reading. */
typedef struct wl_cholesky {
  wl_matrix *matrix; /**< holds L or U; borrowed */
  wl_triangle triangle;
  wl_factor_info info;
} wl_cholesky;

/**
 * Collective. Factors `matrix`, whose named triangle with the diagonal holds S, in place, by ScaLAPACK.
 * @param name  of S in messages and progress, e.g. "theta"
 * @param seed  of the probing vectors
 * Errors: WL_ERROR_NUMERICAL where S is not positive definite to rounding (the message names the pivot's row,
 * counted from 1, and the remedies) or not finite, or where the residual fails; WL_ERROR_MEMORY. The triangle is then spoilt.
 */
wl_error wl_cholesky_factor(wl_matrix *matrix, wl_triangle triangle, const char *name, uint64_t seed,
                            wl_cholesky *factor);

/** How far a factorization is: everything but the triangle itself. */
typedef struct wl_factor_state {
  int64_t columns;     /**< the first columns of L are final; the rest of the triangle is S less their products */
  double norm;         /**< ‖S‖₁ */
  wl_matrix *products; /**< S Z for the probing vectors Z, n × WL_PROBES; borrowed */
  const double *diagonal; /**< of S, by local row (on the ranks that own the entry); borrowed */
  int64_t
      eliminated; /**< rows of a larger S before those of this matrix, which is what they leave of it; 0: none */
} wl_factor_state;

/** Probing vectors of the residual. */
enum { WL_PROBES = 4 };

/**
 * Watches a factorization, for checkpoints and early stops. Both calls are Collective.
 *
 * `wants` is asked as each panel of columns is done; where it says yes, all work in flight is completed and `reached`
 * gets a state from which wl_cholesky_factor_with can go on. An error of `reached` (WL_ERROR_STOPPED) ends the factorization.
 */
typedef struct wl_factor_watch {
  void *context;
  bool (*wants)(void *context, int64_t columns);
  wl_error (*reached)(void *context, const wl_factor_state *state);
} wl_factor_watch;

/** How to factor. All borrowed. */
typedef struct wl_cholesky_options {
  wl_engine engine;
  const char *name;             /**< of S in messages and progress */
  const char *remedy;           /**< ends the message where a pivot vanishes; NULL: nothing to add */
  uint64_t seed;                /**< of the probing vectors */
  const wl_factor_watch *watch; /**< NULL: not watched */
  const wl_factor_state
      *resume; /**< what `reached` got, with the matrix, on any grid and by any engine; NULL: from the start */
} wl_cholesky_options;

/** Collective. As wl_cholesky_factor, with these options. Errors: also those of the watch. */
wl_error wl_cholesky_factor_with(wl_matrix *matrix, wl_triangle triangle, const wl_cholesky_options *options,
                                 wl_cholesky *factor);

/**
 * Collective. Extends a factor by rows: with S = [S₁₁ S₂₁ᵀ; S₂₁ S₂₂] and S₁₁ = L₁₁ L₁₁ᵀ of order options->resume->columns, L₁₁ in its
 * place in the triangle and S₂₁, S₂₂ in theirs,
 *
 *   L₂₁ = S₂₁ L₁₁⁻ᵀ          L₂₂ L₂₂ᵀ = S₂₂ − L₂₁ L₂₁ᵀ          [Golub and Van Loan 2013, section 4.2.9]
 *
 * @param options  resume->columns and resume->diagonal are needed; what else it has is ignored
 * @param known    of L₁₁. Its residual is added to that of the border: together they bound that of L
 * @param factor   its norm is a lower bound, and at least half of ‖S‖₁ where that of L₁₁ is exact: S₁₁ is no longer there
 * Errors: those of wl_cholesky_factor_with.
 */
wl_error wl_cholesky_extend(wl_matrix *matrix, wl_triangle triangle, const wl_cholesky_options *options,
                            const wl_factor_info *known, wl_cholesky *factor);

/** Collective. B ← L Lᵀ B; B has the factor's rows and grid. */
void wl_cholesky_multiply(const wl_cholesky *factor, wl_matrix *b);

/** Collective. B ← L⁻¹ B, all columns; B has the factor's rows and grid. Errors: WL_ERROR_MEMORY. */
wl_error wl_cholesky_forward(const wl_cholesky *factor, wl_matrix *b);

/** Collective. B ← L⁻ᵀ B. After wl_cholesky_forward: B ← S⁻¹ B. Errors: WL_ERROR_MEMORY. */
wl_error wl_cholesky_backward(const wl_cholesky *factor, wl_matrix *b);

#endif
