/*
 * By column panels E of the identity, of which S⁻¹ is never whole:
 *
 *   V = L⁻¹ E, zero above the panel's first row          d_i = ‖v_i‖²
 *   W = L⁻ᵀ V = S⁻¹ E                                    [S⁻¹ κ S⁻¹]_ii = w_iᵀ κ w_i = 2 w_iᵀ T w_i,  κ = T + Tᵀ
 *
 * T W is half the work of κ W (wl_half_product).
 */
#include "inference/loo.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "dist/collectives.h"
#include "inference/model.h"
#include "inference/variance.h"
#include "linalg/trsm.h"

/* Sums over the rows of a column, by training point. */
typedef struct column_sums {
  double *inverse;   /* d_i */
  double *quadratic; /* w_iᵀ κ w_i */
  double *norm1;     /* ‖w_i‖₁ */
} column_sums;

typedef struct pass {
  wl_model *model;
  const wl_cholesky *factor;
  bool ensemble;
  wl_grid panels;
  wl_matrix *w, *tw; /* V, then W; T W */
  column_sums sums;
} pass;

int64_t wl_loo_width(int64_t n, int grid_columns, bool ensemble) {
  return smaller(larger(n, 1), larger(n / (ensemble ? 20 : 16), (int64_t)192 * grid_columns));
}

double wl_loo_flops(int64_t n, bool ensemble) {
  const double cube = (double)n * (double)n * (double)n;
  return ensemble ? 7.0 / 3.0 * cube : cube / 3.0;
}

static void pass_destroy(pass *s) {
  wl_matrix_destroy(&s->tw);
  wl_matrix_destroy(&s->w);
  free(s->sums.norm1);
  free(s->sums.quadratic);
  free(s->sums.inverse);
}

static wl_error pass_create(wl_model *model, pass *s) {
  const wl_grid *grid = model->gram->grid;
  const bool ensemble = model->current == WL_PRIOR_THETA && wl_model_needs_ensemble(model);
  const int64_t n = model->train->count, width = wl_loo_width(n, grid->columns, ensemble);
  *s = (pass){.model = model,
              .factor = &model->factor[model->current],
              .ensemble = ensemble,
              .panels = wl_grid_for_panels(grid, width)};
  s->sums = (column_sums){calloc((size_t)n, sizeof(double)), calloc((size_t)n, sizeof(double)),
                          calloc((size_t)n, sizeof(double))};
  wl_error error = WL_OK;
  if (!s->sums.inverse || !s->sums.quadratic || !s->sums.norm1)
    error = wl_error_set(WL_ERROR_MEMORY, "leave-one-out: out of memory");
  error = wl_error_agree(grid->comm, error);
  if (error == WL_OK) error = wl_matrix_create(&s->panels, n, width, &s->w);
  if (error == WL_OK && s->ensemble) error = wl_matrix_create(&s->panels, n, width, &s->tw);
  if (error != WL_OK) pass_destroy(s);
  return error;
}

/* Columns first, first + 1, … of the identity. */
static void fill_identity(int64_t first, wl_matrix *e) {
  for (int64_t jl = 0; jl < e->local_columns; jl++) {
    double *column = e->data + jl * e->ld;
    memset(column, 0, sizeof(double) * (size_t)e->local_rows);
    const int64_t i = first + wl_matrix_global_column(e, jl), il = wl_matrix_local_row(e, i);
    if (wl_matrix_local_row(e, i + 1) > il) column[il] = 1.0;
  }
}

/* Sum ← Σ xᵢ yᵢ (y NULL: Σ |xᵢ|) of this rank's part of the columns of a panel that begins at `first`. */
static void add_column_sums(int64_t first, const wl_matrix *x, const wl_matrix *y, double *sum) {
  for (int64_t jl = 0; jl < x->local_columns; jl++) {
    const double *xj = x->data + jl * x->ld, *yj = y ? y->data + jl * y->ld : NULL;
    double total = 0.0;
    for (int64_t il = 0; il < x->local_rows; il++) total += yj ? xj[il] * yj[il] : fabs(xj[il]);
    sum[first + wl_matrix_global_column(x, jl)] += total;
  }
}

/* L⁻¹ times a panel that is zero above row `first`. */
static wl_error forward_below(const wl_cholesky *f, int64_t first, wl_matrix *panel) {
  return wl_triangle_solve_below(f->matrix, f->triangle, wl_trans_of_lower(f->triangle), first, panel);
}

