/*
 * Without a matrix: preconditioners, and passes over kernels whose entries are computed again each time
 * (src/inference/iterative_batch.c, src/gram/matrix_free.c).
 *
 * How many passes a batch takes depends on the data, the noise and the rank, which no plan knows: WL_PLAN_PASSES is about that of
 * generated data with the default rank, noise 0.01 and the ensemble; time is in proportion to it.
 */
#include <math.h>

#include "cost/cost.h"
#include "inference/iterative.h"

static double kernels_of(const wl_work *w) { return (double)w->theta + (double)w->kappa; }

/* Of one kernel: pivots at an eighth, a quarter, half and all of the rank, G = R⁻¹ K_ΠX each time, and two products G Gᵀ. */
static double precondition_flops(const wl_work *w) {
  const double n = (double)w->train, r = (double)w->rank, rounds = 1.0 + 1.0 / 4 + 1.0 / 16 + 1.0 / 64;
  return (rounds + 2.0) * (n * r * r + r * r * r / 3.0);
}

static double precondition(const wl_cost *m, bool theta) {
  const wl_work *w = m->w;
  const double entries = (double)w->train * (double)w->rank * (1.0 + 1.0 / 2 + 1.0 / 4 + 1.0 / 8);
  return (entries * wl_cost_entry(m, theta ? m->s.theta : m->s.kappa, m->l->threads) +
          precondition_flops(w) / (1e9 * m->s.gemm_gflops)) /
         wl_cost_ranks(m);
}

/* P⁻¹ R: two products with G and two solves of order r. */
static double solve_flops(const wl_work *w, double columns) {
  const double n = (double)w->train, r = (double)w->rank;
  return (4.0 * n * r + 2.0 * r * r) * columns;
}

/* G R, r × columns, is summed over the ranks and goes to all. */
static double solve(const wl_cost *m, double columns) {
  const double strip = 8.0 * (double)m->w->rank * columns;
  return solve_flops(m->w, columns) / wl_cost_ranks(m) / (1e9 * m->s.gemm_gflops) +
         2.0 * (wl_cost_broadcast(m, &m->row, strip / m->l->rows) +
                wl_cost_broadcast(m, &m->column, strip / m->l->columns));
}

/* Updates of solutions, residuals and directions, and their dot products. */
static double update(const wl_cost *m, double columns) {
  return wl_cost_copy(m, 8.0 * (double)m->w->train * columns / wl_cost_ranks(m)) + wl_cost_agree(m, 2.0);
}

/* Entries of Θ bring those of κ. */
static double pass(const wl_cost *m, double columns) {
  const wl_work *w = m->w;
  double seconds = kernels_of(w) * (solve(m, columns) + update(m, columns));
  if (w->theta) seconds += wl_cost_apply(m, true, columns, false, true);
  if (w->kappa)
    seconds += wl_cost_apply(m, false, columns, false, true) - (w->theta ? wl_cost_evaluate(m, false) : 0.0);
  return seconds;
}

/* Columns of all batches together, with those of targets and probes. */
static double all_columns(const wl_work *w) { return (double)wl_iterative_columns(w->test, w->outputs); }

void wl_cost_iterative(const wl_cost *m, double seconds[WL_PHASE_COUNT]) {
  const wl_work *w = m->w;
  const double batches = ceil((double)w->test / (double)w->batch);
  if (w->theta) seconds[WL_PHASE_PRECONDITION] += precondition(m, true);
  if (w->kappa) seconds[WL_PHASE_PRECONDITION] += precondition(m, false);
  seconds[WL_PHASE_ITERATE] = (double)w->passes * batches * pass(m, all_columns(w) / batches);
}

double wl_cost_iterative_flops(const wl_work *w) {
  const double n = (double)w->train, products = 2.0 * n * n + solve_flops(w, 1.0);
  return kernels_of(w) * (precondition_flops(w) + (double)w->passes * all_columns(w) * products);
}
