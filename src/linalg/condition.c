/*
 * ‖S⁻¹‖₁ is the maximum of the convex function ‖S⁻¹ x‖₁ over ‖x‖₁ ≤ 1, which lies at a unit vector. Its gradient at x is
 * S⁻¹ sign(S⁻¹ x): climb from unit vector to unit vector while that promises more.
 *
 * The estimator is written out here because ScaLAPACK's pdpocon, as packaged, ends after the alternating vector and
 * falls short by one to two orders of magnitude.
 */
#include "linalg/condition.h"

#include <math.h>
#include <string.h>

#include "dist/scalapack.h"
#include "linalg/trsm.h"

enum { CLIMBS = 3 };

/* x ← S⁻¹ x for one vector */
typedef struct solver {
  wl_error (*apply)(const struct solver *s, wl_matrix *x);
  const wl_cholesky *factor;
  const wl_single *single; /* L in place of `factor`, for S times `scale` */
  wl_single *room;
  double scale;
} solver;

static wl_error apply_factor(const solver *s, wl_matrix *x) {
  const wl_cholesky *f = s->factor;
  wl_trsv(f->triangle, wl_trans_of_lower(f->triangle), f->matrix, x);
  wl_trsv(f->triangle, wl_trans_of_upper(f->triangle), f->matrix, x);
  return WL_OK;
}

static wl_error apply_single(const solver *s, wl_matrix *x) {
  const double one = 1.0;
  wl_single_round(x, &one, s->room);
  WL_TRY(wl_triangle_solve_single(s->single, WL_TRIANGLE_LOWER, WL_NO_TRANS, s->room));
  WL_TRY(wl_triangle_solve_single(s->single, WL_TRIANGLE_LOWER, WL_TRANS, s->room));
  wl_single_widen(s->room, &s->scale, x);
  return WL_OK;
}

static double sum_of(MPI_Comm comm, double local) {
  MPI_Allreduce(MPI_IN_PLACE, &local, 1, MPI_DOUBLE, MPI_SUM, comm);
  return local;
}

/* Local entries of a vector: all of them are in the one block column, on the process column that has it. */
static int64_t local_count(const wl_matrix *x) { return x->local_columns > 0 ? x->local_rows : 0; }

static double norm1(const wl_matrix *x) {
  double sum = 0.0;
  for (int64_t i = 0; i < local_count(x); i++) sum += fabs(x->data[i]);
  return sum_of(x->grid->comm, sum);
}

/* x ← sign(x) with sign(0) = 1; returns how many signs differ from those in `before`, which are replaced. */
static double take_signs(wl_matrix *x, wl_matrix *before) {
  double changed = 0.0;
  for (int64_t i = 0; i < local_count(x); i++) {
    x->data[i] = x->data[i] >= 0.0 ? 1.0 : -1.0;
    changed += x->data[i] != before->data[i];
    before->data[i] = x->data[i];
  }
  return sum_of(x->grid->comm, changed);
}

/* Global index of the entry of largest modulus. */
static int64_t largest(const wl_matrix *x) {
  struct {
    double modulus;
    int index;
  } best = {-1.0, 0};
  for (int64_t i = 0; i < local_count(x); i++)
    if (fabs(x->data[i]) > best.modulus) {
      best.modulus = fabs(x->data[i]);
      best.index = (int)wl_matrix_global_row(x, i);
    }
  MPI_Allreduce(MPI_IN_PLACE, &best, 1, MPI_DOUBLE_INT, MPI_MAXLOC, x->grid->comm);
  return best.index;
}

static void set_unit(wl_matrix *x, int64_t j) {
  for (int64_t i = 0; i < local_count(x); i++) x->data[i] = wl_matrix_global_row(x, i) == j ? 1.0 : 0.0;
}

/* xᵢ = (−1)ⁱ (1 + i / (n − 1)): catches what the climb can miss. */
static void set_alternating(wl_matrix *x) {
  const double last = x->rows > 1 ? (double)(x->rows - 1) : 1.0;
  for (int64_t il = 0; il < local_count(x); il++) {
    const int64_t i = wl_matrix_global_row(x, il);
    x->data[il] = (i % 2 ? -1.0 : 1.0) * (1.0 + (double)i / last);
  }
}

static wl_error estimate(const solver *s, wl_matrix *x, wl_matrix *signs, double *norm) {
  const double n = (double)x->rows;
  for (int64_t i = 0; i < local_count(x); i++) x->data[i] = 1.0 / n;
  WL_TRY(s->apply(s, x));
  double best = norm1(x);
  for (int climb = 0; climb < CLIMBS && take_signs(x, signs) > 0.0; climb++) {
    WL_TRY(s->apply(s, x));
    set_unit(x, largest(x));
    WL_TRY(s->apply(s, x));
    const double next = norm1(x);
    if (!(next > best)) break;
    best = next;
  }
  set_alternating(x);
  WL_TRY(s->apply(s, x));
  const double alternating = 2.0 * norm1(x) / (3.0 * n);
  *norm = alternating > best ? alternating : best;
  return WL_OK;
}

static wl_error estimate_norm(const wl_grid *grid, int64_t n, const solver *s, double *norm) {
  wl_matrix *x = NULL, *signs = NULL;
  wl_error error = wl_matrix_create(grid, n, 1, &x);
  if (error == WL_OK) error = wl_matrix_create(grid, n, 1, &signs);
  if (error == WL_OK) {
    memset(signs->data, 0, sizeof(double) * (size_t)local_count(signs));
    error = estimate(s, x, signs, norm);
  }
  wl_matrix_destroy(&signs);
  wl_matrix_destroy(&x);
  return error;
}

wl_error wl_inverse_norm1(const wl_cholesky *f, double *norm) {
  const solver s = {.apply = apply_factor, .factor = f};
  return estimate_norm(f->matrix->grid, f->matrix->rows, &s, norm);
}

wl_error wl_inverse_norm1_single(const wl_single *factor, double scale, double *norm) {
  solver s = {.apply = apply_single, .single = factor, .scale = scale};
  WL_TRY(wl_single_create(factor->grid, factor->rows, 1, &s.room));
  const wl_error error = estimate_norm(factor->grid, factor->rows, &s, norm);
  wl_single_destroy(&s.room);
  return error;
}
