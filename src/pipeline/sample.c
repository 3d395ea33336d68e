#include "pipeline/sample.h"

#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "kernel/layers.h"
#include "linalg/rfp.h"
#include "pipeline/points.h"
#include "pipeline/sample_output.h"
#include "sampling/posterior.h"

/* The arguments of wl_sample. */
typedef struct sampler {
  const wl_setup *setup;
  const wl_services *services;
  const wl_assembly *assembly;
  wl_retained *retained;
  wl_sampling *sampling;
  wl_draw_state *draws; /* how far they are: checkpoints have it */
} sampler;

static int64_t panel_width(const sampler *s, wl_draw draw) {
  const wl_job job = wl_setup_job(s->setup);
  return wl_job_panel_width(&job, draw);
}

/* What draws are made with: one of the two. */
typedef struct source {
  wl_joint *joint;
  const wl_posterior *posterior; /* posterior draws in mixed precision */
  bool
      second_halves; /* of Bayesian heads, which come with another kernel: between the two, the first halves stand in the file */
} source;

/* Of a Bayesian head, the half whose turn it is. Columns are draws number `first` and on. */
static wl_error draw(const sampler *s, const source *from, wl_draw kind, int64_t first, wl_matrix *out) {
  static wl_error (*const of_kind[WL_DRAW_COUNT])(wl_joint *, wl_draw_numbers, wl_matrix *) = {
      [WL_DRAW_POSTERIOR] = wl_joint_draw_posterior,
      [WL_DRAW_ENSEMBLE] = wl_joint_draw_ensemble,
      [WL_DRAW_RND] = wl_joint_draw_rnd,
      [WL_DRAW_BAYESIAN_RND] = wl_joint_begin_bayesian};
  const wl_draw_numbers numbers = {first, 1};
  if (from->posterior) {
    wl_posterior_draw(from->posterior, numbers, out);
    return WL_OK;
  }
  if (!from->second_halves) return of_kind[kind](from->joint, numbers, out);
  WL_TRY(wl_sample_read_first_halves(s->setup, s->services->results, first, out));
  return wl_joint_end_bayesian(from->joint, numbers, out);
}

/* Draws of one kind by panels, from the first that is not in the file yet; `done` says how far the file is. */
static wl_error stream(const sampler *s, const source *from, wl_draw kind, int64_t *done) {
  const int64_t c = wl_job_outputs(&s->setup->shape, kind), total = s->setup->config->samples[kind] * c,
                step = panel_width(s, kind);
  wl_progress progress = wl_progress_begin(wl_draw_name(kind), (double)total, 0.0);
  wl_error error = WL_OK;
  while (*done < total && error == WL_OK) {
    const int64_t width = smaller(step, total - *done);
    wl_matrix *panel = NULL;
    error = wl_matrix_create(s->setup->grid, s->setup->shape.test, width, &panel);
    if (error == WL_OK) error = draw(s, from, kind, *done, panel);
    if (error == WL_OK) error = wl_sample_write(s->setup, s->services, kind, *done / c, panel);
    wl_matrix_destroy(&panel);
    if (error != WL_OK) break;
    *done += width;
    wl_progress_update(&progress, (double)*done);
    if (from->joint) error = wl_checkpointer_drawn(s->services->checkpointer, from->joint);
  }
  wl_progress_end(&progress);
  return error;
}

/* All draws, from where an earlier attempt came. */
static wl_error draw_all(const sampler *s, wl_joint *joint) {
  const int64_t *count = s->setup->config->samples;
  int64_t *drawn = s->draws->drawn;
  const wl_stage stage = wl_joint_get_state(joint).stage;
  const bool apart = wl_joint_rnd_stage(joint) == WL_STAGE_RND;
  const source from = {.joint = joint}, second = {.joint = joint, .second_halves = true};
  if (stage < WL_STAGE_KAPPA) {
    WL_TRY(stream(s, &from, WL_DRAW_POSTERIOR, &drawn[WL_DRAW_POSTERIOR]));
    const int64_t of_kappa =
        count[WL_DRAW_ENSEMBLE] + count[WL_DRAW_BAYESIAN_RND] + (apart ? 0 : count[WL_DRAW_RND]);
    if (of_kappa > 0) WL_TRY(wl_joint_factor(joint, WL_STAGE_KAPPA));
  }
  if (stage < WL_STAGE_RND) {
    WL_TRY(stream(s, &from, WL_DRAW_ENSEMBLE, &drawn[WL_DRAW_ENSEMBLE]));
    if (!apart) WL_TRY(stream(s, &from, WL_DRAW_RND, &drawn[WL_DRAW_RND]));
    WL_TRY(stream(s, &from, WL_DRAW_BAYESIAN_RND, &s->draws->first_halves));
    if (apart && count[WL_DRAW_RND] > 0) WL_TRY(wl_joint_factor(joint, WL_STAGE_RND));
  }
  if (stage < WL_STAGE_THETA_LOWER) {
    if (apart) WL_TRY(stream(s, &from, WL_DRAW_RND, &drawn[WL_DRAW_RND]));
    if (count[WL_DRAW_BAYESIAN_RND] == 0) return WL_OK;
    WL_TRY(wl_joint_factor(joint, WL_STAGE_THETA_LOWER));
  }
  return stream(s, &second, WL_DRAW_BAYESIAN_RND, &drawn[WL_DRAW_BAYESIAN_RND]);
}

