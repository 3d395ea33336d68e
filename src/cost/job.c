#include "cost/job.h"

#include <math.h>
#include <string.h>

#include "base/util.h"
#include "checkpoint/checkpointer.h"
#include "cost/plan.h"
#include "inference/mixed.h"
#include "linalg/eigen.h"
#include "linalg/rfp.h"

/* Test points that share passes: more of them cost memory, fewer evaluate the kernels more often. */
enum { ITERATIVE_BATCH = 256 };

static bool is_mixed(const wl_config *config) { return config->precision == WL_PRECISION_MIXED; }

static bool has_ensemble(const wl_config *config) { return wl_quantities_need_ensemble(config->quantity); }

bool wl_job_has_draws(const wl_config *config) {
  for (int d = 0; d < WL_DRAW_COUNT; d++)
    if (config->samples[d] > 0) return true;
  return false;
}

const wl_network *wl_job_rnd_target(const wl_config *config) {
  return config->rnd_target.wanted && config->quantity[WL_QUANTITY_RND] ? &config->rnd_target.network : NULL;
}

wl_work wl_job_work(const wl_config *c, const wl_data_shape *shape, int64_t batch) {
  const wl_model_options options = wl_job_model_options(c);
  wl_work work = {.train = shape->train,
                  .test = shape->test,
                  .dimension = shape->dimension,
                  .outputs = shape->outputs,
                  .batch = batch,
                  .network = c->network,
                  .rnd_target = wl_job_rnd_target(c),
                  .given = c->kernels.wanted,
                  .theta = wl_model_needs(&options, WL_PRIOR_THETA),
                  .ensemble = has_ensemble(c),
                  .kappa = wl_model_needs(&options, WL_PRIOR_KAPPA),
                  .loo = c->loo,
                  .spectrum = c->spectrum,
                  .times = c->training.times.count,
                  .noises = c->noise_path.count,
                  .choices = c->select.active ? c->select.count : 0,
                  .mixed = is_mixed(c),
                  .passes = smaller(WL_PLAN_PASSES, c->solver.passes),
                  .engine = c->engine,
                  .tiles = wl_job_has_square(c) && !is_mixed(c),
                  .certify_draws = c->certify.wanted ? c->certify.replicates * c->certify.heads : 0,
                  .file_bytes = wl_job_result_bytes(c, shape),
                  .checkpoint_bytes = wl_job_checkpoint_bytes(c, shape)};
  if (wl_job_is_iterative(c)) work.rank = wl_job_iterative_options(c, shape).rank;
  memcpy(work.samples, c->samples, sizeof work.samples);
  for (int p = 0; p < WL_PRIOR_COUNT; p++) work.products[p] = wl_job_covariance_products(c, (wl_prior)p);
  work.time_products = wl_job_time_products(c);
  if (c->checkpoint.directory) work.checkpoint_seconds = 60.0 * fmax(c->checkpoint.every_minutes, 0.1);
  return work;
}

wl_model_options wl_job_model_options(const wl_config *config) {
  wl_model_options options = {.engine = config->engine,
                              .noise_variance = config->noise_variance,
                              .jitter = config->jitter,
                              .seed = config->seed,
                              .mixed = is_mixed(config),
                              .rnd_target = wl_job_rnd_target(config)};
  memcpy(options.quantity, config->quantity, sizeof options.quantity);
  return options;
}

bool wl_job_is_iterative(const wl_config *config) { return config->solver.method == WL_SOLVER_ITERATIVE; }

wl_iterative_options wl_job_iterative_options(const wl_config *config, const wl_data_shape *shape) {
  wl_iterative_options options = {.noise_variance = config->noise_variance,
                                  .jitter = config->jitter,
                                  .seed = config->seed,
                                  .tolerance = config->solver.tolerance,
                                  .passes = config->solver.passes,
                                  .rank = config->solver.rank > 0
                                              ? smaller(config->solver.rank, shape->train)
                                              : wl_iterative_choose_rank(shape->train, shape->dimension)};
  memcpy(options.quantity, config->quantity, sizeof options.quantity);
  return options;
}

