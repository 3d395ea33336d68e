#include "kernel/function.h"

#include <math.h>
#include <string.h>

wl_function wl_function_plain(wl_activation activation, double slope) {
  return (wl_function){.entry = wl_activation_get(activation),
                       .activation = activation,
                       .slope = slope,
                       .shape.keep = 1.0,
                       .inner = 1.0,
                       .outer = 1.0};
}

/* The identity has no slope, and none of the activations of lists has a table of its own. */
static wl_function list_function(wl_kernel kernel, double inner, double outer) {
  return (wl_function){.entry = wl_activation_of_lists(kernel),
                       .activation = WL_ACTIVATION_IDENTITY,
                       .shape.keep = 1.0,
                       .inner = fabs(inner),
                       .outer = fabs(outer)};
}

/* φ(−z) has the kernel of φ(z): the larger of the two slopes may stand for z > 0, and is then divided out. */
static wl_function abrelu(double a, double b) {
  const double large = fabs(a) > fabs(b) ? a : b, small = fabs(a) > fabs(b) ? b : a;
  wl_function f = wl_function_plain(WL_ACTIVATION_LEAKY_RELU, small / large);
  f.outer = fabs(large);
  return f;
}

/* Of a shift below this the square is nothing beside 1, and soon no number. */
static const double least_shift = 0x1p-200;

wl_function wl_function_of(const wl_layer *layer) {
  wl_function f;
  switch (layer->kind) {
    case WL_LAYER_ABRELU:
      return abrelu(layer->a, layer->b);
    case WL_LAYER_GAUSSIAN:
      return list_function(WL_KERNEL_gaussian, sqrt(-layer->b), layer->a);
    case WL_LAYER_EXP:
      return list_function(WL_KERNEL_exponential, layer->b, layer->a);
    case WL_LAYER_SINE:
      f = list_function(WL_KERNEL_wave, layer->b, layer->a);
      f.shape.odd = cos(layer->c) * cos(layer->c);
      f.shape.even = sin(layer->c) * sin(layer->c);
      return f;
    case WL_LAYER_POLYNOMIAL:
      f = list_function(WL_KERNEL_polynomial, 1.0, 1.0);
      memcpy(f.shape.hermite, layer->hermite, sizeof f.shape.hermite);
      return f;
    default:
      f = wl_function_plain(layer->activation, layer->slope);
      if (fabs(layer->c) > least_shift) f = list_function(WL_KERNEL_erf_shifted, 1.0, 1.0);
      f.shape.shift = f.entry->kernel == WL_KERNEL_erf_shifted ? fabs(layer->c) : 0.0;
      f.inner = layer->b == 0.0 ? 1.0 : fabs(layer->b);
      f.outer = layer->a == 0.0 ? 1.0 : fabs(layer->a);
      return f;
  }
}

wl_function wl_function_with_kappa(const wl_function *f, double sigma_b) {
  wl_function g = *f;
  g.shape.gain = 1.0;
  g.shape.constant = sigma_b * sigma_b;
  return g;
}

wl_function wl_function_with_units(const wl_function *f, double units, double sigma_w, double sigma_b) {
  wl_function g = *f;
  g.shape.gain = units / (sigma_w * sigma_w);
  g.shape.constant = sigma_b > 0.0 ? 1.0 : 0.0;
  return g;
}
