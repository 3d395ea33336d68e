#include "inference/spectrum.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dist/scalapack.h"

void wl_spectrum_clear(wl_spectrum *s) {
  wl_matrix_destroy(&s->targets);
  wl_eigen_clear(&s->theta);
  wl_matrix_destroy(&s->gram);
  *s = (wl_spectrum){0};
}

wl_error wl_spectrum_create(const wl_spectrum_options *options, const wl_points *train, const wl_matrix *targets,
                            wl_spectrum *s) {
  *s = (wl_spectrum){.train = train, .y = targets, .kappa = options->kappa};
  s->how = (wl_eigen_options){.name = "theta",
                              .seed = options->seed,
                              .vectors = options->vectors,
                              .context = options->context,
                              .between = options->between};
  WL_TRY(wl_matrix_create(train->grid, train->count, train->count, &s->gram));
  WL_TRY(wl_gram_symmetric(train, options->kappa ? WL_GRAM_BOTH : WL_GRAM_THETA, s->gram));
  WL_TRY(wl_eigen_decompose(s->gram, WL_TRIANGLE_LOWER, &s->how, &s->theta));
  if (!options->vectors) return WL_OK;
  WL_TRY(wl_matrix_create(targets->grid, targets->rows, targets->columns, &s->targets));
  wl_gemm_transposed(s->theta.vectors, targets, s->targets);
  return WL_OK;
}

wl_error wl_spectrum_kappa(wl_spectrum *s, wl_eigen *kappa) {
  *kappa = (wl_eigen){0};
  if (!s->kappa) WL_FAIL(WL_ERROR_USAGE, "the spectrum of kappa: its matrix is not there");
  s->kappa = false;
  wl_eigen_options how = s->how;
  how.name = "kappa";
  how.vectors = false;
  wl_matrix_set_diagonal(s->gram, wl_kernel_points_kappa(s->train->row));
  return wl_eigen_decompose(s->gram, WL_TRIANGLE_UPPER, &how, kappa);
}

double wl_eigen_rounding(const wl_eigen *e, int64_t n) { return (double)n * DBL_EPSILON * e->values[n - 1]; }

double wl_effective_dimension(const wl_eigen *e, int64_t n, double s) {
  double sum = 0.0;
  for (int64_t j = 0; j < n; j++) sum += e->values[j] / (e->values[j] + s);
  return sum;
}

double wl_information_gain(const wl_eigen *e, int64_t n, double s) {
  double sum = 0.0;
  for (int64_t j = 0; j < n; j++) sum += 0.5 * log1p(e->values[j] / s);
  return sum;
}

/* ---- a noise level ----------------------------------------------------------------------------------------------- */

static wl_error check_noise(const wl_spectrum *s, double noise, double shift) {
  const int64_t n = s->train->count;
  const double least = s->theta.values[0] + shift, rounding = wl_eigen_rounding(&s->theta, n);
  if (!s->targets) WL_FAIL(WL_ERROR_USAGE, "a noise level needs eigenvectors");
  if (!(noise > 0.0) || !isfinite(noise))
    WL_FAIL(WL_ERROR_USAGE, "a noise level of %g: it must be above 0", noise);
  if (least > rounding) return WL_OK;
  WL_FAIL(WL_ERROR_NUMERICAL,
          "noise_path: %g is too little: the smallest eigenvalue of theta, %.3g, is not above the rounding of the "
          "largest, %.1e, and so nothing is known of theta with that noise; use noise above %.1e",
          noise, s->theta.values[0], rounding, rounding - fmin(s->theta.values[0], 0.0));
}

/* −½ Σ (Uᵀy)ⱼ²/(λⱼ + s) − ½ Σ log (λ + s) − ½ n log 2π */
static void likelihoods(const wl_spectrum *s, double shift, double *result) {
  const wl_matrix *g = s->targets;
  double constant = (double)g->rows * log(2.0 * M_PI);
  for (int64_t j = 0; j < g->rows; j++) constant += log(s->theta.values[j] + shift);
  memset(result, 0, sizeof(double) * (size_t)g->columns);
  for (int64_t jl = 0; jl < g->local_columns; jl++)
    for (int64_t il = 0; il < g->local_rows; il++) {
      const double x = g->data[il + jl * g->ld];
      result[wl_matrix_global_column(g, jl)] += x * x / (s->theta.values[wl_matrix_global_row(g, il)] + shift);
    }
  MPI_Allreduce(MPI_IN_PLACE, result, (int)g->columns, MPI_DOUBLE, MPI_SUM, g->grid->comm);
  for (int64_t j = 0; j < g->columns; j++) result[j] = -0.5 * (result[j] + constant);
}

