/**
 * @file border.h
 * The rows of a symmetric matrix behind those whose factor is known.
 */
#ifndef WIDELIMIT_LINALG_BORDER_H
#define WIDELIMIT_LINALG_BORDER_H

#include "dist/matrix.h"

/**
 * Collective. With L₁₁ of order n in its place in the triangle, S₂₁ and S₂₂ in theirs:
 *
 *   L₂₁ = S₂₁ L₁₁⁻ᵀ          S₂₂ ← S₂₂ − L₂₁ L₂₁ᵀ
 *
 * Errors: WL_ERROR_MEMORY.
 */
wl_error wl_eliminate_border(wl_matrix *matrix, wl_triangle triangle, int64_t n);

#endif
