#include "gram/points.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/util.h"

/* ---- where rows come from --------------------------------------------------------------------------------------- */

/* Rows in ascending order, each on one rank of the grid. */
typedef struct source {
  const void *context;
  /* Local. The rank that has row `first`; *count, the rows that are left, becomes no more than it has in turn. */
  int (*owner)(const void *context, int64_t first, int64_t *count);
  /* Local, on that rank. */
  wl_error (*read)(const void *context, int64_t first, int64_t count, double *rows);
} source;

static int root(const void *context, int64_t first, int64_t *count) {
  (void)context, (void)first, (void)count;
  return 0;
}

/* A reader on rank 0. */
typedef struct reader {
  wl_row_reader read;
  void *context;
} reader;

static wl_error read_from_reader(const void *context, int64_t first, int64_t count, double *rows) {
  const reader *r = context;
  return r->read(r->context, first, count, rows);
}

/* Row-major arrays: rank r has rows begin[r] … begin[r + 1] − 1. */
typedef struct arrays {
  const double *x; /* of this rank */
  int64_t dimension, first;
  const int64_t *begin;
} arrays;

static int owner_of_array(const void *context, int64_t first, int64_t *count) {
  const arrays *a = context;
  int rank = 0;
  while (first >= a->begin[rank + 1]) rank++;
  *count = smaller(*count, a->begin[rank + 1] - first);
  return rank;
}

static wl_error read_from_array(const void *context, int64_t first, int64_t count, double *rows) {
  const arrays *a = context;
  memcpy(rows, a->x + (first - a->first) * a->dimension, sizeof(double) * (size_t)(count * a->dimension));
  return WL_OK;
}

/* Two sets, one after the other. Of each block, the first rank of its grid row is asked. */
typedef struct pair {
  const wl_points *a, *b;
} pair;

static const wl_points *set_of(const pair *p, int64_t *first) {
  if (*first < p->a->count) return p->a;
  *first -= p->a->count;
  return p->b;
}

static int owner_of_block(const void *context, int64_t first, int64_t *count) {
  const wl_points *s = set_of(context, &first);
  const wl_grid *g = s->grid;
  *count = smaller(*count, smaller(s->count, (first / g->block + 1) * g->block) - first);
  return wl_grid_rank_at(g, (int)(first / g->block % g->rows), 0);
}

static wl_error read_from_block(const void *context, int64_t first, int64_t count, double *rows) {
  const wl_points *s = set_of(context, &first);
  const int64_t il = wl_grid_owned(first, s->grid->block, s->grid->row, s->grid->rows);
  memcpy(rows, s->row_x + il * s->dimension, sizeof(double) * (size_t)(count * s->dimension));
  return WL_OK;
}

/* ---- where they go ---------------------------------------------------------------------------------------------- */

/* One side of the set: the blocks that one process coordinate owns. */
typedef struct side {
  int me, count, block; /* process coordinate, how many there are, points at a time */
  double *x;
} side;

static void keep_owned(const side *s, int64_t dimension, int64_t first, int64_t count, const double *rows) {
  const int block = s->block;
  for (int64_t i = first; i < first + count;) {
    const int64_t end = (i / block + 1) * block, stop = end < first + count ? end : first + count;
    if (i / block % s->count == s->me)
      memcpy(s->x + wl_grid_owned(i, block, s->me, s->count) * dimension, rows + (i - first) * dimension,
             sizeof(double) * (size_t)((stop - i) * dimension));
    i = stop;
  }
}

/* Rows a piece: about 16 MiB, so that neither rank 0 nor a message grows with the data. */
static int64_t rows_a_piece(int64_t count, int64_t dimension) {
  const int64_t rows = ((int64_t)1 << 21) / dimension;
  return rows < 1 ? 1 : rows < count ? rows : count;
}

