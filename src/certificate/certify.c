/*
 * The phases of a certification: exact part with κ, replicates with κ, both with κ + κ_g where RND's target is another network,
 * exact part with Θ⁻ and Θ, replicates with Θ⁻, tests.
 */
#include "certificate/certifier.h"

#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "dist/scalapack.h"
#include "linalg/factorize.h"
#include "linalg/probes.h"
#include "sampling/columns.h"

/* ---- names -------------------------------------------------------------------------------------------------- */

static const struct {
  const char *name, *text;
  int claim;
} test_table[WL_TEST_COUNT] = {
#define ENTRY(NAME, name, claim, text) {#name, text, claim},
    WL_TEST_LIST(ENTRY)
#undef ENTRY
};

static bool is_test(wl_test_name test) { return (unsigned)test < WL_TEST_COUNT; }

const char *wl_test_name_of(wl_test_name test) { return is_test(test) ? test_table[test].name : "unknown"; }
const char *wl_test_text(wl_test_name test) { return is_test(test) ? test_table[test].text : "unknown"; }
int wl_test_claim(wl_test_name test) { return is_test(test) ? test_table[test].claim : 0; }

const char *wl_claim_text(int claim, bool other_target) {
  if (claim == 1 && other_target) return "RND error and members, each by a law of its own";
  static const char *const texts[] = {
      "squared RND error = ensemble variance", "Bayesian RND error = centred posterior",
      "mean + Bayesian RND head = posterior sample", "covariances and solve, exactly"};
  return claim >= 1 && claim <= WL_CLAIM_COUNT ? texts[claim - 1] : "unknown";
}

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

static void scale_matrix(wl_matrix *h, double factor) {
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
  scale_matrix(in->covariance, factor);
  take_law(&c->law[WL_LAW_ENSEMBLE], "ensemble", in->covariance, WL_TRIANGLE_UPPER, factor, in->ensemble_variance);
  take_law(&c->law[WL_LAW_POSTERIOR], "posterior", in->covariance, WL_TRIANGLE_LOWER, factor,
           in->posterior_variance);
  if (!in->rnd_covariance) return;
  scale_matrix(in->rnd_covariance, factor);
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

/* h ← h − mean (of output j, where it has one) + √τ ξ. */
static void look_through_noise(const wl_certifier *c, wl_stream stream, int64_t first, int output, double tau,
                               wl_matrix *h) {
  const double deviation = sqrt(tau);
  for (int64_t jl = 0; jl < h->local_columns; jl++) {
    const uint64_t draw = (uint64_t)(first + wl_matrix_global_column(h, jl));
    for (int64_t il = 0; il < h->local_rows; il++) {
      double *x = &h->data[il + jl * h->ld];
      if (output >= 0) *x -= c->mean[output * h->local_rows + il];
      *x += deviation *
            wl_random_normal(c->options->joint.seed, stream, draw, (uint64_t)wl_matrix_global_row(h, il));
    }
  }
}

/* pairs[row + …][column + …] += Aᵀ B, on rank 0; `size` is the order of the square of pairs. */
static wl_error add_products(const wl_matrix *a, const wl_matrix *b, int64_t row, int64_t column, int64_t size,
                             double *pairs) {
  const bool root = a->grid->rank == 0;
  wl_matrix *product = NULL;
  WL_TRY(wl_matrix_create(a->grid, a->columns, b->columns, &product));
  double *piece = numbers(root ? a->columns * b->columns : 0);
  wl_error error = piece ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "certificate: out of memory");
  error = wl_error_agree(a->grid->comm, error);
  if (error == WL_OK) {
    wl_gemm_transposed(a, b, product);
    error = wl_matrix_get(product, 0, 0, a->columns, b->columns, piece);
  }
  if (error == WL_OK && root)
    for (int64_t j = 0; j < b->columns; j++)
      for (int64_t i = 0; i < a->columns; i++) pairs[(row + i) * size + column + j] += piece[i + j * a->columns];
  free(piece);
  wl_matrix_destroy(&product);
  return error;
}

