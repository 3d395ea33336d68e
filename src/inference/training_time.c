#include "inference/training_time.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dist/collectives.h"
#include "dist/scalapack.h"
#include "inference/variance.h"
#include "linalg/trsm.h"

struct wl_training_time {
  const wl_spectrum *spectrum; /* borrowed */
  const wl_points *test;       /* borrowed */
  wl_training_time_options options;
  int64_t first;
  wl_matrix *g;        /* Uᵀ Θ_XT */
  wl_matrix *kappa_xt; /* NULL without the ensemble */
  wl_matrix *w, *d;    /* room for a panel; with the ensemble, for two */
  wl_point_sums columns;
};

double wl_training_filter(double t, double lambda) {
  if (isinf(t)) return 1.0 / lambda;
  const double x = t * lambda;
  return fabs(x) < 1e-300 ? t : -expm1(-x) / lambda;
}

/* The eigenvalue of S that row i of G belongs to. */
static double lambda_of(const wl_training_time *tt, int64_t i) {
  return tt->spectrum->theta.values[i] + tt->options.shift;
}

/* ---- what all times share ---------------------------------------------------------------------------------------- */

void wl_training_time_destroy(wl_training_time **pointer) {
  if (!pointer || !*pointer) return;
  wl_training_time *tt = *pointer;
  wl_point_sums_clear(&tt->columns);
  wl_matrix_destroy(&tt->d);
  wl_matrix_destroy(&tt->w);
  wl_matrix_destroy(&tt->kappa_xt);
  wl_matrix_destroy(&tt->g);
  free(tt);
  *pointer = NULL;
}

static wl_error create_panels(wl_training_time *tt) {
  const wl_grid *grid = tt->test->grid;
  const int64_t n = tt->spectrum->train->count, w = tt->test->count;
  const bool ensemble = wl_quantities_need_ensemble(tt->options.quantity);
  WL_TRY(wl_matrix_create(grid, n, w, &tt->g));
  WL_TRY(wl_matrix_create(grid, n, w, &tt->w));
  if (ensemble) WL_TRY(wl_matrix_create(grid, n, w, &tt->d));
  if (ensemble) WL_TRY(wl_matrix_create(grid, n, w, &tt->kappa_xt));
  WL_TRY(wl_point_sums_create(tt->test, &tt->columns));
  WL_TRY(wl_gram_cross(tt->spectrum->train, tt->test, tt->kappa_xt, tt->w));
  wl_gemm_transposed(tt->spectrum->theta.vectors, tt->w, tt->g);
  return WL_OK;
}

wl_error wl_training_time_create(const wl_spectrum *spectrum, const wl_training_time_options *options,
                                 const wl_points *test, int64_t first, wl_training_time **result) {
  *result = NULL;
  if (!spectrum->theta.vectors || (wl_quantities_need_ensemble(options->quantity) && !spectrum->kappa))
    WL_FAIL(WL_ERROR_USAGE,
            "predictions at a time need the eigenvectors of theta, and ensemble and rnd need kappa");
  wl_training_time *tt = calloc(1, sizeof *tt);
  const wl_error room = tt ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "training times: out of memory");
  const wl_error agreed = wl_error_agree(test->grid->comm, room);
  if (agreed != WL_OK) {
    free(tt);
    return agreed;
  }
  *tt = (wl_training_time){.spectrum = spectrum, .test = test, .options = *options, .first = first};
  const wl_error error = create_panels(tt);
  if (error != WL_OK)
    wl_training_time_destroy(&tt);
  else
    *result = tt;
  return error;
}

/* ---- a time -------------------------------------------------------------------------------------------------------- */

/* To := f(Λ) from, row i by the eigenvalue i; root: by √f. */
static void scale_rows(const wl_training_time *tt, double t, bool root, const wl_matrix *from, wl_matrix *to) {
  for (int64_t il = 0; il < from->local_rows; il++) {
    const double f = wl_training_filter(t, lambda_of(tt, wl_matrix_global_row(from, il)));
    const double weight = root ? sqrt(f) : f;
    for (int64_t jl = 0; jl < from->local_columns; jl++)
      to->data[il + jl * to->ld] = weight * from->data[il + jl * from->ld];
  }
}

/* A change of n ε λ_max in λ_min, which is rounding, must not be all of f_t(λ_min). */
static wl_error check_time(const wl_training_time *tt, double t) {
  const int64_t n = tt->spectrum->train->count;
  const double rounding = wl_eigen_rounding(&tt->spectrum->theta, n), least = lambda_of(tt, 0);
  if (!(t >= 0.0)) WL_FAIL(WL_ERROR_USAGE, "a training time of %g: it must be at least 0", t);
  const bool sure = isinf(t) ? least > rounding : rounding * wl_training_filter(t, least) < 1.0;
  if (sure) return WL_OK;
  WL_FAIL(
      WL_ERROR_NUMERICAL,
      "training.times: at time %g nothing is sure: the smallest eigenvalue of theta with noise is %.3g, and the "
      "rounding of the largest %.1e is as much; use times below %.1e, or add noise_variance or jitter",
      t, least, rounding, 1.0 / rounding);
}

