/*
 * Right-looking Cholesky with one panel of look-ahead. At step k
 *
 *   S_kk = L_kk L_kkᵀ                   on the owner of the tile (LAPACK)
 *   L_ik = S_ik L_kk⁻ᵀ, i > k           on the panel's owners (one process column)
 *   S_ij ← S_ij − L_ik L_jkᵀ, i ≥ j > k on all ranks (DGEMM)
 *
 * Every rank gets the panel twice, as long rows of nb numbers: once for its block rows (A below) and once for its
 * block columns (B). The upper triangle's panel is a block row; packed transposed, it is the same computation
 * with the roles of process rows and columns exchanged. `along` is the direction in which the panel is spread
 * out first: over the ranks of a process row for the lower triangle, of a process column for the upper.
 */
#include "solve/factorize.h"

#include <cblas.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "dist/scalapack.h"
#include "widelimit/log.h"

/* Panel k on this rank: packed parts, column-major with nb columns. */
typedef struct panel {
  double *own;   /* the part along the panel owners' direction, then one number more: the failed pivot or -1 */
  double *cross; /* the same panel for the other direction */
  int64_t own_first, own_count, cross_first, cross_count; /* local indices beyond block k and how many */
  MPI_Request request;
} panel;

typedef struct loop {
  wl_matrix *a;
  wl_triangle triangle;
  int64_t n, nb, blocks;
  int64_t
      start; /* the first column of this run; within its block when the checkpoint came from another block size */
  MPI_Comm along, across;      /* the owners' part is sent `along`, and gathered for the other side `across` */
  int along_count, along_me;   /* process coordinate that the panel's block k fixes */
  int across_count, across_me; /* coordinate over which the panel is spread */
  double *tile, *gathered;     /* L_kk with the pivot; pieces that come in from `across` */
  double *diagonal;            /* of S before the factorization, for the pivot test; by local row */
  int *counts, *displacements;
  panel panels[2];
} loop;

static int64_t block_size(const loop *l, int64_t k) { return smaller(l->nb, l->n - k * l->nb); }

/* Panel k covers its block's columns, the first one from the start on. */
static int64_t panel_column(const loop *l, int64_t k) { return k * l->nb > l->start ? k * l->nb : l->start; }
static int64_t panel_width(const loop *l, int64_t k) {
  return smaller(l->n, (k + 1) * l->nb) - panel_column(l, k);
}

static int64_t own_extent(const loop *l) {
  return l->triangle == WL_TRIANGLE_LOWER ? l->a->local_rows : l->a->local_columns;
}
static int64_t cross_extent(const loop *l) {
  return l->triangle == WL_TRIANGLE_LOWER ? l->a->local_columns : l->a->local_rows;
}
static int64_t own_local(const loop *l, int64_t i) {
  return wl_grid_owned(i, (int)l->nb, l->across_me, l->across_count);
}
static int64_t cross_local(const loop *l, int64_t i) {
  return wl_grid_owned(i, (int)l->nb, l->along_me, l->along_count);
}

/* Address of the entry whose index is `own` in the panel's direction and `cross` in the other. */
static double *entry(const loop *l, int64_t own, int64_t cross) {
  return l->triangle == WL_TRIANGLE_LOWER ? l->a->data + own + cross * l->a->ld
                                          : l->a->data + cross + own * l->a->ld;
}

static void loop_destroy(loop *l) {
  for (int s = 0; s < 2; s++) {
    free(l->panels[s].own);
    free(l->panels[s].cross);
  }
  free(l->tile);
  free(l->gathered);
  free(l->diagonal);
  free(l->counts);
  free(l->displacements);
}

static wl_error loop_create(wl_matrix *a, wl_triangle triangle, loop *l) {
  const wl_grid *g = a->grid;
  const int lower = triangle == WL_TRIANGLE_LOWER;
  *l = (loop){.a = a,
              .triangle = triangle,
              .n = a->rows,
              .nb = g->block,
              .blocks = (a->rows + g->block - 1) / g->block,
              .along = lower ? g->row_comm : g->column_comm,
              .across = lower ? g->column_comm : g->row_comm,
              .along_count = lower ? g->columns : g->rows,
              .along_me = lower ? g->column : g->row,
              .across_count = lower ? g->rows : g->columns,
              .across_me = lower ? g->row : g->column};
  int failed = 0;
  for (int s = 0; s < 2; s++) {
    l->panels[s].own = aligned_numbers(own_extent(l) * l->nb + 1);
    l->panels[s].cross = aligned_numbers(cross_extent(l) * l->nb + 1);
    l->panels[s].request = MPI_REQUEST_NULL;
    failed |= !l->panels[s].own || !l->panels[s].cross;
  }
  l->tile = aligned_numbers(l->nb * l->nb + 1);
  l->gathered = aligned_numbers(cross_extent(l) * l->nb + 1);
  l->diagonal = aligned_numbers(a->local_rows + 1);
  l->counts = malloc(sizeof(int) * (size_t)l->across_count);
  l->displacements = malloc(sizeof(int) * (size_t)l->across_count);
  failed |= !l->tile || !l->gathered || !l->diagonal || !l->counts || !l->displacements;
  wl_error error = failed ? wl_error_set(WL_ERROR_MEMORY, "factorization: no memory for the panels") : WL_OK;
  error = wl_error_agree(g->comm, error);
  if (error != WL_OK) loop_destroy(l);
  return error;
}

