/**
 * @file network.h
 * The infinitely wide network and its two kernels, κ (NNGP) and Θ (NTK).
 *
 * A network is given in short, all its layers alike, or as a list of layers.
 *
 * In short: fully connected network of L weight layers in NTK parametrization, all parameters N(0, 1):
 *   κ¹(x, x') = σ_w² x·x'/d + σ_b²                               Θ¹ = κ¹
 *   κˡ = σ_b² + σ_w² E[φ(u) φ(v)],  (u, v) ~ N(0, κˡ⁻¹ at x, x')     [Lee et al. 2018, eq. 5]
 *   κ̇ˡ = σ_w² E[φ'(u) φ'(v)]
 *   Θˡ = Θˡ⁻¹ κ̇ˡ + κˡ                                            [Jacot et al. 2018, Thm 1]
 *
 * As a list, from the inputs' κ = x·x'/d, Θ = 0, layer after layer:
 *   dense        κ ← σ_b² + σ_w² κ,  Θ ← σ_w² Θ + κ of the new layer
 *   activation   κ ← E[φ(u) φ(v)],   Θ ← Θ E[φ'(u) φ'(v)],  (u, v) ~ N(0, κ)
 *   residual     adds the κ and Θ of a branch, which ends in a dense layer, to those that enter it
 *   layer_norm   divides both by √(κ(x, x) κ(x', x'))
 *   dropout      divides both by the share of units that it keeps, between a row of the data and itself; no other entry changes
 * so that dense, φ, dense, …, dense is the network in short.          [Novak et al. 2020, neural-tangents]
 *
 * In standard parametrization, weights N(0, σ_w²/N) behind N units and biases N(0, σ_b²) are trained themselves, not numbers N(0, 1)
 * times their standard deviations. κ is the same, and a dense layer makes of Θ
 *   Θ ← σ_w² Θ + N κ of what enters, + 1 where σ_b > 0           [Sohl-Dickstein et al. 2020]
 * with N = d in the first layer and `width` in all others.
 *
 * Everything in this header is Local.
 */
#ifndef WIDELIMIT_NETWORK_H
#define WIDELIMIT_NETWORK_H

#include <stdint.h>

#include "widelimit/error.h"
#include "widelimit/export.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The activations φ: name in the configuration, definition. One entry here, one in src/kernel/activation.c. */
#define WL_ACTIVATION_LIST(X)                                 \
  X(RELU, relu, "max(z, 0)")                                  \
  X(LEAKY_RELU, leaky_relu, "z for z > 0, slope z otherwise") \
  X(ERF, erf, "erf(z)")                                       \
  X(GELU, gelu, "z Phi(z), Phi the normal distribution")      \
  X(SIN, sin, "sin(z)")                                       \
  X(COS, cos, "cos(z)")                                       \
  X(IDENTITY, identity, "z")                                  \
  X(TANH, tanh, "tanh(z)")                                    \
  X(SIGMOID, sigmoid, "1 / (1 + exp(-z))")                    \
  X(SOFTPLUS, softplus, "log(1 + exp(z))")                    \
  X(SILU, silu, "z / (1 + exp(-z))")

typedef enum wl_activation {
#define WL_ACTIVATION_ENUM(NAME, name, text) WL_ACTIVATION_##NAME,
  WL_ACTIVATION_LIST(WL_ACTIVATION_ENUM)
#undef WL_ACTIVATION_ENUM
      WL_ACTIVATION_COUNT
} wl_activation;

/** Local. The name as the configuration spells it, e.g. "leaky_relu"; "unknown" for another number. */
WL_API const char *wl_activation_name(wl_activation activation);

/** Local. The activation of that name. Errors: WL_ERROR_CONFIG with the list of names if there is none; WL_ERROR_USAGE. */
WL_API wl_error wl_activation_find(const char *name, wl_activation *activation);

