/**
 * @file unit_map.h
 * Layers without parameters that map n units to n units: activations, layer_norm and dropout. Points are columns. Everything is
 * Local.
 *
 * The Jacobian of each is symmetric, so that one function serves tangents and cotangents:
 *   activation   y = φ(z)                            J = diag φ'(z)
 *   layer_norm   y = z/r, r² = Σ z²/n                J = (I − y yᵀ/n)/r
 *   dropout      y = mask z, mask 0 or 1/keep        J = diag mask
 */
#ifndef WIDELIMIT_FINITE_UNIT_MAP_H
#define WIDELIMIT_FINITE_UNIT_MAP_H

#include <stdint.h>

#include "widelimit/network.h"

/** Doubles that a map keeps of `count` points: φ'; y, then 1/r of each point; or the mask. */
int64_t wl_unit_map_kept(const wl_layer *map, int64_t units, int64_t count);

/** z ← y, units × count; kept gets what the Jacobian needs, but for the mask of dropout, which must be there. */
void wl_unit_map_forward(const wl_layer *map, int64_t units, int64_t count, double *z, double *kept);

/** t ← J t, units × count, at the points of the forward pass. */
void wl_unit_map_jacobian(const wl_layer *map, int64_t units, int64_t count, const double *kept, double *t);

#endif
