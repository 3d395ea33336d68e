/*
 * The phases of a certification: exact part with κ, replicates with κ, both with κ + κ_g where RND's target is another network,
 * exact part with Θ⁻ and Θ, replicates with Θ⁻, tests.
 */
#include "certificate/certifier.h"

#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "dist/scalapack.h"
#include "linalg/factorize.h"
#include "linalg/probes.h"
#include "sampling/columns.h"

/* ---- lifetime ----------------------------------------------------------------------------------------------- */

static void certifier_destroy(wl_certifier *c) {
  for (int64_t r = 0; c->half && r < c->options->replicates; r++) wl_matrix_destroy(&c->half[r]);
  free(c->half);
  wl_statistics_destroy(&c->rnd);
  wl_statistics_destroy(&c->ensemble);
  wl_statistics_destroy(&c->bayesian);
  wl_statistics_destroy(&c->posterior);
  for (int l = 0; l < WL_LAWS; l++) {
    free(c->law[l].variance);
    free(c->law[l].diagonal);
    free(c->law[l].scale);
  }
  double *const arrays[] = {c->weight, c->mean, c->pairs, c->bayesian_pairs};
  for (size_t k = 0; k < sizeof arrays / sizeof *arrays; k++) free(arrays[k]);
  wl_matrix_destroy(&c->moment);
  wl_matrix_destroy(&c->general);
  wl_matrix_destroy(&c->g);
  wl_joint_destroy(&c->joint);
}

static double *numbers(int64_t count) { return calloc((size_t)count + 1, sizeof(double)); }

static wl_error allocate(wl_certifier *c) {
  const int64_t rows = c->covariance->local_rows, m = c->test, k = c->options->heads, both = 2 * k + 1;
  const bool root = c->covariance->grid->rank == 0;
  c->half = calloc((size_t)c->options->replicates, sizeof(wl_matrix *));
  bool laws = true;
  for (int l = 0; l < WL_LAWS; l++) {
    c->law[l].variance = numbers(m);
    c->law[l].diagonal = numbers(rows);
    c->law[l].scale = numbers(rows);
    laws = laws && c->law[l].variance && c->law[l].diagonal && c->law[l].scale;
  }
  c->weight = numbers(m);
  c->mean = numbers(rows * c->input->mean->columns);
  c->pairs = numbers(root ? both * both : 0);
  c->bayesian_pairs = numbers(root ? 4 * k * k : 0);
  wl_error error = WL_OK;
  if (!c->half || !laws || !c->weight || !c->mean || !c->pairs || !c->bayesian_pairs)
    error = wl_error_set(WL_ERROR_MEMORY, "certificate: out of memory");
  return wl_error_agree(c->covariance->grid->comm, error);
}

void wl_certifier_scale(wl_matrix *h, double factor) {
  for (int64_t k = 0; k < h->ld * h->local_columns; k++) h->data[k] *= factor;
}

static void take_law(wl_law *law, const char *name, wl_matrix *matrix, wl_triangle triangle, double factor,
                     const double *variance) {
  law->name = name;
  law->matrix = matrix;
  law->triangle = triangle;
  for (int64_t t = 0; t < matrix->rows; t++) law->variance[t] = factor * variance[t];
  for (int64_t il = 0; il < matrix->local_rows; il++)
    law->diagonal[il] = law->variance[wl_matrix_global_row(matrix, il)];
}

/* The analytic side, 2 % too large where that is the fault. */
static void take_covariances(wl_certifier *c) {
  const wl_certifier_input *in = c->input;
  const double factor = c->options->joint.fault == WL_FAULT_COVARIANCE ? 1.02 : 1.0;
  wl_certifier_scale(in->covariance, factor);
  take_law(&c->law[WL_LAW_ENSEMBLE], "ensemble", in->covariance, WL_TRIANGLE_UPPER, factor, in->ensemble_variance);
  take_law(&c->law[WL_LAW_POSTERIOR], "posterior", in->covariance, WL_TRIANGLE_LOWER, factor,
           in->posterior_variance);
  if (!in->rnd_covariance) return;
  wl_certifier_scale(in->rnd_covariance, factor);
  take_law(&c->law[WL_LAW_RND], "rnd", in->rnd_covariance, WL_TRIANGLE_UPPER, factor, in->rnd_variance);
}

/* ---- whitening ---------------------------------------------------------------------------------------------- */

/*
 * τ. Shifts add at most s ‖G‖² to any direction, s their sum, hence D m s ‖G‖²/τ to the sum of D m whitened squares, whose
 * deviation is √(2 D m): τ = 20 s ‖G‖² √(D m/2) makes it less than 1/20 of that.
 */
static double choose_resolution(const wl_certifier *c, double shifts) {
  const double count = (double)(c->options->replicates * (c->options->heads + 1) * c->test);
  return 20.0 * shifts * c->norm * sqrt(0.5 * count);
}

