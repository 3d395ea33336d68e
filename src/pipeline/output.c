#include "pipeline/output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "pipeline/iterate_output.h"
#include "pipeline/loo.h"
#include "pipeline/observed.h"
#include "pipeline/points.h"
#include "pipeline/predictive.h"
#include "pipeline/provenance.h"
#include "pipeline/result_paths.h"
#include "pipeline/sample_output.h"
#include "pipeline/spectrum.h"

double wl_output_bytes(const wl_setup *setup) {
  const double m = (double)setup->shape.test, c = (double)setup->shape.outputs;
  return wl_job_result_bytes(setup->config, &setup->shape) + wl_loo_result_bytes(setup) +
         wl_observed_bytes(setup) + wl_predictive_bytes(setup) +
         8.0 * m * (2.0 * c + WL_QUANTITY_COUNT * (double)setup->units.columns) + 65536.0;
}

/* Every dataset with its meaning; the order is that of the documentation. */
static wl_error declare_quantities(const wl_setup *setup, wl_results *results) {
  static const char other_target[] =
      "K_TT + A K_XX A' - A K_XT - K_TX A', A = theta_TX S^-1, K = kappa + kappa of the target network rnd.target";
  static const char *const formula[WL_QUANTITY_COUNT] = {
      [WL_QUANTITY_ENSEMBLE] = "kappa_TT + A kappa_XX A' - A kappa_XT - kappa_TX A', A = theta_TX S^-1",
      [WL_QUANTITY_RND] = "2 (kappa_TT + A kappa_XX A' - A kappa_XT - kappa_TX A'), A = theta_TX S^-1",
      [WL_QUANTITY_BAYESIAN_RND] = "theta_TT - A theta_XT, A = theta_TX S^-1",
      [WL_QUANTITY_NTK_GP] = "theta_TT - A theta_XT, A = theta_TX S^-1",
      [WL_QUANTITY_NNGP] = "kappa_TT - kappa_TX (kappa_XX + (noise_variance + jitter) I)^-1 kappa_XT"};
  const int64_t m = setup->shape.test;
  char path[64];
  for (int q = 0; q < WL_QUANTITY_COUNT; q++) {
    if (!setup->config->quantity[q]) continue;
    const bool other = q == WL_QUANTITY_RND && wl_job_rnd_target(setup->config);
    const char *text = other ? other_target : formula[q];
    snprintf(path, sizeof path, "/variance/%s", wl_quantity_name((wl_quantity)q));
    const int64_t columns = setup->units.columns > 1 ? setup->units.columns : 0;
    WL_TRY(wl_results_add(results, path, m, columns, text, "target units squared"));
    if (!setup->config->output_covariance) continue;
    snprintf(path, sizeof path, "/covariance/%s", wl_quantity_name((wl_quantity)q));
    WL_TRY(wl_units_add_matrices(&setup->units, results, path, m, m, text, "target units squared"));
  }
  return WL_OK;
}

static wl_error declare_kernels(const wl_setup *setup, wl_results *results) {
  const int64_t n = setup->shape.train, m = setup->shape.test;
  const struct {
    const char *path, *formula;
    int64_t rows, columns;
  } kernels[] = {{"/kernel/kappa_XX", "NNGP kernel", n, n}, {"/kernel/theta_XX", "NTK", n, n},
                 {"/kernel/kappa_TX", "NNGP kernel", m, n}, {"/kernel/theta_TX", "NTK", m, n},
                 {"/kernel/kappa_TT", "NNGP kernel", m, m}, {"/kernel/theta_TT", "NTK", m, m}};
  for (size_t k = 0; k < sizeof kernels / sizeof *kernels; k++)
    WL_TRY(wl_units_add_matrices(&setup->units, results, kernels[k].path, kernels[k].rows, kernels[k].columns,
                                 kernels[k].formula, setup->units.standardized ? "target units squared" : "1"));
  return WL_OK;
}

