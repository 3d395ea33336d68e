/**
 * @file points.h
 * What a set of points keeps for the recursion.
 *
 * Memory beside x: 4 doubles a point and at most 4 for each step, 9 for a polynomial, 10 + 7c for a shifted erf. The logistic activations add their series
 * in each of theirs: for tanh about 30 doubles at a variance of 0.1, 240 at 1 and WL_SERIES_TERMS from 1.2 on,
 * for its relatives as many at four times the variance. Neighbours of exactly the same variance share them.
 */
#ifndef WIDELIMIT_KERNEL_POINTS_H
#define WIDELIMIT_KERNEL_POINTS_H

#include "kernel/network.h"
#include "kernel/program.h"

struct wl_kernel_points {
  wl_program program; /**< of the network; owned */
  int64_t count, dimension;
  const double *x;      /**< borrowed */
  const int64_t *label; /**< what messages call the points while they are prepared; borrowed, NULL: index */
  double *kappa;        /**< κ(x_i, x_i); owned */
  double *theta;        /**< Θ(x_i, x_i); owned */
  double *variance;     /**< κ¹(x_i, x_i); owned */
  double *inverse_root; /**< 1/√ of it, NaN where that is zero; owned */
  double *field;        /**< [step][point][field]; owned */
  double rounding;      /**< the largest α and β of any point (rounding.h) */
  /* Logistic activations only: */
  int64_t *series_start;                 /**< [step with a series][point]: index into series; owned */
  int (*series_terms)[WL_SERIES_LEVELS]; /**< [step with a series][point]; owned */
  double *series;                        /**< owned */
  int64_t series_used, series_room;
  /* Given kernels (given.h) alone, which have neither coordinates nor a network: */
  struct wl_given *given; /**< borrowed; NULL: a network's */
  int64_t *number;        /**< of each point; owned */
};

/** Fields of point i at a step; those of point i + 1 stand behind them. */
static inline double *wl_kernel_points_field(const wl_kernel_points *points, const wl_step *step, int64_t i) {
  return points->field + step->field * points->count + step->fields * i;
}

/** The place of point i's series at a step that has one. */
static inline int64_t wl_kernel_points_series(const wl_kernel_points *points, const wl_step *step, int64_t i) {
  return step->series * points->count + i;
}

/**
 * Local. For a nearly parallel pair (1 − |c| < WL_NEAR at layer 1), or one with a zero point: *e, 1 − |c| with the
 * sign of c as their inner product gives it, with √|e| right to a few ε. Returns whether the points are equal.
 */
bool wl_kernel_points_near(const wl_kernel_points *a, int64_t i, const wl_kernel_points *b, int64_t j, double *e);

#endif
