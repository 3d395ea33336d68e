/*
 * summary.json and the tables on the console, from the same numbers.
 */
#define _GNU_SOURCE
#include <hdf5.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "pipeline/certify.h"

/* Everything about a run that takes all ranks to find out. */
typedef struct facts {
  wl_phase_time phase[WL_PHASE_COUNT];
  double wall, flops, memory_sum, memory_max;
} facts;

static const char *mpi_version(void) {
  static char text[MPI_MAX_LIBRARY_VERSION_STRING];
  int length;
  MPI_Get_library_version(text, &length);
  text[strcspn(text, ",\n")] = 0;
  return text;
}

void wl_print_version(void) {
  unsigned major, minor, release;
  H5get_libversion(&major, &minor, &release);
  printf("widelimit %s\n%s\nScaLAPACK %s\nHDF5 %u.%u.%u\n%s\n", WIDELIMIT_VERSION, mpi_version(),
         WIDELIMIT_SCALAPACK_VERSION, major, minor, release, wl_blas_version());
}

/* Of the one large array, over all ranks. */
static double matrix_bytes(const wl_run *run) {
  const double n = (double)run->shape.train;
  return (run->config->precision == WL_PRECISION_MIXED ? 4.0 : 8.0) * n * n;
}

void wl_run_print_header(const wl_run *run) {
  const wl_config *c = run->config;
  const wl_data_shape *s = &run->shape;
  char bytes[32], there[32];
  wl_log_line("widelimit %s   %s", WIDELIMIT_VERSION, c->name);
  wl_log_line("  data     %lld training points, %lld test points, dimension %lld, %lld output%s",
              (long long)s->train, (long long)s->test, (long long)s->dimension, (long long)s->outputs,
              s->outputs == 1 ? "" : "s");
  if (c->network.activation == WL_ACTIVATION_LEAKY_RELU)
    wl_log_line("  network  depth %d, leaky_relu (slope %.5g), sigma_w %.5g, sigma_b %.5g", c->network.depth,
                c->network.slope, c->network.sigma_w, c->network.sigma_b);
  else
    wl_log_line("  network  depth %d, %s, sigma_w %.5g, sigma_b %.5g", c->network.depth,
                wl_activation_name(c->network.activation), c->network.sigma_w, c->network.sigma_b);
  wl_log_line("  noise    variance %.5g, jitter %.5g", c->noise_variance, c->jitter);
  wl_log_line("  ranks    %d on %d node%s, grid %d x %d, block %d, %lld test points at a time", run->grid->size,
              run->node.nodes, run->node.nodes == 1 ? "" : "s", run->grid->rows, run->grid->columns,
              run->grid->block, (long long)run->batch);
  wl_log_line("  BLAS     %s kernel, %d thread%s a rank", wl_blas_kernel(), wl_blas_threads(),
              wl_blas_threads() == 1 ? "" : "s");
  wl_log_line("  matrix   %s in all%s, %s of memory free on this node",
              wl_format_bytes(matrix_bytes(run), bytes, sizeof bytes),
              c->precision == WL_PRECISION_MIXED ? " in single precision, results refined" : "",
              wl_format_bytes(run->node.memory_available, there, sizeof there));
  if (wl_blas_advice()) wl_log_warning("%s", wl_blas_advice());
  if (c->jitter > 0.0) wl_log_warning("jitter %g is added to the diagonal of both kernel matrices", c->jitter);
}

static facts collect_facts(wl_run *run) {
  facts f = {0};
  wl_timer_enter(&run->timer, WL_PHASE_WRITE);
  f.wall = (run->timer.entered - run->timer.began) / run->grid->size; /* the mean, as that of the phases in it */
  MPI_Allreduce(MPI_IN_PLACE, &f.wall, 1, MPI_DOUBLE, MPI_SUM, run->comm);
  for (int p = 0; p < WL_PHASE_COUNT; p++) {
    f.phase[p] = wl_timer_reduce(&run->timer, (wl_phase)p, run->comm);
    f.flops += run->timer.flops[p];
  }
  f.memory_sum = f.memory_max = wl_machine_peak_memory();
  MPI_Allreduce(MPI_IN_PLACE, &f.memory_sum, 1, MPI_DOUBLE, MPI_SUM, run->comm);
  MPI_Allreduce(MPI_IN_PLACE, &f.memory_max, 1, MPI_DOUBLE, MPI_MAX, run->comm);
  return f;
}