static wl_error spread(const wl_points *set, const source *from, const side *sides, int side_count) {
  const wl_grid *grid = set->grid;
  const int64_t count = set->count, dimension = set->dimension, step = rows_a_piece(count, dimension);
  double *piece = malloc(sizeof(double) * (size_t)(step * dimension + 1));
  wl_error error = WL_OK;
  if (!piece) error = wl_error_set(WL_ERROR_MEMORY, "no memory for a piece of the inputs");
  error = wl_error_agree(grid->comm, error);
  for (int64_t first = 0, rows; first < count && error == WL_OK; first += rows) {
    rows = smaller(step, count - first);
    const int owner = from->owner(from->context, first, &rows);
    if (grid->rank == owner) error = from->read(from->context, first, rows, piece);
    error = wl_error_agree(grid->comm, error);
    if (error != WL_OK) break;
    MPI_Bcast(piece, (int)(rows * dimension), MPI_DOUBLE, owner, grid->comm);
    for (int s = 0; s < side_count; s++) keep_owned(&sides[s], dimension, first, rows, piece);
  }
  free(piece);
  return error;
}

/* The points of one side, which messages call by their global number, counted from 1. */
static wl_error create_side(const wl_network *network, const side *s, int64_t count, int64_t dimension,
                            wl_kernel_points **points) {
  int64_t *number = malloc(sizeof(int64_t) * (size_t)(count + 1));
  if (!number) WL_FAIL(WL_ERROR_MEMORY, "no memory to number %lld points", (long long)count);
  for (int64_t il = 0; il < count; il++) number[il] = wl_grid_global(il, s->block, s->me, s->count) + 1;
  const wl_error error = wl_kernel_points_create(network, count, dimension, s->x, number, points);
  free(number);
  return error;
}

/* Both sides from their coordinates. Collective. */
static wl_error prepare(wl_points *set, const side *sides, int64_t row_count, int64_t column_count) {
  wl_error error = create_side(&set->network, &sides[0], row_count, set->dimension, &set->row);
  if (set->grid->size == 1)
    set->column = set->row;
  else if (error == WL_OK)
    error = create_side(&set->network, &sides[1], column_count, set->dimension, &set->column);
  return wl_error_agree(set->grid->comm, error);
}

static wl_error fill(wl_points *set, const source *from, int64_t row_count, int64_t column_count) {
  const wl_grid *grid = set->grid;
  const side sides[2] = {{grid->row, grid->rows, grid->block, set->row_x},
                         {grid->column, grid->columns, grid->column_block, set->column_x}};
  WL_TRY(spread(set, from, sides, grid->size == 1 ? 1 : 2));
  return prepare(set, sides, row_count, column_count);
}

static wl_error create(const wl_grid *grid, const wl_network *network, int64_t count, int64_t dimension,
                       const source *from, wl_points **result) {
  const int64_t row_count = wl_grid_owned(count, grid->block, grid->row, grid->rows);
  const int64_t column_count = wl_grid_owned(count, grid->column_block, grid->column, grid->columns);
  wl_points *set = calloc(1, sizeof *set);
  wl_error error = WL_OK;
  if (set) {
    set->row_x = malloc(sizeof(double) * (size_t)(row_count * dimension + 1));
    set->column_x = grid->size == 1 ? set->row_x : malloc(sizeof(double) * (size_t)(column_count * dimension + 1));
  }
  if (!set || !set->row_x || !set->column_x)
    error = wl_error_set(WL_ERROR_MEMORY, "no memory for this rank's %lld + %lld input points of dimension %lld",
                         (long long)row_count, (long long)column_count, (long long)dimension);
  error = wl_error_agree(grid->comm, error);
  if (error == WL_OK) {
    set->grid = grid;
    set->network = *network;
    set->count = count;
    set->dimension = dimension;
    error = fill(set, from, row_count, column_count);
  }
  if (error != WL_OK) wl_points_destroy(&set);
  *result = set;
  return error;
}

