/*
 * What a run writes, and when: the datasets of results.h5, batch by batch.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pipeline/sample.h"

static double result_bytes(const wl_run *run) {
  const double n = (double)run->shape.train, m = (double)run->shape.test, c = (double)run->shape.outputs;
  double numbers = m * (2.0 * c + WL_QUANTITY_COUNT);
  for (int q = 0; q < WL_QUANTITY_COUNT; q++)
    if (run->config->output_covariance && run->config->quantity[q]) numbers += m * m;
  if (run->config->output_kernels) numbers += 2.0 * (n * n + n * m + m * m);
  return 8.0 * numbers + wl_run_sample_bytes(run) + 65536.0;
}

/* Every dataset with its meaning; the order is that of the documentation. */
static wl_error declare_quantities(wl_run *run) {
  static const char *const formula[WL_QUANTITY_COUNT] = {
      [WL_QUANTITY_ENSEMBLE] = "kappa_TT + A kappa_XX A' - A kappa_XT - kappa_TX A', A = theta_TX S^-1",
      [WL_QUANTITY_RND] = "2 (kappa_TT + A kappa_XX A' - A kappa_XT - kappa_TX A'), A = theta_TX S^-1",
      [WL_QUANTITY_BAYESIAN_RND] = "theta_TT - A theta_XT, A = theta_TX S^-1",
      [WL_QUANTITY_NTK_GP] = "theta_TT - A theta_XT, A = theta_TX S^-1",
      [WL_QUANTITY_NNGP] = "kappa_TT - kappa_TX (kappa_XX + (noise_variance + jitter) I)^-1 kappa_XT"};
  const int64_t m = run->shape.test;
  char path[64];
  for (int q = 0; q < WL_QUANTITY_COUNT; q++) {
    if (!run->config->quantity[q]) continue;
    snprintf(path, sizeof path, "/variance/%s", wl_quantity_name((wl_quantity)q));
    WL_TRY(wl_results_add(run->results, path, m, 0, formula[q], "target units squared"));
    if (!run->config->output_covariance) continue;
    snprintf(path, sizeof path, "/covariance/%s", wl_quantity_name((wl_quantity)q));
    WL_TRY(wl_results_add(run->results, path, m, m, formula[q], "target units squared"));
  }
  return WL_OK;
}

static wl_error declare_kernels(wl_run *run) {
  const int64_t n = run->shape.train, m = run->shape.test;
  const struct {
    const char *path, *formula;
    int64_t rows, columns;
  } kernels[] = {{"/kernel/kappa_XX", "NNGP kernel", n, n}, {"/kernel/theta_XX", "NTK", n, n},
                 {"/kernel/kappa_TX", "NNGP kernel", m, n}, {"/kernel/theta_TX", "NTK", m, n},
                 {"/kernel/kappa_TT", "NNGP kernel", m, m}, {"/kernel/theta_TT", "NTK", m, m}};
  for (size_t k = 0; k < sizeof kernels / sizeof *kernels; k++)
    WL_TRY(wl_results_add(run->results, kernels[k].path, kernels[k].rows, kernels[k].columns, kernels[k].formula,
                          "1"));
  return WL_OK;
}

static wl_error declare_results(wl_run *run) {
  const wl_data_shape *s = &run->shape;
  WL_TRY(wl_results_create(run->config->output_directory, result_bytes(run), &run->results));
  WL_TRY(wl_results_note(run->results, "program", "widelimit " WIDELIMIT_VERSION));
  WL_TRY(wl_results_note(run->results, "definitions",
                         "S = theta_XX + (noise_variance + jitter) I; X, T: training and test inputs"));
  const wl_model_options options = wl_run_model_options(run->config);
  if (wl_model_needs(&options, WL_PRIOR_THETA))
    WL_TRY(wl_results_add(run->results, "/mean/ntk", s->test, s->outputs, "theta_TX S^-1 Y", "target units"));
  if (wl_model_needs(&options, WL_PRIOR_KAPPA))
    WL_TRY(wl_results_add(run->results, "/mean/nngp", s->test, s->outputs,
                          "kappa_TX (kappa_XX + (noise_variance + jitter) I)^-1 Y", "target units"));
  WL_TRY(declare_quantities(run));
  WL_TRY(wl_run_declare_samples(run));
  return run->config->output_kernels ? declare_kernels(run) : WL_OK;
}

