/*
 * The exact part: Σ and C by their general formulas, from A alone. With G = [W; −I], W = Aᵀ = S⁻¹ Θ_XT,
 *
 *   Gᵀ K G = K_TT + A K_XX Aᵀ − A K_XT − K_TX Aᵀ
 *
 * so K = κ gives Σ, and K = κ + Θ⁻ with σ² on X gives the covariance of Bayesian RND, with no algebra that would turn it
 * into the Schur complement C = Θ_TT − Θ_TX S⁻¹ Θ_XT before numbers come in. The second is the first plus Gᵀ (Θ⁻ + σ²) G.
 *
 * Bounds. S + E = L Lᵀ with |E_ij| ≤ c n ε √(S_ii S_jj) [Higham 2002, Thm 10.3, Demmel], so an entry (s, t) of either side
 * moves by at most c N ε max diag(S) (1 + ‖w_s‖₁)(1 + ‖w_t‖₁): that is the unit in which differences are measured. Sums
 * of N products contribute as much again; the statistic must not exceed 4.
 */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "certificate/certifier.h"
#include "dist/scalapack.h"
#include "linalg/factorize.h"

static void set_test(wl_certifier *c, wl_test_name name, double statistic) {
  static const double bound = 4.0;
  c->certificate->test[name] =
      (wl_test){.statistic = statistic, .p = NAN, .single_p = NAN, .bound = bound, .passed = statistic <= bound};
}

/* G ← [0; I], N × m */
static void fill_border(const wl_certifier *c, wl_matrix *g) {
  for (int64_t jl = 0; jl < g->local_columns; jl++) {
    const int64_t one = c->train + wl_matrix_global_column(g, jl);
    for (int64_t il = 0; il < g->local_rows; il++)
      g->data[il + jl * g->ld] = wl_matrix_global_row(g, il) == one ? 1.0 : 0.0;
  }
}

/* Rows of T ← −I. */
static void fill_minus_identity(const wl_certifier *c, wl_matrix *g) {
  const int64_t train = wl_matrix_local_row(g, c->train);
  for (int64_t jl = 0; jl < g->local_columns; jl++) {
    const int64_t one = c->train + wl_matrix_global_column(g, jl);
    for (int64_t il = train; il < g->local_rows; il++)
      g->data[il + jl * g->ld] = wl_matrix_global_row(g, il) == one ? -1.0 : 0.0;
  }
}

/* 1 + ‖w_t‖₁ for every t, on every rank: the 1-norms of G's columns. */
static void column_weights(const wl_matrix *g, double *weight) {
  memset(weight, 0, sizeof(double) * (size_t)g->columns);
  for (int64_t jl = 0; jl < g->local_columns; jl++)
    for (int64_t il = 0; il < g->local_rows; il++)
      weight[wl_matrix_global_column(g, jl)] += fabs(g->data[il + jl * g->ld]);
  MPI_Allreduce(MPI_IN_PLACE, weight, (int)g->columns, MPI_DOUBLE, MPI_SUM, g->grid->comm);
}

static double largest(const wl_grid *grid, double value) {
  MPI_Allreduce(MPI_IN_PLACE, &value, 1, MPI_DOUBLE, MPI_MAX, grid->comm);
  return value;
}

/* ε N times the largest entry of the diagonals of S, Θ_TT, and where the target's kernel is in it, of κ_g. */
static double unit(const wl_certifier *c, bool target) {
  return (double)(c->train + c->test) * DBL_EPSILON * (target ? fmax(c->largest, c->largest_target) : c->largest);
}

/* max |law − b| within its triangle, whose diagonal is law->variance, in units of the bound. NaN counts as infinite. Without a
 * law, b holds the differences, below and on the diagonal. */
static double scaled_difference(const wl_certifier *c, const wl_law *law, const wl_matrix *b) {
  const bool lower = !law || law->triangle == WL_TRIANGLE_LOWER, target = law == &c->law[WL_LAW_RND];
  double worst = 0.0;
  for (int64_t jl = 0; jl < b->local_columns; jl++)
    for (int64_t il = 0; il < b->local_rows; il++) {
      const int64_t i = wl_matrix_global_row(b, il), j = wl_matrix_global_column(b, jl);
      if (lower ? i < j : i > j) continue;
      const double other = !law ? 0.0 : i == j ? law->variance[i] : law->matrix->data[il + jl * law->matrix->ld];
      const double scaled = fabs(b->data[il + jl * b->ld] - other) / (c->weight[i] * c->weight[j]);
      if (!(scaled <= worst)) worst = isfinite(scaled) ? scaled : INFINITY;
    }
  return largest(b->grid, worst) / unit(c, target);
}

