/**
 * @file activation.h
 * What an activation is made of, and the model: an activation with the dense layer behind it and their constants.
 *
 * Notation: q = κ(x, x) is a point's variance in a layer; the dual of φ is E[φ(u)φ(v)], (u, v) ~ N(0, κ).
 */
#ifndef WIDELIMIT_KERNEL_ACTIVATION_H
#define WIDELIMIT_KERNEL_ACTIVATION_H

#include <stdbool.h>

#include "kernel/logistic.h"
#include "kernel/shifted_erf.h"
#include "widelimit/network.h"

struct wl_block;

/** What an activation and the dense layer behind it may have beside a slope and σ; zero where it does not matter. */
typedef struct wl_shape {
  double odd, even; /**< wave: E[φφ] = odd e^{−h} sinh κ + even e^{−h} cosh κ, h = (q + q')/2 */
  double hermite[WL_LAYER_HERMITE]; /**< polynomial */
  double shift;                     /**< erf_shifted: c > 0 */
  double keep;                      /**< of a dropout between the activation and the dense layer; 1: none */
  double gain, constant; /**< Θ + gain κ + constant, κ without biases: 1 and σ_b², or as program.h says */
} wl_shape;

typedef struct wl_layer_model {
  wl_activation activation;
  double slope; /**< of leaky_relu; −1 … 1 for abrelu, which is one of them */
  wl_shape shape;
  double sigma_w, sigma_b;      /**< of the dense layer */
  double weight;                /**< σ_w² */
  double own_weight;            /**< σ_w²/keep, of a point with itself */
  double bias;                  /**< σ_b² */
  wl_logistic logistic;         /**< tanh and its relatives only */
  wl_shifted_erf shifted;       /**< erf_shifted only */
  const struct wl_block *block; /**< kernels for this processor; borrowed, static */
} wl_layer_model;

/**
 * The kernels that pass over a block of pairs (block.inc). First those of an activation and the dense layer behind it, which
 * several activations may share; then those of other steps (program.h).
 */
#define WL_ACTIVATION_KERNEL_LIST(X) \
  X(rectifier)                       \
  X(rectifier_general)               \
  X(erf)                             \
  X(gelu) X(sin) X(cos) X(identity) X(logistic) X(gaussian) X(exponential) X(erf_shifted) X(wave) X(polynomial)
#define WL_PLAIN_KERNEL_LIST(X) \
  X(dense_scaled) X(scale) X(unscale) X(bare) X(bare_scaled) X(keep) X(join) X(join_scaled)
#define WL_UNIT_KERNEL_LIST(X) \
  X(normalize) X(normalize_scaled) X(dropout) X(dropout_scaled) X(standard) X(standard_scaled)
#define WL_KERNEL_LIST(X) WL_ACTIVATION_KERNEL_LIST(X) WL_PLAIN_KERNEL_LIST(X) WL_UNIT_KERNEL_LIST(X)

typedef enum wl_kernel {
#define WL_KERNEL_ENUM(name) WL_KERNEL_##name,
  WL_KERNEL_LIST(WL_KERNEL_ENUM)
#undef WL_KERNEL_ENUM
      WL_KERNEL_COUNT
} wl_kernel;

/** Upper bound of wl_activation_entry.fields; the series of erf_shifted comes on top. */
enum { WL_FIELDS = WL_LAYER_HERMITE };

/** One activation. */
typedef struct wl_activation_entry {
  wl_kernel kernel;
  int fields; /**< numbers that the kernel reads of each point and layer, ≤ WL_FIELDS */
  /** On the diagonal, free of the loss that ρ = 1 would bring: *square = E[φ²], *slope = E[φ'²] under N(0, q). */
  void (*diagonal)(const wl_layer_model *model, double q, double *square, double *slope);
  /** The fields of a point with variance q in this layer and `next` in the one that the kernel computes. */
  void (*prepare)(const wl_layer_model *model, double q, double next, double *field);
} wl_activation_entry;

/** Local. The entry of `activation`, which must be a valid one. */
const wl_activation_entry *wl_activation_get(wl_activation activation);

/** Local. The entry of one of the activations that lists alone have: gaussian, exponential, erf_shifted, wave, polynomial. */
const wl_activation_entry *wl_activation_of_lists(wl_kernel kernel);

/** Local. B_n of a polynomial at q (activation.c), and the sum of its terms' moduli. */
void wl_polynomial_sum(const wl_layer_model *model, double q, int n, double *sum, double *moduli);

/** Local. The model of an activation, with slope and shape where it has them, and of a dense layer. */
void wl_layer_model_init(wl_layer_model *model, wl_activation activation, double slope, const wl_shape *shape,
                         double sigma_w, double sigma_b);

#endif
