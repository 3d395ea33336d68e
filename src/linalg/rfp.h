/**
 * @file rfp.h
 * A symmetric matrix K of order N, and then its Cholesky factor L, in half the room of a wl_matrix:
 *
 *   K = [K₁₁ V; Vᵀ K₂₂],  K₁₁ of order N₁ = ⌈N/2⌉, K₂₂ of order N₂ = N − N₁
 *
 *   L = [L₁₁ 0; Vᵀ L₂₂],  L₁₁ L₁₁ᵀ = K₁₁,  V ← L₁₁⁻¹ V,  L₂₂ L₂₂ᵀ = K₂₂ − Vᵀ V
 *
 * One array, N₁ × N₁, holds two triangles, and another one V: N₁ N numbers in all.
 */
#ifndef WIDELIMIT_LINALG_RFP_H
#define WIDELIMIT_LINALG_RFP_H

#include "linalg/cholesky.h"

/** Members are for filling with K. */
typedef struct wl_rfp {
  wl_matrix *ends;     /**< K₁₁, then L₁₁, strictly below the diagonal; owned */
  wl_matrix last;      /**< its leading N₂ × N₂: K₂₂, then L₂₂ᵀ, strictly above the diagonal */
  wl_matrix *cross;    /**< V, N₁ × N₂; owned */
  double *diagonal[2]; /**< of K₁₁ and of K₂₂, then of L₁₁ and L₂₂, by local row of `ends`; owned */
} wl_rfp;

/** N₁ */
static inline int64_t wl_rfp_first(int64_t order) { return (order + 1) / 2; }

/** Collective. Uninitialized. Errors: WL_ERROR_MEMORY, WL_ERROR_CAPACITY. */
wl_error wl_rfp_create(const wl_grid *grid, int64_t order, wl_rfp **rfp);

/** Local. Frees and sets to NULL; NULL is fine. */
void wl_rfp_destroy(wl_rfp **rfp);

/** Collective. K becomes L; engine, name and pivot as in wl_factorize_with. Errors: WL_ERROR_MEMORY. */
wl_error wl_rfp_factorize(wl_rfp *rfp, wl_engine engine, const char *name, int64_t *pivot);

/** Collective. B ← L B, N × any. Errors: WL_ERROR_MEMORY. */
wl_error wl_rfp_multiply(wl_rfp *rfp, wl_matrix *b);

#endif
