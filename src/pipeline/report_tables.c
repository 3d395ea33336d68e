/*
 * The tables on the console.
 */
#include <math.h>
#include <stdio.h>

#include "base/log.h"
#include "pipeline/certificate_report.h"
#include "pipeline/iterate_report.h"
#include "pipeline/loo_report.h"
#include "pipeline/report_numbers.h"
#include "pipeline/result_paths.h"
#include "pipeline/score_report.h"
#include "pipeline/spectrum_report.h"

static void print_shifts(const double shift[WL_STAGES]) {
  static const char *const kernel[WL_STAGES] = {"theta_TT", "joint kappa", "joint kappa + target's",
                                                "joint theta - kappa"};
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

static void print_samples(const wl_report *r) {
  if (!r->sampling->done) return;
  wl_log_line("\n  samples         draws   of shape");
  for (int d = 0; d < WL_DRAW_COUNT; d++)
    if (r->setup->config->samples[d] > 0)
      wl_log_line("  %-13s %7lld   %lld x %lld", wl_draw_name((wl_draw)d), (long long)r->setup->config->samples[d],
                  (long long)r->setup->shape.test, (long long)wl_job_outputs(&r->setup->shape, (wl_draw)d));
  print_shifts(r->sampling->shift);
  if (r->sampling->target_is_zero)
    wl_log_text(2, "  at depth 1 theta - kappa is zero: the targets of Bayesian RND are exactly zero");
}

static void print_phases(const wl_report *r, const wl_report_numbers *f) {
  char peak[32], array[32];
  wl_log_line("\n  phase             seconds   Gflop/s   slowest rank");
  for (int p = 0; p < WL_PHASE_COUNT; p++) {
    const wl_phase_time *t = &f->phase[p];
    if (t->maximum <= 0.0) continue;
    if (r->timer->flops[p] > 0.0)
      wl_log_line("  %-14s %10.3f  %8.1f   %d", wl_phase_name((wl_phase)p), t->maximum,
                  r->timer->flops[p] / t->maximum / 1e9, t->slowest);
    else
      wl_log_line("  %-14s %10.3f         -   %d", wl_phase_name((wl_phase)p), t->maximum, t->slowest);
  }
  wl_log_line("  %-14s %10.3f  %8.1f", "all", f->wall, f->flops / f->wall / 1e9);
  wl_log_text(2, "  peak memory    %s over all ranks, the matrix %s",
              wl_format_bytes(f->memory_sum, peak, sizeof peak),
              wl_format_bytes(wl_job_matrix_bytes(r->setup->config, &r->setup->shape), array, sizeof array));
}

static void print_factors(const wl_report *r) {
  wl_log_line("\n  matrix  log determinant  condition  residual         log marginal likelihood");
  for (int p = 0; p < WL_PRIOR_COUNT; p++) {
    const wl_evidence *e = wl_model_evidence(r->model, (wl_prior)p);
    if (!e) continue;
    double sum = 0.0;
    for (int64_t j = 0; j < r->setup->shape.outputs; j++)
      sum += wl_units_evidence(&r->setup->units, r->setup->shape.train, j, e->log_marginal_likelihood[j]);
    wl_log_line("  %-7s %15.6g %10.2e %9.1e %-6s %24.8g", wl_prior_name((wl_prior)p), e->factor.log_determinant,
                1.0 / e->factor.reciprocal_condition, e->factor.residual,
                e->factor.residual < WL_RESIDUAL_LIMIT ? "PASSED" : "FAILED", sum);
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
          wl_prior_name((wl_prior)p), 1.0 / e->factor.reciprocal_condition);
  }
}

/* Which classes the accuracy is about. */
static void print_classes(const wl_report *r) {
  const int64_t *examples = wl_data_class_counts(r->setup->data), c = r->setup->shape.outputs;
  const int64_t *points = wl_scores_class_points(&r->tally->scores);
  if (!examples || !points) return;
  int64_t trained = 0, tested = 0;
  for (int64_t k = 0; k < c; k++) {
    trained += examples[k] > 0;
    tested += points[k] > 0;
  }
  wl_log_text(2, "  %lld classes with training examples, %lld of them among these test points", (long long)trained,
              (long long)tested);
  if (points[c] > 0)
    wl_log_text(2, "  %lld of these points are of classes without a training example: never right",
                (long long)points[c]);
}

static void print_means(const wl_report *r) {
  for (int p = 0; p < WL_PRIOR_COUNT; p++) {
    const wl_score *s = &r->tally->scores.mean[p];
    if (s->points == 0) continue;
    if (p == WL_PRIOR_THETA || r->tally->scores.mean[WL_PRIOR_THETA].points == 0)
      wl_log_line("\n  mean           RMSE%s   over %lld test points%s",
                  r->setup->shape.classes ? "    accuracy" : "", (long long)s->points,
                  r->tally->ood ? " in distribution" : "");
    if (r->setup->shape.classes)
      wl_log_line("  %-8s %10.6f      %.4f", wl_mean_name(p), wl_score_rmse(s), wl_score_accuracy(s));
    else
      wl_log_line("  %-8s %10.6f", wl_mean_name(p), wl_score_rmse(s));
  }
  print_classes(r);
}

