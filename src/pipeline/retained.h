/**
 * @file retained.h
 * What is kept of the predictions under Θ for draws in mixed precision and for the certificate: their joint law.
 */
#ifndef WIDELIMIT_PIPELINE_RETAINED_H
#define WIDELIMIT_PIPELINE_RETAINED_H

#include "pipeline/setup.h"

typedef struct wl_retained {
  wl_matrix *covariance;     /**< off the diagonal: ensemble above, ntk_gp below, m × m; NULL: not kept */
  wl_matrix *rnd_covariance; /**< that of rnd above it, where its target is another network; else NULL */
  double *variance[WL_QUANTITY_COUNT]; /**< its diagonals: m, all ranks; NULL where not asked for */
  wl_matrix *solution;                 /**< Aᵀ, n × m, for draws of functions in mixed precision; else NULL */
  wl_matrix *mean;                     /**< A Y, m × c */
} wl_retained;

/**
 * Collective. Takes over what is kept of a THETA prediction. Where covariances are, it is one of all test points.
 * Errors: WL_ERROR_MEMORY, WL_ERROR_CAPACITY.
 */
wl_error wl_retain(const wl_setup *setup, wl_prediction *prediction, wl_matrix **square, wl_retained *retained);

/** Local. Frees. */
void wl_retained_clear(wl_retained *retained);

#endif
