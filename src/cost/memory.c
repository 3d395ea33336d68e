#include "cost/memory.h"

#include <math.h>

#include "base/machine.h"
#include "base/util.h"
#include "gram/matrix_free.h"
#include "gram/tile_exchange.h"
#include "inference/mixed.h"
#include "linalg/rfp.h"
#include "linalg/sweep.h"
#include "widelimit/matrix.h"

static bool is_mixed(const wl_config *config) { return config->precision == WL_PRECISION_MIXED; }

/* Of those of n + m rows. */
static int64_t widest_panel(const wl_job *job) {
  int64_t width = is_mixed(job->config) ? 0 : wl_job_panel_width(job, WL_DRAW_POSTERIOR);
  for (int d = WL_DRAW_ENSEMBLE; d < WL_DRAW_COUNT; d++)
    width = larger(width, wl_job_panel_width(job, (wl_draw)d));
  return width;
}

static double local_bytes(const wl_job *job, int64_t rows, int64_t columns) {
  return (double)wl_matrix_local_bytes(job->grid, rows, columns);
}

/* n × columns on a grid for panels. */
static double panel_bytes(const wl_job *job, const wl_grid *panels, int64_t columns) {
  return (double)wl_matrix_local_bytes(panels, job->shape->train, columns);
}

/* Local rows and local columns of an n × n matrix. */
static double rows_of(const wl_grid *g, int64_t n) { return (double)wl_grid_owned(n, g->block, g->row, g->rows); }
static double columns_of(const wl_grid *g, int64_t n) {
  return (double)wl_grid_owned(n, g->block, g->column, g->columns);
}

/* The factorization's panels: two on their way in both directions, and what is gathered. */
static double loop_bytes(const wl_grid *g, int64_t n) {
  return 8.0 * (double)g->block * (2.0 * rows_of(g, n) + 3.0 * columns_of(g, n));
}

/* Inner products of K heads and K + 1 members, and of K heads and K draws, on rank 0, with one piece on its way. */
static double pair_bytes(const wl_grid *g, double heads) {
  const double one = heads + 1.0;
  return 8.0 * (one * one / (double)(g->rows * g->columns) + (g->row + g->column == 0 ? 9.0 * one * one : 0.0));
}

/* What the certificate holds beside the joint array: two N × m panels, four m × m matrices, heads in halves. */
static double certify_bytes(const wl_job *job) {
  const int64_t m = job->shape->test, all = job->shape->train + m, heads = job->config->certify.heads;
  if (!job->config->certify.wanted) return 0.0;
  return 2.0 * local_bytes(job, all, m) + 4.0 * local_bytes(job, m, m) +
         (double)job->config->certify.replicates * local_bytes(job, m, heads) +
         3.0 * local_bytes(job, all, heads + 1) + pair_bytes(job->grid, (double)heads);
}

static double solution_bytes(const wl_job *job) {
  return wl_job_keeps_solution(job->config) ? local_bytes(job, job->shape->train, job->shape->test) : 0.0;
}

/* The array, two test panels with two block columns on their way, or the factorization's panels, or κ on its way to other ranks;
   points, targets. */
static wl_memory predict_memory(const wl_job *job) {
  const wl_grid *g = job->grid;
  const wl_data_shape *s = job->shape;
  const wl_grid test = wl_job_test_grid(job->config, g, job->batch);
  const double panels = 2.0 * (panel_bytes(job, &test, job->batch) + 8.0 * g->block * rows_of(g, s->train)),
               handed_over = (double)wl_tile_exchange_bytes(g->block, wl_machine_threads()),
               least = fmax(loop_bytes(g, s->train), handed_over);
  return (wl_memory){
      .matrix = local_bytes(job, s->train, s->train),
      .panels = fmax(panels, least),
      .points =
          8.0 * (rows_of(g, s->train) + columns_of(g, s->train) + 2.0 * (double)job->batch) * (double)s->dimension,
      .targets = 2.0 * local_bytes(job, s->train, s->outputs),
      .square = wl_job_squares(job->config) * local_bytes(job, s->test, s->test),
  };
}

