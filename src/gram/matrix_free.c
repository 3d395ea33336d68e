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
#include "dist/collectives.h"
#include "gram/matrix_free.h"

/* One kernel's share in a pass. */
typedef struct operand {
  const wl_product *product; /* with those that follow it; NULL: not wanted */
  const double *diagonal;    /* of K, by local row */
  double *part;  /* the group's parts, each rows_below × w, one after the other; with few columns one piece */
  double *strip; /* V_k or Tᵀ V_below, w × local columns */
} operand;

typedef struct pass {
  const wl_points *points;
  const wl_grid *grid;
  int64_t n, local_rows, width; /* width: w */
  bool few;
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

static int64_t columns_of(const wl_product *product) {
  int64_t columns = 0;
  for (const wl_product *q = product; q; q = q->also) columns += q->v->columns;
  return columns;
}

static bool has_few(const wl_points *points, const wl_product *product) {
  return !product || product->replicated || wl_product_is_few(points->grid, points->count, columns_of(product));
}

static bool make_room(const pass *p, operand *o) {
  int64_t columns = 0;
  if (!o->product) return true;
  for (const wl_product *q = o->product; q; q = q->also) columns = larger(columns, q->v->local_columns);
  o->part = aligned_numbers(p->few ? wl_product_piece_rows(p->grid) * p->width
                                   : p->local_rows * p->width * p->grid->columns);
  o->strip = aligned_numbers(p->few ? 0 : p->width * columns);
  return o->part && o->strip;
}

static wl_error pass_create(const wl_points *points, const wl_product *theta, const wl_product *kappa, pass *p) {
  const wl_grid *g = points->grid;
  *p = (pass){.points = points,
              .grid = g,
              .n = points->count,
              .local_rows = wl_kernel_points_count(points->row),
              .width = wl_product_part_width(g),
              .few = has_few(points, theta) && has_few(points, kappa),
              .theta = {.product = theta, .diagonal = wl_kernel_points_theta(points->row)},
              .kappa = {.product = kappa, .diagonal = wl_kernel_points_kappa(points->row)}};
  p->work = aligned_numbers((int64_t)wl_network_tile_work(&points->network, WL_PRODUCT_PIECE, p->width));
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

/* On the diagonal tile: K_ii; with `half`, half of it and nothing above. */
static void finish_diagonal(const operand *o, const part *t) {
  if (!o->product) return;
  double *tile = o->part + t->offset;
  for (int64_t j = 0; j < t->width; j++) {
    const double diagonal = o->diagonal[t->own + j];
    for (int64_t i = 0; o->product->half && i < j; i++) tile[i + j * t->rows] = 0.0;
    tile[j + j * t->rows] = o->product->half ? 0.5 * diagonal : diagonal;
  }
}

static void compute(pass *p, const part *t) {
  const int64_t jl = wl_grid_owned(t->first, p->grid->block, p->grid->column, p->grid->columns);
  double *kappa = p->kappa.product ? p->kappa.part + t->offset : NULL;
  double *theta = p->theta.product ? p->theta.part + t->offset : NULL;
  for (int64_t i = 0; i < t->rows; i += WL_PRODUCT_PIECE)
    wl_network_tile((wl_point_range){p->points->row, t->own + i, smaller(WL_PRODUCT_PIECE, t->rows - i)},
                    (wl_point_range){p->points->column, jl, t->width},
                    (wl_tile){kappa ? kappa + i : NULL, t->rows}, (wl_tile){theta ? theta + i : NULL, t->rows},
                    p->work);
  if (t->owner != p->grid->row) return;
  finish_diagonal(&p->theta, t);
  finish_diagonal(&p->kappa, t);
}

static void send(const pass *p, const operand *o, const part *t, int q) {
  if (o->product && p->grid->columns > 1)
    MPI_Bcast(o->part + t->offset, (int)(t->rows * t->width), MPI_DOUBLE, q, p->grid->row_comm);
}

static void push(const pass *p, const operand *o, const wl_product *product, const part *t) {
  const wl_matrix *v = product->v;
  wl_matrix *c = product->c;
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

static void pull(const pass *p, const operand *o, const wl_product *product, const part *t) {
  const wl_matrix *v = product->v;
  wl_matrix *c = product->c;
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
  for (const wl_product *q = o->product; q; q = q->also) {
    push(p, o, q, t);
    if (!q->half) pull(p, o, q, t);
  }
}

static void clear(const wl_product *product) {
  for (const wl_product *q = product; q; q = q->also)
    memset(q->c->data, 0, sizeof(double) * (size_t)(q->c->ld * q->c->local_columns));
}

/* C ← C + shift V, or half of it. */
static void add_shift(const wl_product *product) {
  for (const wl_product *q = product; q; q = q->also)
    for (int64_t k = 0; q->shift != 0.0 && k < q->c->ld * q->c->local_columns; k++)
      q->c->data[k] += (q->half ? 0.5 : 1.0) * q->shift * q->v->data[k];
}

/* ---- few columns: the vectors travel and the tiles stay ------------------------------------------------------------ */

/*
 * V of all products of a kernel on the points of this rank's block rows and block columns, and what its tiles add to C there.
 * On a grid of one row every rank has all rows, and what stands there will do for the columns.
 */
typedef struct replica {
  int64_t columns, row_count, column_count; /* columns: of all products; column_count: 0 on a grid of one row */
  double *v_row, *v_column, *c_row, *c_column;
  double *piece; /* the blocks that a process row and this process column both have, one after the other */
} replica;

static void replica_destroy(replica *r) {
  free(r->v_row);
  free(r->v_column);
  free(r->c_row);
  free(r->c_column);
  free(r->piece);
}

static bool replica_create(const pass *p, const wl_product *product, replica *r) {
  *r = (replica){0};
  if (!product) return true;
  r->columns = columns_of(product);
  r->row_count = p->local_rows;
  r->column_count = p->grid->rows > 1 ? wl_kernel_points_count(p->points->column) : 0;
  r->v_row = aligned_numbers(r->row_count * r->columns);
  r->c_row = aligned_numbers(r->row_count * r->columns);
  r->v_column = aligned_numbers(r->column_count * r->columns);
  r->c_column = aligned_numbers(r->column_count * r->columns);
  r->piece = aligned_numbers(r->column_count * r->columns);
  return r->v_row && r->c_row && r->v_column && r->c_column && r->piece;
}

typedef enum move { ROW_TO_PIECE, PIECE_TO_COLUMN, COLUMN_TO_PIECE, ADD_PIECE_TO_ROW } move;

static void move_column(move way, int64_t width, double *piece, const double *from, double *to) {
  const size_t bytes = sizeof(double) * (size_t)width;
  if (way == ROW_TO_PIECE || way == COLUMN_TO_PIECE) memcpy(piece, from, bytes);
  if (way == PIECE_TO_COLUMN) memcpy(to, piece, bytes);
  if (way == ADD_PIECE_TO_ROW) cblas_daxpy((int)width, 1.0, piece, 1, to, 1);
}

static int64_t piece_size(const pass *p, const replica *r, int row) {
  const wl_grid *g = p->grid;
  int64_t points = 0;
  for (int64_t jl = 0; jl < r->column_count; jl += g->block)
    if ((jl / g->block * g->columns + g->column) % g->rows == row)
      points += smaller(g->block, r->column_count - jl);
  return points * r->columns;
}

static void move_piece(const pass *p, replica *r, int row, move way) {
  const wl_grid *g = p->grid;
  double *piece = r->piece;
  for (int64_t jl = 0; jl < r->column_count; jl += g->block) {
    const int64_t k = jl / g->block * g->columns + g->column, il = k / g->rows * g->block;
    const int64_t width = smaller(g->block, r->column_count - jl);
    if (k % g->rows != row) continue;
    for (int64_t j = 0; j < r->columns; j++, piece += width) {
      const int64_t in_row = il + j * r->row_count, in_column = jl + j * r->column_count;
      move_column(way, width, piece, way == ROW_TO_PIECE ? r->v_row + in_row : r->c_column + in_column,
                  way == PIECE_TO_COLUMN ? r->v_column + in_column : r->c_row + in_row);
    }
  }
}

static void rows_to_columns(const pass *p, replica *r) {
  const wl_grid *g = p->grid;
  for (int row = 0; row < g->rows; row++) {
    if (row == g->row) move_piece(p, r, row, ROW_TO_PIECE);
    wl_broadcast(g->column_comm, row, piece_size(p, r, row), r->piece);
    move_piece(p, r, row, PIECE_TO_COLUMN);
  }
}

static void columns_to_rows(const pass *p, replica *r) {
  const wl_grid *g = p->grid;
  for (int row = 0; row < g->rows; row++) {
    move_piece(p, r, row, COLUMN_TO_PIECE);
    wl_sum_on_root(g->column_comm, row, piece_size(p, r, row), r->piece);
    if (row == g->row) move_piece(p, r, row, ADD_PIECE_TO_ROW);
  }
}

/* V along the process rows to v_row, and from there along the process columns to v_column. */
static void replica_begin(const pass *p, const wl_product *product, replica *r) {
  const wl_grid *g = p->grid;
  if (!product) return;
  memset(r->v_row, 0, sizeof(double) * (size_t)(r->row_count * r->columns));
  double *to = r->v_row;
  for (const wl_product *q = product; q; to += q->v->columns * r->row_count, q = q->also)
    for (int64_t jl = 0; jl < q->v->local_columns && r->row_count > 0; jl++)
      memcpy(to + wl_matrix_global_column(q->v, jl) * r->row_count, q->v->data + jl * q->v->ld,
             sizeof(double) * (size_t)r->row_count);
  if (g->columns > 1) wl_sum_on_all(g->row_comm, r->row_count * r->columns, r->v_row);
  if (g->rows > 1) rows_to_columns(p, r);
  memset(r->c_row, 0, sizeof(double) * (size_t)(r->row_count * r->columns));
  memset(r->c_column, 0, sizeof(double) * (size_t)(r->column_count * r->columns));
}

/* C ← the sum of what all ranks have added, the same way back. */
static void replica_end(const pass *p, const wl_product *product, replica *r) {
  const wl_grid *g = p->grid;
  if (!product) return;
  if (g->rows > 1) columns_to_rows(p, r);
  if (g->columns > 1) wl_sum_on_all(g->row_comm, r->row_count * r->columns, r->c_row);
  const double *from = r->c_row;
  for (const wl_product *q = product; q; from += q->c->columns * r->row_count, q = q->also)
    for (int64_t jl = 0; jl < q->c->local_columns && r->row_count > 0; jl++)
      memcpy(q->c->data + jl * q->c->ld, from + wl_matrix_global_column(q->c, jl) * r->row_count,
             sizeof(double) * (size_t)r->row_count);
}

/* Rows of a part from the one named on, few enough to stay in cache from when they are computed to their second use. */
static part piece_of(const pass *p, const part *t, int64_t row) {
  part piece = *t;
  piece.own += row;
  piece.rows = smaller(wl_product_piece_rows(p->grid), t->rows - row);
  piece.offset = 0;
  if (row > 0) piece.owner = -1; /* the diagonal tile is in the first */
  return piece;
}

/* Both uses of this rank's own part. */
static void use_own(const pass *p, const operand *o, const part *t, replica *r) {
  if (!o->product) return;
  const bool rows_do = p->grid->rows == 1;
  const int64_t jl = wl_grid_owned(t->first, p->grid->block, p->grid->column, p->grid->columns),
                ld = rows_do ? r->row_count : r->column_count;
  const double *at = o->part + t->offset, *v = rows_do ? r->v_row + t->first : r->v_column + jl;
  double *c = rows_do ? r->c_row + t->first : r->c_column + jl;
  const int64_t tile = t->owner == p->grid->row ? t->width : 0, rest = t->rows - tile;
  cblas_dgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, (int)t->rows, (int)r->columns, (int)t->width, 1.0, at,
              (int)t->rows, v, (int)ld, 1.0, r->c_row + t->own, (int)r->row_count);
  if (rest > 0 && !o->product->half)
    cblas_dgemm(CblasColMajor, CblasTrans, CblasNoTrans, (int)t->width, (int)r->columns, (int)rest, 1.0, at + tile,
                (int)t->rows, r->v_row + t->own + tile, (int)r->row_count, 1.0, c, (int)ld);
}

static wl_error apply_few(pass *p) {
  const int64_t block = p->grid->block, blocks = (p->n + block - 1) / block;
  const wl_product *theta = p->theta.product, *kappa = p->kappa.product;
  replica for_theta, for_kappa;
  bool room = replica_create(p, theta, &for_theta);
  room = replica_create(p, kappa, &for_kappa) && room;
  wl_error error = room ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "kernel product: no memory for a few vectors");
  error = wl_error_agree(p->grid->comm, error);
  if (error == WL_OK) {
    replica_begin(p, theta, &for_theta);
    replica_begin(p, kappa, &for_kappa);
    for (int64_t group = 0; group * p->grid->columns < blocks; group++)
      for (int64_t step = 0; step * p->width < block; step++) {
        const part t = part_of(p, group, step, p->grid->column);
        if (t.width == 0) continue;
        for (int64_t done = 0; done < t.rows; done += wl_product_piece_rows(p->grid)) {
          const part piece = piece_of(p, &t, done);
          compute(p, &piece);
          use_own(p, &p->theta, &piece, &for_theta);
          use_own(p, &p->kappa, &piece, &for_kappa);
        }
      }
    replica_end(p, theta, &for_theta);
    replica_end(p, kappa, &for_kappa);
  }
  replica_destroy(&for_theta);
  replica_destroy(&for_kappa);
  return error;
}

/* Many columns: block columns travel and the vectors stay. */
static wl_error apply_many(pass *p) {
  const int64_t block = p->grid->block, blocks = (p->n + block - 1) / block;
  clear(p->theta.product);
  clear(p->kappa.product);
  for (int64_t group = 0; group * p->grid->columns < blocks; group++)
    for (int64_t step = 0; step * p->width < block; step++) {
      const part own = part_of(p, group, step, p->grid->column);
      if (own.width > 0) compute(p, &own);
      for (int q = 0; q < p->grid->columns; q++) {
        const part t = part_of(p, group, step, q);
        if (t.width == 0) continue;
        send(p, &p->theta, &t, q);
        send(p, &p->kappa, &t, q);
        use(p, &p->theta, &t);
        use(p, &p->kappa, &t);
      }
    }
  return WL_OK;
}

wl_error wl_gram_multiply(const wl_points *points, const wl_product *theta, const wl_product *kappa) {
  pass p;
  WL_TRY(pass_create(points, theta, kappa, &p));
  const wl_error error = p.few ? apply_few(&p) : apply_many(&p);
  pass_destroy(&p);
  WL_TRY(error);
  add_shift(theta);
  add_shift(kappa);
  return WL_OK;
}
