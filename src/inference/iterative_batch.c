/*
 * One batch: right-hand sides of both priors and the passes that they share.
 */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dist/scalapack.h"
#include "inference/iterative_state.h"
#include "inference/partial_cholesky.h"
#include "inference/variance.h"
#include "kernel/rounding.h"

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
  const double entry = fmax(b->it->entry, wl_iterative_entry_of(b->test));
  for (int p = 0; p < WL_PRIOR_COUNT; p++) {
    const wl_iterative_prior *s = &b->it->prior[p];
    if (!s->used) continue;
    b->system[p] =
        (wl_bracket_system){.n = train->count,
                            .shift = s->below.shift,
                            .deficit = s->deficit,
                            .largest = largest_of(b, s->kernel, (wl_prior)p),
                            .trace = s->below.trace,
                            .rounding = wl_rounding_of(train->count, entry, wl_product_part_width(train->grid))};
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
    const double energy =
        wl_bracket_energy(&b->system[prior], &b->it->prior[prior].target[k], WL_RIGHT_TARGETS) / b->it->scale[k];
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

/* ---- until they are narrow enough ----------------------------------------------------------------------------------- */

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
    w = wl_iterative_batch_widths(b);
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
  if (error == WL_OK) error = wl_iterative_batch_finish(&b, first, results);
  batch_destroy(&b);
  return error;
}
