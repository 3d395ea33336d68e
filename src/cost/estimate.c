/*
 * The cost model. Flops and bytes are those of the slowest rank; `k` counts block columns, `left` the rows beyond one.
 */
#include "cost/plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "cost/cost.h"
#include "inference/loo.h"
#include "inference/select.h"
#include "kernel/layers.h"
#include "linalg/cholesky.h"
#include "linalg/eigen.h"

static double ceil_div(double a, double b) { return ceil(a / b); }

/* ---- the factorization ---------------------------------------------------------------------------------------- */

/* Right-looking: its panel is owned by the ranks of one `owners`, and broadcast over a `bcast`. */
typedef struct loop {
  const wl_cost *m;
  double n, b, blocks;
  const wl_circle *bcast, *owners;
  int count; /* of process coordinates in a bcast */
} loop;

static double width_of(const loop *l, double k) { return fmin(l->b, l->n - k * l->b); }

/* Diagonal tile, its way to the panel's owners, triangular solve, packing. */
static double panel_seconds(const loop *l, double k) {
  const wl_speeds *s = &l->m->s;
  const double b = width_of(l, k), rows = wl_cost_most_rows(l->n - k * l->b - b, l->b, l->owners->members);
  return b * b * b / 3.0 / wl_cost_rate(s->tile_gflops, s->tile_half, b) +
         wl_cost_broadcast(l->m, l->owners, 8.0 * b * b) +
         rows * b * b / wl_cost_rate(s->panel_gflops, s->panel_half, b) + wl_cost_copy(l->m, 2.0 * rows * b);
}

/*
 * The blocks of coordinate q beyond block k, the first of them `first` (global): Σ rows below each, half of a tile on
 * the diagonal. Eight blocks at a time go in one product, but for the triangle where they meet the diagonal.
 */
static double update_seconds(const loop *l, double k, double first, double count) {
  const wl_speeds *s = &l->m->s;
  const double a = l->count, b = l->b, p = l->owners->members, width = width_of(l, k);
  if (count <= 0.0) return 0.0;
  const double below = count * (l->n - first * b) - b * a * count * (count - 1.0) / 2.0; /* rows, summed */
  const double uneven = p > 1.0 ? count * b * b / 4.0 : 0.0; /* what the rank with most has beyond its share */
  const double entries = fmax(0.0, (below * b - count * b * b / 2.0) / p + uneven);
  const double corner = fmin(entries, count * fmin(count, 8.0) * b * b * a / p / 2.0);
  return 2.0 * corner * width / wl_cost_rate(s->corner_gflops, s->corner_half, width) +
         2.0 * (entries - corner) * width / wl_cost_rate(s->update_gflops, s->update_half, width);
}

/* A panel on its way into the other direction. */
static double gather_seconds(const loop *l, double k) {
  const double left = l->n - (k + 1.0) * l->b;
  if (left <= 0.0) return 0.0;
  const double numbers = wl_cost_most_rows(left, l->b, l->bcast->members) * l->b;
  return wl_cost_gather(l->m, l->owners, 8.0 * numbers) + wl_cost_copy(l->m, 2.0 * numbers);
}

static double panel_broadcast(const loop *l, double left) {
  return wl_cost_broadcast(l->m, l->bcast,
                           8.0 * wl_cost_most_rows(fmax(left, 0.0), l->b, l->owners->members) * l->b);
}

/* Blocks beyond block k of the coordinate whose first one is `first`. */
static double blocks_from(const loop *l, double first) {
  return first < l->blocks ? floor((l->blocks - 1.0 - first) / l->count) + 1.0 : 0.0;
}

/* ScaLAPACK: every step waits for the one before. */
static double factor_in_turn(const loop *l) {
  double total = 0.0;
  for (double k = 0.0; k < l->blocks; k++)
    total += panel_seconds(l, k) + panel_broadcast(l, l->n - (k + 1.0) * l->b) + gather_seconds(l, k) +
             update_seconds(l, k, k + 1.0, blocks_from(l, k + 1.0));
  return total;
}

