#include "gram/given.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"

enum { TILE = 512 };

/* One matrix on its way: its tiles are counted, and every rank takes its turn. */
typedef struct verification {
  wl_given *given;
  wl_given_kernel kernel;
  wl_given_part part;
  const char *name;
  int rank, size;
  int64_t turn;
  double *tile, *image; /* TILE × TILE */
  wl_progress *progress;
} verification;

static bool is_mine(verification *v) { return v->turn++ % v->size == v->rank; }

static wl_error read(const verification *v, int64_t row, int64_t rows, int64_t column, int64_t columns,
                     double *out) {
  wl_progress_update(v->progress, (double)v->turn);
  WL_TRY(v->given->read(v->given->context, v->kernel, v->part, row, rows, column, columns, out));
  for (int64_t k = 0; k < rows * columns; k++)
    if (!isfinite(out[k]))
      WL_FAIL(WL_ERROR_DATA, "%s: row %lld, column %lld is %g; kernels must be finite", v->name,
              (long long)(row + k / columns) + 1, (long long)(column + k % columns) + 1, out[k]);
  return WL_OK;
}

/* The diagonal of XX or TT by this rank's tiles, zeros elsewhere; of TT it may be all there is. */
static wl_error read_diagonal(verification *v, int64_t order, double *diagonal) {
  const bool alone = v->part == WL_GIVEN_TT && !v->given->full[v->kernel];
  for (int64_t i = 0; i < order; i += TILE) {
    const int64_t count = smaller(TILE, order - i);
    if (!is_mine(v)) continue;
    WL_TRY(read(v, i, count, alone ? 0 : i, alone ? 1 : count, v->tile));
    for (int64_t k = 0; k < count; k++) {
      diagonal[i + k] = v->tile[alone ? k : k * (count + 1)];
      if (diagonal[i + k] < 0.0)
        WL_FAIL(WL_ERROR_DATA, "%s: the variance in row %lld is %g, below zero; a kernel has none", v->name,
                (long long)(i + k) + 1, diagonal[i + k]);
    }
  }
  return WL_OK;
}

static wl_error compare(const verification *v, int64_t i0, int64_t rows, int64_t j0, int64_t columns,
                        const double *diagonal) {
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = 0; j < columns && j0 + j <= i0 + i; j++) {
      const double below = v->tile[i * columns + j], above = v->image[j * rows + i];
      if (fabs(below - above) <= WL_GIVEN_SYMMETRY * sqrt(diagonal[i0 + i] * diagonal[j0 + j])) continue;
      WL_FAIL(WL_ERROR_DATA,
              "%s: row %lld, column %lld is %.17g, but row %lld, column %lld is %.17g; a kernel is symmetric",
              v->name, (long long)(i0 + i) + 1, (long long)(j0 + j) + 1, below, (long long)(j0 + j) + 1,
              (long long)(i0 + i) + 1, above);
    }
  return WL_OK;
}

/* Both halves of XX or TT against one another. */
static wl_error read_square(verification *v, int64_t order, const double *diagonal) {
  for (int64_t i = 0; i < order; i += TILE)
    for (int64_t j = 0; j <= i; j += TILE) {
      const int64_t rows = smaller(TILE, order - i), columns = smaller(TILE, order - j);
      if (!is_mine(v)) continue;
      WL_TRY(read(v, i, rows, j, columns, v->tile));
      WL_TRY(read(v, j, columns, i, rows, v->image));
      WL_TRY(compare(v, i, rows, j, columns, diagonal));
    }
  return WL_OK;
}

static wl_error read_cross(verification *v, int64_t rows, int64_t columns) {
  for (int64_t i = 0; i < rows; i += TILE)
    for (int64_t j = 0; j < columns; j += TILE)
      if (is_mine(v)) WL_TRY(read(v, i, smaller(TILE, rows - i), j, smaller(TILE, columns - j), v->tile));
  return WL_OK;
}

static void take_part(verification *v, wl_given_kernel kernel, wl_given_part part,
                      const char *name[WL_GIVEN_KERNELS][WL_GIVEN_PARTS]) {
  v->kernel = kernel;
  v->part = part;
  v->name = name[kernel][part];
}