/* ---- the ways to make a set ------------------------------------------------------------------------------------- */

static wl_error check(const char *function, const wl_grid *grid, const wl_network *network, int64_t count,
                      int64_t dimension) {
  if (!grid) WL_FAIL(WL_ERROR_USAGE, "%s: grid is NULL", function);
  if (!network) WL_FAIL(WL_ERROR_USAGE, "%s: network is NULL", function);
  if (count < 0) WL_FAIL(WL_ERROR_USAGE, "%s: count is %lld", function, (long long)count);
  if (dimension < 1)
    WL_FAIL(WL_ERROR_USAGE, "%s: dimension is %lld; it must be at least 1", function, (long long)dimension);
  return wl_network_check(network);
}

wl_error wl_points_read(const wl_grid *grid, const wl_network *network, int64_t count, int64_t dimension,
                        wl_row_reader read, void *context, wl_points **points) {
  WL_REQUIRE(points);
  *points = NULL;
  WL_TRY(check(__func__, grid, network, count, dimension));
  WL_REQUIRE(read);
  const reader by = {read, context};
  return create(grid, network, count, dimension, &(source){&by, root, read_from_reader}, points);
}

wl_error wl_points_create(const wl_grid *grid, const wl_network *network, int64_t count, int64_t dimension,
                          const double *x, wl_points **points) {
  WL_REQUIRE(points);
  *points = NULL;
  WL_TRY(check(__func__, grid, network, count, dimension));
  wl_error error = WL_OK;
  if (grid->rank == 0 && !x && count > 0)
    error = wl_error_set(WL_ERROR_USAGE, "%s: x is NULL on rank 0", __func__);
  WL_TRY(wl_error_agree(grid->comm, error));
  const arrays all = {.x = x, .dimension = dimension};
  return create(grid, network, count, dimension, &(source){&all, root, read_from_array}, points);
}

/* begin[r + 1] ← rows of the ranks up to r; `begin` has a number more than there are ranks. */
static wl_error share_counts(const wl_grid *grid, int64_t count, int64_t **begin) {
  *begin = calloc((size_t)grid->size + 1, sizeof **begin);
  wl_error error = *begin ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "points: out of memory");
  WL_TRY(wl_error_agree(grid->comm, error));
  MPI_Allgather(&count, 1, MPI_INT64_T, *begin + 1, 1, MPI_INT64_T, grid->comm);
  for (int r = 0; r < grid->size; r++) (*begin)[r + 1] += (*begin)[r];
  return WL_OK;
}

wl_error wl_points_create_distributed(const wl_grid *grid, const wl_network *network, int64_t count,
                                      int64_t dimension, const double *x, wl_points **points) {
  WL_REQUIRE(points);
  *points = NULL;
  WL_REQUIRE(grid);
  wl_error error = check(__func__, grid, network, count, dimension);
  if (error == WL_OK && count > 0 && !x)
    error = wl_error_set(WL_ERROR_USAGE, "%s: x is NULL for %lld points", __func__, (long long)count);
  WL_TRY(wl_error_agree(grid->comm, error));
  int64_t *begin = NULL;
  error = share_counts(grid, count, &begin);
  if (error == WL_OK) {
    const arrays all = {x, dimension, begin[grid->rank], begin};
    error = create(grid, network, begin[grid->size], dimension, &(source){&all, owner_of_array, read_from_array},
                   points);
  }
  free(begin);
  return error;
}

wl_error wl_points_check_alike(const wl_points *a, const wl_points *b) {
  if (!wl_grid_same(a->grid, b->grid)) WL_FAIL(WL_ERROR_USAGE, "two sets of points are on different grids");
  if (a->dimension != b->dimension)
    WL_FAIL(WL_ERROR_USAGE, "two sets of points have dimensions %lld and %lld", (long long)a->dimension,
            (long long)b->dimension);
  if (a->given != b->given || !wl_network_same(&a->network, &b->network))
    WL_FAIL(WL_ERROR_USAGE, "two sets of points were made with different networks");
  return WL_OK;
}

