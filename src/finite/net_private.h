/**
 * @file net_private.h
 * A network as its passes see it: layers in a row. The values of the units stand where the last layer with weights has put them
 * and are changed there by the maps that follow; what enters a residual is kept until its branch ends.
 */
#ifndef WIDELIMIT_FINITE_NET_PRIVATE_H
#define WIDELIMIT_FINITE_NET_PRIVATE_H

#include "finite/net.h"
#include "finite/weights.h"

typedef enum wl_net_kind {
  WL_NET_WEIGHTS,
  WL_NET_MAP,  /**< unit_map.h */
  WL_NET_OPEN, /**< a residual's branch begins: what enters is kept */
  WL_NET_CLOSE /**< and is added to what the branch has made of it */
} wl_net_kind;

typedef struct wl_net_layer {
  wl_net_kind kind;
  wl_weights weights; /**< of WEIGHTS */
  int64_t offset;     /**< likewise: where its parameters begin */
  int below;          /**< likewise: the layer with weights where the values stand that enter; −1: the points */
  wl_layer map;       /**< of a MAP */
  int open;           /**< of a CLOSE: its OPEN */
  int frame;          /**< of OPEN and CLOSE: the residuals around this one */
} wl_net_layer;

struct wl_net {
  int64_t dimension, width, heads, parameters;
  int count;           /**< layers; the first and the last have weights */
  int weights;         /**< those that have */
  int frames;          /**< residuals in one another, at most */
  wl_net_layer *layer; /**< owned */
};

struct wl_tape {
  int64_t capacity, count;
  double *room; /**< all that follows; owned */
  double *
      *kept; /**< by layer: values of WEIGHTS (the last has none), what a MAP keeps, what enters an OPEN; owned */
  double *delta, *second; /**< work: width × capacity each */
  double *frame;          /**< work: width × capacity of each frame */
};

/** What enters a layer with weights. */
const double *wl_net_input(const wl_net_layer *layer, const wl_tape *tape, const double *x);

/**
 * The Jacobian of a layer without weights, for a tangent on its way up or a cotangent on its way down.
 * @param keeps   the end of a residual at which t is kept, to be added at the other: OPEN on the way up, CLOSE down
 * @param t       width × count of the tape, in place
 * @param frames  one like t a frame
 */
void wl_net_pass(const wl_net *net, const wl_tape *tape, int layer, wl_net_kind keeps, double *t, double *frames);

#endif
