/**
 * @file loo.h
 * Leave-one-out, exactly and from one factorization: what a model trained on all points but i predicts at point i.
 *
 * With S of the prior, s = σ² + jitter, d = diag(S⁻¹) and g = S⁻¹ Y:
 *
 *   mean                         y_i − g_i / d_i                    [Rasmussen and Williams 2006, eq. 5.12]
 *   ntk_gp, bayesian_rnd, nngp   1 / d_i − s                        [the same]
 *   ensemble                     [S⁻¹ κ_XX S⁻¹]_ii / d_i²
 *   rnd                          2 × ensemble
 *
 * (A function that starts as f₀ and is trained on all but i misses y_i by [S⁻¹(y − f₀(X))]_i / d_i, and f₀ ~ GP(0, κ).)
 */
#ifndef WIDELIMIT_INFERENCE_LOO_H
#define WIDELIMIT_INFERENCE_LOO_H

#include "inference/model.h"
#include "inference/watch.h"

/**
 * Collective. The model's quantities at all its training points, each left out in turn, under the prior that was factored last.
 * The factor and κ are as they were on return. n³/3 flops without ensemble and rnd, 7n³/3 with them; room for one panel of
 * wl_loo_width columns, with ensemble and rnd for two.
 * @param watch  NULL: not watched
 * @param loo    as from wl_model_predict_batch, point i being training point i; to be cleared by wl_prediction_clear
 * Errors: WL_ERROR_USAGE in mixed precision, whose factor does not give S⁻¹; WL_ERROR_NUMERICAL where S⁻¹ overflows or a
 * variance is negative beyond its rounding bound, naming the training row; those of the watch; WL_ERROR_MEMORY.
 */
wl_error wl_model_leave_one_out(wl_model *model, const wl_watch *watch, wl_prediction *loo);

/**
 * Local. Columns of a panel, for n training points on so many process columns. Each panel sends the factor, with ensemble κ too,
 * once around, so that wide ones are fast; those of n/20 columns take a tenth of the kernel matrix's room.
 */
int64_t wl_loo_width(int64_t n, int grid_columns, bool ensemble);

/** Local. Floating-point operations of all ranks. */
double wl_loo_flops(int64_t n, bool ensemble);

#endif
