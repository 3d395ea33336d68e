/**
 * @file network_layers.h
 * network.layers: a list whose items are names, or mappings of one name to what the layer has:
 *
 *   - dense: {sigma_w: 1.5, sigma_b: 0.1}     left out: sqrt(2) and 0.1, as of the network in short
 *   - relu                                    any activation; leaky_relu: {slope: 0.2}, left out: 0.01
 *   - residual: [dense, erf, dense]           the branch, itself such a list
 *   - layer_norm
 */
#ifndef WIDELIMIT_CONFIG_NETWORK_LAYERS_H
#define WIDELIMIT_CONFIG_NETWORK_LAYERS_H

#include "config/tree.h"
#include "widelimit/network.h"

/** Local. Fills layer and layer_count of the network. Errors: WL_ERROR_CONFIG with the place in the list. */
wl_error wl_network_layers_read(const wl_tree *tree, wl_network *network);

#endif
