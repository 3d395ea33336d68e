/*
 * The tables of `widelimit finite` and its section in summary.json, from the same numbers.
 */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "kernel/layers.h"
#include "pipeline/finite_report.h"
#include "pipeline/header.h"
#include "pipeline/json_number.h"

static const char *const trainings[] = {
    [WL_TRAINING_GRADIENT_DESCENT] = "gradient_descent", [WL_TRAINING_LINEARIZED] = "linearized"};
static const char *const finite_faults[] = {[WL_FINITE_FAULT_NONE] = "none",
                                            [WL_FINITE_FAULT_LAST_LAYER] = "last_layer",
                                            [WL_FINITE_FAULT_SHARED] = "shared",
                                            [WL_FINITE_FAULT_HEAD] = "head"};

void wl_finite_print_header(const wl_finite *f) {
  const wl_problem *p = f->problem;
  char text[1024];
  wl_print_title(&f->setup, ", networks of finite width");
  wl_log_text(11, "  data     %lld training points, %lld test points, dimension %lld, %lld output%s",
              (long long)p->train, (long long)p->test, (long long)p->dimension, (long long)p->outputs,
              p->outputs == 1 ? "" : "s");
  wl_log_text(11, "  network  %s, %lld heads", wl_network_text(&p->network, text, sizeof text),
              (long long)f->options.heads);
  if (p->other_target)
    wl_log_text(11, "  target   %s: rnd need not be twice the ensemble",
                wl_network_text(&p->target, text, sizeof text));
  wl_log_line("  theta    eigenvalues %.4g to %.4g, condition %.4g", p->lambda_min, p->lambda_max,
              p->lambda_max / p->lambda_min);
  wl_log_text(11, "  training %s, %lld networks of each of %lld widths, to %s %.4g",
              trainings[f->options.training], (long long)f->options.networks, (long long)f->options.width_count,
              p->time > 0.0 ? "time" : "residual", p->time > 0.0 ? p->time : f->options.residual);
  wl_log_line("  memory   %s a rank for networks of width %lld", wl_format_bytes(f->rank_bytes, text, sizeof text),
              (long long)f->options.widths[f->options.width_count - 1]);
  wl_log_line("  ranks    %d, BLAS %s kernel, %d thread%s a rank", f->ranks, wl_blas_kernel(), wl_blas_threads(),
              wl_blas_threads() == 1 ? "" : "s");
  if (f->options.fault != WL_FINITE_FAULT_NONE)
    wl_log_warning("finite_width.sabotage is %s: a mistake is made on purpose and the verdict must be FAIL",
                   finite_faults[f->options.fault]);
}

/* ---- numbers of both ------------------------------------------------------------------------------------------ */

static const double *record(const wl_experiment *s, int64_t w, int64_t i) {
  return s->data + (w * s->networks + i) * s->record.size;
}

static double sum_of(const wl_experiment *s, int64_t w, int64_t place) {
  double sum = 0.0;
  for (int64_t i = 0; i < s->networks; i++) sum += record(s, w, i)[place];
  return sum;
}

static double steps_of(const wl_experiment *s, int64_t w, int model) {
  return sum_of(s, w, s->record.steps[model]);
}

static double most_steps(const wl_experiment *s, int64_t w) {
  double most = 0.0;
  for (int model = 0; model < WL_FINITE_MODELS; model++)
    for (int64_t i = 0; i < s->networks; i++) most = fmax(most, record(s, w, i)[s->record.steps[model]]);
  return most;
}

typedef struct throughput {
  double steps, rate, flops, gemm; /* steps in all; steps and flops a second and rank; DGEMM's flops likewise */
} throughput;

static throughput throughput_of(const wl_experiment *s, int64_t w) {
  const double seconds = sum_of(s, w, s->record.seconds);
  throughput t = {.gemm = s->gemm_rate[w]};
  for (int model = 0; model < WL_FINITE_MODELS; model++) t.steps += steps_of(s, w, model);
  t.rate = t.steps / seconds;
  t.flops = sum_of(s, w, s->record.flops) / seconds;
  return t;
}

/* ---- the console ------------------------------------------------------------------------------------------------ */

