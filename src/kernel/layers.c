/* What follows from a network's layers. */
#include "kernel/layers.h"

#include <string.h>

bool wl_layer_same(const wl_layer *a, const wl_layer *b) {
  if (a->kind != b->kind || a->a != b->a || a->b != b->b || a->c != b->c) return false;
  switch (a->kind) {
    case WL_LAYER_DENSE:
      return a->sigma_w == b->sigma_w && a->sigma_b == b->sigma_b;
    case WL_LAYER_ACTIVATION:
      return a->activation == b->activation && (a->activation != WL_ACTIVATION_LEAKY_RELU || a->slope == b->slope);
    case WL_LAYER_RESIDUAL:
      return a->branch == b->branch;
    case WL_LAYER_DROPOUT:
      return a->keep == b->keep;
    case WL_LAYER_POLYNOMIAL:
      return memcmp(a->hermite, b->hermite, sizeof a->hermite) == 0;
    default:
      return true;
  }
}

int wl_network_depth(const wl_network *network) {
  return network->layer_count > 0 ? network->layer_count : network->depth;
}

bool wl_network_has_lower(const wl_network *network) {
  int dense = 0;
  for (int k = 0; k < network->layer_count; k++) dense += network->layer[k].kind == WL_LAYER_DENSE;
  return (network->layer_count > 0 ? dense : network->depth) > 1;
}

/* Θ − κ = σ_w² Θ + (N − σ_w²) κ of what enters the last layer, + 1 − σ_b² where that has biases. */
bool wl_network_theta_bounds_kappa(const wl_network *network) {
  const wl_layer *last = &network->layer[network->layer_count > 0 ? network->layer_count - 1 : 0];
  const double sigma_w = network->layer_count > 0 ? last->sigma_w : network->sigma_w,
               sigma_b = network->layer_count > 0 ? last->sigma_b : network->sigma_b;
  return network->parameterization == WL_PARAMETERIZATION_NTK ||
         (network->width >= sigma_w * sigma_w && sigma_b <= 1.0);
}

bool wl_network_has_dropout(const wl_network *network) {
  bool any = false;
  for (int k = 0; k < network->layer_count; k++)
    any = any || (network->layer[k].kind == WL_LAYER_DROPOUT && network->layer[k].keep < 1.0);
  return any;
}

static bool is_zero_at_zero(const wl_layer *layer) {
  const wl_activation phi = layer->activation;
  if (layer->kind != WL_LAYER_ACTIVATION)
    return layer->kind == WL_LAYER_ABRELU || (layer->kind == WL_LAYER_SINE && layer->c == 0.0);
  return !wl_layer_has_shift(layer) && phi != WL_ACTIVATION_COS && phi != WL_ACTIVATION_SIGMOID &&
         phi != WL_ACTIVATION_SOFTPLUS;
}

bool wl_layer_has_shift(const wl_layer *layer) { return layer->kind == WL_LAYER_ACTIVATION && layer->c != 0.0; }

bool wl_layer_is_activation(const wl_layer *layer) {
  return layer->kind != WL_LAYER_DENSE && layer->kind != WL_LAYER_RESIDUAL && layer->kind != WL_LAYER_NORM &&
         layer->kind != WL_LAYER_DROPOUT;
}

/* Layers first … end − 1 of an input that is zero or not. */
static bool vanishes(const wl_network *network, int first, int end, bool zero) {
  for (int k = first; k < end; k++) {
    const wl_layer *layer = &network->layer[k];
    if (layer->kind == WL_LAYER_DENSE) zero = zero && layer->sigma_b == 0.0;
    if (wl_layer_is_activation(layer)) zero = zero && is_zero_at_zero(layer);
    if (layer->kind != WL_LAYER_RESIDUAL) continue;
    zero = vanishes(network, k + 1, k + 1 + layer->branch, zero) && zero;
    k += layer->branch;
  }
  return zero;
}

bool wl_network_vanishes_at_zero(const wl_network *network) {
  if (network->layer_count > 0) return vanishes(network, 0, network->layer_count, true);
  const wl_layer hidden = {.kind = WL_LAYER_ACTIVATION, .activation = network->activation};
  return network->sigma_b == 0.0 && (network->depth == 1 || is_zero_at_zero(&hidden));
}

static bool is_homogeneous(const wl_layer *layer) {
  const wl_activation phi = layer->activation;
  if (layer->kind != WL_LAYER_ACTIVATION) return layer->kind == WL_LAYER_ABRELU;
  return !wl_layer_has_shift(layer) &&
         (phi == WL_ACTIVATION_RELU || phi == WL_ACTIVATION_LEAKY_RELU || phi == WL_ACTIVATION_IDENTITY);
}

/* The k with f(cx) = c^k f(x) behind layers first … end − 1 where there is one before them; else INHOMOGENEOUS. */
enum { INHOMOGENEOUS = -1 };
static int degree(const wl_network *network, int first, int end, int before) {
  for (int k = first; k < end && before != INHOMOGENEOUS; k++) {
    const wl_layer *layer = &network->layer[k];
    if (layer->kind == WL_LAYER_NORM) before = 0;
    const bool bends = (layer->kind == WL_LAYER_DENSE && layer->sigma_b > 0.0) ||
                       (wl_layer_is_activation(layer) && !is_homogeneous(layer));
    if (bends && before > 0) before = INHOMOGENEOUS;
    if (layer->kind != WL_LAYER_RESIDUAL) continue;
    if (degree(network, k + 1, k + 1 + layer->branch, before) != before) before = INHOMOGENEOUS;
    k += layer->branch;
  }
  return before;
}

bool wl_network_is_homogeneous(const wl_network *network) {
  if (network->layer_count > 0) return degree(network, 0, network->layer_count, 1) != INHOMOGENEOUS;
  const wl_layer hidden = {.kind = WL_LAYER_ACTIVATION, .activation = network->activation};
  return network->sigma_b == 0.0 && (network->depth == 1 || is_homogeneous(&hidden));
}
