#include "cost/cost.h"

#include <math.h>

#include "gram/matrix_free.h"

double wl_cost_rate(double gflops, double half, double width) { return 1e9 * gflops * width / (width + half); }

static double ceil_div(double a, double b) { return ceil(a / b); }

/* Ranks that share a core take turns; threads speed up what BLAS does. */
static wl_speeds speeds_of_rank(const wl_speeds *speeds, const wl_layout *l) {
  wl_speeds s = *speeds;
  const double wanted = (double)l->ranks_per_node * l->threads, share = fmin(1.0, l->cores_per_node / wanted);
  double *const blas[] = {&s.gemm_gflops, &s.update_gflops, &s.corner_gflops, &s.push_gflops,
                          &s.pull_gflops, &s.panel_gflops,  &s.tile_gflops,   &s.read_gbytes};
  double *const single[] = {&s.copy_gbytes, &s.touch_gbytes, &s.local_gbytes};
  double *const entry[] = {&s.shift_ns, &s.shift_more_ns};
  for (size_t i = 0; i < sizeof blas / sizeof *blas; i++) *blas[i] *= share * l->threads / l->measured_threads;
  for (size_t i = 0; i < sizeof single / sizeof *single; i++) *single[i] *= share;
  for (size_t i = 0; i < sizeof entry / sizeof *entry; i++) *entry[i] /= share;
  for (int a = 0; a < WL_ACTIVATION_COUNT; a++) {
    s.kappa[a].first /= share;
    s.kappa[a].layer /= share;
    s.theta[a].first /= share;
    s.theta[a].layer /= share;
  }
  return s;
}

/*
 * Of `members` ranks, one in `stride`, where `here` ranks share a node: as many circles of this kind as have members there share its
 * link.
 */
static wl_circle circle_of(double members, double stride, double here) {
  return (wl_circle){.members = members,
                     .on_node = fmin(members, fmax(1.0, floor(here / stride))),
                     .on_link = stride > 1.0 ? fmin(here, stride) : fmax(1.0, floor(here / members))};
}

/* Nodes are filled in the order of ranks. */
wl_cost wl_cost_of(const wl_speeds *speeds, const wl_layout *l, const wl_work *w) {
  const double here = l->ranks_per_node, q = l->columns, p = l->rows;
  wl_cost m = {.s = speeds_of_rank(speeds, l), .l = l, .w = w};
  m.column = circle_of(p, l->row_major ? q : 1.0, here);
  m.row = circle_of(q, l->row_major ? 1.0 : p, here);
  return m;
}

static double rounds(double members) {
  return members <= 1.0 ? 0.0 : members <= 4.0 ? members - 1.0 : ceil(log2(members));
}

/* One message to all: a tree (Open MPI: a star of up to 4), within each node, and between nodes by one rank of the circle on each. */
double wl_cost_broadcast(const wl_cost *m, const wl_circle *c, double bytes) {
  const double nodes = ceil_div(c->members, c->on_node);
  return rounds(c->on_node) * (1e-6 * m->s.local_latency_us + bytes / (1e9 * m->s.local_gbytes)) +
         rounds(nodes) * (1e-6 * m->s.network_latency_us + bytes * c->on_link / (1e9 * m->s.network_gbytes));
}

/* Pieces of `bytes` in all, from all to all: a ring. */
double wl_cost_gather(const wl_cost *m, const wl_circle *c, double bytes) {
  if (c->members <= 1.0) return 0.0;
  const double hops = c->members - 1.0, moved = bytes * hops / c->members;
  if (c->members <= c->on_node) return hops * 1e-6 * m->s.local_latency_us + moved / (1e9 * m->s.local_gbytes);
  return hops * 1e-6 * m->s.network_latency_us + moved * c->on_link / (1e9 * m->s.network_gbytes);
}

/* Numbers that all ranks must agree on: there and back. */
double wl_cost_agree(const wl_cost *m, double times) {
  return 2.0 * times * (wl_cost_broadcast(m, &m->row, 8.0) + wl_cost_broadcast(m, &m->column, 8.0));
}

double wl_cost_copy(const wl_cost *m, double numbers) { return 8.0 * numbers / (1e9 * m->s.copy_gbytes); }
double wl_cost_touch(const wl_cost *m, double numbers) { return 8.0 * numbers / (1e9 * m->s.touch_gbytes); }

/* Rows beyond block k of which coordinate `me` has at most so many. */
double wl_cost_most_rows(double left, double block, double count) {
  return fmin(left, ceil_div(ceil_div(left, block), count) * block);
}

/* Given kernels are read, by all ranks from one file system. */
double wl_cost_read_entry(const wl_cost *m) { return 8.0 * wl_cost_ranks(m) / (1e9 * m->s.file_gbytes); }

