/*
 * Nothing of order m² is made. What a choice t needs is a column of C, and of Σ, over the pool:
 *
 *   C⁰_·t = K_·t − Vᵀ v_t                              V = L⁻¹ K_XP, K the kernel of the prior; or, where Σ is wanted,
 *   C⁰_·t = Θ_·t − Wᵀ Θ_Xt,  Σ⁰_·t = κ_·t + ½ (Wᵀ d_t + Dᵀ w_t)      W = S⁻¹ Θ_XP, D = κ_XX W − 2 κ_XP,
 *
 * before any choice, and what the choices j so far have changed, with e_j = C_tt + s, a_j = C_·t / e_j, b_j = Σ_·t − ½ Σ_tt a_j:
 *
 *   C_·t = C⁰_·t − Σ_j e_j a_j a_jt                    Σ_·t = Σ⁰_·t − Σ_j (a_j b_jt + b_j a_jt)
 *
 * Columns before any choice are made for many candidates at once, in one pass over V, or W and D: those of the largest variances
 * so far, most of which are among the next choices.
 *
 * A rank keeps what belongs to the pool points of its process column; process rows hold the same.
 */
#include "inference/select.h"

#include <cblas.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "inference/model.h"
#include "inference/variance.h"

enum { CANDIDATES = WL_SELECT_CANDIDATES, STRIP = 192 };
static const double tie = 1e-12;

/* A pool point and its variance so far. */
typedef struct ranked {
  double variance;
  int64_t index;
} ranked;

/* Columns of C⁰ and Σ⁰, columns × CANDIDATES each. */
typedef struct base_columns {
  int count;
  int64_t index[CANDIDATES];
  double *c, *sigma, *part;
} base_columns;

typedef struct picker {
  const wl_select_options *options;
  wl_model *model;
  const wl_points *pool;
  const wl_grid *grid; /* that of the pool */
  bool functions;      /* ensemble or rnd */
  double scale;        /* rnd is twice Σ */
  int64_t columns;     /* pool points of this process column */
  wl_prediction_panels panels;
  double *variance; /* C_uu or Σ_uu so far, by local column; -1 once chosen */
  double *final;    /* the same, but also of what was chosen */
  base_columns base;
  double *a, *b, *e; /* columns × choices, likewise; choices */
  double *column[2]; /* C_·t and Σ_·t */
} picker;

/* Local column of pool point t, or -1 where another process column has it. */
static int64_t own_column(const picker *p, int64_t t) {
  const wl_grid *g = p->grid;
  if (t / g->column_block % g->columns != g->column) return -1;
  return wl_grid_owned(t, g->column_block, g->column, g->columns);
}

static int owner_of(const picker *p, int64_t t) { return (int)(t / p->grid->column_block % p->grid->columns); }

static int64_t global_index(const picker *p, int64_t jl) {
  return wl_grid_global(jl, p->grid->column_block, p->grid->column, p->grid->columns);
}

static void picker_destroy(picker *p) {
  wl_matrix_destroy(&p->panels.v);
  wl_matrix_destroy(&p->panels.d);
  double *all[] = {p->variance, p->final, p->base.c,    p->base.sigma, p->base.part,
                   p->a,        p->b,     p->column[0], p->column[1],  p->e};
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
  p->base = (base_columns){.c = aligned_numbers(columns * CANDIDATES),
                           .sigma = aligned_numbers(columns * CANDIDATES),
                           .part = aligned_numbers(columns * CANDIDATES)};
  wl_error error = WL_OK;
  if (!p->variance || !p->final || !p->a || !p->b || !p->e || !p->column[0] || !p->column[1] || !p->base.c ||
      !p->base.sigma || !p->base.part)
    error = wl_error_set(WL_ERROR_MEMORY, "select: no memory for %lld choices from this rank's %lld pool points",
                         (long long)count, (long long)columns);
  error = wl_error_agree(pool->grid->comm, error);
  if (error != WL_OK) picker_destroy(p);
  return error;
}