wl_joint_options wl_job_joint_options(const wl_config *config) {
  return (wl_joint_options){.engine = config->engine,
                            .noise_variance = config->noise_variance,
                            .jitter = config->jitter,
                            .seed = config->seed,
                            .rnd_target = wl_job_rnd_target(config)};
}

wl_prior wl_job_last_prior(const wl_config *config) {
  const wl_model_options options = wl_job_model_options(config);
  return wl_model_needs(&options, WL_PRIOR_KAPPA) ? WL_PRIOR_KAPPA : WL_PRIOR_THETA;
}

bool wl_job_has_joint(const wl_config *config) {
  return (wl_job_has_draws(config) && !is_mixed(config)) || config->certify.wanted;
}

static bool draws_functions(const wl_config *config) {
  const int64_t *count = config->samples;
  return count[WL_DRAW_ENSEMBLE] > 0 || count[WL_DRAW_RND] > 0 || count[WL_DRAW_BAYESIAN_RND] > 0;
}

bool wl_job_retains(const wl_config *config) {
  return (wl_job_has_draws(config) && is_mixed(config)) || config->certify.wanted;
}

bool wl_job_keeps_covariance(const wl_config *config) {
  return (config->samples[WL_DRAW_POSTERIOR] > 0 && is_mixed(config)) || config->certify.wanted;
}

bool wl_job_keeps_solution(const wl_config *config) { return draws_functions(config) && is_mixed(config); }

double wl_job_squares(const wl_config *config) {
  const bool kept = wl_job_keeps_covariance(config), written = config->output_covariance || config->output_kernels;
  const bool both = kept && config->output_covariance && config->quantity[WL_QUANTITY_NNGP];
  const double rnd = wl_job_rnd_target(config) && (kept || config->output_covariance) ? 1.0 : 0.0;
  return rnd + (both ? 2.0 : kept || written ? 1.0 : 0.0);
}

bool wl_job_has_square(const wl_config *config) { return wl_job_squares(config) > 0.0; }

bool wl_job_wants_both(const wl_config *config) {
  const wl_model_options options = wl_job_model_options(config);
  return wl_model_needs(&options, WL_PRIOR_THETA) && wl_model_needs(&options, WL_PRIOR_KAPPA);
}

bool wl_job_predicts_both(const wl_job *job) {
  const wl_data_shape *s = job->shape;
  return is_mixed(job->config) && wl_job_wants_both(job->config) && job->batch >= s->test &&
         wl_mixed_shares_passes(job->grid, s->train, s->test, s->outputs);
}

int wl_job_choose_block(const wl_config *config, const wl_data_shape *shape, int ranks) {
  if (config->grid.block > 0) return config->grid.block;
  return wl_grid_choose_block(wl_job_has_square(config) ? larger(shape->train, shape->test) : shape->train, ranks);
}

int64_t wl_job_choose_batch(const wl_config *config, const wl_data_shape *shape, const wl_grid *grid) {
  if (wl_job_has_square(config) || config->select.active) return shape->test;
  if (wl_job_is_iterative(config)) return smaller(shape->test, ITERATIVE_BATCH);
  const int64_t stride = (int64_t)grid->block * grid->columns; /* a whole number of tiles on every rank */
  const int64_t share = is_mixed(config) ? 50 : 20;            /* more panels, and half the matrix */
  const int64_t wanted = larger(larger(1024, shape->train / share), stride);
  return smaller(shape->test, (wanted + stride - 1) / stride * stride);
}

wl_grid wl_job_test_grid(const wl_config *config, const wl_grid *grid, int64_t count) {
  if (wl_job_is_iterative(config)) return wl_grid_for_panels(grid, count + WL_ITERATIVE_PROBES);
  return wl_job_has_square(config) ? *grid : wl_grid_for_panels(grid, count);
}

int64_t wl_job_outputs(const wl_data_shape *shape, wl_draw draw) {
  return draw == WL_DRAW_POSTERIOR || draw == WL_DRAW_ENSEMBLE ? shape->outputs : 1;
}

