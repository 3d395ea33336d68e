/*
 * summary.json.
 */
#define _GNU_SOURCE
#include <jansson.h>
#include <math.h>
#include <unistd.h>

#include "kernel/layers.h"
#include "pipeline/certificate_report.h"
#include "pipeline/iterate_report.h"
#include "pipeline/json_number.h"
#include "pipeline/loo_report.h"
#include "pipeline/report_numbers.h"
#include "pipeline/result_paths.h"
#include "pipeline/score_report.h"
#include "pipeline/spectrum_report.h"
#include "pipeline/versions.h"

static json_t *integer(int64_t value) { return json_integer((json_int_t)value); }

static json_t *sizes_object(const wl_report *r) {
  const wl_data_shape *s = &r->setup->shape;
  return json_pack("{s:o, s:o, s:o, s:o, s:o}", "train", integer(s->train), "test", integer(s->test), "dimension",
                   integer(s->dimension), "outputs", integer(s->outputs), "test_batch", integer(r->setup->batch));
}

static json_t *layer_list(const wl_network *n, int first, int end);

static json_t *coefficients(const wl_layer *layer) {
  json_t *list = json_array();
  for (int n = 0; n < WL_LAYER_HERMITE; n++) json_array_append_new(list, wl_json_number(layer->hermite[n]));
  return list;
}

/* An activation as the configuration may have it: abs is an abrelu, rbf and cos are a sin. */
static json_t *activation_value(const wl_layer *layer) {
  const char *name = wl_layer_name(layer);
  if (layer->kind == WL_LAYER_POLYNOMIAL) return json_pack("{s:{s:o}}", name, "hermite", coefficients(layer));
  if (layer->kind == WL_LAYER_ACTIVATION && layer->activation == WL_ACTIVATION_LEAKY_RELU)
    return json_pack("{s:{s:o}}", name, "slope", wl_json_number(layer->slope));
  if (layer->kind == WL_LAYER_ACTIVATION && layer->a == 0.0 && layer->b == 0.0 && layer->c == 0.0)
    return json_string(name);
  json_t *options = json_pack("{s:o, s:o}", "a", wl_json_number(layer->a), "b", wl_json_number(layer->b));
  if (layer->kind == WL_LAYER_SINE || layer->c != 0.0) json_object_set_new(options, "c", wl_json_number(layer->c));
  return json_pack("{s:o}", name, options);
}

/* A layer as the configuration has it. */
static json_t *layer_value(const wl_network *n, int k) {
  const wl_layer *layer = &n->layer[k];
  switch (layer->kind) {
    case WL_LAYER_DENSE:
      return json_pack("{s:{s:o, s:o}}", "dense", "sigma_w", wl_json_number(layer->sigma_w), "sigma_b",
                       wl_json_number(layer->sigma_b));
    case WL_LAYER_RESIDUAL:
      return json_pack("{s:o}", "residual", layer_list(n, k + 1, k + 1 + layer->branch));
    case WL_LAYER_NORM:
      return json_string("layer_norm");
    case WL_LAYER_DROPOUT:
      return json_pack("{s:{s:o}}", "dropout", "keep", wl_json_number(layer->keep));
    default:
      return activation_value(layer);
  }
}

static json_t *layer_list(const wl_network *n, int first, int end) {
  json_t *list = json_array();
  for (int k = first; k < end; k++) {
    json_array_append_new(list, layer_value(n, k));
    if (n->layer[k].kind == WL_LAYER_RESIDUAL) k += n->layer[k].branch;
  }
  return list;
}

static json_t *short_object(const wl_network *n) {
  json_t *o = json_pack("{s:i, s:s, s:o, s:o}", "depth", n->depth, "activation", wl_activation_name(n->activation),
                        "sigma_w", wl_json_number(n->sigma_w), "sigma_b", wl_json_number(n->sigma_b));
  if (n->activation == WL_ACTIVATION_LEAKY_RELU) json_object_set_new(o, "slope", wl_json_number(n->slope));
  return o;
}

