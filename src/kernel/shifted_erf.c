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

void wl_shifted_erf_init(wl_shifted_erf *rule, double c) {
  enum { STEPS = 6 }; /* of Newton's method, from where three would do */
  const int n = 8 + (int)ceil(4.0 * c);
  *rule = (wl_shifted_erf){.c = c, .nodes = n};
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
}

void wl_shifted_erf_diagonal(const wl_shifted_erf *rule, double q, double *square, double *slope) {
  const double c = rule->c, h2 = 2.0 * c * c / (1.0 + 2.0 * q), root = sqrt(1.0 + 4.0 * q), y2 = h2 / root / root;
  double sum = 0.0;
  for (int k = 0; k < rule->nodes; k++) {
    const double s = h2 + y2 * rule->t2[k];
    sum -= rule->weight[k] * expm1(-0.5 * s) / s;
  }
  *square = M_2_PI * (atan2(2.0 * q, root) + 2.0 * h2 / root * sum);
  *slope = 2.0 * M_2_PI / root * exp(-2.0 * c * c / (1.0 + 4.0 * q));
}