wl_error wl_points_join(const wl_points *a, const wl_points *b, wl_points **points) {
  *points = NULL;
  const pair both = {a, b};
  return create(a->grid, &a->network, a->count + b->count, a->dimension,
                &(source){&both, owner_of_block, read_from_block}, points);
}

wl_error wl_points_with_network(const wl_points *points, const wl_network *network, wl_points **result) {
  const wl_grid *g = points->grid;
  wl_points *set = calloc(1, sizeof *set);
  wl_error error = set ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "no memory for points of another network");
  error = wl_error_agree(g->comm, error);
  if (error == WL_OK) {
    *set = *points;
    set->network = *network;
    set->row = set->column = NULL;
    set->shared = true;
    const side sides[2] = {{g->row, g->rows, g->block, set->row_x},
                           {g->column, g->columns, g->column_block, set->column_x}};
    error = prepare(set, sides, wl_kernel_points_count(points->row), wl_kernel_points_count(points->column));
    if (error == WL_ERROR_NUMERICAL) error = wl_error_set(error, "RND's target network: %s", wl_error_message());
  }
  if (error != WL_OK) wl_points_destroy(&set);
  *result = set;
  return error;
}

/* The points of one side, by their numbers. */
static wl_error create_given_side(wl_given *given, int64_t first, const side *s, int64_t count,
                                  wl_kernel_points **points) {
  int64_t *number = malloc(sizeof(int64_t) * (size_t)(count + 1));
  if (!number) WL_FAIL(WL_ERROR_MEMORY, "no memory to number %lld points", (long long)count);
  for (int64_t il = 0; il < count; il++) number[il] = first + wl_grid_global(il, s->block, s->me, s->count);
  const wl_error error = wl_kernel_points_create_given(given, count, number, points);
  free(number);
  return error;
}

wl_error wl_points_create_given(const wl_grid *g, wl_given *given, int64_t first, int64_t count,
                                wl_points **result) {
  const side sides[2] = {{g->row, g->rows, g->block, NULL}, {g->column, g->columns, g->column_block, NULL}};
  wl_points *set = calloc(1, sizeof *set);
  wl_error error = set ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "no memory for a set of points");
  if (error == WL_OK) {
    *set = (wl_points){.grid = g, .network = {.depth = 2}, .count = count, .given = given};
    error = create_given_side(given, first, &sides[0], wl_grid_owned(count, g->block, g->row, g->rows), &set->row);
  }
  if (error == WL_OK && g->size == 1)
    set->column = set->row;
  else if (error == WL_OK)
    error = create_given_side(given, first, &sides[1],
                              wl_grid_owned(count, g->column_block, g->column, g->columns), &set->column);
  error = wl_error_agree(g->comm, error);
  if (error != WL_OK) wl_points_destroy(&set);
  *result = set;
  return error;
}

int64_t wl_points_count(const wl_points *points) { return points ? points->count : 0; }

void wl_points_destroy(wl_points **points) {
  if (!points || !*points) return;
  wl_points *set = *points;
  if (set->column != set->row) wl_kernel_points_destroy(&set->column);
  wl_kernel_points_destroy(&set->row);
  if (!set->shared && set->column_x != set->row_x) free(set->column_x);
  if (!set->shared) free(set->row_x);
  free(set);
  *points = NULL;
}

double wl_largest_of_rows(const wl_points *points, const double *by_row) {
  double largest = 0.0;
  for (int64_t i = 0; i < wl_kernel_points_count(points->row); i++)
    if (by_row[i] > largest) largest = by_row[i];
  MPI_Allreduce(MPI_IN_PLACE, &largest, 1, MPI_DOUBLE, MPI_MAX, points->grid->comm);
  return largest;
}
