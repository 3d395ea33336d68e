/**
 * @file refine.h
 * Solutions in double precision from a factor in single precision.
 *
 *   S = K + shift I,  M = L Lᵀ / scale  with L the Cholesky factor of fl₃₂(scale · S)
 *
 * M⁻¹ S differs from the identity by δ, the rounding of single precision times the condition of S. Two steps of iterative
 * refinement [Carson and Higham 2018] and then, or at once where δ is large, conjugate gradients with M as preconditioner
 * [Hestenes and Stiefel 1952; as refinement: Higham and Pranesh 2021, section 2] gain a factor of about δ in every pass over S,
 * which is never stored (gram/implicit.h). Collective.
 */
#ifndef WIDELIMIT_INFERENCE_REFINE_H
#define WIDELIMIT_INFERENCE_REFINE_H

#include "gram/matrix_free.h"
#include "widelimit/factor.h"

/** S with its factor. */
typedef struct wl_mixed {
  const wl_points *points; /**< borrowed */
  wl_gram_content kernel;  /**< WL_GRAM_THETA or WL_GRAM_KAPPA */
  const char *name;        /**< of S in messages */
  double shift;
  wl_engine engine; /**< of the factorization */
  wl_rounded rounded;
  wl_single factor;   /**< L in the lower triangle, which may be one behind another (wl_single_behind); borrowed */
  double contraction; /**< δ: the largest factor by which a pass changed an energy norm of an error; 0: unknown */
  double first;       /**< the largest of them in a first pass, M⁻¹ alone; 0: unknown */
  double backward;    /**< max ‖b − S x‖₂ / ‖x‖₂, x ← M⁻¹ b, of the columns refined last */
  int passes;         /**< most passes that a panel has taken */
  double residual; /**< largest ‖b − S x‖₂ / ‖b‖₂ of last X that are solved for as such; results are X + Z */
} wl_mixed;

/** When a column is done: errors that are allowed, with v = prior − bᵀ S⁻¹ b, the variance that the column is for. */
typedef struct wl_refine_goal {
  /** By global column. Below 0: no test point; X and R are wanted so well that the mean that they give at any test point,
      bᵀX + wᵀR with w its own X + Z, is wrong by 1e-12 of √(K_tt · yᵀ S⁻¹ y) or less. */
  const double *prior;
  /** Of test points X + Z itself is needed, to 4e-9 √max(v, 10⁻⁶ prior) in the energy norm, not bᵀ S⁻¹ b alone, to 2e-9 v. */
  bool vectors;
  /** S being Θ: κ_XX X is wanted, if the second pass can take it along, and Z is so small, 10⁻⁵ √v in the energy norm, that its
      square may be left out. */
  bool image;
  const wl_product *also; /**< computed in the first pass over S too; NULL: none */
} wl_refine_goal;

/** A panel of right-hand sides and what becomes of it: n × any, all of one shape; owned. */
typedef struct wl_panels {
  wl_matrix *r;     /**< B on entry, R = B − S X on return */
  wl_matrix *x, *z; /**< on return X and Z = M⁻¹ R; the solution is X + Z */
  wl_matrix *image; /**< NULL on entry; κ_XX X on return, or NULL */
} wl_panels;

/** Collective: creates those that are NULL, but no image. Errors: WL_ERROR_MEMORY, WL_ERROR_CAPACITY. */
wl_error wl_panels_create(const wl_grid *grid, int64_t rows, int64_t columns, wl_panels *panels);
void wl_panels_destroy(wl_panels *panels);

/** Systems S X = B with one S. */
typedef struct wl_refine_system {
  wl_mixed *mixed;
  const wl_refine_goal *goal;
  wl_panels *panels;
  double *quadratic; /**< gets bⱼᵀ S⁻¹ bⱼ by global column, on all ranks */
} wl_refine_system;

/**
 * Solves for one kernel or both in the same passes. Columns after the last one that is not done take no part in further
 * passes. Exactly, bᵀ S⁻¹ b = bᵀx₀ + x₀ᵀr₀ + r₀ᵀ S⁻¹ r₀, where the last term can be expanded again, by the next step's
 * z₀ᵀr₀ + z₀ᵀr₁ or, after steps of conjugate gradients, Σ αₖ rₖᵀzₖ [Strakoš and Tichý 2002]. What remains is rᵀz (1 + O(δ)): the
 * error is the cube of that of the first X, or less.
 * @param count  1, or 2 for Θ and κ of the same points
 * Errors: WL_ERROR_NUMERICAL where a goal is not reached in a bounded number of passes; WL_ERROR_MEMORY.
 */
wl_error wl_refine(const wl_refine_system *systems, int count);

/** Z ← M⁻¹ R, by way of single precision. Errors: WL_ERROR_MEMORY. */
wl_error wl_refine_precondition(const wl_mixed *mixed, const wl_matrix *r, wl_matrix *z);

#endif
