#include "cost/memory.h"

#include <math.h>
#include <mpi.h>

#include "base/machine.h"
#include "base/util.h"
#include "certificate/bytes.h"
#include "dist/matrix.h"
#include "dist/single.h"
#include "gram/bytes.h"
#include "gram/tile_exchange.h"
#include "inference/bytes.h"
#include "linalg/bytes.h"
#include "linalg/rfp.h"
#include "sampling/bytes.h"

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

static double certify_bytes(const wl_job *job) {
  const wl_config *c = job->config;
  if (!c->certify.wanted) return 0.0;
  return wl_certify_bytes(job->grid, job->shape->train, job->shape->test, c->certify.replicates, c->certify.heads);
}

static double solution_bytes(const wl_job *job) {
  return wl_job_keeps_solution(job->config) ? local_bytes(job, job->shape->train, job->shape->test) : 0.0;
}

/* X, and a batch of test points whose panels may be dealt out to any rank. */
static double points_bytes(const wl_job *job) {
  const wl_data_shape *s = job->shape;
  return wl_points_bytes(job->grid, s->train, s->dimension) + 16.0 * (double)job->batch * (double)s->dimension;
}

/* X once more, with T. */
static double joint_points_bytes(const wl_job *job) {
  const wl_data_shape *s = job->shape;
  return wl_points_bytes(job->grid, s->train + s->test, s->dimension);
}

/* The mean as it is retained, and with all its columns on every rank. */
static double mean_bytes(const wl_job *job) {
  return (1.0 + job->grid->columns) * local_bytes(job, job->shape->test, job->shape->outputs);
}

/* Predictions, or what leaves points out, or the factorization, or κ on its way to other ranks. */
static wl_memory predict_memory(const wl_job *job) {
  const wl_grid *g = job->grid;
  const wl_data_shape *s = job->shape;
  const wl_grid test = wl_job_test_grid(job->config, g, job->batch);
  const double exchange = (double)wl_tile_exchange_bytes(g->block, wl_machine_threads());
  const bool ensemble = wl_quantities_need_ensemble(job->config->quantity);
  const double loo = job->config->loo ? wl_loo_bytes(g, s->train, ensemble) : 0.0;
  const double target =
      wl_job_rnd_target(job->config) ? wl_predict_target_bytes(g, &test, s->train, job->batch) : 0.0;
  const double batch = job->config->select.active
                           ? wl_select_bytes(g, &test, s->train, s->test, job->config->select.count, ensemble)
                           : wl_predict_bytes(g, &test, s->train, job->batch);
  const double predict = fmax(batch + target, loo);
  return (wl_memory){
      .matrix = local_bytes(job, s->train, s->train),
      .panels = fmax(predict, fmax(wl_factorize_bytes(g, s->train), exchange)),
      .points = points_bytes(job),
      .targets = 2.0 * local_bytes(job, s->train, s->outputs),
      .square = wl_job_squares(job->config) * local_bytes(job, s->test, s->test),
  };
}

/* The same in single precision; with all batches but the first, what is kept of those before. */
static wl_memory mixed_memory(const wl_job *job) {
  const wl_grid *g = job->grid;
  const wl_data_shape *s = job->shape;
  const bool both = wl_job_predicts_both(job), pair = wl_job_wants_both(job->config);
  wl_memory m = predict_memory(job);
  m.matrix = pair ? (double)wl_single_pair_bytes(g, s->train) : 0.5 * m.matrix;
  m.targets *= pair ? 2.5 : 1.5;
  m.panels = fmax(wl_predict_mixed_bytes(g, s->train, job->batch, s->outputs, both),
                  0.5 * wl_factorize_bytes(g, s->train));
  if (job->batch < s->test || (pair && !both)) m.solutions = solution_bytes(job);
  return m;
}

