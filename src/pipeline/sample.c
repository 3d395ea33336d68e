/*
 * The draws of a run: made in panels of bounded width, streamed to results.h5.
 */
#include "pipeline/sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "cost/plan.h"
#include "linalg/rfp.h"
#include "widelimit/model.h"

bool wl_run_has_samples(const wl_config *config) {
  for (int d = 0; d < WL_DRAW_COUNT; d++)
    if (config->samples[d] > 0) return true;
  return false;
}

static int64_t outputs_of(const wl_run *run, wl_draw draw) { return wl_job_outputs(&run->shape, draw); }

double wl_run_sample_bytes(const wl_run *run) {
  double numbers = 0.0;
  for (int d = 0; d < WL_DRAW_COUNT; d++)
    numbers += (double)run->config->samples[d] * (double)(run->shape.test * outputs_of(run, (wl_draw)d));
  return 8.0 * numbers;
}

wl_error wl_run_declare_samples(wl_run *run) {
  static const char *const formula[WL_DRAW_COUNT] = {
      [WL_DRAW_POSTERIOR] = "A Y + L22 z: i.i.d. draws of the posterior with covariance theta_TT - A theta_XT",
      [WL_DRAW_ENSEMBLE] = "f0(T) + A (Y - f0(X)), f0 ~ GP(0, kappa)",
      [WL_DRAW_RND] = "u0(T) + A (g(X) - u0(X)) - g(T), u0 and g ~ GP(0, kappa)",
      [WL_DRAW_BAYESIAN_RND] =
          "u0(T) + A (h(X) + eta - u0(X)) - h(T), u0 ~ GP(0, kappa), h ~ GP(0, theta - kappa), "
          "eta ~ N(0, (noise_variance + jitter) I)"};
  char path[64];
  for (int d = 0; d < WL_DRAW_COUNT; d++) {
    const int64_t count = run->config->samples[d], m = run->shape.test, c = run->shape.outputs;
    if (count == 0) continue;
    snprintf(path, sizeof path, "/samples/%s", wl_draw_name((wl_draw)d));
    if (d == WL_DRAW_POSTERIOR || d == WL_DRAW_ENSEMBLE)
      WL_TRY(wl_results_add_cube(run->results, path, count, m, c, formula[d], "target units"));
    else
      WL_TRY(wl_results_add(run->results, path, count, m, formula[d], "target units"));
  }
  return WL_OK;
}

/* ---- points and targets in one order ------------------------------------------------------------------------ */

typedef struct both {
  wl_data *data;
  int64_t train, offset;
} both;

/* Rows of X and then of T, counted from the offset. */
static wl_error read_both(void *context, int64_t first, int64_t count, double *rows) {
  const both *b = context;
  const wl_data_shape shape = wl_data_get_shape(b->data);
  first += b->offset;
  const int64_t train = first < b->train ? smaller(count, b->train - first) : 0;
  if (train > 0) WL_TRY(wl_data_train_inputs(b->data, first, train, rows));
  if (train == count) return WL_OK;
  return wl_data_test_inputs(b->data, first + train - b->train, count - train, rows + train * shape.dimension);
}

wl_error wl_run_read_joint_points(wl_run *run, int64_t first, int64_t count, wl_points **points) {
  both b = {run->data, run->shape.train, first};
  return wl_points_read(run->grid, &run->config->network, count, run->shape.dimension, read_both, &b, points);
}

wl_joint_options wl_run_joint_options(const wl_config *config) {
  return (wl_joint_options){
      .noise_variance = config->noise_variance, .jitter = config->jitter, .seed = config->seed};
}

/* ---- panels ------------------------------------------------------------------------------------------------- */

static int64_t panel_width(const wl_run *run, wl_draw draw) {
  const wl_job job = wl_run_job(run);
  return wl_job_panel_width(&job, draw);
}

/* A panel's columns (draw · c + output) on rank 0, to [draw][point][output] in the file, at most 64 MiB at once. */
static wl_error write_piece(wl_run *run, const char *path, int64_t first, int64_t c, const wl_matrix *panel,
                            int64_t row, int64_t rows, double *columns, double *ordered) {
  WL_TRY(wl_matrix_get(panel, row, 0, rows, panel->columns, columns));
  wl_error error = WL_OK;
  if (run->rank == 0) {
    const int64_t draws = panel->columns / c;
    for (int64_t s = 0; s < draws; s++)
      for (int64_t i = 0; i < rows; i++)
        for (int64_t k = 0; k < c; k++) ordered[(s * rows + i) * c + k] = columns[i + (s * c + k) * rows];
    error = wl_results_put_cube(run->results, path, first, row, draws, rows, ordered);
  }
  return wl_error_agree(run->comm, error);
}

