/*
 * Empirical kernels: of each layer with weights the Gram matrix of what enters, times that of the cotangents of all heads.
 */
#include <cblas.h>
#include <stdlib.h>
#include <string.h>

#include "finite/net_private.h"

/* Work of the sum over layers; columns of a cotangent are k·N + j. */
typedef struct work {
  double *delta, *next; /* width × KN */
  double *frames;       /* the same a frame */
  double *deltas;       /* KN × KN */
  double *gram;         /* N × N */
} work;

static int64_t work_size(const wl_net *net, int64_t count) {
  const int64_t size = net->heads * count;
  return (2 + net->frames) * net->width * size + size * size + count * count;
}

/* Cotangent of the values that enter the last layer, of every head and point: s W[k, :] */
static void start_heads(const wl_net *net, const double *parameters, int64_t count, double *delta) {
  const wl_net_layer *y = &net->layer[net->count - 1];
  const double *w = parameters + y->offset;
  for (int64_t k = 0; k < net->heads; k++)
    for (int64_t j = 0; j < count; j++)
      for (int64_t i = 0; i < net->width; i++)
        delta[(k * count + j) * net->width + i] = y->weights.scale * w[i * net->heads + k];
}

/* lower ← lower + (δᵀδ) ∘ (gram for every pair of heads) */
static void add_products(int64_t heads, int64_t count, const double *deltas, const double *gram, double *lower) {
  const int64_t size = heads * count;
  for (int64_t c = 0; c < size; c++)
    for (int64_t k = 0; k < heads; k++)
      for (int64_t j = 0; j < count; j++) {
        const int64_t at = c * size + k * count + j;
        lower[at] += deltas[at] * gram[c % count * count + j];
      }
}

static void add_layer(const wl_net *net, const wl_net_layer *y, const double *x, const wl_tape *tape, work *w,
                      double *lower) {
  const blasint size = (blasint)(net->heads * tape->count), n = (blasint)net->width;
  wl_weights_gram(&y->weights, tape->count, wl_net_input(y, tape, x), y->weights.scale, y->weights.bias_scale,
                  w->gram);
  cblas_dgemm(CblasColMajor, CblasTrans, CblasNoTrans, size, size, n, 1.0, w->delta, n, w->delta, n, 0.0,
              w->deltas, size);
  add_products(net->heads, tape->count, w->deltas, w->gram, lower);
}

/* From the last layer to the first. */
static void sum_layers(const wl_net *net, const double *parameters, const double *x, const wl_tape *tape, work *w,
                       double *lower) {
  const int64_t size = net->heads * tape->count, block = net->width * tape->count;
  memset(lower, 0, sizeof(double) * (size_t)(size * size));
  start_heads(net, parameters, tape->count, w->delta);
  for (int l = net->count - 2; l >= 0; l--) {
    const wl_net_layer *y = &net->layer[l];
    if (y->kind != WL_NET_WEIGHTS) {
      for (int64_t k = 0; k < net->heads; k++)
        wl_net_pass(net, tape, l, WL_NET_CLOSE, w->delta + k * block, w->frames + k * net->frames * block);
      continue;
    }
    add_layer(net, y, x, tape, w, lower);
    if (l == 0) break;
    wl_weights_pull(&y->weights, parameters + y->offset, size, w->delta, w->next);
    double *swap = w->delta;
    w->delta = w->next;
    w->next = swap;
  }
}

double wl_net_kernels_bytes(const wl_net *net, int64_t count) {
  return (double)sizeof(double) * (double)work_size(net, count);
}

wl_error wl_net_kernels(const wl_net *net, const double *parameters, const double *x, const wl_tape *tape,
                        double *kappa, double *last, double *lower) {
  const wl_net_layer *end = &net->layer[net->count - 1];
  const wl_weights *y = &end->weights;
  const double *input = wl_net_input(end, tape, x);
  wl_weights_gram(y, tape->count, input, y->scale * y->deviation, y->bias_scale * y->bias_deviation, kappa);
  if (last) wl_weights_gram(y, tape->count, input, y->scale, y->bias_scale, last);
  if (!lower) return WL_OK;
  const int64_t size = net->heads * tape->count;
  double *room = malloc(sizeof(double) * (size_t)work_size(net, tape->count));
  if (!room)
    WL_FAIL(WL_ERROR_MEMORY, "finite networks: no memory for the tangent kernel of %lld heads at %lld points",
            (long long)net->heads, (long long)tape->count);
  work w = {.delta = room, .next = room + net->width * size, .frames = room + 2 * net->width * size};
  w.deltas = w.frames + net->frames * net->width * size;
  w.gram = w.deltas + size * size;
  sum_layers(net, parameters, x, tape, &w, lower);
  free(room);
  return WL_OK;
}