/* The activation that costs about as much as the layer. */
static wl_activation like(const wl_layer *layer) {
  switch (layer->kind) {
    case WL_LAYER_ACTIVATION:
      return layer->activation;
    case WL_LAYER_ABRELU:
      return WL_ACTIVATION_LEAKY_RELU;
    case WL_LAYER_EXP:
    case WL_LAYER_SINE:
    case WL_LAYER_GAUSSIAN:
    case WL_LAYER_POLYNOMIAL:
      return WL_ACTIVATION_SIN;
    default:
      return WL_ACTIVATION_IDENTITY;
  }
}

/* What a shift adds to a layer of erf. */
static double shift_ns(const wl_speeds *s, const wl_layer *layer) {
  const bool shifted = layer->kind == WL_LAYER_ACTIVATION && layer->c != 0.0;
  return shifted ? s->shift_ns + s->shift_more_ns * fabs(layer->c) : 0.0;
}

/* Whether a dense layer passes with the activation before it, or with the dropout behind that. */
static bool is_fused(const wl_layer *dense) {
  const wl_layer *before = dense - 1;
  if (before->kind == WL_LAYER_DROPOUT) before--;
  return like(before) != WL_ACTIVATION_IDENTITY;
}

/* ns an entry, without its inner product. What a list has beside activations passes over it about once, like the identity. */
static double network_ns(const wl_network *net, const wl_speeds *s, const wl_entry_cost *cost) {
  const wl_entry_cost *first = &cost[net->depth > 1 ? net->activation : WL_ACTIVATION_IDENTITY];
  const double rest =
      net->parameterization == WL_PARAMETERIZATION_STANDARD ? cost[WL_ACTIVATION_IDENTITY].layer : 0.0;
  if (net->layer_count == 0) return first->first + (net->depth - 1) * (first->layer + rest);
  double ns = cost[WL_ACTIVATION_IDENTITY].first;
  for (int k = 1; k < net->layer_count; k++) {
    const wl_layer *layer = &net->layer[k];
    if (layer->kind != WL_LAYER_DENSE || !is_fused(layer)) ns += cost[like(layer)].layer + shift_ns(s, layer);
    if (layer->kind == WL_LAYER_DENSE) ns += rest;
  }
  return ns;
}

double wl_cost_entry(const wl_cost *m, const wl_entry_cost *cost, int threads) {
  if (m->w->given) return wl_cost_read_entry(m);
  return 1e-9 * network_ns(&m->w->network, &m->s, cost) / threads +
         2.0 * (double)m->w->dimension / (1e9 * m->s.gemm_gflops);
}

double wl_cost_ranks(const wl_cost *m) { return (double)m->l->rows * m->l->columns; }

/* Entries of an N × N array on the rank that has most. */
double wl_cost_largest_share(const wl_cost *m, double n) {
  return wl_cost_most_rows(n, m->l->block, m->l->rows) * wl_cost_most_rows(n, m->l->block, m->l->columns);
}

/* The lower triangle, entry by entry. */
double wl_cost_evaluate(const wl_cost *m, bool theta) {
  return 0.5 * wl_cost_largest_share(m, (double)m->w->train) *
         wl_cost_entry(m, theta ? m->s.theta : m->s.kappa, 1);
}

/* S V, from entries to products with them; `half` as in gram/implicit.h. Few columns travel, else block columns do. */
double wl_cost_apply(const wl_cost *m, bool theta, double columns, bool half, bool few) {
  const double n = (double)m->w->train, ranks = wl_cost_ranks(m);
  const wl_grid grid = {.rows = m->l->rows, .columns = m->l->columns, .block = m->l->block, .size = (int)ranks};
  const double width = (double)wl_product_part_width(&grid), flops = (half ? 1.0 : 2.0) * n * n * columns;
  double seconds =
      wl_cost_evaluate(m, theta) + flops / ranks / wl_cost_rate(m->s.push_gflops, m->s.push_half, width);
  if (few) {
    const double rows = wl_cost_most_rows(n, m->l->block, m->l->rows) * columns,
                 others = m->l->rows > 1 ? wl_cost_most_rows(n, m->l->block, m->l->columns) * columns : 0.0;
    seconds += 4.0 * wl_cost_broadcast(m, &m->row, 8.0 * rows) +
               2.0 * wl_cost_broadcast(m, &m->column, 8.0 * others) + wl_cost_copy(m, 4.0 * rows + 6.0 * others);
  } else {
    const double rows = wl_cost_most_rows(n, m->l->block, m->l->rows), parts = ceil(n / width);
    seconds += parts * (wl_cost_broadcast(m, &m->row, 4.0 * rows * width) +
                        2.0 * wl_cost_broadcast(m, &m->column, 8.0 * width * columns / m->l->columns));
  }
  return seconds;
}
