/**
 * @file net.h
 * A network of finite width, in short or as a list of layers (widelimit/network.h): every layer between the first and the last
 * has n units, the last one K heads. Everything is Local.
 */
#ifndef WIDELIMIT_FINITE_NET_H
#define WIDELIMIT_FINITE_NET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/random.h"
#include "widelimit/network.h"

typedef struct wl_net wl_net;

/**
 * @param network    one that wl_network_check accepts; it is copied
 * @param dimension  d ≥ 1
 * @param width      n ≥ 1
 * @param heads      K ≥ 1
 * Errors: WL_ERROR_MEMORY.
 */
wl_error wl_net_create(const wl_network *network, int64_t dimension, int64_t width, int64_t heads, wl_net **net);

/** Frees and sets to NULL; NULL is fine. */
void wl_net_destroy(wl_net **net);

/** K. */
int64_t wl_net_heads(const wl_net *net);

/** Layers that have weights. */
int wl_net_weight_layers(const wl_net *net);

/** Length of the parameter vector: the layers with weights one after another, each as weights.h says. */
int64_t wl_net_parameters(const wl_net *net);

/** Where the last layer begins in the parameter vector. */
int64_t wl_net_last_layer(const wl_net *net);

/** Floating point operations of the matrix products of a forward and of a backward pass over `count` points. */
double wl_net_flops(const wl_net *net, int64_t count);

/* ---- what passes leave for those that follow them ------------------------------------------------------------- */

typedef struct wl_tape wl_tape;

/** Room for batches of up to `count` points, of networks that differ in their heads alone. Errors: WL_ERROR_MEMORY. */
wl_error wl_tape_create(const wl_net *net, int64_t count, wl_tape **tape);

/** Frees and sets to NULL; NULL is fine. */
void wl_tape_destroy(wl_tape **tape);

/** Bytes of such a tape. */
double wl_tape_bytes(const wl_net *net, int64_t count);

/* ---- draws ------------------------------------------------------------------------------------------------------ */

/** Which numbers a network draws. All are functions of these, the width, the layer, and the place in it. */
typedef struct wl_net_source {
  uint64_t seed;
  wl_stream stream;
  int64_t index;
  bool repeat_head; /**< head 1 gets the numbers of head 0 (a fault on purpose; false in earnest) */
} wl_net_source;

/** All parameters at the start; heads have numbers of their own. */
void wl_net_draw(const wl_net *net, const wl_net_source *source, double *parameters);

/** The masks of dropout: one of each layer for each of the tape's points, kept until the next draw. */
void wl_net_draw_masks(const wl_net *net, const wl_net_source *source, wl_tape *tape);

/**
 * ψ*, N(0, 1) below the last layer, and there what Θ − κ leaves of that: weights and biases of variance 1 less that at the start,
 * which is nothing in NTK parametrization.
 * @param whole  N(0, 1) in the last layer too (a fault on purpose)
 */
void wl_net_draw_direction(const wl_net *net, const wl_net_source *source, bool whole, double *direction);

/* ---- passes ----------------------------------------------------------------------------------------------------- */

/**
 * f of `count` points: one matrix product a layer with weights. Point j has the j-th of the tape's masks.
 * @param x    point j is x[j·d … j·d + d − 1]
 * @param out  K × count, column-major
 */
void wl_net_forward(const wl_net *net, const double *parameters, int64_t count, const double *x, wl_tape *tape,
                    double *out);

/**
 * into ← beta · into + alpha · Jᵀ c, J = ∂f/∂ϑ at the points and parameters of the tape's forward pass.
 * @param cotangent  c, K × count, column-major
 * @param into       one number a parameter
 */
void wl_net_backward(const wl_net *net, const double *parameters, const double *x, wl_tape *tape,
                     const double *cotangent, double alpha, double beta, double *into);

/**
 * One step of gradient descent with momentum, v ← momentum v − step Jᵀ c and ϑ ← ϑ + v, in one pass over both: what
 * wl_net_backward and an addition would do, to rounding, with less traffic to memory.
 */
void wl_net_step(const wl_net *net, const double *x, wl_tape *tape, const double *cotangent, double step,
                 double momentum, double *parameters, double *velocity);

/** J v at the points and parameters of the tape's forward pass; out is K × count, column-major. */
void wl_net_jvp(const wl_net *net, const double *parameters, const double *direction, const double *x,
                wl_tape *tape, double *out);

/* ---- empirical kernels ------------------------------------------------------------------------------------------ */

/**
 * At the points and parameters of the tape's forward pass, N = count:
 * @param kappa  N × N: covariance of a head at the start given all layers below the last
 * @param last   N × N: the tangent kernel of a head's last layer, which in NTK parametrization is kappa. NULL: not wanted
 * @param lower  KN × KN, head-major (index k·N + j): the tangent kernel of all layers but the last. The tangent kernel is
 *               lower + I_K ⊗ last. NULL: not wanted
 * Errors: WL_ERROR_MEMORY.
 */
wl_error wl_net_kernels(const wl_net *net, const double *parameters, const double *x, const wl_tape *tape,
                        double *kappa, double *last, double *lower);

/** Bytes that wl_net_kernels takes besides, with `lower`. */
double wl_net_kernels_bytes(const wl_net *net, int64_t count);

#endif
