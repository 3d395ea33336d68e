/**
 * @file gram.h
 * The kernel matrices κ and Θ of all pairs of points, assembled in place: each rank evaluates tiles that it owns and, with
 * them, κ of those that ranks of the same node own.
 *
 * Every tile is a function of its points and its shape alone, so that a matrix is bitwise the same on every grid
 * with the same block size.
 */
#ifndef WIDELIMIT_GRAM_GRAM_H
#define WIDELIMIT_GRAM_GRAM_H

#include "dist/matrix.h"
#include "gram/points.h"

/** What the one n × n array is to hold. */
typedef enum wl_gram_content {
  WL_GRAM_THETA = 1,                           /**< Θ in the lower triangle with the diagonal */
  WL_GRAM_KAPPA = 2,                           /**< κ strictly above the diagonal */
  WL_GRAM_BOTH = WL_GRAM_THETA | WL_GRAM_KAPPA /**< both: two symmetric matrices in one array */
} wl_gram_content;

/**
 * Collective. Assembles the kernels of all pairs of `points` in one array (count × count). The diagonal holds
 * Θ_ii; that of κ is in wl_kernel_points_kappa(points->row). A triangle that is not asked for is left as it was. Room, with blocks of
 * up to 192: 7 MB a thread, shared by the ranks of a node, for what they evaluate for each other; where the system has none,
 * each evaluates all of its own entries.
 * Errors: WL_ERROR_MEMORY; WL_ERROR_USAGE on a grid for panels.
 */
wl_error wl_gram_symmetric(const wl_points *points, wl_gram_content content, wl_matrix *gram);

/**
 * Collective. The same of the entries whose row or column is `known` or beyond; of others, those that share a tile with them may be
 * written, too.
 * Errors: WL_ERROR_MEMORY; WL_ERROR_USAGE on a grid for panels.
 */
wl_error wl_gram_border(const wl_points *points, wl_gram_content content, int64_t known, wl_matrix *gram);

/**
 * Collective. Assembles one kernel, a κ + b Θ, strictly within the triangle named; the other one and the diagonal are
 * left as they were. Both products and the sum are rounded: for (a, b) = (−1, 1) the result is Θ⁻ to ε Θ.
 * Errors: WL_ERROR_MEMORY.
 */
wl_error wl_gram_weighted(const wl_points *points, double kappa_weight, double theta_weight, wl_triangle triangle,
                          wl_matrix *gram);

/** Collective. Adds κ to what stands strictly within the triangle named. Errors: WL_ERROR_MEMORY. */
wl_error wl_gram_add_kappa(const wl_points *points, wl_triangle triangle, wl_matrix *gram);

/**
 * Collective. κ and Θ between two point sets: entry (i, j) pairs a_i with b_j.
 * @param kappa, theta  a->count × b->count; either may be NULL (not wanted)
 * Errors: WL_ERROR_MEMORY.
 */
wl_error wl_gram_cross(const wl_points *a, const wl_points *b, wl_matrix *kappa, wl_matrix *theta);

/** Collective. The same of a κ + b Θ, as wl_gram_weighted has it. */
wl_error wl_gram_cross_weighted(const wl_points *a, const wl_points *b, double kappa_weight, double theta_weight,
                                wl_matrix *gram);

#endif
