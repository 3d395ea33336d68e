#include "pipeline/certificate_report.h"

#include <math.h>
#include <stdio.h>

#include "base/log.h"
#include "pipeline/json_number.h"

static bool claim_passed(const wl_certificate *c, int claim) {
  for (int t = 0; t < WL_TEST_COUNT; t++)
    if (wl_test_claim((wl_test_name)t) == claim && !c->test[t].passed) return false;
  return true;
}

static const char *verdict(bool passed) { return passed ? "PASS" : "FAIL"; }

static void print_test(const wl_certificate *c, int t) {
  const wl_test *test = &c->test[t];
  char p[16] = "-", statistic[16];
  if (isfinite(test->p)) snprintf(p, sizeof p, test->p < 1e-3 ? "%.1e" : "%.4f", test->p);
  snprintf(statistic, sizeof statistic, fabs(test->statistic) < 1e-3 ? "%.1e" : "%.4g", test->statistic);
  if (test->omitted) snprintf(statistic, sizeof statistic, "left out");
  wl_log_line("    %-40s %9s %9s %8.1e  %s", wl_test_text((wl_test_name)t), statistic, p, test->bound,
              test->omitted ? "-" : verdict(test->passed));
}

void wl_certificate_print(const wl_certificate *c) {
  wl_log_line("\n  certificate   %lld replicates of %lld heads at %lld points, false alarm %.1e",
              (long long)c->replicates, (long long)c->heads, (long long)c->points, c->false_alarm);
  wl_log_line("    %-40s %9s %9s %8s", "test", "statistic", "p-value", "bound");
  for (int claim = 1; claim <= WL_CLAIM_COUNT; claim++) {
    wl_log_line("  %d %-69s  %s", claim, wl_claim_text(claim, c->other_target), verdict(claim_passed(c, claim)));
    for (int t = 0; t < WL_TEST_COUNT; t++)
      if (wl_test_claim((wl_test_name)t) == claim) print_test(c, t);
  }
  wl_log_text(2, "  seen through noise of variance %.1e (claim 1) and %.1e (claims 2, 3);", c->resolution[0],
              c->resolution[1]);
  wl_log_line("  %lld and %lld of %lld points vary less than that", (long long)c->unresolved[0],
              (long long)c->unresolved[1], (long long)c->points);
  wl_log_line("  %.1f and %.1f of %lld directions are seen", c->directions[0], c->directions[1],
              (long long)c->points);
  if (c->other_target) {
    wl_log_text(2, "  RND's target is another network: half its squared error need not be the ensemble variance;");
    wl_log_text(2, "  it is seen through %.1e: %lld points vary less, %.1f directions are seen", c->resolution[2],
                (long long)c->unresolved[2], c->directions[2]);
  }
  for (int k = 0; k < 2; k++)
    if (c->directions[k] < 0.5) /* Σ λ/(λ + τ): each λ is below τ then */
      wl_log_text(2, "  NOTE: nothing at these points varies by more than that noise: tests of %s see nothing",
                  k == 0 ? "claim 1" : "claims 2 and 3");
  if (c->fault != WL_FAULT_NONE) wl_log_text(2, "  on purpose: %s", wl_fault_text((wl_fault)c->fault));
  wl_log_line("  the certificate: %s", verdict(c->passed));
}

static json_t *test_object(const wl_certificate *c, wl_test_name t) {
  const wl_test *test = &c->test[t];
  return json_pack("{s:s, s:i, s:s, s:o, s:o, s:o, s:o, s:b, s:b}", "name", wl_test_name_of(t), "claim",
                   wl_test_claim(t), "text", wl_test_text(t), "statistic", wl_json_number(test->statistic),
                   "p_value", wl_json_number(test->p), "single_p_value", wl_json_number(test->single_p), "bound",
                   wl_json_number(test->bound), "passed", test->passed, "omitted", test->omitted);
}

json_t *wl_certificate_object(const wl_certificate *c) {
  json_t *claims = json_array(), *tests = json_array();
  for (int claim = 1; claim <= WL_CLAIM_COUNT; claim++)
    json_array_append_new(
        claims, json_pack("{s:i, s:s, s:b}", "claim", claim, "text", wl_claim_text(claim, c->other_target),
                          "passed", claim_passed(c, claim)));
  for (int t = 0; t < WL_TEST_COUNT; t++) json_array_append_new(tests, test_object(c, (wl_test_name)t));
  json_t *o = json_pack("{s:b, s:I, s:I, s:I, s:o, s:s, s:i}", "passed", c->passed, "replicates",
                        (json_int_t)c->replicates, "heads", (json_int_t)c->heads, "points", (json_int_t)c->points,
                        "false_alarm", wl_json_number(c->false_alarm), "correction", "Bonferroni",
                        "tests_with_p_value", (int)WL_TEST_FIRST_EXACT);
  json_object_set_new(o, "sabotage", json_string(wl_fault_name((wl_fault)c->fault)));
  json_t *resolution =
      json_pack("{s:o, s:o, s:I, s:I, s:o, s:o}", "ensemble", wl_json_number(c->resolution[0]), "posterior",
                wl_json_number(c->resolution[1]), "ensemble_points_below", (json_int_t)c->unresolved[0],
                "posterior_points_below", (json_int_t)c->unresolved[1], "ensemble_directions",
                wl_json_number(c->directions[0]), "posterior_directions", wl_json_number(c->directions[1]));
  json_t *shift = json_pack("{s:o, s:o, s:o}", "theta_TT", wl_json_number(c->shift[0]), "kappa",
                            wl_json_number(c->shift[1]), "theta_lower", wl_json_number(c->shift[2]));
  if (c->other_target) {
    json_object_set_new(resolution, "rnd", wl_json_number(c->resolution[2]));
    json_object_set_new(resolution, "rnd_points_below", json_integer((json_int_t)c->unresolved[2]));
    json_object_set_new(resolution, "rnd_directions", wl_json_number(c->directions[2]));
    json_object_set_new(shift, "rnd", wl_json_number(c->shift[3]));
  }
  json_object_set_new(o, "other_target", json_boolean(c->other_target));
  json_object_set_new(o, "resolution", resolution);
  json_object_set_new(o, "diagonal_shift", shift);
  json_object_set_new(o, "claims", claims);
  json_object_set_new(o, "tests", tests);
  return o;
}