/* Room on rank 0 for what the metrics need of all test points. */
static wl_error create_tally(wl_run *run) {
  const size_t size = sizeof(double) * (size_t)(run->shape.test + 1);
  wl_tally *t = &run->tally;
  for (int q = 0; q < WL_QUANTITY_COUNT; q++)
    if (run->config->quantity[q] && !(t->variance[q] = malloc(size)))
      WL_FAIL(WL_ERROR_MEMORY, "metrics: out of memory");
  if (!run->shape.ood) return WL_OK;
  t->ood = malloc(size);
  if (!t->ood) WL_FAIL(WL_ERROR_MEMORY, "metrics: out of memory");
  return wl_data_test_ood(run->data, 0, run->shape.test, t->ood);
}

wl_error wl_run_open_results(wl_run *run) {
  wl_error error = WL_OK;
  if (run->rank == 0) {
    error = run->checkpointer.resumed ? wl_checkpointer_restore_results(run) : declare_results(run);
    if (error == WL_OK) error = create_tally(run);
    if (error == WL_OK) error = wl_checkpointer_recall_predictions(run);
  }
  return wl_error_agree(run->comm, error);
}

/* The diagonal of a kernel on every rank. */
static void collect_diagonal(const wl_points *points, const double *(*of)(const wl_kernel_points *), double *all) {
  const wl_grid *g = points->grid;
  const double *mine = of(points->row);
  memset(all, 0, sizeof(double) * (size_t)points->count);
  if (g->column == 0)
    for (int64_t il = 0; il < wl_kernel_points_count(points->row); il++)
      all[wl_grid_global(il, g->block, g->row, g->rows)] = mine[il];
  MPI_Allreduce(MPI_IN_PLACE, all, (int)points->count, MPI_DOUBLE, MPI_SUM, g->comm);
}

static wl_error write_symmetric_pair(wl_run *run, const wl_points *points, const wl_matrix *gram,
                                     const char *kappa, const char *theta) {
  double *diagonal = malloc(sizeof(double) * (size_t)points->count);
  wl_error error = diagonal ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "kernels: out of memory");
  WL_GOTO(error, done, wl_error_agree(run->comm, error));
  collect_diagonal(points, wl_kernel_points_kappa, diagonal);
  WL_GOTO(error, done, wl_results_put_symmetric(run->results, kappa, gram, WL_TRIANGLE_UPPER, 1.0, diagonal));
  collect_diagonal(points, wl_kernel_points_theta, diagonal);
  error = wl_results_put_symmetric(run->results, theta, gram, WL_TRIANGLE_LOWER, 1.0, diagonal);
done:
  free(diagonal);
  return error;
}

static wl_error write_cross_pair(wl_run *run, const wl_points *test) {
  wl_matrix *kappa = NULL, *theta = NULL;
  wl_error error = wl_matrix_create(run->grid, run->shape.train, test->count, &kappa);
  if (error == WL_OK) error = wl_matrix_create(run->grid, run->shape.train, test->count, &theta);
  if (error == WL_OK) error = wl_gram_cross(run->train, test, kappa, theta);
  if (error == WL_OK) error = wl_results_put_transposed(run->results, "/kernel/kappa_TX", 0, kappa);
  if (error == WL_OK) error = wl_results_put_transposed(run->results, "/kernel/theta_TX", 0, theta);
  wl_matrix_destroy(&theta);
  wl_matrix_destroy(&kappa);
  return error;
}

wl_error wl_run_write_kernels(wl_run *run) {
  const wl_phase before = wl_timer_enter(&run->timer, WL_PHASE_WRITE);
  wl_points *test = NULL;
  wl_matrix *square = NULL;
  wl_error error =
      write_symmetric_pair(run, run->train, wl_model_gram(run->model), "/kernel/kappa_XX", "/kernel/theta_XX");
  if (error == WL_OK) error = wl_run_read_test_points(run, 0, run->shape.test, &test);
  if (error == WL_OK) error = write_cross_pair(run, test);
  if (error == WL_OK) error = wl_matrix_create(run->grid, run->shape.test, run->shape.test, &square);
  if (error == WL_OK) error = wl_gram_symmetric(test, WL_GRAM_BOTH, square);
  if (error == WL_OK) error = write_symmetric_pair(run, test, square, "/kernel/kappa_TT", "/kernel/theta_TT");
  wl_matrix_destroy(&square);
  wl_points_destroy(&test);
  wl_timer_enter(&run->timer, before);
  return error;
}