static void column(char *text, size_t size, bool show, const char *format, double value) {
  if (show && isfinite(value))
    snprintf(text, size, format, value);
  else
    snprintf(text, size, "-");
}

/* One line of the table: the columns that this run has. */
static void print_quantity(const wl_report *r, const wl_report_numbers *f, int q) {
  const bool ood = r->tally->ood != NULL;
  const wl_score *s = &r->tally->scores.likelihood[q];
  char inside[32], outside[48] = "", likelihood[48] = "", last[48] = "", text[32];
  column(inside, sizeof inside, true, "%.6g", f->mean_variance[q][0]);
  if (ood) {
    column(text, sizeof text, true, "%.6g", f->mean_variance[q][1]);
    snprintf(outside, sizeof outside, " %14s", text);
    column(text, sizeof text, true, "%.4f", f->auroc[q]);
    snprintf(last, sizeof last, " %8s", text);
  }
  if (r->setup->shape.test_targets) {
    column(text, sizeof text, s->points > 0 && wl_is_predictive(q), "%.4f", wl_score_negative_log_likelihood(s));
    snprintf(likelihood, sizeof likelihood, " %15s", text);
  }
  wl_log_line("  %-13s %14s%s%s%s", wl_quantity_name((wl_quantity)q), inside, outside, likelihood, last);
}

static void print_quantities(const wl_report *r, const wl_report_numbers *f) {
  wl_log_line("\n  quantity       mean variance%s%s%s", r->tally->ood ? "   out of dist." : "",
              r->setup->shape.test_targets ? "  neg. log lik." : "", r->tally->ood ? "    AUROC" : "");
  for (int q = 0; q < WL_QUANTITY_COUNT; q++)
    if (r->tally->variance[q]) print_quantity(r, f, q);
  if (wl_job_rnd_target(r->setup->config))
    wl_log_text(2, "  rnd has a target network of its own: half of it need not be the ensemble's variance");
  if (r->tally->left_out[0]) wl_log_text(2, "  nngp           left out: kappa failed, see the message at the end");
  if (r->tally->clamped > 0)
    wl_log_text(2, "  %lld variance(s) below zero by rounding (down to %.1e) set to zero",
                (long long)r->tally->clamped, r->tally->most_negative);
}

/* What intervals or probabilities are worth, where targets are known. */
static void print_calibration(const wl_report *r, const wl_report_numbers *f) {
  const wl_scores *s = &r->tally->scores;
  const bool classes = r->setup->shape.classes;
  enum { LEVELS = 4 }; /* shown of those asked for */
  char columns[WL_SCORE_COLUMNS];
  bool begun = false;
  for (int q = 0; q < WL_QUANTITY_COUNT; q++) {
    if (!r->tally->variance[q] || s->likelihood[q].points == 0) continue;
    wl_score_heads(s, LEVELS, classes, columns);
    if (!begun) wl_log_line("\n  calibration  %s", columns);
    begun = true;
    wl_score_columns(s, q, LEVELS, classes, f->risk[q], columns);
    wl_log_line("  %-13s%s", wl_quantity_name((wl_quantity)q), columns);
  }
}

/* How well variances tell points out of distribution from those in it, beside the AUROC. */
static void print_detection(const wl_report *r, const wl_report_numbers *f) {
  if (!r->tally->ood) return;
  wl_log_line("\n  detection      AUPR out   AUPR in   FPR at 95 %% TPR");
  for (int q = 0; q < WL_QUANTITY_COUNT; q++) {
    const wl_detection *d = &f->detection[q];
    char out[32], in[32], rate[32];
    if (!r->tally->variance[q]) continue;
    column(out, sizeof out, true, "%.4f", d->aupr_out);
    column(in, sizeof in, true, "%.4f", d->aupr_in);
    column(rate, sizeof rate, true, "%.4f", d->fpr95);
    wl_log_line("  %-13s %9s %9s %9s", wl_quantity_name((wl_quantity)q), out, in, rate);
  }
}

void wl_report_print(const wl_report *r, const wl_report_numbers *f) {
  print_phases(r, f);
  if (r->iteration->solver)
    wl_iteration_print(r->iteration, r->setup);
  else
    print_factors(r);
  print_means(r);
  print_quantities(r, f);
  print_calibration(r, f);
  print_detection(r, f);
  wl_loo_print(r->loo, r->setup->shape.classes);
  wl_spectra_print(r->spectra);
  print_samples(r);
  if (r->certified->done) wl_certificate_print(&r->certified->certificate);
}