static wl_error write_panel(wl_run *run, wl_draw draw, int64_t first, const wl_matrix *panel) {
  const wl_phase before = wl_timer_enter(&run->timer, WL_PHASE_WRITE);
  const int64_t step = larger(1, smaller(panel->rows, ((int64_t)1 << 23) / panel->columns));
  char path[64];
  snprintf(path, sizeof path, "/samples/%s", wl_draw_name(draw));
  double *room = NULL;
  wl_error error = WL_OK;
  if (run->rank == 0 && !(room = malloc(2 * sizeof(double) * (size_t)(step * panel->columns))))
    error = wl_error_set(WL_ERROR_MEMORY, "%s: no memory for a piece", path);
  error = wl_error_agree(run->comm, error);
  for (int64_t row = 0; row < panel->rows && error == WL_OK; row += step)
    error = write_piece(run, path, first, outputs_of(run, draw), panel, row, smaller(step, panel->rows - row),
                        room, room ? room + step * panel->columns : NULL);
  free(room);
  wl_timer_enter(&run->timer, before);
  return error;
}

/* ---- the draws ---------------------------------------------------------------------------------------------- */

/* What draws are made with: one of the two. */
typedef struct source {
  wl_joint *joint;
  const wl_posterior *posterior; /* posterior draws in mixed precision */
} source;

/* Of a Bayesian head, the first half. */
static wl_error draw(const source *from, wl_draw kind, wl_draw_numbers numbers, wl_matrix *out) {
  if (from->posterior) {
    wl_posterior_draw(from->posterior, numbers, out);
    return WL_OK;
  }
  static wl_error (*const of_kind[WL_DRAW_COUNT])(wl_joint *, wl_draw_numbers, wl_matrix *) = {
      [WL_DRAW_POSTERIOR] = wl_joint_draw_posterior,
      [WL_DRAW_ENSEMBLE] = wl_joint_draw_ensemble,
      [WL_DRAW_RND] = wl_joint_draw_rnd,
      [WL_DRAW_BAYESIAN_RND] = wl_joint_begin_bayesian};
  return of_kind[kind](from->joint, numbers, out);
}

/* Draws of one kind by panels, from the first that is not in the file yet; `done` says how far the file is. */
static wl_error stream(wl_run *run, const source *from, wl_draw kind, int64_t *done) {
  const int64_t c = outputs_of(run, kind), total = run->config->samples[kind] * c, step = panel_width(run, kind);
  wl_progress progress = wl_progress_begin(wl_draw_name(kind), (double)total, 0.0);
  wl_error error = WL_OK;
  while (*done < total && error == WL_OK) {
    const int64_t width = smaller(step, total - *done);
    wl_matrix *panel = NULL;
    error = wl_matrix_create(run->grid, run->shape.test, width, &panel);
    if (error == WL_OK) error = draw(from, kind, (wl_draw_numbers){*done, 1}, panel);
    if (error == WL_OK) error = write_panel(run, kind, *done / c, panel);
    wl_matrix_destroy(&panel);
    if (error != WL_OK) break;
    *done += width;
    wl_progress_update(&progress, (double)*done);
    if (from->joint) error = wl_checkpointer_drawn(run, from->joint);
  }
  wl_progress_end(&progress);
  return error;
}