/* max |scale · variance_t − general_tt| in units of the bound, where there are such variances. */
static double diagonal_difference(const wl_certifier *c, double scale, const double *variance) {
  const wl_matrix *b = c->general;
  double worst = 0.0;
  for (int64_t jl = 0; variance && jl < b->local_columns; jl++)
    for (int64_t il = 0; il < b->local_rows; il++) {
      const int64_t i = wl_matrix_global_row(b, il);
      if (i != wl_matrix_global_column(b, jl)) continue;
      const double scaled = fabs(b->data[il + jl * b->ld] - scale * variance[i]) / (c->weight[i] * c->weight[i]);
      if (!(scaled <= worst)) worst = isfinite(scaled) ? scaled : INFINITY;
    }
  return largest(b->grid, worst) / unit(c, false);
}

/* Largest entries of the diagonals of S and Θ_TT, and of κ_g. */
static void find_largest(wl_certifier *c) {
  const wl_joint *j = c->joint;
  c->largest = wl_largest_of_rows(j->points, wl_kernel_points_theta(j->points->row)) + j->options.noise_variance +
               j->options.jitter;
  if (j->target) c->largest_target = wl_largest_of_rows(j->target, wl_kernel_points_kappa(j->target->row));
}

/* ‖G‖₂² by the power method on Gᵀ G: from below, within a few per cent after as many steps; taken half as large again. */
static wl_error estimate_norm(wl_certifier *c) {
  wl_matrix *x = NULL, *y = NULL;
  wl_error error = wl_matrix_create(c->g->grid, c->g->columns, 1, &x);
  if (error == WL_OK) error = wl_matrix_create(c->g->grid, c->g->rows, 1, &y);
  if (error == WL_OK) {
    for (int64_t il = 0; il < x->local_rows && x->local_columns > 0; il++)
      x->data[il] =
          wl_random_normal(c->joint->options.seed, WL_STREAM_PROBE, (uint64_t)wl_matrix_global_row(x, il), 0);
    for (int step = 0; step < 20; step++) {
      double sum = 0.0;
      for (int64_t k = 0; k < x->local_rows * x->local_columns; k++) sum += x->data[k] * x->data[k];
      MPI_Allreduce(MPI_IN_PLACE, &sum, 1, MPI_DOUBLE, MPI_SUM, x->grid->comm);
      const double length = sqrt(sum);
      for (int64_t k = 0; k < x->local_rows * x->local_columns; k++) x->data[k] /= length;
      c->norm = 1.5 * fmax(1.0, step > 0 ? length : 1.0);
      wl_gemm(c->g, x, y);
      wl_gemm_transposed(c->g, y, x);
    }
  }
  wl_matrix_destroy(&y);
  wl_matrix_destroy(&x);
  return error;
}

/* C + δ I − L₂₂ L₂₂ᵀ, from the rows of T of Lᵀ [0; I] = [L₂₁ᵀ; L₂₂ᵀ]. */
static wl_error check_border(wl_certifier *c, const wl_matrix *border) {
  wl_matrix *difference = NULL;
  const wl_law *law = &c->law[WL_LAW_POSTERIOR];
  double *diagonal = malloc(sizeof(double) * (size_t)(c->covariance->local_rows + 1));
  wl_error error = diagonal ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "certificate: out of memory");
  error = wl_error_agree(c->g->grid->comm, error);
  if (error == WL_OK) error = wl_matrix_create(c->g->grid, c->test, c->test, &difference);
  if (error == WL_OK) {
    wl_matrix_copy(c->covariance, difference);
    for (int64_t il = 0; il < difference->local_rows; il++)
      diagonal[il] = law->diagonal[il] + wl_joint_shift(c->joint, WL_STAGE_POSTERIOR);
    wl_matrix_set_diagonal(difference, diagonal);
    wl_syrk_transposed(WL_TRIANGLE_LOWER, border, difference);
    set_test(c, WL_TEST_EXACT_BORDER, scaled_difference(c, NULL, difference));
  }
  wl_matrix_destroy(&difference);
  free(diagonal);
  return error;
}