/* With look-ahead: a clock for each coordinate. */
static double factor_ahead(const loop *l, double *clock) {
  const double a = l->count;
  double arrives = panel_seconds(l, 0.0) + panel_broadcast(l, l->n);
  for (int q = 0; q < l->count; q++) clock[q] = 0.0;
  clock[0] = panel_seconds(l, 0.0);
  for (double k = 0.0; k + 1.0 < l->blocks; k++) {
    const double gathered = gather_seconds(l, k);
    const int owner = (int)fmod(k + 1.0, a);
    double next = 0.0;
    for (int q = 0; q < l->count; q++) {
      const double after = fmod(k + 1.0, a), first = k + 1.0 + fmod(q - after + a, a);
      const double blocks = blocks_from(l, first);
      clock[q] = fmax(clock[q], arrives) + gathered;
      if (q == owner) {
        clock[q] += update_seconds(l, k, first, 1.0) + panel_seconds(l, k + 1.0);
        next = clock[q] + panel_broadcast(l, l->n - (k + 2.0) * l->b);
        clock[q] += update_seconds(l, k, first + a, blocks - 1.0);
      } else {
        clock[q] += update_seconds(l, k, first, blocks);
      }
    }
    arrives = next;
  }
  double last = arrives;
  for (int q = 0; q < l->count; q++) last = fmax(last, clock[q]);
  return last;
}

double wl_cost_factor(const wl_cost *m, double n, bool lower) {
  loop l = {.m = m,
            .n = n,
            .b = m->l->block,
            .blocks = ceil(n / m->l->block),
            .bcast = lower ? &m->row : &m->column,
            .owners = lower ? &m->column : &m->row,
            .count = lower ? m->l->columns : m->l->rows};
  if (m->w->engine == WL_ENGINE_SCALAPACK) return factor_in_turn(&l);
  double *clock = malloc(sizeof(double) * (size_t)l.count);
  if (!clock) return NAN;
  const double seconds = factor_ahead(&l, clock);
  free(clock);
  return seconds;
}

/*
 * Around the loop: norm, S Z before and L Lᵀ Z after with 4 probes, and L⁻¹ Y, all together as long as reading a triangle
 * 20 times (measured); then the condition: 12 triangular solves with one vector, the usual number for the climb of
 * condition.c, each 1.6 times as long (measured) as reading, and by the ranks of one process column at a time.
 */
static double around_factor(const wl_cost *m) {
  const double n = (double)m->w->train, p = m->l->rows, q = m->l->columns, b = m->l->block;
  const double triangle = 4.0 * n * n / (1e9 * m->s.read_gbytes);
  const double messages =
      n / b * (wl_cost_broadcast(m, &m->row, 8.0 * b) + wl_cost_broadcast(m, &m->column, 8.0 * b));
  return 20.0 * triangle / (p * q) + 4.0 * messages + 12.0 * (1.6 * triangle / p + messages) +
         wl_cost_agree(m, 20.0);
}

/* ---- assembly and prediction ---------------------------------------------------------------------------------- */

/* The share of tiles whose transpose is on the same rank: (i, j) and (j, i) agree mod P and mod Q. */
static double local_transposes(const wl_cost *m) {
  int64_t a = m->l->rows, b = m->l->columns;
  while (b > 0) {
    const int64_t rest = a % b;
    a = b;
    b = rest;
  }
  return (double)a / wl_cost_ranks(m); /* 1 / lcm(P, Q) */
}

/* κ above the diagonal where Θ is evaluated below it: in the same pass, and handed over, on one node, where the rate of
   messages bounds the time; on several, evaluated again where it is another rank's. That ranks of a node have some of
   each other's there is not counted. */
