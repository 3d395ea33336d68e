#include "kernel/shifted_erf.h"

#include <math.h>

/* P_n(x) and its derivative. */
static void legendre(int n, double x, double *value, double *slope) {
  double p = 1.0, before = 0.0;
  for (int k = 1; k <= n; k++) {
    const double next = ((2 * k - 1) * x * p - (k - 1) * before) / k;
    before = p;
    p = next;
  }
  *value = p;
  *slope = n * (x * p - before) / (x * x - 1.0);
}

int wl_shifted_erf_terms(double c) { return 8 + (int)ceil(7.0 * c); }

void wl_shifted_erf_init(wl_shifted_erf *rule, double c) {
  enum { STEPS = 6 }; /* of Newton's method, from where three would do */
  const int n = 8 + (int)ceil(4.0 * c);
  *rule = (wl_shifted_erf){.c = c, .nodes = n, .terms = wl_shifted_erf_terms(c)};
  for (int k = 0; k < n; k++) {
    double x = cos(M_PI * (k + 0.75) / (n + 0.5)), value, slope;
    for (int step = 0; step < STEPS; step++) {
      legendre(n, x, &value, &slope);
      x -= value / slope;
    }
    legendre(n, x, &value, &slope);
    rule->t2[k] = 0.25 * (1.0 + x) * (1.0 + x);
    rule->weight[k] = 1.0 / ((1.0 - x * x) * slope * slope);
  }
  for (int k = 0; k < 4 * rule->terms; k++) rule->cosine[k] = cos(M_PI_2 * k / rule->terms);
}

/* ∫₀¹ g(h² + y² t²) dt, h² > 0 */
static double integral(const wl_shifted_erf *rule, double h2, double y2) {
  double sum = 0.0;
  for (int k = 0; k < rule->nodes; k++) {
    const double s = h2 + y2 * rule->t2[k];
    sum -= rule->weight[k] * expm1(-0.5 * s) / s;
  }
  return sum;
}

/* From the values where T_N = 0, cos θ_k with θ_k = π (k + ½)/N: series[m] = 2/N Σ_k value_k cos m θ_k, half of it for m = 0. */
void wl_shifted_erf_series(const wl_shifted_erf *rule, double q, double *series) {
  const int n = rule->terms;
  const double c = rule->c, h2 = 2.0 * c * c / (1.0 + 2.0 * q), h = sqrt(h2);
  double value[WL_SHIFT_TERMS];
  for (int k = 0; k < n; k++) value[k] = h * integral(rule, h2, 2.0 * c * c * (1.0 + rule->cosine[2 * k + 1]));
  for (int m = 0; m < n; m++) {
    double sum = 0.0;
    for (int k = 0; k < n; k++) sum += value[k] * rule->cosine[m * (2 * k + 1) % (4 * n)];
    series[m] = (m > 0 ? 2.0 : 1.0) * sum / n;
  }
}

void wl_shifted_erf_diagonal(const wl_shifted_erf *rule, double q, double *square, double *slope) {
  const double c = rule->c, h2 = 2.0 * c * c / (1.0 + 2.0 * q), root = sqrt(1.0 + 4.0 * q), y2 = h2 / root / root;
  *square = M_2_PI * (atan2(2.0 * q, root) + 2.0 * h2 / root * integral(rule, h2, y2));
  *slope = 2.0 * M_2_PI / root * exp(-2.0 * c * c / (1.0 + 4.0 * q));
}