/* JSON has no infinity and no NaN: null. */
static json_t *number(double value) { return isfinite(value) ? json_real(value) : json_null(); }

static json_t *integer(int64_t value) { return json_integer((json_int_t)value); }

static json_t *sizes_object(const wl_run *run) {
  const wl_data_shape *s = &run->shape;
  return json_pack("{s:o, s:o, s:o, s:o, s:o}", "train", integer(s->train), "test", integer(s->test), "dimension",
                   integer(s->dimension), "outputs", integer(s->outputs), "test_batch", integer(run->batch));
}

static json_t *network_object(const wl_config *c) {
  json_t *o = json_pack("{s:i, s:s, s:o, s:o}", "depth", c->network.depth, "activation",
                        wl_activation_name(c->network.activation), "sigma_w", number(c->network.sigma_w),
                        "sigma_b", number(c->network.sigma_b));
  if (c->network.activation == WL_ACTIVATION_LEAKY_RELU) json_object_set_new(o, "slope", number(c->network.slope));
  return o;
}

static json_t *grid_object(const wl_grid *g) {
  return json_pack("{s:i, s:i, s:i, s:i}", "ranks", g->size, "rows", g->rows, "columns", g->columns, "block",
                   g->block);
}

static json_t *machine_object(const wl_run *run) {
  char host[256] = "";
  unsigned major, minor, release;
  gethostname(host, sizeof host - 1);
  H5get_libversion(&major, &minor, &release);
  char hdf5[32];
  snprintf(hdf5, sizeof hdf5, "%u.%u.%u", major, minor, release);
  return json_pack("{s:s, s:i, s:s, s:s, s:i, s:s, s:s, s:s}", "host", host, "nodes", run->node.nodes, "blas",
                   wl_blas_version(), "blas_kernel", wl_blas_kernel(), "blas_threads", wl_blas_threads(), "mpi",
                   mpi_version(), "hdf5", hdf5, "scalapack", WIDELIMIT_SCALAPACK_VERSION);
}

static json_t *phases_object(const wl_run *run, const facts *f) {
  json_t *o = json_object();
  for (int p = 0; p < WL_PHASE_COUNT; p++) {
    const wl_phase_time *t = &f->phase[p];
    if (t->maximum <= 0.0) continue;
    json_t *phase = json_pack("{s:o, s:o, s:o, s:i}", "min", number(t->minimum), "mean", number(t->mean), "max",
                              number(t->maximum), "slowest_rank", t->slowest);
    if (run->timer.flops[p] > 0.0)
      json_object_set_new(phase, "gflops", number(run->timer.flops[p] / t->maximum / 1e9));
    json_object_set_new(o, wl_phase_name((wl_phase)p), phase);
  }
  json_object_set_new(o, "wall", number(f->wall));
  return o;
}

static json_t *factor_object(const wl_run *run, wl_prior prior) {
  const wl_evidence *e = wl_model_evidence(run->model, prior);
  if (!e) return NULL;
  json_t *evidence = json_array();
  double sum = 0.0;
  for (int64_t j = 0; j < run->shape.outputs; j++) {
    json_array_append_new(evidence, number(e->log_marginal_likelihood[j]));
    sum += e->log_marginal_likelihood[j];
  }
  json_t *o = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "log_determinant", number(e->factor.log_determinant),
                        "norm_1", number(e->factor.norm), "condition_estimate",
                        number(1.0 / e->factor.reciprocal_condition), "residual", number(e->factor.residual),
                        "log_marginal_likelihood", evidence, "log_marginal_likelihood_sum", number(sum));
  const wl_refinement *r = &e->refinement;
  if (r->used)
    json_object_set_new(
        o, "refinement",
        json_pack("{s:i, s:o, s:o, s:o}", "iterations", r->passes, "residual", number(r->residual), "contraction",
                  number(r->contraction), "log_determinant_error", number(r->log_determinant_error)));
  return o;
}

static const char *mean_name(int prior) { return prior == WL_PRIOR_THETA ? "ntk" : "nngp"; }

