/*
 * One batch: right-hand sides of both priors, the passes that they share, and the brackets.
 */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dist/scalapack.h"
#include "inference/iterative_state.h"
#include "inference/partial_cholesky.h"
#include "inference/variance.h"
#include "kernel/layers.h"

typedef wl_iterative_batch batch;

/* ---- begin ---------------------------------------------------------------------------------------------------------- */

static void batch_destroy(batch *b) {
  for (int p = 0; p < WL_PRIOR_COUNT; p++) {
    wl_conjugate_destroy(&b->c[p]);
    free(b->column[p]);
    free(b->diagonal[p]);
  }
  free(b->ensemble);
  free(b->room);
}

static wl_error make_room(batch *b) {
  const size_t size = sizeof(double) * (size_t)(b->tests + 1);
  bool good = true;
  for (int p = 0; p < WL_PRIOR_COUNT; p++) {
    b->diagonal[p] = malloc(size);
    b->column[p] = malloc(sizeof(wl_solved) * (size_t)(b->columns + 1));
    good = good && b->diagonal[p] && b->column[p];
  }
  b->ensemble = malloc(size);
  b->room = malloc(size);
  wl_error error = WL_OK;
  if (!good || !b->ensemble || !b->room) error = wl_error_set(WL_ERROR_MEMORY, "solver: out of memory");
  return wl_error_agree(b->test->grid->comm, error);
}

static double largest_of(const batch *b, wl_gram_content kernel, wl_prior prior) {
  double largest = wl_kernel_largest(b->it->train, kernel);
  for (int64_t j = 0; j < b->tests; j++) largest = fmax(largest, b->diagonal[prior][j]);
  return largest;
}

static void describe(batch *b) {
  const wl_points *train = b->it->train;
  wl_share_columns(b->test, wl_kernel_points_theta(b->test->column), b->diagonal[WL_PRIOR_THETA]);
  wl_share_columns(b->test, wl_kernel_points_kappa(b->test->column), b->diagonal[WL_PRIOR_KAPPA]);
  b->largest_kappa = largest_of(b, WL_GRAM_KAPPA, WL_PRIOR_KAPPA);
  for (int p = 0; p < WL_PRIOR_COUNT; p++) {
    const wl_iterative_prior *s = &b->it->prior[p];
    if (!s->used) continue;
    b->system[p] = (wl_bracket_system){
        .n = train->count,
        .shift = s->below.shift,
        .deficit = s->deficit,
        .largest = largest_of(b, s->kernel, (wl_prior)p),
        .trace = s->below.trace,
        .rounding = wl_rounding_of(train->count, train->dimension, wl_network_depth(&train->network),
                                   wl_product_part_width(train->grid))};
  }
}

static wl_error fill_probes(const batch *b, wl_prior prior) {
  const wl_grid panels = wl_grid_for_panels(b->it->train->grid, WL_ITERATIVE_PROBES);
  wl_matrix *probes = NULL;
  WL_TRY(wl_matrix_create(&panels, b->it->train->count, WL_ITERATIVE_PROBES, &probes));
  const wl_error error = wl_low_rank_draw(&b->it->prior[prior].p, b->it->options.seed, probes);
  if (error == WL_OK) wl_copy_columns(WL_ITERATIVE_PROBES, probes, 0, b->c[prior].b, b->tests + b->outputs);
  wl_matrix_destroy(&probes);
  return error;
}

/* Test points, and in the first batch targets and probes. */
static wl_error fill_right(batch *b) {
  const wl_iterative *it = b->it;
  wl_matrix right[WL_PRIOR_COUNT];
  const wl_matrix *used[WL_PRIOR_COUNT] = {NULL, NULL};
  for (int p = 0; p < WL_PRIOR_COUNT; p++) {
    if (!it->prior[p].used) continue;
    right[p] = wl_matrix_first_columns(b->c[p].b, b->tests);
    used[p] = &right[p];
  }
  WL_TRY(wl_gram_cross(it->train, b->test, used[WL_PRIOR_KAPPA] ? &right[WL_PRIOR_KAPPA] : NULL,
                       used[WL_PRIOR_THETA] ? &right[WL_PRIOR_THETA] : NULL));
  for (int p = 0; p < WL_PRIOR_COUNT && b->first; p++) {
    if (!it->prior[p].used) continue;
    wl_copy_columns(b->outputs, it->targets, 0, b->c[p].b, b->tests);
    WL_TRY(fill_probes(b, (wl_prior)p));
  }
  return WL_OK;
}