/* A whole number of tiles where there are many columns, about 64 MiB on a rank. */
int64_t wl_job_panel_width(const wl_job *job, wl_draw draw) {
  const wl_grid *g = job->grid;
  const bool alone = draw == WL_DRAW_POSTERIOR && is_mixed(job->config); /* at T, not jointly over X and T */
  const int64_t train = alone ? 0 : job->shape->train, outputs = wl_job_outputs(job->shape, draw),
                rows = larger(1, (train + job->shape->test) / g->rows), stride = (int64_t)g->block * g->columns;
  int64_t width = ((int64_t)1 << 23) / rows * g->columns;
  width = larger(1, width / stride) * stride;
  return smaller(job->config->samples[draw], larger(1, smaller(width, 1024) / outputs)) * outputs;
}

int64_t wl_job_order(const wl_job *job) {
  if (wl_job_is_iterative(job->config)) return wl_job_iterative_options(job->config, job->shape).rank;
  const int64_t train = job->shape->train, test = job->shape->test;
  const int64_t square = wl_job_has_square(job->config) ? test : 0, halves = wl_job_keeps_solution(job->config)
                                                                                 ? wl_rfp_first(train + test)
                                                                                 : 0; /* n m ≤ its square, too */
  return larger(train + (wl_job_has_joint(job->config) ? test : 0), larger(square, halves));
}

int64_t wl_job_largest_share(const wl_job *job) {
  const wl_grid *g = job->grid;
  const int64_t n = wl_job_order(job);
  if (wl_job_is_iterative(job->config)) { /* the preconditioner, or all columns of a panel */
    const int64_t train = job->shape->train, panel = wl_iterative_columns(job->batch, job->shape->outputs);
    return larger(wl_grid_owned(n, g->block, 0, g->rows) * wl_grid_owned(train, g->block, 0, g->columns),
                  wl_grid_owned(train, g->block, 0, g->rows) * panel);
  }
  const int64_t share = wl_grid_owned(n, g->block, 0, g->rows) * wl_grid_owned(n, g->block, 0, g->columns);
  if (!wl_job_wants_eigenvectors(job->config)) return share;
  return larger(share, wl_eigen_work(g, job->shape->train, true));
}

bool wl_job_wants_eigenvectors(const wl_config *config) {
  return config->training.times.count > 0 || config->noise_path.count > 0;
}

bool wl_job_wants_spectrum(const wl_config *config) {
  return config->spectrum || wl_job_wants_eigenvectors(config);
}

bool wl_job_spectrum_has_kappa(const wl_config *config) {
  return config->spectrum || (config->training.times.count > 0 && has_ensemble(config));
}

double wl_job_spectrum_flops(const wl_config *config, const wl_data_shape *shape) {
  const wl_work work = wl_job_work(config, shape, shape->test);
  return wl_work_spectrum_flops(&work);
}

double wl_job_at_time_flops(const wl_config *config, const wl_data_shape *shape) {
  const wl_work work = wl_job_work(config, shape, shape->test);
  return wl_work_at_time_flops(&work);
}

bool wl_job_checkpoints_joint(const wl_config *config) {
  return wl_job_has_draws(config) && !config->certify.wanted;
}

/* Three panels for each kernel, and what results have of a test point, with brackets. */
static double panels_checkpoint_bytes(const wl_config *config, const wl_data_shape *shape) {
  const int64_t columns = wl_iterative_columns(smaller(shape->test, ITERATIVE_BATCH), shape->outputs);
  const double kernels = wl_job_wants_both(config) ? 2.0 : 1.0;
  return 24.0 * (kernels * (double)shape->train * (double)columns +
                 (double)shape->test * (2.0 * (double)shape->outputs + WL_QUANTITY_COUNT));
}

double wl_job_checkpoint_bytes(const wl_config *config, const wl_data_shape *shape) {
  if (wl_job_is_iterative(config)) return panels_checkpoint_bytes(config, shape);
  return wl_checkpointer_bytes(shape->train, shape->test, shape->outputs, wl_job_checkpoints_joint(config));
}

