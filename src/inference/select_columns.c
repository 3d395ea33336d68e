#include "inference/select_columns.h"

#include <cblas.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"

enum { STRIP = 192 };

/* A pool point and its variance so far. */
typedef struct ranked {
  double variance;
  int64_t index;
} ranked;

wl_error wl_select_columns_create(const wl_model *model, const wl_points *pool, bool functions,
                                  wl_select_columns *s) {
  const int64_t columns = wl_kernel_points_count(pool->column), room = columns * WL_SELECT_CANDIDATES;
  *s = (wl_select_columns){.model = model,
                           .pool = pool,
                           .functions = functions,
                           .columns = columns,
                           .c = aligned_numbers(room),
                           .sigma = aligned_numbers(room),
                           .part = aligned_numbers(room)};
  if (s->c && s->sigma && s->part) return WL_OK;
  wl_select_columns_destroy(s);
  WL_FAIL(WL_ERROR_MEMORY, "select: no memory for the columns of %d candidates", WL_SELECT_CANDIDATES);
}

void wl_select_columns_destroy(wl_select_columns *s) {
  wl_matrix_destroy(&s->panels.v);
  wl_matrix_destroy(&s->panels.d);
  free(s->c);
  free(s->sigma);
  free(s->part);
  *s = (wl_select_columns){0};
}

int64_t wl_select_columns_local(const wl_select_columns *s, int64_t t) {
  const wl_grid *g = s->pool->grid;
  if (wl_select_columns_owner(s, t) != g->column) return -1;
  return wl_grid_owned(t, g->column_block, g->column, g->columns);
}

int wl_select_columns_owner(const wl_select_columns *s, int64_t t) {
  return (int)(t / s->pool->grid->column_block % s->pool->grid->columns);
}

int64_t wl_select_columns_point(const wl_select_columns *s, int64_t jl) {
  return wl_grid_global(jl, s->pool->grid->column_block, s->pool->grid->column, s->pool->grid->columns);
}

static int by_variance(const void *x, const void *y) {
  const ranked *a = x, *b = y;
  if (a->variance != b->variance) return a->variance < b->variance ? 1 : -1;
  return (a->index > b->index) - (a->index < b->index);
}

/* This process column's candidates, best first; variance -1 where there are no more. */
static void own_candidates(const wl_select_columns *s, const double *variance, ranked *best) {
  int count = 0;
  for (int k = 0; k < WL_SELECT_CANDIDATES; k++) best[k] = (ranked){-1.0, -1};
  for (int64_t jl = 0; jl < s->columns; jl++) {
    const ranked new = {variance[jl], wl_select_columns_point(s, jl)};
    if (count == WL_SELECT_CANDIDATES && by_variance(&new, &best[count - 1]) >= 0) continue;
    int at = count < WL_SELECT_CANDIDATES ? count++ : WL_SELECT_CANDIDATES - 1;
    for (; at > 0 && by_variance(&new, &best[at - 1]) < 0; at--) best[at] = best[at - 1];
    best[at] = new;
  }
}

/* The candidates of the next pass: `chosen`, then those of the largest variances. Row 0 of the grid decides for all. */
static wl_error choose_candidates(wl_select_columns *s, const double *variance, int64_t chosen) {
  const wl_grid *g = s->pool->grid;
  ranked own[WL_SELECT_CANDIDATES], *all = malloc(sizeof *all * WL_SELECT_CANDIDATES * (size_t)g->columns);
  wl_error error = all ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "select: out of memory");
  error = wl_error_agree(g->comm, error);
  if (error == WL_OK) {
    own_candidates(s, variance, own);
    MPI_Allgather(own, sizeof own, MPI_BYTE, all, sizeof own, MPI_BYTE, g->row_comm);
    qsort(all, (size_t)(WL_SELECT_CANDIDATES * g->columns), sizeof *all, by_variance);
    s->index[0] = chosen;
    s->count = 1;
    for (int k = 0; k < WL_SELECT_CANDIDATES * g->columns && s->count < WL_SELECT_CANDIDATES; k++)
      if (all[k].variance >= 0.0 && all[k].index != chosen) s->index[s->count++] = all[k].index;
    MPI_Bcast(&s->count, 1, MPI_INT, 0, g->column_comm);
    MPI_Bcast(s->index, WL_SELECT_CANDIDATES, MPI_INT64_T, 0, g->column_comm);
  }
  free(all);
  return error;
}

/* The candidates as points, on every rank. `x` gets their coordinates, which the points borrow. */
static wl_error candidate_points(const wl_select_columns *s, double *x, wl_kernel_points **points) {
  const int64_t dimension = s->pool->dimension;
  memset(x, 0, sizeof(double) * (size_t)(s->count * dimension));
  for (int k = 0; k < s->count; k++) {
    const int64_t jl = wl_select_columns_local(s, s->index[k]);
    if (jl >= 0) memcpy(x + k * dimension, s->pool->column_x + jl * dimension, sizeof(double) * (size_t)dimension);
  }
  MPI_Allreduce(MPI_IN_PLACE, x, (int)(s->count * dimension), MPI_DOUBLE, MPI_SUM, s->pool->grid->row_comm);
  return wl_kernel_points_create(&s->pool->network, s->count, dimension, x, NULL, points);
}

