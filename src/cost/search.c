#include "cost/search.h"

#include <math.h>

#include "base/util.h"

static const double knee_efficiency = 0.5;

static wl_error choose_grid(const wl_search *s, int64_t ranks, wl_grid *grid) {
  const wl_config *c = s->config;
  int rows = c->grid.rows, columns = c->grid.columns;
  WL_TRY(wl_grid_choose_shape((int)ranks, &rows, &columns));
  const int block = wl_job_choose_block(c, &s->shape, (int)ranks);
  *grid = (wl_grid){.size = (int)ranks, .rows = rows, .columns = columns, .block = block, .column_block = block};
  return WL_OK;
}

/* Grid, memory and limits; the time is another matter. */
static wl_error lay_out(const wl_search *s, int64_t ranks, int ranks_per_node, wl_search_point *p) {
  *p = (wl_search_point){.ranks = ranks,
                         .ranks_per_node = (int)smaller(ranks, ranks_per_node),
                         .nodes = (ranks + ranks_per_node - 1) / ranks_per_node};
  WL_TRY(choose_grid(s, ranks, &p->grid));
  p->batch = wl_job_choose_batch(s->config, &s->shape, &p->grid);
  const wl_job first = {s->config, &s->shape, &p->grid, p->batch};
  p->rank = wl_job_memory(&first);
  p->largest_share = wl_job_largest_share(&first);
  p->fits_indices = wl_job_order(&first) <= INT32_MAX && p->largest_share <= INT32_MAX;
  for (int r = 0; r < p->ranks_per_node; r++) { /* the first node: low coordinates have most */
    wl_grid at = p->grid;
    at.rank = r;
    at.row = wl_grid_row_of(&at, r);
    at.column = wl_grid_column_of(&at, r);
    const wl_job job = {s->config, &s->shape, &at, p->batch};
    const wl_memory memory = wl_job_memory(&job);
    p->node = wl_memory_add(p->node, memory);
  }
  p->fits_memory = wl_memory_sum(&p->node) <= s->memory_per_node;
  return WL_OK;
}

static void predict_time(const wl_search *s, wl_search_point *p) {
  wl_work work = wl_job_work(s->config, &s->shape, p->batch);
  work.known = s->known;
  wl_layout layout = {.rows = p->grid.rows,
                      .columns = p->grid.columns,
                      .block = p->grid.block,
                      .ranks_per_node = p->ranks_per_node,
                      .cores_per_node = s->cores_per_node,
                      .threads = s->threads,
                      .measured_threads = s->measured_threads};
  p->estimate = wl_estimate_run(s->speeds, &layout, &work);
  p->limit = wl_estimate_limit(s->speeds, &layout, &work, p->share);
  for (int e = 0; e < WL_ENGINE_COUNT; e++) {
    work.engine = (wl_engine)e;
    p->seconds_by[e] = wl_estimate_run(s->speeds, &layout, &work).total;
  }
  work.engine = s->config->engine;
  layout.row_major = true;
  p->seconds_row_major = wl_estimate_run(s->speeds, &layout, &work).total;
}

int wl_search_ranks_per_node(const wl_search *s) { return (int)larger(1, s->cores_per_node / s->threads); }

static bool fits(const wl_search *s, int64_t nodes) {
  wl_search_point p;
  return lay_out(s, nodes * wl_search_ranks_per_node(s), wl_search_ranks_per_node(s), &p) == WL_OK &&
         p.fits_indices && p.fits_memory;
}

/* The smallest number of nodes that fits: not below what the matrix alone takes. 0: none. */
static int64_t find_smallest(const wl_search *s) {
  const double bytes = wl_job_matrix_bytes(s->config, &s->shape);
  const double matrix = fmin(bytes / s->memory_per_node, (double)WL_SEARCH_NODES + 1.0);
  const int64_t first = larger(1, (int64_t)matrix);
  for (int64_t nodes = first; nodes <= WL_SEARCH_NODES; nodes += larger(1, nodes / 1024))
    if (fits(s, nodes)) return nodes;
  return 0;
}

wl_error wl_search_point_at(const wl_search *s, int64_t ranks, int ranks_per_node, wl_search_point *point) {
  WL_TRY(lay_out(s, ranks, ranks_per_node, point));
  predict_time(s, point);
  return WL_OK;
}

void wl_search_find(const wl_search *s, wl_search_curve *c) {
  const int each = wl_search_ranks_per_node(s);
  *c = (wl_search_curve){.smallest = find_smallest(s)};
  for (int64_t nodes = c->smallest; nodes > 0 && nodes <= WL_SEARCH_NODES && c->count < WL_SEARCH_CURVE;
       nodes *= 2) {
    wl_search_point *p = &c->point[c->count];
    if (lay_out(s, nodes * each, each, p) != WL_OK || !p->fits_indices || !p->fits_memory) continue;
    predict_time(s, p);
    const wl_search_point *one = &c->point[0];
    p->efficiency = (double)one->nodes * one->estimate.total / ((double)p->nodes * p->estimate.total);
    if (p->efficiency >= knee_efficiency) c->knee = c->count;
    c->count++;
    if (p->efficiency < 0.5 * knee_efficiency) break;
  }
}