/*
 * Factors the tile in place and copies it, transposed for the upper triangle, to l->tile as L_kk.
 * A pivot L_ii² of S_ii − Σ L_ij² carries a rounding error of a few ε S_ii √i: what is not larger is no pivot.
 * Returns the global row of the first such pivot, or -1. Comparisons are written so that NaN fails.
 */
static int64_t factor_tile(loop *l, int64_t k) {
  const int64_t first = panel_column(l, k), size = panel_width(l, k);
  const int64_t own = own_local(l, first), cross = cross_local(l, first);
  const wl_uplo uplo = l->triangle == WL_TRIANGLE_LOWER ? WL_LOWER : WL_UPPER;
  const double *before = l->diagonal + wl_matrix_local_row(l->a, first);
  const int64_t failed = wl_potrf_tile(uplo, size, entry(l, own, cross), l->a->ld);
  for (int64_t i = 0; i < size; i++) {
    const double pivot = *entry(l, own + i, cross + i);
    const double noise = 2.0 * DBL_EPSILON * sqrt((double)(first + i + 1)) * before[i];
    if (i == failed || !(pivot * pivot > noise)) return first + i;
  }
  for (int64_t j = 0; j < size; j++)
    for (int64_t i = j; i < size; i++) l->tile[i + j * l->nb] = *entry(l, own + i, cross + j);
  return -1;
}

/* L_ik = S_ik L_kk⁻ᵀ for the rows i > k that this owner has, in place, and packed into p->own. */
static void solve_panel(loop *l, int64_t k, panel *p) {
  const int64_t size = panel_width(l, k), cross = cross_local(l, panel_column(l, k));
  const int count = (int)p->own_count, width = (int)size, ld = (int)l->a->ld, nb = (int)l->nb;
  double *s = entry(l, p->own_first, cross);
  if (count == 0) return;
  if (l->triangle == WL_TRIANGLE_LOWER) {
    cblas_dtrsm(CblasColMajor, CblasRight, CblasLower, CblasTrans, CblasNonUnit, count, width, 1.0, l->tile, nb, s,
                ld);
    for (int64_t j = 0; j < size; j++)
      memcpy(p->own + j * p->own_count, s + j * l->a->ld, sizeof(double) * (size_t)count);
  } else {
    cblas_dtrsm(CblasColMajor, CblasLeft, CblasLower, CblasNoTrans, CblasNonUnit, width, count, 1.0, l->tile, nb,
                s, ld);
    for (int64_t j = 0; j < p->own_count; j++)
      for (int64_t i = 0; i < size; i++) p->own[j + i * p->own_count] = s[i + j * l->a->ld];
  }
}

/* Factors panel k on its owners and starts sending it along. The last number of the message is the pivot. */
static void panel_begin(loop *l, int64_t k, panel *p) {
  const int64_t size = panel_width(l, k), next = smaller(l->n, (k + 1) * l->nb);
  const int owner = (int)(k % l->along_count), diagonal_owner = (int)(k % l->across_count);
  p->own_first = own_local(l, next);
  p->own_count = own_extent(l) - p->own_first;
  p->cross_first = cross_local(l, next);
  p->cross_count = cross_extent(l) - p->cross_first;
  if (l->along_me == owner) {
    double *status = l->tile + l->nb * l->nb;
    if (l->across_me == diagonal_owner) *status = (double)factor_tile(l, k);
    MPI_Bcast(l->tile, (int)(l->nb * l->nb + 1), MPI_DOUBLE, diagonal_owner, l->across);
    if (*status < 0.0) solve_panel(l, k, p);
    p->own[p->own_count * size] = *status;
  }
  MPI_Ibcast(p->own, (int)(p->own_count * size + 1), MPI_DOUBLE, owner, l->along, &p->request);
}