static wl_error create_prediction(const wl_training_time *tt, wl_prediction *p) {
  *p = (wl_prediction){
      .prior = WL_PRIOR_THETA, .first = tt->first, .count = tt->test->count, .outputs = tt->spectrum->y->columns};
  const bool ensemble = wl_quantities_need_ensemble(tt->options.quantity), *q = tt->options.quantity;
  const bool needed[WL_QUANTITY_COUNT] = {[WL_QUANTITY_ENSEMBLE] = ensemble,
                                          [WL_QUANTITY_RND] = ensemble,
                                          [WL_QUANTITY_BAYESIAN_RND] = q[WL_QUANTITY_BAYESIAN_RND]};
  p->mean = malloc(sizeof(double) * (size_t)(p->count * p->outputs + 1));
  bool complete = p->mean;
  for (int k = 0; k < WL_QUANTITY_COUNT; k++)
    if (needed[k]) complete = (p->variance[k] = malloc(sizeof(double) * (size_t)(p->count + 1))) && complete;
  const wl_error error = complete ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "training times: out of memory");
  return wl_error_agree(tt->test->grid->comm, error);
}

/* (f_t(Λ) Uᵀ Y)ᵀ G, transposed */
static wl_error mean_at(const wl_training_time *tt, double t, wl_prediction *p) {
  const wl_grid *grid = tt->test->grid;
  const wl_matrix *uy = tt->spectrum->targets;
  wl_matrix *scaled = NULL, *mean = NULL;
  wl_error error = wl_matrix_create(uy->grid, uy->rows, uy->columns, &scaled);
  if (error == WL_OK) error = wl_matrix_create(grid, p->count, p->outputs, &mean);
  if (error == WL_OK) {
    scale_rows(tt, t, false, uy, scaled);
    wl_gemm_transposed(tt->g, scaled, mean);
    error = wl_matrix_gather(mean, p->mean);
  }
  if (error == WL_OK) wl_broadcast(grid->comm, 0, p->count * p->outputs, p->mean);
  wl_matrix_destroy(&mean);
  wl_matrix_destroy(&scaled);
  return error;
}

/*
 * V = √f_2t(Λ) G:  Θ_TT − Vᵀ V. An error δ = n ε λ_max of λ changes f_2t by no more than δ f_2t(λ_min) of it, and the sum is at
 * most Θ_tt: the rounding is n ε Θ_tt (1 + λ_max f_2t(λ_min)).
 */
static wl_error error_law_at(wl_training_time *tt, double t, wl_matrix *covariance, wl_prediction *p) {
  const int64_t n = tt->spectrum->train->count;
  const double *prior = tt->columns.theta;
  const double relative =
      (double)n * DBL_EPSILON * (1.0 + lambda_of(tt, n - 1) * wl_training_filter(2.0 * t, lambda_of(tt, 0)));
  scale_rows(tt, 2.0 * t, true, tt->g, tt->w);
  wl_column_sums(tt->w, tt->w, &tt->columns);
  for (int64_t j = 0; j < p->count; j++) {
    p->variance[WL_QUANTITY_BAYESIAN_RND][j] = prior[j] - tt->columns.dot[j];
    WL_TRY(wl_clamp_variance(p, WL_QUANTITY_BAYESIAN_RND, j, relative * prior[j]));
  }
  if (covariance) wl_syrk_transposed(WL_TRIANGLE_LOWER, tt->w, covariance);
  return WL_OK;
}

/* W = A_tᵀ = U f_t(Λ) G and D = 2 (T W − κ_XT), κ_XX = T + Tᵀ:  κ_TT + ½ (Wᵀ D + Dᵀ W) */
static wl_error ensemble_at(wl_training_time *tt, double t, wl_matrix *covariance, wl_prediction *p) {
  const wl_spectrum *s = tt->spectrum;
  const double *kappa = wl_kernel_points_kappa(s->train->row);
  wl_matrix *w = tt->w, *d = tt->d;
  scale_rows(tt, t, false, tt->g, d);
  wl_gemm(s->theta.vectors, d, w);
  WL_TRY(wl_half_product(s->gram, kappa, w, d));
  for (int64_t jl = 0; jl < d->local_columns; jl++)
    for (int64_t il = 0; il < d->local_rows; il++) {
      double *at = d->data + il + jl * d->ld;
      *at = 2.0 * (*at - tt->kappa_xt->data[il + jl * tt->kappa_xt->ld]);
    }
  wl_column_sums(w, d, &tt->columns);
  WL_TRY(wl_functions_variance(s->train, kappa, &tt->columns, WL_QUANTITY_ENSEMBLE, p));
  if (covariance) wl_syr2k_transposed(WL_TRIANGLE_UPPER, w, d, covariance);
  for (int64_t j = 0; j < p->count; j++)
    p->variance[WL_QUANTITY_RND][j] = 2.0 * p->variance[WL_QUANTITY_ENSEMBLE][j];
  return WL_OK;
}

static wl_error predict(wl_training_time *tt, double t, wl_matrix *covariance, wl_prediction *p) {
  WL_TRY(create_prediction(tt, p));
  WL_TRY(mean_at(tt, t, p));
  if (tt->options.quantity[WL_QUANTITY_BAYESIAN_RND]) WL_TRY(error_law_at(tt, t, covariance, p));
  if (wl_quantities_need_ensemble(tt->options.quantity)) WL_TRY(ensemble_at(tt, t, covariance, p));
  wl_prediction_drop_unasked(tt->options.quantity, p);
  return WL_OK;
}

wl_error wl_training_time_predict(wl_training_time *tt, double t, wl_matrix *covariance, wl_prediction *p) {
  *p = (wl_prediction){0};
  WL_TRY(check_time(tt, t));
  const wl_error error = predict(tt, t, covariance, p);
  if (error == WL_OK) return WL_OK;
  wl_prediction_clear(p);
  return error == WL_ERROR_NUMERICAL ? wl_error_set(error, "at time %g: %s", t, wl_error_message()) : error;
}
