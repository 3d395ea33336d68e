/*
 * S V without S. Block columns of the lower triangle, or parts of them, are computed in groups, one on each process
 * column at the same time, and then sent along the process rows one after the other, so that V and C stay where they are.
 * A part T, w columns wide, is used twice:
 *
 *   push   C_below ← C_below + T V_k            with V_k, w rows, sent along the process columns
 *   pull   C_k ← C_k + Tᵀ V_below               summed over the process columns
 */
#include <cblas.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "gram/implicit.h"

/* Columns that the parts of one group have together, at most: room for them is local rows × as many. */
enum { GROUP_COLUMNS = 768, PIECE = 256 };

/* One kernel's share in a pass. */
typedef struct operand {
  const wl_product *product; /* NULL: not wanted */
  const double *diagonal;    /* of K, by local row */
  double *part;              /* the group's parts, each rows_below × w, one after the other */
  double *strip;             /* V_k or Tᵀ V_below, w × local columns */
} operand;

typedef struct pass {
  const wl_point_set *points;
  const wl_grid *grid;
  int64_t n, local_rows, width; /* width: w */
  operand theta, kappa;
  double *work;
} pass;

/* The part of a block column: global columns first … first + width − 1, and what of it is on this rank. */
typedef struct part {
  int64_t first, width, own, rows; /* own: local row of `first`, rows: from there to the end */
  int64_t offset;                  /* in operand.part */
  int owner;                       /* process row of the diagonal tile */
} part;

static void pass_destroy(pass *p) {
  free(p->theta.part);
  free(p->theta.strip);
  free(p->kappa.part);
  free(p->kappa.strip);
  free(p->work);
}

static bool make_room(const pass *p, operand *o) {
  if (!o->product) return true;
  o->part = aligned_numbers(p->local_rows * p->width * p->grid->columns);
  o->strip = aligned_numbers(p->width * o->product->v->local_columns);
  return o->part && o->strip;
}

static wl_error pass_create(const wl_point_set *points, const wl_product *theta, const wl_product *kappa,
                            pass *p) {
  const wl_grid *g = points->grid;
  *p = (pass){.points = points,
              .grid = g,
              .n = points->count,
              .local_rows = wl_points_count(points->row),
              .width = smaller(g->block, larger(16, GROUP_COLUMNS / g->columns)),
              .theta = {.product = theta, .diagonal = wl_points_theta(points->row)},
              .kappa = {.product = kappa, .diagonal = wl_points_kappa(points->row)}};
  p->work = aligned_numbers((int64_t)wl_network_tile_work(&points->network, PIECE, p->width));
  wl_error error = WL_OK;
  const bool room = make_room(p, &p->theta) && make_room(p, &p->kappa);
  if (!room || !p->work) error = wl_error_set(WL_ERROR_MEMORY, "kernel product: no memory for block columns");
  error = wl_error_agree(g->comm, error);
  if (error != WL_OK) pass_destroy(p);
  return error;
}

/* Part `step` of the block column that process column q has in this group; width 0: there is none. */
static part part_of(const pass *p, int64_t group, int64_t step, int q) {
  const wl_grid *g = p->grid;
  const int64_t block = group * g->columns + q, first = block * g->block + step * p->width;
  const int64_t end = smaller(p->n, smaller((block + 1) * g->block, first + p->width));
  part t = {.first = first, .width = larger(0, end - first), .owner = (int)(block % g->rows)};
  t.own = wl_grid_owned(smaller(first, p->n), g->block, g->row, g->rows);
  t.rows = p->local_rows - t.own;
  t.offset = (int64_t)q * p->local_rows * p->width;
  return t;
}

/* On the diagonal tile: K_ii + shift; with `half`, half of it and nothing above. */
static void finish_diagonal(const operand *o, const part *t) {
  if (!o->product) return;
  double *tile = o->part + t->offset;
  for (int64_t j = 0; j < t->width; j++) {
    const double diagonal = o->diagonal[t->own + j] + o->product->shift;
    for (int64_t i = 0; o->product->half && i < j; i++) tile[i + j * t->rows] = 0.0;
    tile[j + j * t->rows] = o->product->half ? 0.5 * diagonal : diagonal;
  }
}

