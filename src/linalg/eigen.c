#include "linalg/eigen.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "dist/scalapack.h"
#include "linalg/cholesky.h"
#include "linalg/probes.h"

/* What is known of S before it goes. */
typedef struct known {
  double norm, trace, frobenius;
  wl_matrix *z, *sz; /* Z and S Z; NULL without vectors */
} known;

/* A decomposition at work. */
typedef struct decomposition {
  const wl_eigen_options *options;
  wl_matrix *s;
  wl_triangle triangle;
  wl_tridiagonal t;
  wl_progress progress;
} decomposition;

double wl_eigen_flops(int64_t n, bool vectors) {
  const double cube = (double)n * (double)n * (double)n;
  return (vectors ? 4.0 / 3.0 + 4.0 / 3.0 + 2.0 : 4.0 / 3.0) * cube; /* reduce, divide and conquer, back */
}

int64_t wl_eigen_work(const wl_grid *grid, int64_t n, bool vectors) {
  wl_grid first = *grid;
  wl_tridiagonal t;
  first.row = first.column = 0;
  wl_tridiagonal_work(&first, n, vectors, &t);
  return larger(t.work_size, t.integers_size);
}

void wl_eigen_clear(wl_eigen *e) {
  wl_matrix_destroy(&e->vectors);
  free(e->values);
  *e = (wl_eigen){0};
}

static void work_free(wl_tridiagonal *t) {
  free(t->integers);
  free(t->work);
  free(t->tau);
  free(t->beside);
  *t = (wl_tridiagonal){0};
}

/* The diagonal of T is where the eigenvalues will be, and belongs to the result. */
static wl_error work_create(decomposition *d, wl_eigen *e) {
  const wl_grid *grid = d->s->grid;
  const int64_t n = d->s->rows, most = wl_eigen_work(grid, n, d->options->vectors);
  if (most > INT32_MAX)
    WL_FAIL(WL_ERROR_CAPACITY,
            "the eigenvectors of %s need %lld numbers to work with on a rank, more than 32-bit indices reach "
            "(2147483647); use at least %lld ranks",
            d->options->name, (long long)most, (long long)(grid->size * (most / INT32_MAX + 1)));
  wl_tridiagonal_work(grid, n, d->options->vectors, &d->t);
  e->values = malloc(sizeof(double) * (size_t)(n + 1));
  d->t.beside = malloc(sizeof(double) * (size_t)(n + 1));
  d->t.tau = malloc(sizeof(double) * (size_t)(d->s->local_columns + 1));
  d->t.work = aligned_numbers(d->t.work_size);
  d->t.integers = malloc(sizeof(int) * (size_t)(d->t.integers_size + 1));
  d->t.diagonal = e->values;
  const bool complete = e->values && d->t.beside && d->t.tau && d->t.work && d->t.integers;
  return wl_error_agree(
      grid->comm,
      complete ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "eigenvalues of %s: out of memory", d->options->name));
}

/* tr S and ‖S‖_F, an entry beside the diagonal counting twice. */
static void sums_before(const decomposition *d, known *k) {
  const wl_matrix *s = d->s;
  double sums[2] = {0.0, 0.0};
  for (int64_t jl = 0; jl < s->local_columns; jl++) {
    const int64_t j = wl_matrix_global_column(s, jl), at = wl_matrix_local_row(s, j),
                  past = wl_matrix_local_row(s, j + 1);
    const bool lower = d->triangle == WL_TRIANGLE_LOWER;
    const double *column = s->data + jl * s->ld;
    for (int64_t il = lower ? past : 0; il < (lower ? s->local_rows : at); il++)
      sums[1] += 2.0 * column[il] * column[il];
    if (past > at) {
      sums[0] += column[at];
      sums[1] += column[at] * column[at];
    }
  }
  MPI_Allreduce(MPI_IN_PLACE, sums, 2, MPI_DOUBLE, MPI_SUM, s->grid->comm);
  k->trace = sums[0];
  k->frobenius = sqrt(sums[1]);
}

static void known_clear(known *k) {
  wl_matrix_destroy(&k->sz);
  wl_matrix_destroy(&k->z);
}

static wl_error measure_before(const decomposition *d, known *k) {
  const wl_matrix *s = d->s;
  WL_TRY(wl_norm1(s, d->triangle, &k->norm));
  if (!isfinite(k->norm))
    WL_FAIL(WL_ERROR_NUMERICAL, "the matrix %s has entries that are not finite", d->options->name);
  sums_before(d, k);
  if (!d->options->vectors) return WL_OK;
  WL_TRY(wl_matrix_create(s->grid, s->rows, WL_PROBES, &k->z));
  WL_TRY(wl_matrix_create(s->grid, s->rows, WL_PROBES, &k->sz));
  wl_fill_probes(k->z, d->options->seed, 0);
  wl_symm_left(d->triangle, 1.0, s, k->z, 0.0, k->sz);
  return WL_OK;
}

