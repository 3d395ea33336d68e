#include "finite/phi.h"

#include <math.h>

static void rectifier(double slope, int64_t count, double *z, double *derivative) {
  for (int64_t i = 0; i < count; i++) {
    derivative[i] = z[i] > 0.0 ? 1.0 : slope;
    z[i] *= derivative[i];
  }
}

static void erf_pair(double *z, double *derivative) {
  *derivative = M_2_SQRTPI * exp(-*z * *z);
  *z = erf(*z);
}

/* φ = z Φ(z), φ' = Φ(z) + z Φ'(z) */
static void gelu_pair(double *z, double *derivative) {
  const double Phi = 0.5 * erfc(-*z * M_SQRT1_2), density = 0.5 * M_SQRT1_2 * M_2_SQRTPI * exp(-0.5 * *z * *z);
  *derivative = Phi + *z * density;
  *z *= Phi;
}

static void sin_pair(double *z, double *derivative) {
  *derivative = cos(*z);
  *z = sin(*z);
}

static void cos_pair(double *z, double *derivative) {
  *derivative = -sin(*z);
  *z = cos(*z);
}

static void identity_pair(double *z, double *derivative) {
  (void)z;
  *derivative = 1.0;
}

static void tanh_pair(double *z, double *derivative) {
  *z = tanh(*z);
  *derivative = 1.0 - *z * *z;
}

/* 1 / (1 + e^−z), without overflow */
static double logistic(double z) {
  const double e = exp(-fabs(z));
  return (z < 0.0 ? e : 1.0) / (1.0 + e);
}

static void sigmoid_pair(double *z, double *derivative) {
  *derivative = logistic(*z) * logistic(-*z);
  *z = logistic(*z);
}

static void softplus_pair(double *z, double *derivative) {
  *derivative = logistic(*z);
  *z = fmax(*z, 0.0) + log1p(exp(-fabs(*z)));
}

/* φ = z s(z), φ' = s + z s (1 − s) */
static void silu_pair(double *z, double *derivative) {
  const double s = logistic(*z);
  *derivative = s + *z * s * logistic(-*z);
  *z *= s;
}

/* The rectifiers have loops of their own. */
static void (*const pairs[WL_ACTIVATION_COUNT])(double *, double *) = {
    [WL_ACTIVATION_ERF] = erf_pair,           [WL_ACTIVATION_GELU] = gelu_pair,
    [WL_ACTIVATION_SIN] = sin_pair,           [WL_ACTIVATION_COS] = cos_pair,
    [WL_ACTIVATION_IDENTITY] = identity_pair, [WL_ACTIVATION_TANH] = tanh_pair,
    [WL_ACTIVATION_SIGMOID] = sigmoid_pair,   [WL_ACTIVATION_SOFTPLUS] = softplus_pair,
    [WL_ACTIVATION_SILU] = silu_pair};

void wl_phi_apply(const wl_network *network, int64_t count, double *z, double *derivative) {
  if (network->activation == WL_ACTIVATION_RELU || network->activation == WL_ACTIVATION_LEAKY_RELU) {
    rectifier(network->activation == WL_ACTIVATION_RELU ? 0.0 : network->slope, count, z, derivative);
    return;
  }
  void (*const pair)(double *, double *) = pairs[network->activation];
  for (int64_t i = 0; i < count; i++) pair(z + i, derivative + i);
}