static void compute(pass *p, const part *t) {
  const int64_t jl = wl_grid_owned(t->first, p->grid->block, p->grid->column, p->grid->columns);
  double *kappa = p->kappa.product ? p->kappa.part + t->offset : NULL;
  double *theta = p->theta.product ? p->theta.part + t->offset : NULL;
  for (int64_t i = 0; i < t->rows; i += PIECE)
    wl_network_tile(p->points->row, t->own + i, smaller(PIECE, t->rows - i), p->points->column, jl, t->width,
                    kappa ? kappa + i : NULL, t->rows, theta ? theta + i : NULL, t->rows, p->work);
  if (t->owner != p->grid->row) return;
  finish_diagonal(&p->theta, t);
  finish_diagonal(&p->kappa, t);
}

static void send(const pass *p, const operand *o, const part *t, int q) {
  if (o->product && p->grid->columns > 1)
    MPI_Bcast(o->part + t->offset, (int)(t->rows * t->width), MPI_DOUBLE, q, p->grid->row_comm);
}

static void push(const pass *p, const operand *o, const part *t) {
  const wl_matrix *v = o->product->v;
  wl_matrix *c = o->product->c;
  const int64_t columns = v->local_columns;
  if (t->owner == p->grid->row)
    for (int64_t j = 0; j < columns; j++)
      memcpy(o->strip + j * t->width, v->data + t->own + j * v->ld, sizeof(double) * (size_t)t->width);
  if (p->grid->rows > 1)
    MPI_Bcast(o->strip, (int)(t->width * columns), MPI_DOUBLE, t->owner, p->grid->column_comm);
  if (t->rows > 0 && columns > 0)
    cblas_dgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, (int)t->rows, (int)columns, (int)t->width, 1.0,
                o->part + t->offset, (int)t->rows, o->strip, (int)t->width, 1.0, c->data + t->own, (int)c->ld);
}

static void pull(const pass *p, const operand *o, const part *t) {
  const wl_matrix *v = o->product->v;
  wl_matrix *c = o->product->c;
  const int64_t columns = v->local_columns, tile = t->owner == p->grid->row ? t->width : 0, rest = t->rows - tile;
  memset(o->strip, 0, sizeof(double) * (size_t)(t->width * columns));
  if (rest > 0 && columns > 0)
    cblas_dgemm(CblasColMajor, CblasTrans, CblasNoTrans, (int)t->width, (int)columns, (int)rest, 1.0,
                o->part + t->offset + tile, (int)t->rows, v->data + t->own + tile, (int)v->ld, 0.0, o->strip,
                (int)t->width);
  if (p->grid->rows > 1)
    MPI_Reduce(tile > 0 ? MPI_IN_PLACE : o->strip, o->strip, (int)(t->width * columns), MPI_DOUBLE, MPI_SUM,
               t->owner, p->grid->column_comm);
  if (tile > 0)
    for (int64_t j = 0; j < columns; j++)
      cblas_daxpy((int)t->width, 1.0, o->strip + j * t->width, 1, c->data + t->own + j * c->ld, 1);
}

static void use(const pass *p, const operand *o, const part *t) {
  if (!o->product) return;
  push(p, o, t);
  if (!o->product->half) pull(p, o, t);
}

static void clear(const wl_product *product) {
  if (product) memset(product->c->data, 0, sizeof(double) * (size_t)(product->c->ld * product->c->local_columns));
}

wl_error wl_gram_apply(const wl_point_set *points, const wl_product *theta, const wl_product *kappa) {
  pass p;
  WL_TRY(pass_create(points, theta, kappa, &p));
  clear(theta);
  clear(kappa);
  const int64_t block = p.grid->block, blocks = (p.n + block - 1) / block;
  for (int64_t group = 0; group * p.grid->columns < blocks; group++)
    for (int64_t step = 0; step * p.width < block; step++) {
      const part own = part_of(&p, group, step, p.grid->column);
      if (own.width > 0) compute(&p, &own);
      for (int q = 0; q < p.grid->columns; q++) {
        const part t = part_of(&p, group, step, q);
        if (t.width == 0) continue;
        send(&p, &p.theta, &t, q);
        send(&p, &p.kappa, &t, q);
        use(&p, &p.theta, &t);
        use(&p, &p.kappa, &t);
      }
    }
  pass_destroy(&p);
  return WL_OK;
}