static void print_training(const wl_finite *f) {
  const wl_experiment *s = f->experiment;
  char text[32];
  wl_log_line("\n  trained in %s on %d rank%s", wl_format_seconds(s->seconds, text, sizeof text), f->ranks,
              f->ranks == 1 ? "" : "s");
  if (f->options.training != WL_TRAINING_GRADIENT_DESCENT) return;
  wl_log_line("\n   width  mean steps  most   steps/s  Gflop/s   DGEMM  share   (of one rank)");
  for (int64_t w = 0; w < s->width_count; w++) {
    const throughput t = throughput_of(s, w);
    wl_log_line("  %6lld  %10.0f %5.0f  %8.0f  %7.2f %7.2f   %3.0f %%", (long long)s->widths[w],
                t.steps / (double)(WL_FINITE_MODELS * s->networks), most_steps(s, w), t.rate, t.flops / 1e9,
                t.gemm / 1e9, 100.0 * t.flops / t.gemm);
  }
}

static void format_rate(const wl_claim *claim, char *text, size_t size) {
  if (claim->kind == WL_CLAIM_ZERO)
    snprintf(text, size, "0 at every width");
  else if (isfinite(claim->rate_low) && isfinite(claim->rate_high))
    snprintf(text, size, "%5.2f [%5.2f, %5.2f]", claim->rate, claim->rate_low, claim->rate_high);
  else if (isfinite(claim->rate_low))
    snprintf(text, size, "above %.2f", claim->rate_low);
  else if (isfinite(claim->rate_high))
    snprintf(text, size, "below %.2f", claim->rate_high);
  else
    snprintf(text, size, "not resolved");
}

/* One line a width, and one with what is judged: the limit, its standard error and how far it may be off besides. */
static void print_claim(const wl_experiment *s, const wl_claim *claim) {
  char rate[64];
  format_rate(claim, rate, sizeof rate);
  for (int64_t w = 0; w < s->width_count; w++)
    wl_log_line("  %-23s %6lld %10.5f %9.5f%s%s", w == 0 ? claim->name : "", (long long)s->widths[w],
                wl_claim_shown(claim, w), wl_claim_shown_error(claim, w), w == s->width_count - 1 ? "  " : "",
                w == s->width_count - 1 ? rate : "");
  wl_log_line("  %-23s %6s %10.5f %9.5f  cut at %8.5f  %s", "", "limit", claim->limit.value, claim->limit.error,
              claim->truncation, claim->pass ? "PASS" : "FAIL");
}

static void print_claims(const wl_finite *f) {
  const wl_verdict *v = &f->verdict;
  int64_t missed = 0;
  for (int model = 0; model < WL_FINITE_MODELS; model++) missed += v->not_converged[model];
  wl_log_line("\n  claim                    width  deviation  std.err.  falls as width^-rate");
  for (int c = 0; c < WL_CLAIMS; c++)
    if (v->claim[c].present) print_claim(f->experiment, &v->claim[c]);
  wl_log_line("  %-23s %6s %10lld of %lld missed the residual  %s", "convergence", "all", (long long)missed,
              (long long)(f->experiment->width_count * f->experiment->networks * WL_FINITE_MODELS),
              missed == 0 ? "PASS" : "FAIL");
  wl_log_text(
      2,
      "  errors are one standard deviation, intervals 95 %%; limits may be off zero by %.2f deviations and by "
      "what cutting their series may leave; those of distances are of squares (chance of a false alarm over all "
      "claims together: %.0f %%)",
      v->critical, 100.0 * WL_FINITE_FALSE_ALARM);
  wl_log_line("  verdict: %s", v->pass ? "PASS" : "FAIL");
}

/* ---- summary.json ------------------------------------------------------------------------------------------------- */

static json_t *claim_object(const wl_experiment *s, const wl_claim *claim) {
  json_t *deviation = json_array(), *error = json_array();
  for (int64_t w = 0; w < s->width_count; w++) {
    json_array_append_new(deviation, wl_json_number(wl_claim_shown(claim, w)));
    json_array_append_new(error, wl_json_number(wl_claim_shown_error(claim, w)));
  }
  json_t *o = json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:b, s:b, s:s}", "formula", claim->formula, "deviation",
                        deviation, "standard_error", error, "rate", wl_json_number(claim->rate), "rate_low",
                        wl_json_number(claim->rate_low), "rate_high", wl_json_number(claim->rate_high), "falls",
                        claim->falls, "agrees", claim->agrees, "verdict", claim->pass ? "PASS" : "FAIL");
  json_object_set_new(o, "limit", wl_json_number(claim->limit.value));
  json_object_set_new(o, "limit_error", wl_json_number(claim->limit.error));
  json_object_set_new(o, "truncation", wl_json_number(claim->truncation));
  return o;
}

