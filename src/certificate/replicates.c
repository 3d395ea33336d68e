/*
 * The replicates: functions are drawn, seen through noise, and counted.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/random.h"
#include "certificate/certifier.h"
#include "dist/scalapack.h"

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
  double *piece = malloc(sizeof(double) * (size_t)((root ? a->columns * b->columns : 0) + 1));
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
  if (halved) wl_certifier_scale(heads, sqrt(0.5)); /* ½ ε² */
  look_through_noise(c, WL_STREAM_CERTIFY_RND, r * k, -1, c->certificate->resolution[law - c->law], heads);
  return wl_statistics_add(&c->rnd, law, heads);
}

/* All of that. Heads with another target come from another kernel, and are seen among themselves (wl_replicates_rnd). */
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

wl_error wl_replicates_kappa(wl_certifier *c) {
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
wl_error wl_replicates_rnd(wl_certifier *c) {
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

wl_error wl_replicates_theta(wl_certifier *c) {
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
