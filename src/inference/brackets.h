/**
 * @file brackets.h
 * From numbers that an approximate solution leaves to intervals that contain the exact result, rounding included. Local, pure.
 *
 * S = K + s I, P = Q + s I with Q ⪯ K + δ I. Then (1 − δ/s) P ⪯ S, and for x ≈ S⁻¹ b with r = b − S x the error
 * e = S⁻¹ b − x has
 *
 *   ‖e‖_S² = rᵀ S⁻¹ r ≤ γ / (1 − δ/s),   γ = rᵀ P⁻¹ r
 *
 * From there (derivations in doc/theory.md):
 *
 *   bᵀ S⁻¹ b = bᵀ x + xᵀ r + ‖e‖_S²
 *   bᵀ S⁻¹ y = xᵀ y + rᵀ α + eᵀ S e_y,    |eᵀ S e_y| ≤ ‖e‖_S ‖e_y‖_S,   α ≈ S⁻¹ y
 *   √V(S⁻¹ b) = √V(x) ± ‖e‖_S,   V(x) = κ_tt + xᵀ κ x − 2 xᵀ κ_Xt,   κ ⪯ S
 *
 * What is computed of r is wrong by η in an entry at most, which moves ‖e‖_S by √n η / √s.
 */
#ifndef WIDELIMIT_INFERENCE_BRACKETS_H
#define WIDELIMIT_INFERENCE_BRACKETS_H

#include <stdint.h>

/** How far computed numbers may be off. */
typedef struct wl_rounding {
  double chain; /**< a sum of n products, relative to the sum of their magnitudes */
  double entry; /**< an entry of a kernel, relative to its largest diagonal entry */
} wl_rounding;

/**
 * Of n points whose kernels have entries right to `entry` (kernel/rounding.h), kernel products in parts of `width` columns.
 * chain: BLAS adds products in registers, a few hundred at a time, and each such sum to memory once: 512 roundings within and
 * one for each part and each 64 rows.
 */
wl_rounding wl_rounding_of(int64_t n, double entry, int64_t width);

/** One kernel with its preconditioner. */
typedef struct wl_bracket_system {
  int64_t n;
  double shift;   /**< s */
  double deficit; /**< δ < s */
  double largest; /**< of the diagonal of K, test points included */
  double trace;   /**< tr Q, for the rounding of products with P */
  wl_rounding rounding;
} wl_bracket_system;

/** What is computed of one column. */
typedef struct wl_solved {
  double value;              /**< bᵀ x + xᵀ r */
  double norm1;              /**< ‖x‖₁ */
  double right, residual;    /**< the largest |b_i|, |r_i| */
  double rz, norm_r, norm_z; /**< rᵀ z, ‖r‖₂, ‖z‖₂ for z ≈ P⁻¹ r */
  double defect;             /**< ‖r − P z‖₂ */
} wl_solved;

/** Contains the exact result; `rounding` is what of high − low would be left of an exact solution. */
typedef struct wl_bracket {
  double low, high, value, rounding;
} wl_bracket;

/** What b is: y, exactly, or entries of a kernel, which are right to the rounding of those. */
typedef enum wl_right_side { WL_RIGHT_TARGETS, WL_RIGHT_KERNEL } wl_right_side;

/** η: how far an entry of the computed residual may be off. */
double wl_bracket_residual_error(const wl_bracket_system *system, const wl_solved *column, wl_right_side right);

/**
 * ‖e‖_S at most. For any z: rᵀ P⁻¹ r = rᵀ z + zᵀ (r − P z) + ‖r − P z‖²_{P⁻¹} ≤ rᵀ z + ‖z‖ ‖r − P z‖ + ‖r − P z‖² / s.
 */
double wl_bracket_energy(const wl_bracket_system *system, const wl_solved *column, wl_right_side right);

/** prior − bᵀ S⁻¹ b ≥ 0 */
wl_bracket wl_bracket_posterior(const wl_bracket_system *system, const wl_solved *column, double prior);

/**
 * V(S⁻¹ b) from V(x) as it was computed, and at most the variance of the posterior, for κ ⪯ Θ.
 * @param prior          Θ_tt
 * @param largest_kappa  of the diagonal of κ, test points included
 */
wl_bracket wl_bracket_ensemble(const wl_bracket_system *system, const wl_solved *column, double prior,
                               double variance, double largest_kappa);

/** bᵀ S⁻¹ y from xᵀ y + rᵀ α as it was computed; `norm1` = ‖α‖₁. */
wl_bracket wl_bracket_mean(const wl_bracket_system *system, const wl_solved *column, const wl_solved *target,
                           double value);

/** yᵀ S⁻¹ y */
wl_bracket wl_bracket_quadratic(const wl_bracket_system *system, const wl_solved *target);

#endif