static void open_all(batch *b) {
  for (int p = 0; p < WL_PRIOR_COUNT; p++) b->open[p] = b->it->prior[p].used;
}

static wl_error batch_begin(batch *b) {
  const wl_iterative *it = b->it;
  WL_TRY(make_room(b));
  describe(b);
  for (int p = 0; p < WL_PRIOR_COUNT; p++)
    if (it->prior[p].used)
      WL_TRY(wl_conjugate_create(&it->prior[p].p, &it->prior[p].below, b->test->grid, b->columns,
                                 b->first ? it->options.passes : 0, &b->c[p]));
  WL_TRY(fill_right(b));
  if (it->options.from) return wl_iterative_recall_batch(b->it);
  b->goal = 0.5;
  b->before = DBL_MAX;
  open_all(b);
  for (int p = 0; p < WL_PRIOR_COUNT; p++)
    if (it->prior[p].used) WL_TRY(wl_conjugate_begin(&b->c[p]));
  return WL_OK;
}

/* ---- what the brackets will be, from the recurrences ---------------------------------------------------------------- */

static double largest_of_all(const batch *b, double value) {
  MPI_Allreduce(MPI_IN_PLACE, &value, 1, MPI_DOUBLE, MPI_MAX, b->test->grid->comm);
  return value;
}

/* rᵀ (Q + s I)⁻¹ r at most, from rᵀ P⁻¹ r. */
static double gamma_of(const wl_conjugate *c, int64_t jl) {
  return fmax(c->rho[jl], 0.0) * c->p->shift / c->below->shift;
}

/* The largest γ_y / (root mean square of y)² of the targets. */
static double target_gamma(const batch *b, wl_prior prior) {
  const wl_conjugate *c = &b->c[prior];
  double worst = 0.0;
  for (int64_t k = 0; !b->first && k < b->outputs; k++) {
    const double energy = wl_bracket_energy(&b->system[prior], &b->it->prior[prior].target[k]) / b->it->scale[k];
    worst = fmax(worst, energy * energy);
  }
  for (int64_t jl = 0; b->first && jl < c->x->local_columns; jl++) {
    const int64_t k = wl_matrix_global_column(c->x, jl) - b->tests;
    if (k >= 0 && k < b->outputs) worst = fmax(worst, gamma_of(c, jl) / (b->it->scale[k] * b->it->scale[k]));
  }
  return largest_of_all(b, worst);
}

/* The widest bracket of this prior over what it should be. The variance of the ensemble is at most that of the posterior. */
static double estimate(const batch *b, wl_prior prior) {
  const wl_iterative *it = b->it;
  const wl_conjugate *c = &b->c[prior];
  const bool theta = prior == WL_PRIOR_THETA, ensemble = theta && wl_iterative_needs_ensemble(it);
  const double targets = target_gamma(b, prior);
  double worst = 0.0;
  for (int64_t jl = 0; jl < c->x->local_columns; jl++) {
    const int64_t j = wl_matrix_global_column(c->x, jl);
    if (j >= b->tests) break;
    const double gamma = gamma_of(c, jl), variance = fmax(b->diagonal[prior][j] - c->quadratic[jl], 0.0);
    double width = 2.0 * sqrt(gamma * targets);
    if (!theta || wl_iterative_needs_posterior(it))
      width = fmax(width, gamma / fmax(b->diagonal[prior][j], DBL_MIN));
    if (ensemble)
      width = fmax(width, 4.0 * sqrt(gamma * variance) / fmax(b->diagonal[WL_PRIOR_KAPPA][j], DBL_MIN));
    worst = fmax(worst, width);
  }
  return largest_of_all(b, worst) / it->options.tolerance;
}

/* ---- passes --------------------------------------------------------------------------------------------------------- */

