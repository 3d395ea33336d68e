/**
 * @file rounding.h
 * How far an entry of a tile may be off, from first-order analysis along the layers of its points. Everything is Local.
 *
 * An entry of κ is right to α ε √(q q'), one of Θ to β ε √(Θ_ii Θ_jj), a point's own q to γ ε q, with q and Θ_ii of either point after a
 * layer. Inner products of d terms leave α = β = 16 γ = d + 64. Dense layers keep relative errors and add 64 (and 4), sums of
 * residuals the larger ones (Cauchy-Schwarz), layer normalization adds γ to α and β; an activation makes of them, with
 * G = q E[φ'²]/E[φ²] and H = q E[φ''²]/E[φ'²],
 *
 *   α ← G α + √(G H) γ + c                   ∂E[φφ]/∂κ = E[φ'φ'], and the points' own q
 *   β ← max(β + H (α + 2 γ) + c, α)          ∂E[φ'φ']/∂κ = E[φ''φ''], likewise
 *   γ ← (G + √(G H)/16) γ + c/16
 *
 * and of γ for exp and polynomials, whose q grows faster, (G + √(G H)) γ + c. There c = 64 + t, t ε = WL_SERIES_TOLERANCE where there
 * is a series (logistic.h), else 0; of polynomials 64 times what their sums of Hermite coefficients lose by cancellation.
 *
 * For relu G = 1, and H = 0 as its angles are right themselves: α = β = d + 64 L. Of nearly parallel points that are just not near
 * enough for that (block.h: WL_NEAR), the angle is up to 1/(π √(2 WL_NEAR)) = 29 times as wrong as its cosine, which is not in β: there only
 * what brackets keep for sums (inference/brackets.h), 512 ε and more, can make up for it.
 *
 * The step `standard` (program.h) makes Θ = σ_w² Θ_in + κ − (σ_w² − N) κ_in, a difference where N < σ_w² units enter, of which
 * N κ_in at least is left: β ← (1 + 2 σ_w²/N) β.
 */
#ifndef WIDELIMIT_KERNEL_ROUNDING_H
#define WIDELIMIT_KERNEL_ROUNDING_H

#include "kernel/network.h"
#include "kernel/program.h"

/** α, β and γ. */
typedef struct wl_relative_error {
  double kappa, theta, own;
} wl_relative_error;

typedef struct wl_entry_error {
  wl_relative_error now, frame[WL_LAYER_NESTING]; /**< and of what entered the residuals around */
} wl_entry_error;

/** Of the first layer. */
wl_entry_error wl_entry_error_start(int64_t dimension);

/** One step of a point, whose variance was q and is `next`; slope is what wl_step_apply returned. */
void wl_entry_error_pass(const wl_step *step, double q, double slope, double next, wl_entry_error *error);

/** The largest α ε and β ε of these points: how far their entries may be off, over the largest diagonal entry of κ or Θ. */
double wl_kernel_points_rounding(const wl_kernel_points *points);

/**
 * The place in the array of the first layer of a list to which this does not apply: relu, leaky_relu or abrelu behind another
 * activation, whose rounding is in their angle (widelimit/network.h), to √ε where points are nearly equal. −1: there is none.
 */
int wl_network_unbounded(const wl_network *network);

#endif