static json_t *network_object(const wl_network *n) {
  json_t *o =
      n->layer_count > 0 ? json_pack("{s:o}", "layers", layer_list(n, 0, n->layer_count)) : short_object(n);
  if (n->parameterization != WL_PARAMETERIZATION_STANDARD) return o;
  json_object_set_new(o, "parameterization", json_string("standard"));
  json_object_set_new(o, "width", json_integer(n->width));
  return o;
}

static void add_networks(json_t *root, const wl_config *c) {
  const wl_network *target = wl_job_rnd_target(c);
  json_object_set_new(root, "network",
                      c->kernels.wanted ? json_string("given kernels") : network_object(&c->network));
  if (target) json_object_set_new(root, "rnd_target", network_object(target));
}

/* What the targets were standardized by. */
static json_t *targets_object(const wl_units *u) {
  json_t *location = json_array(), *scale = json_array();
  for (int64_t j = 0; j < u->outputs; j++) {
    json_array_append_new(location, wl_json_number(u->location[j]));
    json_array_append_new(scale, wl_json_number(u->scale[j]));
  }
  return json_pack("{s:o, s:o}", "location", location, "scale", scale);
}

static json_t *grid_object(const wl_grid *g) {
  return json_pack("{s:i, s:i, s:i, s:i}", "ranks", g->size, "rows", g->rows, "columns", g->columns, "block",
                   g->block);
}

static json_t *machine_object(const wl_report *r) {
  char host[256] = "";
  gethostname(host, sizeof host - 1);
  return json_pack("{s:s, s:i, s:s, s:s, s:i, s:s, s:s, s:s}", "host", host, "nodes", r->setup->node.nodes, "blas",
                   wl_blas_version(), "blas_kernel", wl_blas_kernel(), "blas_threads", wl_blas_threads(), "mpi",
                   wl_mpi_version(), "hdf5", wl_hdf5_version(), "scalapack", WIDELIMIT_SCALAPACK_VERSION);
}

static json_t *phases_object(const wl_report *r, const wl_report_numbers *f) {
  json_t *o = json_object();
  for (int p = 0; p < WL_PHASE_COUNT; p++) {
    const wl_phase_time *t = &f->phase[p];
    if (t->maximum <= 0.0) continue;
    json_t *phase =
        json_pack("{s:o, s:o, s:o, s:i}", "min", wl_json_number(t->minimum), "mean", wl_json_number(t->mean),
                  "max", wl_json_number(t->maximum), "slowest_rank", t->slowest);
    if (r->timer->flops[p] > 0.0)
      json_object_set_new(phase, "gflops", wl_json_number(r->timer->flops[p] / t->maximum / 1e9));
    json_object_set_new(o, wl_phase_name((wl_phase)p), phase);
  }
  json_object_set_new(o, "wall", wl_json_number(f->wall));
  return o;
}

static json_t *factor_object(const wl_report *r, wl_prior prior) {
  const wl_evidence *e = wl_model_evidence(r->model, prior);
  if (!e) return NULL;
  json_t *evidence = json_array();
  double sum = 0.0;
  for (int64_t j = 0; j < r->setup->shape.outputs; j++) {
    const double value =
        wl_units_evidence(&r->setup->units, r->setup->shape.train, j, e->log_marginal_likelihood[j]);
    json_array_append_new(evidence, wl_json_number(value));
    sum += value;
  }
  json_t *o = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "log_determinant",
                        wl_json_number(e->factor.log_determinant), "norm_1", wl_json_number(e->factor.norm),
                        "condition_estimate", wl_json_number(1.0 / e->factor.reciprocal_condition), "residual",
                        wl_json_number(e->factor.residual), "log_marginal_likelihood", evidence,
                        "log_marginal_likelihood_sum", wl_json_number(sum));
  const wl_refinement *f = &e->refinement;
  if (f->used)
    json_object_set_new(o, "refinement",
                        json_pack("{s:i, s:o, s:o, s:o}", "iterations", f->passes, "residual",
                                  wl_json_number(f->residual), "contraction", wl_json_number(f->contraction),
                                  "log_determinant_error", wl_json_number(f->log_determinant_error)));
  return o;
}

