#include "kernel/layers.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "kernel/network.h"
#include "kernel/shifted_erf.h"

/* ---- rules ------------------------------------------------------------------------------------------------------- */

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

const char *wl_layer_name(const wl_layer *layer) {
  switch (layer->kind) {
    case WL_LAYER_ABRELU:
      return "abrelu";
    case WL_LAYER_GAUSSIAN:
      return "gaussian";
    case WL_LAYER_EXP:
      return "exp";
    case WL_LAYER_SINE:
      return "sin";
    case WL_LAYER_POLYNOMIAL:
      return "polynomial";
    default:
      return wl_activation_name(layer->activation);
  }
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

static bool has_shift(const wl_layer *layer) { return layer->kind == WL_LAYER_ACTIVATION && layer->c != 0.0; }

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
  if (has_shift(layer) && (layer->activation != WL_ACTIVATION_ERF || fabs(layer->c) > WL_SHIFT_LIMIT))
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

/* ---- what follows ------------------------------------------------------------------------------------------------ */

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
  return !has_shift(layer) && phi != WL_ACTIVATION_COS && phi != WL_ACTIVATION_SIGMOID &&
         phi != WL_ACTIVATION_SOFTPLUS;
}

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
  return !has_shift(layer) &&
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

/* ---- in words ---------------------------------------------------------------------------------------------------- */

/* A text that grows until there is no more room. */
typedef struct growing {
  char *text;
  size_t size, used;
} growing;

static void add(growing *g, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(growing *g, const char *format, ...) {
  if (g->used >= g->size) return;
  va_list arguments;
  va_start(arguments, format);
  g->used += (size_t)vsnprintf(g->text + g->used, g->size - g->used, format, arguments);
  va_end(arguments);
}

static void add_activation(growing *g, wl_activation activation, double slope) {
  add(g, "%s", wl_activation_name(activation));
  if (activation == WL_ACTIVATION_LEAKY_RELU) add(g, " (slope %.5g)", slope);
}

static void add_layers(growing *g, const wl_network *network, int first, int end) {
  for (int k = first; k < end; k++) {
    const wl_layer *layer = &network->layer[k];
    if (k > first) add(g, ", ");
    switch (layer->kind) {
      case WL_LAYER_DENSE:
        add(g, "dense (%.5g, %.5g)", layer->sigma_w, layer->sigma_b);
        break;
      case WL_LAYER_ACTIVATION:
        add_activation(g, layer->activation, layer->slope);
        if (has_shift(layer))
          add(g, " (a %.5g, b %.5g, c %.5g)", layer->a, layer->b, layer->c);
        else if (layer->a != 0.0 || layer->b != 0.0)
          add(g, " (a %.5g, b %.5g)", layer->a, layer->b);
        break;
      case WL_LAYER_NORM:
        add(g, "layer_norm");
        break;
      case WL_LAYER_DROPOUT:
        add(g, "dropout (keep %.5g)", layer->keep);
        break;
      case WL_LAYER_RESIDUAL:
        add(g, "residual [");
        add_layers(g, network, k + 1, k + 1 + layer->branch);
        add(g, "]");
        k += layer->branch;
        break;
      case WL_LAYER_POLYNOMIAL:
        add(g, "polynomial [%.5g", layer->hermite[0]);
        for (int n = 1; n < WL_LAYER_HERMITE; n++) add(g, ", %.5g", layer->hermite[n]);
        add(g, "]");
        break;
      default:
        add(g, "%s (a %.5g, b %.5g, c %.5g)", wl_layer_name(layer), layer->a, layer->b, layer->c);
    }
  }
}

const char *wl_network_text(const wl_network *network, char *text, size_t size) {
  growing g = {text, size, 0};
  if (network->layer_count > 0) {
    add_layers(&g, network, 0, network->layer_count);
  } else {
    add(&g, "depth %d, ", network->depth);
    add_activation(&g, network->activation, network->slope);
    add(&g, ", sigma_w %.5g, sigma_b %.5g", network->sigma_w, network->sigma_b);
  }
  if (network->parameterization == WL_PARAMETERIZATION_STANDARD)
    add(&g, ", standard parametrization of width %d", network->width);
  if (g.used >= size && size > 3) memcpy(text + size - 4, "...", 4);
  return text;
}