/* What was done to make the factors exist of which there are draws, for the report. */
static void keep_facts(const sampler *s, const double *shift) {
  const int64_t *count = s->setup->config->samples;
  s->sampling->done = true;
  memcpy(s->sampling->shift, shift, sizeof s->sampling->shift);
  if (count[WL_DRAW_POSTERIOR] == 0) s->sampling->shift[WL_STAGE_POSTERIOR] = 0.0;
  s->sampling->target_is_zero =
      count[WL_DRAW_BAYESIAN_RND] > 0 && !wl_network_has_lower(&s->setup->config->network);
}

/* By the joint kernels of X and T. */
static wl_error sample_jointly(const sampler *s) {
  const wl_joint_options options = wl_job_joint_options(s->setup->config);
  wl_points *points = NULL;
  wl_joint *joint = NULL;
  wl_error error = wl_read_joint_points(s->setup, 0, s->setup->shape.train + s->setup->shape.test, &points);
  if (error == WL_OK)
    error = wl_checkpointer_join(s->services->checkpointer, &options, points, s->assembly->targets, &joint);
  if (error == WL_OK) error = draw_all(s, joint);
  if (error == WL_OK) {
    s->draws->joint = wl_joint_get_state(joint);
    s->draws->done = true;
    keep_facts(s, s->draws->joint.shift);
  }
  wl_joint_destroy(&joint);
  wl_points_destroy(&points);
  return error;
}

/* ---- in mixed precision ----------------------------------------------------------------------------------------- */

/* Posterior draws by the covariance that the prediction left, which goes. */
static wl_error sample_posterior(const sampler *s, double *shift) {
  wl_retained *retained = s->retained;
  const wl_joint_options options = wl_job_joint_options(s->setup->config);
  wl_grid panels;
  wl_points *test = NULL;
  wl_posterior *posterior = NULL;
  wl_error error = wl_read_test_points(s->setup, 0, s->setup->shape.test, &panels, &test);
  if (error == WL_OK)
    error = wl_posterior_create(&options, s->assembly->train, test, retained->covariance,
                                retained->variance[WL_QUANTITY_NTK_GP], retained->mean, &posterior);
  wl_matrix_destroy(&retained->covariance);
  if (error == WL_OK) {
    const source from = {.posterior = posterior};
    *shift = wl_posterior_shift(posterior);
    error = stream(s, &from, WL_DRAW_POSTERIOR, &s->draws->drawn[WL_DRAW_POSTERIOR]);
  }
  wl_posterior_destroy(&posterior);
  wl_points_destroy(&test);
  return error;
}

/* All other draws by A and A Y, which the prediction left, and their joint kernels in halves. */
static wl_error sample_functions(const sampler *s, double shift[WL_STAGES]) {
  const wl_joint_options options = wl_job_joint_options(s->setup->config);
  const int64_t all = s->setup->shape.train + s->setup->shape.test, first = wl_rfp_first(all);
  wl_points *halves[2] = {NULL, NULL};
  wl_joint *joint = NULL;
  wl_error error = wl_read_joint_points(s->setup, 0, first, &halves[0]);
  if (error == WL_OK) error = wl_read_joint_points(s->setup, first, all - first, &halves[1]);
  if (error == WL_OK)
    error = wl_joint_create_rfp(&options, halves, s->setup->shape.train, s->retained->solution, s->retained->mean,
                                &joint);
  if (error == WL_OK) error = draw_all(s, joint);
  for (wl_stage k = WL_STAGE_KAPPA; k < WL_STAGES && error == WL_OK; k++) shift[k] = wl_joint_shift(joint, k);
  wl_joint_destroy(&joint);
  for (int k = 0; k < 2; k++) wl_points_destroy(&halves[k]);
  return error;
}

static wl_error sample_apart(const sampler *s) {
  double shift[WL_STAGES] = {0.0};
  if (wl_job_keeps_covariance(s->setup->config)) WL_TRY(sample_posterior(s, &shift[WL_STAGE_POSTERIOR]));
  if (wl_job_keeps_solution(s->setup->config)) WL_TRY(sample_functions(s, shift));
  keep_facts(s, shift);
  wl_retained_clear(s->retained);
  return WL_OK;
}

static wl_error sample(const sampler *s) {
  if (!wl_job_has_draws(s->setup->config)) return WL_OK;
  if (s->draws->done) {
    keep_facts(s, s->draws->joint.shift);
    return WL_OK;
  }
  wl_timer_enter(s->services->timer, WL_PHASE_SAMPLE);
  wl_timer_count(s->services->timer, wl_job_sample_flops(s->setup->config, &s->setup->shape));
  wl_model_release(s->assembly->model);
  return s->setup->config->precision == WL_PRECISION_MIXED ? sample_apart(s) : sample_jointly(s);
}

wl_error wl_sample(const wl_setup *setup, const wl_services *services, const wl_assembly *assembly,
                   wl_retained *retained, wl_sampling *sampling) {
  const sampler s = {setup, services, assembly, retained, sampling, &services->checkpointer->draws};
  return sample(&s);
}
