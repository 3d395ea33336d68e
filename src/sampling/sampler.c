/*
 * Draws for programs that embed the library: the joint array of X and T, and its stages when they are needed.
 */
#include <math.h>
#include <stdlib.h>

#include "base/check.h"
#include "sampling/joint.h"

struct wl_sampler {
  wl_points *points; /* X and T; owned */
  wl_joint *joint;   /* owned */
  int64_t test;
  wl_stage stage; /* whose kernel is factored */
  bool staged;    /* and it is */
};

static wl_error check_data(const wl_points *train, const wl_points *test, const wl_matrix *targets) {
  if (!wl_grid_same(train->grid, test->grid) || !wl_grid_same(train->grid, targets->grid))
    WL_FAIL(WL_ERROR_USAGE, "draws need training points, test points and targets on one grid");
  if (train->count < 1 || test->count < 1)
    WL_FAIL(WL_ERROR_USAGE, "draws need training and test points, not %lld and %lld", (long long)train->count,
            (long long)test->count);
  if (targets->rows != train->count || targets->columns < 1)
    WL_FAIL(WL_ERROR_USAGE, "the targets are %lld × %lld for %lld training points", (long long)targets->rows,
            (long long)targets->columns, (long long)train->count);
  return wl_points_check_alike(train, test);
}

static wl_error check_options(const wl_sampler_options *options) {
  if (!(options->noise_variance >= 0.0) || !isfinite(options->noise_variance) || !(options->jitter >= 0.0) ||
      !isfinite(options->jitter))
    WL_FAIL(WL_ERROR_USAGE, "noise_variance is %g and jitter %g; they must be at least 0 and finite",
            options->noise_variance, options->jitter);
  return options->rnd_target ? wl_network_check(options->rnd_target) : WL_OK;
}

static wl_error fill(wl_sampler *s, const wl_sampler_options *options, const wl_points *train,
                     const wl_points *test, const wl_matrix *targets) {
  const wl_joint_options joint = {.noise_variance = options->noise_variance,
                                  .jitter = options->jitter,
                                  .seed = options->seed,
                                  .engine = options->engine,
                                  .rnd_target = options->rnd_target};
  s->test = test->count;
  WL_TRY(wl_points_join(train, test, &s->points));
  return wl_joint_create(&joint, s->points, train->count, targets, &s->joint);
}

wl_sampler_options wl_sampler_options_default(void) { return (wl_sampler_options){.seed = 1}; }

wl_error wl_sampler_create(const wl_sampler_options *options, const wl_points *train, const wl_points *test,
                           const wl_matrix *targets, wl_sampler **sampler) {
  WL_REQUIRE(sampler);
  *sampler = NULL;
  WL_REQUIRE(options);
  WL_REQUIRE(train);
  WL_REQUIRE(test);
  WL_REQUIRE(targets);
  WL_TRY(check_options(options));
  WL_TRY(check_data(train, test, targets));
  wl_sampler *s = calloc(1, sizeof *s);
  wl_error error = s ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "sampler: out of memory");
  error = wl_error_agree(train->grid->comm, error);
  if (error == WL_OK) error = fill(s, options, train, test, targets);
  if (error != WL_OK) wl_sampler_destroy(&s);
  *sampler = s;
  return error;
}

void wl_sampler_destroy(wl_sampler **sampler) {
  if (!sampler || !*sampler) return;
  wl_joint_destroy(&(*sampler)->joint);
  wl_points_destroy(&(*sampler)->points);
  free(*sampler);
  *sampler = NULL;
}

static wl_error factor_stage(wl_sampler *s, wl_stage stage) {
  if (s->staged && s->stage == stage) return WL_OK;
  s->staged = false;
  WL_TRY(wl_joint_factor(s->joint, stage));
  s->staged = true;
  s->stage = stage;
  return WL_OK;
}

static wl_error draw_bayesian(wl_sampler *s, wl_draw_numbers numbers, wl_matrix *out) {
  WL_TRY(factor_stage(s, WL_STAGE_KAPPA));
  WL_TRY(wl_joint_begin_bayesian(s->joint, numbers, out));
  WL_TRY(factor_stage(s, WL_STAGE_THETA_LOWER));
  return wl_joint_end_bayesian(s->joint, numbers, out);
}

wl_error wl_sampler_draw(wl_sampler *sampler, wl_draw kind, int64_t first, wl_matrix *out) {
  WL_REQUIRE(sampler);
  WL_REQUIRE(out);
  if (!wl_grid_same(out->grid, sampler->points->grid) || out->rows != sampler->test)
    WL_FAIL(WL_ERROR_USAGE, "draws need a matrix of %lld rows on the grid of the points",
            (long long)sampler->test);
  if (first < 0) WL_FAIL(WL_ERROR_USAGE, "draws are counted from 0, not from %lld", (long long)first);
  const wl_draw_numbers numbers = {first, 1};
  switch (kind) {
    case WL_DRAW_POSTERIOR:
      return wl_joint_draw_posterior(sampler->joint, numbers, out);
    case WL_DRAW_ENSEMBLE:
      WL_TRY(factor_stage(sampler, WL_STAGE_KAPPA));
      return wl_joint_draw_ensemble(sampler->joint, numbers, out);
    case WL_DRAW_RND:
      WL_TRY(factor_stage(sampler, wl_joint_rnd_stage(sampler->joint)));
      return wl_joint_draw_rnd(sampler->joint, numbers, out);
    case WL_DRAW_BAYESIAN_RND:
      return draw_bayesian(sampler, numbers, out);
    case WL_DRAW_COUNT:
      break;
  }
  WL_FAIL(WL_ERROR_USAGE, "there is no kind of draws %d", (int)kind);
}
