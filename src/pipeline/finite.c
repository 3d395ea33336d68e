/*
 * `widelimit finite`: read, solve exactly, train, compare, write.
 */
#include "pipeline/finite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "checkpoint/halt.h"
#include "pipeline/finite_report.h"
#include "pipeline/provenance.h"

/* Every rank holds the kernels of all points and the tangent kernel of all heads at them. */
enum { POINTS_LIMIT = 4096, HEAD_POINTS_LIMIT = 8192 };

static void set_options(wl_finite *f) {
  const wl_config *c = f->setup.config;
  f->options = (wl_experiment_options){.seed = c->seed,
                                       .width_count = c->finite_width.width_count,
                                       .networks = c->finite_width.networks,
                                       .heads = c->finite_width.heads,
                                       .training = c->finite_width.training,
                                       .residual = c->finite_width.stop.residual,
                                       .step = c->finite_width.step,
                                       .steps = c->finite_width.stop.steps,
                                       .time = c->finite_width.stop.time,
                                       .momentum = c->finite_width.momentum,
                                       .fault = c->finite_width.sabotage};
  memcpy(f->options.widths, c->finite_width.widths, sizeof f->options.widths);
}

static wl_error check(const wl_finite *f) {
  const wl_data_shape *s = &f->setup.shape;
  const int64_t points = s->train + s->test, c = s->outputs;
  const int64_t heads = c > f->options.heads ? c : f->options.heads;
  if (f->options.width_count == 0)
    WL_FAIL(WL_ERROR_CONFIG, "%s: finite_width.widths is missing: which widths are to be trained?",
            f->setup.config->file);
  const double ridge = f->setup.config->noise_variance + f->setup.config->jitter;
  const wl_error error = wl_experiment_check(&f->setup.config->network, ridge, &f->options);
  if (error != WL_OK) return wl_error_set(error, "%s: %s", f->setup.config->file, wl_error_message());
  if (points > POINTS_LIMIT || heads > HEAD_POINTS_LIMIT / points)
    WL_FAIL(WL_ERROR_CAPACITY,
            "%lld points and %lld heads are too many for networks that are really trained: at most %d points, and "
            "%d heads times points",
            (long long)points, (long long)heads, POINTS_LIMIT, HEAD_POINTS_LIMIT);
  return WL_OK;
}

static wl_error read_data(const wl_setup *setup, double *x, double *y) {
  const wl_data_shape *s = &setup->shape;
  WL_TRY(wl_data_train_inputs(setup->data, 0, s->train, x));
  WL_TRY(wl_data_test_inputs(setup->data, 0, s->test, x + s->train * s->dimension));
  return wl_data_train_targets(setup->data, 0, s->train, y);
}

/* Rank 0 reads, all ranks get all points; each then knows the exact laws. */
static wl_error make_problem(wl_finite *f) {
  const wl_setup *setup = &f->setup;
  const wl_data_shape *s = &setup->shape;
  const int64_t inputs = (s->train + s->test) * s->dimension, targets = s->train * s->outputs;
  double *x = malloc(sizeof(double) * (size_t)(inputs + targets));
  wl_error error = x ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "finite networks: no memory for the points");
  if (inputs + targets > INT32_MAX / 2)
    error = wl_error_set(WL_ERROR_CAPACITY, "finite networks: too many inputs for every rank to hold");
  WL_GOTO(error, done, wl_error_agree(setup->comm, error));
  if (setup->rank == 0) error = read_data(setup, x, x + inputs);
  WL_GOTO(error, done, wl_error_agree(setup->comm, error));
  MPI_Bcast(x, (int)(inputs + targets), MPI_DOUBLE, 0, setup->comm);
  const wl_problem_data data = {
      s->train, s->test, s->dimension, s->outputs, x, x + inputs, wl_job_rnd_target(setup->config)};
  const double ridge = setup->config->noise_variance + setup->config->jitter;
  error = wl_problem_create(&setup->config->network, &data, ridge, f->options.time, &f->problem);
  if (error == WL_OK) error = wl_problem_check(f->problem);
  error = wl_error_agree(setup->comm, error);
done:
  free(x);
  return error;
}

/* The verdict compares every network with every other one, on rank 0. */
static wl_error check_verdict_memory(const wl_finite *f) {
  const double wanted = wl_verdict_bytes(f->problem, &f->options);
  char need[32], there[32];
  if (wanted > f->setup.node.memory_available)
    WL_FAIL(WL_ERROR_CAPACITY,
            "finite_width.networks is %lld: the verdict on them needs %s on rank 0, which has %s left",
            (long long)f->options.networks, wl_format_bytes(wanted, need, sizeof need),
            wl_format_bytes(f->setup.node.memory_available, there, sizeof there));
  return WL_OK;
}

