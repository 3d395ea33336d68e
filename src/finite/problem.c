/*
 * What theory says of one small problem: kernels of all points, the map of training, the laws of the errors.
 */
#include <cblas.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "finite/dense.h"
#include "finite/finite.h"
#include "kernel/network.h"

static double *room(int64_t count) { return calloc((size_t)(count > 0 ? count : 1), sizeof(double)); }

static wl_error allocate(wl_problem *p) {
  const int64_t N = p->all, n = p->train, m = p->test;
  p->x = room(N * p->dimension);
  p->y = room(n * p->outputs);
  p->kappa = room(N * N);
  p->theta = room(N * N);
  p->P = room(m * N);
  p->mean = room(m * p->outputs);
  p->ensemble = room(m * m);
  p->rnd = room(m * m);
  p->posterior = room(m * m);
  p->noise = room(m);
  if (!p->x || !p->y || !p->kappa || !p->theta || !p->P || !p->mean || !p->ensemble || !p->rnd || !p->posterior ||
      !p->noise)
    WL_FAIL(WL_ERROR_MEMORY, "finite networks: no memory for the kernels of %lld points", (long long)N);
  return WL_OK;
}

/* Both kernels of a network at all points, N × N; theta NULL: not wanted. */
static wl_error fill_kernels(const wl_problem *p, const wl_network *network, double *kappa, double *theta) {
  const int64_t N = p->all;
  wl_kernel_points *points = NULL;
  WL_TRY(wl_kernel_points_create(network, N, p->dimension, p->x, NULL, &points));
  double *work = malloc(sizeof(double) * wl_network_tile_work(network, N, N));
  if (work) {
    wl_network_tile((wl_point_range){points, 0, N}, (wl_point_range){points, 0, N}, (wl_tile){kappa, N},
                    (wl_tile){theta, N}, work);
    for (int64_t i = 0; i < N; i++) { /* the diagonal by its closed form */
      kappa[i * N + i] = wl_kernel_points_kappa(points)[i];
      if (theta) theta[i * N + i] = wl_kernel_points_theta(points)[i];
    }
  }
  free(work);
  wl_kernel_points_destroy(&points);
  if (!work) WL_FAIL(WL_ERROR_MEMORY, "finite networks: no memory for the kernels of %lld points", (long long)N);
  return WL_OK;
}

/* S = Θ_XX + ridge I, then its Cholesky factor, or S⁻¹ (I − e^{−tS}) where training stops at t. */
static wl_error fill_system(wl_problem *p, double *S) {
  const int64_t n = p->train;
  for (int64_t j = 0; j < n; j++) {
    memcpy(S + j * n, p->theta + j * p->all, sizeof(double) * (size_t)n);
    S[j * n + j] += p->ridge;
  }
  WL_TRY(wl_dense_extremes(n, S, &p->lambda_min, &p->lambda_max));
  const bool singular = !(p->lambda_min > (double)n * DBL_EPSILON * p->lambda_max);
  p->lambda_min -= p->ridge;
  p->lambda_max -= p->ridge;
  if (p->time > 0.0) return wl_dense_flow(n, p->time, S);
  if (singular || !wl_dense_cholesky(n, S))
    WL_FAIL(WL_ERROR_NUMERICAL,
            "theta of the %lld training points is not positive definite (smallest eigenvalue %.2e); use points "
            "that are further apart, or noise_variance with training: linearized",
            (long long)n, p->lambda_min);
  return WL_OK;
}

/* P = [−A, I] row by row, A = Θ_TX S⁻¹ or Θ_TX S⁻¹ (I − e^{−tS}). */
static wl_error fill_map(wl_problem *p, double *S) {
  const int64_t N = p->all, n = p->train, m = p->test;
  WL_TRY(fill_system(p, S));
  double *row = room(n);
  if (!row) WL_FAIL(WL_ERROR_MEMORY, "finite networks: out of memory");
  for (int64_t t = 0; t < m; t++) {
    const double *right = p->theta + (n + t) * N; /* Θ_Xt */
    memcpy(row, right, sizeof(double) * (size_t)n);
    if (p->time > 0.0)
      cblas_dsymv(CblasColMajor, CblasLower, (blasint)n, 1.0, S, (blasint)n, right, 1, 0.0, row, 1);
    else
      wl_dense_solve(n, S, row);
    for (int64_t i = 0; i < n; i++) p->P[i * m + t] = -row[i];
    p->P[(n + t) * m + t] = 1.0;
    p->noise[t] = p->ridge * cblas_ddot((blasint)n, row, 1, row, 1);
  }
  free(row);
  return WL_OK;
}

/* posterior ← P Θ Pᵀ + ridge A Aᵀ: of the error of Bayesian RND at any time; half: m × N */
static void fill_error_law(wl_problem *p, double *half) {
  const blasint N = (blasint)p->all, n = (blasint)p->train, m = (blasint)p->test;
  cblas_dgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, m, N, N, 1.0, p->P, m, p->theta, N, 0.0, half, m);
  cblas_dgemm(CblasColMajor, CblasNoTrans, CblasTrans, m, m, N, 1.0, half, m, p->P, m, 0.0, p->posterior, m);
  cblas_dgemm(CblasColMajor, CblasNoTrans, CblasTrans, m, m, n, p->ridge, p->P, m, p->P, m, 1.0, p->posterior, m);
}