static double kappa_beside(const wl_cost *m, double entries) {
  const double elsewhere = entries * (1.0 - local_transposes(m));
  const bool one_node = m->row.members <= m->row.on_node && m->column.members <= m->column.on_node;
  return one_node ? 8.0 * elsewhere / (1e9 * m->s.local_gbytes)
                  : elsewhere * wl_cost_entry(m, m->s.kappa, m->l->threads);
}

/* Of a prior whose factor is read nothing is assembled; that of ensembles is wanted all the same. */
static double assemble_phase(const wl_cost *m) {
  const wl_work *w = m->w;
  const double share = wl_cost_largest_share(m, (double)w->train);
  const bool theta = w->theta && w->known == 0, kappa = w->ensemble || (w->kappa && w->known == 0);
  double seconds = wl_cost_touch(m, share);
  if (theta) seconds += 0.5 * share * wl_cost_entry(m, m->s.theta, m->l->threads);
  if (kappa && theta)
    seconds += kappa_beside(m, 0.5 * share);
  else if (kappa)
    seconds += 0.5 * share * wl_cost_entry(m, m->s.kappa, m->l->threads);
  return seconds;
}

/* Work while a block column makes its way: a network needs no core for that, within a node the cores copy. */
static double beside(const wl_cost *m, double work, double way) {
  return m->row.members > m->row.on_node ? fmax(work, way) : work + way;
}

/* Columns of a panel of test points on the process column that has most (wl_grid_for_panels). */
static double panel_columns(const wl_cost *m, double columns) {
  return m->w->tiles ? wl_cost_most_rows(columns, fmin(m->l->block, columns), m->l->columns)
                     : ceil_div(columns, m->l->columns);
}

double wl_cost_panel_op(const wl_cost *m, wl_panel_op kind, double n, double columns) {
  const wl_speeds *s = &m->s;
  const double b = m->l->block, blocks = ceil(n / b);
  const double mine = panel_columns(m, columns);
  double total = 0.0;
  for (double k = 0.0; k < blocks; k++) {
    const double width = fmin(b, n - k * b), rows = wl_cost_most_rows(n - k * b - width, b, m->l->rows);
    double work = 0.0;
    total +=
        mine * width * width / wl_cost_rate(s->panel_gflops, s->panel_half, width); /* on the diagonal's owners */
    if (kind & WL_PANEL_TRSM) {
      total += wl_cost_broadcast(m, &m->column, 8.0 * width * mine);
      work += 2.0 * rows * width * mine / wl_cost_rate(s->push_gflops, s->push_half, width);
    }
    if (kind & WL_PANEL_TRSM_TRANSPOSED) {
      total += wl_cost_broadcast(m, &m->column, 8.0 * width * mine);
      work += 2.0 * rows * width * mine / wl_cost_rate(s->pull_gflops, s->pull_half, width);
    }
    total += beside(m, work, wl_cost_broadcast(m, &m->row, 8.0 * (rows + width) * width)) +
             wl_cost_copy(m, 2.0 * width * mine + 2.0 * rows * width / m->l->columns);
  }
  return total;
}

/*
 * What another target network adds to one batch, `share` of its panel being this rank's: κ_g once more for half of the pairs of
 * X, its product with Aᵀ, and κ_g,XT.
 */
static double target_seconds(const wl_cost *m, double width, double share) {
  wl_work work = *m->w;
  work.network = *m->w->rnd_target;
  wl_cost target = *m;
  target.w = &work;
  const double n = (double)work.train, entry = wl_cost_entry(&target, m->s.kappa, m->l->threads);
  return (0.5 * n * n * entry + 2e-9 * n * n * width / m->s.gemm_gflops) / wl_cost_ranks(m) + share * entry +
         wl_cost_touch(m, 2.0 * share) + wl_cost_copy(m, 3.0 * share);
}

