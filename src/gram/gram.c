#include "gram/gram.h"

#include <stdbool.h>
#include <stdlib.h>

#ifdef _OPENMP
#include <omp.h>
#else
static int omp_get_thread_num(void) { return 0; }
#endif

#include "base/check.h"
#include "base/log.h"
#include "base/machine.h"
#include "base/util.h"
#include "gram/tile_exchange.h"

/* Scratch of one thread: the recursion's work and a tile of each kernel. */
typedef struct scratch {
  double *work, *kappa, *theta;
} scratch;

static void scratch_destroy(scratch *s) {
  free(s->work);
  free(s->kappa);
  free(s->theta);
}

static bool scratch_create(const wl_points *points, scratch *s) {
  const int64_t nb = points->grid->block;
  *s = (scratch){aligned_numbers((int64_t)wl_network_tile_work(&points->network, nb, nb)),
                 aligned_numbers(nb * nb), aligned_numbers(nb * nb)};
  return s->work && s->kappa && s->theta;
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

/* What an assembly fills, and with what. */
typedef struct assembly {
  const wl_points *rows, *columns;
  wl_gram_content content;
  double kappa_weight, theta_weight;
  bool triangular, lower, add; /* add: to what is there */
  int64_t known;               /* tiles within so many first rows and columns are left out */
  wl_matrix *a, *kappa, *theta;
  wl_tile_exchange *exchange; /* NULL: no entry serves two places */
  int64_t height;             /* block rows of a step where tiles are mirrored */
} assembly;

typedef void (*tile_function)(const assembly *as, const tile *t, scratch *s);

/* Local. Tiles of one block column, dealt out among the threads; none depends on another. */
static void fill_tiles(const assembly *as, const wl_matrix *shape, const wl_tile_exchange_step *step,
                       tile_function fill, scratch *scratches, int threads) {
  const int64_t nb = shape->grid->block, end = smaller(step->row_end * nb, shape->local_rows);
  if (step->column * nb >= shape->local_columns) return;
#pragma omp parallel for schedule(dynamic) num_threads(threads)
  for (int64_t il = step->row_begin * nb; il < end; il += nb) {
    const tile t = tile_at(shape, il, step->column * nb);
    fill(as, &t, &scratches[omp_get_thread_num()]);
  }
}

/* Collective where tiles are mirrored. Each rank's block columns, in order. */
static void fill_columns(const assembly *as, const wl_matrix *shape, tile_function fill, scratch *scratches,
                         int threads, wl_progress *progress) {
  const wl_grid *g = shape->grid;
  const int64_t nb = g->block, down = nb * g->rows;
  const int64_t height = as->exchange ? as->height : shape->rows / down + 1;
  const int64_t most = wl_grid_owned(shape->columns, g->column_block, 0, g->columns); /* the same on all ranks */
  for (int64_t column = 0; column * nb < most; column++) {
    for (int64_t row = 0; row * down < shape->rows; row += height) {
      const wl_tile_exchange_step step = {column, row, row + height};
      if (as->exchange) wl_tile_exchange_begin(as->exchange, &step);
      fill_tiles(as, shape, &step, fill, scratches, threads);
      if (as->exchange) wl_tile_exchange_end(as->exchange);
    }
    if (progress) wl_progress_update(progress, (double)(column * nb));
  }
  if (as->exchange) wl_tile_exchange_finish(as->exchange);
}

/* Collective. Calls `fill` for every tile that this rank has of a matrix like `shape`, on as many threads as BLAS has. */
static wl_error for_each_tile(const assembly *as, const wl_matrix *shape, tile_function fill,
                              wl_progress *progress) {
  const int threads = wl_machine_threads();
  scratch *scratches = calloc((size_t)threads, sizeof *scratches);
  bool complete = scratches;
  for (int i = 0; complete && i < threads; i++) complete = scratch_create(as->rows, &scratches[i]);
  wl_error error = complete ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "assembly: out of memory");
  error = wl_error_agree(shape->grid->comm, error);
  if (error == WL_OK) {
    wl_blas_set_threads(1); /* each tile's product is small, and its sums must not depend on threads */
    fill_columns(as, shape, fill, scratches, threads, progress);
    wl_blas_set_threads(threads);
    if (as->rows->given) error = wl_error_agree(shape->grid->comm, wl_given_check(as->rows->given));
  }
  for (int i = 0; scratches && i < threads; i++) scratch_destroy(&scratches[i]);
  free(scratches);
  return error;
}

