#include "kernel/logistic.h"

#include <math.h>
#include <string.h>

/* Density of the Kolmogorov distribution at k > 0: the one of its two series (a theta function's) that converges
   fast there. */
static double kolmogorov_density(double k) {
  double sum = 0.0;
  for (int n = 1; n < 8; n++) {
    if (k > 1.0) {
      sum += (n % 2 ? 8.0 : -8.0) * k * n * n * exp(-2.0 * n * n * k * k);
    } else {
      const double a = (2 * n - 1) * (2 * n - 1) * M_PI * M_PI / 8.0;
      sum += sqrt(2.0 * M_PI) * exp(-a / (k * k)) * (2.0 * a / (k * k) - 1.0) / (k * k);
    }
  }
  return sum;
}

/* tanh'(z) = ∫ 2/(k √2π) exp(−z²/2k²) p(k) dk, p as above; k = eˣ. A relative of argument z/2 has its scales
   doubled, and its weights are those of ψ (or ψ'). */
static void set_nodes(wl_logistic *logistic, double scale, double weight) {
  const double first = log(0.175), last = log(4.4), step = (last - first) / (WL_LOGISTIC_NODES - 1);
  for (int n = 0; n < WL_LOGISTIC_NODES; n++) {
    const double k = exp(first + step * n);
    logistic->s[n] = scale * k;
    logistic->s2[n] = logistic->s[n] * logistic->s[n];
    logistic->w_s[n] = weight * step * sqrt(2.0 / M_PI) * kolmogorov_density(k) * logistic->s[n];
  }
}

void wl_logistic_init(wl_logistic *logistic, wl_activation activation) {
  memset(logistic, 0, sizeof *logistic);
  switch (activation) {
    case WL_ACTIVATION_TANH:
      logistic->form = WL_LOGISTIC_STEP;
      set_nodes(logistic, 1.0, 1.0);
      break;
    case WL_ACTIVATION_SIGMOID: /* 1/2 + tanh(z/2)/2 */
      logistic->form = WL_LOGISTIC_STEP;
      logistic->constant = 0.5;
      set_nodes(logistic, 2.0, 0.25);
      break;
    case WL_ACTIVATION_SOFTPLUS: /* z/2 + log(2 cosh(z/2)) */
      logistic->form = WL_LOGISTIC_RAMP;
      logistic->odd = 1;
      logistic->constant = M_LN2;
      logistic->linear = 0.5;
      set_nodes(logistic, 2.0, 0.25);
      break;
    case WL_ACTIVATION_SILU: /* z/2 + z tanh(z/2)/2 */
      logistic->form = WL_LOGISTIC_PRODUCT;
      logistic->odd = 1;
      logistic->linear = 0.5;
      set_nodes(logistic, 2.0, 0.25);
      break;
    default:
      break;
  }
}

double wl_logistic_mean(const wl_logistic *logistic, double q) {
  double sum = 0.0;
  for (int n = 0; n < WL_LOGISTIC_NODES; n++) {
    const double root = sqrt(logistic->s2[n] + q);
    if (logistic->form == WL_LOGISTIC_RAMP) sum += logistic->w_s[n] * q / (root + logistic->s[n]);
    if (logistic->form == WL_LOGISTIC_PRODUCT) sum += logistic->w_s[n] * q / root;
  }
  return logistic->constant + sum;
}

/* With r = q/(s² + q), y = w s/√(s² + q) and c_m = √((2m)!)/(2ᵐ m!):
   E[exp(−z²/2s²) h_2m] = (−1)ᵐ c_m rᵐ s/√(s² + q), and by E[f h_{k+1}] √(k+1) = √q E[f' h_k]
     step     B_m = c_m Σ y rᵐ
     ramp     B_m = √q/√(2m+1) c_m Σ y rᵐ
     product  B_m = √q √(2m+2) c_{m+1} Σ y rᵐ (1/(2m+1) + s²/(s²+q)) */
static void coefficients(const wl_logistic *logistic, double q, double *B) {
  double r[WL_LOGISTIC_NODES], y[WL_LOGISTIC_NODES];
  for (int n = 0; n < WL_LOGISTIC_NODES; n++) {
    r[n] = q / (logistic->s2[n] + q);
    y[n] = logistic->w_s[n] / sqrt(logistic->s2[n] + q);
  }
  double c = 1.0;
  for (int m = 0; m < WL_SERIES_TERMS; m++) {
    double sums[4] = {0.0, 0.0, 0.0, 0.0}, weighted_sums[4] = {0.0, 0.0, 0.0, 0.0};
    for (int n = 0; n < WL_LOGISTIC_NODES; n += 4) {
      for (int l = 0; l < 4; l++) {
        sums[l] += y[n + l];
        weighted_sums[l] += y[n + l] * (1.0 - r[n + l]);
        y[n + l] *= r[n + l];
      }
    }
    const double sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    const double weighted = (weighted_sums[0] + weighted_sums[1]) + (weighted_sums[2] + weighted_sums[3]);
    const double next = c * sqrt((2 * m + 1) / (2.0 * m + 2.0));
    switch (logistic->form) {
      case WL_LOGISTIC_STEP:
        B[m] = c * sum;
        break;
      case WL_LOGISTIC_RAMP:
        B[m] = sqrt(q / (2 * m + 1)) * c * sum;
        break;
      case WL_LOGISTIC_PRODUCT:
        B[m] = sqrt(q * (2 * m + 2)) * next * (sum / (2 * m + 1) + weighted);
        break;
    }
    c = next;
  }
}

/* Σ B_m² over m ≥ WL_SERIES_TERMS: what Bessel's inequality leaves or, where that is lost in rounding, a geometric
   series: B_m falls at least as the largest rᵐ (product: nearly so, hence the 2). */
static double tail(const wl_logistic *logistic, double q, double slope, const double *B) {
  double rest = slope - logistic->linear * logistic->linear;
  for (int m = 0; m < WL_SERIES_TERMS; m++) rest -= B[m] * B[m];
  const double r = q / (logistic->s2[0] + q), last = B[WL_SERIES_TERMS - 1];
  return fmin(fmax(rest, 0.0) + 1e-14 * slope, 2.0 * last * last / ((1.0 - r) * (1.0 + r)));
}

void wl_logistic_series(const wl_logistic *logistic, double q, double slope, wl_series *series) {
  coefficients(logistic, q, series->B);
  double rest = tail(logistic, q, slope, series->B);
  const double root_tolerance = sqrt(WL_SERIES_TOLERANCE), size = sqrt(slope);
  series->limit = pow(root_tolerance * size / fmax(sqrt(rest), WL_SERIES_TOLERANCE * size), 0.5 / WL_SERIES_TERMS);

  double bound[WL_SERIES_LEVELS];
  for (int g = 0; g < WL_SERIES_LEVELS; g++) {
    bound[g] = slope * pow(WL_SERIES_TOLERANCE, 2.0 * g / (WL_SERIES_LEVELS - 1));
    series->terms[g] = WL_SERIES_TERMS;
  }
  for (int m = WL_SERIES_TERMS; m >= 0; m--) {
    if (m < WL_SERIES_TERMS) rest += series->B[m] * series->B[m];
    for (int g = 0; g < WL_SERIES_LEVELS; g++)
      if (rest <= bound[g]) series->terms[g] = m;
  }
  series->terms[0] = 0;
}