/** What a layer of a list is; those from ABRELU on are activations that lists alone have. */
typedef enum wl_layer_kind {
  WL_LAYER_DENSE,
  WL_LAYER_ACTIVATION, /**< a φ(b z), φ one of the list above; of erf a erf(b z + c), −10 ≤ c ≤ 10 */
  WL_LAYER_RESIDUAL,
  WL_LAYER_NORM,
  WL_LAYER_DROPOUT, /**< units times mask/keep; each row of the data has a mask of its own, also beside equal ones */
  WL_LAYER_ABRELU,    /**< a min(z, 0) + b max(z, 0), not both zero */
  WL_LAYER_GAUSSIAN,  /**< a exp(b z²), b < 0 */
  WL_LAYER_EXP,       /**< a exp(b z) */
  WL_LAYER_SINE,      /**< a sin(b z + c) */
  WL_LAYER_POLYNOMIAL /**< Σ_n hermite[n] h_n(z), h_n the normalized Hermite polynomials of N(0, 1) */
} wl_layer_kind;

/** Coefficients of a polynomial: degree 0 … 8. */
enum { WL_LAYER_HERMITE = 9 };

/** A layer of a list. */
typedef struct wl_layer {
  wl_layer_kind kind;
  wl_activation activation; /**< of an activation: φ, of units that are Gaussian: not of another activation's */
  int branch;               /**< of a residual: so many of the layers after it, at least one, are its branch */
  double slope;             /**< of leaky_relu, in [0, 1) */
  double sigma_w, sigma_b;  /**< of a dense layer: σ_w > 0, σ_b ≥ 0 */
  double keep;              /**< of dropout: probability that a unit stays, in (0, 1] */
  double a, b, c;           /**< of activations; of an ACTIVATION 0 stands for 1 in a and b */
  double hermite[WL_LAYER_HERMITE]; /**< of a polynomial */
} wl_layer;

/** Most layers of a list, and how deep residuals may stand in one another. */
enum { WL_LAYERS = 256, WL_LAYER_NESTING = 8 };

/** What is trained: numbers N(0, 1), or weights and biases themselves. */
typedef enum wl_parameterization { WL_PARAMETERIZATION_NTK, WL_PARAMETERIZATION_STANDARD } wl_parameterization;

/** The network. A plain struct of options: start from wl_network_default(). */
typedef struct wl_network {
  int depth;                            /**< L ≥ 1, weight layers; L = 1 is linear and uses no activation */
  wl_activation activation;             /**< φ */
  double slope;                         /**< leaky_relu only: φ(z) = slope·z for z < 0 */
  double sigma_w;                       /**< σ_w > 0 */
  double sigma_b;                       /**< σ_b ≥ 0 */
  wl_parameterization parameterization; /**< standard: at least two weight layers */
  int width;                            /**< in standard parametrization: units of every hidden layer, ≥ 1 */
  int layer_count; /**< 0: the network in short, above; else it is the list, and what is above says nothing */
  wl_layer
      layer[WL_LAYERS]; /**< those of a branch stand behind their residual; the first and the last are dense */
} wl_network;

/** Local. Depth 3, relu, σ_w = √2, σ_b = 0.1, slope 0.01; no list; NTK parametrization. */
WL_API wl_network wl_network_default(void);

/**
 * Local. Whether there is such a network.
 * Errors: WL_ERROR_CONFIG, naming the member and the allowed range, where one is out of range or not finite, or the layer, as
 * network.layers[k] by its place in the array, that cannot stand where it does; WL_ERROR_USAGE.
 */
WL_API wl_error wl_network_check(const wl_network *network);

/**
 * Local. κ and Θ of all pairs of a few points, rows × columns, row-major. Matrices that do not fit one process: points.h.
 * @param x      `rows` points, row-major rows × dimension
 * @param y      `columns` points, row-major columns × dimension
 * @param kappa  gets κ(x_i, y_j) at [i·columns + j]; NULL: not wanted
 * @param theta  likewise Θ; NULL: not wanted
 * Errors: WL_ERROR_USAGE; WL_ERROR_CONFIG (wl_network_check); WL_ERROR_NUMERICAL where a layer's variance at a point is above
 * 1e150 or not a number; WL_ERROR_MEMORY.
 *
 * Equal points give exactly the diagonal's closed form, but not behind dropout, where x_i and y_j are different rows in any case.
 * The angle between nearly equal or opposite points keeps its accuracy, except in a list where relu or leaky_relu stands behind
 * another activation: there the rounding of κ is in it.
 */
WL_API wl_error wl_network_kernel(const wl_network *network, int64_t dimension, int64_t rows, const double *x,
                                  int64_t columns, const double *y, double *kappa, double *theta);

#ifdef __cplusplus
}
#endif

#endif