/* Rows of a block that the `across` coordinate c holds beyond `first` in the part of the panel that we need. */
static int64_t pieces_from(const loop *l, int c, int64_t k) {
  int64_t rows = 0;
  for (int64_t b = k + 1; b < l->blocks; b++)
    if (b % l->across_count == c && b % l->along_count == l->along_me) rows += block_size(l, b);
  return rows;
}

/* Copies the blocks that belong to our block columns out of `own`; what others hold comes by way of `across`. */
static void gather_cross(loop *l, int64_t k, panel *p) {
  const int64_t size = panel_width(l, k);
  int64_t total = 0;
  for (int c = 0; c < l->across_count; c++) {
    l->counts[c] = (int)(pieces_from(l, c, k) * size);
    l->displacements[c] = (int)total;
    total += l->counts[c];
  }
  double *mine = l->gathered + l->displacements[l->across_me];
  int64_t at = 0;
  const int64_t my_rows = l->counts[l->across_me] / size;
  for (int64_t b = k + 1; b < l->blocks; b++) {
    if (b % l->across_count != l->across_me || b % l->along_count != l->along_me) continue;
    const int64_t rows = block_size(l, b), from = own_local(l, b * l->nb) - p->own_first;
    for (int64_t j = 0; j < size; j++)
      memcpy(mine + at + j * my_rows, p->own + from + j * p->own_count, sizeof(double) * (size_t)rows);
    at += rows;
  }
  if (l->across_count > 1)
    MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DOUBLE, l->gathered, l->counts, l->displacements, MPI_DOUBLE, l->across);

  for (int c = 0; c < l->across_count; c++) {
    const double *piece = l->gathered + l->displacements[c];
    const int64_t piece_rows = l->counts[c] / size;
    at = 0;
    for (int64_t b = k + 1; b < l->blocks; b++) {
      if (b % l->across_count != c || b % l->along_count != l->along_me) continue;
      const int64_t rows = block_size(l, b), to = cross_local(l, b * l->nb) - p->cross_first;
      for (int64_t j = 0; j < size; j++)
        memcpy(p->cross + to + j * p->cross_count, piece + at + j * piece_rows, sizeof(double) * (size_t)rows);
      at += rows;
    }
  }
}

/* Waits for the panel; returns its pivot status. */
static int64_t panel_end(loop *l, int64_t k, panel *p) {
  MPI_Wait(&p->request, MPI_STATUS_IGNORE);
  const int64_t pivot = (int64_t)p->own[p->own_count * panel_width(l, k)];
  if (pivot < 0) gather_cross(l, k, p);
  return pivot;
}

/* C ← C − X Yᵀ where C's rows and columns count as in the array. */
static void subtract_product(double *c, int64_t ld, int64_t m, int64_t n, int64_t k, const double *x, int64_t ldx,
                             const double *y, int64_t ldy) {
  if (m > 0 && n > 0)
    cblas_dgemm(CblasColMajor, CblasNoTrans, CblasTrans, (int)m, (int)n, (int)k, -1.0, x, (int)ldx, y, (int)ldy,
                1.0, c, (int)ld);
}

/* The tile on the diagonal: its triangle alone. */
static void update_diagonal_tile(loop *l, const panel *p, int64_t own, int64_t cross, int64_t size, int64_t k) {
  const CBLAS_UPLO uplo = l->triangle == WL_TRIANGLE_LOWER ? CblasLower : CblasUpper;
  cblas_dsyrk(CblasColMajor, uplo, CblasNoTrans, (int)size, (int)k, -1.0, p->own + (own - p->own_first),
              (int)p->own_count, 1.0, entry(l, own, cross), (int)l->a->ld);
}

/* Rows own_begin … own_end of the panel's direction against blocks cross_begin … cross_end of the other. */
static void update_rectangle(loop *l, const panel *p, int64_t own_begin, int64_t own_end, int64_t cross_begin,
                             int64_t cross_end, int64_t k) {
  const double *own = p->own + (own_begin - p->own_first), *cross = p->cross + (cross_begin - p->cross_first);
  const int64_t own_count = own_end - own_begin, cross_count = cross_end - cross_begin;
  double *c = entry(l, own_begin, cross_begin);
  if (l->triangle == WL_TRIANGLE_LOWER)
    subtract_product(c, l->a->ld, own_count, cross_count, k, own, p->own_count, cross, p->cross_count);
  else
    subtract_product(c, l->a->ld, cross_count, own_count, k, cross, p->cross_count, own, p->own_count);
}

/*
 * Updates the blocks first … last − 1 of the cross direction (local block numbers) with panel k: beyond all of
 * them in one product, and the staircase at the diagonal by halves.
 */