/* Covariances at all test points: both kernels there, and the products. */
static double covariance(const wl_cost *m, double products) {
  const double n = (double)m->w->train, count = (double)m->w->test, share = wl_cost_largest_share(m, count);
  if (products == 0.0) return 0.0;
  return wl_cost_touch(m, share) + 0.5 * share * wl_cost_entry(m, m->s.theta, m->l->threads) +
         products * n * share / wl_cost_rate(m->s.update_gflops, m->s.update_half, fmin(n, m->l->block));
}

/*
 * Reading the factor of the first points, and extending it by the others: their entries, a solve, a product, a factor (linalg/cholesky.h).
 */
static double extend_phase(const wl_cost *m, bool lower) {
  const double known = (double)m->w->known, more = (double)m->w->train - known, ranks = wl_cost_ranks(m);
  const double read = 4.0 * known * known / (1e9 * m->s.file_gbytes);
  if (more == 0.0) return read;
  const wl_entry_cost *entry = lower ? m->s.theta : m->s.kappa;
  const double product = wl_cost_rate(m->s.update_gflops, m->s.update_half, fmin(more, m->l->block));
  return read + (known + 0.5 * more) * more / ranks * wl_cost_entry(m, entry, m->l->threads) +
         wl_cost_panel_op(m, WL_PANEL_TRSM, known, more) + known * more * more / ranks / product +
         wl_cost_factor(m, more, lower) + around_factor(m);
}

static double factor_phase(const wl_cost *m, bool lower) {
  if (m->w->known > 0) return extend_phase(m, lower);
  return wl_cost_factor(m, (double)m->w->train, lower) + around_factor(m);
}

static double predict_phase(const wl_cost *m, bool theta) {
  const wl_work *w = m->w;
  const double n = (double)w->train, batches = ceil((double)w->test / (double)w->batch);
  const double last = (double)w->test - (batches - 1.0) * (double)w->batch;
  double total = 0.0;
  for (int part = 0; part < 2; part++) { /* full batches, and the last one */
    const double times = part == 0 ? batches - 1.0 : 1.0, width = part == 0 ? (double)w->batch : last;
    const double share = wl_cost_most_rows(n, m->l->block, m->l->rows) * panel_columns(m, width);
    const bool both = theta && w->ensemble;
    double once = wl_cost_touch(m, both ? 2.0 * share : share) + wl_cost_agree(m, 10.0) +
                  share * wl_cost_entry(m, theta ? m->s.theta : m->s.kappa, m->l->threads) +
                  wl_cost_copy(m, 2.0 * share) + wl_cost_panel_op(m, WL_PANEL_TRSM, n, width);
    if (both)
      once += wl_cost_panel_op(m, WL_PANEL_TRSM_TRANSPOSED, n, width) +
              wl_cost_panel_op(m, WL_PANEL_SYMM, n, width) + wl_cost_copy(m, 4.0 * share);
    if (both && w->rnd_target) once += target_seconds(m, width, share);
    total += times > 0.0 ? times * once : 0.0;
  }
  return total + covariance(m, w->products[theta ? WL_PRIOR_THETA : WL_PRIOR_KAPPA]);
}

/* Panels of left-out points under a prior: the forward solve begins at each panel's rows, n³/3 of what would be n³. */
static double leave_one_out(const wl_cost *m, bool ensemble) {
  const int64_t n = m->w->train, width = wl_loo_width(n, m->l->columns, ensemble);
  const double panels = ceil((double)n / (double)width), w = (double)width;
  const double forward = wl_cost_panel_op(m, WL_PANEL_TRSM, (double)n, w) / 3.0;
  if (!ensemble) return panels * forward;
  return panels * (forward + wl_cost_panel_op(m, WL_PANEL_TRSM_TRANSPOSED, (double)n, w) +
                   wl_cost_panel_op(m, WL_PANEL_TRSM, (double)n, w)); /* the solve back; half of κ's product */
}

