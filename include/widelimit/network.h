/**
 * @file network.h
 * The infinitely wide network: its two kernels κ (NNGP) and Θ (NTK) on blocks of pairs of points.
 *
 * Fully connected network of L weight layers in NTK parametrization, all parameters N(0, 1):
 *   κ¹(x, x') = σ_w² x·x'/d + σ_b²                               Θ¹ = κ¹
 *   κˡ = σ_b² + σ_w² E[φ(u) φ(v)],  (u, v) ~ N(0, κˡ⁻¹ at x, x')     [Lee et al. 2018, eq. 5]
 *   κ̇ˡ = σ_w² E[φ'(u) φ'(v)]
 *   Θˡ = Θˡ⁻¹ κ̇ˡ + κˡ                                            [Jacot et al. 2018, Thm 1]
 *
 * No MPI here: everything in this header is Local.
 */
#ifndef WIDELIMIT_NETWORK_H
#define WIDELIMIT_NETWORK_H

#include <stddef.h>
#include <stdint.h>

#include "widelimit/error.h"

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
const char *wl_activation_name(wl_activation activation);

/** Local. The activation of that name; WL_ERROR_CONFIG with the list of names if there is none. */
wl_error wl_activation_find(const char *name, wl_activation *activation);

/** The network. A plain struct of options: start from wl_network_default(). */
typedef struct wl_network {
  int depth;                /**< L ≥ 1, weight layers; L = 1 is linear and uses no activation */
  wl_activation activation; /**< φ */
  double slope;             /**< leaky_relu only: φ(z) = slope·z for z < 0 */
  double sigma_w;           /**< σ_w > 0 */
  double sigma_b;           /**< σ_b ≥ 0 */
} wl_network;

/** Local. Depth 3, relu, σ_w = √2, σ_b = 0.1, slope 0.01. */
wl_network wl_network_default(void);

/** Local. WL_ERROR_CONFIG, naming the member and the allowed range, where one is out of range or not finite. */
wl_error wl_network_check(const wl_network *network);

/** A set of points with all that the layer recursion needs to know of each point alone. */
typedef struct wl_kernel_points wl_kernel_points;

/**
 * Local. Prepares `count` points of dimension `dimension` for the recursion of `network`.
 * @param x  point i is x[i·dimension … i·dimension + dimension − 1] (row-major n × d); borrowed, must outlive
 *           the result. May be NULL when count is 0.
 * @param label  what messages call each point (count numbers); NULL: its index. Used during the call only.
 * Errors: WL_ERROR_MEMORY; WL_ERROR_CAPACITY for a dimension that is not in 1 … 2³¹ − 1; WL_ERROR_NUMERICAL where
 * a layer's variance is above 1e150 (so that products of two do not overflow) or not a number, naming layer and
 * point. The result is bitwise a function of each point alone: the same for any selection or order of points.
 */
wl_error wl_kernel_points_create(const wl_network *network, int64_t count, int64_t dimension, const double *x,
                                 const int64_t *label, wl_kernel_points **points);

/** Local. Frees and sets to NULL; NULL is fine. */
void wl_kernel_points_destroy(wl_kernel_points **points);

/** Local. Number of points. */
int64_t wl_kernel_points_count(const wl_kernel_points *points);

/**
 * Local. κ(x_i, x_i), exact on the diagonal by its closed form or quadrature; `count` entries, owned by
 * points.
 */
const double *wl_kernel_points_kappa(const wl_kernel_points *points);

/** Local. Θ(x_i, x_i), likewise. */
const double *wl_kernel_points_theta(const wl_kernel_points *points);

/** Room that wl_network_tile needs, in doubles, for tiles of at most rows × cols. */
size_t wl_network_tile_work(const wl_network *network, int64_t rows, int64_t cols);

/**
 * Local. One rows × cols tile of κ(a, b) and Θ(a, b) in one pass: inner products by DGEMM, then the layer
 * recursion, vectorized.
 * @param a, i0  the tile's rows are the points i0 … i0 + rows − 1 of `a`
 * @param b, j0  its columns the points j0 … j0 + cols − 1 of `b`; made with the same network as `a`
 * @param kappa  rows × cols, column-major, leading dimension ldk ≥ rows; NULL: not wanted
 * @param theta  likewise with ldt; NULL: not wanted
 * @param work   wl_network_tile_work() doubles; 64-byte alignment is best, not needed
 * The result is bitwise a function of the points and of (rows, cols) only, not of where the tile is stored.
 * Two coincident points (equal coordinates) give exactly the diagonal value of either. Entries of nearly
 * coincident or antipodal points keep their accuracy: their angle comes from x ∓ x', not from 1 − |cos|. A point
 * whose κ is 0 (x = 0 without bias) counts as perpendicular to all others; where φ(0) = 0 its κ and Θ are 0
 * anyway.
 */
void wl_network_tile(const wl_kernel_points *a, int64_t i0, int64_t rows, const wl_kernel_points *b, int64_t j0,
                     int64_t cols, double *kappa, int64_t ldk, double *theta, int64_t ldt, double *work);

/**
 * Local. The same numbers, bit for bit, but κ transposed (cols × rows, ldk ≥ cols): for two symmetric matrices in
 * one array, κ in the upper triangle and Θ in the lower, a tile of which comes from one pass. Stored past the caches.
 */
void wl_network_tile_split(const wl_kernel_points *a, int64_t i0, int64_t rows, const wl_kernel_points *b,
                           int64_t j0, int64_t cols, double *kappa_transposed, int64_t ldk, double *theta,
                           int64_t ldt, double *work);

#endif
