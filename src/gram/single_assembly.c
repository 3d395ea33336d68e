#include <math.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/util.h"
#include "gram/matrix_free.h"

/* What is made of one kernel. */
typedef struct operand {
  wl_rounded *facts; /* NULL: not wanted */
  wl_single to;
  const double *diagonal;              /* by local row */
  double *tile, *column_sum, *row_sum; /* of doubles; the sums of ‖S‖₁: by global column, by local row */
} operand;

typedef struct rounding {
  const wl_points *points;
  wl_single *to;
  double shift, *work;
  operand theta, kappa;
} rounding;

static void operand_destroy(operand *o) {
  free(o->tile);
  free(o->column_sum);
  free(o->row_sum);
}

static void rounding_destroy(rounding *r) {
  operand_destroy(&r->theta);
  operand_destroy(&r->kappa);
  free(r->work);
}

/* 2⁻ᵉ with e the exponent of the largest diagonal entry. */
static double choose_scale(const wl_points *points, const double *diagonal, double shift) {
  double largest = 0.0;
  for (int64_t i = 0; i < wl_kernel_points_count(points->row); i++)
    if (diagonal[i] + shift > largest) largest = diagonal[i] + shift;
  MPI_Allreduce(MPI_IN_PLACE, &largest, 1, MPI_DOUBLE, MPI_MAX, points->grid->comm);
  return largest > 0.0 && isfinite(largest) ? ldexp(1.0, -ilogb(largest)) : 1.0;
}

static bool operand_create(const rounding *r, const double *diagonal, wl_rounded *facts, operand *o) {
  const int64_t nb = r->to->grid->block;
  *o = (operand){.facts = facts, .diagonal = diagonal};
  if (!facts) return true;
  facts->scale = choose_scale(r->points, diagonal, r->shift);
  o->tile = aligned_numbers(nb * nb);
  o->column_sum = calloc((size_t)(r->to->rows + 1), sizeof(double));
  o->row_sum = calloc((size_t)(r->to->local_rows + 1), sizeof(double));
  return o->tile && o->column_sum && o->row_sum;
}

static wl_error rounding_create(const wl_points *points, double shift, wl_single *to, wl_rounded *theta,
                                wl_rounded *kappa, rounding *r) {
  const int64_t nb = to->grid->block;
  *r = (rounding){.points = points, .to = to, .shift = shift};
  r->work = aligned_numbers((int64_t)wl_network_tile_work(&points->network, nb, nb));
  bool room = operand_create(r, wl_kernel_points_theta(points->row), theta, &r->theta);
  room = operand_create(r, wl_kernel_points_kappa(points->row), kappa, &r->kappa) && room;
  r->theta.to = *to;
  r->kappa.to = theta ? wl_single_behind(to) : *to;
  wl_error error = room && r->work ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "assembly: out of memory");
  error = wl_error_agree(to->grid->comm, error);
  if (error != WL_OK) rounding_destroy(r);
  return error;
}

/* A tile at local rows il and columns jl, global columns from j on. */
typedef struct place {
  int64_t il, jl, j, rows, columns;
  bool on_diagonal; /* only the lower triangle counts */
} place;

/* To floats and to the sums. */
static void round_tile(const rounding *r, operand *o, const place *t) {
  if (!o->facts) return;
  for (int64_t i = 0; t->on_diagonal && i < t->rows; i++)
    o->tile[i + i * t->rows] = o->diagonal[t->il + i] + r->shift;
  float *to = wl_single_at(&o->to, t->il, t->jl);
  for (int64_t jt = 0; jt < t->columns; jt++) {
    double sum = 0.0;
    for (int64_t it = t->on_diagonal ? jt : 0; it < t->rows; it++) {
      const double value = o->tile[it + jt * t->rows];
      to[it + jt * o->to.ld] = (float)(o->facts->scale * value);
      sum += fabs(value);
      if (!t->on_diagonal || it > jt) o->row_sum[t->il + it] += fabs(value);
    }
    o->column_sum[t->j + jt] += sum;
  }
}

static void find_norm(const wl_single *a, operand *o) {
  const wl_grid *g = a->grid;
  if (!o->facts) return;
  for (int64_t il = 0; il < a->local_rows; il++)
    o->column_sum[wl_grid_global(il, g->block, g->row, g->rows)] += o->row_sum[il];
  MPI_Allreduce(MPI_IN_PLACE, o->column_sum, (int)a->rows, MPI_DOUBLE, MPI_SUM, g->comm);
  o->facts->norm = 0.0;
  for (int64_t j = 0; j < a->rows; j++)
    if (!(o->column_sum[j] <= o->facts->norm)) o->facts->norm = o->column_sum[j]; /* NaN stays */
}

wl_error wl_gram_assemble_single(const wl_points *points, double shift, wl_single *to, wl_rounded *theta,
                                 wl_rounded *kappa) {
  const wl_grid *g = to->grid;
  const int64_t nb = g->block;
  rounding r;
  WL_TRY(rounding_create(points, shift, to, theta, kappa, &r));
  wl_progress progress = wl_progress_begin("assemble", (double)to->local_columns, 0.0);
  for (int64_t jl = 0; jl < to->local_columns; jl += nb) {
    const int64_t j = (jl / nb * g->columns + g->column) * nb;
    for (int64_t il = wl_grid_owned(j, g->block, g->row, g->rows); il < to->local_rows; il += nb) {
      const place t = {.il = il,
                       .jl = jl,
                       .j = j,
                       .rows = smaller(nb, to->local_rows - il),
                       .columns = smaller(nb, to->local_columns - jl),
                       .on_diagonal = (il / nb * g->rows + g->row) * nb == j};
      wl_network_tile((wl_point_range){points->row, il, t.rows}, (wl_point_range){points->column, jl, t.columns},
                      (wl_tile){r.kappa.tile, t.rows}, (wl_tile){r.theta.tile, t.rows}, r.work);
      round_tile(&r, &r.theta, &t);
      round_tile(&r, &r.kappa, &t);
    }
    wl_progress_update(&progress, (double)jl);
  }
  wl_progress_end(&progress);
  find_norm(to, &r.theta);
  find_norm(to, &r.kappa);
  rounding_destroy(&r);
  return WL_OK;
}
