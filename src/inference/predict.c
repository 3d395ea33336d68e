/*
 * With V = L⁻¹ Θ_XT and W = S⁻¹ Θ_XT = L⁻ᵀ V = Aᵀ:
 *
 *   mean = Vᵀ (L⁻¹ Y)       ntk_gp = Θ_TT − Vᵀ V       ensemble = κ_TT + ½ (Wᵀ D + Dᵀ W),  D = κ_XX W − 2 κ_XT
 *
 * Two n × w panels suffice: V becomes W, and κ_XT becomes D.
 */
#include "inference/model.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "dist/collectives.h"
#include "dist/scalapack.h"
#include "inference/target.h"
#include "inference/variance.h"
#include "linalg/trsm.h"

void wl_point_sums_clear(wl_point_sums *c) {
  free(c->theta);
  free(c->kappa);
  free(c->dot);
  free(c->norm1);
  *c = (wl_point_sums){0};
}

wl_error wl_point_sums_create(const wl_points *test, wl_point_sums *c) {
  const size_t size = sizeof(double) * (size_t)(test->count + 1);
  *c = (wl_point_sums){malloc(size), malloc(size), malloc(size), malloc(size)};
  wl_error error = WL_OK;
  if (!c->theta || !c->kappa || !c->dot || !c->norm1)
    error = wl_error_set(WL_ERROR_MEMORY, "prediction: out of memory");
  error = wl_error_agree(test->grid->comm, error);
  if (error != WL_OK) {
    wl_point_sums_clear(c);
    return error;
  }
  wl_share_columns(test, wl_kernel_points_theta(test->column), c->theta);
  wl_share_columns(test, wl_kernel_points_kappa(test->column), c->kappa);
  return WL_OK;
}

wl_error wl_predict_mean(const wl_model *model, const wl_matrix *v, const wl_panels *solved, wl_prediction *p) {
  wl_matrix *mean = NULL;
  p->mean = malloc(sizeof(double) * (size_t)(p->count * p->outputs + 1));
  wl_error error = p->mean ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "prediction: no memory for the means");
  WL_TRY(wl_error_agree(v->grid->comm, error));
  WL_TRY(wl_matrix_create(v->grid, p->count, p->outputs, &mean));
  const wl_mixed_targets *targets = &model->prior[p->prior].targets;
  wl_gemm_transposed(v, solved ? targets->x : model->whitened_targets, mean);
  if (solved) wl_gemm_transposed_add(solved->x, targets->r, mean);
  if (solved) wl_gemm_transposed_add(solved->z, targets->r, mean);
  error = wl_matrix_gather(mean, p->mean);
  if (error == WL_OK) wl_broadcast(v->grid->comm, 0, p->count * p->outputs, p->mean);
  wl_matrix_destroy(&mean);
  return error;
}

static wl_error predict_ensemble(wl_model *model, wl_matrix *v, wl_matrix *kappa_xt, wl_point_sums *c,
                                 wl_matrix *covariance, wl_prediction *p) {
  wl_matrix *w = v, *d = kappa_xt;
  WL_TRY(wl_cholesky_backward(&model->factor[WL_PRIOR_THETA], w));
  WL_TRY(wl_symmetric_product(model->gram, model->kappa_diagonal, w, -2.0, d));
  wl_column_sums(w, d, c);
  WL_TRY(wl_ensemble_variance(model, c, p));
  if (covariance) wl_syr2k_transposed(WL_TRIANGLE_UPPER, w, d, covariance);
  return WL_OK;
}

static wl_error predict_theta(wl_model *model, const wl_points *test, wl_matrix *v, wl_matrix *kappa_xt,
                              wl_point_sums *c, wl_matrix *covariance, wl_prediction *p) {
  WL_TRY(wl_gram_cross(model->train, test, kappa_xt, v));
  WL_TRY(wl_cholesky_forward(&model->factor[WL_PRIOR_THETA], v));
  WL_TRY(wl_predict_mean(model, v, NULL, p));
  wl_column_sums(v, v, c);
  if (model->setup.options.quantity[WL_QUANTITY_NTK_GP] ||
      model->setup.options.quantity[WL_QUANTITY_BAYESIAN_RND]) {
    WL_TRY(wl_posterior_variance(model, WL_QUANTITY_NTK_GP, c->theta, c, p));
    if (covariance) wl_syrk_transposed(WL_TRIANGLE_LOWER, v, covariance);
    memcpy(p->variance[WL_QUANTITY_BAYESIAN_RND], p->variance[WL_QUANTITY_NTK_GP],
           sizeof(double) * (size_t)p->count);
  }
  if (!kappa_xt) return WL_OK;
  WL_TRY(predict_ensemble(model, v, kappa_xt, c, covariance, p));
  if (model->target) return wl_predict_target(model, test, v, c, covariance, p);
  for (int64_t j = 0; j < p->count; j++)
    p->variance[WL_QUANTITY_RND][j] = 2.0 * p->variance[WL_QUANTITY_ENSEMBLE][j];
  return WL_OK;
}

