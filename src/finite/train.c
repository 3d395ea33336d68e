/*
 * Training: gradient descent, and its linearization in closed form.
 */
#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "finite/dense.h"
#include "finite/finite.h"

/* A residual that grew this much will not come back. */
static const double diverged = 1e6;

wl_trained wl_net_descend(const wl_net *net, const wl_descent *options, int64_t count, const double *x,
                          const double *targets, wl_tape *tape, double *parameters, double *velocity) {
  const int64_t outputs = wl_net_heads(net) * count, size = wl_net_parameters(net);
  wl_trained end = {0};
  double *residual = malloc(sizeof(double) * (size_t)outputs), first = 0.0;
  if (!residual) return (wl_trained){.residual = NAN};
  memset(velocity, 0, sizeof(double) * (size_t)size);
  for (;; end.steps++) {
    wl_net_forward(net, parameters, count, x, tape, residual);
    cblas_daxpy((blasint)outputs, -1.0, targets, 1, residual, 1);
    const double norm = cblas_dnrm2((blasint)outputs, residual, 1);
    if (end.steps == 0) first = norm;
    end.residual = first > 0.0 ? norm / first : 0.0;
    const bool arrived = options->timed && end.steps == options->steps && end.residual < diverged;
    end.converged = arrived || end.residual <= options->residual;
    if (end.converged || end.steps == options->steps || !(end.residual < diverged)) break;
    /* v ← momentum v − step Jᵀ(f − Y), ϑ ← ϑ + v */
    wl_net_step(net, x, tape, residual, options->step, options->momentum, parameters, velocity);
    if (options->idle) options->idle(options->context);
  }
  free(residual);
  return end;
}

/* The columns of Θ̂ that belong to X: rows k·N + i for all points, columns l·n + j. KN × Kn, column-major. */
static void fill_columns(int64_t heads, int64_t train, int64_t all, const double *last, const double *lower,
                         double *columns) {
  const int64_t size = heads * all;
  for (int64_t l = 0; l < heads; l++)
    for (int64_t j = 0; j < train; j++) {
      double *column = columns + (l * train + j) * size;
      memcpy(column, lower + (l * all + j) * size, sizeof(double) * (size_t)size);
      for (int64_t i = 0; i < all; i++) column[l * all + i] += last[j * all + i];
    }
}

/* S, Kn × Kn, from those columns. */
static void fill_system(int64_t heads, int64_t train, int64_t all, const double *columns, double ridge,
                        double *S) {
  const int64_t size = heads * train;
  for (int64_t c = 0; c < size; c++) {
    for (int64_t k = 0; k < heads; k++)
      memcpy(S + c * size + k * train, columns + c * heads * all + k * all, sizeof(double) * (size_t)train);
    S[c * size + c] += ridge;
  }
}

/* a = S⁻¹ r; the relative residual, or infinity where S is not positive definite. Consumes S. */
static double solve(int64_t size, double *S, const double *r, double *a, double *copy, double *rest) {
  memcpy(copy, S, sizeof(double) * (size_t)(size * size));
  memcpy(a, r, sizeof(double) * (size_t)size);
  memcpy(rest, r, sizeof(double) * (size_t)size);
  if (!wl_dense_cholesky(size, S)) return INFINITY;
  wl_dense_solve(size, S, a);
  cblas_dsymv(CblasColMajor, CblasLower, (blasint)size, -1.0, copy, (blasint)size, a, 1, 1.0, rest, 1);
  const double norm = cblas_dnrm2((blasint)size, r, 1);
  return norm > 0.0 ? cblas_dnrm2((blasint)size, rest, 1) / norm : 0.0;
}

/* a = S⁻¹ (I − e^{−time S}) r. Consumes S. Leaves no residual to speak of, or NaN where a is not finite. */
static wl_error flow(int64_t size, double time, double *S, const double *r, double *a, double *residual) {
  WL_TRY(wl_dense_flow(size, time, S));
  cblas_dsymv(CblasColMajor, CblasLower, (blasint)size, 1.0, S, (blasint)size, r, 1, 0.0, a, 1);
  *residual = isfinite(cblas_dnrm2((blasint)size, a, 1)) ? 0.0 : NAN;
  return WL_OK;
}

/* Doubles of all that wl_net_linearized holds for a system of `small` equations and `large` outputs. */
static int64_t linearized_size(int64_t small, int64_t large) {
  return large * small + 2 * small * small + 3 * small + large;
}

double wl_net_linearized_bytes(int64_t heads, int64_t train, int64_t all, double time) {
  const double small = (double)(heads * train),
               eigenvectors = time > 0.0 ? 2.0 * small * small + 6.0 * small : 0.0;
  return (double)sizeof(double) * ((double)linearized_size(heads * train, heads * all) + eigenvectors);
}

wl_error wl_net_linearized(const wl_linearization *linear, const double *targets, double *f, wl_trained *trained) {
  const int64_t heads = linear->heads, train = linear->train, all = linear->all;
  const int64_t small = heads * train, large = heads * all;
  double *work = malloc(sizeof(double) * (size_t)linearized_size(small, large));
  if (!work)
    WL_FAIL(WL_ERROR_MEMORY, "finite networks: no memory for a system of %lld equations", (long long)small);
  double *columns = work, *S = columns + large * small, *copy = S + small * small, *r = copy + small * small;
  double *a = r + small, *rest = a + small, *moved = rest + small;
  for (int64_t k = 0; k < heads; k++)
    for (int64_t i = 0; i < train; i++) r[k * train + i] = targets[i * heads + k] - f[i * heads + k];
  fill_columns(heads, train, all, linear->last, linear->lower, columns);
  fill_system(heads, train, all, columns, linear->ridge, S);
  double residual = NAN;
  wl_error error = WL_OK;
  if (linear->time > 0.0)
    error = flow(small, linear->time, S, r, a, &residual);
  else
    residual = solve(small, S, r, a, copy, rest);
  *trained = (wl_trained){.residual = residual, .converged = residual <= linear->tolerance};
  if (isfinite(residual)) { /* f ← f + Θ̂ a at all points */
    cblas_dgemv(CblasColMajor, CblasNoTrans, (blasint)large, (blasint)small, 1.0, columns, (blasint)large, a, 1,
                0.0, moved, 1);
    for (int64_t k = 0; k < heads; k++)
      for (int64_t i = 0; i < all; i++) f[i * heads + k] += moved[k * all + i];
  }
  free(work);
  return error;
}