/* A step of the systems that are open. */
static wl_error step(batch *b) {
  wl_product product[WL_PRIOR_COUNT];
  for (int p = 0; p < WL_PRIOR_COUNT; p++)
    if (b->open[p]) product[p] = wl_conjugate_direction(&b->c[p]);
  WL_TRY(wl_gram_multiply(b->it->train, b->open[WL_PRIOR_THETA] ? &product[WL_PRIOR_THETA] : NULL,
                          b->open[WL_PRIOR_KAPPA] ? &product[WL_PRIOR_KAPPA] : NULL));
  b->passes++;
  for (int p = 0; p < WL_PRIOR_COUNT; p++)
    if (b->open[p]) WL_TRY(wl_conjugate_step(&b->c[p]));
  return WL_OK;
}

/* Steps until all brackets are estimated to be below b->goal times what they should be, or one pass is left. */
static wl_error iterate(batch *b) {
  const wl_iterative_options *o = &b->it->options;
  while ((b->open[0] || b->open[1]) && b->passes < o->passes - 1) {
    double worst = 0.0;
    WL_TRY(step(b));
    for (int p = 0; p < WL_PRIOR_COUNT; p++) {
      const double ratio = b->open[p] ? estimate(b, (wl_prior)p) : 0.0;
      b->open[p] = ratio > b->goal;
      worst = fmax(worst, ratio);
    }
    if (o->passed) WL_TRY(o->passed(o->context, b->it, b->passes, worst));
  }
  return WL_OK;
}

/* V(x) = κ_tt + xᵀ κ x − 2 xᵀ κ_Xt; D holds κ X of the test points on entry. */
static wl_error measure_ensemble(batch *b, const wl_matrix *x, wl_matrix *d) {
  const double *prior = b->diagonal[WL_PRIOR_KAPPA];
  wl_conjugate_dots(x, d, b->ensemble);
  WL_TRY(wl_gram_cross(b->it->train, b->test, d, NULL));
  wl_conjugate_dots(x, d, b->room);
  for (int64_t j = 0; j < b->tests; j++) b->ensemble[j] = prior[j] + b->ensemble[j] - 2.0 * b->room[j];
  return WL_OK;
}

/* One pass for the residuals themselves, and for κ X. */
static wl_error measure(batch *b) {
  const wl_iterative *it = b->it;
  const bool theta = it->prior[WL_PRIOR_THETA].used, kappa = it->prior[WL_PRIOR_KAPPA].used,
             ensemble = wl_iterative_needs_ensemble(it);
  wl_conjugate *c = b->c;
  wl_product of_theta, of_kappa, of_ensemble;
  wl_matrix x, d;
  if (theta) of_theta = wl_conjugate_solution(&c[WL_PRIOR_THETA]);
  if (kappa) of_kappa = wl_conjugate_solution(&c[WL_PRIOR_KAPPA]);
  if (ensemble) {
    x = wl_matrix_first_columns(c[WL_PRIOR_THETA].x, b->tests);
    d = wl_matrix_first_columns(c[WL_PRIOR_THETA].d, b->tests);
    of_ensemble = (wl_product){.v = &x, .c = &d, .replicated = true, .also = kappa ? &of_kappa : NULL};
  }
  WL_TRY(wl_gram_multiply(it->train, theta ? &of_theta : NULL,
                          ensemble ? &of_ensemble
                          : kappa  ? &of_kappa
                                   : NULL));
  b->passes++;
  if (ensemble) WL_TRY(measure_ensemble(b, &x, &d));
  for (int p = 0; p < WL_PRIOR_COUNT; p++)
    if (it->prior[p].used) WL_TRY(wl_conjugate_measure(&c[p], b->column[p]));
  return WL_OK;
}

/* ---- brackets ------------------------------------------------------------------------------------------------------- */

/* Of targets: this batch's solution, or that of the first. */
static const wl_solved *target_of(const batch *b, wl_prior prior) {
  return b->first ? b->column[prior] + b->tests : b->it->prior[prior].target;
}

static wl_bracket variance_of(const batch *b, wl_quantity quantity, int64_t j) {
  const wl_prior prior = wl_quantity_prior(quantity);
  const wl_solved *column = &b->column[prior][j];
  if (quantity != WL_QUANTITY_ENSEMBLE && quantity != WL_QUANTITY_RND)
    return wl_bracket_posterior(&b->system[prior], column, b->diagonal[prior][j]);
  wl_bracket v =
      wl_bracket_ensemble(&b->system[prior], column, b->diagonal[prior][j], b->ensemble[j], b->largest_kappa);
  const double times = quantity == WL_QUANTITY_RND ? 2.0 : 1.0;
  return (wl_bracket){times * v.low, times * v.high, times * v.value, times * v.rounding};
}