static wl_error declare_results(const wl_setup *setup, wl_results **file) {
  const wl_data_shape *s = &setup->shape;
  WL_TRY(wl_results_create(setup->config->output_directory, wl_output_bytes(setup), file));
  wl_results *results = *file;
  WL_TRY(wl_results_note(results, "program", "widelimit " WIDELIMIT_VERSION));
  WL_TRY(wl_provenance_write(setup, NULL, results));
  WL_TRY(wl_results_note(results, "definitions",
                         "S = theta_XX + (noise_variance + jitter) I; X, T: training and test inputs"));
  const wl_model_options options = wl_job_model_options(setup->config);
  if (wl_model_needs(&options, WL_PRIOR_THETA))
    WL_TRY(wl_results_add(results, wl_mean_path(WL_PRIOR_THETA), s->test, s->outputs, "theta_TX S^-1 Y",
                          "target units"));
  if (wl_model_needs(&options, WL_PRIOR_KAPPA))
    WL_TRY(wl_results_add(results, wl_mean_path(WL_PRIOR_KAPPA), s->test, s->outputs,
                          "kappa_TX (kappa_XX + (noise_variance + jitter) I)^-1 Y", "target units"));
  WL_TRY(wl_units_write(&setup->units, results));
  WL_TRY(declare_quantities(setup, results));
  WL_TRY(wl_predictive_declare(setup, results));
  WL_TRY(wl_brackets_declare(setup, results));
  WL_TRY(wl_loo_declare(setup, results));
  WL_TRY(wl_sample_declare(setup, results));
  WL_TRY(wl_spectrum_declare(setup, results));
  WL_TRY(wl_observed_write(setup, results));
  return setup->config->output_kernels ? declare_kernels(setup, results) : WL_OK;
}

/* Root. The results so far of a checkpoint. */
static wl_error restore_results(const wl_setup *setup, const wl_checkpointer *checkpointer, wl_results **results) {
  const char *directory = setup->config->output_directory;
  char to[WL_PATH_SIZE];
  WL_TRY(wl_results_claim_partial(directory, to, sizeof to));
  WL_TRY(wl_checkpoint_extract_results(checkpointer->resumed_from, to));
  WL_TRY(wl_results_reopen(directory, results));
  return wl_provenance_write(setup, NULL, *results);
}

wl_error wl_output_open(const wl_setup *setup, const wl_checkpointer *checkpointer, wl_results **results) {
  wl_error error = WL_OK;
  if (setup->rank == 0)
    error =
        checkpointer->resumed ? restore_results(setup, checkpointer, results) : declare_results(setup, results);
  return wl_error_agree(setup->comm, error);
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

static wl_error write_symmetric_pair(const wl_setup *setup, wl_results *results, const wl_points *points,
                                     const wl_matrix *gram, const char *kappa, const char *theta) {
  double *diagonal = malloc(sizeof(double) * (size_t)points->count);
  wl_error error = diagonal ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "kernels: out of memory");
  WL_GOTO(error, done, wl_error_agree(setup->comm, error));
  for (int64_t j = 0; j < setup->units.columns; j++) {
    const wl_results_slot to_kappa = wl_units_slot(&setup->units, j, kappa),
                          to_theta = wl_units_slot(&setup->units, j, theta);
    collect_diagonal(points, wl_kernel_points_kappa, diagonal);
    WL_GOTO(error, done, wl_results_put_symmetric(results, &to_kappa, gram, WL_TRIANGLE_UPPER, 1.0, diagonal));
    collect_diagonal(points, wl_kernel_points_theta, diagonal);
    WL_GOTO(error, done, wl_results_put_symmetric(results, &to_theta, gram, WL_TRIANGLE_LOWER, 1.0, diagonal));
  }
done:
  free(diagonal);
  return error;
}

static wl_error write_cross_pair(const wl_setup *setup, wl_results *results, const wl_points *train,
                                 const wl_points *test) {
  wl_matrix *kappa = NULL, *theta = NULL;
  wl_error error = wl_matrix_create(setup->grid, setup->shape.train, test->count, &kappa);
  if (error == WL_OK) error = wl_matrix_create(setup->grid, setup->shape.train, test->count, &theta);
  if (error == WL_OK) error = wl_gram_cross(train, test, kappa, theta);
  for (int64_t j = 0; j < setup->units.columns && error == WL_OK; j++) {
    const wl_results_slot to_kappa = wl_units_slot(&setup->units, j, "/kernel/kappa_TX"),
                          to_theta = wl_units_slot(&setup->units, j, "/kernel/theta_TX");
    error = wl_results_put_transposed(results, &to_kappa, 0, kappa);
    if (error == WL_OK) error = wl_results_put_transposed(results, &to_theta, 0, theta);
  }
  wl_matrix_destroy(&theta);
  wl_matrix_destroy(&kappa);
  return error;
}

