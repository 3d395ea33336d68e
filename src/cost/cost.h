/**
 * @file cost.h
 * Costs that the phases of every kind of run are made of (doc/performance.md): seconds of the slowest rank, where nothing else is
 * said, from measured speeds. The formula of each stands in cost.c. All calls are Local.
 */
#ifndef WIDELIMIT_COST_COST_H
#define WIDELIMIT_COST_COST_H

#include "cost/plan.h"

/** One kind of communicator: its members, how many of them share a node, and how many circles of this kind share a node's link. */
typedef struct wl_circle {
  double members, on_node, on_link;
} wl_circle;

/** What costs depend on. */
typedef struct wl_cost {
  wl_speeds s;           /**< as one rank gets them */
  const wl_layout *l;    /**< borrowed */
  const wl_work *w;      /**< borrowed */
  wl_circle row, column; /**< the Q ranks of a process row, the P ranks of a process column */
} wl_cost;

/** Whether posterior draws are made by their covariance, m × m: in mixed precision. */
static inline bool wl_work_has_square(const wl_work *w) { return w->mixed && w->samples[WL_DRAW_POSTERIOR] > 0; }

/** Whether functions are drawn, jointly over X and T. */
static inline bool wl_work_draws_functions(const wl_work *w) {
  return w->samples[WL_DRAW_ENSEMBLE] > 0 || w->samples[WL_DRAW_RND] > 0 || w->samples[WL_DRAW_BAYESIAN_RND] > 0;
}

/** Those of this work on that layout, which are borrowed. */
wl_cost wl_cost_of(const wl_speeds *speeds, const wl_layout *layout, const wl_work *work);

/** Flops a second with blocks of this width: 10⁹ gflops width / (width + half). */
double wl_cost_rate(double gflops, double half, double width);

/** `bytes` from one member to all. */
double wl_cost_broadcast(const wl_cost *cost, const wl_circle *circle, double bytes);

/** Pieces of `bytes` in all, from all to all. */
double wl_cost_gather(const wl_cost *cost, const wl_circle *circle, double bytes);

/** Numbers that all ranks must agree on, so many times. */
double wl_cost_agree(const wl_cost *cost, double times);

/** Doubles moved within memory, and doubles written to memory for the first time. */
double wl_cost_copy(const wl_cost *cost, double numbers);
double wl_cost_touch(const wl_cost *cost, double numbers);

/** How many ranks there are. */
double wl_cost_ranks(const wl_cost *cost);

/** Rows beyond a block of which one coordinate of `count` has at most so many. */
double wl_cost_most_rows(double left, double block, double count);

/** Entries of an N × N array on the rank that has most. */
double wl_cost_largest_share(const wl_cost *cost, double n);

/** One entry of given kernels from files; one of κ or Θ, with the product of its points, on this many threads. */
double wl_cost_read_entry(const wl_cost *cost);
double wl_cost_entry(const wl_cost *cost, const wl_entry_cost *entry, int threads);

/** The Cholesky factorization alone. */
double wl_cost_factor(const wl_cost *cost, double n, bool lower);

/** A product or solve with a panel (linalg/trsm.h): T X = B (push), Tᵀ X = B (pull), or a symmetric product (both). */
typedef enum wl_panel_op { WL_PANEL_TRSM = 1, WL_PANEL_TRSM_TRANSPOSED = 2, WL_PANEL_SYMM = 3 } wl_panel_op;

double wl_cost_panel_op(const wl_cost *cost, wl_panel_op kind, double n, double columns);

/** Factors and predictions in mixed precision, into `seconds` by phase. */
void wl_cost_mixed(const wl_cost *cost, double seconds[WL_PHASE_COUNT]);

/** One pass over K, from entries to products with them (gram/matrix_free.h); the entries alone. */
double wl_cost_apply(const wl_cost *cost, bool theta, double columns, bool half, bool few);
double wl_cost_evaluate(const wl_cost *cost, bool theta);

/** Preconditioners and passes without a matrix, likewise; its flops. */
void wl_cost_iterative(const wl_cost *cost, double seconds[WL_PHASE_COUNT]);
double wl_cost_iterative_flops(const wl_work *work);

#endif