static wl_error verify_kernel(MPI_Comm comm, verification *v, wl_given_kernel kernel,
                              const char *name[WL_GIVEN_KERNELS][WL_GIVEN_PARTS]) {
  const wl_given *g = v->given;
  const int64_t n = g->train, m = g->count - n;
  double *diagonal = g->diagonal[kernel];
  take_part(v, kernel, WL_GIVEN_XX, name);
  wl_error error = read_diagonal(v, n, diagonal);
  take_part(v, kernel, WL_GIVEN_TT, name);
  if (error == WL_OK) error = read_diagonal(v, m, diagonal + n);
  WL_TRY(wl_error_agree(comm, error));
  MPI_Allreduce(MPI_IN_PLACE, diagonal, (int)g->count, MPI_DOUBLE, MPI_SUM, comm);
  if (g->full[kernel]) error = read_square(v, m, diagonal + n);
  take_part(v, kernel, WL_GIVEN_XX, name);
  if (error == WL_OK) error = read_square(v, n, diagonal);
  take_part(v, kernel, WL_GIVEN_TX, name);
  if (error == WL_OK) error = read_cross(v, m, n);
  return wl_error_agree(comm, error);
}

/* Tiles of all matrices, counted as they are taken. */
static double count_tiles(const wl_given *g) {
  const double n = ceil((double)g->train / TILE), m = ceil((double)(g->count - g->train) / TILE);
  double tiles = 0.0;
  for (int k = 0; k < WL_GIVEN_KERNELS; k++)
    if (g->has[k]) tiles += n + m + 0.5 * n * (n + 1.0) + n * m + (g->full[k] ? 0.5 * m * (m + 1.0) : 0.0);
  return tiles;
}

wl_error wl_given_verify(MPI_Comm comm, wl_given *given, const char *name[WL_GIVEN_KERNELS][WL_GIVEN_PARTS]) {
  verification v = {
      .given = given, .tile = malloc(sizeof(double) * TILE * TILE), .image = malloc(sizeof(double) * TILE * TILE)};
  MPI_Comm_rank(comm, &v.rank);
  MPI_Comm_size(comm, &v.size);
  wl_error error =
      v.tile && v.image ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "given kernels: no memory for a tile");
  error = wl_error_agree(comm, error);
  wl_progress progress = wl_progress_begin("check kernels", count_tiles(given), 0.0);
  v.progress = &progress;
  for (int k = 0; k < WL_GIVEN_KERNELS && error == WL_OK; k++)
    if (given->has[k]) error = verify_kernel(comm, &v, (wl_given_kernel)k, name);
  wl_progress_end(&progress);
  free(v.image);
  free(v.tile);
  return error;
}

wl_error wl_given_check_targets(const wl_given *g, const char *name[WL_GIVEN_KERNELS][WL_GIVEN_PARTS]) {
  for (int64_t i = 0; i < g->count; i++) {
    const double theta = g->diagonal[WL_GIVEN_THETA][i], kappa = g->diagonal[WL_GIVEN_KAPPA][i];
    const wl_given_part part = i < g->train ? WL_GIVEN_XX : WL_GIVEN_TT;
    if (kappa - theta <= WL_GIVEN_SYMMETRY * theta) continue;
    WL_FAIL(WL_ERROR_DATA,
            "%s: the variance in row %lld is %.17g, below %.17g in %s: theta - kappa, from which Bayesian RND "
            "draws its "
            "targets, must be a kernel; leave bayesian_rnd out of the quantities, or exchange the two",
            name[WL_GIVEN_THETA][part], (long long)(i < g->train ? i : i - g->train) + 1, theta, kappa,
            name[WL_GIVEN_KAPPA][part]);
  }
  return WL_OK;
}

wl_error wl_given_check_zeros(const wl_given *g, const char *name[WL_GIVEN_KERNELS][WL_GIVEN_PARTS]) {
  for (int k = 0; k < WL_GIVEN_KERNELS; k++)
    for (int64_t i = 0; g->has[k] && i < g->train; i++)
      if (!(g->diagonal[k][i] > 0.0))
        WL_FAIL(
            WL_ERROR_DATA,
            "%s: the variance in row %lld (counted from 1) is zero, where every function of this kernel is 0; set "
            "noise_variance or jitter above 0, or remove the row",
            name[k][WL_GIVEN_XX], (long long)i + 1);
  return WL_OK;
}
