/*
 * One replicate after another: sums of squares at the points, whitened coordinates, their laws.
 */
#include <gsl/gsl_cdf.h>
#include <stdlib.h>
#include <string.h>

#include "certificate/certifier.h"
#include "certificate/p_values.h"
#include "dist/scalapack.h"

wl_error wl_statistics_create(const wl_matrix *shape, int64_t replicates, int64_t degrees, bool centred,
                              wl_statistics *o) {
  const size_t rows = (size_t)shape->local_rows + 1;
  *o = (wl_statistics){.replicates = replicates, .degrees = degrees, .centred = centred};
  o->point = calloc(rows * (size_t)replicates, sizeof(double));
  o->sum = calloc(rows, sizeof(double));
  o->square = calloc(rows, sizeof(double));
  o->coordinate_law = calloc(WL_LAW_BINS, sizeof(int64_t));
  o->entry_law = calloc(WL_LAW_BINS, sizeof(int64_t));
  o->norm_law = calloc(WL_LAW_BINS, sizeof(int64_t));
  wl_error error = WL_OK;
  if (!o->point || !o->sum || !o->square || !o->coordinate_law || !o->entry_law || !o->norm_law)
    error = wl_error_set(WL_ERROR_MEMORY, "certificate: out of memory");
  return wl_error_agree(shape->grid->comm, error);
}

void wl_statistics_destroy(wl_statistics *o) {
  free(o->point);
  free(o->sum);
  free(o->square);
  free(o->coordinate_law);
  free(o->entry_law);
  free(o->norm_law);
}

/* sums[i] = Σ_k h_ik and squares[i] = Σ_k h_ik² over all columns, on every rank of the process row. */
static void row_sums(const wl_matrix *h, double *sums, double *squares) {
  const int64_t rows = h->local_rows;
  for (int64_t i = 0; i < rows; i++) sums[i] = squares[i] = 0.0;
  for (int64_t k = 0; k < h->local_columns; k++)
    for (int64_t i = 0; i < rows; i++) {
      const double x = h->data[i + k * h->ld];
      sums[i] += x;
      squares[i] += x * x;
    }
  MPI_Allreduce(MPI_IN_PLACE, sums, (int)rows, MPI_DOUBLE, MPI_SUM, h->grid->row_comm);
  MPI_Allreduce(MPI_IN_PLACE, squares, (int)rows, MPI_DOUBLE, MPI_SUM, h->grid->row_comm);
}

static double sum_of_squares(const wl_statistics *o, double sum, double square, int64_t columns) {
  return o->centred ? square - sum * sum / (double)columns : square;
}

static void observe_points(wl_statistics *o, const double *scale, const wl_matrix *h, double *sums,
                           double *squares) {
  row_sums(h, sums, squares);
  for (int64_t i = 0; i < h->local_rows; i++)
    o->point[i * o->replicates + o->seen] = sum_of_squares(o, sums[i], squares[i], h->columns) / scale[i];
}

static void observe_coordinates(wl_statistics *o, const wl_matrix *w, double *sums, double *squares) {
  row_sums(w, sums, squares);
  for (int64_t i = 0; i < w->local_rows; i++) {
    const double q = sum_of_squares(o, sums[i], squares[i], w->columns);
    o->sum[i] += sums[i];
    o->square[i] += q;
    o->total += q;
    if (w->grid->column == 0) wl_law_add(o->coordinate_law, gsl_cdf_chisq_P(q, (double)o->degrees));
  }
  for (int64_t k = 0; k < w->local_columns; k++)
    for (int64_t i = 0; i < w->local_rows; i++)
      wl_law_add(o->entry_law, gsl_cdf_ugaussian_P(w->data[i + k * w->ld]));
}

static void observe_norms(wl_statistics *o, const wl_matrix *w, double *norms) {
  for (int64_t k = 0; k < w->local_columns; k++) {
    norms[k] = 0.0;
    for (int64_t i = 0; i < w->local_rows; i++) norms[k] += w->data[i + k * w->ld] * w->data[i + k * w->ld];
  }
  MPI_Allreduce(MPI_IN_PLACE, norms, (int)w->local_columns, MPI_DOUBLE, MPI_SUM, w->grid->column_comm);
  if (w->grid->row == 0)
    for (int64_t k = 0; k < w->local_columns; k++)
      wl_law_add(o->norm_law, gsl_cdf_chisq_P(norms[k], (double)w->rows));
}

wl_error wl_statistics_add(wl_statistics *o, const wl_law *law, wl_matrix *h) {
  const size_t room = (size_t)(2 * h->local_rows + h->local_columns + 1);
  double *work = malloc(sizeof(double) * room);
  wl_error error = work ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "certificate: out of memory");
  error = wl_error_agree(h->grid->comm, error);
  if (error == WL_OK) {
    observe_points(o, law->scale, h, work, work + h->local_rows);
    wl_matrix_set_diagonal(law->matrix, law->diagonal);
    wl_trsm_left(law->triangle, wl_trans_of_lower(law->triangle), law->matrix, h);
    observe_coordinates(o, h, work, work + h->local_rows);
    observe_norms(o, h, work + 2 * h->local_rows);
    o->seen++;
    o->columns += h->columns;
  }
  free(work);
  return error;
}