wl_error wl_output_kernels(const wl_setup *setup, const wl_services *services, const wl_assembly *assembly) {
  if (!setup->config->output_kernels || services->checkpointer->resumed) return WL_OK;
  wl_results *results = services->results;
  wl_grid panels;
  const wl_phase before = wl_timer_enter(services->timer, WL_PHASE_WRITE);
  wl_points *test = NULL;
  wl_matrix *square = NULL;
  wl_error error = write_symmetric_pair(setup, results, assembly->train, wl_model_gram(assembly->model),
                                        "/kernel/kappa_XX", "/kernel/theta_XX");
  if (error == WL_OK) error = wl_read_test_points(setup, 0, setup->shape.test, &panels, &test);
  if (error == WL_OK) error = write_cross_pair(setup, results, assembly->train, test);
  if (error == WL_OK) error = wl_matrix_create(setup->grid, setup->shape.test, setup->shape.test, &square);
  if (error == WL_OK) error = wl_gram_symmetric(test, WL_GRAM_BOTH, square);
  if (error == WL_OK)
    error = write_symmetric_pair(setup, results, test, square, "/kernel/kappa_TT", "/kernel/theta_TT");
  wl_matrix_destroy(&square);
  wl_points_destroy(&test);
  wl_timer_enter(services->timer, before);
  return error;
}

wl_error wl_output_prediction(const wl_setup *setup, wl_results *results, const wl_prediction *p) {
  WL_TRY(wl_results_put(results, wl_mean_path(p->prior), p->first, 0, p->count, p->outputs, p->mean));
  char path[64];
  for (int q = 0; q < WL_QUANTITY_COUNT; q++) {
    if (!p->variance[q]) continue;
    snprintf(path, sizeof path, "/variance/%s", wl_quantity_name((wl_quantity)q));
    WL_TRY(wl_results_put(results, path, p->first, 0, p->count, setup->units.columns, p->variance[q]));
  }
  return wl_predictive_write(setup, p, results);
}

/* They stand in the two triangles of the square. */
wl_error wl_output_covariances(const wl_setup *setup, wl_results *results, const wl_prediction *p,
                               const wl_matrix *square) {
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
    const bool own = q == WL_QUANTITY_RND && p->rnd_covariance;
    snprintf(path, sizeof path, "/covariance/%s", wl_quantity_name((wl_quantity)q));
    for (int64_t j = 0; j < setup->units.columns; j++) {
      const wl_results_slot slot = wl_units_slot(&setup->units, j, path);
      WL_TRY(wl_results_put_symmetric(results, &slot, own ? p->rnd_covariance : square, where[q].triangle,
                                      own ? 1.0 : where[q].scale, p->variance[q]));
    }
  }
  return WL_OK;
}

/* Root. */
static wl_error remove_prior(const wl_setup *setup, wl_results *results, wl_prior prior) {
  static const char *const groups[] = {"variance", "covariance", "loo/variance"};
  char path[64];
  WL_TRY(wl_results_remove(results, wl_mean_path(prior)));
  WL_TRY(wl_results_remove(results, wl_loo_mean_path(prior)));
  for (int q = 0; q < WL_QUANTITY_COUNT; q++) {
    if (wl_quantity_prior((wl_quantity)q) != prior) continue;
    for (size_t g = 0; g < sizeof groups / sizeof *groups; g++) {
      snprintf(path, sizeof path, "/%s/%s", groups[g], wl_quantity_name((wl_quantity)q));
      WL_TRY(wl_results_remove(results, path));
    }
  }
  return wl_predictive_remove(setup, prior, results);
}

wl_error wl_output_leave_out(const wl_setup *setup, wl_results *results, wl_prior prior) {
  return wl_error_agree(setup->comm, setup->rank == 0 ? remove_prior(setup, results, prior) : WL_OK);
}
