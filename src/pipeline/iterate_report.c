#include "pipeline/iterate_report.h"

#include <math.h>

#include "base/log.h"
#include "pipeline/json_number.h"
#include "pipeline/report_numbers.h"
#include "pipeline/result_paths.h"

/* Of the targets in their units. */
static double likelihood_of(const wl_iterative_evidence *e, const wl_setup *setup, int64_t output) {
  return wl_units_evidence(&setup->units, setup->shape.train, output, e->log_marginal_likelihood[output].value);
}

static double sum_of_likelihoods(const wl_iterative_evidence *e, const wl_setup *setup) {
  double sum = 0.0;
  for (int64_t j = 0; j < setup->shape.outputs; j++) sum += likelihood_of(e, setup, j);
  return sum;
}

static void print_evidence(const wl_iterative_evidence *e, const char *name, const wl_setup *setup) {
  wl_log_line("  %-7s %6lld %9.1e %13.7g +- %-7.1e %15.8g +- %.1e", name, (long long)e->rank, e->left,
              e->log_determinant.value, e->log_determinant.error, sum_of_likelihoods(e, setup),
              0.5 * e->log_determinant.error * (double)setup->shape.outputs);
}

void wl_iteration_print(const wl_iteration *iteration, const wl_setup *setup) {
  const wl_iterative_widths w = wl_iterative_widths_of(iteration->solver);
  wl_log_line("\n  matrix    rank      left log determinant +- error   log marg. lik. +- error");
  for (int p = 0; p < WL_PRIOR_COUNT; p++) {
    const wl_iterative_evidence *e = wl_iterative_evidence_of(iteration->solver, (wl_prior)p);
    if (e) print_evidence(e, wl_prior_name((wl_prior)p), setup);
  }
  wl_log_line("\n  brackets       widest   (%d passes over the kernels)", wl_iterative_passes(iteration->solver));
  for (int p = 0; p < WL_PRIOR_COUNT; p++)
    if (wl_iterative_evidence_of(iteration->solver, (wl_prior)p))
      wl_log_line("  mean %-8s %.1e   of the targets' root mean square", wl_mean_name(p), w.mean[p]);
  for (int q = 0; q < WL_QUANTITY_COUNT; q++)
    if (setup->config->quantity[q])
      wl_log_line("  %-13s %.1e   of the prior variance", wl_quantity_name((wl_quantity)q), w.variance[q]);
}

static json_t *evidence_object(const wl_iterative_evidence *e, const wl_setup *setup) {
  json_t *likelihood = json_array(), *quadratic = json_array();
  for (int64_t j = 0; j < setup->shape.outputs; j++) {
    json_array_append_new(likelihood, wl_json_number(likelihood_of(e, setup, j)));
    json_array_append_new(
        quadratic, json_pack("[o, o]", wl_json_number(e->quadratic[j].low), wl_json_number(e->quadratic[j].high)));
  }
  return json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "rank", (json_int_t)e->rank, "trace_left",
                   wl_json_number(e->left), "log_determinant", wl_json_number(e->log_determinant.value),
                   "log_determinant_standard_error", wl_json_number(e->log_determinant.error),
                   "log_marginal_likelihood", likelihood, "log_marginal_likelihood_standard_error",
                   wl_json_number(0.5 * e->log_determinant.error), "log_marginal_likelihood_sum",
                   wl_json_number(sum_of_likelihoods(e, setup)), "quadratic_bracket", quadratic);
}

json_t *wl_iteration_object(const wl_iteration *iteration, const wl_setup *setup) {
  const wl_iterative_widths w = wl_iterative_widths_of(iteration->solver);
  json_t *mean = json_object(), *variance = json_object();
  json_t *o =
      json_pack("{s:s, s:o, s:i, s:o, s:b}", "method", "iterative", "tolerance",
                wl_json_number(setup->config->solver.tolerance), "passes", wl_iterative_passes(iteration->solver),
                "widest_over_tolerance", wl_json_number(w.excess), "within_tolerance", w.excess <= 1.0);
  for (int p = 0; p < WL_PRIOR_COUNT; p++) {
    const wl_iterative_evidence *e = wl_iterative_evidence_of(iteration->solver, (wl_prior)p);
    if (!e) continue;
    json_object_set_new(o, wl_prior_name((wl_prior)p), evidence_object(e, setup));
    json_object_set_new(mean, wl_mean_name(p), wl_json_number(w.mean[p]));
  }
  for (int q = 0; q < WL_QUANTITY_COUNT; q++)
    if (setup->config->quantity[q])
      json_object_set_new(variance, wl_quantity_name((wl_quantity)q), wl_json_number(w.variance[q]));
  json_object_set_new(o, "widest_bracket", json_pack("{s:o, s:o}", "mean", mean, "variance", variance));
  return o;
}
