/*
 * With T_k the block column k of a triangle without its diagonal tile T_kk ("rest": the rows below it for the lower
 * triangle, above it for the upper one), there are two ways to use it once it has gone along the process rows:
 *
 *   push   B_rest ← B_rest − T_k X_k      T X = B, solved away from the diagonal tile:  X_k = T_kk⁻¹ B_k
 *   pull   X_k = T_kk⁻ᵀ (B_k − T_kᵀ X_rest)         Tᵀ X = B, solved towards it
 *
 * Either order of k makes `rest` come before or after k as it must. A symmetric product pushes and pulls.
 */
#include "solve/sweep.h"

#include <cblas.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"

enum { CHUNKS = 4 }; /* a product is cut in so many, to let the next block column make way meanwhile */

typedef struct sweep {
  const wl_matrix *a;
  int lower;
  int64_t blocks, columns; /* of B, on this rank */
  double *buffer[2];       /* a block column each; unused where a process row is one rank */
  MPI_Request request[2];
  double *tile, *strip; /* a diagonal tile; a block row of B */
} sweep;

/* Block column k on this rank: `rest` rows from local row `first` on, and the diagonal tile if it is ours. */
typedef struct view {
  int64_t k, width, first, rest, own; /* own: local row of block k */
  const double *at, *diagonal;        /* `rest` rows; NULL where the tile is another process row's */
  int64_t ld;
} view;

static void sweep_destroy(sweep *s) {
  free(s->buffer[0]);
  free(s->buffer[1]);
  free(s->tile);
  free(s->strip);
}

static wl_error sweep_create(const wl_matrix *a, int lower, const wl_matrix *b, sweep *s) {
  const int64_t nb = a->grid->block, room = a->grid->columns > 1 ? a->local_rows * nb : 0;
  *s = (sweep){.a = a,
               .lower = lower,
               .blocks = (a->rows + nb - 1) / nb,
               .columns = b->local_columns,
               .buffer = {aligned_numbers(room), aligned_numbers(room)},
               .request = {MPI_REQUEST_NULL, MPI_REQUEST_NULL},
               .tile = aligned_numbers(nb * nb),
               .strip = aligned_numbers(nb * b->local_columns)};
  wl_error error = WL_OK;
  if (!s->buffer[0] || !s->buffer[1] || !s->tile || !s->strip)
    error = wl_error_set(WL_ERROR_MEMORY, "no memory for block columns on their way");
  error = wl_error_agree(a->grid->comm, error);
  if (error != WL_OK) sweep_destroy(s);
  return error;
}

/* Local rows of block column k that this rank sees, the diagonal tile included: first … end − 1. */
static void extent(const sweep *s, int64_t k, int64_t *first, int64_t *end) {
  const int64_t nb = s->a->grid->block;
  *first = s->lower ? wl_matrix_local_row(s->a, k * nb) : 0;
  *end = s->lower ? s->a->local_rows : wl_matrix_local_row(s->a, smaller(s->a->rows, (k + 1) * nb));
}

static int64_t width_of(const sweep *s, int64_t k) {
  return smaller(s->a->grid->block, s->a->rows - k * s->a->grid->block);
}

static void sweep_begin(sweep *s, int64_t k) {
  const wl_grid *g = s->a->grid;
  if (k < 0 || k >= s->blocks || g->columns == 1) return;
  int64_t first, end;
  extent(s, k, &first, &end);
  const int64_t rows = end - first, width = width_of(s, k);
  double *buffer = s->buffer[k % 2];
  if (k % g->columns == g->column) {
    const double *from = s->a->data + first + wl_matrix_local_column(s->a, k * g->block) * s->a->ld;
    for (int64_t j = 0; j < width; j++)
      memcpy(buffer + j * rows, from + j * s->a->ld, sizeof(double) * (size_t)rows);
  }
  MPI_Ibcast(buffer, (int)(rows * width), MPI_DOUBLE, (int)(k % g->columns), g->row_comm, &s->request[k % 2]);
}

static view sweep_end(sweep *s, int64_t k) {
  const wl_grid *g = s->a->grid;
  int64_t first, end;
  extent(s, k, &first, &end);
  MPI_Wait(&s->request[k % 2], MPI_STATUS_IGNORE);
  view v = {.k = k, .width = width_of(s, k), .own = wl_matrix_local_row(s->a, k * g->block)};
  const double *at = g->columns > 1 ? s->buffer[k % 2]
                                    : s->a->data + first + wl_matrix_local_column(s->a, k * g->block) * s->a->ld;
  v.ld = g->columns > 1 ? end - first : s->a->ld;
  const int mine = k % g->rows == g->row;
  const int64_t tile_rows = mine ? v.width : 0;
  v.rest = end - first - tile_rows;
  v.first = s->lower ? first + tile_rows : first;
  v.at = s->lower ? at + tile_rows : at;
  if (mine) v.diagonal = s->lower ? at : at + v.rest;
  return v;
}

static void poke(sweep *s) {
  int done;
  MPI_Testall(2, s->request, &done, MPI_STATUSES_IGNORE);
}

/* C_rest ← C_rest + alpha T_k X with X (width × columns) in the strip. */
static void push(sweep *s, const view *v, double alpha, wl_matrix *c) {
  const int64_t step = (v->rest + CHUNKS - 1) / CHUNKS;
  for (int64_t i = 0; i < v->rest && s->columns > 0; i += step) {
    cblas_dgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, (int)smaller(step, v->rest - i), (int)s->columns,
                (int)v->width, alpha, v->at + i, (int)v->ld, s->strip, (int)v->width, 1.0, c->data + v->first + i,
                (int)c->ld);
    poke(s);
  }
}

