/**
 * @file points.h
 * Training points, test points and targets, from the data on rank 0 to the ranks that need them. Collective.
 *
 * Errors of all: those of wl_points_read, naming the rows of the input; of the readers of data.h.
 */
#ifndef WIDELIMIT_PIPELINE_POINTS_H
#define WIDELIMIT_PIPELINE_POINTS_H

#include "pipeline/setup.h"

/** X, and Y as an n × c matrix. */
wl_error wl_read_training(const wl_setup *setup, wl_points **points, wl_matrix **targets);

/**
 * Test points first … first + count − 1, so that their panels are dealt out evenly where no square matrix needs them in tiles.
 * @param panels  their grid; must outlive the points
 */
wl_error wl_read_test_points(const wl_setup *setup, int64_t first, int64_t count, wl_grid *panels,
                             wl_points **points);

/** Points first … first + count − 1 of X and then T, as the joint kernels want them. */
wl_error wl_read_joint_points(const wl_setup *setup, int64_t first, int64_t count, wl_points **points);

#endif