static json_t *mean_metrics(const wl_run *run) {
  json_t *o = json_object();
  for (int p = 0; p < WL_PRIOR_COUNT; p++) {
    const wl_score *s = &run->tally.score[p];
    if (s->points == 0) continue;
    json_t *m = json_pack("{s:o, s:o}", "points", integer(s->points), "rmse", number(wl_score_rmse(s)));
    if (run->shape.classes) json_object_set_new(m, "accuracy", number(wl_score_accuracy(s)));
    json_object_set_new(o, mean_name(p), m);
  }
  return o;
}

/* Of a variance: is it one of predictions, so that a likelihood makes sense? That of RND's error is not. */
static bool is_predictive(int q) { return q != WL_QUANTITY_RND; }

static wl_error auroc_of(const wl_run *run, int q, double *area) {
  *area = NAN;
  if (!run->tally.ood || !run->tally.variance[q]) return WL_OK;
  return wl_auroc(run->shape.test, run->tally.variance[q], run->tally.ood, area);
}

static double mean_variance(const wl_run *run, int q, double flag) {
  double sum = 0.0;
  int64_t count = 0;
  for (int64_t i = 0; i < run->shape.test; i++) {
    if (run->tally.ood && run->tally.ood[i] != flag) continue;
    sum += run->tally.variance[q][i];
    count++;
  }
  return sum / (double)count;
}

static json_t *quantity_metrics(const wl_run *run, const double *auroc) {
  json_t *o = json_object();
  for (int q = 0; q < WL_QUANTITY_COUNT; q++) {
    if (!run->config->quantity[q]) continue;
    json_t *m = json_pack("{s:o}", "mean_variance", number(mean_variance(run, q, 0.0)));
    if (run->tally.likelihood[q].points > 0 && is_predictive(q))
      json_object_set_new(m, "negative_log_likelihood",
                          number(wl_score_negative_log_likelihood(&run->tally.likelihood[q])));
    if (run->tally.ood) {
      json_object_set_new(m, "mean_variance_ood", number(mean_variance(run, q, 1.0)));
      json_object_set_new(m, "auroc", number(auroc[q]));
    }
    json_object_set_new(o, wl_quantity_name((wl_quantity)q), m);
  }
  return o;
}

static json_t *sampling_object(const wl_run *run) {
  json_t *o = json_object(), *shifts = json_object();
  static const char *const stage[3] = {"theta_TT", "kappa", "theta_lower"};
  for (int d = 0; d < WL_DRAW_COUNT; d++)
    if (run->config->samples[d] > 0)
      json_object_set_new(o, wl_draw_name((wl_draw)d), integer(run->config->samples[d]));
  for (int s = 0; s < 3; s++)
    if (run->sampling.shift[s] > 0.0) json_object_set_new(shifts, stage[s], number(run->sampling.shift[s]));
  json_object_set_new(o, "diagonal_shift", shifts);
  json_object_set_new(o, "bayesian_target_is_zero", json_boolean(run->sampling.target_is_zero));
  return o;
}

