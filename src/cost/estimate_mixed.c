/*
 * Mixed precision: the factor and solves with it in floats, which are twice as fast and half as large; then passes over a
 * kernel matrix whose entries are computed again each time (src/inference/refine.c, src/gram/matrix_free.c).
 *
 * The number of passes depends on the condition of the kernel matrix, which no plan knows. Here it is that of well-behaved data
 * (contraction 1e-4 to 1e-3): targets and vectors (of the ensemble, of draws of functions) take two, variances alone take one.
 */
#include <math.h>

#include "base/util.h"
#include "cost/cost.h"
#include "gram/matrix_free.h"
#include "inference/mixed.h"
#include "linalg/trsm.h"

/* The same machine with numbers of half the size. */
static wl_cost in_floats(const wl_cost *m) {
  wl_cost single = *m;
  double *const all[] = {&single.s.gemm_gflops,  &single.s.update_gflops, &single.s.corner_gflops,
                         &single.s.push_gflops,  &single.s.pull_gflops,   &single.s.panel_gflops,
                         &single.s.tile_gflops,  &single.s.read_gbytes,   &single.s.copy_gbytes,
                         &single.s.touch_gbytes, &single.s.local_gbytes,  &single.s.network_gbytes};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) *all[i] *= 2.0;
  return single;
}

/*
 * One solve with a triangle of floats. Few columns travel: the chain of diagonal tiles with the strips' ways there and back,
 * beside which every rank uses its block columns, by flops or as fast as memory gives them. (A float that becomes a double counts
 * as a double.)
 */
static double solve(const wl_cost *m, wl_panel_op kind, double columns) {
  const double n = (double)m->w->train, b = m->l->block, strip = 8.0 * b * columns;
  if (columns > WL_SOLVE_FEW) return wl_cost_panel_op(m, kind, n, columns);
  const double chain = columns * b * b / wl_cost_rate(m->s.panel_gflops, m->s.panel_half, b) +
                       2.0 * columns * b * b / wl_cost_rate(m->s.push_gflops, m->s.push_half, b) +
                       2.0 * (wl_cost_broadcast(m, &m->row, strip) + wl_cost_broadcast(m, &m->column, strip));
  const double flops = n * n * columns / wl_cost_rate(m->s.push_gflops, m->s.push_half, b),
               read = 4.0 * n * n / (1e9 * m->s.read_gbytes);
  return n / b * chain + fmax(flops, read) / wl_cost_ranks(m);
}

/* M⁻¹ R */
static double precondition(const wl_cost *single, double columns) {
  return solve(single, WL_PANEL_TRSM, columns) + solve(single, WL_PANEL_TRSM_TRANSPOSED, columns);
}

static double apply(const wl_cost *m, bool theta, double columns, bool half) {
  const wl_grid grid = {.size = (int)wl_cost_ranks(m)};
  return wl_cost_apply(m, theta, columns, half, wl_product_is_few(&grid, m->w->train, (int64_t)columns));
}

/* S V without the entries of S: products, and the vectors' way. */
static double products(const wl_cost *m, double columns) {
  return apply(m, true, columns, false) - wl_cost_evaluate(m, true);
}

/* Floats, factor, condition: 12 solves of one vector. Where Θ was before it, κ's floats wait, and trade places with Θ's. */
static double factor_phase(const wl_cost *m, const wl_cost *single, bool theta) {
  const double floats = !theta && m->w->theta ? wl_cost_copy(single, wl_cost_largest_share(m, (double)m->w->train))
                                              : wl_cost_evaluate(m, theta);
  return floats + wl_cost_factor(single, (double)m->w->train, true) + 12.0 * solve(single, WL_PANEL_TRSM, 1.0);
}

/* What the ensemble adds to two passes: κ X goes with the second one, or W takes a pass of its own. */
static double ensemble(const wl_cost *m, double columns, double probes) {
  const wl_grid grid = {.size = (int)wl_cost_ranks(m)};
  return wl_product_is_few(&grid, m->w->train, (int64_t)(columns + probes)) ? products(m, columns)
                                                                            : apply(m, true, columns, true);
}

