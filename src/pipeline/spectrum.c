#include "pipeline/spectrum.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- datasets ------------------------------------------------------------------------------------------------------ */

static wl_error declare_noise_path(const wl_setup *setup, wl_results *results) {
  static const struct {
    const char *path, *formula;
  } vectors[] = {
      {"/noise_path/noise", "noise variance sigma^2; s = sigma^2 + jitter"},
      {"/noise_path/effective_dimension", "tr theta_XX (theta_XX + s I)^-1"},
      {"/noise_path/information_gain", "log det (I + theta_XX / s) / 2"},
      {"/noise_path/loo_rmse", "root mean square of r_i = [S^-1 Y]_i / [S^-1]_ii, S = theta_XX + s I"},
      {"/noise_path/loo_log_density",
       "sum of -(log 2 pi v_i + r_i^2 / v_i) / 2 over rows and columns, v_i = 1 / [S^-1]_ii - jitter"},
  };
  const int64_t count = setup->config->noise_path.count;
  if (count == 0) return WL_OK;
  for (size_t k = 0; k < sizeof vectors / sizeof *vectors; k++)
    WL_TRY(wl_results_add(results, vectors[k].path, count, 0, vectors[k].formula, k == 3 ? "target units" : "1"));
  return wl_results_add(results, "/noise_path/log_marginal_likelihood", count, setup->shape.outputs,
                        "-(y' S^-1 y + log det S + n log 2 pi) / 2, S = theta_XX + s I", "1");
}

wl_error wl_spectrum_declare(const wl_setup *setup, wl_results *results) {
  if (setup->config->spectrum) {
    const int64_t n = setup->shape.train;
    WL_TRY(wl_results_add(results, "/spectrum/theta", n, 0, "eigenvalues of theta_XX, ascending", "1"));
    WL_TRY(wl_results_add(results, "/spectrum/kappa", n, 0, "eigenvalues of kappa_XX, ascending", "1"));
  }
  WL_TRY(declare_noise_path(setup, results));
  return wl_times_declare(setup, results);
}

/* ---- the phase ----------------------------------------------------------------------------------------------------- */

/* The arguments of wl_spectrum_run. */
typedef struct phase {
  const wl_setup *setup;
  const wl_services *services;
  const wl_assembly *assembly;
  wl_spectra *spectra;
} phase;

/* Between the steps of a decomposition: nothing of it is in a checkpoint, but all that came before is. */
static wl_error between(void *context) {
  wl_checkpointer *k = ((const phase *)context)->services->checkpointer;
  return wl_checkpointer_boundary(k, k->options.last_prior, k->options.test);
}

static wl_error keep_spectrum(const phase *p, wl_prior prior, const wl_eigen *e) {
  const wl_config *c = p->setup->config;
  const int64_t n = p->setup->shape.train;
  const double s = c->noise_variance + c->jitter;
  p->spectra->of[prior] = (wl_spectrum_summary){.done = true,
                                                .smallest = e->values[0],
                                                .largest = e->values[n - 1],
                                                .effective_dimension = wl_effective_dimension(e, n, s),
                                                .information_gain = wl_information_gain(e, n, s),
                                                .residual = e->residual};
  if (!c->spectrum || p->setup->rank != 0) return WL_OK;
  return wl_results_put(p->services->results, prior == WL_PRIOR_THETA ? "/spectrum/theta" : "/spectrum/kappa", 0,
                        0, n, 1, e->values);
}

/* Root. */
static wl_error write_noise(const phase *p, int64_t k, const double *likelihood) {
  const wl_noise_point *at = &p->spectra->noise[k];
  const struct {
    const char *path;
    double value;
  } all[] = {{"/noise_path/noise", at->noise},
             {"/noise_path/effective_dimension", at->effective_dimension},
             {"/noise_path/information_gain", at->information_gain},
             {"/noise_path/loo_rmse", at->loo_rmse},
             {"/noise_path/loo_log_density", at->loo_log_density}};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    WL_TRY(wl_results_put(p->services->results, all[i].path, k, 0, 1, 1, &all[i].value));
  return wl_results_put(p->services->results, "/noise_path/log_marginal_likelihood", k, 0, 1,
                        p->setup->shape.outputs, likelihood);
}