static json_t *width_object(const wl_finite *f, int64_t w) {
  const wl_experiment *s = f->experiment;
  json_t *o = json_pack("{s:I}", "width", (json_int_t)s->widths[w]), *steps = json_object();
  for (int model = 0; model < WL_FINITE_MODELS; model++)
    json_object_set_new(steps, wl_finite_model_name(model),
                        wl_json_number(steps_of(s, w, model) / (double)s->networks));
  json_object_set_new(o, "mean_steps", steps);
  if (f->options.training != WL_TRAINING_GRADIENT_DESCENT) return o;
  const throughput t = throughput_of(s, w);
  json_object_set_new(o, "steps_per_second_and_rank", wl_json_number(t.rate));
  json_object_set_new(o, "gflops_per_rank", wl_json_number(t.flops / 1e9));
  json_object_set_new(o, "dgemm_gflops_per_rank", wl_json_number(t.gemm / 1e9));
  json_object_set_new(o, "share_of_dgemm", wl_json_number(t.flops / t.gemm));
  return o;
}

static json_t *section(const wl_finite *f) {
  const wl_verdict *v = &f->verdict;
  json_t *claims = json_object(), *widths = json_array(), *missed = json_object();
  for (int c = 0; c < WL_CLAIMS; c++)
    if (v->claim[c].present)
      json_object_set_new(claims, v->claim[c].name, claim_object(f->experiment, &v->claim[c]));
  for (int64_t w = 0; w < f->experiment->width_count; w++) json_array_append_new(widths, width_object(f, w));
  for (int model = 0; model < WL_FINITE_MODELS; model++)
    json_object_set_new(missed, wl_finite_model_name(model), json_integer((json_int_t)v->not_converged[model]));
  json_t *o = json_pack("{s:s, s:b, s:s, s:s, s:I, s:I, s:i}", "verdict", v->pass ? "PASS" : "FAIL", "pass",
                        v->pass, "training", trainings[f->options.training], "sabotage",
                        finite_faults[f->options.fault], "networks", (json_int_t)f->options.networks, "heads",
                        (json_int_t)f->options.heads, "ranks", f->ranks);
  json_object_set_new(o, "seconds", wl_json_number(f->experiment->seconds));
  json_object_set_new(o, "theta_eigenvalue_min", wl_json_number(f->problem->lambda_min));
  json_object_set_new(o, "theta_eigenvalue_max", wl_json_number(f->problem->lambda_max));
  json_object_set_new(o, "critical", wl_json_number(v->critical));
  json_object_set_new(o, "not_converged", missed);
  json_object_set_new(o, "widths", widths);
  json_object_set_new(o, "claims", claims);
  return o;
}

/* The summary of an earlier run of the same name in the folder, which gets the section; else a new one. */
static json_t *summary_to_extend(const wl_config *config) {
  char path[WL_PATH_SIZE];
  snprintf(path, sizeof path, "%s/summary.json", config->output_directory);
  json_t *root = json_load_file(path, 0, NULL);
  const char *name = json_string_value(json_object_get(root, "name"));
  if (name && strcmp(name, config->name) == 0) return root;
  json_decref(root);
  root = json_object();
  json_object_set_new(root, "program", json_string("widelimit"));
  json_object_set_new(root, "version", json_string(WIDELIMIT_VERSION));
  json_object_set_new(root, "name", json_string(config->name));
  json_object_set_new(root, "seed", json_sprintf("%llu", (unsigned long long)config->seed));
  return root;
}

wl_error wl_finite_report(const wl_finite *f, char **summary) {
  print_training(f);
  print_claims(f);
  json_t *root = summary_to_extend(f->setup.config);
  json_object_set_new(root, "finite_width", section(f));
  *summary = json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(17));
  json_decref(root);
  if (!*summary) WL_FAIL(WL_ERROR_MEMORY, "summary: out of memory");
  return WL_OK;
}