/* A batch of test points; with the first of them come the targets, the probes for the log-determinant, and their second pass. */
static double predict_batch(const wl_cost *m, const wl_cost *single, bool theta, double count, bool first) {
  const double targets = first ? (double)m->w->outputs + WL_MIXED_RANDOM_COLUMNS : 0.0, columns = count + targets;
  const double entry = wl_cost_entry(m, theta ? m->s.theta : m->s.kappa, m->l->threads),
               kappa = wl_cost_entry(m, m->s.kappa, m->l->threads),
               cross = (double)m->w->train * count / wl_cost_ranks(m);
  const bool vectors = theta && (m->w->ensemble || wl_work_draws_functions(m->w));
  const double again = vectors ? columns : targets;
  double seconds = 2.0 * cross * entry + 2.0 * precondition(single, columns) + apply(m, theta, columns, false);
  if (first) seconds += solve(m, WL_PANEL_TRSM_TRANSPOSED, WL_MIXED_PROBES) + products(m, WL_MIXED_PROBES);
  if (again > 0.0) seconds += apply(m, theta, again, false) + precondition(single, again);
  if (theta && m->w->ensemble) seconds += cross * kappa + ensemble(m, columns, first ? WL_MIXED_PROBES : 0.0);
  return seconds;
}

static double predict_phase(const wl_cost *m, const wl_cost *single, bool theta) {
  const wl_work *w = m->w;
  const double full = (double)w->batch, batches = ceil((double)w->test / full),
               last = (double)w->test - (batches - 1.0) * full;
  if (batches <= 1.0) return predict_batch(m, single, theta, last, true);
  return predict_batch(m, single, theta, full, true) +
         (batches - 2.0) * predict_batch(m, single, theta, full, false) +
         predict_batch(m, single, theta, last, false);
}

/* The covariance, written or for draws: two products AᵀB + BᵀA of n × m matrices, a triangle of each; the ensemble's, which comes with it: one. */
static double covariance(const wl_cost *m) {
  const double n = (double)m->w->train, count = (double)m->w->test, products = m->w->ensemble ? 3.0 : 2.0;
  if (!wl_work_has_square(m->w) && m->w->products[WL_PRIOR_THETA] == 0.0) return 0.0;
  return 2.0 * products * n * count * count / wl_cost_ranks(m) / (1e9 * m->s.gemm_gflops);
}

static bool predicts_both(const wl_cost *m) {
  const wl_work *w = m->w;
  const wl_grid grid = {.size = (int)wl_cost_ranks(m)};
  return w->theta && w->kappa && w->batch >= w->test &&
         wl_mixed_shares_passes(&grid, w->train, w->test, w->outputs);
}

/* Both priors of the one batch in the same two passes: Θ's entries bring κ's. */
static double predict_both(const wl_cost *m, const wl_cost *single) {
  return predict_phase(m, single, true) + predict_phase(m, single, false) + covariance(m) -
         2.0 * wl_cost_evaluate(m, false);
}

void wl_cost_mixed(const wl_cost *m, double seconds[WL_PHASE_COUNT]) {
  const wl_cost single = in_floats(m);
  const double touch = wl_cost_touch(&single, wl_cost_largest_share(m, (double)m->w->train));
  const bool both = predicts_both(m);
  if (m->w->theta) seconds[WL_PHASE_FACTOR_THETA] = touch + factor_phase(m, &single, true);
  if (m->w->kappa) seconds[WL_PHASE_FACTOR_KAPPA] = (m->w->theta ? 0.0 : touch) + factor_phase(m, &single, false);
  if (m->w->theta && !both) seconds[WL_PHASE_PREDICT_THETA] = predict_phase(m, &single, true) + covariance(m);
  if (m->w->kappa && !both) seconds[WL_PHASE_PREDICT_KAPPA] = predict_phase(m, &single, false);
  if (both) seconds[WL_PHASE_PREDICT_BOTH] = predict_both(m, &single);
}