static wl_error make_summary(const wl_run *run, const facts *f, const double *auroc, char **text) {
  json_t *root = json_object(), *factors = json_object();
  json_object_set_new(root, "program", json_string("widelimit"));
  json_object_set_new(root, "version", json_string(WIDELIMIT_VERSION));
  json_object_set_new(root, "name", json_string(run->config->name));
  json_object_set_new(root, "seed", json_sprintf("%llu", (unsigned long long)run->config->seed));
  json_object_set_new(root, "sizes", sizes_object(run));
  json_object_set_new(root, "network", network_object(run->config));
  json_object_set_new(root, "noise_variance", number(run->config->noise_variance));
  json_object_set_new(root, "jitter", number(run->config->jitter));
  json_object_set_new(root, "precision",
                      json_string(run->config->precision == WL_PRECISION_MIXED ? "mixed" : "double"));
  json_object_set_new(root, "grid", grid_object(run->grid));
  json_object_set_new(root, "machine", machine_object(run));
  json_object_set_new(root, "seconds", phases_object(run, f));
  json_object_set_new(root, "gflops", number(f->flops / f->wall / 1e9));
  json_object_set_new(
      root, "memory",
      json_pack("{s:o, s:o, s:o}", "peak_rss_bytes_sum", number(f->memory_sum), "peak_rss_bytes_max",
                number(f->memory_max), "matrix_bytes", number(matrix_bytes(run))));
  for (int p = 0; p < WL_PRIOR_COUNT; p++)
    if (wl_model_evidence(run->model, (wl_prior)p))
      json_object_set_new(factors, p == WL_PRIOR_THETA ? "theta" : "kappa", factor_object(run, (wl_prior)p));
  json_object_set_new(root, "factor", factors);
  json_object_set_new(root, "clamped",
                      json_pack("{s:o, s:o}", "count", integer(run->tally.clamped), "most_negative",
                                number(run->tally.most_negative)));
  json_object_set_new(
      root, "metrics",
      json_pack("{s:o, s:o}", "mean", mean_metrics(run), "quantity", quantity_metrics(run, auroc)));
  if (run->sampling.done) json_object_set_new(root, "sampling", sampling_object(run));
  if (run->certified.done) json_object_set_new(root, "certificate", wl_run_certificate_object(run));
  if (run->checkpointer.open)
    json_object_set_new(
        root, "checkpoint",
        json_pack("{s:o, s:o, s:o}", "attempts", integer(run->checkpointer.attempts), "written",
                  integer(run->checkpointer.written), "seconds_before", number(run->checkpointer.seconds)));
  *text = json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(17));
  json_decref(root);
  if (!*text) WL_FAIL(WL_ERROR_MEMORY, "summary: out of memory");
  return WL_OK;
}

static void print_shifts(const double shift[WL_STAGES]) {
  static const char *const kernel[WL_STAGES] = {"theta_TT", "joint kappa", "joint theta - kappa"};
  bool first = true;
  for (int s = 0; s < WL_STAGES; s++) {
    bool more = false;
    for (int later = s + 1; later < WL_STAGES; later++) more = more || shift[later] > 0.0;
    if (!(shift[s] > 0.0)) continue;
    wl_log_line("  %s%.1e %s %s%s", first ? "for drawing only, " : "", shift[s],
                first ? "is added to the diagonal of" : "to that of", kernel[s], more ? "," : "");
    first = false;
  }
}

static void print_samples(const wl_run *run) {
  if (!run->sampling.done) return;
  wl_log_line("\n  samples         draws   of shape");
  for (int d = 0; d < WL_DRAW_COUNT; d++)
    if (run->config->samples[d] > 0)
      wl_log_line("  %-13s %7lld   %lld x %lld", wl_draw_name((wl_draw)d), (long long)run->config->samples[d],
                  (long long)run->shape.test, (long long)wl_job_outputs(&run->shape, (wl_draw)d));
  print_shifts(run->sampling.shift);
  if (run->sampling.target_is_zero)
    wl_log_line("  at depth 1 theta - kappa is zero: the targets of Bayesian RND are exactly zero");
}

static void print_phases(const wl_run *run, const facts *f) {
  char peak[32], array[32];
  wl_log_line("\n  phase             seconds   Gflop/s   slowest rank");
  for (int p = 0; p < WL_PHASE_COUNT; p++) {
    const wl_phase_time *t = &f->phase[p];
    if (t->maximum <= 0.0) continue;
    if (run->timer.flops[p] > 0.0)
      wl_log_line("  %-14s %10.3f  %8.1f   %d", wl_phase_name((wl_phase)p), t->maximum,
                  run->timer.flops[p] / t->maximum / 1e9, t->slowest);
    else
      wl_log_line("  %-14s %10.3f         -   %d", wl_phase_name((wl_phase)p), t->maximum, t->slowest);
  }
  wl_log_line("  %-14s %10.3f  %8.1f", "all", f->wall, f->flops / f->wall / 1e9);
  wl_log_line("  peak memory    %s over all ranks, the matrix %s",
              wl_format_bytes(f->memory_sum, peak, sizeof peak),
              wl_format_bytes(matrix_bytes(run), array, sizeof array));
}

