/**
 * @file points.h
 * Points spread over the grid: training inputs X, test inputs T. A point is d numbers; what the kernels of the network need to
 * know of each point alone is computed as the points are made.
 */
#ifndef WIDELIMIT_POINTS_H
#define WIDELIMIT_POINTS_H

#include "widelimit/matrix.h"
#include "widelimit/network.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Points, each on the ranks that need it: those of the grid row and of the grid column that own its block. */
typedef struct wl_points wl_points;

/**
 * Collective. Points that rank 0 has.
 * @param grid       borrowed, must outlive the points
 * @param network    copied
 * @param x          on rank 0: point i is x[i·dimension … i·dimension + dimension − 1] (row-major count × dimension); read during
 *                   the call only. Ignored on other ranks, NULL is fine
 * Errors: WL_ERROR_USAGE; WL_ERROR_CONFIG (wl_network_check); WL_ERROR_MEMORY; WL_ERROR_NUMERICAL where a layer's variance at a
 * point is above 1e150 or not a number, naming the point by its number, counted from 1.
 */
WL_API wl_error wl_points_create(const wl_grid *grid, const wl_network *network, int64_t count, int64_t dimension,
                                 const double *x, wl_points **points);

/**
 * Collective. Points that are spread over the ranks: those of rank 0 come first, then those of rank 1 …
 * @param count  of this rank's points; 0 is fine
 * @param x      this rank's points, count × dimension, row-major; read during the call only
 * Errors: those of wl_points_create.
 */
WL_API wl_error wl_points_create_distributed(const wl_grid *grid, const wl_network *network, int64_t count,
                                             int64_t dimension, const double *x, wl_points **points);

/**
 * Reads rows first … first + count − 1 (row-major) into `rows`. Called on rank 0 only, in ascending order, so that it
 * may stream a file.
 */
typedef wl_error (*wl_row_reader)(void *context, int64_t first, int64_t count, double *rows);

/**
 * Collective. Points that a function reads on rank 0, in pieces of about 16 MiB, so that no rank ever holds all of them.
 * Errors: those of `read` and of wl_points_create.
 */
WL_API wl_error wl_points_read(const wl_grid *grid, const wl_network *network, int64_t count, int64_t dimension,
                               wl_row_reader read, void *context, wl_points **points);

/** Local. How many there are on all ranks together; 0 for NULL. */
WL_API int64_t wl_points_count(const wl_points *points);

/**
 * Collective. κ and Θ between two point sets on one grid, made with one network: entry (i, j) pairs x_i with y_j.
 * @param kappa, theta  x's × y's on that grid; either may be NULL (not wanted)
 * Errors: WL_ERROR_USAGE; WL_ERROR_MEMORY.
 */
WL_API wl_error wl_points_kernel(const wl_points *x, const wl_points *y, wl_matrix *kappa, wl_matrix *theta);

/** Local. Frees and sets to NULL; NULL is fine. */
WL_API void wl_points_destroy(wl_points **points);

#ifdef __cplusplus
}
#endif

#endif
