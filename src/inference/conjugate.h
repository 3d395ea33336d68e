/**
 * @file conjugate.h
 * Conjugate gradients for S X = B, S = K + s I, all columns at once and each for itself, with a preconditioner
 * P = Q + (s + t) I. Its t > 0 stands for the mean of what Q leaves of K's diagonal; brackets take t = 0 for P ⪯ S. The products S D are the caller's, so that several systems may share a pass over the kernels. Collective.
 */
#ifndef WIDELIMIT_INFERENCE_CONJUGATE_H
#define WIDELIMIT_INFERENCE_CONJUGATE_H

#include "gram/matrix_free.h"
#include "inference/brackets.h"
#include "linalg/low_rank.h"

typedef struct wl_conjugate {
  const wl_low_rank *p;     /**< with t; borrowed */
  const wl_low_rank *below; /**< without; borrowed */
  wl_matrix *b;             /**< right-hand sides, n × k; owned, as are the next */
  wl_matrix *x, *r;         /**< solutions and residuals, the latter by recurrence until wl_conjugate_measure */
  wl_matrix *d, *q;         /**< directions; S D, then P⁻¹ R */
  double *rho;              /**< rᵀ P⁻¹ r by local column */
  double *quadratic;        /**< bᵀ S⁻¹ b from below, likewise */
  double *work;
  double *alpha, *beta; /**< coefficients [step · local columns + column] up to the first wl_conjugate_measure */
  int64_t steps, room;  /**< how many there are; more are not kept */
  bool recording;
} wl_conjugate;

/**
 * Room for right-hand sides of `columns` columns on this grid, which are to be filled in.
 * @param steps  coefficients of so many steps are kept
 * @param c      to be destroyed whatever happens
 * Errors: WL_ERROR_MEMORY.
 */
wl_error wl_conjugate_create(const wl_low_rank *p, const wl_low_rank *below, const wl_grid *grid, int64_t columns,
                             int64_t steps, wl_conjugate *c);

/** Local. Frees. */
void wl_conjugate_destroy(wl_conjugate *c);

/** X ← 0, R ← B, D ← P⁻¹ R. Errors: WL_ERROR_MEMORY; WL_ERROR_NUMERICAL where anything is not finite. */
wl_error wl_conjugate_begin(wl_conjugate *c);

/** Local. The product that the next step needs: Q = S D. */
wl_product wl_conjugate_direction(const wl_conjugate *c);

/** The step, after the product. Errors: as wl_conjugate_begin. */
wl_error wl_conjugate_step(wl_conjugate *c);

/** Local. The product that wl_conjugate_measure needs: Q = S X. Directions are lost; D may be used for other products. */
wl_product wl_conjugate_solution(const wl_conjugate *c);

/**
 * R ← B − Q, and what brackets need of every column, on all ranks. D and Q are overwritten.
 * Errors: as wl_conjugate_begin.
 */
wl_error wl_conjugate_measure(wl_conjugate *c, wl_solved *columns);

/** D ← P⁻¹ R: from there anew. Errors: as wl_conjugate_begin. */
wl_error wl_conjugate_restart(wl_conjugate *c);

/** Σᵢ xᵢ yᵢ of every column, on all ranks; summed in short chains (wl_rounding). */
void wl_conjugate_dots(const wl_matrix *x, const wl_matrix *y, double *dot);

#endif