/* Each rank of a node trains a network at a time. */
static wl_error check_network_memory(wl_finite *f) {
  const wl_node *node = &f->setup.node;
  const double share = node->memory_available / node->ranks;
  char need[32], there[32];
  WL_TRY(wl_experiment_rank_bytes(f->problem, &f->options, &f->rank_bytes));
  if (f->rank_bytes > share)
    WL_FAIL(
        WL_ERROR_CAPACITY,
        "finite_width.widths: a network of width %lld needs %s with all that is measured of it, and a rank has "
        "%s left; take fewer ranks a node, points, heads or units",
        (long long)f->options.widths[f->options.width_count - 1],
        wl_format_bytes(f->rank_bytes, need, sizeof need), wl_format_bytes(share, there, sizeof there));
  return WL_OK;
}

static wl_error open_results(wl_finite *f) {
  const wl_record r = wl_record_layout(f->problem, f->options.heads);
  const double bytes = 8.0 * (double)(f->options.width_count * f->options.networks * r.size) + 1048576.0;
  wl_error error = check_network_memory(f);
  if (f->setup.rank == 0 && error == WL_OK) error = check_verdict_memory(f);
  if (f->setup.rank == 0 && error == WL_OK)
    error = wl_results_create_named(f->setup.config->output_directory, "finite.h5", bytes, &f->results);
  if (f->setup.rank == 0 && error == WL_OK) error = wl_provenance_write(&f->setup, NULL, f->results);
  if (error == WL_OK) error = wl_run_log_open(&f->log, &f->setup);
  return wl_error_agree(f->setup.comm, error);
}

/* The names of the claims that failed, as far as they fit. */
static wl_error fail(const wl_verdict *v) {
  char names[512] = "";
  int failed = 0;
  for (int c = 0; c < WL_CLAIMS; c++) {
    if (!v->claim[c].present || v->claim[c].pass) continue;
    failed++;
    const size_t used = strlen(names);
    snprintf(names + used, sizeof names - used, "%s%s", used > 0 ? ", " : "", v->claim[c].name);
  }
  for (int model = 0; model < WL_FINITE_MODELS; model++)
    if (v->not_converged[model] > 0)
      WL_FAIL(WL_ERROR_CERTIFICATE, "%lld networks of %s did not converge%s%s%s",
              (long long)v->not_converged[model], wl_finite_model_name(model), failed > 0 ? "; and failed: " : "",
              names, failed > 0 ? "" : "; the claims hold");
  WL_FAIL(WL_ERROR_CERTIFICATE, "%d of the claims failed: %s", failed, names);
}

static wl_error finish(wl_finite *f) {
  char *summary = NULL, *config = NULL;
  wl_error error = WL_OK;
  if (f->setup.rank == 0) {
    error = wl_experiment_verdict(f->experiment, &f->verdict);
    if (error == WL_OK) error = wl_finite_write(f);
    if (error == WL_OK) error = wl_finite_report(f, &summary);
    if (error == WL_OK) error = wl_config_format(f->setup.config, &config);
    if (error == WL_OK) error = wl_results_commit(&f->results, summary, config);
    if (error == WL_OK) wl_run_log_commit(&f->log);
    if (error == WL_OK) unlink(f->journal);
    if (error == WL_OK && !f->verdict.pass) error = fail(&f->verdict);
  }
  free(config);
  free(summary);
  return wl_error_agree(f->setup.comm, error);
}

/* The journal lies in the output folder, hidden, until the results are in place. */
static void name_journal(wl_finite *f) {
  snprintf(f->journal, sizeof f->journal, "%s/.finite.journal", f->setup.config->output_directory);
}

static const wl_outputs outputs = {"finite.h5", "config.yaml", "summary.json"};

static wl_error run_phases(wl_finite *f, const wl_request *request) {
  WL_TRY(wl_setup_config(request, MPI_COMM_WORLD, &outputs, &f->setup));
  MPI_Comm_size(f->setup.comm, &f->ranks);
  wl_halt_listen();
  wl_blas_set_threads(1); /* threads split sums otherwise than one does; ranks are what spreads networks */
  set_options(f);
  if (f->setup.config->kernels.wanted)
    WL_FAIL(WL_ERROR_CONFIG,
            "%s: kernels: are given, but widelimit finite trains networks: give a network and inputs",
            f->setup.config->file);
  WL_TRY(wl_setup_data(&f->setup));
  WL_TRY(check(f));
  WL_TRY(make_problem(f));
  WL_TRY(open_results(f));
  name_journal(f);
  wl_finite_print_header(f);
  f->options.journal = f->journal;
  f->options.resume = request->resume;
  f->options.stop = wl_halt_is_requested;
  const wl_error error = wl_experiment_run(f->setup.comm, f->problem, &f->options, &f->experiment);
  if (error == WL_ERROR_STOPPED)
    return wl_error_set(error, "stopped by %s: %s; run it again with --resume to go on",
                        wl_halt_reason(&(wl_halt){0}), wl_error_message());
  WL_TRY(error);
  return finish(f);
}

wl_error wl_finite_run(const wl_request *request) {
  wl_finite f = {0};
  const wl_error error = run_phases(&f, request);
  wl_experiment_destroy(&f.experiment);
  wl_problem_destroy(&f.problem);
  wl_results_discard(&f.results);
  wl_run_log_end(&f.log, error);
  wl_setup_clear(&f.setup);
  return error;
}
