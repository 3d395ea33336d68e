/**
 * @file network.h
 * The kernels κ and Θ of widelimit/network.h on blocks of pairs of points. No MPI here: everything is Local.
 */
#ifndef WIDELIMIT_KERNEL_NETWORK_H
#define WIDELIMIT_KERNEL_NETWORK_H

#include <stdbool.h>
#include <stddef.h>

#include "widelimit/network.h"

/** Local. Whether two networks have the same kernels by the same operations: all members are equal. */
bool wl_network_same(const wl_network *a, const wl_network *b);

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

/** Consecutive points: rows or columns of a tile. */
typedef struct wl_point_range {
  const wl_kernel_points *points; /**< borrowed */
  int64_t first, count;
} wl_point_range;

/** Where a tile goes: column-major, leading dimension ld. */
typedef struct wl_tile {
  double *data; /**< NULL: not wanted */
  int64_t ld;
} wl_tile;

/**
 * Local. One tile of κ(a, b) and Θ(a, b) in one pass: inner products by DGEMM, then the layer
 * recursion, vectorized.
 * @param a      the points of the tile's rows
 * @param b      those of its columns, made with the same network
 * @param kappa  a.count × b.count, ld ≥ a.count
 * @param theta  likewise
 * @param work   wl_network_tile_work() doubles; 64-byte alignment is best, not needed
 * The result is bitwise a function of the points and of their counts only, not of where the tile is stored.
 * Two coincident points (equal coordinates) give exactly the diagonal value of either; behind dropout, where each row of the
 * data has a mask of its own, they do not, and the diagonal is the caller's to put where a row meets itself. Entries of nearly
 * coincident or antipodal points keep their accuracy: their angle comes from x ∓ x', not from 1 − |cos|. A point
 * whose κ is 0 (x = 0 without bias) counts as perpendicular to all others; where φ(0) = 0 its κ and Θ are 0
 * anyway.
 */
void wl_network_tile(wl_point_range a, wl_point_range b, wl_tile kappa, wl_tile theta, double *work);

/**
 * Local. The same numbers, bit for bit, but κ transposed (b.count × a.count, ld ≥ b.count): for two symmetric matrices in
 * one array, κ in the upper triangle and Θ in the lower, a tile of which comes from one pass. Stored past the caches.
 */
void wl_network_tile_split(wl_point_range a, wl_point_range b, wl_tile kappa_transposed, wl_tile theta,
                           double *work);

#endif
