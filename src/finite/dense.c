#include "finite/dense.h"

#include <gsl/gsl_eigen.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_linalg.h>
#include <math.h>
#include <string.h>

bool wl_dense_cholesky(int64_t n, double *S) {
  for (int64_t i = 0; i < n * n; i++)
    if (!isfinite(S[i])) return false;
  gsl_matrix_view view = gsl_matrix_view_array(S, (size_t)n, (size_t)n);
  gsl_error_handler_t *handler = gsl_set_error_handler_off();
  const int status = gsl_linalg_cholesky_decomp1(&view.matrix);
  gsl_set_error_handler(handler);
  return status == GSL_SUCCESS;
}

void wl_dense_solve(int64_t n, double *L, double *b) {
  gsl_matrix_view matrix = gsl_matrix_view_array(L, (size_t)n, (size_t)n);
  gsl_vector_view vector = gsl_vector_view_array(b, (size_t)n);
  gsl_linalg_cholesky_svx(&matrix.matrix, &vector.vector);
}

wl_error wl_dense_extremes(int64_t n, const double *S, double *smallest, double *largest) {
  gsl_matrix *copy = gsl_matrix_alloc((size_t)n, (size_t)n);
  gsl_vector *values = gsl_vector_alloc((size_t)n);
  gsl_eigen_symm_workspace *work = gsl_eigen_symm_alloc((size_t)n);
  const bool there = copy && values && work;
  if (there) {
    memcpy(copy->data, S, sizeof(double) * (size_t)(n * n));
    gsl_eigen_symm(copy, values, work);
    gsl_vector_minmax(values, smallest, largest);
  }
  if (work) gsl_eigen_symm_free(work);
  if (values) gsl_vector_free(values);
  if (copy) gsl_matrix_free(copy);
  if (!there) WL_FAIL(WL_ERROR_MEMORY, "finite networks: no memory for the eigenvalues of theta");
  return WL_OK;
}

/* What gradient flow has made of a mode: (1 − e^{−time λ})/λ */
static double flow_of(double time, double lambda) {
  return lambda == 0.0 ? time : -expm1(-time * lambda) / lambda;
}

/* S = U Λ Uᵀ becomes U f(Λ) Uᵀ, by way of the columns of U times f. */
static void rebuild(int64_t n, double time, const gsl_matrix *U, const gsl_vector *lambda, double *S) {
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j <= i; j++) {
      double sum = 0.0;
      for (int64_t k = 0; k < n; k++)
        sum += U->data[i * n + k] * flow_of(time, lambda->data[k]) * U->data[j * n + k];
      S[i * n + j] = S[j * n + i] = sum;
    }
}

wl_error wl_dense_flow(int64_t n, double time, double *S) {
  gsl_matrix *U = gsl_matrix_alloc((size_t)n, (size_t)n), *copy = gsl_matrix_alloc((size_t)n, (size_t)n);
  gsl_vector *lambda = gsl_vector_alloc((size_t)n);
  gsl_eigen_symmv_workspace *work = gsl_eigen_symmv_alloc((size_t)n);
  const bool there = U && copy && lambda && work;
  if (there) {
    memcpy(copy->data, S, sizeof(double) * (size_t)(n * n));
    gsl_eigen_symmv(copy, lambda, U, work);
    rebuild(n, time, U, lambda, S);
  }
  if (work) gsl_eigen_symmv_free(work);
  if (lambda) gsl_vector_free(lambda);
  if (copy) gsl_matrix_free(copy);
  if (U) gsl_matrix_free(U);
  if (!there) WL_FAIL(WL_ERROR_MEMORY, "finite networks: no memory for the eigenvectors of theta");
  return WL_OK;
}
