/**
 * @file network.h
 * The infinitely wide network and its two kernels, κ (NNGP) and Θ (NTK).
 *
 * Fully connected network of L weight layers in NTK parametrization, all parameters N(0, 1):
 *   κ¹(x, x') = σ_w² x·x'/d + σ_b²                               Θ¹ = κ¹
 *   κˡ = σ_b² + σ_w² E[φ(u) φ(v)],  (u, v) ~ N(0, κˡ⁻¹ at x, x')     [Lee et al. 2018, eq. 5]
 *   κ̇ˡ = σ_w² E[φ'(u) φ'(v)]
 *   Θˡ = Θˡ⁻¹ κ̇ˡ + κˡ                                            [Jacot et al. 2018, Thm 1]
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

/** Local. The name as the configuration spells it, e.g. "leaky_relu". */
WL_API const char *wl_activation_name(wl_activation activation);

/** Local. The activation of that name; WL_ERROR_CONFIG with the list of names if there is none. */
WL_API wl_error wl_activation_find(const char *name, wl_activation *activation);

/** The network. A plain struct of options: start from wl_network_default(). */
typedef struct wl_network {
  int depth;                /**< L ≥ 1, weight layers; L = 1 is linear and uses no activation */
  wl_activation activation; /**< φ */
  double slope;             /**< leaky_relu only: φ(z) = slope·z for z < 0 */
  double sigma_w;           /**< σ_w > 0 */
  double sigma_b;           /**< σ_b ≥ 0 */
} wl_network;

/** Local. Depth 3, relu, σ_w = √2, σ_b = 0.1, slope 0.01. */
WL_API wl_network wl_network_default(void);

/** Local. WL_ERROR_CONFIG, naming the member and the allowed range, where one is out of range or not finite. */
WL_API wl_error wl_network_check(const wl_network *network);

/**
 * Local. κ and Θ of all pairs of a few points, rows × columns, row-major. Matrices that do not fit one process: points.h.
 * @param x      `rows` points, row-major rows × dimension
 * @param y      `columns` points, row-major columns × dimension
 * @param kappa  gets κ(x_i, y_j) at [i·columns + j]; NULL: not wanted
 * @param theta  likewise Θ; NULL: not wanted
 * Errors: WL_ERROR_USAGE; WL_ERROR_CONFIG (wl_network_check); WL_ERROR_NUMERICAL where a layer's variance at a point is above
 * 1e150 or not a number; WL_ERROR_MEMORY.
 * Equal points give exactly the diagonal's closed form; of nearly equal or opposite ones the angle keeps its accuracy.
 */
WL_API wl_error wl_network_kernel(const wl_network *network, int64_t dimension, int64_t rows, const double *x,
                                  int64_t columns, const double *y, double *kappa, double *theta);

#ifdef __cplusplus
}
#endif

#endif
