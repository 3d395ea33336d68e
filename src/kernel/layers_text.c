/* A network in words. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "kernel/layers.h"

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
        if (wl_layer_has_shift(layer))
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
