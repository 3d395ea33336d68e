#include "pipeline/spectrum_report.h"

#include <math.h>
#include <stdio.h>

#include "base/log.h"
#include "pipeline/json_number.h"
#include "pipeline/report_numbers.h"

static bool any_spectrum(const wl_spectra *s) { return s->of[WL_PRIOR_THETA].done; }

/* ---- console ----------------------------------------------------------------------------------------------------- */

static void text_of(char text[32], const char *format, double value) {
  if (isfinite(value))
    snprintf(text, 32, format, value);
  else
    snprintf(text, 32, "-");
}

static void print_spectrum(const wl_spectra *s) {
  wl_log_line("\n  matrix  smallest eigenvalue     largest  residual  effective dim.  inf. gain");
  for (int p = 0; p < WL_PRIOR_COUNT; p++) {
    const wl_spectrum_summary *of = &s->of[p];
    char gain[32];
    text_of(gain, "%.6g", of->information_gain);
    if (of->done)
      wl_log_line("  %-7s %19.4e %11.4e %9.1e %15.2f %10s", wl_prior_name((wl_prior)p), of->smallest, of->largest,
                  of->residual, of->effective_dimension, gain);
  }
}

static void print_noise_path(const wl_spectra *s) {
  wl_log_line("\n  noise variance  log marginal lik.  left out: RMSE  log density  effective dim.");
  for (uint32_t k = 0; k < s->noises; k++) {
    const wl_noise_point *at = &s->noise[k];
    wl_log_line("  %14.6g  %17.8g  %14.6g  %11.7g  %14.2f", at->noise, s->log_likelihood[k], at->loo_rmse,
                at->loo_log_density, at->effective_dimension);
  }
}

static void print_times(const wl_time_scores *t) {
  wl_log_line("\n  training time        RMSE   mean variance: ensemble         rnd   bayesian_rnd");
  for (uint32_t k = 0; k < t->count; k++) {
    const wl_time_score *at = &t->at[k];
    char rmse[32], variance[3][32];
    text_of(rmse, "%.6f", at->mean.points > 0 ? wl_score_rmse(&at->mean) : NAN);
    for (int q = WL_QUANTITY_ENSEMBLE; q <= WL_QUANTITY_BAYESIAN_RND; q++)
      text_of(variance[q], "%.6g", at->variance_sum[q] > 0.0 ? at->variance_sum[q] / (double)t->points : NAN);
    wl_log_line("  %13.6g %11s %25s %11s %14s", at->time, rmse, variance[WL_QUANTITY_ENSEMBLE],
                variance[WL_QUANTITY_RND], variance[WL_QUANTITY_BAYESIAN_RND]);
  }
  if (t->clamped > 0)
    wl_log_text(2, "  %lld variance(s) at training times below zero by rounding (down to %.1e) set to zero",
                (long long)t->clamped, t->most_negative);
}

void wl_spectra_print(const wl_spectra *s) {
  if (any_spectrum(s)) print_spectrum(s);
  if (s->noises > 0) print_noise_path(s);
  if (s->times.count > 0) print_times(&s->times);
}

/* ---- summary.json ------------------------------------------------------------------------------------------------ */

static json_t *spectrum_object(const wl_spectra *s) {
  json_t *o = json_object();
  for (int p = 0; p < WL_PRIOR_COUNT; p++) {
    const wl_spectrum_summary *of = &s->of[p];
    if (!of->done) continue;
    json_object_set_new(o, wl_prior_name((wl_prior)p),
                        json_pack("{s:o, s:o, s:o, s:o, s:o}", "smallest", wl_json_number(of->smallest), "largest",
                                  wl_json_number(of->largest), "residual", wl_json_number(of->residual),
                                  "effective_dimension", wl_json_number(of->effective_dimension),
                                  "information_gain", wl_json_number(of->information_gain)));
  }
  return o;
}

static json_t *noise_path_array(const wl_spectra *s) {
  json_t *all = json_array();
  for (uint32_t k = 0; k < s->noises; k++) {
    const wl_noise_point *at = &s->noise[k];
    json_array_append_new(
        all, json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "noise", wl_json_number(at->noise),
                       "log_marginal_likelihood_sum", wl_json_number(s->log_likelihood[k]), "loo_rmse",
                       wl_json_number(at->loo_rmse), "loo_log_density", wl_json_number(at->loo_log_density),
                       "effective_dimension", wl_json_number(at->effective_dimension), "information_gain",
                       wl_json_number(at->information_gain)));
  }
  return all;
}

static json_t *times_object(const wl_time_scores *t) {
  json_t *all = json_array();
  for (uint32_t k = 0; k < t->count; k++) {
    const wl_time_score *at = &t->at[k];
    json_t *o = json_object(), *variance = json_object();
    json_object_set_new(o, "time", isinf(at->time) ? json_string("inf") : json_real(at->time));
    if (at->mean.points > 0) json_object_set_new(o, "rmse", wl_json_number(wl_score_rmse(&at->mean)));
    for (int q = 0; q < WL_QUANTITY_COUNT; q++)
      if (at->variance_sum[q] > 0.0)
        json_object_set_new(variance, wl_quantity_name((wl_quantity)q),
                            wl_json_number(at->variance_sum[q] / (double)t->points));
    json_object_set_new(o, "mean_variance", variance);
    json_array_append_new(all, o);
  }
  return json_pack(
      "{s:o, s:o}", "times", all, "clamped",
      json_pack("{s:I, s:o}", "count", (json_int_t)t->clamped, "most_negative", wl_json_number(t->most_negative)));
}

void wl_spectra_summarize(const wl_spectra *s, json_t *summary) {
  if (any_spectrum(s)) json_object_set_new(summary, "spectrum", spectrum_object(s));
  if (s->noises > 0) json_object_set_new(summary, "noise_path", noise_path_array(s));
  if (s->times.count > 0) json_object_set_new(summary, "at_time", times_object(&s->times));
}
