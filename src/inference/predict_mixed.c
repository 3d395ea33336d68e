/*
 * Predictions in mixed precision. With B = Θ_XT (κ_XT for nngp), refinement gives X, R = B − S X and Z ≈ S⁻¹ R, so that
 * S⁻¹ B ≈ W = X + Z, and as much for the targets Y, X_y and R_y:
 *
 *   mean        BᵀX_y + WᵀR_y                posterior   prior − Bᵀ S⁻¹ B,  Bᵀ S⁻¹ B = BᵀX + XᵀR + Rᵀ S⁻¹ R
 *   ensemble    κ_TT − Wᵀ κ_XT − κ_TX W + Wᵀ κ_XX W
 *
 * Where the second pass of the refinement took κ_XX X along, W differs from X by so little (Z) that its square does not count:
 * with F = κ_XX X − κ_XT,
 *
 *   ensemble    κ_TT + Xᵀ (F − κ_XT) + Zᵀ F + Fᵀ Z      (the part that is symmetric)
 *
 * Otherwise one more pass computes κ_XX W, and also the residual of W anew (wl_mixed_check).
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dist/scalapack.h"
#include "gram/matrix_free.h"
#include "inference/mixed.h"
#include "inference/variance.h"

static void add_to(double factor, const wl_matrix *a, wl_matrix *b) {
  for (int64_t k = 0; k < a->ld * a->local_columns; k++) b->data[k] += factor * a->data[k];
}

static wl_error fill_right(const wl_model *model, wl_prior prior, const wl_points *test, wl_matrix *b) {
  const bool theta = prior == WL_PRIOR_THETA;
  return wl_gram_cross(model->train, test, theta ? NULL : b, theta ? b : NULL);
}

/* The triangle named ← itself − (Bᵀ X + XᵀR + RᵀZ), each by its symmetric part, which it is but for rounding; B is used up. */
static void subtract_quadratic(wl_matrix *b, const wl_panels *s, wl_triangle triangle, wl_matrix *covariance) {
  for (int64_t k = 0; k < b->ld * b->local_columns; k++) b->data[k] = -(b->data[k] + s->r->data[k]);
  wl_syr2k_transposed(triangle, b, s->x, covariance);
  for (int64_t k = 0; k < b->ld * b->local_columns; k++) b->data[k] = -s->r->data[k];
  wl_syr2k_transposed(triangle, b, s->z, covariance);
}

/* What follows from B itself: the mean, and the posterior covariance. */
static wl_error predict_from_right(const wl_model *model, const wl_points *test, const wl_panels *s,
                                   wl_matrix *covariance, wl_prediction *p) {
  wl_matrix *b = NULL;
  WL_TRY(wl_matrix_create(s->x->grid, s->x->rows, s->x->columns, &b));
  wl_error error = fill_right(model, p->prior, test, b);
  if (error == WL_OK) error = wl_predict_mean(model, b, s, p);
  if (error == WL_OK && covariance) subtract_quadratic(b, s, wl_prior_triangle(p->prior), covariance);
  wl_matrix_destroy(&b);
  return error;
}

/* D ← κ_XX W − 2 κ_XT in s->z, W being s->x; without a covariance, D only as far as wᵀd needs it. */
static wl_error multiply_kappa(wl_model *model, const wl_points *test, bool half, const wl_product *check,
                               wl_panels *s) {
  const wl_product product = {.v = s->x, .c = s->z, .shift = 0.0, .half = half};
  WL_TRY(wl_gram_multiply(model->train, check, &product));
  WL_TRY(wl_gram_cross(model->train, test, s->r, NULL));
  if (half) add_to(1.0, s->z, s->z);
  add_to(-2.0, s->r, s->z);
  return WL_OK;
}

/* The check of X in s->x, with its share in a pass over S to come. */
static wl_error begin_check(wl_model *model, const wl_points *test, wl_panels *s, wl_mixed_check *check,
                            wl_product *again) {
  const wl_mixed *theta = &model->prior[WL_PRIOR_THETA].mixed;
  WL_TRY(fill_right(model, WL_PRIOR_THETA, test, s->r));
  WL_TRY(wl_mixed_check_create(theta, model->setup.options.seed, s->r, s->x, check));
  *again = (wl_product){.v = check->solution, .c = check->image, .shift = theta->shift};
  return WL_OK;
}

