#include "inference/lanczos.h"

#include <gsl/gsl_eigen.h>
#include <gsl/gsl_errno.h>
#include <math.h>

/* Squares of residuals below this part of the first are rounding. */
static const double negligible = 1e-26;

static int64_t count_sound(int64_t steps, const double *alpha, const double *beta, int64_t stride) {
  double left = 1.0;
  int64_t k = 0;
  while (k < steps && alpha[k * stride] > 0.0 && left > negligible) left *= beta[k++ * stride];
  return k;
}

static void fill(int64_t steps, const double *alpha, const double *beta, int64_t stride, gsl_matrix *t) {
  gsl_matrix_set_zero(t);
  for (int64_t k = 0; k < steps; k++) {
    const size_t row = (size_t)k;
    const double a = alpha[k * stride], b = beta[k * stride];
    const double before = k > 0 ? beta[(k - 1) * stride] / alpha[(k - 1) * stride] : 0.0;
    gsl_matrix_set(t, row, row, 1.0 / a + before);
    if (k + 1 == steps) continue;
    gsl_matrix_set(t, row, row + 1, sqrt(b) / a);
    gsl_matrix_set(t, row + 1, row, sqrt(b) / a);
  }
}

wl_error wl_lanczos_log(int64_t steps, const double *alpha, const double *beta, int64_t stride, double *value) {
  const int64_t sound = count_sound(steps, alpha, beta, stride);
  *value = 0.0;
  if (sound == 0) return WL_OK;
  const size_t n = (size_t)sound;
  gsl_error_handler_t *handler = gsl_set_error_handler_off(); /* failures come back as NULL and as codes */
  gsl_matrix *t = gsl_matrix_alloc(n, n), *vectors = gsl_matrix_alloc(n, n);
  gsl_vector *lambda = gsl_vector_alloc(n);
  gsl_eigen_symmv_workspace *work = gsl_eigen_symmv_alloc(n);
  wl_error error = WL_OK;
  if (!t || !vectors || !lambda || !work) {
    error = wl_error_set(WL_ERROR_MEMORY, "log determinant: out of memory");
  } else {
    fill(sound, alpha, beta, stride, t);
    if (gsl_eigen_symmv(t, lambda, vectors, work) != GSL_SUCCESS)
      error = wl_error_set(WL_ERROR_NUMERICAL, "log determinant: no eigenvalues of a Lanczos matrix");
    for (size_t k = 0; k < n; k++) {
      const double weight = gsl_matrix_get(vectors, 0, k);
      *value += weight * weight * log(fmax(gsl_vector_get(lambda, k), 1e-300));
    }
  }
  gsl_eigen_symmv_free(work);
  gsl_vector_free(lambda);
  gsl_matrix_free(vectors);
  gsl_matrix_free(t);
  gsl_set_error_handler(handler);
  return error;
}

wl_sampled wl_sampled_of(int count, const double *values) {
  double mean = 0.0, square = 0.0;
  for (int i = 0; i < count; i++) mean += values[i] / count;
  for (int i = 0; i < count; i++) square += (values[i] - mean) * (values[i] - mean);
  return (wl_sampled){mean, sqrt(square / (count - 1) / count)};
}