wl_error wl_exact_begin(wl_certifier *c) {
  const wl_grid *grid = c->covariance->grid;
  WL_TRY(wl_matrix_create(grid, c->train + c->test, c->test, &c->g));
  fill_border(c, c->g);
  find_largest(c);
  wl_joint_use_lower(c->joint);
  wl_trmm_left(WL_TRIANGLE_LOWER, WL_TRANS, c->joint->gram, c->g); /* [V; L₂₂ᵀ] */
  wl_matrix *border = NULL;
  WL_TRY(wl_matrix_create(grid, c->test, c->test, &border));
  wl_rows_from(c->train, c->g, border);
  wl_trsm_leading(WL_TRIANGLE_LOWER, WL_TRANS, c->train, c->joint->gram, c->g); /* V becomes W */
  fill_minus_identity(c, c->g);
  column_weights(c->g, c->weight);
  wl_error error = check_border(c, border);
  wl_matrix_destroy(&border);
  return error == WL_OK ? estimate_norm(c) : error;
}

/* D ← C − Σ + k m u diag(1 + ‖w_t‖₁)² below and on the diagonal, u the unit; `transposed` has Σ there. */
static void fill_order(const wl_certifier *c, const wl_matrix *transposed, double k, double *diagonal,
                       wl_matrix *d) {
  const double *posterior = c->law[WL_LAW_POSTERIOR].variance, *ensemble = c->law[WL_LAW_ENSEMBLE].variance;
  const double shift = k * (double)c->test * unit(c, false);
  for (int64_t e = 0; e < d->ld * d->local_columns; e++) d->data[e] = c->covariance->data[e] - transposed->data[e];
  for (int64_t il = 0; il < d->local_rows; il++) {
    const int64_t t = wl_matrix_global_row(d, il);
    diagonal[il] = posterior[t] - ensemble[t] + shift * c->weight[t] * c->weight[t];
  }
  wl_matrix_set_diagonal(d, diagonal);
}

/*
 * Σ ⪯ C: with the same A, C − Σ = V_A[Θ⁻] + (σ² + jitter) A Aᵀ ⪰ 0 wherever Θ⁻ = Θ − κ ⪰ 0 over X and T, as it is of any network
 * here. Entries err by no more than 4 u (1 + ‖w_s‖₁)(1 + ‖w_t‖₁), a matrix that is at most 4 m u diag(1 + ‖w_t‖₁)²: with
 * as much on its diagonal, C − Σ has a Cholesky factor. The statistic is the first of 0, 1, 4 times m u that does it.
 */
wl_error wl_exact_order(wl_certifier *c) {
  static const double multiples[] = {0.0, 1.0, 4.0};
  wl_matrix *d = NULL, *transposed = NULL;
  double *diagonal = malloc(sizeof(double) * (size_t)(c->covariance->local_rows + 1)), statistic = INFINITY;
  wl_error error = diagonal ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "certificate: out of memory");
  WL_GOTO(error, done, wl_error_agree(c->covariance->grid->comm, error));
  WL_GOTO(error, done, wl_matrix_create(c->covariance->grid, c->test, c->test, &d));
  WL_GOTO(error, done, wl_matrix_create(c->covariance->grid, c->test, c->test, &transposed));
  wl_transpose(c->covariance, transposed);
  for (size_t k = 0; k < sizeof multiples / sizeof *multiples && isinf(statistic); k++) {
    int64_t pivot;
    fill_order(c, transposed, multiples[k], diagonal, d);
    WL_GOTO(error, done, wl_factorize(d, WL_TRIANGLE_LOWER, "posterior - ensemble", &pivot));
    if (pivot < 0) statistic = multiples[k];
  }
  set_test(c, WL_TEST_EXACT_ORDER, statistic);
done:
  wl_matrix_destroy(&transposed);
  wl_matrix_destroy(&d);
  free(diagonal);
  return error;
}

/* general ← general + Gᵀ K G with K in the upper triangle of the joint array. */
static wl_error add_general(wl_certifier *c, wl_matrix *general) {
  wl_matrix *d = NULL, *product = NULL;
  wl_error error = wl_matrix_create(c->g->grid, c->g->rows, c->g->columns, &d);
  if (error == WL_OK) error = wl_matrix_create(c->g->grid, c->test, c->test, &product);
  if (error == WL_OK) {
    wl_joint_use_upper(c->joint);
    wl_symm_left(WL_TRIANGLE_UPPER, 1.0, c->joint->gram, c->g, 0.0, d);
    wl_gemm_transposed(c->g, d, product);
    for (int64_t k = 0; k < product->ld * product->local_columns; k++) general->data[k] += product->data[k];
  }
  wl_matrix_destroy(&product);
  wl_matrix_destroy(&d);
  return error;
}

