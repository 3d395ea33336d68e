#include "linalg/probes.h"

#include <math.h>
#include <stdlib.h>

#include "base/random.h"
#include "base/util.h"

/* Of this rank's entries |S_ij| in the triangle, those of the leading block of order n left out: sums by global column and local row. */
static void add_moduli(const wl_matrix *a, wl_triangle triangle, int64_t n, double *sum, double *row) {
  const bool lower = triangle == WL_TRIANGLE_LOWER;
  const int64_t border = wl_matrix_local_row(a, n);
  for (int64_t jl = lower ? 0 : wl_matrix_local_column(a, n); jl < a->local_columns; jl++) {
    const int64_t j = wl_matrix_global_column(a, jl), at = wl_matrix_local_row(a, j),
                  past = wl_matrix_local_row(a, j + 1);
    const int64_t begin = lower ? larger(past, border) : 0, end = lower ? a->local_rows : at;
    const double *column = a->data + jl * a->ld;
    double total = j >= n && past > at ? fabs(column[at]) : 0.0; /* the diagonal, where it is ours */
    for (int64_t il = begin; il < end; il++) {
      total += fabs(column[il]);
      row[il] += fabs(column[il]);
    }
    sum[j] += total;
  }
}

/*
 * ‖S‖₁ = maxⱼ Σᵢ |S_ij| from one triangle: an entry off the diagonal counts for its row and for its column. NaN
 * anywhere makes a sum NaN, and the maximum is taken so that NaN stays. Of the leading block of order n nothing counts.
 */
wl_error wl_border_norm1(const wl_matrix *a, wl_triangle triangle, int64_t n, double *norm) {
  double *sum = calloc((size_t)(a->rows + 1), sizeof(double)),
         *row = calloc((size_t)(a->local_rows + 1), sizeof(double));
  wl_error error = sum && row ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "norm: out of memory");
  error = wl_error_agree(a->grid->comm, error);
  if (error == WL_OK) {
    add_moduli(a, triangle, n, sum, row);
    for (int64_t il = 0; il < a->local_rows; il++) sum[wl_matrix_global_row(a, il)] += row[il];
    MPI_Allreduce(MPI_IN_PLACE, sum, (int)a->rows, MPI_DOUBLE, MPI_SUM, a->grid->comm);
    *norm = 0.0;
    for (int64_t j = 0; j < a->rows; j++)
      if (!isfinite(sum[j]) || sum[j] > *norm) *norm = sum[j]; /* what is not finite stays */
  }
  free(row);
  free(sum);
  return error;
}

wl_error wl_norm1(const wl_matrix *a, wl_triangle triangle, double *norm) {
  return wl_border_norm1(a, triangle, 0, norm);
}

double wl_sum_of_squares(const wl_matrix *a) {
  double sum = 0.0;
  for (int64_t j = 0; j < a->local_columns; j++)
    for (int64_t i = 0; i < a->local_rows; i++) sum += a->data[i + j * a->ld] * a->data[i + j * a->ld];
  MPI_Allreduce(MPI_IN_PLACE, &sum, 1, MPI_DOUBLE, MPI_SUM, a->grid->comm);
  return sum;
}

double wl_frobenius_norm(const wl_matrix *a) { return sqrt(wl_sum_of_squares(a)); }

double wl_log_determinant(const wl_matrix *factor) {
  double sum = 0.0;
  for (int64_t il = 0; il < factor->local_rows; il++) {
    const double *diagonal = wl_matrix_diagonal_at(factor, il);
    if (diagonal) sum += 2.0 * log(*diagonal);
  }
  MPI_Allreduce(MPI_IN_PLACE, &sum, 1, MPI_DOUBLE, MPI_SUM, factor->grid->comm);
  return sum;
}

void wl_fill_probes(wl_matrix *z, uint64_t seed, int64_t first) {
  for (int64_t j = 0; j < z->local_columns; j++)
    for (int64_t i = 0; i < z->local_rows; i++)
      z->data[i + j * z->ld] =
          wl_random_normal(seed, WL_STREAM_PROBE, (uint64_t)(first + wl_matrix_global_row(z, i)),
                           (uint64_t)wl_matrix_global_column(z, j));
}