/* All pairs among the columns of two matrices. */
static wl_error add_all_products(const wl_matrix *a, const wl_matrix *b, double *pairs) {
  const int64_t size = a->columns + b->columns;
  WL_TRY(add_products(a, a, 0, 0, size, pairs));
  WL_TRY(add_products(a, b, 0, a->columns, size, pairs));
  return add_products(b, b, a->columns, a->columns, size, pairs);
}

/* ---- replicates --------------------------------------------------------------------------------------------- */

/* K + 1 members, the first half of K Bayesian heads; c outputs take turns. */
static wl_error replicate_functions(wl_certifier *c, int64_t r, wl_matrix *members) {
  const int64_t k = c->options->heads, outputs = c->joint->outputs, output = r % outputs;
  WL_TRY(wl_joint_draw_ensemble(c->joint, (wl_draw_numbers){r * (k + 1) * outputs + output, outputs}, members));
  WL_TRY(wl_matrix_create(members->grid, c->test, k, &c->half[r]));
  WL_TRY(wl_joint_begin_bayesian(c->joint, (wl_draw_numbers){r * k, 1}, c->half[r]));
  look_through_noise(c, WL_STREAM_CERTIFY_ENSEMBLE, r * (k + 1), (int)output,
                     c->certificate->resolution[WL_LAW_ENSEMBLE], members);
  return wl_statistics_add(&c->ensemble, &c->law[WL_LAW_ENSEMBLE], members);
}

/* K RND heads, against their law. */
static wl_error replicate_rnd(wl_certifier *c, int64_t r, wl_matrix *heads) {
  const wl_law *law = wl_certifier_rnd_law(c);
  const int64_t k = c->options->heads;
  const bool halved = !wl_certifier_has_target(c) && c->options->joint.fault != WL_FAULT_NO_HALF;
  WL_TRY(wl_joint_draw_rnd(c->joint, (wl_draw_numbers){r * k, 1}, heads));
  if (halved) scale_matrix(heads, sqrt(0.5)); /* ½ ε² */
  look_through_noise(c, WL_STREAM_CERTIFY_RND, r * k, -1, c->certificate->resolution[law - c->law], heads);
  return wl_statistics_add(&c->rnd, law, heads);
}

/* All of that. Heads with another target come from another kernel, and are seen among themselves (replicates_rnd). */
static wl_error replicate_kappa(wl_certifier *c, int64_t r, wl_matrix *heads, wl_matrix *members) {
  const int64_t k = c->options->heads, size = 2 * k + 1;
  WL_TRY(replicate_functions(c, r, members));
  if (wl_certifier_has_target(c)) return add_products(members, members, k, k, size, c->pairs);
  WL_TRY(replicate_rnd(c, r, heads));
  return add_all_products(heads, members, c->pairs);
}

/* The second half of K Bayesian heads, K posterior draws. */
static wl_error replicate_theta(wl_certifier *c, int64_t r, wl_matrix *draws) {
  const int64_t k = c->options->heads, outputs = c->joint->outputs, output = r % outputs;
  const double tau = c->certificate->resolution[WL_LAW_POSTERIOR];
  const wl_law *law = &c->law[WL_LAW_POSTERIOR];
  wl_matrix *heads = c->half[r];
  WL_TRY(wl_joint_end_bayesian(c->joint, (wl_draw_numbers){r * k, 1}, heads));
  WL_TRY(wl_joint_draw_posterior(c->joint, (wl_draw_numbers){r * k * outputs + output, outputs}, draws));
  look_through_noise(c, WL_STREAM_CERTIFY_BAYESIAN, r * k, -1, tau, heads);
  look_through_noise(c, WL_STREAM_CERTIFY_POSTERIOR, r * k, (int)output, tau, draws);
  WL_TRY(wl_statistics_add(&c->bayesian, law, heads));
  WL_TRY(wl_statistics_add(&c->posterior, law, draws));
  wl_syrk_add(WL_TRIANGLE_LOWER, heads, c->moment);
  WL_TRY(add_all_products(heads, draws, c->bayesian_pairs));
  wl_matrix_destroy(&c->half[r]);
  return WL_OK;
}