/* The first halves of Bayesian heads, from the file to a panel, in pieces of at most 64 MiB. */
static wl_error read_halves(wl_run *run, int64_t first, wl_matrix *panel) {
  const int64_t heads = panel->columns, step = larger(1, smaller(panel->rows, ((int64_t)1 << 23) / heads));
  double *ordered = run->rank == 0 ? malloc(sizeof(double) * (size_t)(step * heads)) : NULL;
  double *rows = malloc(sizeof(double) * (size_t)(step * heads));
  wl_error error = WL_OK;
  if (!rows || (run->rank == 0 && !ordered)) error = wl_error_set(WL_ERROR_MEMORY, "Bayesian RND: out of memory");
  error = wl_error_agree(run->comm, error);
  for (int64_t row = 0; row < panel->rows && error == WL_OK; row += step) {
    const int64_t count = smaller(step, panel->rows - row);
    if (run->rank == 0) {
      error = wl_results_get_piece(run->results, "/samples/bayesian_rnd", first, row, heads, count, ordered);
      for (int64_t i = 0; i < count && error == WL_OK; i++)
        for (int64_t s = 0; s < heads; s++) rows[i * heads + s] = ordered[s * count + i];
    }
    error = wl_error_agree(run->comm, error);
    if (error == WL_OK) wl_matrix_set_rows(panel, row, count, rows);
  }
  free(rows);
  free(ordered);
  return error;
}

/* A Bayesian head's second half comes with another kernel: between the two, the first halves stand in the file. */
static wl_error end_bayesian(wl_run *run, wl_joint *joint) {
  const int64_t total = run->config->samples[WL_DRAW_BAYESIAN_RND], step = panel_width(run, WL_DRAW_BAYESIAN_RND);
  int64_t *done = &run->checkpointer.draws.drawn[WL_DRAW_BAYESIAN_RND];
  wl_progress progress = wl_progress_begin("bayesian_rnd", (double)total, 0.0);
  wl_error error = WL_OK;
  while (*done < total && error == WL_OK) {
    const int64_t width = smaller(step, total - *done);
    wl_matrix *panel = NULL;
    error = wl_matrix_create(run->grid, run->shape.test, width, &panel);
    if (error == WL_OK) error = read_halves(run, *done, panel);
    if (error == WL_OK) error = wl_joint_end_bayesian(joint, (wl_draw_numbers){*done, 1}, panel);
    if (error == WL_OK) error = write_panel(run, WL_DRAW_BAYESIAN_RND, *done, panel);
    wl_matrix_destroy(&panel);
    if (error != WL_OK) break;
    *done += width;
    wl_progress_update(&progress, (double)*done);
    error = wl_checkpointer_drawn(run, joint);
  }
  wl_progress_end(&progress);
  return error;
}

/* All draws, from where an earlier attempt came. */
static wl_error draw_all(wl_run *run, wl_joint *joint) {
  const int64_t *count = run->config->samples;
  int64_t *drawn = run->checkpointer.draws.drawn;
  const wl_stage stage = wl_joint_get_state(joint).stage;
  const source from = {.joint = joint};
  if (stage < WL_STAGE_KAPPA) {
    WL_TRY(stream(run, &from, WL_DRAW_POSTERIOR, &drawn[WL_DRAW_POSTERIOR]));
    if (count[WL_DRAW_ENSEMBLE] + count[WL_DRAW_RND] + count[WL_DRAW_BAYESIAN_RND] == 0) return WL_OK;
    WL_TRY(wl_joint_factor(joint, WL_STAGE_KAPPA));
  }
  if (stage < WL_STAGE_THETA_LOWER) {
    WL_TRY(stream(run, &from, WL_DRAW_ENSEMBLE, &drawn[WL_DRAW_ENSEMBLE]));
    WL_TRY(stream(run, &from, WL_DRAW_RND, &drawn[WL_DRAW_RND]));
    WL_TRY(stream(run, &from, WL_DRAW_BAYESIAN_RND, &run->checkpointer.draws.halves));
    if (count[WL_DRAW_BAYESIAN_RND] == 0) return WL_OK;
    WL_TRY(wl_joint_factor(joint, WL_STAGE_THETA_LOWER));
  }
  return end_bayesian(run, joint);
}

/* What was done to make the factors exist of which there are draws, for the report. */
static void keep_facts(wl_run *run, const double *shift) {
  const int64_t *count = run->config->samples;
  run->sampling.done = true;
  for (int s = 0; s < WL_STAGES; s++) run->sampling.shift[s] = shift[s];
  if (count[WL_DRAW_POSTERIOR] == 0) run->sampling.shift[WL_STAGE_POSTERIOR] = 0.0;
  run->sampling.target_is_zero = count[WL_DRAW_BAYESIAN_RND] > 0 && run->config->network.depth == 1;
}