static void update_blocks(loop *l, const panel *p, int64_t first, int64_t last, int64_t own_end, int64_t k) {
  if (first >= last) return;
  const int64_t begin = first * l->nb, end = smaller(last * l->nb, cross_extent(l));
  if (last - first == 1) {
    const int64_t b = first * l->along_count + l->along_me; /* global block */
    int64_t own_begin = own_local(l, b * l->nb);
    if (b % l->across_count == l->across_me) {
      update_diagonal_tile(l, p, own_begin, begin, end - begin, k);
      own_begin += end - begin;
    }
    if (own_begin < own_end) update_rectangle(l, p, own_begin, own_end, begin, end, k);
    return;
  }
  const int64_t middle = (first + last) / 2;
  const int64_t below = own_local(l, smaller(l->n, ((last - 1) * l->along_count + l->along_me + 1) * l->nb));
  const int64_t split = smaller(below, own_end);
  if (split < own_end) update_rectangle(l, p, split, own_end, begin, end, k);
  update_blocks(l, p, first, middle, split, k);
  update_blocks(l, p, middle, last, split, k);
}

/* Lets messages under way proceed while this rank computes. */
static void poke(panel *p) {
  int done;
  if (p->request != MPI_REQUEST_NULL) MPI_Test(&p->request, &done, MPI_STATUS_IGNORE);
}

enum { WL_BLOCKS_AT_ONCE = 8 };

/* The diagonal of S, for the pivot test: from the matrix, or as it was before the columns that are done. */
static void take_diagonal(loop *l, const wl_factor_state *state) {
  if (state->columns == 0) {
    wl_matrix_get_diagonal(l->a, l->diagonal);
  } else if (l->a->local_rows > 0) {
    memcpy(l->diagonal, state->diagonal, sizeof(double) * (size_t)l->a->local_rows);
  }
}

static wl_error reach(loop *l, const wl_factor_watch *watch, wl_factor_state *state, int64_t columns) {
  state->columns = columns;
  state->diagonal = l->diagonal;
  return watch->reached(watch->context, state);
}

/* Updates the rest of the matrix with panel k, and has panel k + 1 on its way, unless the watch wants it all in place. */
static wl_error step(loop *l, int64_t k, const wl_factor_watch *watch, wl_factor_state *state) {
  panel *now = &l->panels[k % 2], *next = &l->panels[(k + 1) % 2];
  const int64_t size = panel_width(l, k), blocks = (cross_extent(l) + l->nb - 1) / l->nb;
  const bool halt = watch && watch->wants(watch->context, (k + 1) * l->nb);
  int64_t first = now->cross_first / l->nb;
  if ((k + 1) % l->along_count == l->along_me) { /* look-ahead: the next panel before the rest */
    update_blocks(l, now, first, first + 1, own_extent(l), size);
    first++;
  }
  if (!halt) panel_begin(l, k + 1, next);
  for (; first < blocks; first += WL_BLOCKS_AT_ONCE) {
    update_blocks(l, now, first, smaller(blocks, first + WL_BLOCKS_AT_ONCE), own_extent(l), size);
    poke(next);
  }
  if (!halt) return WL_OK;
  WL_TRY(reach(l, watch, state, (k + 1) * l->nb));
  panel_begin(l, k + 1, next);
  return WL_OK;
}

wl_error wl_factorize_from(wl_matrix *a, wl_triangle triangle, const char *name, const wl_factor_watch *watch,
                           wl_factor_state *state, int64_t *pivot) {
  *pivot = -1;
  if (state->columns >= a->rows) return WL_OK;
  loop l;
  WL_TRY(loop_create(a, triangle, &l));
  l.start = state->columns;
  take_diagonal(&l, state);
  const double n = (double)l.n, before = n - (double)l.start, work = before * before * before;
  wl_progress progress = wl_progress_begin(name, work, work / 3e9);

  wl_error error = WL_OK;
  const int64_t begin = l.start / l.nb;
  panel_begin(&l, begin, &l.panels[begin % 2]);
  for (int64_t k = begin; k < l.blocks; k++) {
    *pivot = panel_end(&l, k, &l.panels[k % 2]);
    if (*pivot >= 0 || k + 1 == l.blocks) break;
    error = step(&l, k, watch, state);
    if (error != WL_OK) break;
    const double left = n - (double)((k + 1) * l.nb);
    wl_progress_update(&progress, work - left * left * left);
  }
  wl_progress_end(&progress);
  loop_destroy(&l);
  return error;
}

wl_error wl_factorize(wl_matrix *a, wl_triangle triangle, const char *name, int64_t *pivot) {
  wl_factor_state whole = {.columns = 0};
  return wl_factorize_from(a, triangle, name, NULL, &whole, pivot);
}
