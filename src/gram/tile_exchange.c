#include "gram/tile_exchange.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/machine.h"
#include "base/util.h"
#include "dist/shared.h"
#include "kernel/block.h"

/* Of the tiles of a step, for each thread: 8 of 192 × 192. */
enum { THREAD_DOUBLES = 8 * 192 * 192 };

/* Steps that a rank may be ahead of those that take from it. */
enum { ROOMS = 3 };

/* How many steps a rank has filled, and of how many it has taken what is for it; at the head of its part of the shared room. */
typedef struct progress {
  _Alignas(64) _Atomic int64_t filled;
  _Alignas(64) _Atomic int64_t taken;
} progress;

struct wl_tile_exchange {
  const wl_matrix *a;
  int *near;      /* by rank of the grid: which neighbour it is, this one itself included; -1: none */
  int neighbours; /* how many */
  int64_t height;
  wl_shared *shared; /* of each neighbour: its progress, and tiles, ROOMS × height; NULL: there are no others */
  wl_tile_exchange_step now, last; /* that begins or began last, and the one before it */
  int64_t steps;                   /* that have ended */
};

static int64_t divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

static int64_t block_count(const wl_matrix *a) { return divide_up(a->columns, a->grid->block); }

/* Rows of block row ib, and columns of block column ib. */
static int64_t block_size(const wl_matrix *a, int64_t ib) {
  return smaller(a->grid->block, a->columns - ib * a->grid->block);
}

static int owner(const wl_grid *g, int64_t ib, int64_t jb) {
  return wl_grid_rank_at(g, (int)(ib % g->rows), (int)(jb % g->columns));
}

static int64_t tile_size(const wl_tile_exchange *m) { return (int64_t)m->a->grid->block * m->a->grid->block; }

static bool find_near(const wl_grid *g, MPI_Comm neighbours, int **near) {
  MPI_Group some, all;
  int count;
  MPI_Comm_size(neighbours, &count);
  int *ranks = malloc(2 * (size_t)count * sizeof *ranks);
  *near = malloc((size_t)g->size * sizeof **near);
  if (ranks && *near) {
    for (int k = 0; k < count; k++) ranks[k] = k;
    MPI_Comm_group(neighbours, &some);
    MPI_Comm_group(g->comm, &all);
    MPI_Group_translate_ranks(some, count, ranks, all, ranks + count);
    for (int rank = 0; rank < g->size; rank++) (*near)[rank] = -1;
    for (int k = 0; k < count; k++) (*near)[ranks[count + k]] = k;
    MPI_Group_free(&all);
    MPI_Group_free(&some);
  }
  free(ranks);
  return ranks && *near;
}

/* Block rows that suit so many threads. */
static int64_t choose_height(int block, int threads) {
  return threads * larger(1, THREAD_DOUBLES / ((int64_t)block * block));
}

int64_t wl_tile_exchange_height(const wl_matrix *a, int threads) {
  MPI_Allreduce(MPI_IN_PLACE, &threads, 1, MPI_INT, MPI_MAX, a->grid->comm);
  return larger(1, smaller(choose_height(a->grid->block, threads), divide_up(block_count(a), a->grid->rows)));
}

int64_t wl_tile_exchange_bytes(int block, int threads) {
  return 8 * ROOMS * choose_height(block, threads) * (int64_t)block * block;
}

/* The shared room. Where there is none, every rank is its only neighbour. */
static void share(wl_tile_exchange *m, MPI_Comm neighbours) {
  const int64_t head = (int64_t)(sizeof(progress) / sizeof(double));
  MPI_Comm_size(neighbours, &m->neighbours);
  if (m->neighbours > 1) m->shared = wl_shared_create(neighbours, head + ROOMS * m->height * tile_size(m));
  if (m->shared) return;
  m->neighbours = 1;
  for (int rank = 0; rank < m->a->grid->size; rank++) m->near[rank] = rank == m->a->grid->rank ? 0 : -1;
}

wl_error wl_tile_exchange_create(const wl_matrix *a, MPI_Comm neighbours, int64_t height,
                                 wl_tile_exchange **exchange) {
  wl_tile_exchange *m = calloc(1, sizeof *m);
  const bool complete = m && find_near(a->grid, neighbours, &m->near);
  wl_error error = complete ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "assembly: out of memory");
  error = wl_error_agree(a->grid->comm, error);
  if (error != WL_OK) {
    wl_tile_exchange_destroy(&m);
    return error;
  }
  m->a = a;
  m->height = height;
  share(m, neighbours);
  *exchange = m;
  return WL_OK;
}