/* d_i = [S⁻¹]_ii = Σ U_ij²/(λⱼ + s), by local row. */
static void inverse_diagonal(const wl_spectrum *s, double shift, double *d) {
  const wl_matrix *u = s->theta.vectors;
  memset(d, 0, sizeof(double) * (size_t)u->local_rows);
  for (int64_t jl = 0; jl < u->local_columns; jl++) {
    const double weight = 1.0 / (s->theta.values[wl_matrix_global_column(u, jl)] + shift);
    const double *column = u->data + jl * u->ld;
    for (int64_t il = 0; il < u->local_rows; il++) d[il] += weight * column[il] * column[il];
  }
  MPI_Allreduce(MPI_IN_PLACE, d, (int)u->local_rows, MPI_DOUBLE, MPI_SUM, u->grid->row_comm);
}

/* S⁻¹ Y = U (Λ + s)⁻¹ (Uᵀ Y) */
static wl_error solve_targets(const wl_spectrum *s, double shift, wl_matrix **solution) {
  const wl_matrix *g = s->targets;
  wl_matrix *scaled = NULL;
  wl_error error = wl_matrix_create(g->grid, g->rows, g->columns, &scaled);
  if (error == WL_OK) error = wl_matrix_create(g->grid, g->rows, g->columns, solution);
  if (error == WL_OK) {
    for (int64_t jl = 0; jl < g->local_columns; jl++)
      for (int64_t il = 0; il < g->local_rows; il++)
        scaled->data[il + jl * scaled->ld] =
            g->data[il + jl * g->ld] / (s->theta.values[wl_matrix_global_row(g, il)] + shift);
    wl_gemm(s->theta.vectors, scaled, *solution);
  }
  wl_matrix_destroy(&scaled);
  return error;
}

static void leave_out(const wl_matrix *solution, const double *d, double jitter, wl_noise_point *point) {
  double sums[2] = {0.0, 0.0};
  for (int64_t jl = 0; jl < solution->local_columns; jl++)
    for (int64_t il = 0; il < solution->local_rows; il++) {
      const double r = solution->data[il + jl * solution->ld] / d[il], v = 1.0 / d[il] - jitter;
      sums[0] += r * r;
      sums[1] -= 0.5 * (log(2.0 * M_PI * v) + r * r / v);
    }
  MPI_Allreduce(MPI_IN_PLACE, sums, 2, MPI_DOUBLE, MPI_SUM, solution->grid->comm);
  point->loo_rmse = sqrt(sums[0] / ((double)solution->rows * (double)solution->columns));
  point->loo_log_density = sums[1];
}

wl_error wl_spectrum_at_noise(const wl_spectrum *s, double noise, double jitter, wl_noise_point *point,
                              double *likelihood) {
  const double shift = noise + jitter;
  WL_TRY(check_noise(s, noise, shift));
  wl_matrix *solution = NULL;
  double *d = malloc(sizeof(double) * (size_t)(s->gram->local_rows + 1));
  wl_error error = d ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "noise path: out of memory");
  WL_GOTO(error, done, wl_error_agree(s->gram->grid->comm, error));
  WL_GOTO(error, done, solve_targets(s, shift, &solution));
  inverse_diagonal(s, shift, d);
  *point = (wl_noise_point){.noise = noise,
                            .effective_dimension = wl_effective_dimension(&s->theta, s->train->count, shift),
                            .information_gain = wl_information_gain(&s->theta, s->train->count, shift)};
  likelihoods(s, shift, likelihood);
  leave_out(solution, d, jitter, point);
done:
  wl_matrix_destroy(&solution);
  free(d);
  return error;
}
