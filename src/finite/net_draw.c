/*
 * What a network draws: its parameters, the masks of its dropout, directions for Bayesian RND.
 */
#include <math.h>

#include "finite/net_private.h"

/* Layer l's numbers have j = l·2⁵², layers without weights coming behind all others. */
enum { LAYER_SHIFT = 52, MASKS = 1024 };

static uint64_t place_of(const wl_net *net, const wl_net_source *source) {
  return (uint64_t)net->width << 32 | (uint64_t)source->index;
}

/* One row of the last layer (a head: its weights, then its bias) at a time, so that heads have numbers of their own. */
static void draw_heads(const wl_weights *y, const wl_net_source *source, uint64_t i, uint64_t j, double *w) {
  double row[64];
  for (int64_t k = 0; k < y->rows; k++) {
    const uint64_t head = source->repeat_head && k == 1 ? 0 : (uint64_t)k;
    for (int64_t c = 0; c <= y->cols; c += 64) {
      const int64_t count = y->cols + 1 - c < 64 ? y->cols + 1 - c : 64;
      wl_random_normals(source->seed, source->stream, i, j | head << 32 | (uint64_t)(c / 64), count, row);
      for (int64_t e = 0; e < count; e++) w[(c + e) * y->rows + k] = row[e]; /* column `cols` is b */
    }
  }
}

/* N(0, 1) everywhere. */
static void draw_normals(const wl_net *net, const wl_net_source *source, double *parameters) {
  uint64_t ordinal = 0;
  for (int l = 0; l < net->count; l++) {
    const wl_net_layer *y = &net->layer[l];
    if (y->kind != WL_NET_WEIGHTS) continue;
    const uint64_t i = place_of(net, source), j = ordinal++ << LAYER_SHIFT;
    if (l == net->count - 1)
      draw_heads(&y->weights, source, i, j, parameters + y->offset);
    else
      wl_random_normals(source->seed, source->stream, i, j, wl_weights_count(&y->weights), parameters + y->offset);
  }
}

/* W times one factor, b times another. */
static void scale_layer(const wl_net_layer *y, double factor, double bias_factor, double *parameters) {
  const int64_t bias = y->weights.rows * y->weights.cols;
  double *w = parameters + y->offset;
  for (int64_t e = 0; e < bias && factor != 1.0; e++) w[e] *= factor;
  for (int64_t e = bias; e < bias + y->weights.rows; e++) w[e] *= bias_factor;
}

void wl_net_draw(const wl_net *net, const wl_net_source *source, double *parameters) {
  draw_normals(net, source, parameters);
  for (int l = 0; l < net->count; l++) {
    const wl_net_layer *y = &net->layer[l];
    if (y->kind == WL_NET_WEIGHTS) scale_layer(y, y->weights.deviation, y->weights.bias_deviation, parameters);
  }
}

/* Deviation of a number whose variance and σ² are 1 together. */
static double rest_of(double sigma) { return sqrt(fmax(1.0 - sigma * sigma, 0.0)); }

void wl_net_draw_direction(const wl_net *net, const wl_net_source *source, bool whole, double *direction) {
  const wl_net_layer *last = &net->layer[net->count - 1];
  draw_normals(net, source, direction);
  if (!whole)
    scale_layer(last, rest_of(last->weights.deviation), rest_of(last->weights.bias_deviation), direction);
}

/* A unit stays where the probability of a smaller number than its own is below `keep`. */
static void draw_mask(double keep, int64_t units, double *mask) {
  for (int64_t i = 0; i < units; i++) mask[i] = 0.5 * erfc(-mask[i] * M_SQRT1_2) < keep ? 1.0 / keep : 0.0;
}

void wl_net_draw_masks(const wl_net *net, const wl_net_source *source, wl_tape *tape) {
  uint64_t ordinal = MASKS;
  for (int l = 0; l < net->count; l++) {
    const wl_net_layer *y = &net->layer[l];
    if (y->kind != WL_NET_MAP || y->map.kind != WL_LAYER_DROPOUT) continue;
    const uint64_t j = ordinal++ << LAYER_SHIFT;
    for (int64_t point = 0; point < tape->capacity; point++) {
      double *mask = tape->kept[l] + point * net->width;
      wl_random_normals(source->seed, source->stream, place_of(net, source), j | (uint64_t)point, net->width,
                        mask);
      draw_mask(y->map.keep, net->width, mask);
    }
  }
}