static double work(const wl_run *run) {
  wl_work work = {.train = run->shape.train,
                  .test = run->shape.test,
                  .outputs = run->shape.outputs,
                  .network = run->config->network,
                  .mixed = run->config->precision == WL_PRECISION_MIXED};
  memcpy(work.samples, run->config->samples, sizeof work.samples);
  return wl_work_sample_flops(&work);
}

/* By the joint kernels of X and T. */
static wl_error sample_jointly(wl_run *run) {
  wl_points *points = NULL;
  wl_joint *joint = NULL;
  wl_error error = wl_run_read_joint_points(run, 0, run->shape.train + run->shape.test, &points);
  if (error == WL_OK) error = wl_checkpointer_join(run, points, &joint);
  if (error == WL_OK) error = draw_all(run, joint);
  if (error == WL_OK) {
    run->checkpointer.draws.joint = wl_joint_get_state(joint);
    run->checkpointer.draws.done = true;
    keep_facts(run, run->checkpointer.draws.joint.shift);
  }
  wl_joint_destroy(&joint);
  wl_points_destroy(&points);
  return error;
}

/* ---- in mixed precision ----------------------------------------------------------------------------------------- */

/* Posterior draws by the covariance that the prediction left, which goes. */
static wl_error sample_posterior(wl_run *run, double *shift) {
  wl_retained *law = &run->law;
  const wl_joint_options options = wl_run_joint_options(run->config);
  wl_points *test = NULL;
  wl_posterior *posterior = NULL;
  wl_error error = wl_run_read_test_points(run, 0, run->shape.test, &test);
  if (error == WL_OK)
    error = wl_posterior_create(&options, run->train, test, law->covariance, law->variance[WL_QUANTITY_NTK_GP],
                                law->mean, &posterior);
  wl_matrix_destroy(&law->covariance);
  if (error == WL_OK) {
    const source from = {.posterior = posterior};
    *shift = wl_posterior_shift(posterior);
    error = stream(run, &from, WL_DRAW_POSTERIOR, &run->checkpointer.draws.drawn[WL_DRAW_POSTERIOR]);
  }
  wl_posterior_destroy(&posterior);
  wl_points_destroy(&test);
  return error;
}

/* All other draws by A and A Y, which the prediction left, and their joint kernels in halves. */
static wl_error sample_functions(wl_run *run, double shift[WL_STAGES]) {
  const wl_joint_options options = wl_run_joint_options(run->config);
  const int64_t all = run->shape.train + run->shape.test, first = wl_rfp_first(all);
  wl_points *halves[2] = {NULL, NULL};
  wl_joint *joint = NULL;
  wl_error error = wl_run_read_joint_points(run, 0, first, &halves[0]);
  if (error == WL_OK) error = wl_run_read_joint_points(run, first, all - first, &halves[1]);
  if (error == WL_OK)
    error = wl_joint_create_rfp(&options, halves, run->shape.train, run->law.solution, run->law.mean, &joint);
  if (error == WL_OK) error = draw_all(run, joint);
  for (wl_stage s = WL_STAGE_KAPPA; s < WL_STAGES && error == WL_OK; s++) shift[s] = wl_joint_shift(joint, s);
  wl_joint_destroy(&joint);
  for (int k = 0; k < 2; k++) wl_points_destroy(&halves[k]);
  return error;
}

static wl_error sample_apart(wl_run *run) {
  double shift[WL_STAGES] = {0.0};
  if (wl_job_keeps_covariance(run->config)) WL_TRY(sample_posterior(run, &shift[WL_STAGE_POSTERIOR]));
  if (wl_job_keeps_solution(run->config)) WL_TRY(sample_functions(run, shift));
  keep_facts(run, shift);
  wl_run_retained_clear(run);
  return WL_OK;
}

wl_error wl_run_sample(wl_run *run) {
  if (!wl_run_has_samples(run->config)) return WL_OK;
  if (run->checkpointer.draws.done) {
    keep_facts(run, run->checkpointer.draws.joint.shift);
    return WL_OK;
  }
  wl_timer_enter(&run->timer, WL_PHASE_SAMPLE);
  wl_timer_count(&run->timer, work(run));
  wl_model_release(run->model);
  return run->config->precision == WL_PRECISION_MIXED ? sample_apart(run) : sample_jointly(run);
}
