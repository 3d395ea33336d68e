/*
 * With e_j = C_tt + s, a_j = C_·t / e_j, b_j = Σ_·t − ½ Σ_tt a_j of the choices j so far, columns are those before any choice
 * (select_columns.h) and what these have changed:
 *
 *   C_·t = C⁰_·t − Σ_j e_j a_j a_jt                    Σ_·t = Σ⁰_·t − Σ_j (a_j b_jt + b_j a_jt)
 */
#include "inference/select.h"

#include <cblas.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "inference/select_columns.h"

static const double tie = 1e-12;

typedef struct picker {
  const wl_select_options *options;
  wl_model *model;
  const wl_points *pool;
  const wl_grid *grid; /* that of the pool */
  bool functions;      /* ensemble or rnd */
  double scale;        /* rnd is twice Σ */
  int64_t columns;     /* pool points of this process column */
  double *variance;    /* C_uu or Σ_uu so far, by local column; -1 once chosen */
  double *final;       /* the same, but also of what was chosen */
  wl_select_columns base;
  double *a, *b, *e; /* columns × choices, likewise; choices */
  double *column[2]; /* C_·t and Σ_·t */
} picker;

static void picker_destroy(picker *p) {
  wl_select_columns_destroy(&p->base);
  double *all[] = {p->variance, p->final, p->a, p->b, p->column[0], p->column[1], p->e};
  for (size_t k = 0; k < sizeof all / sizeof *all; k++) free(all[k]);
}

static wl_error picker_create(wl_model *model, const wl_points *pool, const wl_select_options *options,
                              picker *p) {
  const int64_t columns = wl_kernel_points_count(pool->column), count = options->count;
  const bool functions = wl_quantity_is_of_functions(options->by);
  *p = (picker){.options = options,
                .model = model,
                .pool = pool,
                .grid = pool->grid,
                .functions = functions,
                .scale = options->by == WL_QUANTITY_RND ? 2.0 : 1.0,
                .columns = columns,
                .variance = aligned_numbers(columns),
                .final = aligned_numbers(columns),
                .a = aligned_numbers(columns * count),
                .b = aligned_numbers(functions ? columns * count : 0),
                .e = aligned_numbers(count),
                .column = {aligned_numbers(columns), aligned_numbers(columns)}};
  wl_error error = wl_select_columns_create(model, pool, functions, &p->base);
  if (!p->variance || !p->final || !p->a || !p->b || !p->e || !p->column[0] || !p->column[1])
    error = wl_error_set(WL_ERROR_MEMORY, "select: no memory for %lld choices from this rank's %lld pool points",
                         (long long)count, (long long)columns);
  error = wl_error_agree(pool->grid->comm, error);
  if (error != WL_OK) picker_destroy(p);
  return error;
}

/* The point of the largest variance, the first of those that tie; and that variance. */
static int64_t best_point(const picker *p, double *variance) {
  double largest = -1.0;
  for (int64_t jl = 0; jl < p->columns; jl++) largest = fmax(largest, p->variance[jl]);
  MPI_Allreduce(MPI_IN_PLACE, &largest, 1, MPI_DOUBLE, MPI_MAX, p->grid->comm);
  int64_t best = p->pool->count;
  for (int64_t jl = 0; jl < p->columns; jl++)
    if (p->variance[jl] >= largest * (1.0 - tie) && wl_select_columns_point(&p->base, jl) < best)
      best = wl_select_columns_point(&p->base, jl);
  MPI_Allreduce(MPI_IN_PLACE, &best, 1, MPI_INT64_T, MPI_MIN, p->grid->comm);
  const int64_t jl = wl_select_columns_local(&p->base, best);
  *variance = jl >= 0 ? p->variance[jl] : 0.0;
  MPI_Bcast(variance, 1, MPI_DOUBLE, wl_select_columns_owner(&p->base, best), p->grid->row_comm);
  return best;
}

/* Column ← column − alpha Σ_j x_j y_jt, with x, y columns × choices and y_jt given. */
static void take_off(const picker *p, int64_t choices, const double *x, const double *y, double *column) {
  if (p->columns > 0 && choices > 0)
    cblas_dgemv(CblasColMajor, CblasNoTrans, (int)p->columns, (int)choices, -1.0, x, (int)p->columns, y, 1, 1.0,
                column, 1);
}