void wl_tile_exchange_destroy(wl_tile_exchange **exchange) {
  wl_tile_exchange *m = *exchange;
  if (!m) return;
  wl_shared_destroy(&m->shared);
  free(m->near);
  free(m);
  *exchange = NULL;
}

static progress *progress_of(const wl_tile_exchange *m, int near) {
  return (progress *)(void *)wl_shared_part(m->shared, near);
}

/* Ranks may outnumber cores: those who wait make way. */
static void wait_until(_Atomic int64_t *count, int64_t least) {
  while (atomic_load_explicit(count, memory_order_acquire) < least) sched_yield();
}

/* Not before all have taken what they needed of the step whose room comes next. */
void wl_tile_exchange_begin(wl_tile_exchange *m, const wl_tile_exchange_step *step) {
  m->now = *step;
  for (int k = 0; m->shared && k < m->neighbours; k++) wait_until(&progress_of(m, k)->taken, m->steps - ROOMS + 1);
}

/* Where neighbour `near` leaves what it evaluates in block row k of its step. */
static double *place_of(const wl_tile_exchange *m, int near, int64_t step, int64_t k) {
  return (double *)(progress_of(m, near) + 1) + (step % ROOMS * m->height + k) * tile_size(m);
}

double *wl_tile_exchange_place(const wl_tile_exchange *m, int64_t il, int64_t *ld) {
  const wl_matrix *a = m->a;
  const wl_grid *g = a->grid;
  const int64_t nb = g->block, k = il / nb, ib = k * g->rows + g->row, jb = m->now.column * g->columns + g->column;
  const int rank = owner(g, jb, ib);
  *ld = a->ld;
  if (rank == g->rank) return a->data + jb / g->rows * nb + ib / g->columns * nb * a->ld;
  if (m->near[rank] < 0) return NULL;
  *ld = block_size(a, jb);
  return place_of(m, m->near[g->rank], m->steps, k - m->now.row_begin);
}

bool wl_tile_exchange_fills(const wl_tile_exchange *m, int64_t i, int64_t j) {
  const wl_grid *g = m->a->grid;
  return m->near[owner(g, j / g->block, i / g->block)] >= 0;
}

/* The tile (jb, ib) above the diagonal, this rank's, if a neighbour evaluated it in the last step. */
static void take(const wl_tile_exchange *m, const wl_block *block, int64_t jb, int64_t ib) {
  const wl_matrix *a = m->a;
  const wl_grid *g = a->grid;
  const int64_t nb = g->block, rows = block_size(a, jb), columns = block_size(a, ib);
  const int from = owner(g, ib, jb);
  if (from == g->rank || m->near[from] < 0) return;
  wait_until(&progress_of(m, m->near[from])->filled, m->steps);
  const double *tile = place_of(m, m->near[from], m->steps - 1, ib / g->rows - m->last.row_begin);
  double *to = a->data + jb / g->rows * nb + ib / g->columns * nb * a->ld;
  for (int64_t j = 0; j < columns; j++) block->copy(tile + j * rows, rows, to + j * a->ld);
  block->fence();
}

/* What neighbours evaluated for this rank in the last step. */
static void take_all(wl_tile_exchange *m) {
  const wl_grid *g = m->a->grid;
  const wl_block *block = wl_block_select();
  const int64_t blocks = block_count(m->a), begin = m->last.row_begin * g->rows,
                end = smaller(m->last.row_end * g->rows, blocks), first = m->last.column * g->columns;
  for (int64_t jb = first; jb < smaller(first + g->columns, blocks); jb++) {
    if (jb % g->rows != g->row) continue;
#pragma omp parallel for schedule(dynamic) num_threads(wl_machine_threads())
    for (int64_t ib = larger(begin, jb + 1); ib < end; ib++)
      if (ib % g->columns == g->column) take(m, block, jb, ib);
  }
}

/* Tiles of this step are in memory: who filled one has fenced it. */
void wl_tile_exchange_end(wl_tile_exchange *m) {
  if (!m->shared) return;
  progress *own = progress_of(m, m->near[m->a->grid->rank]);
  atomic_store_explicit(&own->filled, m->steps + 1, memory_order_release);
  if (m->steps > 0) take_all(m);
  atomic_store_explicit(&own->taken, m->steps, memory_order_release);
  m->last = m->now;
  m->steps++;
}

void wl_tile_exchange_finish(wl_tile_exchange *m) {
  if (m->shared && m->steps > 0) take_all(m);
}
