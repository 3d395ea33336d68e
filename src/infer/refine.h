/**
 * @file refine.h
 * Solutions in double precision from a factor in single precision.
 *
 *   S = K + shift I,  M = L Lᵀ / scale  with L the Cholesky factor of fl₃₂(scale · S)
 *
 * M⁻¹ S differs from the identity by δ, the rounding of single precision times the condition of S. Conjugate gradients
 * with M as preconditioner [Hestenes and Stiefel 1952; as refinement: Higham and Pranesh 2021, section 2] gain a factor of
 * about δ in every pass over S, which is never stored (gram/implicit.h). Collective.
 */
#ifndef WIDELIMIT_INFER_REFINE_H
#define WIDELIMIT_INFER_REFINE_H

#include "gram/implicit.h"

/** S with its factor. */
typedef struct wl_mixed {
  const wl_point_set *points; /**< borrowed */
  wl_gram_content kernel;     /**< WL_GRAM_THETA or WL_GRAM_KAPPA */
  const char *name;           /**< of S in messages */
  double shift, scale;
  wl_single *factor;  /**< L in the lower triangle; owned */
  double contraction; /**< δ: the largest factor by which a pass changed an energy norm of an error; 0: unknown */
  double first;       /**< the largest of them in a first pass, M⁻¹ alone; 0: unknown */
  double backward;    /**< max ‖b − S x‖₂ / ‖x‖₂, x ← M⁻¹ b, of the columns refined last */
  int passes;         /**< most passes that a panel has taken */
  double residual;    /**< largest relative residual of a result (wl_mixed_check_judge) */
} wl_mixed;

/** When a column is done: errors that are allowed, with v = prior − bᵀ S⁻¹ b, the variance that the column is for. */
typedef struct wl_refine_goal {
  const double *prior; /**< by global column; NULL: the columns are no test points, relative error 1e-12 */
  bool
      vectors; /**< X itself is needed to 4e-9 √max(v, 10⁻⁶ prior) in the energy norm, not bᵀ S⁻¹ b alone, to 2e-9 v */
  const wl_product *also; /**< computed in the first pass over S too; NULL: none */
} wl_refine_goal;

/**
 * Solves S X = B. The result is X + Z.
 * @param r          n × any; B on entry, R = B − S X on return
 * @param x, z       the same shape; Z = M⁻¹ R
 * @param quadratic  bⱼᵀ S⁻¹ bⱼ by global column, on all ranks. In exact arithmetic bᵀ S⁻¹ b = bᵀx₀ + x₀ᵀr₀ +
 *                   Σ αₖ rₖᵀzₖ + rᵀ S⁻¹ r [Strakoš and Tichý 2002], and the last term is rᵀz (1 + O(δ)): its error is the
 *                   cube of that of the first X.
 * Errors: WL_ERROR_NUMERICAL where the goal is not reached in a bounded number of passes; WL_ERROR_MEMORY.
 */
wl_error wl_refine(wl_mixed *mixed, const wl_refine_goal *goal, wl_matrix *r, wl_matrix *x, wl_matrix *z,
                   double *quadratic);

/** Z ← M⁻¹ R, by way of single precision. Errors: WL_ERROR_MEMORY. */
wl_error wl_refine_precondition(const wl_mixed *mixed, const wl_matrix *r, wl_matrix *z);

#endif