/* C_·t and Σ_·t after `choices` of them, from those before any. `at`: room for 3 × choices numbers. */
static void current_columns(picker *p, int slot, int64_t t, int64_t choices, double *at) {
  const int64_t jl = wl_select_columns_local(&p->base, t);
  double *a_t = at, *b_t = at + choices, *ea_t = at + 2 * choices;
  for (int64_t j = 0; j < choices && jl >= 0; j++) {
    a_t[j] = p->a[jl + j * p->columns];
    b_t[j] = p->functions ? p->b[jl + j * p->columns] : 0.0;
  }
  MPI_Bcast(at, (int)(2 * choices), MPI_DOUBLE, wl_select_columns_owner(&p->base, t), p->grid->row_comm);
  for (int64_t j = 0; j < choices; j++) ea_t[j] = p->e[j] * a_t[j];
  memcpy(p->column[0], p->base.c + slot * p->columns, sizeof(double) * (size_t)p->columns);
  take_off(p, choices, p->a, ea_t, p->column[0]);
  if (!p->functions) return;
  memcpy(p->column[1], p->base.sigma + slot * p->columns, sizeof(double) * (size_t)p->columns);
  take_off(p, choices, p->a, b_t, p->column[1]);
  take_off(p, choices, p->b, a_t, p->column[1]);
}

/* What C_tt + s is divided by; infinite where it is rounding alone, and labelling t again tells nothing: n ε K_tt. */
static double denominator(const picker *p, int64_t t, double c_tt) {
  const wl_model_options *o = &p->model->setup.options;
  const double e = c_tt + o->noise_variance + o->jitter;
  const bool kappa = p->model->current == WL_PRIOR_KAPPA;
  const int64_t jl = wl_select_columns_local(&p->base, t);
  double prior =
      jl < 0 ? 0.0
             : (kappa ? wl_kernel_points_kappa(p->pool->column) : wl_kernel_points_theta(p->pool->column))[jl];
  MPI_Bcast(&prior, 1, MPI_DOUBLE, wl_select_columns_owner(&p->base, t), p->grid->row_comm);
  return e > DBL_EPSILON * (double)p->model->train->count * prior ? e : INFINITY;
}

/* Counts t as labelled, as choice number k. Returns what that takes off the sum of the pool's variances. */
static double label(picker *p, int64_t t, int64_t k) {
  const int64_t jl = wl_select_columns_local(&p->base, t);
  double corner[2] = {jl >= 0 ? p->column[0][jl] : 0.0, jl >= 0 ? p->column[1][jl] : 0.0};
  MPI_Bcast(corner, 2, MPI_DOUBLE, wl_select_columns_owner(&p->base, t), p->grid->row_comm);
  const double e = denominator(p, t, corner[0]);
  double *a = p->a + k * p->columns, *b = p->b + k * p->columns, gone = 0.0;
  for (int64_t i = 0; i < p->columns; i++) {
    a[i] = p->column[0][i] / e;
    double change = a[i] * p->column[0][i];
    if (p->functions) {
      b[i] = p->column[1][i] - 0.5 * corner[1] * a[i];
      change = 2.0 * a[i] * b[i];
    }
    const double after = fmax(0.0, p->final[i] - change);
    gone += p->final[i] - after;
    p->final[i] = after;
    if (p->variance[i] >= 0.0) p->variance[i] = after;
  }
  p->e[k] = isinf(e) ? 0.0 : e; /* a is 0 there */
  if (jl >= 0) p->variance[jl] = -1.0;
  MPI_Allreduce(MPI_IN_PLACE, &gone, 1, MPI_DOUBLE, MPI_SUM, p->grid->row_comm);
  return gone;
}

static wl_error pick(picker *p, int64_t k, double *at, wl_selection *s) {
  double variance;
  const int64_t t = best_point(p, &variance);
  int slot = wl_select_columns_slot(&p->base, t);
  if (slot < 0) {
    WL_TRY(wl_select_columns_make(&p->base, t, p->variance));
    slot = 0;
  }
  current_columns(p, slot, t, k, at);
  const double gone = p->scale * label(p, t, k), noise = p->model->setup.options.noise_variance;
  s->index[k] = t;
  s->score[k] = p->scale * variance;
  const double gain = p->options->rule == WL_SELECT_VARIANCE ? gone : 0.5 * log1p(s->score[k] / noise);
  s->gain[k] = (k > 0 ? s->gain[k - 1] : 0.0) + gain;
  return WL_OK;
}

