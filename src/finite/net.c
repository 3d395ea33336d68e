/*
 * From the network's description to layers in a row.
 */
#include "finite/net.h"

#include <math.h>
#include <stdlib.h>

#include "finite/net_private.h"
#include "finite/unit_map.h"

/* A network while it is made. */
typedef struct builder {
  wl_net *net;
  const wl_network *network;
  int frame; /* residuals around */
} builder;

static wl_net_layer *append(builder *b, wl_net_kind kind) {
  wl_net_layer *y = &b->net->layer[b->net->count++];
  *y = (wl_net_layer){.kind = kind, .below = -1, .frame = b->frame};
  return y;
}

/* Weights of the whole width for now: which layer is the last shows in the end. */
static void append_weights(builder *b, double sigma_w, double sigma_b) {
  wl_net *net = b->net;
  int below = net->count - 1;
  while (below >= 0 && net->layer[below].kind != WL_NET_WEIGHTS) below--;
  const int64_t cols = below < 0 ? net->dimension : net->width;
  wl_weights w = {net->width, cols, sigma_w / sqrt((double)cols), sigma_b, 1.0, 1.0};
  if (b->network->parameterization == WL_PARAMETERIZATION_STANDARD) {
    const double units = below < 0 ? (double)cols : b->network->width;
    w.scale = sqrt(units / (double)cols);
    w.bias_scale = sigma_b > 0.0 ? 1.0 : 0.0;
    w.deviation = sigma_w / sqrt(units);
    w.bias_deviation = sigma_b;
  }
  wl_net_layer *y = append(b, WL_NET_WEIGHTS);
  y->weights = w;
  y->below = below;
  net->weights++;
}

/* Layers first … end − 1 of a list. */
static void append_list(builder *b, int first, int end) {
  for (int k = first; k < end; k++) {
    const wl_layer *layer = &b->network->layer[k];
    if (layer->kind == WL_LAYER_DENSE) {
      append_weights(b, layer->sigma_w, layer->sigma_b);
    } else if (layer->kind == WL_LAYER_RESIDUAL) {
      const int open = b->net->count;
      append(b, WL_NET_OPEN);
      if (++b->frame > b->net->frames) b->net->frames = b->frame;
      append_list(b, k + 1, k + 1 + layer->branch);
      b->frame--;
      append(b, WL_NET_CLOSE)->open = open;
      k += layer->branch;
    } else if (layer->kind != WL_LAYER_DROPOUT || layer->keep < 1.0) {
      append(b, WL_NET_MAP)->map = *layer;
    }
  }
}

static void append_short(builder *b) {
  const wl_network *n = b->network;
  for (int l = 0; l < n->depth; l++) {
    append_weights(b, n->sigma_w, n->sigma_b);
    if (l < n->depth - 1)
      append(b, WL_NET_MAP)->map =
          (wl_layer){.kind = WL_LAYER_ACTIVATION, .activation = n->activation, .slope = n->slope};
  }
}

/* The last layer has the heads; each layer's parameters follow those before. */
static void place_parameters(wl_net *net) {
  net->layer[net->count - 1].weights.rows = net->heads;
  for (int l = 0; l < net->count; l++) {
    wl_net_layer *y = &net->layer[l];
    if (y->kind != WL_NET_WEIGHTS) continue;
    y->offset = net->parameters;
    net->parameters += wl_weights_count(&y->weights);
  }
}

wl_error wl_net_create(const wl_network *network, int64_t dimension, int64_t width, int64_t heads,
                       wl_net **result) {
  *result = NULL;
  const int most = 2 * (network->layer_count > 0 ? network->layer_count : network->depth);
  wl_net *net = calloc(1, sizeof *net);
  if (net) net->layer = calloc((size_t)most, sizeof *net->layer);
  if (!net || !net->layer) {
    free(net);
    WL_FAIL(WL_ERROR_MEMORY, "finite networks: out of memory");
  }
  net->dimension = dimension;
  net->width = width;
  net->heads = heads;
  builder b = {.net = net, .network = network};
  if (network->layer_count > 0)
    append_list(&b, 0, network->layer_count);
  else
    append_short(&b);
  place_parameters(net);
  *result = net;
  return WL_OK;
}

void wl_net_destroy(wl_net **net) {
  if (*net) free((*net)->layer);
  free(*net);
  *net = NULL;
}

int64_t wl_net_heads(const wl_net *net) { return net->heads; }

int wl_net_weight_layers(const wl_net *net) { return net->weights; }

int64_t wl_net_parameters(const wl_net *net) { return net->parameters; }

int64_t wl_net_last_layer(const wl_net *net) { return net->layer[net->count - 1].offset; }

double wl_net_flops(const wl_net *net, int64_t count) {
  double products = 0.0; /* forward, gradient, and backward but for the first layer */
  for (int l = 0; l < net->count; l++) {
    const wl_weights *w = &net->layer[l].weights;
    products += (double)(w->rows * w->cols) * (l > 0 ? 3.0 : 2.0); /* zero of a layer without */
  }
  return 2.0 * products * (double)count;
}

/* ---- the tape --------------------------------------------------------------------------------------------------- */

/* Doubles that layer l leaves for `count` points. */
static int64_t kept_of(const wl_net *net, int l, int64_t count) {
  const wl_net_layer *y = &net->layer[l];
  if (y->kind == WL_NET_MAP) return wl_unit_map_kept(&y->map, net->width, count);
  return y->kind == WL_NET_CLOSE || l == net->count - 1 ? 0 : net->width * count;
}

static int64_t tape_size(const wl_net *net, int64_t count) {
  int64_t size = (2 + net->frames) * net->width * count;
  for (int l = 0; l < net->count; l++) size += kept_of(net, l, count);
  return size;
}

double wl_tape_bytes(const wl_net *net, int64_t count) {
  return (double)sizeof(double) * (double)tape_size(net, count);
}

wl_error wl_tape_create(const wl_net *net, int64_t count, wl_tape **result) {
  *result = NULL;
  wl_tape *tape = calloc(1, sizeof *tape);
  if (!tape) WL_FAIL(WL_ERROR_MEMORY, "finite networks: out of memory");
  tape->capacity = count;
  tape->room = malloc(sizeof(double) * (size_t)tape_size(net, count));
  tape->kept = calloc((size_t)net->count, sizeof *tape->kept);
  if (!tape->room || !tape->kept) {
    wl_tape_destroy(&tape);
    WL_FAIL(WL_ERROR_MEMORY, "finite networks: no memory for width %lld", (long long)net->width);
  }
  tape->delta = tape->room;
  tape->second = tape->delta + net->width * count;
  tape->frame = tape->second + net->width * count;
  double *next = tape->frame + net->frames * net->width * count;
  for (int l = 0; l < net->count; l++) {
    tape->kept[l] = next;
    next += kept_of(net, l, count);
  }
  *result = tape;
  return WL_OK;
}

void wl_tape_destroy(wl_tape **pointer) {
  wl_tape *tape = *pointer;
  if (!tape) return;
  free(tape->room);
  free(tape->kept);
  free(tape);
  *pointer = NULL;
}