/* Θ on and below the diagonal, κ above; on it Θ_ii from its closed form. */
static void fill_diagonal_tile(const wl_points *points, wl_gram_content content, const wl_matrix *a, const tile *t,
                               scratch *s) {
  const int64_t n = t->rows;
  const double *theta_diagonal = wl_kernel_points_theta(points->row) + t->il;
  wl_network_tile((wl_point_range){points->row, t->il, n}, (wl_point_range){points->column, t->jl, n},
                  (wl_tile){content & WL_GRAM_KAPPA ? s->kappa : NULL, n},
                  (wl_tile){content & WL_GRAM_THETA ? s->theta : NULL, n}, s->work);
  for (int64_t j = 0; j < n; j++) {
    if (content & WL_GRAM_KAPPA)
      for (int64_t i = 0; i < j; i++) t->at[i + j * a->ld] = s->kappa[i + j * n];
    if (content & WL_GRAM_THETA) {
      t->at[j + j * a->ld] = theta_diagonal[j];
      for (int64_t i = j + 1; i < n; i++) t->at[i + j * a->ld] = s->theta[i + j * n];
    }
  }
}

/*
 * Θ of a tile below the diagonal, and with it κ of its mirror image where that is within reach. Other tiles above the
 * diagonal are evaluated as their mirror images are, which makes an entry independent of the grid.
 */
static void fill_symmetric(const assembly *as, const tile *t, scratch *s) {
  const wl_points *points = as->rows;
  const wl_matrix *a = as->a;
  const bool kappa = as->content & WL_GRAM_KAPPA, theta = as->content & WL_GRAM_THETA;
  if (larger(t->i + t->rows, t->j + t->columns) <= as->known) return;
  if (t->i == t->j) {
    fill_diagonal_tile(points, as->content, a, t, s);
  } else if (t->i > t->j && theta) {
    int64_t ld = 0;
    double *image = as->exchange ? wl_tile_exchange_place(as->exchange, t->il, &ld) : NULL;
    wl_network_tile_split((wl_point_range){points->row, t->il, t->rows},
                          (wl_point_range){points->column, t->jl, t->columns}, (wl_tile){image, ld},
                          (wl_tile){t->at, a->ld}, s->work);
  } else if (t->i < t->j && kappa && !(as->exchange && wl_tile_exchange_fills(as->exchange, t->i, t->j))) {
    wl_network_tile_split((wl_point_range){points->column, t->jl, t->columns},
                          (wl_point_range){points->row, t->il, t->rows}, (wl_tile){t->at, a->ld},
                          (wl_tile){NULL, 0}, s->work);
  }
}

/* With progress shown. */
static wl_error assemble(const assembly *as, tile_function fill) {
  wl_progress progress = wl_progress_begin("assemble", (double)as->a->local_columns, 0.0);
  const wl_error error = for_each_tile(as, as->a, fill, &progress);
  wl_progress_end(&progress);
  return error;
}

/* A square matrix, of which a triangle or both are filled. */
static wl_error assemble_square(const assembly *as, tile_function fill) {
  WL_TRY(wl_grid_check_square(as->rows->grid));
  WL_TRY(wl_grid_check_square(as->a->grid));
  return assemble(as, fill);
}

wl_error wl_gram_symmetric_among(const wl_points *points, MPI_Comm neighbours, int64_t height, wl_matrix *a) {
  assembly as = {.rows = points, .columns = points, .content = WL_GRAM_BOTH, .height = height, .a = a};
  WL_TRY(wl_grid_check_square(points->grid));
  WL_TRY(wl_grid_check_square(a->grid));
  WL_TRY(wl_tile_exchange_create(a, neighbours, height, &as.exchange));
  const wl_error error = assemble(&as, fill_symmetric);
  wl_tile_exchange_destroy(&as.exchange);
  return error;
}

wl_error wl_gram_symmetric(const wl_points *points, wl_gram_content content, wl_matrix *a) {
  if (content != WL_GRAM_BOTH)
    return assemble_square(&(assembly){.rows = points, .columns = points, .content = content, .a = a},
                           fill_symmetric);
  MPI_Comm node;
  MPI_Comm_split_type(a->grid->comm, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node);
  const wl_error error =
      wl_gram_symmetric_among(points, node, wl_tile_exchange_height(a, wl_machine_threads()), a);
  MPI_Comm_free(&node);
  return error;
}