double wl_job_matrix_bytes(const wl_config *config, const wl_data_shape *shape) {
  const double n = (double)shape->train;
  if (wl_job_is_iterative(config))
    return (wl_job_wants_both(config) ? 16.0 : 8.0) * n * (double)wl_job_iterative_options(config, shape).rank;
  return (is_mixed(config) ? 4.0 : 8.0) * n * n;
}

int64_t wl_job_variance_columns(const wl_config *config, const wl_data_shape *shape) {
  return config->data.standardize_targets ? shape->outputs : 1;
}

double wl_job_result_bytes(const wl_config *config, const wl_data_shape *shape) {
  const double n = (double)shape->train, m = (double)shape->test;
  const int64_t columns = wl_job_variance_columns(config, shape);
  double numbers = 0.0;
  for (int q = 0; q < WL_QUANTITY_COUNT; q++)
    if (config->output_covariance && config->quantity[q]) numbers += m * m;
  const double times = (double)config->training.times.count;
  numbers += times * m * (double)(shape->outputs + 3);
  if (config->output_covariance) numbers += 3.0 * times * m * m;
  numbers += (config->spectrum ? 2.0 * n : 0.0) + (double)config->noise_path.count * (double)(shape->outputs + 5);
  if (config->output_kernels) numbers += 2.0 * (n * n + n * m + m * m);
  numbers *= (double)columns;
  for (int d = 0; d < WL_DRAW_COUNT; d++) {
    const int64_t outputs = wl_job_outputs(shape, (wl_draw)d);
    numbers += (double)config->samples[d] * m * (double)(outputs > columns ? outputs : columns);
  }
  return 8.0 * numbers;
}

double wl_job_covariance_products(const wl_config *config, wl_prior prior) {
  const bool *q = config->quantity;
  const bool theta = prior == WL_PRIOR_THETA;
  if (!config->output_covariance && !(theta && wl_job_keeps_covariance(config))) return 0.0;
  if (!theta) return q[WL_QUANTITY_NNGP] ? 1.0 : 0.0; /* VᵀV */
  return (q[WL_QUANTITY_NTK_GP] || q[WL_QUANTITY_BAYESIAN_RND] ? 1.0 : 0.0) +
         (has_ensemble(config) ? 2.0 : 0.0); /* and Wᵀ D + Dᵀ W */
}

double wl_job_time_products(const wl_config *config) {
  if (!config->output_covariance) return 0.0;
  return (double)config->training.times.count *
         ((config->quantity[WL_QUANTITY_BAYESIAN_RND] ? 1.0 : 0.0) + (has_ensemble(config) ? 2.0 : 0.0));
}

int wl_job_time_squares(const wl_config *config) {
  if (!config->output_covariance || config->training.times.count == 0) return 0;
  return config->training.times.count > 1 ? 2 : 1;
}

double wl_job_predict_flops(const wl_config *config, const wl_data_shape *shape, wl_prior prior, int64_t count) {
  const bool ensemble = prior == WL_PRIOR_THETA && has_ensemble(config);
  const double n = (double)shape->train, m = (double)count,
               target = ensemble && wl_job_rnd_target(config) ? 2.0 : 0.0;
  return (target + (ensemble ? 4.0 : 1.0)) * n * n * m + /* forward 1, backward 1, product with a κ 2 */
         wl_job_covariance_products(config, prior) * n * m * m;
}

double wl_job_sample_flops(const wl_config *config, const wl_data_shape *shape) {
  const wl_work work = wl_job_work(config, shape, shape->test);
  return wl_work_sample_flops(&work);
}

double wl_job_certify_flops(const wl_config *config, const wl_data_shape *shape) {
  const double n = (double)shape->train, m = (double)shape->test, all = n + m;
  const double draws = (double)(config->certify.replicates * config->certify.heads);
  const double factors = (wl_job_rnd_target(config) ? 4.0 / 3.0 : 1.0) * all * all * all + 2.0 / 3.0 * m * m * m,
               exact = 6.0 * all * all * m + 4.0 * all * m * m;
  return factors + exact + draws * (7.0 * all * all + 4.0 * (n * n + 2.0 * n * m) + 5.0 * m * m);
}