static double loo_phase(const wl_cost *m) {
  if (!m->w->loo) return 0.0;
  return (m->w->theta ? leave_one_out(m, m->w->ensemble) : 0.0) + (m->w->kappa ? leave_one_out(m, false) : 0.0);
}

static double loo_flops(const wl_work *w) {
  if (!w->loo) return 0.0;
  return (w->theta ? wl_loo_flops(w->train, w->ensemble) : 0.0) + (w->kappa ? wl_loo_flops(w->train, false) : 0.0);
}

/* ---- eigendecompositions and training times -------------------------------------------------------------------- */

static bool has_vectors(const wl_work *w) { return w->times > 0 || w->noises > 0; }

/*
 * The reduction reads what is left of a triangle for each column, which takes 1.9 times as long as reading it (measured), with four
 * messages, and updates it by block columns; with vectors, divide and conquer and the way back are products at half their rate
 * (measured).
 */
static double eigen(const wl_cost *m, bool vectors) {
  const double n = (double)m->w->train, ranks = wl_cost_ranks(m), cube = n * n * n, b = m->l->block;
  const double read = 1.9 * 8.0 / 6.0 * cube / ranks / (1e9 * m->s.read_gbytes);
  const double messages = n * (wl_cost_agree(m, 1.0) + wl_cost_broadcast(m, &m->row, 8.0 * n / m->l->rows) +
                               wl_cost_broadcast(m, &m->column, 8.0 * n / m->l->columns));
  const double update = 2.0 / 3.0 * cube / ranks / wl_cost_rate(m->s.update_gflops, m->s.update_half, fmin(b, n));
  const double products = vectors ? 2.0 * 10.0 / 3.0 * cube / ranks / (1e9 * m->s.gemm_gflops) : 0.0;
  return read + messages + update + products;
}

double wl_work_spectrum_flops(const wl_work *w) {
  const double n = (double)w->train, c = (double)w->outputs;
  double flops = w->spectrum || has_vectors(w) ? wl_eigen_flops(w->train, has_vectors(w)) : 0.0;
  if (w->spectrum) flops += wl_eigen_flops(w->train, false);
  return flops + (double)w->noises * 2.0 * n * n * (c + 1.0);
}

/* Uᵀ Θ_XT; then, with the ensemble, U (f G) and half a product with κ_XX for each time. */
static double panel_flops(const wl_work *w) {
  const double n = (double)w->train, m = (double)w->test;
  return w->times == 0 ? 0.0 : n * n * m * (2.0 + (w->ensemble ? 3.0 * (double)w->times : 0.0));
}

double wl_work_at_time_flops(const wl_work *w) {
  return panel_flops(w) + w->time_products * (double)w->train * (double)w->test * (double)w->test;
}

static double spectrum_phase(const wl_cost *m) {
  const wl_work *w = m->w;
  if (!w->spectrum && !has_vectors(w)) return 0.0;
  const double n = (double)w->train,
               levels = 4.0 * (double)w->noises; /* passes over U, of which products are half */
  return assemble_phase(m) + eigen(m, has_vectors(w)) + (w->spectrum ? eigen(m, false) : 0.0) +
         levels * 8.0 * n * n / wl_cost_ranks(m) / (1e9 * m->s.read_gbytes);
}

/* Products of U with panels through PBLAS, which have 0.7 of the rate (measured); and covariances, whose kernels come once. */
static double at_time_phase(const wl_cost *m) {
  return panel_flops(m->w) / 0.7 / wl_cost_ranks(m) /
             wl_cost_rate(m->s.push_gflops, m->s.push_half, fmin(m->l->block, (double)m->w->train)) +
         covariance(m, m->w->time_products);
}

/* ---- choices ------------------------------------------------------------------------------------------------------ */

/*
 * The prediction of the pool, and then the choices: for each a column of a, and of b, of all before it, and now and then the panels,
 * W and D three times, for the columns of WL_SELECT_CANDIDATES points, half of which are chosen.
 */