static wl_error predict_kappa(wl_model *model, const wl_points *test, wl_matrix *v, wl_point_sums *c,
                              wl_matrix *covariance, wl_prediction *p) {
  WL_TRY(wl_gram_cross(model->train, test, v, NULL));
  WL_TRY(wl_cholesky_forward(&model->factor[WL_PRIOR_KAPPA], v));
  WL_TRY(wl_predict_mean(model, v, NULL, p));
  wl_column_sums(v, v, c);
  if (covariance) wl_syrk_transposed(WL_TRIANGLE_UPPER, v, covariance);
  return wl_posterior_variance(model, WL_QUANTITY_NNGP, c->kappa, c, p);
}

wl_error wl_prediction_create(const wl_model *model, wl_prior prior, int64_t first, int64_t count,
                              wl_prediction *p) {
  *p = (wl_prediction){.prior = prior, .first = first, .count = count, .outputs = model->targets->columns};
  wl_error error = WL_OK;
  for (int q = 0; q < WL_QUANTITY_COUNT; q++) {
    if (wl_quantity_prior((wl_quantity)q) != prior) continue;
    p->variance[q] = malloc(sizeof(double) * (size_t)(p->count + 1));
    if (!p->variance[q]) error = wl_error_set(WL_ERROR_MEMORY, "prediction: out of memory");
  }
  return wl_error_agree(model->targets->grid->comm, error);
}

void wl_prediction_drop_unasked(const bool asked[WL_QUANTITY_COUNT], wl_prediction *p) {
  for (int q = 0; q < WL_QUANTITY_COUNT; q++)
    if (!asked[q]) {
      free(p->variance[q]);
      p->variance[q] = NULL;
    }
}

static wl_error predict_double(wl_model *model, const wl_points *test, wl_point_sums *c, wl_matrix *covariance,
                               wl_prediction_panels *kept, wl_prediction *p) {
  const bool theta = p->prior == WL_PRIOR_THETA, ensemble = theta && wl_model_needs_ensemble(model);
  wl_matrix *v = NULL, *kappa_xt = NULL;
  wl_error error = wl_matrix_create(test->grid, model->train->count, test->count, &v);
  if (error == WL_OK && ensemble)
    error = wl_matrix_create(test->grid, model->train->count, test->count, &kappa_xt);
  if (error == WL_OK)
    error = theta ? predict_theta(model, test, v, kappa_xt, c, covariance, p)
                  : predict_kappa(model, test, v, c, covariance, p);
  if (kept && error == WL_OK) {
    *kept = (wl_prediction_panels){v, kappa_xt};
    return WL_OK;
  }
  wl_matrix_destroy(&kappa_xt);
  wl_matrix_destroy(&v);
  return error;
}

/* Under each of these priors; in double precision, under one. `kept`: in double precision alone, or NULL. */
static wl_error predict(wl_model *model, const wl_points *test, int64_t first, const wl_prior *priors, int count,
                        wl_matrix *const *covariance, wl_prediction_panels *kept, wl_prediction *p) {
  wl_point_sums c = {0};
  wl_error error = WL_OK;
  memset(p, 0, sizeof *p * (size_t)count);
  for (int i = 0; i < count; i++)
    WL_GOTO(error, done, wl_prediction_create(model, priors[i], first, test->count, &p[i]));
  WL_GOTO(error, done, wl_point_sums_create(test, &c));
  error = model->floats ? wl_predict_mixed(model, test, &c, covariance, p, count)
                        : predict_double(model, test, &c, covariance[0], kept, p);
  wl_point_sums_clear(&c);
  for (int i = 0; i < count; i++) wl_prediction_drop_unasked(model->setup.options.quantity, &p[i]);
done:
  for (int i = 0; i < count && error != WL_OK; i++) wl_prediction_clear(&p[i]);
  return error;
}

