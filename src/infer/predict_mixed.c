/*
 * Predictions in mixed precision. With B = Θ_XT (κ_XT for nngp), refinement gives X, R = B − S X and Z ≈ S⁻¹ R:
 *
 *   mean        Bᵀ (S⁻¹ Y)                      posterior   prior − Bᵀ S⁻¹ B,  Bᵀ S⁻¹ B = BᵀX + XᵀR + Rᵀ S⁻¹ R
 *   ensemble    κ_TT + ½ (Wᵀ D + Dᵀ W),  W = X + Z,  D = κ_XX W − 2 κ_XT
 *
 * The last pass, which computes κ_XX W, also computes the residual of W anew (wl_mixed_check).
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dist/scalapack.h"
#include "infer/mixed.h"
#include "infer/variance.h"

/* The panels of a batch, n × w. */
typedef struct panels {
  wl_matrix *r, *x, *z; /* r is the caller's */
} panels;

static void add_to(double factor, const wl_matrix *a, wl_matrix *b) {
  for (int64_t k = 0; k < a->ld * a->local_columns; k++) b->data[k] += factor * a->data[k];
}

static wl_error fill_right(const wl_model *model, const wl_point_set *test, wl_matrix *b) {
  const bool theta = model->current == WL_PRIOR_THETA;
  return wl_gram_cross(model->train, test, theta ? NULL : b, theta ? b : NULL);
}

/* The triangle named ← itself − (Bᵀ X + XᵀR + RᵀZ), each by its symmetric part, which it is but for rounding. */
static wl_error subtract_quadratic(const wl_model *model, const wl_point_set *test, wl_uplo triangle,
                                   const panels *s, wl_matrix *covariance) {
  wl_matrix *b = NULL;
  WL_TRY(wl_matrix_create(s->x->grid, s->x->rows, s->x->columns, &b));
  const wl_error error = fill_right(model, test, b);
  if (error == WL_OK) {
    for (int64_t k = 0; k < b->ld * b->local_columns; k++) b->data[k] = -(b->data[k] + s->r->data[k]);
    wl_syr2k_transposed(triangle, b, s->x, covariance);
    for (int64_t k = 0; k < b->ld * b->local_columns; k++) b->data[k] = -s->r->data[k];
    wl_syr2k_transposed(triangle, b, s->z, covariance);
  }
  wl_matrix_destroy(&b);
  return error;
}

/* D ← κ_XX W − 2 κ_XT in s->z, W being s->x; without a covariance, D only as far as wᵀd needs it. */
static wl_error multiply_kappa(wl_model *model, const wl_point_set *test, bool half, const wl_product *check,
                               panels *s) {
  const wl_product product = {.v = s->x, .c = s->z, .shift = 0.0, .half = half};
  WL_TRY(wl_gram_apply(model->train, check, &product));
  WL_TRY(wl_gram_cross(model->train, test, s->r, NULL));
  if (half) add_to(1.0, s->z, s->z);
  add_to(-2.0, s->r, s->z);
  return WL_OK;
}

static wl_error predict_ensemble(wl_model *model, const wl_point_set *test, panels *s, wl_columns *c,
                                 wl_matrix *covariance, wl_prediction *p) {
  wl_mixed_check check;
  add_to(1.0, s->z, s->x); /* W */
  WL_TRY(fill_right(model, test, s->r));
  WL_TRY(wl_mixed_check_create(model->mixed, model->options.seed, s->r, s->x, &check));
  const wl_product again = {.v = check.solution, .c = check.image, .shift = model->mixed->shift};
  wl_error error = multiply_kappa(model, test, covariance == NULL, &again, s);
  if (error == WL_OK) error = wl_mixed_check_judge(model->mixed, &check);
  wl_mixed_check_destroy(&check);
  WL_TRY(error);
  wl_column_sums(s->x, s->z, c);
  WL_TRY(wl_ensemble_variance(model, c, p));
  if (covariance) wl_syr2k_transposed(WL_UPPER, s->x, s->z, covariance);
  for (int64_t j = 0; j < p->count; j++)
    p->variance[WL_QUANTITY_RND][j] = 2.0 * p->variance[WL_QUANTITY_ENSEMBLE][j];
  return WL_OK;
}

static wl_error predict(wl_model *model, const wl_point_set *test, panels *s, wl_columns *c, wl_matrix *covariance,
                        wl_prediction *p) {
  const bool theta = model->current == WL_PRIOR_THETA, ensemble = theta && wl_model_needs_ensemble(model);
  const bool *wanted = model->options.quantity;
  const wl_refine_goal goal = {.prior = theta ? c->theta : c->kappa, .vectors = ensemble};
  WL_TRY(fill_right(model, test, s->r));
  WL_TRY(wl_predict_mean(model, s->r, p));
  WL_TRY(wl_refine(model->mixed, &goal, s->r, s->x, s->z, c->dot));
  if (!theta || wanted[WL_QUANTITY_NTK_GP] || wanted[WL_QUANTITY_BAYESIAN_RND]) {
    const wl_quantity quantity = theta ? WL_QUANTITY_NTK_GP : WL_QUANTITY_NNGP;
    WL_TRY(wl_posterior_variance(model, quantity, goal.prior, c, p));
    if (covariance) WL_TRY(subtract_quadratic(model, test, theta ? WL_LOWER : WL_UPPER, s, covariance));
    if (theta)
      memcpy(p->variance[WL_QUANTITY_BAYESIAN_RND], p->variance[WL_QUANTITY_NTK_GP],
             sizeof(double) * (size_t)p->count);
  }
  return ensemble ? predict_ensemble(model, test, s, c, covariance, p) : WL_OK;
}

wl_error wl_predict_mixed(wl_model *model, const wl_point_set *test, wl_matrix *v, wl_columns *c,
                          wl_matrix *covariance, wl_prediction *p) {
  panels s = {.r = v};
  wl_error error = wl_matrix_create(v->grid, v->rows, v->columns, &s.x);
  if (error == WL_OK) error = wl_matrix_create(v->grid, v->rows, v->columns, &s.z);
  if (error == WL_OK) error = predict(model, test, &s, c, covariance, p);
  if (error == WL_OK) wl_model_note_refinement(model);
  wl_matrix_destroy(&s.z);
  wl_matrix_destroy(&s.x);
  return error;
}