static wl_error at_noise(const phase *p, const wl_spectrum *spectrum, uint32_t k, double *likelihood) {
  const wl_config *c = p->setup->config;
  wl_spectra *out = p->spectra;
  WL_TRY(wl_spectrum_at_noise(spectrum, c->noise_path.values[k], c->jitter, &out->noise[k], likelihood));
  out->log_likelihood[k] = 0.0;
  for (int64_t j = 0; j < p->setup->shape.outputs; j++) out->log_likelihood[k] += likelihood[j];
  out->noises = k + 1;
  return wl_error_agree(p->setup->comm, p->setup->rank == 0 ? write_noise(p, k, likelihood) : WL_OK);
}

static wl_error walk_noise_path(const phase *p, const wl_spectrum *spectrum) {
  const uint32_t count = p->setup->config->noise_path.count;
  wl_spectra *out = p->spectra;
  if (count == 0) return WL_OK;
  double *likelihood = malloc(sizeof(double) * (size_t)p->setup->shape.outputs);
  out->noise = calloc(count, sizeof *out->noise);
  out->log_likelihood = calloc(count, sizeof *out->log_likelihood);
  wl_error error = likelihood && out->noise && out->log_likelihood
                       ? WL_OK
                       : wl_error_set(WL_ERROR_MEMORY, "noise path: out of memory");
  error = wl_error_agree(p->setup->comm, error);
  for (uint32_t k = 0; k < count && error == WL_OK; k++) error = at_noise(p, spectrum, k, likelihood);
  free(likelihood);
  return error;
}

/* κ_XX goes where its eigenvalues come: last. */
static wl_error decompose_kappa(const phase *p, wl_spectrum *spectrum) {
  wl_eigen kappa = {0};
  if (!p->setup->config->spectrum) return WL_OK;
  wl_timer_enter(p->services->timer, WL_PHASE_SPECTRUM);
  wl_error error = wl_spectrum_kappa(spectrum, &kappa);
  if (error == WL_OK) error = wl_error_agree(p->setup->comm, keep_spectrum(p, WL_PRIOR_KAPPA, &kappa));
  wl_eigen_clear(&kappa);
  return error;
}

static wl_error run(phase *p, wl_spectrum *spectrum) {
  const wl_config *c = p->setup->config;
  const wl_spectrum_options options = {.vectors = wl_job_wants_eigenvectors(c),
                                       .kappa = wl_job_spectrum_has_kappa(c),
                                       .seed = c->seed,
                                       .context = p,
                                       .between = between};
  wl_timer_enter(p->services->timer, WL_PHASE_SPECTRUM);
  wl_timer_count(p->services->timer, wl_job_spectrum_flops(c, &p->setup->shape));
  WL_TRY(wl_spectrum_create(&options, p->assembly->train, p->assembly->targets, spectrum));
  WL_TRY(wl_error_agree(p->setup->comm, keep_spectrum(p, WL_PRIOR_THETA, &spectrum->theta)));
  WL_TRY(walk_noise_path(p, spectrum));
  WL_TRY(wl_times_run(p->setup, p->services, spectrum, &p->spectra->times));
  return decompose_kappa(p, spectrum);
}

wl_error wl_spectrum_run(const wl_setup *setup, const wl_services *services, const wl_assembly *assembly,
                         wl_spectra *spectra) {
  if (!wl_job_wants_spectrum(setup->config)) return WL_OK;
  phase p = {setup, services, assembly, spectra};
  wl_spectrum spectrum = {0};
  wl_model_release(assembly->model);
  const wl_error error = run(&p, &spectrum);
  wl_spectrum_clear(&spectrum);
  return error;
}

void wl_spectra_clear(wl_spectra *spectra) {
  wl_time_scores_clear(&spectra->times);
  free(spectra->log_likelihood);
  free(spectra->noise);
}
