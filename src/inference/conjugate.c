#include "inference/conjugate.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"

/* Rows that are summed at a time, so that no sum of n products is a chain of n roundings. */
enum { CHUNK = 256 };

static double dot_of(int64_t rows, const double *x, const double *y) {
  double sum = 0.0;
  for (int64_t i = 0; i < rows; i += CHUNK) sum += cblas_ddot((int)smaller(CHUNK, rows - i), x + i, 1, y + i, 1);
  return sum;
}

static double sum_of(int64_t rows, const double *x) {
  double sum = 0.0;
  for (int64_t i = 0; i < rows; i += CHUNK) sum += cblas_dasum((int)smaller(CHUNK, rows - i), x + i, 1);
  return sum;
}

static double largest_of(int64_t rows, const double *x) {
  double largest = 0.0;
  for (int64_t i = 0; i < rows; i++) largest = fmax(largest, fabs(x[i]));
  return largest;
}

/* dot[j] by local column, on the ranks of its process column. */
static void local_dots(const wl_matrix *x, const wl_matrix *y, double *dot) {
  for (int64_t j = 0; j < x->local_columns; j++)
    dot[j] = dot_of(x->local_rows, x->data + j * x->ld, y->data + j * y->ld);
  MPI_Allreduce(MPI_IN_PLACE, dot, (int)x->local_columns, MPI_DOUBLE, MPI_SUM, x->grid->column_comm);
}

void wl_conjugate_dots(const wl_matrix *x, const wl_matrix *y, double *dot) {
  memset(dot, 0, sizeof(double) * (size_t)x->columns);
  for (int64_t j = 0; j < x->local_columns; j++)
    dot[wl_matrix_global_column(x, j)] = dot_of(x->local_rows, x->data + j * x->ld, y->data + j * y->ld);
  MPI_Allreduce(MPI_IN_PLACE, dot, (int)x->columns, MPI_DOUBLE, MPI_SUM, x->grid->comm);
}

wl_error wl_conjugate_create(const wl_low_rank *p, const wl_low_rank *below, const wl_grid *grid, int64_t columns,
                             int64_t steps, wl_conjugate *c) {
  *c = (wl_conjugate){.p = p, .below = below, .room = steps};
  wl_matrix **const all[] = {&c->b, &c->x, &c->r, &c->d, &c->q};
  for (int i = 0; i < 5; i++) WL_TRY(wl_matrix_create(grid, p->g->columns, columns, all[i]));
  const size_t size = sizeof(double) * (size_t)(c->b->local_columns + 1);
  double **const numbers[] = {&c->rho, &c->quadratic, &c->work, &c->alpha, &c->beta};
  wl_error error = WL_OK;
  for (int i = 0; i < 5; i++) {
    *numbers[i] = malloc(i < 3 ? size : size * (size_t)(steps + 1));
    if (!*numbers[i]) error = wl_error_set(WL_ERROR_MEMORY, "conjugate gradients: out of memory");
  }
  return wl_error_agree(grid->comm, error);
}

void wl_conjugate_destroy(wl_conjugate *c) {
  wl_matrix **const all[] = {&c->b, &c->x, &c->r, &c->d, &c->q};
  for (int i = 0; i < 5; i++) wl_matrix_destroy(all[i]);
  free(c->rho);
  free(c->quadratic);
  free(c->work);
  free(c->alpha);
  free(c->beta);
}

static wl_error check_finite(const wl_matrix *shape, const double *values) {
  int bad = 0;
  for (int64_t j = 0; j < shape->local_columns; j++) bad = bad || !isfinite(values[j]);
  MPI_Allreduce(MPI_IN_PLACE, &bad, 1, MPI_INT, MPI_MAX, shape->grid->comm);
  if (!bad) return WL_OK;
  WL_FAIL(WL_ERROR_NUMERICAL,
          "conjugate gradients: a residual is not finite: the kernels or targets are too large, or the noise too "
          "small");
}

/* Q ← P⁻¹ R and rho with it; what rho was before is in work. */
static wl_error precondition(wl_conjugate *c) {
  WL_TRY(wl_low_rank_solve(c->p, c->r, c->q));
  memcpy(c->work, c->rho, sizeof(double) * (size_t)c->r->local_columns);
  local_dots(c->r, c->q, c->rho);
  return check_finite(c->r, c->rho);
}

wl_error wl_conjugate_begin(wl_conjugate *c) {
  memset(c->x->data, 0, sizeof(double) * (size_t)(c->x->ld * c->x->local_columns));
  memset(c->rho, 0, sizeof(double) * (size_t)c->x->local_columns);
  memset(c->quadratic, 0, sizeof(double) * (size_t)c->x->local_columns);
  wl_matrix_copy(c->b, c->r);
  c->steps = 0;
  c->recording = true;
  return wl_conjugate_restart(c);
}

wl_product wl_conjugate_direction(const wl_conjugate *c) {
  return (wl_product){.v = c->d, .c = c->q, .shift = c->below->shift, .replicated = true};
}

wl_product wl_conjugate_solution(const wl_conjugate *c) {
  return (wl_product){.v = c->x, .c = c->q, .shift = c->below->shift, .replicated = true};
}

