/*
 * From what the last pass of a batch computed to its brackets: how wide they are, and the results.
 */
#include <math.h>
#include <stdlib.h>

#include "dist/collectives.h"
#include "dist/scalapack.h"
#include "inference/iterative_state.h"

typedef wl_iterative_batch batch;

/* ---- widths --------------------------------------------------------------------------------------------------------- */

/* Of targets: this batch's solution, or that of the first. */
static const wl_solved *target_of(const batch *b, wl_prior prior) {
  return b->first ? b->column[prior] + b->tests : b->it->prior[prior].target;
}

static wl_bracket variance_of(const batch *b, wl_quantity quantity, int64_t j) {
  const wl_prior prior = wl_quantity_prior(quantity);
  const wl_solved *column = &b->column[prior][j];
  if (!wl_quantity_is_of_functions(quantity))
    return wl_bracket_posterior(&b->system[prior], column, b->diagonal[prior][j]);
  wl_bracket v =
      wl_bracket_ensemble(&b->system[prior], column, b->diagonal[prior][j], b->ensemble[j], b->largest_kappa);
  const double times = quantity == WL_QUANTITY_RND ? 2.0 : 1.0;
  return (wl_bracket){times * v.low, times * v.high, times * v.value, times * v.rounding};
}

/* What widths of a quantity are relative to. */
static double prior_variance(const batch *b, wl_quantity quantity, int64_t j) {
  const wl_prior prior = wl_quantity_is_of_functions(quantity) ? WL_PRIOR_KAPPA : wl_quantity_prior(quantity);
  const double variance = b->diagonal[prior][j] > 0.0 ? b->diagonal[prior][j] : b->largest_kappa;
  return quantity == WL_QUANTITY_RND ? 2.0 * variance : variance;
}

static void widen(const batch *b, const wl_bracket *bracket, double scale, double *width, double *excess) {
  const double relative = (bracket->high - bracket->low) / scale;
  const double beyond = (bracket->high - bracket->low - bracket->rounding) / scale / b->it->options.tolerance;
  *width = fmax(*width, relative);
  *excess = fmax(*excess, beyond);
}

wl_iterative_widths wl_iterative_batch_widths(const batch *b) {
  wl_iterative_widths w = {0};
  for (int64_t j = 0; j < b->tests; j++) {
    for (int q = 0; q < WL_QUANTITY_COUNT; q++) {
      if (!b->it->options.quantity[q]) continue;
      const wl_bracket v = variance_of(b, (wl_quantity)q, j);
      widen(b, &v, prior_variance(b, (wl_quantity)q, j), &w.variance[q], &w.excess);
    }
    for (int p = 0; p < WL_PRIOR_COUNT; p++)
      for (int64_t k = 0; b->it->prior[p].used && k < b->outputs; k++) {
        const wl_bracket m = wl_bracket_mean(&b->system[p], &b->column[p][j], &target_of(b, (wl_prior)p)[k], 0.0);
        widen(b, &m, b->it->scale[k], &w.mean[p], &w.excess);
      }
  }
  return w;
}

/* ---- results -------------------------------------------------------------------------------------------------------- */

void wl_bracketed_clear(wl_bracketed *b) {
  wl_prediction_clear(&b->best);
  free(b->mean);
  b->mean = NULL;
  for (int q = 0; q < WL_QUANTITY_COUNT; q++) {
    free(b->variance[q]);
    b->variance[q] = NULL;
  }
}

static wl_error result_create(const batch *b, wl_prior prior, int64_t first, wl_bracketed *r) {
  const size_t count = (size_t)b->tests, outputs = (size_t)b->outputs;
  r->best = (wl_prediction){.prior = prior, .first = first, .count = b->tests, .outputs = b->outputs};
  r->best.mean = malloc(sizeof(double) * (count * outputs + 1));
  r->mean = malloc(sizeof(double) * (2 * count * outputs + 1));
  bool good = r->best.mean && r->mean;
  for (int q = 0; q < WL_QUANTITY_COUNT; q++) {
    if (!b->it->options.quantity[q] || wl_quantity_prior((wl_quantity)q) != prior) continue;
    r->best.variance[q] = malloc(sizeof(double) * (count + 1));
    r->variance[q] = malloc(sizeof(double) * (2 * count + 1));
    good = good && r->best.variance[q] && r->variance[q];
  }
  const wl_error error = good ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "solver: no memory for the results");
  return wl_error_agree(b->test->grid->comm, error);
}

static void fill_variances(const batch *b, wl_bracketed *r) {
  for (int q = 0; q < WL_QUANTITY_COUNT; q++)
    for (int64_t j = 0; r->variance[q] && j < b->tests; j++) {
      const wl_bracket v = variance_of(b, (wl_quantity)q, j);
      r->variance[q][2 * j] = v.low;
      r->variance[q][2 * j + 1] = v.high;
      r->best.variance[q][j] = v.value;
    }
}

/* Xᵀ Y + Rᵀ α */
static wl_error fill_means(const batch *b, wl_bracketed *r) {
  const wl_prior prior = r->best.prior;
  const wl_conjugate *c = &b->c[prior];
  const wl_matrix x = wl_matrix_first_columns(c->x, b->tests), residual = wl_matrix_first_columns(c->r, b->tests);
  const int64_t outputs = b->outputs;
  wl_matrix *mean = NULL;
  WL_TRY(wl_matrix_create(x.grid, b->tests, outputs, &mean));
  wl_gemm_transposed(&x, b->it->targets, mean);
  wl_gemm_transposed_add(&residual, b->it->prior[prior].alpha, mean);
  const wl_error error = wl_matrix_gather(mean, r->best.mean);
  wl_matrix_destroy(&mean);
  WL_TRY(error);
  wl_broadcast(x.grid->comm, 0, b->tests * outputs, r->best.mean);
  for (int64_t j = 0; j < b->tests; j++)
    for (int64_t k = 0; k < outputs; k++) {
      const wl_bracket m = wl_bracket_mean(&b->system[prior], &b->column[prior][j], &b->it->prior[prior].target[k],
                                           r->best.mean[j * outputs + k]);
      r->mean[2 * (j * outputs + k)] = m.low;
      r->mean[2 * (j * outputs + k) + 1] = m.high;
    }
  return WL_OK;
}

wl_error wl_iterative_batch_finish(const batch *b, int64_t first, wl_bracketed results[WL_PRIOR_COUNT]) {
  for (int p = 0; p < WL_PRIOR_COUNT; p++) {
    if (!b->it->prior[p].used) continue;
    if (b->first) WL_TRY(wl_iterative_learn(b->it, (wl_prior)p, &b->c[p], b->tests, b->column[p], &b->system[p]));
    WL_TRY(result_create(b, (wl_prior)p, first, &results[p]));
    fill_variances(b, &results[p]);
    WL_TRY(fill_means(b, &results[p]));
  }
  return WL_OK;
}
