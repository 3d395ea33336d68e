#include "inference/variance.h"

#include <float.h>
#include <math.h>
#include <string.h>

void wl_share_columns(const wl_points *test, const double *local, double *all) {
  const wl_grid *g = test->grid;
  memset(all, 0, sizeof(double) * (size_t)test->count);
  if (g->row == 0)
    for (int64_t jl = 0; jl < wl_kernel_points_count(test->column); jl++)
      all[wl_grid_global(jl, g->column_block, g->column, g->columns)] = local[jl];
  MPI_Allreduce(MPI_IN_PLACE, all, (int)test->count, MPI_DOUBLE, MPI_SUM, g->comm);
}

void wl_column_sums(const wl_matrix *x, const wl_matrix *y, wl_point_sums *c) {
  memset(c->dot, 0, sizeof(double) * (size_t)x->columns);
  memset(c->norm1, 0, sizeof(double) * (size_t)x->columns);
  for (int64_t jl = 0; jl < x->local_columns; jl++) {
    const double *xj = x->data + jl * x->ld, *yj = y->data + jl * y->ld;
    double dot = 0.0, norm1 = 0.0;
    for (int64_t il = 0; il < x->local_rows; il++) {
      dot += xj[il] * yj[il];
      norm1 += fabs(xj[il]);
    }
    const int64_t j = wl_matrix_global_column(x, jl);
    c->dot[j] = dot;
    c->norm1[j] = norm1;
  }
  MPI_Allreduce(MPI_IN_PLACE, c->dot, (int)x->columns, MPI_DOUBLE, MPI_SUM, x->grid->comm);
  MPI_Allreduce(MPI_IN_PLACE, c->norm1, (int)x->columns, MPI_DOUBLE, MPI_SUM, x->grid->comm);
}

wl_error wl_clamp_variance(wl_prediction *p, wl_quantity quantity, int64_t j, double bound) {
  double *value = &p->variance[quantity][j];
  if (*value >= 0.0) return WL_OK;
  if (!(*value >= -bound))
    WL_FAIL(WL_ERROR_NUMERICAL,
            "%s variance at test point %lld (counted from 1) is %g, below zero by more than rounding "
            "explains (%g); the kernel matrix is too ill-conditioned: add noise_variance or jitter",
            wl_quantity_name(quantity), (long long)(p->first + j) + 1, *value, bound);
  if (*value < p->most_negative) p->most_negative = *value;
  p->clamped++;
  *value = 0.0;
  return WL_OK;
}

/*
 * prior_tt − ‖v_t‖². The factor is that of S + E with ‖E‖ of order n ε ‖S‖, which moves ‖v‖² by wᵀ E w, at most
 * n ε cond(S) prior_tt [Higham 2002, Thm 10.3]; measured errors stay below the bound without the n on cond(S).
 */
wl_error wl_posterior_variance(const wl_model *model, wl_quantity quantity, const double *prior,
                               const wl_point_sums *c, wl_prediction *p) {
  const wl_factor_info *factor = &model->evidence[p->prior].factor;
  const double relative = DBL_EPSILON * ((double)model->train->count + 1.0 / factor->reciprocal_condition);
  for (int64_t j = 0; j < p->count; j++) {
    p->variance[quantity][j] = prior[j] - c->dot[j];
    WL_TRY(wl_clamp_variance(p, quantity, j, relative * prior[j]));
  }
  return WL_OK;
}

/*
 * κ_tt + w_tᵀ d_t. For any w the exact value is not negative (κ is positive semidefinite), so only the rounding of
 * this sum counts: n ε max κ (1 + ‖w‖₁)². (In mixed precision zᵀ κ_XX z may be left out, which is smaller.)
 */
wl_error wl_functions_variance(const wl_points *train, const double *kappa, const wl_point_sums *c,
                               wl_quantity quantity, wl_prediction *p) {
  const double largest_kappa = wl_largest_of_rows(train, kappa), n = (double)train->count;
  for (int64_t j = 0; j < p->count; j++) {
    const double largest = largest_kappa > c->kappa[j] ? largest_kappa : c->kappa[j], weight = 1.0 + c->norm1[j];
    p->variance[quantity][j] = c->kappa[j] + c->dot[j];
    WL_TRY(wl_clamp_variance(p, quantity, j, n * DBL_EPSILON * largest * weight * weight));
  }
  return WL_OK;
}

wl_error wl_ensemble_variance(const wl_model *model, const wl_point_sums *c, wl_prediction *p) {
  return wl_functions_variance(model->train, model->kappa_diagonal, c, WL_QUANTITY_ENSEMBLE, p);
}
