/*
 * The rates of a machine, as a table.
 */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "cost/plan.h"

typedef struct entry {
  const char *name, *text;
  size_t offset;
} entry;

static const entry table[] = {
#define WL_SPEED_ENTRY(name, value, text) {#name, text, offsetof(wl_speeds, name)},
    WL_SPEED_LIST(WL_SPEED_ENTRY)
#undef WL_SPEED_ENTRY
};

int wl_speed_count(void) { return (int)(sizeof table / sizeof *table); }
const char *wl_speed_name(int index) { return table[index].name; }
const char *wl_speed_text(int index) { return table[index].text; }
double *wl_speed_at(wl_speeds *speeds, int index) { return (double *)((char *)speeds + table[index].offset); }

static const wl_entry_cost kappa_default[WL_ACTIVATION_COUNT] = {
    [WL_ACTIVATION_RELU] = {3.4, 2.1},     [WL_ACTIVATION_LEAKY_RELU] = {2.8, 2.7},
    [WL_ACTIVATION_ERF] = {3.7, 2.0},      [WL_ACTIVATION_GELU] = {3.4, 3.2},
    [WL_ACTIVATION_SIN] = {3.0, 3.5},      [WL_ACTIVATION_COS] = {3.4, 4.6},
    [WL_ACTIVATION_IDENTITY] = {3.5, 0.3}, [WL_ACTIVATION_TANH] = {4.5, 6.9},
    [WL_ACTIVATION_SIGMOID] = {5.4, 3.1},  [WL_ACTIVATION_SOFTPLUS] = {0.0, 10.7},
    [WL_ACTIVATION_SILU] = {3.9, 5.3},
};
static const wl_entry_cost theta_default[WL_ACTIVATION_COUNT] = {
    [WL_ACTIVATION_RELU] = {3.0, 3.2},     [WL_ACTIVATION_LEAKY_RELU] = {2.8, 3.2},
    [WL_ACTIVATION_ERF] = {2.3, 3.1},      [WL_ACTIVATION_GELU] = {2.1, 3.6},
    [WL_ACTIVATION_SIN] = {0.0, 7.2},      [WL_ACTIVATION_COS] = {3.6, 6.0},
    [WL_ACTIVATION_IDENTITY] = {4.0, 0.0}, [WL_ACTIVATION_TANH] = {4.4, 9.6},
    [WL_ACTIVATION_SIGMOID] = {5.6, 4.9},  [WL_ACTIVATION_SOFTPLUS] = {0.0, 14.8},
    [WL_ACTIVATION_SILU] = {3.1, 7.6},
};

wl_speeds wl_speeds_default(void) {
  wl_speeds s = {
#define WL_SPEED_VALUE(name, value, text) .name = (value),
      WL_SPEED_LIST(WL_SPEED_VALUE)
#undef WL_SPEED_VALUE
  };
  memcpy(s.kappa, kappa_default, sizeof s.kappa);
  memcpy(s.theta, theta_default, sizeof s.theta);
  return s;
}

wl_error wl_speeds_check(const wl_speeds *speeds, const char *where) {
  wl_speeds s = *speeds;
  for (int i = 0; i < wl_speed_count(); i++) {
    const double value = *wl_speed_at(&s, i);
    const bool zero_is_fine = strstr(wl_speed_name(i), "_half") || strstr(wl_speed_name(i), "latency");
    if (!isfinite(value) || value < 0.0 || (value == 0.0 && !zero_is_fine))
      WL_FAIL(WL_ERROR_DATA, "%s: %s is %g; it must be %s 0", where, wl_speed_name(i), value,
              zero_is_fine ? "at least" : "above");
  }
  return WL_OK;
}