static wl_error pass_panel(pass *s, int64_t first, int64_t count) {
  wl_matrix w = wl_matrix_first_columns(s->w, count);
  fill_identity(first, &w);
  WL_TRY(forward_below(s->factor, first, &w));
  add_column_sums(first, &w, &w, s->sums.inverse);
  if (!s->ensemble) return WL_OK;
  wl_matrix tw = wl_matrix_first_columns(s->tw, count);
  WL_TRY(wl_cholesky_backward(s->factor, &w));
  WL_TRY(wl_half_product(s->model->gram, s->model->kappa_diagonal, &w, &tw));
  add_column_sums(first, &w, &tw, s->sums.quadratic);
  add_column_sums(first, &w, NULL, s->sums.norm1);
  return WL_OK;
}

/* Work done by the time that `done` points are through, of 1. */
static double share_done(const pass *s, int64_t done) {
  const double left = 1.0 - (double)done / (double)s->model->train->count, forward = 1.0 - left * left * left;
  return s->ensemble ? (forward + 6.0 * (1.0 - left)) / 7.0 : forward;
}

static wl_error pass_panels(pass *s, const wl_watch *watch, wl_progress *progress) {
  const int64_t n = s->model->train->count, width = s->w->columns;
  for (int64_t first = 0; first < n; first += width) {
    const int64_t count = smaller(width, n - first);
    WL_TRY(pass_panel(s, first, count));
    wl_progress_update(progress, share_done(s, first + count));
    if (watch) WL_TRY(watch->reached(watch->context, first + count));
  }
  return WL_OK;
}

static wl_error pass_all(pass *s, const wl_watch *watch) {
  const int64_t n = s->model->train->count;
  wl_progress progress = wl_progress_begin("leave one out", 1.0, wl_loo_flops(n, s->ensemble) / 1e9);
  const wl_error error = pass_panels(s, watch, &progress);
  wl_progress_end(&progress);
  WL_TRY(error);
  double *sums[] = {s->sums.inverse, s->sums.quadratic, s->sums.norm1};
  for (int k = 0; k < (s->ensemble ? 3 : 1); k++)
    MPI_Allreduce(MPI_IN_PLACE, sums[k], (int)n, MPI_DOUBLE, MPI_SUM, s->panels.comm);
  return WL_OK;
}

static double largest(int64_t count, const double *values) {
  double result = 0.0;
  for (int64_t i = 0; i < count; i++) result = fmax(result, values[i]);
  return result;
}

static wl_error check_finite(const pass *s) {
  for (int64_t i = 0; i < s->model->train->count; i++)
    if (!isfinite(s->sums.inverse[i]) || (s->ensemble && !isfinite(s->sums.quadratic[i])))
      WL_FAIL(
          WL_ERROR_NUMERICAL,
          "the inverse of the kernel matrix has a number at training row %lld (counted from 1) that is too large: "
          "add noise_variance or jitter",
          (long long)i + 1);
  return WL_OK;
}

/* As that of a prediction (predict.c). */
static wl_error clamp(wl_prediction *loo, wl_quantity quantity, int64_t i, double bound) {
  double *value = &loo->variance[quantity][i];
  if (*value >= 0.0) return WL_OK;
  if (!(*value >= -bound))
    WL_FAIL(WL_ERROR_NUMERICAL,
            "%s variance at training row %lld (counted from 1), left out, is %g, below zero by more than rounding "
            "explains (%g); the kernel matrix is too ill-conditioned: add noise_variance or jitter",
            wl_quantity_name(quantity), (long long)i + 1, *value, bound);
  if (*value < loo->most_negative) loo->most_negative = *value;
  loo->clamped++;
  *value = 0.0;
  return WL_OK;
}

/* 1/d_i is the pivot of the last row where i goes last: S_ii less a square, which errs as wl_posterior_variance says. */
static wl_error posterior_variances(const pass *s, wl_quantity quantity, const double *prior, wl_prediction *loo) {
  const double shift = s->model->setup.options.noise_variance + s->model->setup.options.jitter;
  const double relative = DBL_EPSILON * ((double)loo->count + 1.0 / s->factor->info.reciprocal_condition);
  for (int64_t i = 0; i < loo->count; i++) {
    loo->variance[quantity][i] = 1.0 / s->sums.inverse[i] - shift;
    WL_TRY(clamp(loo, quantity, i, relative * (prior[i] + shift)));
  }
  return WL_OK;
}

/* Not negative for any w: the rounding of the sum alone, n ε max κ ‖w_i‖₁² / d_i². */
static wl_error ensemble_variances(const pass *s, double largest_kappa, wl_prediction *loo) {
  for (int64_t i = 0; i < loo->count; i++) {
    const double scale = 1.0 / s->sums.inverse[i], norm1 = scale * s->sums.norm1[i];
    loo->variance[WL_QUANTITY_ENSEMBLE][i] = 2.0 * s->sums.quadratic[i] * scale * scale;
    WL_TRY(clamp(loo, WL_QUANTITY_ENSEMBLE, i, (double)loo->count * DBL_EPSILON * largest_kappa * norm1 * norm1));
  }
  for (int64_t i = 0; i < loo->count; i++)
    loo->variance[WL_QUANTITY_RND][i] = 2.0 * loo->variance[WL_QUANTITY_ENSEMBLE][i];
  return WL_OK;
}

