/*
 * Forward, backward, step and Jacobian-vector product as matrix products over a batch of points. Points are columns: a layer's
 * values are units × count, column-major.
 */
#include <string.h>

#include "finite/net_private.h"
#include "finite/unit_map.h"

const double *wl_net_input(const wl_net_layer *layer, const wl_tape *tape, const double *x) {
  return layer->below < 0 ? x : tape->kept[layer->below];
}

static void add(int64_t count, const double *values, double *into) {
  for (int64_t i = 0; i < count; i++) into[i] += values[i];
}

static void copy(int64_t count, const double *values, double *into) {
  memcpy(into, values, sizeof(double) * (size_t)count);
}

void wl_net_forward(const wl_net *net, const double *parameters, int64_t count, const double *x, wl_tape *tape,
                    double *out) {
  const int64_t size = net->width * count;
  double *z = NULL;
  tape->count = count;
  for (int l = 0; l < net->count; l++) {
    const wl_net_layer *y = &net->layer[l];
    switch (y->kind) {
      case WL_NET_WEIGHTS:
        z = l == net->count - 1 ? out : tape->kept[l];
        wl_weights_forward(&y->weights, parameters + y->offset, count, wl_net_input(y, tape, x), z);
        break;
      case WL_NET_MAP:
        wl_unit_map_forward(&y->map, net->width, count, z, tape->kept[l]);
        break;
      case WL_NET_OPEN:
        copy(size, z, tape->kept[l]);
        break;
      case WL_NET_CLOSE:
        add(size, tape->kept[y->open], z);
        break;
    }
  }
}

void wl_net_pass(const wl_net *net, const wl_tape *tape, int layer, wl_net_kind keeps, double *t, double *frames) {
  const wl_net_layer *y = &net->layer[layer];
  const int64_t size = net->width * tape->count;
  if (y->kind == WL_NET_MAP)
    wl_unit_map_jacobian(&y->map, net->width, tape->count, tape->kept[layer], t);
  else if (y->kind == keeps)
    copy(size, t, frames + y->frame * size);
  else
    add(size, frames + y->frame * size, t);
}

/* The two work arrays, one to read and one to write in turn. */
typedef struct pair {
  double *next, *spare;
} pair;

/* The array that was written is the one to read now. */
static double *turn(pair *p) {
  double *written = p->next;
  p->next = p->spare;
  p->spare = written;
  return written;
}

/*
 * What a pass down does at a layer with weights: δ is the cotangent of its values, `input` what enters it. The cotangent of that
 * goes to `below`, which is NULL where nothing is below.
 */
typedef void (*visitor)(const void *context, const wl_net_layer *layer, int64_t count, const double *delta,
                        const double *input, double *below);

static void pass_down(const wl_net *net, const double *x, wl_tape *tape, const double *cotangent, visitor visit,
                      const void *context) {
  const double *delta = cotangent;
  double *own = NULL;
  pair work = {tape->delta, tape->second};
  for (int l = net->count - 1; l >= 0; l--) {
    const wl_net_layer *y = &net->layer[l];
    if (y->kind != WL_NET_WEIGHTS) {
      wl_net_pass(net, tape, l, WL_NET_CLOSE, own, tape->frame);
      continue;
    }
    visit(context, y, tape->count, delta, wl_net_input(y, tape, x), l > 0 ? work.next : NULL);
    delta = own = turn(&work);
  }
}

typedef struct gradient {
  const double *parameters;
  double alpha, beta, *into;
} gradient;

static void add_gradient(const void *context, const wl_net_layer *y, int64_t count, const double *delta,
                         const double *input, double *below) {
  const gradient *g = context;
  wl_weights_gradient(&y->weights, count, delta, input, g->alpha, g->beta, g->into + y->offset);
  if (below) wl_weights_pull(&y->weights, g->parameters + y->offset, count, delta, below);
}

void wl_net_backward(const wl_net *net, const double *parameters, const double *x, wl_tape *tape,
                     const double *cotangent, double alpha, double beta, double *into) {
  const gradient g = {parameters, alpha, beta, into};
  pass_down(net, x, tape, cotangent, add_gradient, &g);
}

typedef struct descent_step {
  wl_pace pace;
  double *parameters, *velocity;
} descent_step;

static void take_step(const void *context, const wl_net_layer *y, int64_t count, const double *delta,
                      const double *input, double *below) {
  const descent_step *s = context;
  wl_weights_step(&y->weights, count, delta, input, s->pace, s->parameters + y->offset, s->velocity + y->offset,
                  below);
}

void wl_net_step(const wl_net *net, const double *x, wl_tape *tape, const double *cotangent, double step,
                 double momentum, double *parameters, double *velocity) {
  const descent_step s = {{step, momentum}, parameters, velocity};
  pass_down(net, x, tape, cotangent, take_step, &s);
}

void wl_net_jvp(const wl_net *net, const double *parameters, const double *direction, const double *x,
                wl_tape *tape, double *out) {
  double *t = NULL; /* tangent of the values */
  pair work = {tape->delta, tape->second};
  for (int l = 0; l < net->count; l++) {
    const wl_net_layer *y = &net->layer[l];
    if (y->kind != WL_NET_WEIGHTS) {
      wl_net_pass(net, tape, l, WL_NET_OPEN, t, tape->frame);
      continue;
    }
    wl_weights_tangent(&y->weights, parameters + y->offset, direction + y->offset, tape->count,
                       wl_net_input(y, tape, x), t, l == net->count - 1 ? out : work.next);
    t = turn(&work);
  }
}