/* c->dot ← wᵀ κ_XX w − 2 wᵀ κ_Xt by a pass of its own. */
static wl_error ensemble_by_pass(wl_model *model, const wl_points *test, wl_panels *s, wl_point_sums *c,
                                 wl_matrix *covariance) {
  wl_mixed_check check;
  wl_product again;
  add_to(1.0, s->z, s->x); /* W */
  WL_TRY(begin_check(model, test, s, &check, &again));
  wl_error error = multiply_kappa(model, test, covariance == NULL, &again, s);
  if (error == WL_OK) error = wl_mixed_check_residual(&model->prior[WL_PRIOR_THETA].mixed, &check);
  wl_mixed_check_destroy(&check);
  WL_TRY(error);
  wl_column_sums(s->x, s->z, c);
  if (covariance) wl_syr2k_transposed(WL_TRIANGLE_UPPER, s->x, s->z, covariance);
  return WL_OK;
}

/* The same from κ_XX X. */
static wl_error ensemble_from_image(const wl_model *model, const wl_points *test, wl_panels *s, wl_point_sums *c,
                                    wl_matrix *covariance) {
  wl_matrix *f = s->image, *d = s->r;
  wl_point_sums twice = {.dot = malloc(sizeof(double) * (size_t)(test->count + 1)),
                         .norm1 = malloc(sizeof(double) * (size_t)(test->count + 1))};
  wl_error error = twice.dot && twice.norm1 ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "prediction: out of memory");
  WL_GOTO(error, done, wl_error_agree(test->grid->comm, error));
  WL_GOTO(error, done, wl_gram_cross(model->train, test, d, NULL));
  add_to(-1.0, d, f);
  for (int64_t k = 0; k < d->ld * d->local_columns; k++) d->data[k] = f->data[k] - d->data[k];
  add_to(1.0, f, f);
  wl_column_sums(s->z, f, &twice);
  wl_column_sums(s->x, d, c);
  for (int64_t j = 0; j < test->count; j++) c->dot[j] += twice.dot[j];
  if (covariance) {
    wl_syr2k_transposed(WL_TRIANGLE_UPPER, s->x, d, covariance);
    wl_syr2k_transposed(WL_TRIANGLE_UPPER, s->z, f, covariance);
  }
  add_to(1.0, s->z, s->x);
done:
  free(twice.norm1);
  free(twice.dot);
  return error;
}

/* X becomes W. */
static wl_error predict_ensemble(wl_model *model, const wl_points *test, wl_panels *s, wl_point_sums *c,
                                 wl_matrix *covariance, wl_prediction *p) {
  WL_TRY(s->image ? ensemble_from_image(model, test, s, c, covariance)
                  : ensemble_by_pass(model, test, s, c, covariance));
  WL_TRY(wl_ensemble_variance(model, c, p));
  for (int64_t j = 0; j < p->count; j++)
    p->variance[WL_QUANTITY_RND][j] = 2.0 * p->variance[WL_QUANTITY_ENSEMBLE][j];
  return WL_OK;
}

/* With many columns, products cost more than kernel entries, and half a product in a pass of its own is cheaper. */
static bool wants_image(const wl_model *model, const wl_points *test) {
  const int64_t targets = model->targets->columns + WL_MIXED_RANDOM_COLUMNS + WL_MIXED_PROBES;
  return wl_product_is_few(test->grid, model->train->count,
                           test->count + (model->prior[WL_PRIOR_THETA].open ? targets : 0));
}

/* One prior's share in a batch. */
typedef struct part {
  wl_prediction *p;
  wl_matrix *covariance;
  bool ensemble, posterior, solution;
  wl_panels s;
  double *quadratic;
} part;

static void part_destroy(part *t) {
  wl_panels_destroy(&t->s);
  free(t->quadratic);
}

