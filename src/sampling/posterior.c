/*
 * Posterior draws from the covariance at T alone: L₂₂ L₂₂ᵀ = C + δI by itself, without L₁₁.
 */
#include <math.h>
#include <stdlib.h>

#include "dist/scalapack.h"
#include "linalg/factorize.h"
#include "sampling/columns.h"
#include "sampling/posterior.h"
#include "sampling/shift.h"

struct wl_posterior {
  wl_joint_options options;
  int64_t train, outputs;
  wl_matrix *factor; /* L₂₂ below and on the diagonal, m × m */
  double *mean;      /* A Y on the block rows of this rank, all c columns */
  double shift;
};

/* One factorization: C stays as it is for the next one. */
typedef struct trial {
  wl_engine engine;
  const wl_matrix *covariance;
  const double *variance; /* its diagonal, m */
  wl_matrix *factor;
  double *diagonal; /* room, by local row */
} trial;

static wl_error factor_shifted(void *context, int k, double shift, int64_t *pivot) {
  const trial *t = context;
  (void)k;
  wl_matrix_copy(t->covariance, t->factor);
  for (int64_t il = 0; il < t->factor->local_rows; il++)
    t->diagonal[il] = t->variance[wl_matrix_global_row(t->factor, il)] + shift;
  wl_matrix_set_diagonal(t->factor, t->diagonal);
  const wl_factorize_options options = {.engine = t->engine, .name = "posterior cov."};
  return wl_factorize_with(t->factor, WL_TRIANGLE_LOWER, &options, pivot);
}

static double largest_theta(const wl_points *points) {
  return wl_largest_of_rows(points, wl_kernel_points_theta(points->row));
}

static wl_error fill(wl_posterior *p, const wl_points *train, const wl_points *test, const wl_matrix *covariance,
                     const double *variance, const wl_matrix *mean) {
  WL_TRY(wl_matrix_create(covariance->grid, covariance->rows, covariance->columns, &p->factor));
  double *diagonal = malloc(sizeof(double) * ((size_t)covariance->local_rows + 1));
  p->mean = malloc(sizeof(double) * ((size_t)(mean->local_rows * mean->columns) + 1));
  wl_error error = WL_OK;
  if (!diagonal || !p->mean) error = wl_error_set(WL_ERROR_MEMORY, "posterior: out of memory");
  error = wl_error_agree(covariance->grid->comm, error);
  if (error == WL_OK) {
    wl_spread_columns(mean, p->mean);
    trial t = {p->options.engine, covariance, variance, p->factor, diagonal};
    error = wl_shift_until_factored(train->count + test->count, fmax(largest_theta(train), largest_theta(test)), 0,
                                    "the posterior covariance of the test points", factor_shifted, &t, &p->shift);
  }
  free(diagonal);
  return error;
}

wl_error wl_posterior_create(const wl_joint_options *options, const wl_points *train, const wl_points *test,
                             const wl_matrix *covariance, const double *variance, const wl_matrix *mean,
                             wl_posterior **result) {
  *result = NULL;
  wl_posterior *p = calloc(1, sizeof *p);
  wl_error error = p ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "posterior: out of memory");
  error = wl_error_agree(covariance->grid->comm, error);
  if (error == WL_OK) {
    p->options = *options;
    p->train = train->count;
    p->outputs = mean->columns;
    error = fill(p, train, test, covariance, variance, mean);
  }
  if (error != WL_OK) wl_posterior_destroy(&p);
  *result = p;
  return error;
}

void wl_posterior_destroy(wl_posterior **pointer) {
  wl_posterior *p = *pointer;
  if (!p) return;
  free(p->mean);
  wl_matrix_destroy(&p->factor);
  free(p);
  *pointer = NULL;
}

double wl_posterior_shift(const wl_posterior *p) { return p->shift; }

/* A Y + L₂₂ z */
void wl_posterior_draw(const wl_posterior *p, wl_draw_numbers numbers, wl_matrix *out) {
  const int64_t rows = out->local_rows;
  wl_fill_normal(&p->options, WL_STREAM_POSTERIOR, numbers, p->train, 0, rows, out);
  wl_trmm_left(WL_TRIANGLE_LOWER, WL_NO_TRANS, p->factor, out);
  wl_add_outputs(p->mean, rows, p->outputs, numbers, out);
}