/* What widths of a quantity are relative to. */
static double prior_variance(const batch *b, wl_quantity quantity, int64_t j) {
  const bool ensemble = quantity == WL_QUANTITY_ENSEMBLE || quantity == WL_QUANTITY_RND;
  const wl_prior prior = ensemble ? WL_PRIOR_KAPPA : wl_quantity_prior(quantity);
  const double variance = b->diagonal[prior][j] > 0.0 ? b->diagonal[prior][j] : b->largest_kappa;
  return quantity == WL_QUANTITY_RND ? 2.0 * variance : variance;
}

static void widen(const batch *b, const wl_bracket *bracket, double scale, double *width, double *excess) {
  const double relative = (bracket->high - bracket->low) / scale;
  const double beyond = (bracket->high - bracket->low - bracket->rounding) / scale / b->it->options.tolerance;
  *width = fmax(*width, relative);
  *excess = fmax(*excess, beyond);
}

static wl_iterative_widths widths_of(const batch *b) {
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

static void note_widths(wl_iterative_widths *all, const wl_iterative_widths *w) {
  for (int q = 0; q < WL_QUANTITY_COUNT; q++) all->variance[q] = fmax(all->variance[q], w->variance[q]);
  for (int p = 0; p < WL_PRIOR_COUNT; p++) all->mean[p] = fmax(all->mean[p], w->mean[p]);
  all->excess = fmax(all->excess, w->excess);
}

/*
 * Until the brackets are as narrow as they should be, the passes have run out, or new residuals did not make them narrower.
 * Residuals by recurrence drift from the true ones, and solutions start anew from those.
 */
static wl_error solve(batch *b) {
  wl_iterative_widths w;
  for (;; b->goal *= 0.1) {
    WL_TRY(iterate(b));
    WL_TRY(measure(b));
    w = widths_of(b);
    if (w.excess <= 1.0 || b->passes >= b->it->options.passes - 1 || w.excess > 0.5 * b->before) break;
    b->before = w.excess;
    open_all(b);
    for (int p = 0; p < WL_PRIOR_COUNT; p++)
      if (b->it->prior[p].used) WL_TRY(wl_conjugate_restart(&b->c[p]));
  }
  note_widths(&b->it->widths, &w);
  b->it->passes += b->passes;
  return WL_OK;
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
  wl_grid_broadcast(x.grid, b->tests * outputs, r->best.mean);
  for (int64_t j = 0; j < b->tests; j++)
    for (int64_t k = 0; k < outputs; k++) {
      const wl_bracket m = wl_bracket_mean(&b->system[prior], &b->column[prior][j], &b->it->prior[prior].target[k],
                                           r->best.mean[j * outputs + k]);
      r->mean[2 * (j * outputs + k)] = m.low;
      r->mean[2 * (j * outputs + k) + 1] = m.high;
    }
  return WL_OK;
}

static wl_error finish(const batch *b, int64_t first, wl_bracketed results[WL_PRIOR_COUNT]) {
  for (int p = 0; p < WL_PRIOR_COUNT; p++) {
    if (!b->it->prior[p].used) continue;
    if (b->first) WL_TRY(wl_iterative_learn(b->it, (wl_prior)p, &b->c[p], b->tests, b->column[p], &b->system[p]));
    WL_TRY(result_create(b, (wl_prior)p, first, &results[p]));
    fill_variances(b, &results[p]);
    WL_TRY(fill_means(b, &results[p]));
  }
  return WL_OK;
}

wl_error wl_iterative_predict(wl_iterative *it, const wl_points *test, int64_t first,
                              wl_bracketed results[WL_PRIOR_COUNT]) {
  const bool opening = !it->prior[WL_PRIOR_THETA].target && !it->prior[WL_PRIOR_KAPPA].target;
  batch b = {.it = it,
             .test = test,
             .tests = test->count,
             .outputs = it->targets->columns,
             .columns = opening ? wl_iterative_columns(test->count, it->targets->columns) : test->count,
             .first = opening};
  it->batch = &b;
  wl_error error = batch_begin(&b);
  if (error == WL_OK) error = solve(&b);
  it->batch = NULL;
  if (error == WL_OK) error = finish(&b, first, results);
  batch_destroy(&b);
  return error;
}