static wl_error create_general(const wl_certifier *c, wl_matrix **general) {
  WL_TRY(wl_matrix_create(c->g->grid, c->test, c->test, general));
  memset((*general)->data, 0, sizeof(double) * (size_t)((*general)->ld * (*general)->local_columns));
  return WL_OK;
}

wl_error wl_exact_rnd(wl_certifier *c) {
  WL_TRY(create_general(c, &c->general));
  WL_TRY(wl_joint_fill_upper(c->joint, (wl_kernel_weights){.kappa = 1.0}, 0.0, 0.0));
  WL_TRY(add_general(c, c->general));
  const double *rnd = wl_certifier_has_target(c) ? NULL : c->input->rnd_variance;
  set_test(c, WL_TEST_EXACT_RND,
           fmax(scaled_difference(c, &c->law[WL_LAW_ENSEMBLE], c->general), diagonal_difference(c, 0.5, rnd)));
  return WL_OK;
}

wl_error wl_exact_target(wl_certifier *c) {
  const bool own = c->joint->options.fault == WL_FAULT_OWN_TARGET;
  const wl_kernel_weights weights = {.kappa = own ? 2.0 : 1.0, .target = own ? 0.0 : 1.0};
  wl_matrix *general = NULL;
  wl_error error;
  WL_GOTO(error, done, create_general(c, &general));
  WL_GOTO(error, done, wl_joint_fill_upper(c->joint, weights, 0.0, 0.0));
  WL_GOTO(error, done, add_general(c, general));
  set_test(
      c, WL_TEST_EXACT_RND,
      fmax(c->certificate->test[WL_TEST_EXACT_RND].statistic, scaled_difference(c, &c->law[WL_LAW_RND], general)));
done:
  wl_matrix_destroy(&general);
  return error;
}

wl_error wl_exact_bayesian(wl_certifier *c) {
  const wl_joint_options *o = &c->joint->options;
  const bool plain = o->fault == WL_FAULT_PLAIN_TARGET, quiet = o->fault == WL_FAULT_NO_NOISE;
  const double noise = quiet ? 0.0 : o->noise_variance + o->jitter;
  const wl_kernel_weights weights = {.kappa = plain ? 1.0 : -1.0, .theta = plain ? 0.0 : 1.0};
  WL_TRY(wl_joint_fill_upper(c->joint, weights, noise, 0.0));
  WL_TRY(add_general(c, c->general));
  set_test(c, WL_TEST_EXACT_BAYESIAN,
           fmax(scaled_difference(c, &c->law[WL_LAW_POSTERIOR], c->general),
                diagonal_difference(c, 1.0, c->input->bayesian_variance)));
  return WL_OK;
}

/* max over t and X of |S W − Θ_XT|, in units of N ε max diag(S) (1 + ‖w_t‖₁): the rows of X of [S Θ_XT; …] G. */
wl_error wl_exact_solve(wl_certifier *c) {
  const wl_joint_options *o = &c->joint->options;
  wl_matrix *d = NULL;
  WL_TRY(wl_joint_fill_upper(c->joint, (wl_kernel_weights){.theta = 1.0}, o->noise_variance + o->jitter, 0.0));
  WL_TRY(wl_matrix_create(c->g->grid, c->g->rows, c->g->columns, &d));
  wl_joint_use_upper(c->joint);
  wl_symm_left(WL_TRIANGLE_UPPER, 1.0, c->joint->gram, c->g, 0.0, d);
  const int64_t train = wl_joint_local_train(c->joint);
  double worst = 0.0;
  for (int64_t jl = 0; jl < d->local_columns; jl++)
    for (int64_t il = 0; il < train; il++) {
      const double scaled = fabs(d->data[il + jl * d->ld]) / c->weight[wl_matrix_global_column(d, jl)];
      if (!(scaled <= worst)) worst = isfinite(scaled) ? scaled : INFINITY;
    }
  worst = largest(d->grid, worst) / unit(c, false);
  set_test(c, WL_TEST_EXACT_SOLVE, worst);
  wl_matrix_destroy(&d);
  return WL_OK;
}