/* The right-hand sides, and what is asked of them. */
static wl_error begin(wl_model *model, const wl_points *test, const wl_point_sums *c, part *t,
                      wl_mixed_request *request) {
  const bool theta = t->p->prior == WL_PRIOR_THETA, *wanted = model->setup.options.quantity;
  t->ensemble = theta && wl_model_needs_ensemble(model);
  t->solution = theta && model->setup.solutions;
  t->posterior = !theta || wanted[WL_QUANTITY_NTK_GP] || wanted[WL_QUANTITY_BAYESIAN_RND];
  t->quadratic = malloc(sizeof(double) * (size_t)(test->count + 1));
  wl_error error = t->quadratic ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "prediction: out of memory");
  WL_TRY(wl_error_agree(test->grid->comm, error));
  WL_TRY(wl_matrix_create(test->grid, model->train->count, test->count, &t->s.r));
  *request = wl_model_request(model, t->p->prior);
  request->goal = (wl_refine_goal){.prior = theta ? c->theta : c->kappa,
                                   .vectors = t->ensemble || t->solution,
                                   .image = t->ensemble && wants_image(model, test)};
  request->tests = &t->s;
  request->quadratic = t->quadratic;
  return fill_right(model, t->p->prior, test, t->s.r);
}

/* X ← W where no ensemble has made it so, and has it checked. */
static wl_error make_solution(wl_model *model, const wl_points *test, wl_panels *s) {
  wl_mixed_check check;
  wl_product again;
  add_to(1.0, s->z, s->x);
  WL_TRY(begin_check(model, test, s, &check, &again));
  wl_error error = wl_gram_multiply(model->train, &again, NULL);
  if (error == WL_OK) error = wl_mixed_check_residual(&model->prior[WL_PRIOR_THETA].mixed, &check);
  wl_mixed_check_destroy(&check);
  return error;
}

/* Aᵀ, which X is after the ensemble. */
static wl_error keep_solution(wl_model *model, const wl_points *test, part *t) {
  if (!t->solution) return WL_OK;
  if (!t->ensemble) WL_TRY(make_solution(model, test, &t->s));
  t->p->solution = t->s.x;
  t->s.x = NULL;
  return WL_OK;
}

static wl_error end(wl_model *model, const wl_points *test, wl_point_sums *c, part *t) {
  wl_prediction *p = t->p;
  const bool theta = p->prior == WL_PRIOR_THETA;
  memcpy(c->dot, t->quadratic, sizeof(double) * (size_t)p->count);
  WL_TRY(predict_from_right(model, test, &t->s, t->posterior ? t->covariance : NULL, p));
  if (t->posterior) {
    const wl_quantity quantity = theta ? WL_QUANTITY_NTK_GP : WL_QUANTITY_NNGP;
    WL_TRY(wl_posterior_variance(model, quantity, theta ? c->theta : c->kappa, c, p));
    if (theta)
      memcpy(p->variance[WL_QUANTITY_BAYESIAN_RND], p->variance[WL_QUANTITY_NTK_GP],
             sizeof(double) * (size_t)p->count);
  }
  if (t->ensemble) WL_TRY(predict_ensemble(model, test, &t->s, c, t->covariance, p));
  WL_TRY(keep_solution(model, test, t));
  wl_model_note_refinement(model, p->prior);
  return WL_OK;
}

wl_error wl_predict_mixed(wl_model *model, const wl_points *test, wl_point_sums *c, wl_matrix *const *covariance,
                          wl_prediction *p, int count) {
  part parts[WL_PRIOR_COUNT] = {{0}, {0}};
  wl_mixed_request requests[WL_PRIOR_COUNT] = {{0}, {0}};
  wl_error error = WL_OK;
  for (int i = 0; i < count && error == WL_OK; i++) {
    parts[i] = (part){.p = &p[i], .covariance = covariance[i]};
    error = begin(model, test, c, &parts[i], &requests[i]);
  }
  if (error == WL_OK) error = wl_model_refine(model, requests, count);
  for (int i = 0; i < count; i++) {
    if (error == WL_OK) error = end(model, test, c, &parts[i]);
    part_destroy(&parts[i]);
  }
  return error;
}
