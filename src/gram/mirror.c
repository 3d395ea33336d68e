#include "gram/mirror.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "kernel/block.h"

/* Of the tiles of a step, for each thread: 16 of 192 × 192. */
enum { THREAD_DOUBLES = 16 * 192 * 192 };

/* A tile that comes from another rank: block row and column, where it stands in `incoming`. */
typedef struct arrival {
  int64_t ib, jb, at;
} arrival;

/* What goes to one rank in one step. */
typedef struct parcel {
  int rank;
  int64_t at, count;
} parcel;

/* What is on the way of one step. */
typedef struct traffic {
  double *outgoing; /* tiles, those for one rank behind each other */
  int64_t *at;      /* by block row of the step: where in `outgoing`, -1: nowhere */
  parcel *parcels;  /* at most one for each grid column */
  double *incoming; /* tiles, those from one rank behind each other */
  arrival *arrivals;
  MPI_Request *sends, *receives;
  int departing, awaited;
  int64_t arriving;
} traffic;

struct wl_mirror {
  const wl_matrix *a;
  bool *near; /* by rank of the grid: this one and its neighbours */
  int64_t height;
  wl_mirror_step step;
  traffic traffic[2]; /* of this step and of the one before, in turn */
  int turn;
};

static int64_t divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

static int64_t block_count(const wl_matrix *a) { return divide_up(a->columns, a->grid->block); }

/* Rows of block row ib, and columns of block column ib. */
static int64_t block_size(const wl_matrix *a, int64_t ib) {
  return smaller(a->grid->block, a->columns - ib * a->grid->block);
}

static int owner(const wl_grid *g, int64_t ib, int64_t jb) {
  return (int)(ib % g->rows) * g->columns + (int)(jb % g->columns);
}

static bool traffic_create(const wl_grid *g, int64_t height, traffic *t) {
  const int64_t tile = (int64_t)g->block * g->block;
  const int64_t arriving = divide_up(g->columns, g->rows) * divide_up(height * g->rows, g->columns);
  t->outgoing = aligned_numbers(height * tile);
  t->at = calloc((size_t)height, sizeof *t->at);
  t->parcels = calloc((size_t)g->columns, sizeof *t->parcels);
  t->incoming = aligned_numbers(arriving * tile);
  t->arrivals = calloc((size_t)arriving, sizeof *t->arrivals);
  t->sends = calloc((size_t)g->columns, sizeof(MPI_Request));
  t->receives = calloc((size_t)(g->columns + g->rows), sizeof(MPI_Request));
  return t->outgoing && t->at && t->parcels && t->incoming && t->arrivals && t->sends && t->receives;
}

static void traffic_destroy(traffic *t) {
  free(t->outgoing);
  free(t->at);
  free(t->parcels);
  free(t->incoming);
  free(t->arrivals);
  free(t->sends);
  free(t->receives);
}

static bool find_near(const wl_grid *g, MPI_Comm neighbours, bool **near) {
  MPI_Group some, all;
  int count;
  MPI_Comm_size(neighbours, &count);
  int *ranks = malloc(2 * (size_t)count * sizeof *ranks);
  *near = calloc((size_t)g->size, sizeof **near);
  if (ranks && *near) {
    for (int k = 0; k < count; k++) ranks[k] = k;
    MPI_Comm_group(neighbours, &some);
    MPI_Comm_group(g->comm, &all);
    MPI_Group_translate_ranks(some, count, ranks, all, ranks + count);
    for (int k = 0; k < count; k++) (*near)[ranks[count + k]] = true;
    MPI_Group_free(&all);
    MPI_Group_free(&some);
  }
  free(ranks);
  return ranks && *near;
}

int64_t wl_mirror_height(const wl_matrix *a, int threads) {
  const int64_t nb = a->grid->block, tile = nb * nb, rows = divide_up(block_count(a), a->grid->rows);
  MPI_Allreduce(MPI_IN_PLACE, &threads, 1, MPI_INT, MPI_MAX, a->grid->comm);
  const int64_t each = threads * larger(1, THREAD_DOUBLES / tile);
  const int64_t wanted = each * a->grid->columns / larger(a->grid->rows, a->grid->columns); /* tall: more arrive */
  return larger(1, smaller(smaller(wanted, INT_MAX / tile), rows)); /* messages count in ints */
}

wl_error wl_mirror_create(const wl_matrix *a, MPI_Comm neighbours, int64_t height, wl_mirror **mirror) {
  wl_mirror *m = calloc(1, sizeof *m);
  const bool complete = m && find_near(a->grid, neighbours, &m->near) &&
                        traffic_create(a->grid, height, &m->traffic[0]) &&
                        traffic_create(a->grid, height, &m->traffic[1]);
  wl_error error = complete ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "assembly: out of memory");
  error = wl_error_agree(a->grid->comm, error);
  if (error != WL_OK) {
    wl_mirror_destroy(&m);
    return error;
  }
  m->a = a;
  m->height = height;
  *mirror = m;
  return WL_OK;
}

void wl_mirror_destroy(wl_mirror **mirror) {
  wl_mirror *m = *mirror;
  if (!m) return;
  free(m->near);
  for (int k = 0; k < 2; k++) traffic_destroy(&m->traffic[k]);
  free(m);
  *mirror = NULL;
}

/* Is (ib, jb) a tile below the diagonal whose image (jb, ib) grid column `column` has? */
static bool has_image(const wl_matrix *a, int64_t ib, int64_t jb, int column) {
  return ib > jb && ib < block_count(a) && ib % a->grid->columns == column;
}