/* Rank 0: a batch to the file and to the metrics. */
static wl_error write_batch(wl_run *run, const wl_prediction *p) {
  wl_tally *t = &run->tally;
  WL_TRY(wl_results_put(run->results, p->prior == WL_PRIOR_THETA ? "/mean/ntk" : "/mean/nngp", p->first, 0,
                        p->count, p->outputs, p->mean));
  char path[64];
  for (int q = 0; q < WL_QUANTITY_COUNT; q++) {
    if (!p->variance[q]) continue;
    snprintf(path, sizeof path, "/variance/%s", wl_quantity_name((wl_quantity)q));
    WL_TRY(wl_results_put(run->results, path, p->first, 0, p->count, 1, p->variance[q]));
    memcpy(t->variance[q] + p->first, p->variance[q], sizeof(double) * (size_t)p->count);
  }
  t->clamped += p->clamped;
  if (p->most_negative < t->most_negative) t->most_negative = p->most_negative;
  return WL_OK;
}

static wl_error score_batch(wl_run *run, const wl_prediction *p) {
  if (!run->shape.test_targets) return WL_OK;
  wl_tally *t = &run->tally;
  double *target = malloc(sizeof(double) * (size_t)(p->count * p->outputs));
  if (!target) WL_FAIL(WL_ERROR_MEMORY, "metrics: out of memory");
  const wl_error error = wl_data_test_targets(run->data, p->first, p->count, target);
  const double *ood = t->ood ? t->ood + p->first : NULL;
  if (error == WL_OK) {
    wl_score_add(&t->score[p->prior], p->count, p->outputs, p->mean, NULL, 0.0, target, ood);
    for (int q = 0; q < WL_QUANTITY_COUNT; q++)
      if (p->variance[q])
        wl_score_add(&t->likelihood[q], p->count, p->outputs, p->mean, p->variance[q], run->config->noise_variance,
                     target, ood);
  }
  free(target);
  return error;
}

wl_error wl_run_recall_predictions(wl_run *run, wl_prior prior, int64_t count) {
  wl_tally *t = &run->tally;
  wl_prediction p = {.prior = prior, .count = count, .outputs = run->shape.outputs};
  p.mean = malloc(sizeof(double) * (size_t)(count * p.outputs + 1));
  if (!p.mean) WL_FAIL(WL_ERROR_MEMORY, "metrics: out of memory");
  wl_error error =
      wl_results_get(run->results, prior == WL_PRIOR_THETA ? "/mean/ntk" : "/mean/nngp", 0, count, p.mean);
  for (int q = 0; q < WL_QUANTITY_COUNT && error == WL_OK; q++) {
    if (!t->variance[q] || (q == WL_QUANTITY_NNGP) != (prior == WL_PRIOR_KAPPA)) continue;
    char path[64];
    snprintf(path, sizeof path, "/variance/%s", wl_quantity_name((wl_quantity)q));
    error = wl_results_get(run->results, path, 0, count, t->variance[q]);
    p.variance[q] = t->variance[q];
  }
  if (error == WL_OK) error = score_batch(run, &p);
  free(p.mean);
  return error;
}

/* The covariances that one prediction left in the two triangles of a square. */
static wl_error write_covariances(wl_run *run, const wl_prediction *p, const wl_matrix *square) {
  static const struct {
    wl_triangle triangle;
    double scale;
  } where[WL_QUANTITY_COUNT] = {[WL_QUANTITY_ENSEMBLE] = {WL_TRIANGLE_UPPER, 1.0},
                                [WL_QUANTITY_RND] = {WL_TRIANGLE_UPPER, 2.0},
                                [WL_QUANTITY_BAYESIAN_RND] = {WL_TRIANGLE_LOWER, 1.0},
                                [WL_QUANTITY_NTK_GP] = {WL_TRIANGLE_LOWER, 1.0},
                                [WL_QUANTITY_NNGP] = {WL_TRIANGLE_UPPER, 1.0}};
  char path[64];
  for (int q = 0; q < WL_QUANTITY_COUNT; q++) {
    if (!p->variance[q]) continue;
    snprintf(path, sizeof path, "/covariance/%s", wl_quantity_name((wl_quantity)q));
    WL_TRY(
        wl_results_put_symmetric(run->results, path, square, where[q].triangle, where[q].scale, p->variance[q]));
  }
  return WL_OK;
}

wl_error wl_run_write_batch(wl_run *run, const wl_prediction *p, const wl_matrix *square) {
  const wl_phase before = wl_timer_enter(&run->timer, WL_PHASE_WRITE);
  wl_error error = WL_OK;
  if (run->rank == 0) {
    error = write_batch(run, p);
    if (error == WL_OK) error = score_batch(run, p);
  }
  error = wl_error_agree(run->comm, error);
  if (error == WL_OK && square) error = write_covariances(run, p, square);
  wl_timer_enter(&run->timer, before);
  return error;
}