static json_t *mean_metrics(const wl_report *r) {
  json_t *o = json_object();
  for (int p = 0; p < WL_PRIOR_COUNT; p++) {
    const bool left_out = p == WL_PRIOR_KAPPA && r->tally->left_out[0];
    if (!r->setup->shape.test_targets || left_out || !wl_model_evidence(r->model, (wl_prior)p)) continue;
    json_object_set_new(o, wl_mean_name(p), wl_scores_mean_object(&r->tally->scores, p, r->setup->shape.classes));
  }
  return o;
}

static json_t *quantity_metrics(const wl_report *r, const wl_report_numbers *f) {
  json_t *o = json_object();
  for (int q = 0; q < WL_QUANTITY_COUNT; q++) {
    if (!r->tally->variance[q]) continue;
    json_t *m = json_pack("{s:o}", "mean_variance", wl_json_number(f->mean_variance[q][0]));
    if (r->tally->scores.likelihood[q].points > 0)
      wl_scores_set_quantity(&r->tally->scores, q, r->setup->shape.classes, f->risk[q], m);
    if (r->tally->ood) {
      json_object_set_new(m, "mean_variance_ood", wl_json_number(f->mean_variance[q][1]));
      json_object_set_new(m, "auroc", wl_json_number(f->auroc[q]));
      json_object_set_new(m, "aupr_out", wl_json_number(f->detection[q].aupr_out));
      json_object_set_new(m, "aupr_in", wl_json_number(f->detection[q].aupr_in));
      json_object_set_new(m, "fpr95", wl_json_number(f->detection[q].fpr95));
    }
    json_object_set_new(o, wl_quantity_name((wl_quantity)q), m);
  }
  return o;
}

static json_t *metrics_object(const wl_report *r, const wl_report_numbers *f) {
  json_t *o = json_pack("{s:o, s:o}", "mean", mean_metrics(r), "quantity", quantity_metrics(r, f));
  const int64_t *examples = wl_data_class_counts(r->setup->data), c = r->setup->shape.outputs;
  const int64_t *points = wl_scores_class_points(&r->tally->scores);
  if (!examples || !points) return o;
  json_t *trained = json_array(), *counted = json_array();
  for (int64_t k = 0; k < c; k++) {
    json_array_append_new(trained, integer(examples[k]));
    json_array_append_new(counted, integer(points[k]));
  }
  json_object_set_new(o, "classes",
                      json_pack("{s:o, s:o, s:o}", "training_examples", trained, "test_points", counted,
                                "test_points_of_others", integer(points[c])));
  return o;
}

static json_t *sampling_object(const wl_report *r) {
  json_t *o = json_object(), *shifts = json_object();
  static const char *const stage[WL_STAGES] = {"theta_TT", "kappa", "rnd", "theta_lower"};
  for (int d = 0; d < WL_DRAW_COUNT; d++)
    if (r->setup->config->samples[d] > 0)
      json_object_set_new(o, wl_draw_name((wl_draw)d), integer(r->setup->config->samples[d]));
  for (int s = 0; s < WL_STAGES; s++)
    if (r->sampling->shift[s] > 0.0) json_object_set_new(shifts, stage[s], wl_json_number(r->sampling->shift[s]));
  json_object_set_new(o, "diagonal_shift", shifts);
  json_object_set_new(o, "bayesian_target_is_zero", json_boolean(r->sampling->target_is_zero));
  return o;
}