/* Lays out what this rank evaluates for others: of tiles (ib, jb) below the diagonal, those whose images (jb, ib)
   grid column `column` has. */
static void lay_out(const wl_mirror *m, traffic *t, int64_t jb, int column, int64_t *used) {
  const wl_grid *g = m->a->grid;
  const int rank = owner(g, jb, column);
  if (rank == g->rank || !m->near[rank]) return;
  const int64_t first = *used;
  for (int64_t k = m->step.row_begin; k < m->step.row_end; k++) {
    const int64_t ib = k * g->rows + g->row;
    if (!has_image(m->a, ib, jb, column)) continue;
    t->at[k - m->step.row_begin] = *used;
    *used += block_size(m->a, ib) * block_size(m->a, jb);
  }
  if (*used > first) t->parcels[t->departing++] = (parcel){rank, first, *used - first};
}

/* Posts the receive of what the rank at (row, jb mod Q) evaluates for this one, tiles (jb, ib) of this rank. */
static void expect(const wl_mirror *m, traffic *t, int64_t jb, int row, int64_t *used) {
  const wl_grid *g = m->a->grid;
  const int rank = owner(g, row, jb);
  if (rank == g->rank || !m->near[rank]) return;
  const int64_t first = *used;
  for (int64_t k = m->step.row_begin; k < m->step.row_end; k++) {
    const int64_t ib = k * g->rows + row;
    if (!has_image(m->a, ib, jb, g->column)) continue;
    t->arrivals[t->arriving++] = (arrival){jb, ib, *used};
    *used += block_size(m->a, ib) * block_size(m->a, jb);
  }
  if (*used > first)
    MPI_Irecv(t->incoming + first, (int)(*used - first), MPI_DOUBLE, rank, 0, g->comm, &t->receives[t->awaited++]);
}

void wl_mirror_begin(wl_mirror *m, const wl_mirror_step *step) {
  const wl_matrix *a = m->a;
  const wl_grid *g = a->grid;
  const int64_t own = step->column * g->columns + g->column, blocks = block_count(a);
  traffic *t = &m->traffic[m->turn];
  MPI_Waitall(t->departing, t->sends, MPI_STATUSES_IGNORE);
  m->step = *step;
  t->departing = t->awaited = 0;
  t->arriving = 0;
  for (int64_t k = 0; k < m->height; k++) t->at[k] = -1;
  int64_t used = 0;
  for (int column = 0; own < blocks && column < g->columns; column++) lay_out(m, t, own, column, &used);
  used = 0;
  for (int64_t jb = step->column * g->columns; jb < smaller((step->column + 1) * g->columns, blocks); jb++)
    for (int row = 0; jb % g->rows == g->row && row < g->rows; row++) expect(m, t, jb, row, &used);
}

double *wl_mirror_place(const wl_mirror *m, int64_t il, int64_t *ld) {
  const wl_matrix *a = m->a;
  const wl_grid *g = a->grid;
  const traffic *t = &m->traffic[m->turn];
  const int64_t nb = g->block, k = il / nb, ib = k * g->rows + g->row,
                jb = m->step.column * g->columns + g->column;
  const int64_t at = t->at[k - m->step.row_begin];
  *ld = at >= 0 ? block_size(a, jb) : a->ld;
  if (at >= 0) return t->outgoing + at;
  return owner(g, jb, ib) == g->rank ? a->data + jb / g->rows * nb + ib / g->columns * nb * a->ld : NULL;
}

bool wl_mirror_fills(const wl_mirror *m, int64_t i, int64_t j) {
  const wl_grid *g = m->a->grid;
  return m->near[owner(g, j / g->block, i / g->block)];
}

static void put(const wl_matrix *a, const wl_block *block, const double *incoming, const arrival *from) {
  const wl_grid *g = a->grid;
  const int64_t nb = g->block, rows = block_size(a, from->ib), columns = block_size(a, from->jb);
  double *to = a->data + from->ib / g->rows * nb + from->jb / g->columns * nb * a->ld;
  for (int64_t j = 0; j < columns; j++) block->copy(incoming + from->at + j * rows, rows, to + j * a->ld);
}

static void receive(const wl_matrix *a, traffic *t) {
  const wl_block *block = wl_block_select();
  MPI_Waitall(t->awaited, t->receives, MPI_STATUSES_IGNORE);
  for (int64_t k = 0; k < t->arriving; k++) put(a, block, t->incoming, &t->arrivals[k]);
  block->fence();
  t->awaited = 0;
  t->arriving = 0;
}

void wl_mirror_end(wl_mirror *m) {
  traffic *t = &m->traffic[m->turn];
  for (int k = 0; k < t->departing; k++) {
    const parcel *p = &t->parcels[k];
    MPI_Isend(t->outgoing + p->at, (int)p->count, MPI_DOUBLE, p->rank, 0, m->a->grid->comm, &t->sends[k]);
  }
  m->turn = 1 - m->turn;
  receive(m->a, &m->traffic[m->turn]);
}

void wl_mirror_finish(wl_mirror *m) {
  for (int k = 0; k < 2; k++) {
    m->turn = 1 - m->turn;
    receive(m->a, &m->traffic[m->turn]);
  }
  for (int k = 0; k < 2; k++) MPI_Waitall(m->traffic[k].departing, m->traffic[k].sends, MPI_STATUSES_IGNORE);
}
