/**
 * @file phi.h
 * The activations themselves and their derivatives; their duals are in src/kernel/activation.c.
 */
#ifndef WIDELIMIT_FINITE_PHI_H
#define WIDELIMIT_FINITE_PHI_H

#include "widelimit/network.h"

/**
 * Local. z ← φ(z) and derivative ← φ'(z), `count` each, of a layer that is an activation, with its a, b and c. At the kink of a
 * rectifier φ'(0) is the slope of the left.
 */
void wl_phi_apply(const wl_layer *phi, int64_t count, double *z, double *derivative);

#endif