wl_error wl_conjugate_restart(wl_conjugate *c) {
  WL_TRY(precondition(c));
  wl_matrix_copy(c->q, c->d);
  return WL_OK;
}

/* α = ρ / dᵀ S d, X ← X + α D, R ← R − α Q; bᵀ S⁻¹ b gains α ρ. */
static void descend(wl_conjugate *c, double *alpha) {
  local_dots(c->d, c->q, alpha);
  for (int64_t j = 0; j < c->d->local_columns; j++) {
    alpha[j] = alpha[j] > 0.0 ? c->rho[j] / alpha[j] : 0.0;
    c->quadratic[j] += alpha[j] * c->rho[j];
    cblas_daxpy((int)c->d->local_rows, alpha[j], c->d->data + j * c->d->ld, 1, c->x->data + j * c->x->ld, 1);
    cblas_daxpy((int)c->d->local_rows, -alpha[j], c->q->data + j * c->q->ld, 1, c->r->data + j * c->r->ld, 1);
  }
}

wl_error wl_conjugate_step(wl_conjugate *c) {
  const int64_t columns = c->d->local_columns;
  const bool recording = c->recording && c->steps < c->room;
  double *alpha = recording ? c->alpha + c->steps * columns : c->work;
  descend(c, alpha);
  WL_TRY(precondition(c));
  for (int64_t j = 0; j < columns; j++) { /* D ← Z + β D */
    const double beta = c->work[j] > 0.0 ? c->rho[j] / c->work[j] : 0.0;
    double *dj = c->d->data + j * c->d->ld;
    const double *zj = c->q->data + j * c->q->ld;
    for (int64_t i = 0; i < c->d->local_rows; i++) dj[i] = zj[i] + beta * dj[i];
    if (recording) c->beta[c->steps * columns + j] = beta;
  }
  c->steps += recording;
  return WL_OK;
}

/* Sums and largest magnitudes over the rows of this rank, and then over all. */
static void collect(const wl_conjugate *c, double *sums, double *most) {
  const int64_t k = c->x->columns, rows = c->x->local_rows;
  memset(sums, 0, sizeof(double) * (size_t)(6 * k));
  memset(most, 0, sizeof(double) * (size_t)(2 * k));
  for (int64_t jl = 0; jl < c->x->local_columns; jl++) {
    const int64_t j = wl_matrix_global_column(c->x, jl);
    const double *b = c->b->data + jl * c->b->ld, *x = c->x->data + jl * c->x->ld, *r = c->r->data + jl * c->r->ld,
                 *z = c->q->data + jl * c->q->ld;
    double *defect = c->d->data + jl * c->d->ld; /* P z */
    for (int64_t i = 0; i < rows; i++) defect[i] = r[i] - defect[i];
    const double of[6] = {dot_of(rows, b, x) + dot_of(rows, x, r),
                          sum_of(rows, x),
                          dot_of(rows, r, z),
                          dot_of(rows, r, r),
                          dot_of(rows, z, z),
                          dot_of(rows, defect, defect)};
    memcpy(sums + 6 * j, of, sizeof of);
    most[2 * j] = largest_of(rows, b);
    most[2 * j + 1] = largest_of(rows, r);
  }
  MPI_Allreduce(MPI_IN_PLACE, sums, (int)(6 * k), MPI_DOUBLE, MPI_SUM, c->x->grid->comm);
  MPI_Allreduce(MPI_IN_PLACE, most, (int)(2 * k), MPI_DOUBLE, MPI_MAX, c->x->grid->comm);
}

static wl_error summarize(const wl_conjugate *c, wl_solved *columns) {
  const int64_t k = c->x->columns;
  double *numbers = malloc(sizeof(double) * (size_t)(8 * k + 1));
  wl_error error = numbers ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "conjugate gradients: out of memory");
  WL_TRY(wl_error_agree(c->x->grid->comm, error));
  double *most = numbers + 6 * k;
  collect(c, numbers, most);
  for (int64_t j = 0; j < k; j++) {
    const double *sum = numbers + 6 * j;
    columns[j] = (wl_solved){.value = sum[0],
                             .norm1 = sum[1],
                             .right = most[2 * j],
                             .residual = most[2 * j + 1],
                             .rz = sum[2],
                             .norm_r = sqrt(sum[3]),
                             .norm_z = sqrt(sum[4]),
                             .defect = sqrt(sum[5])};
    if (!isfinite(sum[0] + sum[1] + sum[2] + sum[3] + sum[4] + sum[5]))
      error = wl_error_set(WL_ERROR_NUMERICAL, "conjugate gradients: a solution is not finite");
  }
  free(numbers);
  return error;
}

wl_error wl_conjugate_measure(wl_conjugate *c, wl_solved *columns) {
  c->recording = false;
  for (int64_t j = 0; j < c->r->local_columns; j++)
    for (int64_t i = 0; i < c->r->local_rows; i++)
      c->r->data[i + j * c->r->ld] = c->b->data[i + j * c->b->ld] - c->q->data[i + j * c->q->ld];
  WL_TRY(wl_low_rank_solve(c->below, c->r, c->q));
  WL_TRY(wl_low_rank_multiply(c->below, c->q, c->d));
  return summarize(c, columns);
}