static void print_factors(const wl_run *run) {
  wl_log_line("\n  matrix   log determinant   condition   residual   log marginal likelihood");
  for (int p = 0; p < WL_PRIOR_COUNT; p++) {
    const wl_evidence *e = wl_model_evidence(run->model, (wl_prior)p);
    if (!e) continue;
    double sum = 0.0;
    for (int64_t j = 0; j < run->shape.outputs; j++) sum += e->log_marginal_likelihood[j];
    wl_log_line("  %-7s %16.6g %11.2e %10.1e %25.8g", p == WL_PRIOR_THETA ? "theta" : "kappa",
                e->factor.log_determinant, 1.0 / e->factor.reciprocal_condition, e->factor.residual, sum);
    if (e->refinement.used)
      wl_log_line(
          "          refined: %d passes at most, each to %.0e of the error; log determinant\n"
          "          to +-%.1e, residual before the last correction %.1e",
          e->refinement.passes, e->refinement.contraction, e->refinement.log_determinant_error,
          e->refinement.residual);
    if (e->factor.reciprocal_condition < 1e-13)
      wl_log_warning(
          "%s is close to singular (condition estimate %.1e): few digits of the results are right; add "
          "noise_variance or jitter",
          p == WL_PRIOR_THETA ? "theta" : "kappa", 1.0 / e->factor.reciprocal_condition);
  }
}

static void print_means(const wl_run *run) {
  for (int p = 0; p < WL_PRIOR_COUNT; p++) {
    const wl_score *s = &run->tally.score[p];
    if (s->points == 0) continue;
    if (p == WL_PRIOR_THETA || run->tally.score[WL_PRIOR_THETA].points == 0)
      wl_log_line("\n  mean           RMSE%s   over %lld test points%s", run->shape.classes ? "    accuracy" : "",
                  (long long)s->points, run->tally.ood ? " in distribution" : "");
    if (run->shape.classes)
      wl_log_line("  %-8s %10.6f      %.4f", mean_name(p), wl_score_rmse(s), wl_score_accuracy(s));
    else
      wl_log_line("  %-8s %10.6f", mean_name(p), wl_score_rmse(s));
  }
}

static void column(char *text, size_t size, int show, const char *format, double value) {
  if (show && isfinite(value))
    snprintf(text, size, format, value);
  else
    snprintf(text, size, "-");
}

/* One line of the table: the columns that this run has. */
static void print_quantity(const wl_run *run, int q, double area) {
  const bool ood = run->tally.ood != NULL;
  const wl_score *s = &run->tally.likelihood[q];
  char inside[32], outside[48] = "", likelihood[48] = "", last[48] = "", text[32];
  column(inside, sizeof inside, 1, "%.6g", mean_variance(run, q, 0.0));
  if (ood) {
    column(text, sizeof text, 1, "%.6g", mean_variance(run, q, 1.0));
    snprintf(outside, sizeof outside, " %14s", text);
    column(text, sizeof text, 1, "%.4f", area);
    snprintf(last, sizeof last, " %8s", text);
  }
  if (run->shape.test_targets) {
    column(text, sizeof text, s->points > 0 && is_predictive(q), "%.4f", wl_score_negative_log_likelihood(s));
    snprintf(likelihood, sizeof likelihood, " %15s", text);
  }
  wl_log_line("  %-13s %14s%s%s%s", wl_quantity_name((wl_quantity)q), inside, outside, likelihood, last);
}

static void print_quantities(const wl_run *run, const double *auroc) {
  wl_log_line("\n  quantity       mean variance%s%s%s", run->tally.ood ? "   out of dist." : "",
              run->shape.test_targets ? "  neg. log lik." : "", run->tally.ood ? "    AUROC" : "");
  for (int q = 0; q < WL_QUANTITY_COUNT; q++)
    if (run->config->quantity[q]) print_quantity(run, q, auroc[q]);
  if (run->tally.clamped > 0)
    wl_log_line("  %lld variance(s) below zero by rounding (down to %.1e) set to zero",
                (long long)run->tally.clamped, run->tally.most_negative);
}

wl_error wl_run_report(wl_run *run, char **summary) {
  const facts f = collect_facts(run);
  *summary = NULL;
  if (run->rank != 0) return WL_OK;
  double auroc[WL_QUANTITY_COUNT];
  for (int q = 0; q < WL_QUANTITY_COUNT; q++) WL_TRY(auroc_of(run, q, &auroc[q]));
  print_phases(run, &f);
  print_factors(run);
  print_means(run);
  print_quantities(run, auroc);
  print_samples(run);
  wl_run_print_certificate(run);
  return make_summary(run, &f, auroc, summary);
}