/* ensemble = P κ Pᵀ;  posterior = Θ_TT − A Θ_XT = [Θ_TX Θ_TT] Pᵀ;  mean = (A Y)ᵀ */
static wl_error fill_laws(wl_problem *p) {
  const blasint N = (blasint)p->all, n = (blasint)p->train, m = (blasint)p->test, c = (blasint)p->outputs;
  double *half = room(p->test * p->all);
  if (!half) WL_FAIL(WL_ERROR_MEMORY, "finite networks: out of memory");
  cblas_dgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, m, N, N, 1.0, p->P, m, p->kappa, N, 0.0, half, m);
  cblas_dgemm(CblasColMajor, CblasNoTrans, CblasTrans, m, m, N, 1.0, half, m, p->P, m, 0.0, p->ensemble, m);
  if (p->time > 0.0)
    fill_error_law(p, half);
  else
    cblas_dgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, m, m, N, 1.0, p->P, m, p->theta + p->train * p->all, N,
                0.0, p->posterior, m);
  cblas_dgemm(CblasColMajor, CblasNoTrans, CblasTrans, c, m, n, -1.0, p->y, c, p->P, m, 0.0, p->mean, c);
  free(half);
  return WL_OK;
}

/* rnd = ensemble + P κ_g Pᵀ, which is twice ensemble where the target is like the predictor. */
static wl_error fill_rnd(wl_problem *p) {
  const int64_t N = p->all, m = p->test;
  for (int64_t i = 0; i < m * m; i++) p->rnd[i] = (p->other_target ? 1.0 : 2.0) * p->ensemble[i];
  if (!p->other_target) return WL_OK;
  double *kappa = room(N * N), *half = room(m * N);
  wl_error error = kappa && half ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "finite networks: out of memory");
  if (error == WL_OK) error = fill_kernels(p, &p->target, kappa, NULL);
  if (error == WL_OK) {
    cblas_dgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, (blasint)m, (blasint)N, (blasint)N, 1.0, p->P,
                (blasint)m, kappa, (blasint)N, 0.0, half, (blasint)m);
    cblas_dgemm(CblasColMajor, CblasNoTrans, CblasTrans, (blasint)m, (blasint)m, (blasint)N, 1.0, half, (blasint)m,
                p->P, (blasint)m, 1.0, p->rnd, (blasint)m);
  }
  free(half);
  free(kappa);
  return error;
}

static wl_error fill(wl_problem *p, const double *x, const double *y) {
  WL_TRY(allocate(p));
  memcpy(p->x, x, sizeof(double) * (size_t)(p->all * p->dimension));
  memcpy(p->y, y, sizeof(double) * (size_t)(p->train * p->outputs));
  WL_TRY(fill_kernels(p, &p->network, p->kappa, p->theta));
  double *S = room(p->train * p->train);
  if (!S) WL_FAIL(WL_ERROR_MEMORY, "finite networks: out of memory");
  const wl_error error = fill_map(p, S);
  free(S);
  WL_TRY(error);
  WL_TRY(fill_laws(p));
  return fill_rnd(p);
}

wl_error wl_problem_create(const wl_network *network, const wl_problem_data *data, double ridge, double time,
                           wl_problem **result) {
  *result = NULL;
  wl_problem *p = calloc(1, sizeof *p);
  if (!p) WL_FAIL(WL_ERROR_MEMORY, "finite networks: out of memory");
  *p = (wl_problem){.network = *network,
                    .target = data->rnd_target ? *data->rnd_target : *network,
                    .other_target = data->rnd_target != NULL,
                    .train = data->train,
                    .test = data->test,
                    .all = data->train + data->test,
                    .dimension = data->dimension,
                    .outputs = data->outputs,
                    .ridge = ridge,
                    .time = time};
  const wl_error error = fill(p, data->x, data->y);
  if (error != WL_OK) wl_problem_destroy(&p);
  *result = p;
  return error;
}

void wl_problem_destroy(wl_problem **pointer) {
  wl_problem *p = *pointer;
  if (!p) return;
  free(p->x);
  free(p->y);
  free(p->kappa);
  free(p->theta);
  free(p->P);
  free(p->mean);
  free(p->ensemble);
  free(p->rnd);
  free(p->posterior);
  free(p->noise);
  free(p);
  *pointer = NULL;
}

wl_error wl_problem_check(const wl_problem *p) {
  const double rounding = (double)p->all * DBL_EPSILON * p->lambda_max / p->lambda_min;
  for (int64_t t = 0; t < p->test; t++) {
    const int64_t i = p->train + t;
    if (p->posterior[t * (p->test + 1)] > rounding * p->theta[i * (p->all + 1)]) return WL_OK;
  }
  WL_FAIL(WL_ERROR_DATA,
          "every test point is settled by the training points: nothing varies there; add test points elsewhere");
}