/* Σ λ/(λ + τ) = m − τ tr (Σ + τ I)⁻¹, from the factor whose diagonal is in place. */
static wl_error count_directions(const wl_law *law, double tau, double *directions) {
  wl_matrix *inverse = NULL;
  WL_TRY(wl_matrix_create(law->matrix->grid, law->matrix->rows, law->matrix->rows, &inverse));
  for (int64_t jl = 0; jl < inverse->local_columns; jl++)
    for (int64_t il = 0; il < inverse->local_rows; il++)
      inverse->data[il + jl * inverse->ld] =
          wl_matrix_global_row(inverse, il) == wl_matrix_global_column(inverse, jl) ? 1.0 : 0.0;
  wl_trsm_left(law->triangle, wl_trans_of_lower(law->triangle), law->matrix, inverse);
  *directions = fmax(0.0, (double)law->matrix->rows - tau * wl_sum_of_squares(inverse));
  wl_matrix_destroy(&inverse);
  return WL_OK;
}

/* Factors a law's covariance + τ I in its triangle; its diagonal becomes the factor's. */
static wl_error factor_covariance(wl_certifier *c, wl_law_name which, double shifts) {
  wl_law *law = &c->law[which];
  const double tau = choose_resolution(c, shifts);
  int64_t pivot;
  char name[32];
  snprintf(name, sizeof name, "%s cov.", law->name);
  for (int64_t il = 0; il < law->matrix->local_rows; il++) law->scale[il] = law->diagonal[il] += tau;
  wl_matrix_set_diagonal(law->matrix, law->diagonal);
  WL_TRY(wl_factorize(law->matrix, law->triangle, name, &pivot));
  wl_matrix_get_diagonal(law->matrix, law->diagonal);
  c->certificate->resolution[which] = tau;
  for (int64_t t = 0; t < c->test; t++) c->certificate->unresolved[which] += law->variance[t] < tau;
  if (pivot >= 0)
    WL_FAIL(
        WL_ERROR_NUMERICAL,
        "the %s covariance of the test points is not positive semidefinite to rounding (test point %lld, counted "
        "from 1): the kernel matrix is too ill-conditioned, add noise_variance or jitter",
        law->name, (long long)pivot + 1);
  return count_directions(law, tau, &c->certificate->directions[which]);
}

/* ---- the phases --------------------------------------------------------------------------------------------- */

/* The errors of RND where their target is another network: covariance and replicates. */
static wl_error certify_target(wl_certifier *c) {
  if (!wl_certifier_has_target(c)) return WL_OK;
  WL_TRY(wl_exact_target(c)); /* leaves κ + κ_g, which is factored next */
  WL_TRY(wl_joint_factor(c->joint, WL_STAGE_RND));
  WL_TRY(factor_covariance(c, WL_LAW_RND, wl_joint_shift(c->joint, WL_STAGE_RND)));
  return wl_replicates_rnd(c);
}

static wl_error run_phases(wl_certifier *c) {
  WL_TRY(allocate(c));
  wl_spread_columns(c->input->mean, c->mean);
  take_covariances(c);
  WL_TRY(wl_joint_create(&c->options->joint, c->input->points, c->train, c->input->targets, &c->joint));
  const double *shift = c->joint->shift;
  WL_TRY(wl_exact_begin(c));
  WL_TRY(wl_exact_order(c));
  WL_TRY(wl_exact_rnd(c));
  WL_TRY(wl_joint_factor(c->joint, WL_STAGE_KAPPA));
  WL_TRY(factor_covariance(c, WL_LAW_ENSEMBLE, shift[WL_STAGE_KAPPA]));
  WL_TRY(wl_replicates_kappa(c));
  WL_TRY(certify_target(c));
  WL_TRY(wl_exact_solve(c));
  WL_TRY(wl_exact_bayesian(c)); /* leaves Θ⁻, which is factored next */
  wl_matrix_destroy(&c->general);
  wl_matrix_destroy(&c->g);
  WL_TRY(wl_joint_factor(c->joint, WL_STAGE_THETA_LOWER));
  WL_TRY(factor_covariance(c, WL_LAW_POSTERIOR,
                           shift[WL_STAGE_POSTERIOR] + shift[WL_STAGE_KAPPA] + shift[WL_STAGE_THETA_LOWER]));
  WL_TRY(wl_replicates_theta(c));
  c->certificate->shift[0] = shift[WL_STAGE_POSTERIOR];
  c->certificate->shift[1] = shift[WL_STAGE_KAPPA];
  c->certificate->shift[2] = shift[WL_STAGE_THETA_LOWER];
  c->certificate->shift[3] = shift[WL_STAGE_RND];
  return wl_certify_test(c);
}

wl_error wl_certifier_run(const wl_certifier_options *options, const wl_certifier_input *input,
                          wl_certificate *certificate) {
  *certificate = (wl_certificate){.replicates = options->replicates,
                                  .heads = options->heads,
                                  .points = input->points->count - input->train,
                                  .false_alarm = options->false_alarm,
                                  .other_target = input->rnd_covariance != NULL,
                                  .fault = (int)options->joint.fault};
  wl_certifier c = {.options = options,
                    .input = input,
                    .certificate = certificate,
                    .covariance = input->covariance,
                    .train = input->train,
                    .test = input->points->count - input->train};
  gsl_error_handler_t *handler = gsl_set_error_handler_off(); /* a tail that underflows is 0 */
  const wl_error error = run_phases(&c);
  gsl_set_error_handler(handler);
  certifier_destroy(&c);
  return error;
}