/* The joint array of X and T, their points beside those of the prediction, half-made Bayesian heads. */
static wl_memory joint_memory(const wl_job *job) {
  const wl_grid *g = job->grid;
  const wl_data_shape *s = job->shape;
  const int64_t all = s->train + s->test;
  return (wl_memory){
      .matrix = local_bytes(job, all, all),
      .panels = fmax(wl_draw_bytes(g, all, widest_panel(job)), wl_factorize_bytes(g, all)),
      .points = points_bytes(job) + joint_points_bytes(job),
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

/* Posterior draws in mixed precision: C and its factor. */
static wl_memory posterior_memory(const wl_job *job) {
  const wl_data_shape *s = job->shape;
  const int64_t width = wl_job_panel_width(job, WL_DRAW_POSTERIOR);
  return (wl_memory){
      .panels = fmax(local_bytes(job, s->test, width) + written_bytes(job, width),
                     wl_factorize_bytes(job->grid, s->test)),
      .points = points_bytes(job),
      .targets = local_bytes(job, s->train, s->outputs) + mean_bytes(job),
      .square = 2.0 * local_bytes(job, s->test, s->test),
      .solutions = solution_bytes(job),
  };
}

/* Draws of functions in mixed precision. */
static wl_memory functions_memory(const wl_job *job) {
  const wl_grid *g = job->grid;
  const wl_data_shape *s = job->shape;
  const int64_t all = s->train + s->test, width = widest_panel(job);
  return (wl_memory){
      .matrix = wl_draw_rfp_factor_bytes(g, all),
      .panels = fmax(fmax(wl_draw_rfp_bytes(g, all, s->test, width), written_bytes(job, width)),
                     wl_factorize_bytes(g, wl_rfp_first(all))),
      .points = points_bytes(job) + joint_points_bytes(job),
      .targets = local_bytes(job, s->train, s->outputs) + mean_bytes(job),
      .solutions = solution_bytes(job),
  };
}

/* The solver without a matrix: what it holds of each kernel, and a batch with its targets and probes. */
static wl_memory iterative_memory(const wl_job *job) {
  const wl_data_shape *s = job->shape;
  const int64_t rank = wl_job_iterative_options(job->config, s).rank;
  const int64_t columns = wl_iterative_columns(job->batch, s->outputs);
  const double kernels = wl_job_wants_both(job->config) ? 2.0 : 1.0;
  const wl_grid panels = wl_job_test_grid(job->config, job->grid, job->batch);
  return (wl_memory){
      .matrix = kernels * local_bytes(job, rank, s->train) + (kernels + 1.0) * local_bytes(job, rank, rank),
      .panels = wl_iterative_bytes(job->grid, &panels, s->train, columns, rank, (int)kernels),
      .points = points_bytes(job) + 3.0 * 8.0 * (double)rank * (double)s->dimension,
      .targets = (1.0 + kernels) * local_bytes(job, s->train, s->outputs),
  };
}

/* Kernels and eigenvectors; what predictions and factors took is gone. */
static wl_memory spectrum_memory(const wl_job *job) {
  const wl_config *c = job->config;
  const wl_grid *g = job->grid;
  const wl_data_shape *s = job->shape;
  const wl_grid test = wl_job_test_grid(c, g, job->batch);
  const bool vectors = wl_job_wants_eigenvectors(c), times = c->training.times.count > 0;
  return (wl_memory){
      .matrix = local_bytes(job, s->train, s->train),
      .eigenvectors = wl_spectrum_bytes(g, &test, s->train, times ? job->batch : 0, vectors,
                                        wl_quantities_need_ensemble(c->quantity)),
      .points = points_bytes(job),
      .targets = 4.0 * local_bytes(job, s->train, s->outputs),
      .square = wl_job_time_squares(c) * local_bytes(job, s->test, s->test),
  };
}

wl_memory wl_memory_add(wl_memory a, wl_memory b) {
  return (wl_memory){.matrix = a.matrix + b.matrix,
                     .eigenvectors = a.eigenvectors + b.eigenvectors,
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
  return m->matrix + m->eigenvectors + m->panels + m->points + m->targets + m->square + m->solutions + m->samples +
         m->certificate + m->libraries;
}

static wl_memory larger_memory(wl_memory a, wl_memory b) { return wl_memory_sum(&b) > wl_memory_sum(&a) ? b : a; }

/* What MPI, HDF5 and BLAS hold of their own (measured): MPICH more than Open MPI. */
static double library_bytes(void) {
#ifdef MPICH_VERSION
  return 37.0 * 1048576.0;
#else
  return 32.0 * 1048576.0;
#endif
}

wl_memory wl_job_memory(const wl_job *job) {
  const bool mixed = is_mixed(job->config);
  const bool iterative = wl_job_is_iterative(job->config);
  wl_memory peak = iterative ? iterative_memory(job) : mixed ? mixed_memory(job) : predict_memory(job);
  if (wl_job_has_joint(job->config)) peak = larger_memory(peak, joint_memory(job));
  if (mixed && job->config->samples[WL_DRAW_POSTERIOR] > 0) peak = larger_memory(peak, posterior_memory(job));
  if (wl_job_keeps_solution(job->config)) peak = larger_memory(peak, functions_memory(job));
  if (wl_job_wants_spectrum(job->config)) peak = larger_memory(peak, spectrum_memory(job));
  const double tiles = 3.0 * 8.0 * (double)job->grid->block * (double)job->grid->block; /* scratch of a thread */
  peak.libraries = library_bytes() + tiles * (double)wl_machine_threads();
  return peak;
}