wl_error wl_model_predict_batch(wl_model *model, const wl_points *test, int64_t first, wl_matrix *covariance,
                                wl_prediction *p) {
  return predict(model, test, first, &model->current, 1, &covariance, NULL, p);
}

wl_error wl_model_predict_keeping(wl_model *model, const wl_points *test, wl_prediction_panels *kept,
                                  wl_prediction *p) {
  wl_matrix *covariance = NULL;
  return predict(model, test, 0, &model->current, 1, &covariance, kept, p);
}

wl_error wl_model_predict_both(wl_model *model, const wl_points *test, int64_t first,
                               wl_matrix *const covariance[WL_PRIOR_COUNT], wl_prediction p[WL_PRIOR_COUNT]) {
  static const wl_prior both[WL_PRIOR_COUNT] = {WL_PRIOR_THETA, WL_PRIOR_KAPPA};
  if (!model->prior[WL_PRIOR_THETA].factored || !model->prior[WL_PRIOR_KAPPA].factored)
    WL_FAIL(WL_ERROR_USAGE, "predictions under both priors at once need both factors, and mixed precision");
  return predict(model, test, first, both, WL_PRIOR_COUNT, covariance, NULL, p);
}

wl_error wl_model_predict(wl_model *model, const wl_points *test, wl_matrix *covariance,
                          wl_prediction *prediction) {
  WL_REQUIRE(prediction);
  memset(prediction, 0, sizeof *prediction);
  WL_REQUIRE(model);
  WL_REQUIRE(test);
  WL_TRY(wl_points_check_alike(model->train, test));
  if (test->count < 1) WL_FAIL(WL_ERROR_USAGE, "%s: there are no test points", __func__);
  if (!model->ready)
    WL_FAIL(WL_ERROR_USAGE, "%s: the model is not factored: call wl_model_factor before", __func__);
  if (covariance) {
    if (!wl_grid_same(covariance->grid, test->grid) || covariance->rows != test->count ||
        covariance->columns != test->count)
      WL_FAIL(WL_ERROR_USAGE, "%s: covariance must be %lld × %lld on the grid of the points", __func__,
              (long long)test->count, (long long)test->count);
    WL_TRY(wl_gram_symmetric(test, WL_GRAM_BOTH, covariance));
  }
  return wl_model_predict_batch(model, test, 0, covariance, prediction);
}

/*
 * ensemble and nngp stand above the diagonal, ntk_gp below it; twice ensemble is rnd, unless that has a target network of
 * its own, and ntk_gp is bayesian_rnd.
 */
wl_error wl_prediction_covariance(const wl_prediction *p, const wl_matrix *covariance, wl_quantity quantity,
                                  double *values) {
  WL_REQUIRE(p);
  WL_REQUIRE(covariance);
  if ((unsigned)quantity >= WL_QUANTITY_COUNT || !p->variance[quantity])
    WL_FAIL(WL_ERROR_USAGE, "%s: the prediction has no variances of this quantity", __func__);
  if (covariance->rows != p->count || covariance->columns != p->count)
    WL_FAIL(WL_ERROR_USAGE, "%s: covariance is not of this prediction", __func__);
  const bool own = quantity == WL_QUANTITY_RND && p->rnd_covariance;
  WL_TRY(wl_matrix_gather(own ? p->rnd_covariance : covariance, values));
  if (covariance->grid->rank != 0) return WL_OK;
  const bool lower = quantity == WL_QUANTITY_NTK_GP || quantity == WL_QUANTITY_BAYESIAN_RND;
  const double scale = quantity == WL_QUANTITY_RND && !own ? 2.0 : 1.0;
  const int64_t n = p->count;
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < i; j++) {
      const double value = scale * values[lower ? i * n + j : j * n + i];
      values[i * n + j] = values[j * n + i] = value;
    }
    values[i * n + i] = p->variance[quantity][i];
  }
  return WL_OK;
}

void wl_prediction_clear(wl_prediction *p) {
  if (!p) return;
  free(p->mean);
  p->mean = NULL;
  wl_matrix_destroy(&p->solution);
  wl_matrix_destroy(&p->rnd_covariance);
  for (int q = 0; q < WL_QUANTITY_COUNT; q++) {
    free(p->variance[q]);
    p->variance[q] = NULL;
  }
}