static double select_phase(const wl_cost *m, bool theta) {
  const wl_work *w = m->w;
  const double both = theta && w->ensemble ? 2.0 : 1.0, choices = (double)w->choices;
  const double rows = wl_cost_most_rows((double)w->train, m->l->block, m->l->rows),
               columns = panel_columns(m, (double)w->test);
  const double passes = fmax(1.0, ceil(2.0 * choices / WL_SELECT_CANDIDATES));
  const double flops = 2.0 * (both > 1.0 ? 3.0 : 1.0) * rows * columns * WL_SELECT_CANDIDATES;
  const double history = 0.5 * choices * choices * 8.0 * columns * (both > 1.0 ? 3.0 : 1.0);
  return predict_phase(m, theta) + passes * flops / (1e9 * m->s.gemm_gflops) + history / (1e9 * m->s.read_gbytes) +
         wl_cost_agree(m, 4.0 * choices);
}

/* ---- draws and the certificate --------------------------------------------------------------------------------- */

/* Assembles and factors the joint kernel of X and T once. */
static double joint_factor(const wl_cost *m, bool lower) {
  const double all = (double)(m->w->train + m->w->test), share = wl_cost_largest_share(m, all);
  return 0.5 * share * wl_cost_entry(m, m->s.theta, m->l->threads) + wl_cost_factor(m, all, lower);
}

/* Flops of draws, by products and solves with panels. */
static double panel_work(const wl_cost *m, double flops) {
  return flops / wl_cost_ranks(m) / wl_cost_rate(m->s.push_gflops, m->s.push_half, fmin(256.0, m->l->block));
}

/* Products and solves with panels; in mixed precision A is there, and posterior draws are of T alone. */
static double draw_flops(const wl_work *w) {
  const double n = (double)w->train, m = (double)w->test, all = n + m, c = (double)w->outputs;
  const double draw = all * all, train = (w->mixed ? 0.0 : n * n) + 2.0 * n * m;
  return (double)w->samples[WL_DRAW_POSTERIOR] * c * (w->mixed ? m * m : draw + n * n) +
         (double)w->samples[WL_DRAW_ENSEMBLE] * c * (draw + train) +
         (double)w->samples[WL_DRAW_RND] * ((w->rnd_target ? 1.0 : 2.0) * draw + train) +
         (double)w->samples[WL_DRAW_BAYESIAN_RND] * 2.0 * (draw + train);
}

/* Joint kernels from which functions are drawn: κ, that of another target network with it, and Θ⁻ where it is not zero. */
static int joint_kernels(const wl_work *w) {
  const bool apart = w->rnd_target && w->samples[WL_DRAW_RND] > 0, lower = w->samples[WL_DRAW_BAYESIAN_RND] > 0;
  const bool kappa = w->samples[WL_DRAW_ENSEMBLE] > 0 || lower || (w->samples[WL_DRAW_RND] > 0 && !apart);
  return kappa + apart + (lower && wl_network_has_lower(&w->network));
}

double wl_work_sample_flops(const wl_work *w) {
  const double m = (double)w->test, all = (double)w->train + m;
  const double factors = (wl_work_has_square(w) ? m * m * m : 0.0) + joint_kernels(w) * all * all * all;
  return draw_flops(w) + (w->mixed ? factors / 3.0 : 0.0);
}

static double certify_flops(const wl_work *w) {
  const double n = (double)w->train, m = (double)w->test, all = n + m;
  if (w->certify_draws == 0) return 0.0;
  return 6.0 * all * all * m + 4.0 * all * m * m + 2.0 / 3.0 * m * m * m +
         (double)w->certify_draws * (7.0 * all * all + 4.0 * (n * n + 2.0 * n * m) + 5.0 * m * m);
}

