/**
 * @file program.h
 * A network as the recursion sees it: steps, each of which passes once over a block of pairs (block.h) and once over a point of
 * its own (κ(x, x) = q and Θ(x, x)). Everything is Local.
 *
 *   layers of the network                steps
 *   the first dense layer                none: the start of a block
 *   activation, dense                    the activation's kernel
 *   dense alone                          identity, or dense_scaled
 *   activation alone                     its kernel with σ_w = 1 and σ_b = 0, bare
 *   activation a φ(b z)                  normalize by 1/b, φ, and a in the σ_w behind it
 *   layer_norm                           normalize
 *   dropout                              dropout
 *   dense in standard parametrization    the same without its bias, standard
 *   activation, dropout, dense           the activation's kernel; that of a rectifier in general, and so in
 *                                        standard parametrization
 *   residual: branch                     keep, the branch's steps, join
 *
 * relu and leaky_relu work on the scaled state, other activations on κ and Θ; scale and unscale stand between. All else has a
 * kernel for either. The program starts in the state that its first activation wants and ends in κ and Θ.
 */
#ifndef WIDELIMIT_KERNEL_PROGRAM_H
#define WIDELIMIT_KERNEL_PROGRAM_H

#include "kernel/activation.h"

typedef struct wl_step {
  wl_kernel kernel;
  const wl_layer_model *model;           /**< NULL: has no activation and no weights; owned by the program */
  const wl_activation_entry *activation; /**< NULL likewise; static */
  int fields;                            /**< numbers that the kernel reads of each point */
  int field;                             /**< how many all steps before have */
  int series;   /**< its number among the steps with a series (logistic.h); −1: it has none */
  int frame;    /**< of keep and join: the residuals around this one */
  int layer;    /**< what messages call it: weight layer of a network in short, place in a list, from 1 */
  bool unscale; /**< a rectifier that leaves κ and Θ */
  double
      factor; /**< of a normalize that multiplies units by it; 0: divides them by √q; of a dropout what it keeps */
} wl_step;

typedef struct wl_program {
  double weight, bias; /**< σ_w² and σ_b² of the first layer */
  bool scaled;         /**< the first step wants the scaled state */
  bool dropout;        /**< equal points have masks of their own: entries of theirs are like others */
  int count;
  wl_step *step; /**< owned */
  int fields;    /**< of all steps together */
  int series;    /**< steps that have one */
  int frames;    /**< residuals in one another, at most */
  int models;
  wl_layer_model *model;        /**< owned */
  const struct wl_block *block; /**< kernels for this processor; borrowed, static */
} wl_program;

/** Of a network that wl_network_check() accepts, for points of that dimension; to be released in any case. Errors: WL_ERROR_MEMORY. */
wl_error wl_program_init(wl_program *program, const wl_network *network, int64_t dimension);

/** Frees what the program owns; a zero program is fine. */
void wl_program_release(wl_program *program);

/** Bounds of fields, series and frames of a network's program, without making it. */
void wl_program_bounds(const wl_network *network, int *fields, int *series, int *frames);

/** A point on its way through the steps. */
typedef struct wl_point_state {
  double q, theta;                                                 /**< κ(x, x), Θ(x, x) */
  double frame_q[WL_LAYER_NESTING], frame_theta[WL_LAYER_NESTING]; /**< those that entered the residuals around */
} wl_point_state;

/** Whether it divides units by √q, as layer_norm. */
bool wl_step_normalizes(const wl_step *step);

/**
 * One step of a point. field gets the step's fields.
 * @return  for an activation E[φ'²] under N(0, q) of before
 */
double wl_step_apply(const wl_step *step, wl_point_state *point, double *field);

#endif