/* Numbers by local row to all ranks, by global row. */
static void share_rows(const wl_matrix *gram, const double *local, double *all) {
  memset(all, 0, sizeof(double) * (size_t)gram->rows);
  if (gram->grid->column == 0)
    for (int64_t il = 0; il < gram->local_rows; il++) all[wl_matrix_global_row(gram, il)] = local[il];
  MPI_Allreduce(MPI_IN_PLACE, all, (int)gram->rows, MPI_DOUBLE, MPI_SUM, gram->grid->comm);
}

static wl_error theta_variances(const pass *s, double *prior, wl_prediction *loo) {
  const wl_model *model = s->model;
  if (s->ensemble) {
    share_rows(model->gram, model->kappa_diagonal, prior);
    WL_TRY(ensemble_variances(s, largest(loo->count, prior), loo));
  }
  share_rows(model->gram, wl_kernel_points_theta(model->train->row), prior);
  WL_TRY(posterior_variances(s, WL_QUANTITY_NTK_GP, prior, loo));
  memcpy(loo->variance[WL_QUANTITY_BAYESIAN_RND], loo->variance[WL_QUANTITY_NTK_GP],
         sizeof(double) * (size_t)loo->count);
  return WL_OK;
}

static wl_error all_variances(const pass *s, double *prior, wl_prediction *loo) {
  WL_TRY(check_finite(s));
  if (loo->prior == WL_PRIOR_THETA) return theta_variances(s, prior, loo);
  share_rows(s->model->gram, s->model->kappa_diagonal, prior);
  return posterior_variances(s, WL_QUANTITY_NNGP, prior, loo);
}

/* G ← Y − diag(d)⁻¹ G; both on the same grid. */
static void subtract_from_targets(const pass *s, wl_matrix *g) {
  const wl_matrix *y = s->model->targets;
  for (int64_t jl = 0; jl < g->local_columns; jl++)
    for (int64_t il = 0; il < g->local_rows; il++) {
      double *at = g->data + il + jl * g->ld;
      *at = y->data[il + jl * y->ld] - *at / s->sums.inverse[wl_matrix_global_row(g, il)];
    }
}

static wl_error means(const pass *s, wl_prediction *loo) {
  const wl_model *model = s->model;
  wl_matrix *g = NULL;
  loo->mean = malloc(sizeof(double) * (size_t)(loo->count * loo->outputs));
  wl_error error = loo->mean ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "leave-one-out: no memory for the means");
  WL_TRY(wl_error_agree(s->panels.comm, error));
  WL_TRY(wl_matrix_create(model->targets->grid, loo->count, loo->outputs, &g));
  wl_matrix_copy(model->whitened_targets, g);
  WL_GOTO(error, done, wl_cholesky_backward(s->factor, g));
  subtract_from_targets(s, g);
  WL_GOTO(error, done, wl_matrix_gather(g, loo->mean));
  wl_broadcast(s->panels.comm, 0, loo->count * loo->outputs, loo->mean);
done:
  wl_matrix_destroy(&g);
  return error;
}

static wl_error leave_one_out(wl_model *model, const wl_watch *watch, wl_prediction *loo) {
  pass s;
  WL_TRY(pass_create(model, &s));
  double *prior = malloc(sizeof(double) * (size_t)model->train->count);
  wl_error error = prior ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "leave-one-out: out of memory");
  WL_GOTO(error, done, wl_error_agree(s.panels.comm, error));
  WL_GOTO(error, done, pass_all(&s, watch));
  WL_GOTO(error, done, all_variances(&s, prior, loo));
  error = means(&s, loo);
done:
  free(prior);
  pass_destroy(&s);
  return error;
}

wl_error wl_model_leave_one_out(wl_model *model, const wl_watch *watch, wl_prediction *loo) {
  *loo = (wl_prediction){.prior = model->current};
  if (model->floats)
    WL_FAIL(WL_ERROR_USAGE,
            "leave-one-out needs the inverse of the kernel matrix, which mixed precision does not "
            "have to more than single precision: use double");
  if (model->target && model->current == WL_PRIOR_THETA)
    WL_FAIL(WL_ERROR_USAGE, "leave-one-out has no rnd whose target is another network");
  wl_error error = wl_prediction_create(model, model->current, 0, model->train->count, loo);
  if (error == WL_OK) error = leave_one_out(model, watch, loo);
  if (error != WL_OK)
    wl_prediction_clear(loo);
  else
    wl_prediction_drop_unasked(model->setup.options.quantity, loo);
  return error;
}