static wl_error residual_of_values(const decomposition *d, const known *k, wl_eigen *e) {
  const int64_t n = d->s->rows;
  double sum = 0.0, squares = 0.0;
  for (int64_t j = 0; j < n; j++) {
    sum += e->values[j];
    squares += e->values[j] * e->values[j];
  }
  const double unit = (double)n * DBL_EPSILON * k->frobenius;
  const double of_trace = fabs(sum - k->trace) / (unit * sqrt((double)n));
  const double of_norm = fabs(sqrt(squares) - k->frobenius) / unit;
  e->residual = k->frobenius == 0.0 ? 0.0 : of_trace >= of_norm ? of_trace : of_norm;
  return WL_OK;
}

/* S Z less U (Λ (Uᵀ Z)). Z and S Z are consumed. */
static wl_error residual_of_vectors(const decomposition *d, known *k, wl_eigen *e) {
  const double scale = (double)d->s->rows * DBL_EPSILON * k->norm * wl_frobenius_norm(k->z);
  wl_matrix *uz = NULL;
  WL_TRY(wl_matrix_create(d->s->grid, d->s->rows, WL_PROBES, &uz));
  wl_gemm_transposed(e->vectors, k->z, uz);
  for (int64_t jl = 0; jl < uz->local_columns; jl++)
    for (int64_t il = 0; il < uz->local_rows; il++)
      uz->data[il + jl * uz->ld] *= e->values[wl_matrix_global_row(uz, il)];
  wl_gemm(e->vectors, uz, k->z);
  for (int64_t jl = 0; jl < uz->local_columns; jl++)
    for (int64_t il = 0; il < uz->local_rows; il++)
      k->sz->data[il + jl * k->sz->ld] -= k->z->data[il + jl * k->z->ld];
  wl_matrix_destroy(&uz);
  e->residual = scale == 0.0 ? 0.0 : wl_frobenius_norm(k->sz) / scale;
  return WL_OK;
}

/* The end of a step: `done` of the whole work. */
static wl_error step(decomposition *d, int info, double done) {
  MPI_Allreduce(MPI_IN_PLACE, &info, 1, MPI_INT, MPI_MAX, d->s->grid->comm);
  if (info != 0)
    WL_FAIL(WL_ERROR_NUMERICAL, "the eigenvalues of %s do not converge (info %d)", d->options->name, info);
  wl_progress_update(&d->progress, done);
  return d->options->between ? d->options->between(d->options->context) : WL_OK;
}

static wl_error decompose(decomposition *d, wl_eigen *e) {
  if (!d->options->vectors) {
    WL_TRY(step(d, wl_sytrd(d->triangle, d->s, &d->t), 0.99));
    return step(d, wl_sterf(d->s->rows, &d->t), 1.0);
  }
  WL_TRY(step(d, wl_sytrd(d->triangle, d->s, &d->t), 0.6));
  WL_TRY(wl_matrix_create(d->s->grid, d->s->rows, d->s->rows, &e->vectors));
  WL_TRY(step(d, wl_stedc(&d->t, e->vectors), 0.8));
  return step(d, wl_ormtr(d->triangle, d->s, &d->t, e->vectors), 1.0);
}

static wl_error check_residual(const decomposition *d, const wl_eigen *e) {
  if (e->residual < WL_RESIDUAL_LIMIT) return WL_OK;
  WL_FAIL(
      WL_ERROR_NUMERICAL,
      "residual of the eigendecomposition of %s: %.1e, FAILED: rounding gives less than 1, and %.0f is allowed; "
      "ScaLAPACK made a wrong one: look at that library",
      d->options->name, e->residual, WL_RESIDUAL_LIMIT);
}

static wl_error decompose_and_measure(decomposition *d, known *k, wl_eigen *e) {
  WL_TRY(measure_before(d, k));
  WL_TRY(work_create(d, e));
  WL_TRY(decompose(d, e));
  work_free(&d->t);
  WL_TRY(d->options->vectors ? residual_of_vectors(d, k, e) : residual_of_values(d, k, e));
  return check_residual(d, e);
}

wl_error wl_eigen_decompose(wl_matrix *s, wl_triangle triangle, const wl_eigen_options *options, wl_eigen *eigen) {
  known k = {0};
  decomposition d = {.options = options, .s = s, .triangle = triangle};
  *eigen = (wl_eigen){0};
  d.progress = wl_progress_begin(options->name, 1.0, wl_eigen_flops(s->rows, options->vectors) / 1e9);
  const wl_error error = decompose_and_measure(&d, &k, eigen);
  wl_progress_end(&d.progress);
  work_free(&d.t);
  known_clear(&k);
  if (error != WL_OK) wl_eigen_clear(eigen);
  return error;
}
