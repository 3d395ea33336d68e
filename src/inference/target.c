/*
 * With W = Aᵀ, and as for the ensemble in predict.c:
 *
 *   V_A[κ_g] = κ_g,TT + ½ (Wᵀ D + Dᵀ W),  D = κ_g,XX W − 2 κ_g,XT
 */
#include "inference/target.h"

#include "dist/scalapack.h"
#include "gram/matrix_free.h"

/* D, n × w. */
static wl_error create_image(const wl_model *model, const wl_points *test, const wl_matrix *w, wl_matrix **image) {
  wl_matrix *cross = NULL;
  wl_error error;
  WL_GOTO(error, done, wl_matrix_create(w->grid, w->rows, w->columns, image));
  WL_GOTO(error, done, wl_gram_multiply(model->target, NULL, &(wl_product){.v = w, .c = *image}));
  WL_GOTO(error, done, wl_matrix_create(w->grid, w->rows, w->columns, &cross));
  WL_GOTO(error, done, wl_gram_cross(model->target, test, cross, NULL));
  for (int64_t k = 0; k < cross->ld * cross->local_columns; k++) (*image)->data[k] -= 2.0 * cross->data[k];
done:
  wl_matrix_destroy(&cross);
  return error;
}

/* Above the diagonal: V_A[κ_g] + the ensemble's. */
static wl_error create_covariance(const wl_points *test, const wl_matrix *w, const wl_matrix *image,
                                  const wl_matrix *ensemble, wl_matrix **covariance) {
  WL_TRY(wl_matrix_create(ensemble->grid, test->count, test->count, covariance));
  WL_TRY(wl_gram_symmetric(test, WL_GRAM_KAPPA, *covariance));
  wl_syr2k_transposed(WL_TRIANGLE_UPPER, w, image, *covariance);
  for (int64_t jl = 0; jl < ensemble->local_columns; jl++)
    for (int64_t il = 0; il < ensemble->local_rows; il++)
      if (wl_matrix_global_row(ensemble, il) < wl_matrix_global_column(ensemble, jl))
        (*covariance)->data[il + jl * (*covariance)->ld] += ensemble->data[il + jl * ensemble->ld];
  return WL_OK;
}

wl_error wl_predict_target(const wl_model *model, const wl_points *test, const wl_matrix *w, wl_point_sums *c,
                           const wl_matrix *covariance, wl_prediction *p) {
  wl_points *seen = NULL; /* T as the target network sees it */
  wl_matrix *image = NULL;
  wl_error error;
  WL_GOTO(error, done, wl_points_with_network(test, &model->target->network, &seen));
  WL_GOTO(error, done, create_image(model, seen, w, &image));
  wl_column_sums(w, image, c);
  wl_share_columns(seen, wl_kernel_points_kappa(seen->column), c->kappa);
  WL_GOTO(error, done,
          wl_functions_variance(model->target, wl_kernel_points_kappa(model->target->row), c, WL_QUANTITY_RND, p));
  for (int64_t j = 0; j < p->count; j++) p->variance[WL_QUANTITY_RND][j] += p->variance[WL_QUANTITY_ENSEMBLE][j];
  if (covariance) error = create_covariance(seen, w, image, covariance, &p->rnd_covariance);
done:
  wl_matrix_destroy(&image);
  wl_points_destroy(&seen);
  return error;
}
