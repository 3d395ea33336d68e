/**
 * @file layers.h
 * Networks as lists of layers: what may stand where, and what follows from it. Everything is Local. For a network in short the
 * functions answer of that.
 */
#ifndef WIDELIMIT_KERNEL_LAYERS_H
#define WIDELIMIT_KERNEL_LAYERS_H

#include <stdbool.h>
#include <stddef.h>

#include "widelimit/network.h"

/**
 * The rules of a list of at least one layer. Errors: WL_ERROR_CONFIG; *at is the layer's place in the array, which the message
 * does not name.
 */
wl_error wl_layers_check(const wl_network *network, int *at);

/** Whether two layers are alike: all members that say anything. */
bool wl_layer_same(const wl_layer *a, const wl_layer *b);

/** Layers over which rounding errors of an entry add up. */
int wl_network_depth(const wl_network *network);

/** Whether any weights stand before the last layer: else Θ⁻ = Θ − κ is zero. */
bool wl_network_has_lower(const wl_network *network);

/**
 * Whether κ ⪯ Θ follows from the numbers of the last layer: always in NTK parametrization, in the standard one where
 * width ≥ σ_w² and σ_b ≤ 1.
 */
bool wl_network_theta_bounds_kappa(const wl_network *network);

/** Whether the network is zero at x = 0 whatever its weights: no biases, and activations with φ(0) = 0. */
bool wl_network_vanishes_at_zero(const wl_network *network);

/**
 * Whether f(cx) is c f(x), or f(x), for every c > 0 whatever the weights: then Θ and κ are singular where a row is a positive
 * multiple of another. No biases but behind a normalization, and relu and its kin as activations.
 */
bool wl_network_is_homogeneous(const wl_network *network);

/** Whether any units are dropped: then equal rows of the data are not one point, and a row meets itself on the diagonal alone. */
bool wl_network_has_dropout(const wl_network *network);

bool wl_layer_is_activation(const wl_layer *layer);

/** Whether it is an activation φ(b z + c) with c other than 0 that a name alone stands for: erf. */
bool wl_layer_has_shift(const wl_layer *layer);

/** The activation as the configuration names it: abrelu, gaussian, exp, sin, polynomial, or of wl_activation_name. */
const char *wl_layer_name(const wl_layer *layer);

/** In words, such as "depth 3, relu, sigma_w 1.5, sigma_b 0"; ends in "..." where it is too long. Returns text. */
const char *wl_network_text(const wl_network *network, char *text, size_t size);

#endif
