/*
 * What the tests are called, and what they claim.
 */
#include "widelimit/certify.h"

static const struct {
  const char *name, *text;
  int claim;
} test_table[WL_TEST_COUNT] = {
#define ENTRY(NAME, name, claim, text) {#name, text, claim},
    WL_TEST_LIST(ENTRY)
#undef ENTRY
};

static bool is_test(wl_test_name test) { return (unsigned)test < WL_TEST_COUNT; }

const char *wl_test_name_of(wl_test_name test) { return is_test(test) ? test_table[test].name : "unknown"; }
const char *wl_test_text(wl_test_name test) { return is_test(test) ? test_table[test].text : "unknown"; }
int wl_test_claim(wl_test_name test) { return is_test(test) ? test_table[test].claim : 0; }

const char *wl_claim_text(int claim, bool other_target) {
  if (claim == 1 && other_target) return "RND error and members, each by a law of its own";
  static const char *const texts[] = {
      "squared RND error = ensemble variance", "Bayesian RND error = centred posterior",
      "mean + Bayesian RND head = posterior sample", "covariances and solve, exactly"};
  return claim >= 1 && claim <= WL_CLAIM_COUNT ? texts[claim - 1] : "unknown";
}
