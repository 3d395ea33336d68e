/**
 * @file widelimit.h
 * All of libwidelimit. A program calls it in this order:
 *
 *   wl_grid_create                             ranks
 *   wl_points_create, wl_matrix_create         X, T and Y on the ranks that need them, from arrays in memory
 *   wl_model_create, _factor, _predict         means and variances at T
 *   wl_sampler_create, _draw                   draws
 *   wl_certify                                 the certificate
 *   wl_…_destroy                               in the reverse order: each object borrows those that it was made from
 *
 * Every function says whether it is *Collective* (all ranks of the grid call it, in the same order) or *Local*. Misuse, such as
 * NULL, a call out of order or another grid, returns WL_ERROR_USAGE and a message (wl_error_message); what returns no error then
 * gives 0, NULL or "unknown". Nothing is printed but progress, and nothing ends the process. doc/examples/ has five programs to
 * start from.
 */
#ifndef WIDELIMIT_WIDELIMIT_H
#define WIDELIMIT_WIDELIMIT_H

#include "widelimit/certify.h"
#include "widelimit/error.h"
#include "widelimit/grid.h"
#include "widelimit/matrix.h"
#include "widelimit/model.h"
#include "widelimit/network.h"
#include "widelimit/points.h"
#include "widelimit/quantity.h"
#include "widelimit/sample.h"
#include "widelimit/version.h"

#endif