/* What phases made that not every run has. */
static void add_phases(const wl_report *r, json_t *root) {
  if (wl_loo_is_done(r->loo)) json_object_set_new(root, "loo", wl_loo_object(r->loo, r->setup->shape.classes));
  wl_spectra_summarize(r->spectra, root);
  if (r->sampling->done) json_object_set_new(root, "sampling", sampling_object(r));
  if (r->certified->done)
    json_object_set_new(root, "certificate", wl_certificate_object(&r->certified->certificate));
}

/* What is in every summary, before any results. */
static void add_settings(const wl_report *r, json_t *root) {
  const wl_setup *setup = r->setup;
  const wl_config *config = setup->config;
  json_object_set_new(root, "program", json_string("widelimit"));
  json_object_set_new(root, "version", json_string(WIDELIMIT_VERSION));
  json_object_set_new(root, "name", json_string(config->name));
  json_object_set_new(root, "seed", json_sprintf("%llu", (unsigned long long)config->seed));
  json_object_set_new(root, "sizes", sizes_object(r));
  add_networks(root, config);
  json_object_set_new(root, "noise_variance", wl_json_number(config->noise_variance));
  json_object_set_new(root, "jitter", wl_json_number(config->jitter));
  if (setup->units.standardized) json_object_set_new(root, "targets", targets_object(&setup->units));
  json_object_set_new(root, "engine", json_string(wl_engine_name(config->engine)));
  json_object_set_new(root, "precision",
                      json_string(config->precision == WL_PRECISION_MIXED ? "mixed" : "double"));
  json_object_set_new(root, "grid", grid_object(setup->grid));
  json_object_set_new(root, "machine", machine_object(r));
}

static json_t *memory_object(const wl_report *r, const wl_report_numbers *f) {
  return json_pack("{s:o, s:o, s:o}", "peak_rss_bytes_sum", wl_json_number(f->memory_sum), "peak_rss_bytes_max",
                   wl_json_number(f->memory_max), "matrix_bytes",
                   wl_json_number(wl_job_matrix_bytes(r->setup->config, &r->setup->shape)));
}

static json_t *factors_object(const wl_report *r) {
  json_t *factors = json_object();
  for (int p = 0; p < WL_PRIOR_COUNT; p++)
    if (wl_model_evidence(r->model, (wl_prior)p))
      json_object_set_new(factors, wl_prior_name((wl_prior)p), factor_object(r, (wl_prior)p));
  return factors;
}

static json_t *checkpoint_object(const wl_checkpointer *k) {
  return json_pack("{s:o, s:o, s:o}", "attempts", integer(k->attempts), "written", integer(k->written),
                   "seconds_before", wl_json_number(k->seconds));
}

wl_error wl_report_summary(const wl_report *r, const wl_report_numbers *f, char **text) {
  json_t *root = json_object();
  add_settings(r, root);
  json_object_set_new(root, "seconds", phases_object(r, f));
  json_object_set_new(root, "gflops", wl_json_number(f->flops / f->wall / 1e9));
  json_object_set_new(root, "memory", memory_object(r, f));
  json_object_set_new(root, "factor", factors_object(r));
  if (r->iteration->solver) json_object_set_new(root, "solver", wl_iteration_object(r->iteration, r->setup));
  json_object_set_new(root, "clamped",
                      json_pack("{s:o, s:o}", "count", integer(r->tally->clamped), "most_negative",
                                wl_json_number(r->tally->most_negative)));
  json_object_set_new(root, "metrics", metrics_object(r, f));
  if (r->tally->left_out[0]) json_object_set_new(root, "left_out", json_pack("{s:s}", "nngp", r->tally->left_out));
  add_phases(r, root);
  if (r->checkpointer->open) json_object_set_new(root, "checkpoint", checkpoint_object(r->checkpointer));
  *text = json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(17));
  json_decref(root);
  if (!*text) WL_FAIL(WL_ERROR_MEMORY, "summary: out of memory");
  return WL_OK;
}