static int by_variance(const void *x, const void *y) {
  const ranked *a = x, *b = y;
  if (a->variance != b->variance) return a->variance < b->variance ? 1 : -1;
  return (a->index > b->index) - (a->index < b->index);
}

/* This process column's candidates, best first; variance -1 where there are no more. */
static void own_candidates(const picker *p, ranked *best) {
  int count = 0;
  for (int k = 0; k < CANDIDATES; k++) best[k] = (ranked){-1.0, -1};
  for (int64_t jl = 0; jl < p->columns; jl++) {
    const ranked new = {p->variance[jl], global_index(p, jl)};
    if (count == CANDIDATES && by_variance(&new, &best[count - 1]) >= 0) continue;
    int at = count < CANDIDATES ? count++ : CANDIDATES - 1;
    for (; at > 0 && by_variance(&new, &best[at - 1]) < 0; at--) best[at] = best[at - 1];
    best[at] = new;
  }
}

/* The candidates of the next pass: `chosen`, then those of the largest variances. Row 0 of the grid decides for all. */
static wl_error choose_candidates(picker *p, int64_t chosen) {
  const wl_grid *g = p->grid;
  ranked own[CANDIDATES], *all = malloc(sizeof *all * CANDIDATES * (size_t)g->columns);
  wl_error error = all ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "select: out of memory");
  error = wl_error_agree(g->comm, error);
  if (error == WL_OK) {
    own_candidates(p, own);
    MPI_Allgather(own, sizeof own, MPI_BYTE, all, sizeof own, MPI_BYTE, g->row_comm);
    qsort(all, (size_t)(CANDIDATES * g->columns), sizeof *all, by_variance);
    p->base.index[0] = chosen;
    p->base.count = 1;
    for (int k = 0; k < CANDIDATES * g->columns && p->base.count < CANDIDATES; k++)
      if (all[k].variance >= 0.0 && all[k].index != chosen) p->base.index[p->base.count++] = all[k].index;
    MPI_Bcast(&p->base.count, 1, MPI_INT, 0, g->column_comm);
    MPI_Bcast(p->base.index, CANDIDATES, MPI_INT64_T, 0, g->column_comm);
  }
  free(all);
  return error;
}

/* The candidates as points, on every rank. `x` gets their coordinates, which the points borrow. */
static wl_error candidate_points(const picker *p, double *x, wl_kernel_points **points) {
  const int64_t dimension = p->pool->dimension;
  memset(x, 0, sizeof(double) * (size_t)(p->base.count * dimension));
  for (int k = 0; k < p->base.count; k++) {
    const int64_t jl = own_column(p, p->base.index[k]);
    if (jl >= 0) memcpy(x + k * dimension, p->pool->column_x + jl * dimension, sizeof(double) * (size_t)dimension);
  }
  MPI_Allreduce(MPI_IN_PLACE, x, (int)(p->base.count * dimension), MPI_DOUBLE, MPI_SUM, p->grid->row_comm);
  return wl_kernel_points_create(&p->pool->network, p->base.count, dimension, x, NULL, points);
}

/* κ and Θ (either may be NULL) of all of `points` with the candidates. */
static wl_error kernel_columns(const picker *p, const wl_kernel_points *points, const wl_kernel_points *candidates,
                               double *kappa, double *theta) {
  const int64_t rows = wl_kernel_points_count(points), count = p->base.count;
  double *work = aligned_numbers((int64_t)wl_network_tile_work(&p->pool->network, STRIP, count));
  if (!work) WL_FAIL(WL_ERROR_MEMORY, "select: out of memory");
  for (int64_t i = 0; i < rows; i += STRIP)
    wl_network_tile((wl_point_range){points, i, smaller(STRIP, rows - i)}, (wl_point_range){candidates, 0, count},
                    (wl_tile){kappa ? kappa + i : NULL, rows}, (wl_tile){theta ? theta + i : NULL, rows}, work);
  free(work);
  return WL_OK;
}