/* The strip ← T_kᵀ B_rest, summed over the process column for the row that owns block k. */
static void pull(sweep *s, const view *v, const wl_matrix *b) {
  const wl_grid *g = s->a->grid;
  const int root = (int)(v->k % g->rows), count = (int)(v->width * s->columns);
  memset(s->strip, 0, sizeof(double) * (size_t)count);
  const int64_t step = (v->rest + CHUNKS - 1) / CHUNKS;
  for (int64_t i = 0; i < v->rest && s->columns > 0; i += step) {
    cblas_dgemm(CblasColMajor, CblasTrans, CblasNoTrans, (int)v->width, (int)s->columns,
                (int)smaller(step, v->rest - i), 1.0, v->at + i, (int)v->ld, b->data + v->first + i, (int)b->ld,
                1.0, s->strip, (int)v->width);
    poke(s);
  }
  if (g->rows > 1)
    MPI_Reduce(g->row == root ? MPI_IN_PLACE : s->strip, s->strip, count, MPI_DOUBLE, MPI_SUM, root,
               g->column_comm);
}

/* The block row of B from its owners to all ranks of their process columns, in the strip. */
static void share_strip(sweep *s, const view *v, const wl_matrix *b) {
  if (v->diagonal)
    for (int64_t j = 0; j < s->columns; j++)
      memcpy(s->strip + j * v->width, b->data + v->own + j * b->ld, sizeof(double) * (size_t)v->width);
  if (s->a->grid->rows > 1)
    MPI_Bcast(s->strip, (int)(v->width * s->columns), MPI_DOUBLE, (int)(v->k % s->a->grid->rows),
              s->a->grid->column_comm);
}

/* B_k ← B_k + alpha strip */
static void add_strip(const sweep *s, const view *v, double alpha, wl_matrix *b) {
  for (int64_t j = 0; j < s->columns; j++)
    cblas_daxpy((int)v->width, alpha, s->strip + j * v->width, 1, b->data + v->own + j * b->ld, 1);
}

static void solve_tile(const sweep *s, const view *v, CBLAS_TRANSPOSE trans, wl_matrix *b) {
  if (s->columns > 0)
    cblas_dtrsm(CblasColMajor, CblasLeft, s->lower ? CblasLower : CblasUpper, trans, CblasNonUnit, (int)v->width,
                (int)s->columns, 1.0, v->diagonal, (int)v->ld, b->data + v->own, (int)b->ld);
}

wl_error wl_triangle_solve(const wl_matrix *a, wl_triangle triangle, int transposed, wl_matrix *b) {
  sweep s;
  WL_TRY(sweep_create(a, triangle == WL_TRIANGLE_LOWER, b, &s));
  const int up = s.lower != transposed; /* block 0 first */
  const int64_t start = up ? 0 : s.blocks - 1, step = up ? 1 : -1;
  sweep_begin(&s, start);
  for (int64_t k = start; k >= 0 && k < s.blocks; k += step) {
    const view v = sweep_end(&s, k);
    sweep_begin(&s, k + step);
    if (transposed) {
      pull(&s, &v, b);
      if (v.diagonal) {
        add_strip(&s, &v, -1.0, b);
        solve_tile(&s, &v, CblasTrans, b);
      }
    } else {
      if (v.diagonal) solve_tile(&s, &v, CblasNoTrans, b);
      share_strip(&s, &v, b);
      push(&s, &v, -1.0, b);
    }
  }
  sweep_destroy(&s);
  return WL_OK;
}

/* C_k ← C_k + S_kk B_k with the tile's strict upper triangle from the array and the diagonal given. */
static void add_diagonal_tile(const sweep *s, const view *v, const double *diagonal, const wl_matrix *b,
                              wl_matrix *c) {
  for (int64_t j = 0; j < v->width; j++) {
    memcpy(s->tile + j * v->width, v->diagonal + j * v->ld, sizeof(double) * (size_t)v->width);
    s->tile[j + j * v->width] = diagonal[v->own + j];
  }
  if (s->columns > 0)
    cblas_dsymm(CblasColMajor, CblasLeft, CblasUpper, (int)v->width, (int)s->columns, 1.0, s->tile, (int)v->width,
                b->data + v->own, (int)b->ld, 1.0, c->data + v->own, (int)c->ld);
}

wl_error wl_symmetric_product(const wl_matrix *a, const double *diagonal, const wl_matrix *b, double beta,
                              wl_matrix *c) {
  sweep s;
  WL_TRY(sweep_create(a, 0, b, &s));
  for (int64_t j = 0; j < c->local_columns; j++)
    for (int64_t i = 0; i < c->local_rows; i++)
      c->data[i + j * c->ld] = beta == 0.0 ? 0.0 : beta * c->data[i + j * c->ld];
  sweep_begin(&s, 0);
  for (int64_t k = 0; k < s.blocks; k++) {
    const view v = sweep_end(&s, k);
    sweep_begin(&s, k + 1);
    if (v.diagonal) add_diagonal_tile(&s, &v, diagonal, b, c);
    share_strip(&s, &v, b);
    push(&s, &v, 1.0, c);
    pull(&s, &v, b);
    if (v.diagonal) add_strip(&s, &v, 1.0, c);
  }
  sweep_destroy(&s);
  return WL_OK;
}