wl_error wl_gram_border(const wl_points *points, wl_gram_content content, int64_t known, wl_matrix *a) {
  return assemble_square(
      &(assembly){.rows = points, .columns = points, .content = content, .known = known, .a = a}, fill_symmetric);
}

/* The part of a tile that is wanted, a triangle's strictly within it: a κ + b Θ. */
static void fill_weighted(const assembly *as, const tile *t, scratch *s) {
  if (as->triangular && (as->lower ? t->i < t->j : t->i > t->j)) return;
  wl_network_tile((wl_point_range){as->rows->row, t->il, t->rows},
                  (wl_point_range){as->columns->column, t->jl, t->columns}, (wl_tile){s->kappa, t->rows},
                  (wl_tile){s->theta, t->rows}, s->work);
  for (int64_t j = 0; j < t->columns; j++)
    for (int64_t i = 0; i < t->rows; i++) {
      const bool within = !as->triangular || (as->lower ? t->i + i > t->j + j : t->i + i < t->j + j);
      const int64_t k = i + j * t->rows;
      if (!within) continue;
      double *at = &t->at[i + j * as->a->ld];
      const double value = as->kappa_weight * s->kappa[k] + as->theta_weight * s->theta[k];
      *at = as->add ? *at + value : value;
    }
}

static wl_error assemble_weighted(const wl_points *points, double kappa_weight, double theta_weight,
                                  wl_triangle triangle, bool add, wl_matrix *a) {
  assembly as = {.rows = points,
                 .columns = points,
                 .kappa_weight = kappa_weight,
                 .theta_weight = theta_weight,
                 .triangular = true,
                 .lower = triangle == WL_TRIANGLE_LOWER,
                 .add = add,
                 .a = a};
  return assemble_square(&as, fill_weighted);
}

wl_error wl_gram_weighted(const wl_points *points, double kappa_weight, double theta_weight, wl_triangle triangle,
                          wl_matrix *a) {
  return assemble_weighted(points, kappa_weight, theta_weight, triangle, false, a);
}

wl_error wl_gram_add_kappa(const wl_points *points, wl_triangle triangle, wl_matrix *a) {
  return assemble_weighted(points, 1.0, 0.0, triangle, true, a);
}

static void fill_cross(const assembly *as, const tile *t, scratch *s) {
  const wl_matrix *kappa = as->kappa, *theta = as->theta;
  wl_network_tile(
      (wl_point_range){as->rows->row, t->il, t->rows}, (wl_point_range){as->columns->column, t->jl, t->columns},
      (wl_tile){kappa ? kappa->data + t->il + t->jl * kappa->ld : NULL, kappa ? kappa->ld : 0},
      (wl_tile){theta ? theta->data + t->il + t->jl * theta->ld : NULL, theta ? theta->ld : 0}, s->work);
}

wl_error wl_gram_cross(const wl_points *a, const wl_points *b, wl_matrix *kappa, wl_matrix *theta) {
  assembly as = {.rows = a, .columns = b, .kappa = kappa, .theta = theta};
  return for_each_tile(&as, kappa ? kappa : theta, fill_cross, NULL);
}

wl_error wl_gram_cross_weighted(const wl_points *a, const wl_points *b, double kappa_weight, double theta_weight,
                                wl_matrix *gram) {
  return assemble(
      &(assembly){.rows = a, .columns = b, .kappa_weight = kappa_weight, .theta_weight = theta_weight, .a = gram},
      fill_weighted);
}

wl_error wl_points_kernel(const wl_points *x, const wl_points *y, wl_matrix *kappa, wl_matrix *theta) {
  WL_REQUIRE(x);
  WL_REQUIRE(y);
  WL_TRY(wl_points_check_alike(x, y));
  const wl_matrix *const both[2] = {kappa, theta};
  for (int k = 0; k < 2; k++)
    if (both[k] &&
        (!wl_grid_same(both[k]->grid, x->grid) || both[k]->rows != x->count || both[k]->columns != y->count))
      WL_FAIL(WL_ERROR_USAGE, "%s: %s must be %lld × %lld on the grid of the points", __func__,
              k ? "theta" : "kappa", (long long)x->count, (long long)y->count);
  return kappa || theta ? wl_gram_cross(x, y, kappa, theta) : WL_OK;
}