/* κ and Θ (either may be NULL) of all of `points` with the candidates. */
static wl_error kernel_columns(const wl_select_columns *s, const wl_kernel_points *points,
                               const wl_kernel_points *candidates, double *kappa, double *theta) {
  const int64_t rows = wl_kernel_points_count(points), count = s->count;
  double *work = aligned_numbers((int64_t)wl_network_tile_work(&s->pool->network, STRIP, count));
  if (!work) WL_FAIL(WL_ERROR_MEMORY, "select: out of memory");
  for (int64_t i = 0; i < rows; i += STRIP)
    wl_network_tile((wl_point_range){points, i, smaller(STRIP, rows - i)}, (wl_point_range){candidates, 0, count},
                    (wl_tile){kappa ? kappa + i : NULL, rows}, (wl_tile){theta ? theta + i : NULL, rows}, work);
  free(work);
  return WL_OK;
}

/* Where a candidate meets itself. Behind dropout the tile cannot know; of other networks it is there. */
static void put_diagonal(const wl_select_columns *s, const double *diagonal, double *columns) {
  for (int k = 0; k < s->count; k++) {
    const int64_t jl = wl_select_columns_local(s, s->index[k]);
    if (jl >= 0) columns[jl + k * s->columns] = diagonal[jl];
  }
}

/* Columns of a panel at the candidates, on all ranks of each process row: local rows × candidates. */
static void gather_columns(const wl_select_columns *s, const wl_matrix *panel, double *out) {
  const size_t bytes = sizeof(double) * (size_t)panel->local_rows;
  for (int k = 0; k < s->count; k++) {
    const int64_t jl = wl_select_columns_local(s, s->index[k]);
    double *to = out + k * panel->local_rows;
    if (jl >= 0)
      memcpy(to, panel->data + jl * panel->ld, bytes);
    else
      memset(to, 0, bytes);
  }
  MPI_Allreduce(MPI_IN_PLACE, out, (int)(s->count * panel->local_rows), MPI_DOUBLE, MPI_SUM,
                s->pool->grid->row_comm);
}

/* out ← out + alpha panelᵀ x, with x as gather_columns leaves it. The sum is made once, so that all process rows have the same. */
static void add_product(wl_select_columns *s, double alpha, const wl_matrix *panel, const double *x, double *out) {
  const int columns = (int)s->columns, count = s->count, rows = (int)panel->local_rows;
  double *part = s->part;
  if (columns == 0) return;
  memset(part, 0, sizeof(double) * (size_t)(s->columns * count));
  if (rows > 0)
    cblas_dgemm(CblasColMajor, CblasTrans, CblasNoTrans, columns, count, rows, alpha, panel->data, (int)panel->ld,
                x, rows, 0.0, part, columns);
  MPI_Reduce(s->pool->grid->row == 0 ? MPI_IN_PLACE : part, part, columns * count, MPI_DOUBLE, MPI_SUM, 0,
             s->pool->grid->column_comm);
  MPI_Bcast(part, columns * count, MPI_DOUBLE, 0, s->pool->grid->column_comm);
  cblas_daxpy(columns * count, 1.0, part, 1, out, 1);
}

/* C⁰ of the candidates, and Σ⁰; `x` has room for local rows × candidates. */
static wl_error fill_columns(wl_select_columns *s, const wl_kernel_points *candidates, double *x) {
  const wl_prediction_panels *panels = &s->panels;
  const bool kappa = s->model->current == WL_PRIOR_KAPPA;
  wl_error error = kernel_columns(s, s->pool->column, candidates, kappa ? s->c : s->sigma, kappa ? NULL : s->c);
  if (error == WL_OK && panels->d) error = kernel_columns(s, s->model->train->row, candidates, NULL, x);
  WL_TRY(wl_error_agree(s->pool->grid->comm, error));
  put_diagonal(s, wl_kernel_points_kappa(s->pool->column), kappa ? s->c : s->sigma);
  if (!kappa) put_diagonal(s, wl_kernel_points_theta(s->pool->column), s->c);
  if (!panels->d) gather_columns(s, panels->v, x);
  add_product(s, -1.0, panels->v, x, s->c);
  if (!s->functions) return WL_OK;
  gather_columns(s, panels->d, x);
  add_product(s, 0.5, panels->v, x, s->sigma);
  gather_columns(s, panels->v, x);
  add_product(s, 0.5, panels->d, x, s->sigma);
  return WL_OK;
}

wl_error wl_select_columns_make(wl_select_columns *s, int64_t chosen, const double *variance) {
  WL_TRY(choose_candidates(s, variance, chosen));
  double *coordinates = aligned_numbers(s->count * s->pool->dimension),
         *x = aligned_numbers(s->count * s->panels.v->local_rows);
  wl_kernel_points *candidates = NULL;
  wl_error error = coordinates && x ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "select: out of memory");
  WL_GOTO(error, done, wl_error_agree(s->pool->grid->comm, error));
  error = candidate_points(s, coordinates, &candidates);
  WL_GOTO(error, done, wl_error_agree(s->pool->grid->comm, error));
  error = fill_columns(s, candidates, x);
done:
  wl_kernel_points_destroy(&candidates);
  free(x);
  free(coordinates);
  return error;
}

int wl_select_columns_slot(const wl_select_columns *s, int64_t t) {
  for (int k = 0; k < s->count; k++)
    if (s->index[k] == t) return k;
  return -1;
}
