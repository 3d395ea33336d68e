#include <math.h>
#include <stdlib.h>

#include "base/util.h"
#include "gram/implicit.h"
#include "widelimit/log.h"

/* A tile of doubles with the recursion's work, and the sums of ‖S‖₁: by global column, by local row. */
typedef struct scratch {
  double *work, *tile, *column_sum, *row_sum;
} scratch;

static void scratch_destroy(scratch *s) {
  free(s->work);
  free(s->tile);
  free(s->column_sum);
  free(s->row_sum);
}

static wl_error scratch_create(const wl_point_set *points, const wl_single *to, scratch *s) {
  const int64_t nb = to->grid->block;
  *s = (scratch){aligned_numbers((int64_t)wl_network_tile_work(&points->network, nb, nb)),
                 aligned_numbers(nb * nb), calloc((size_t)(to->rows + 1), sizeof(double)),
                 calloc((size_t)(to->local_rows + 1), sizeof(double))};
  wl_error error = WL_OK;
  if (!s->work || !s->tile || !s->column_sum || !s->row_sum)
    error = wl_error_set(WL_ERROR_MEMORY, "assembly: out of memory");
  error = wl_error_agree(to->grid->comm, error);
  if (error != WL_OK) scratch_destroy(s);
  return error;
}

/* 2⁻ᵉ with e the exponent of the largest diagonal entry. */
static double choose_scale(const wl_point_set *points, const double *diagonal, double shift) {
  double largest = 0.0;
  for (int64_t i = 0; i < wl_points_count(points->row); i++)
    if (diagonal[i] + shift > largest) largest = diagonal[i] + shift;
  MPI_Allreduce(MPI_IN_PLACE, &largest, 1, MPI_DOUBLE, MPI_MAX, points->grid->comm);
  return largest > 0.0 && isfinite(largest) ? ldexp(1.0, -ilogb(largest)) : 1.0;
}

/* The tile, of which only the lower triangle counts on the diagonal, to floats and to the sums. */
static void narrow_tile(const scratch *s, int64_t rows, int64_t columns, bool on_diagonal, double scale,
                        int64_t il, int64_t j, float *to, int64_t ld) {
  for (int64_t jt = 0; jt < columns; jt++) {
    double sum = 0.0;
    for (int64_t it = on_diagonal ? jt : 0; it < rows; it++) {
      const double value = s->tile[it + jt * rows];
      to[it + jt * ld] = (float)(scale * value);
      sum += fabs(value);
      if (!on_diagonal || it > jt) s->row_sum[il + it] += fabs(value);
    }
    s->column_sum[j + jt] += sum;
  }
}

static double norm_of(const wl_single *a, scratch *s) {
  const wl_grid *g = a->grid;
  double norm = 0.0;
  for (int64_t il = 0; il < a->local_rows; il++)
    s->column_sum[wl_grid_global(il, g->block, g->row, g->rows)] += s->row_sum[il];
  MPI_Allreduce(MPI_IN_PLACE, s->column_sum, (int)a->rows, MPI_DOUBLE, MPI_SUM, g->comm);
  for (int64_t j = 0; j < a->rows; j++)
    if (!(s->column_sum[j] <= norm)) norm = s->column_sum[j]; /* NaN stays */
  return norm;
}

wl_error wl_gram_narrow(const wl_point_set *points, wl_gram_content kernel, double shift, wl_single *to,
                        double *scale, double *norm) {
  const wl_grid *g = to->grid;
  const int64_t nb = g->block;
  const bool theta = kernel == WL_GRAM_THETA;
  const double *diagonal = theta ? wl_points_theta(points->row) : wl_points_kappa(points->row);
  scratch s;
  WL_TRY(scratch_create(points, to, &s));
  *scale = choose_scale(points, diagonal, shift);
  wl_progress progress = wl_progress_begin("assemble", (double)to->local_columns, 0.0);
  for (int64_t jl = 0; jl < to->local_columns; jl += nb) {
    const int64_t j = (jl / nb * g->columns + g->column) * nb, columns = smaller(nb, to->local_columns - jl);
    for (int64_t il = wl_grid_owned(j, g->block, g->row, g->rows); il < to->local_rows; il += nb) {
      const int64_t rows = smaller(nb, to->local_rows - il);
      const bool on_diagonal = (il / nb * g->rows + g->row) * nb == j;
      wl_network_tile(points->row, il, rows, points->column, jl, columns, theta ? NULL : s.tile, rows,
                      theta ? s.tile : NULL, rows, s.work);
      for (int64_t i = 0; on_diagonal && i < rows; i++) s.tile[i + i * rows] = diagonal[il + i] + shift;
      narrow_tile(&s, rows, columns, on_diagonal, *scale, il, j, to->data + il + jl * to->ld, to->ld);
    }
    wl_progress_update(&progress, (double)jl);
  }
  wl_progress_end(&progress);
  *norm = norm_of(to, &s);
  scratch_destroy(&s);
  return WL_OK;
}
