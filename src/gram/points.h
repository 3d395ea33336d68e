/**
 * @file points.h
 * A set of points from within.
 */
#ifndef WIDELIMIT_GRAM_POINTS_H
#define WIDELIMIT_GRAM_POINTS_H

#include <stdbool.h>

#include "dist/grid.h"
#include "kernel/given.h"
#include "kernel/network.h"
#include "widelimit/points.h"

/** Points, each on the ranks that need it: those of the grid row and of the grid column that own its block. */
struct wl_points {
  const wl_grid *grid; /**< borrowed */
  wl_network network;
  int64_t count, dimension;
  wl_kernel_points *row;    /**< the points of this rank's block rows, in local order; owned */
  wl_kernel_points *column; /**< the points of its block columns; owned, may be the same object as `row` */
  double *row_x, *column_x; /**< their coordinates; owned, likewise, unless shared */
  bool shared;              /**< the coordinates belong to another set */
  wl_given *
      given; /**< the points are numbers of given kernels, without coordinates, dimension and network; borrowed, NULL: they are not */
};

/** Local. WL_ERROR_USAGE where they are not on one grid, of one dimension and made with one network. */
wl_error wl_points_check_alike(const wl_points *a, const wl_points *b);

/**
 * Collective. The same points as another network sees them. Their coordinates are those of `points`, which must outlive the result.
 * Errors: those of wl_points_create.
 */
wl_error wl_points_with_network(const wl_points *points, const wl_network *network, wl_points **result);

/**
 * Collective. Points first … first + count − 1 of given kernels, in the order X, T. `given` is borrowed and must outlive the result.
 * Errors: WL_ERROR_MEMORY.
 */
wl_error wl_points_create_given(const wl_grid *grid, wl_given *given, int64_t first, int64_t count,
                                wl_points **points);

/** Collective. The largest of all rows' values and 0; by_row has those of this rank's block rows. */
double wl_largest_of_rows(const wl_points *points, const double *by_row);

/**
 * Collective. X and then T, of one network and dimension, on one grid. Errors: those of wl_points_create.
 */
wl_error wl_points_join(const wl_points *a, const wl_points *b, wl_points **points);

#endif