/*
 * One pass: the kernels' columns on their way, or pieces of them, and where the columns are few, as in a last batch, `vectors`
 * of both kernels together on block rows and, where those are not all rows, on block columns.
 */
static double pass_bytes(const wl_grid *g, int64_t n, bool few, int64_t vectors) {
  const double rows = few ? (double)wl_product_piece_rows(g) : g->columns * rows_of(g, n),
               others = g->rows > 1 ? columns_of(g, n) : 0.0;
  return 2.0 * 8.0 * (double)wl_product_part_width(g) * rows +
         8.0 * (double)vectors * (2.0 * rows_of(g, n) + 3.0 * others);
}

/* One solve with the floats: vectors and their sums, or two block columns on their way. */
static double solve_bytes(const wl_grid *g, int64_t n, int64_t columns) {
  return 8.0 * (double)(columns <= WL_SOLVE_FEW ? columns : g->block) * rows_of(g, n);
}

/*
 * The same in single precision. Right-hand sides, solutions, corrections, what becomes of them in a pass, and κ's product or the
 * direction of conjugate gradients are five panels; where both priors share passes, they have five each, and κ's products are
 * with both. Then come one panel of floats, the probes, and what a pass or a solve takes beside, and with all batches but the
 * first what is kept of those before.
 */
static wl_memory mixed_memory(const wl_job *job) {
  const wl_grid *g = job->grid;
  const bool both = wl_job_predicts_both(job);
  const int64_t n = job->shape->train, targets = job->shape->outputs + WL_MIXED_RANDOM_COLUMNS,
                columns = job->batch + targets, /* of the first batch */
      few = smaller(columns, wl_product_most_few(g, n)), probes = WL_MIXED_PROBES;
  const double pass = both
                          ? pass_bytes(g, n, true, 2 * columns + larger(columns, 2 * probes))
                          : pass_bytes(g, n, wl_product_is_few(g, n, columns + probes), few + larger(few, probes)),
               solve = solve_bytes(g, n, columns), loop = 0.5 * loop_bytes(g, n);
  const wl_grid panels = wl_grid_for_panels(g, columns);
  wl_memory m = predict_memory(job);
  if (wl_job_wants_both(job->config))
    m.matrix = (double)wl_single_pair_bytes(g, n);
  else
    m.matrix *= 0.5;
  m.targets *= wl_job_wants_both(job->config) ? 2.5 : 1.5;
  m.panels = (both ? 10.5 : 5.5) * panel_bytes(job, &panels, columns) +
             (both ? 2.0 : 1.0) * 2.0 * local_bytes(job, n, WL_MIXED_PROBES) + (pass > solve ? pass : solve);
  if (loop > m.panels) m.panels = loop;
  if (job->batch < job->shape->test || (wl_job_wants_both(job->config) && !both))
    m.solutions = solution_bytes(job);
  return m;
}

/* The joint array of X and T, three panels, their points beside those of the prediction, half-made Bayesian heads. */
static wl_memory joint_memory(const wl_job *job) {
  const wl_grid *g = job->grid;
  const wl_data_shape *s = job->shape;
  const int64_t all = s->train + s->test;
  const double panels = 3.0 * local_bytes(job, all, widest_panel(job)), loop = loop_bytes(g, all);
  return (wl_memory){
      .matrix = local_bytes(job, all, all),
      .panels = panels > loop ? panels : loop,
      .points = predict_memory(job).points + 8.0 * (rows_of(g, all) + columns_of(g, all)) * (double)s->dimension,
      .samples = local_bytes(job, s->test, job->config->samples[WL_DRAW_BAYESIAN_RND]),
      .certificate = certify_bytes(job),
  };
}

/* A panel of draws with the pieces of it that rank 0 writes. */
static double written_bytes(const wl_job *job, int64_t width) {
  const wl_grid *g = job->grid;
  const double pieces =
      g->row + g->column == 0 ? 16.0 * (double)smaller(job->shape->test * width, (int64_t)1 << 23) : 0.0;
  return local_bytes(job, job->shape->test, width) + pieces;
}

