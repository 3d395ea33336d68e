#include "widelimit/gram.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/util.h"
#include "widelimit/log.h"

/* Scratch of one rank: the recursion's work and a tile of each kernel, for tiles that straddle the diagonal. */
typedef struct scratch {
  double *work, *kappa, *theta;
} scratch;

static void scratch_destroy(scratch *s) {
  free(s->work);
  free(s->kappa);
  free(s->theta);
}

static wl_error scratch_create(const wl_point_set *points, scratch *s) {
  const wl_grid *grid = points->grid;
  const int64_t tile = (int64_t)grid->block * grid->block,
                work = (int64_t)wl_network_tile_work(&points->network, grid->block, grid->block);
  *s = (scratch){aligned_numbers(work), aligned_numbers(tile), aligned_numbers(tile)};
  wl_error error = WL_OK;
  if (!s->work || !s->kappa || !s->theta) error = wl_error_set(WL_ERROR_MEMORY, "assembly: out of memory");
  error = wl_error_agree(grid->comm, error);
  if (error != WL_OK) scratch_destroy(s);
  return error;
}

/* The tile at local (il, jl): its place in the array, its shape, and where it stands globally. */
typedef struct tile {
  int64_t il, jl, rows, columns, i, j;
  double *at;
} tile;

static tile tile_at(const wl_matrix *a, int64_t il, int64_t jl) {
  const int64_t nb = a->grid->block;
  return (tile){.il = il,
                .jl = jl,
                .rows = smaller(nb, a->local_rows - il),
                .columns = smaller(nb, a->local_columns - jl),
                .i = wl_matrix_global_row(a, il),
                .j = wl_matrix_global_column(a, jl),
                .at = a->data + il + jl * a->ld};
}

/* Θ on and below the diagonal, κ above; on it Θ_ii from its closed form. */
static void fill_diagonal_tile(const wl_point_set *points, wl_gram_content content, const wl_matrix *a,
                               const tile *t, scratch *s) {
  const int64_t n = t->rows;
  const double *theta_diagonal = wl_points_theta(points->row) + t->il;
  wl_network_tile(points->row, t->il, n, points->column, t->jl, n, content & WL_GRAM_KAPPA ? s->kappa : NULL, n,
                  content & WL_GRAM_THETA ? s->theta : NULL, n, s->work);
  for (int64_t j = 0; j < n; j++) {
    if (content & WL_GRAM_KAPPA)
      for (int64_t i = 0; i < j; i++) t->at[i + j * a->ld] = s->kappa[i + j * n];
    if (content & WL_GRAM_THETA) {
      t->at[j + j * a->ld] = theta_diagonal[j];
      for (int64_t i = j + 1; i < n; i++) t->at[i + j * a->ld] = s->theta[i + j * n];
    }
  }
}

/* Local place of the tile that mirrors t across the diagonal; NULL where another rank has it. */
static double *mirror(const wl_matrix *a, const tile *t) {
  const wl_grid *g = a->grid;
  const int64_t nb = g->block;
  if (t->j / nb % g->rows != g->row || t->i / nb % g->columns != g->column) return NULL;
  return a->data + wl_matrix_local_row(a, t->j) + wl_matrix_local_column(a, t->i) * a->ld;
}

/*
 * Θ of a tile below the diagonal, and with it κ of its mirror image where that is ours too. Other tiles above the
 * diagonal are evaluated as their mirror images are, which makes an entry independent of the grid.
 */
static void fill_tile(const wl_point_set *points, wl_gram_content content, const wl_matrix *a, const tile *t,
                      scratch *s) {
  const bool kappa = content & WL_GRAM_KAPPA, theta = content & WL_GRAM_THETA;
  if (t->i == t->j) {
    fill_diagonal_tile(points, content, a, t, s);
  } else if (t->i > t->j && theta) {
    wl_network_tile_split(points->row, t->il, t->rows, points->column, t->jl, t->columns,
                          kappa ? mirror(a, t) : NULL, a->ld, t->at, a->ld, s->work);
  } else if (t->i < t->j && kappa && !(theta && mirror(a, t))) {
    wl_network_tile_split(points->column, t->jl, t->columns, points->row, t->il, t->rows, t->at, a->ld, NULL, 0,
                          s->work);
  }
}

wl_error wl_gram_symmetric(const wl_point_set *points, wl_gram_content content, wl_matrix *a) {
  const int64_t nb = a->grid->block;
  scratch s;
  WL_TRY(scratch_create(points, &s));
  wl_progress progress = wl_progress_begin("assemble", (double)a->local_columns, 0.0);
  for (int64_t jl = 0; jl < a->local_columns; jl += nb) {
    for (int64_t il = 0; il < a->local_rows; il += nb) {
      const tile t = tile_at(a, il, jl);
      fill_tile(points, content, a, &t, &s);
    }
    wl_progress_update(&progress, (double)jl);
  }
  wl_progress_end(&progress);
  scratch_destroy(&s);
  return WL_OK;
}

/* The part of a tile that is strictly within the triangle: a κ + b Θ, from the scratch tiles. */
static void place_weighted(const wl_matrix *a, const tile *t, double kappa_weight, double theta_weight, int lower,
                           const scratch *s) {
  for (int64_t j = 0; j < t->columns; j++)
    for (int64_t i = 0; i < t->rows; i++) {
      const bool within = lower ? t->i + i > t->j + j : t->i + i < t->j + j;
      const int64_t k = i + j * t->rows;
      if (within) t->at[i + j * a->ld] = kappa_weight * s->kappa[k] + theta_weight * s->theta[k];
    }
}

wl_error wl_gram_weighted(const wl_point_set *points, double kappa_weight, double theta_weight,
                          wl_triangle triangle, wl_matrix *a) {
  const int64_t nb = a->grid->block;
  const int lower = triangle == WL_TRIANGLE_LOWER;
  scratch s;
  WL_TRY(scratch_create(points, &s));
  wl_progress progress = wl_progress_begin("assemble", (double)a->local_columns, 0.0);
  for (int64_t jl = 0; jl < a->local_columns; jl += nb) {
    for (int64_t il = 0; il < a->local_rows; il += nb) {
      const tile t = tile_at(a, il, jl);
      if (lower ? t.i < t.j : t.i > t.j) continue;
      wl_network_tile(points->row, il, t.rows, points->column, jl, t.columns, s.kappa, t.rows, s.theta, t.rows,
                      s.work);
      place_weighted(a, &t, kappa_weight, theta_weight, lower, &s);
    }
    wl_progress_update(&progress, (double)jl);
  }
  wl_progress_end(&progress);
  scratch_destroy(&s);
  return WL_OK;
}

wl_error wl_gram_cross(const wl_point_set *a, const wl_point_set *b, wl_matrix *kappa, wl_matrix *theta) {
  const wl_matrix *shape = kappa ? kappa : theta;
  const int64_t nb = shape->grid->block;
  scratch s;
  WL_TRY(scratch_create(a, &s));
  for (int64_t jl = 0; jl < shape->local_columns; jl += nb)
    for (int64_t il = 0; il < shape->local_rows; il += nb) {
      const tile t = tile_at(shape, il, jl);
      wl_network_tile(a->row, il, t.rows, b->column, jl, t.columns,
                      kappa ? kappa->data + il + jl * kappa->ld : NULL, kappa ? kappa->ld : 0,
                      theta ? theta->data + il + jl * theta->ld : NULL, theta ? theta->ld : 0, s.work);
    }
  scratch_destroy(&s);
  return WL_OK;
}