static wl_error pick_all(picker *p, wl_selection *s) {
  const wl_watch *watch = p->options->watch;
  double *at = malloc(sizeof(double) * (size_t)(3 * s->count + 1));
  wl_error error = at ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "select: out of memory");
  WL_GOTO(error, done, wl_error_agree(p->grid->comm, error));
  wl_progress progress = wl_progress_begin("select", (double)s->count, 0.0);
  for (int64_t k = 0; k < s->count; k++) {
    WL_GOTO(error, done, pick(p, k, at, s));
    wl_progress_update(&progress, (double)(k + 1));
    if (watch) WL_GOTO(error, done, watch->reached(watch->context, k + 1));
  }
  wl_progress_end(&progress);
done:
  free(at);
  return error;
}

static wl_error selection_create(int64_t count, int64_t pool, MPI_Comm comm, wl_selection *s) {
  *s = (wl_selection){.count = count,
                      .pool = pool,
                      .index = malloc(sizeof(int64_t) * (size_t)(count + 1)),
                      .score = malloc(sizeof(double) * (size_t)(count + 1)),
                      .gain = malloc(sizeof(double) * (size_t)(count + 1)),
                      .after = calloc((size_t)(pool + 1), sizeof(double))};
  const bool complete = s->index && s->score && s->gain && s->after;
  return wl_error_agree(comm, complete ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "select: out of memory"));
}

void wl_selection_clear(wl_selection *s) {
  free(s->index);
  free(s->score);
  free(s->gain);
  free(s->before);
  free(s->after);
  *s = (wl_selection){0};
}

/* From the variances of the prediction, which becomes `before`, to those after all choices. */
static wl_error choose(picker *p, wl_prediction *prediction, wl_selection *s) {
  s->before = prediction->variance[p->options->by];
  prediction->variance[p->options->by] = NULL;
  for (int64_t jl = 0; jl < p->columns; jl++)
    p->variance[jl] = p->final[jl] = s->before[wl_select_columns_point(&p->base, jl)] / p->scale;
  WL_TRY(pick_all(p, s));
  for (int64_t jl = 0; jl < p->columns && p->grid->row == 0; jl++)
    s->after[wl_select_columns_point(&p->base, jl)] = p->scale * p->final[jl];
  MPI_Allreduce(MPI_IN_PLACE, s->after, (int)s->pool, MPI_DOUBLE, MPI_SUM, p->grid->comm);
  return WL_OK;
}

static wl_error check(const wl_model *model, const wl_points *pool, const wl_select_options *o) {
  if (model->floats)
    WL_FAIL(WL_ERROR_USAGE, "points are chosen in double precision alone: use double, not mixed precision");
  if (wl_quantity_prior(o->by) != model->current || !model->setup.options.quantity[o->by])
    WL_FAIL(WL_ERROR_USAGE, "points cannot be chosen by %s: the model does not have it now",
            wl_quantity_name(o->by));
  if (model->target && o->by == WL_QUANTITY_RND)
    WL_FAIL(WL_ERROR_USAGE, "points cannot be chosen by rnd where its target is another network");
  if (o->count < 1 || o->count > pool->count)
    WL_FAIL(WL_ERROR_USAGE, "%lld points cannot be chosen from a pool of %lld", (long long)o->count,
            (long long)pool->count);
  if (o->rule == WL_SELECT_INFORMATION &&
      (wl_quantity_is_of_functions(o->by) || !(model->setup.options.noise_variance > 0.0)))
    WL_FAIL(WL_ERROR_USAGE,
            "information is that of a posterior with noise: choose by ntk_gp or nngp, with "
            "noise_variance above 0");
  return WL_OK;
}

wl_error wl_model_select(wl_model *model, const wl_points *pool, const wl_select_options *options,
                         wl_selection *s) {
  *s = (wl_selection){0};
  WL_TRY(check(model, pool, options));
  picker p;
  WL_TRY(picker_create(model, pool, options, &p));
  wl_prediction prediction = {0};
  wl_error error;
  WL_GOTO(error, done, selection_create(options->count, pool->count, pool->grid->comm, s));
  WL_GOTO(error, done, wl_model_predict_keeping(model, pool, &p.base.panels, &prediction));
  error = choose(&p, &prediction, s);
done:
  wl_prediction_clear(&prediction);
  picker_destroy(&p);
  if (error != WL_OK) wl_selection_clear(s);
  return error;
}