static wl_error replicates_kappa(wl_certifier *c) {
  const wl_grid *grid = c->covariance->grid;
  const int64_t m = c->test, count = c->options->replicates, k = c->options->heads;
  wl_matrix *heads = NULL, *members = NULL;
  wl_error error = wl_matrix_create(grid, m, k, &heads);
  if (error == WL_OK) error = wl_matrix_create(grid, m, k + 1, &members);
  if (error == WL_OK) error = wl_statistics_create(c->covariance, count, k, false, &c->rnd);
  if (error == WL_OK) error = wl_statistics_create(c->covariance, count, k, true, &c->ensemble);
  wl_progress progress = wl_progress_begin("certify 1/2", (double)count, 0.0);
  for (int64_t r = 0; r < count && error == WL_OK; r++) {
    error = replicate_kappa(c, r, heads, members);
    if (error == WL_OK) error = wl_joint_poll(c->joint);
    wl_progress_update(&progress, (double)(r + 1));
  }
  wl_progress_end(&progress);
  wl_matrix_destroy(&members);
  wl_matrix_destroy(&heads);
  return error;
}

/* RND heads whose target is another network, where κ + κ_g is factored. */
static wl_error replicates_rnd(wl_certifier *c) {
  const int64_t k = c->options->heads, count = c->options->replicates;
  wl_matrix *heads = NULL;
  WL_TRY(wl_matrix_create(c->covariance->grid, c->test, k, &heads));
  wl_error error = WL_OK;
  for (int64_t r = 0; r < count && error == WL_OK; r++) {
    error = replicate_rnd(c, r, heads);
    if (error == WL_OK) error = add_products(heads, heads, 0, 0, 2 * k + 1, c->pairs);
    if (error == WL_OK) error = wl_joint_poll(c->joint);
  }
  wl_matrix_destroy(&heads);
  return error;
}

static wl_error replicates_theta(wl_certifier *c) {
  const int64_t m = c->test, count = c->options->replicates, k = c->options->heads;
  wl_matrix *draws = NULL;
  wl_error error = wl_matrix_create(c->covariance->grid, m, k, &draws);
  if (error == WL_OK) error = wl_matrix_create(c->covariance->grid, m, m, &c->moment);
  if (error == WL_OK)
    memset(c->moment->data, 0, sizeof(double) * (size_t)(c->moment->ld * c->moment->local_columns));
  if (error == WL_OK) error = wl_statistics_create(c->covariance, count, k, false, &c->bayesian);
  if (error == WL_OK) error = wl_statistics_create(c->covariance, count, k, false, &c->posterior);
  wl_progress progress = wl_progress_begin("certify 2/2", (double)count, 0.0);
  for (int64_t r = 0; r < count && error == WL_OK; r++) {
    error = replicate_theta(c, r, draws);
    if (error == WL_OK) error = wl_joint_poll(c->joint);
    wl_progress_update(&progress, (double)(r + 1));
  }
  wl_progress_end(&progress);
  wl_matrix_destroy(&draws);
  return error;
}

/* ---- the phases --------------------------------------------------------------------------------------------- */

/* The errors of RND where their target is another network: covariance and replicates. */
static wl_error certify_target(wl_certifier *c) {
  if (!wl_certifier_has_target(c)) return WL_OK;
  WL_TRY(wl_exact_target(c)); /* leaves κ + κ_g, which is factored next */
  WL_TRY(wl_joint_factor(c->joint, WL_STAGE_RND));
  WL_TRY(factor_covariance(c, WL_LAW_RND, wl_joint_shift(c->joint, WL_STAGE_RND)));
  return replicates_rnd(c);
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
  WL_TRY(replicates_kappa(c));
  WL_TRY(certify_target(c));
  WL_TRY(wl_exact_solve(c));
  WL_TRY(wl_exact_bayesian(c)); /* leaves Θ⁻, which is factored next */
  wl_matrix_destroy(&c->general);
  wl_matrix_destroy(&c->g);
  WL_TRY(wl_joint_factor(c->joint, WL_STAGE_THETA_LOWER));
  WL_TRY(factor_covariance(c, WL_LAW_POSTERIOR,
                           shift[WL_STAGE_POSTERIOR] + shift[WL_STAGE_KAPPA] + shift[WL_STAGE_THETA_LOWER]));
  WL_TRY(replicates_theta(c));
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
