/**
 * @file network_layers.h
 * network.layers: a list whose items are names, or mappings of one name to what the layer has:
 *
 *   - dense: {sigma_w: 1.5, sigma_b: 0.1}     left out: sqrt(2) and 0.1, as of the network in short
 *   - relu                                    any activation; leaky_relu: {slope: 0.2}, left out: 0.01
 *   - erf: {a: 2, b: 0.5, c: 0}               a erf(b z + c), left out: 1, 1 and 0; sin and cos likewise
 *   - abs, abrelu: {a, b}                     a min(z, 0) + b max(z, 0), both given
 *   - gaussian: {a, b}, exp: {a, b}           a exp(b z²), left out: 1 and -1; a exp(b z), left out: 1
 *   - rbf: {gamma: 1}                         sqrt(2) sin(sqrt(2 gamma) z + pi/4), whose kernel is exp(-gamma |z - z'|²)
 *   - polynomial: {hermite: [0, 1, 0.5]}      coefficients of the normalized Hermite polynomials, at most 9
 *   - residual: [dense, erf, dense]           the branch, itself such a list
 *   - layer_norm
 *   - dropout: {keep: 0.9}                  probability that a unit stays, given
 */
#ifndef WIDELIMIT_CONFIG_NETWORK_LAYERS_H
#define WIDELIMIT_CONFIG_NETWORK_LAYERS_H

#include "config/tree.h"
#include "widelimit/network.h"

/** Local. Fills layer and layer_count of the network. Errors: WL_ERROR_CONFIG with the place in the list. */
wl_error wl_network_layers_read(const wl_tree *tree, wl_network *network);

#endif