/* Draws in mixed precision: C and its factor, two panels and pieces for the file, or the factorization's, both sets of points. */
static wl_memory posterior_memory(const wl_job *job) {
  const wl_grid *g = job->grid;
  const wl_data_shape *s = job->shape;
  const int64_t width = wl_job_panel_width(job, WL_DRAW_POSTERIOR);
  const double panels = local_bytes(job, s->test, width) + written_bytes(job, width),
               loop = loop_bytes(g, s->test);
  return (wl_memory){
      .panels = panels > loop ? panels : loop,
      .points = predict_memory(job).points,
      .targets =
          local_bytes(job, s->train, s->outputs) +
          (1.0 + g->columns) * local_bytes(job, s->test, s->outputs), /* the mean: all columns on every rank */
      .square = 2.0 * local_bytes(job, s->test, s->test),
      .solutions = solution_bytes(job),
  };
}

/* Columns of draws of functions: two of X and T and the second half of one, and the draws, or one and two of the draws. */
static double functions_panels(const wl_job *job) {
  const int64_t width = widest_panel(job), test = job->shape->test, all = job->shape->train + test;
  const double whole = local_bytes(job, all, width), half = local_bytes(job, all - wl_rfp_first(all), width),
               draws = local_bytes(job, test, width);
  return half + fmax(2.0 * whole + draws, whole + 2.0 * draws);
}

/* Of functions: two arrays for one triangle, panels, points beside those of the prediction, the mean. */
static wl_memory functions_memory(const wl_job *job) {
  const wl_grid *g = job->grid;
  const wl_data_shape *s = job->shape;
  const int64_t all = s->train + s->test, first = wl_rfp_first(all), rest = all - first;
  return (wl_memory){
      .matrix = local_bytes(job, first, first) + local_bytes(job, first, rest),
      .panels = fmax(fmax(functions_panels(job), written_bytes(job, widest_panel(job))), loop_bytes(g, first)),
      .points = predict_memory(job).points + 8.0 * (rows_of(g, all) + columns_of(g, all)) * (double)s->dimension,
      .targets =
          local_bytes(job, s->train, s->outputs) + (1.0 + g->columns) * local_bytes(job, s->test, s->outputs),
      .solutions = solution_bytes(job),
  };
}

wl_memory wl_memory_add(wl_memory a, wl_memory b) {
  return (wl_memory){.matrix = a.matrix + b.matrix,
                     .panels = a.panels + b.panels,
                     .points = a.points + b.points,
                     .targets = a.targets + b.targets,
                     .square = a.square + b.square,
                     .solutions = a.solutions + b.solutions,
                     .samples = a.samples + b.samples,
                     .certificate = a.certificate + b.certificate,
                     .libraries = a.libraries + b.libraries};
}

double wl_memory_sum(const wl_memory *m) {
  return m->matrix + m->panels + m->points + m->targets + m->square + m->solutions + m->samples + m->certificate +
         m->libraries;
}

static wl_memory larger_memory(wl_memory a, wl_memory b) { return wl_memory_sum(&b) > wl_memory_sum(&a) ? b : a; }

wl_memory wl_job_memory(const wl_job *job) {
  const bool mixed = is_mixed(job->config);
  wl_memory peak = mixed ? mixed_memory(job) : predict_memory(job);
  if (wl_job_has_joint(job->config)) peak = larger_memory(peak, joint_memory(job));
  if (mixed && job->config->samples[WL_DRAW_POSTERIOR] > 0) peak = larger_memory(peak, posterior_memory(job));
  if (wl_job_keeps_solution(job->config)) peak = larger_memory(peak, functions_memory(job));
  const double tiles = 3.0 * 8.0 * (double)job->grid->block * (double)job->grid->block; /* scratch of a thread */
  peak.libraries = 32.0 * 1048576.0 + tiles * (double)wl_machine_threads();
  return peak;
}