/* Assembles and factors a joint kernel in rectangular full packed form: two factors, a solve and a product between them. */
static double rfp_factor(const wl_cost *m) {
  const double all = (double)(m->w->train + m->w->test), first = ceil(all / 2.0), rest = all - first;
  return 0.5 * all * all / wl_cost_ranks(m) * wl_cost_entry(m, m->s.theta, m->l->threads) +
         wl_cost_factor(m, first, true) + wl_cost_panel_op(m, WL_PANEL_TRSM, first, rest) +
         first * rest * rest / wl_cost_ranks(m) / (1e9 * m->s.gemm_gflops) + wl_cost_factor(m, rest, false);
}

static double sample_phase(const wl_cost *m) {
  const wl_work *w = m->w;
  const int kernels = joint_kernels(w);
  if (kernels == 0 && w->samples[WL_DRAW_POSTERIOR] == 0) return 0.0;
  if (w->mixed)
    return (wl_work_has_square(w) ? wl_cost_factor(m, (double)w->test, true) : 0.0) + kernels * rfp_factor(m) +
           panel_work(m, draw_flops(w));
  return joint_factor(m, true) + kernels * joint_factor(m, false) + panel_work(m, draw_flops(w));
}

static double certify_phase(const wl_cost *m) {
  if (m->w->certify_draws == 0) return 0.0;
  const double kernels = m->w->rnd_target ? 3.0 : 2.0;
  return joint_factor(m, true) + kernels * joint_factor(m, false) + panel_work(m, certify_flops(m->w));
}

/* ---- the run ---------------------------------------------------------------------------------------------------- */

/* Rank 0 makes or reads the inputs, all get all of them and keep their own. */
static double read_phase(const wl_cost *m) {
  const wl_work *w = m->w;
  const double numbers = (double)w->train * (double)(w->dimension + w->outputs), bytes = 8.0 * numbers;
  const double pieces = ceil(bytes / 16777216.0), piece = bytes / pieces;
  const double n = (double)w->train, m_all = (double)w->test, kernels = w->theta + (w->ensemble || w->kappa);
  const double look =
      w->given ? kernels * (n * n + n * m_all + m_all * m_all) * wl_cost_read_entry(m) / wl_cost_ranks(m) : 0.0;
  return look + 1e-9 * m->s.input_ns * numbers +
         pieces * (wl_cost_broadcast(m, &m->row, piece) + wl_cost_broadcast(m, &m->column, piece)) +
         wl_cost_copy(m, numbers);
}

static double cube_of(int64_t n) { return (double)n * (double)n * (double)n / 3.0; }

static double model_flops(const wl_work *w) {
  if (w->rank > 0) return wl_cost_iterative_flops(w);
  const double n = (double)w->train, m = (double)w->test, all = n + m,
               cube = cube_of(w->train) - cube_of(w->known);
  const double factors = w->rnd_target ? 4.0 / 3.0 : 1.0;
  const double products = w->products[WL_PRIOR_THETA] + w->products[WL_PRIOR_KAPPA];
  const double certificate = w->certify_draws > 0 ? factors * all * all * all + certify_flops(w) : 0.0;
  return (w->theta ? cube + (w->ensemble ? w->rnd_target ? 6.0 : 4.0 : 1.0) * n * n * m : 0.0) +
         (w->kappa ? cube + n * n * m : 0.0) + loo_flops(w) + wl_work_sample_flops(w) + certificate +
         wl_work_spectrum_flops(w) + wl_work_at_time_flops(w) + products * n * m * m;
}

/* Assembly, factors and predictions. */
static void cost_double(const wl_cost *m, double seconds[WL_PHASE_COUNT]) {
  seconds[WL_PHASE_ASSEMBLE] = assemble_phase(m);
  if (m->w->theta) {
    seconds[WL_PHASE_FACTOR_THETA] = factor_phase(m, true);
    seconds[m->w->choices > 0 ? WL_PHASE_SELECT : WL_PHASE_PREDICT_THETA] =
        m->w->choices > 0 ? select_phase(m, true) : predict_phase(m, true);
  }
  if (m->w->kappa) {
    seconds[WL_PHASE_FACTOR_KAPPA] = factor_phase(m, false);
    seconds[m->w->choices > 0 ? WL_PHASE_SELECT : WL_PHASE_PREDICT_KAPPA] =
        m->w->choices > 0 ? select_phase(m, false) : predict_phase(m, false);
  }
}

