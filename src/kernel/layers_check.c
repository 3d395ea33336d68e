/* What may stand where in a list of layers. */
#include <math.h>

#include "kernel/layers.h"
#include "kernel/network.h"
#include "kernel/shifted_erf.h"

static wl_error check_dense(const wl_layer *layer) {
  if (!(layer->sigma_w > 0.0) || !isfinite(layer->sigma_w))
    WL_FAIL(WL_ERROR_CONFIG, "sigma_w is %g; it must be above 0 and finite", layer->sigma_w);
  if (!(layer->sigma_b >= 0.0) || !isfinite(layer->sigma_b))
    WL_FAIL(WL_ERROR_CONFIG, "sigma_b is %g; it must be at least 0 and finite", layer->sigma_b);
  return WL_OK;
}

static wl_error check_dropout(const wl_layer *layer) {
  if (!(layer->keep > 0.0 && layer->keep <= 1.0))
    WL_FAIL(WL_ERROR_CONFIG, "keep is %g; it must be above 0 and at most 1", layer->keep);
  return WL_OK;
}

static bool are_finite(const wl_layer *layer) {
  bool finite = isfinite(layer->a) && isfinite(layer->b) && isfinite(layer->c);
  for (int n = 0; n < WL_LAYER_HERMITE; n++) finite = finite && isfinite(layer->hermite[n]);
  return finite;
}

/* Whether φ is a function of the kind, and not zero. */
static bool is_function(const wl_layer *layer) {
  bool any = false;
  for (int n = 0; n < WL_LAYER_HERMITE; n++) any = any || layer->hermite[n] != 0.0;
  switch (layer->kind) {
    case WL_LAYER_POLYNOMIAL:
      return any;
    case WL_LAYER_ABRELU:
      return layer->a != 0.0 || layer->b != 0.0;
    case WL_LAYER_GAUSSIAN:
      return layer->a != 0.0 && layer->b < 0.0;
    case WL_LAYER_ACTIVATION:
      return true;
    default:
      return layer->a != 0.0 && layer->b != 0.0;
  }
}

static wl_error check_activation(const wl_layer *layer, bool gaussian) {
  static const char *const needs =
      "a polynomial's coefficients not all zero, a and b not zero, of abrelu not both, "
      "and b of gaussian below 0";
  if (layer->kind == WL_LAYER_ACTIVATION && (unsigned)layer->activation >= WL_ACTIVATION_COUNT)
    WL_FAIL(WL_ERROR_CONFIG, "is an unknown activation (%d)", (int)layer->activation);
  if (!gaussian)
    WL_FAIL(WL_ERROR_CONFIG,
            "is %s, an activation of units that are not Gaussian, which only a dense layer makes them: put one "
            "before it",
            wl_layer_name(layer));
  if (!are_finite(layer) || !is_function(layer))
    WL_FAIL(WL_ERROR_CONFIG, "%s has numbers that it cannot have; they must be finite, %s", wl_layer_name(layer),
            needs);
  if (wl_layer_has_shift(layer) && (layer->activation != WL_ACTIVATION_ERF || fabs(layer->c) > WL_SHIFT_LIMIT))
    WL_FAIL(WL_ERROR_CONFIG, "%s has a c of %g; of these erf alone has one, from -%d to %d", wl_layer_name(layer),
            layer->c, WL_SHIFT_LIMIT, WL_SHIFT_LIMIT);
  if (layer->kind == WL_LAYER_ACTIVATION && layer->activation == WL_ACTIVATION_LEAKY_RELU &&
      !(layer->slope >= 0.0 && layer->slope < 1.0))
    WL_FAIL(WL_ERROR_CONFIG, "slope is %g; it must be at least 0 and below 1", layer->slope);
  return WL_OK;
}

static wl_error check_range(const wl_network *network, int first, int end, int nesting, bool gaussian, int *at);

static wl_error check_residual(const wl_network *network, int k, int end, int nesting, bool gaussian, int *at) {
  const wl_layer *layer = &network->layer[k];
  const int branch = layer->branch;
  *at = k;
  if (branch < 1 || branch > end - k - 1)
    WL_FAIL(WL_ERROR_CONFIG,
            "is a residual whose branch has %d layers; it must have at least one, of those after it", branch);
  if (nesting == WL_LAYER_NESTING)
    WL_FAIL(WL_ERROR_CONFIG, "is a residual within %d others, it can be in at most %d", nesting,
            WL_LAYER_NESTING - 1);
  return check_range(network, k + 1, k + 1 + branch, nesting + 1, gaussian, at);
}

/* Layers first … end − 1, a branch or the whole, which must end in a dense layer. */
static wl_error check_range(const wl_network *network, int first, int end, int nesting, bool gaussian, int *at) {
  int last = first;
  for (int k = first; k < end; k++) {
    const wl_layer *layer = &network->layer[k];
    *at = last = k;
    switch (layer->kind) {
      case WL_LAYER_DENSE:
        WL_TRY(check_dense(layer));
        gaussian = true;
        break;
      case WL_LAYER_ACTIVATION:
      case WL_LAYER_ABRELU:
      case WL_LAYER_GAUSSIAN:
      case WL_LAYER_EXP:
      case WL_LAYER_SINE:
      case WL_LAYER_POLYNOMIAL:
        WL_TRY(check_activation(layer, gaussian));
        gaussian = false;
        break;
      case WL_LAYER_NORM:
        break;
      case WL_LAYER_DROPOUT:
        WL_TRY(check_dropout(layer));
        gaussian = gaussian && layer->keep == 1.0;
        break;
      case WL_LAYER_RESIDUAL:
        WL_TRY(check_residual(network, k, end, nesting, gaussian, at));
        k += layer->branch;
        break;
      default:
        WL_FAIL(WL_ERROR_CONFIG, "is of an unknown kind (%d)", (int)layer->kind);
    }
  }
  *at = last;
  if (network->layer[last].kind != WL_LAYER_DENSE)
    WL_FAIL(WL_ERROR_CONFIG, "is the last layer of %s, which must be dense",
            nesting > 0 ? "a branch" : "the network");
  return WL_OK;
}

wl_error wl_layers_check(const wl_network *network, int *at) {
  *at = 0;
  if (network->layer_count < 1 || network->layer_count > WL_LAYERS)
    WL_FAIL(WL_ERROR_CONFIG, "is the first of %d layers; at most %d are possible", network->layer_count,
            WL_LAYERS);
  if (network->layer[0].kind != WL_LAYER_DENSE)
    WL_FAIL(WL_ERROR_CONFIG, "is the first layer of the network, which must be dense");
  return check_range(network, 0, network->layer_count, 0, false, at);
}