/* Where a candidate meets itself. Behind dropout the tile cannot know; of other networks it is there. */
static void put_diagonal(const picker *p, const double *diagonal, double *columns) {
  for (int k = 0; k < p->base.count; k++) {
    const int64_t jl = own_column(p, p->base.index[k]);
    if (jl >= 0) columns[jl + k * p->columns] = diagonal[jl];
  }
}

/* Columns of a panel at the candidates, on all ranks of each process row: local rows × candidates. */
static void gather_columns(const picker *p, const wl_matrix *panel, double *out) {
  const size_t bytes = sizeof(double) * (size_t)panel->local_rows;
  for (int k = 0; k < p->base.count; k++) {
    const int64_t jl = own_column(p, p->base.index[k]);
    double *to = out + k * panel->local_rows;
    if (jl >= 0)
      memcpy(to, panel->data + jl * panel->ld, bytes);
    else
      memset(to, 0, bytes);
  }
  MPI_Allreduce(MPI_IN_PLACE, out, (int)(p->base.count * panel->local_rows), MPI_DOUBLE, MPI_SUM,
                p->grid->row_comm);
}

/* out ← out + alpha panelᵀ x, with x as gather_columns leaves it. The sum is made once, so that all process rows have the same. */
static void add_product(picker *p, double alpha, const wl_matrix *panel, const double *x, double *out) {
  const int columns = (int)p->columns, count = p->base.count, rows = (int)panel->local_rows;
  double *part = p->base.part;
  if (columns == 0) return;
  memset(part, 0, sizeof(double) * (size_t)(p->columns * count));
  if (rows > 0)
    cblas_dgemm(CblasColMajor, CblasTrans, CblasNoTrans, columns, count, rows, alpha, panel->data, (int)panel->ld,
                x, rows, 0.0, part, columns);
  MPI_Reduce(p->grid->row == 0 ? MPI_IN_PLACE : part, part, columns * count, MPI_DOUBLE, MPI_SUM, 0,
             p->grid->column_comm);
  MPI_Bcast(part, columns * count, MPI_DOUBLE, 0, p->grid->column_comm);
  cblas_daxpy(columns * count, 1.0, part, 1, out, 1);
}

/* C⁰ of the candidates, and Σ⁰; `x` has room for local rows × candidates. */
static wl_error fill_base(picker *p, const wl_kernel_points *candidates, double *x) {
  const wl_prediction_panels *panels = &p->panels;
  const bool kappa = p->model->current == WL_PRIOR_KAPPA;
  base_columns *base = &p->base;
  wl_error error =
      kernel_columns(p, p->pool->column, candidates, kappa ? base->c : base->sigma, kappa ? NULL : base->c);
  if (error == WL_OK && panels->d) error = kernel_columns(p, p->model->train->row, candidates, NULL, x);
  WL_TRY(wl_error_agree(p->grid->comm, error));
  put_diagonal(p, wl_kernel_points_kappa(p->pool->column), kappa ? base->c : base->sigma);
  if (!kappa) put_diagonal(p, wl_kernel_points_theta(p->pool->column), base->c);
  if (!panels->d) gather_columns(p, panels->v, x);
  add_product(p, -1.0, panels->v, x, base->c);
  if (!p->functions) return WL_OK;
  gather_columns(p, panels->d, x);
  add_product(p, 0.5, panels->v, x, base->sigma);
  gather_columns(p, panels->v, x);
  add_product(p, 0.5, panels->d, x, base->sigma);
  return WL_OK;
}