wl_estimate wl_estimate_run(const wl_speeds *speeds, const wl_layout *layout, const wl_work *w) {
  const wl_cost m = wl_cost_of(speeds, layout, w);
  const double files = 1e9 * m.s.file_gbytes;
  wl_estimate e = {.flops = model_flops(w)};
  double *t = e.seconds;
  t[WL_PHASE_READ] = read_phase(&m);
  if (w->rank > 0)
    wl_cost_iterative(&m, t);
  else if (w->mixed)
    wl_cost_mixed(&m, t);
  else
    cost_double(&m, t);
  t[WL_PHASE_LOO] = loo_phase(&m);
  t[WL_PHASE_SAMPLE] = sample_phase(&m);
  t[WL_PHASE_CERTIFY] = certify_phase(&m);
  t[WL_PHASE_SPECTRUM] = spectrum_phase(&m);
  t[WL_PHASE_AT_TIME] = at_time_phase(&m);
  t[WL_PHASE_WRITE] = w->file_bytes / files;
  for (int p = 0; p < WL_PHASE_COUNT; p++) e.total += t[p];
  if (w->checkpoint_seconds > 0.0) {
    t[WL_PHASE_CHECKPOINT] = floor(e.total / w->checkpoint_seconds) * w->checkpoint_bytes / files;
    e.total += t[WL_PHASE_CHECKPOINT];
  }
  return e;
}

/* ---- what limits it --------------------------------------------------------------------------------------------- */

const char *wl_limit_name(wl_limit limit) {
  static const char *const names[WL_LIMIT_COUNT] = {"compute", "memory speed", "bandwidth", "latency", "files"};
  return names[limit];
}

/* The same machine, on which one kind of thing costs (nearly) nothing. */
static wl_speeds without(const wl_speeds *speeds, wl_limit limit) {
  const double fast = 1e9;
  wl_speeds s = *speeds;
  if (limit == WL_LIMIT_COMPUTE) {
    double *const all[] = {&s.gemm_gflops, &s.update_gflops, &s.corner_gflops, &s.push_gflops,
                           &s.pull_gflops, &s.panel_gflops,  &s.tile_gflops};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) *all[i] *= fast;
    memset(s.kappa, 0, sizeof s.kappa);
    memset(s.theta, 0, sizeof s.theta);
    s.input_ns = 0.0;
  }
  if (limit == WL_LIMIT_MEMORY_SPEED) {
    s.read_gbytes *= fast;
    s.copy_gbytes *= fast;
    s.touch_gbytes *= fast;
  }
  if (limit == WL_LIMIT_BANDWIDTH) {
    s.local_gbytes *= fast;
    s.network_gbytes *= fast;
  }
  if (limit == WL_LIMIT_FILES) s.file_gbytes *= fast;
  if (limit == WL_LIMIT_LATENCY) s.local_latency_us = s.network_latency_us = 0.0;
  return s;
}

wl_limit wl_estimate_limit(const wl_speeds *speeds, const wl_layout *layout, const wl_work *work,
                           double share[WL_LIMIT_COUNT]) {
  const double total = wl_estimate_run(speeds, layout, work).total;
  wl_limit largest = WL_LIMIT_COMPUTE;
  for (int i = 0; i < WL_LIMIT_COUNT; i++) {
    const wl_speeds s = without(speeds, (wl_limit)i);
    share[i] = 1.0 - wl_estimate_run(&s, layout, work).total / total;
    if (share[i] > share[largest]) largest = (wl_limit)i;
  }
  return largest;
}