/* Columns before any choice: of `chosen` and of further candidates. */
static wl_error make_base(picker *p, int64_t chosen) {
  WL_TRY(choose_candidates(p, chosen));
  double *coordinates = aligned_numbers(p->base.count * p->pool->dimension),
         *x = aligned_numbers(p->base.count * p->panels.v->local_rows);
  wl_kernel_points *candidates = NULL;
  wl_error error = coordinates && x ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "select: out of memory");
  WL_GOTO(error, done, wl_error_agree(p->grid->comm, error));
  error = candidate_points(p, coordinates, &candidates);
  WL_GOTO(error, done, wl_error_agree(p->grid->comm, error));
  error = fill_base(p, candidates, x);
done:
  wl_kernel_points_destroy(&candidates);
  free(x);
  free(coordinates);
  return error;
}

/* The slot of a point's columns before any choice, or -1. */
static int slot_of(const picker *p, int64_t t) {
  for (int k = 0; k < p->base.count; k++)
    if (p->base.index[k] == t) return k;
  return -1;
}

/* The point of the largest variance, the first of those that tie; and that variance. */
static int64_t best_point(const picker *p, double *variance) {
  double largest = -1.0;
  for (int64_t jl = 0; jl < p->columns; jl++) largest = fmax(largest, p->variance[jl]);
  MPI_Allreduce(MPI_IN_PLACE, &largest, 1, MPI_DOUBLE, MPI_MAX, p->grid->comm);
  int64_t best = p->pool->count;
  for (int64_t jl = 0; jl < p->columns; jl++)
    if (p->variance[jl] >= largest * (1.0 - tie) && global_index(p, jl) < best) best = global_index(p, jl);
  MPI_Allreduce(MPI_IN_PLACE, &best, 1, MPI_INT64_T, MPI_MIN, p->grid->comm);
  const int64_t jl = own_column(p, best);
  *variance = jl >= 0 ? p->variance[jl] : 0.0;
  MPI_Bcast(variance, 1, MPI_DOUBLE, owner_of(p, best), p->grid->row_comm);
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
  const int64_t jl = own_column(p, t);
  double *a_t = at, *b_t = at + choices, *ea_t = at + 2 * choices;
  for (int64_t j = 0; j < choices && jl >= 0; j++) {
    a_t[j] = p->a[jl + j * p->columns];
    b_t[j] = p->functions ? p->b[jl + j * p->columns] : 0.0;
  }
  MPI_Bcast(at, (int)(2 * choices), MPI_DOUBLE, owner_of(p, t), p->grid->row_comm);
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
  const int64_t jl = own_column(p, t);
  double prior =
      jl < 0 ? 0.0
             : (kappa ? wl_kernel_points_kappa(p->pool->column) : wl_kernel_points_theta(p->pool->column))[jl];
  MPI_Bcast(&prior, 1, MPI_DOUBLE, owner_of(p, t), p->grid->row_comm);
  return e > DBL_EPSILON * (double)p->model->train->count * prior ? e : INFINITY;
}

/* Counts t as labelled, as choice number k. Returns what that takes off the sum of the pool's variances. */
static double label(picker *p, int64_t t, int64_t k) {
  const int64_t jl = own_column(p, t);
  double corner[2] = {jl >= 0 ? p->column[0][jl] : 0.0, jl >= 0 ? p->column[1][jl] : 0.0};
  MPI_Bcast(corner, 2, MPI_DOUBLE, owner_of(p, t), p->grid->row_comm);
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
  int slot = slot_of(p, t);
  if (slot < 0) {
    WL_TRY(make_base(p, t));
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
    p->variance[jl] = p->final[jl] = s->before[global_index(p, jl)] / p->scale;
  WL_TRY(pick_all(p, s));
  for (int64_t jl = 0; jl < p->columns && p->grid->row == 0; jl++)
    s->after[global_index(p, jl)] = p->scale * p->final[jl];
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
  WL_GOTO(error, done, wl_model_predict_keeping(model, pool, &p.panels, &prediction));
  error = choose(&p, &prediction, s);
done:
  wl_prediction_clear(&prediction);
  picker_destroy(&p);
  if (error != WL_OK) wl_selection_clear(s);
  return error;
}
