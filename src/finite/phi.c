#include "finite/phi.h"

#include <math.h>

static void rectifier(double left, double right, int64_t count, double *z, double *derivative) {
  for (int64_t i = 0; i < count; i++) {
    derivative[i] = z[i] > 0.0 ? right : left;
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

static void apply_plain(const wl_layer *phi, int64_t count, double *z, double *derivative) {
  if (phi->activation == WL_ACTIVATION_RELU || phi->activation == WL_ACTIVATION_LEAKY_RELU) {
    rectifier(phi->activation == WL_ACTIVATION_RELU ? 0.0 : phi->slope, 1.0, count, z, derivative);
    return;
  }
  void (*const pair)(double *, double *) = pairs[phi->activation];
  for (int64_t i = 0; i < count; i++) pair(z + i, derivative + i);
}

/* a φ(b z + c), where 0 stands for 1 in a and b */
static void apply_scaled(const wl_layer *phi, int64_t count, double *z, double *derivative) {
  const double a = phi->a == 0.0 ? 1.0 : phi->a, b = phi->b == 0.0 ? 1.0 : phi->b;
  if (b != 1.0 || phi->c != 0.0)
    for (int64_t i = 0; i < count; i++) z[i] = b * z[i] + phi->c;
  apply_plain(phi, count, z, derivative);
  for (int64_t i = 0; i < count && a != 1.0; i++) z[i] *= a;
  for (int64_t i = 0; i < count && a * b != 1.0; i++) derivative[i] *= a * b;
}

/* a exp(b z²) */
static void gaussian(const wl_layer *phi, double *z, double *derivative) {
  const double value = phi->a * exp(phi->b * *z * *z);
  *derivative = 2.0 * phi->b * *z * value;
  *z = value;
}

static void exponential(const wl_layer *phi, double *z, double *derivative) {
  *z = phi->a * exp(phi->b * *z);
  *derivative = phi->b * *z;
}

static void sine(const wl_layer *phi, double *z, double *derivative) {
  const double angle = phi->b * *z + phi->c;
  *derivative = phi->a * phi->b * cos(angle);
  *z = phi->a * sin(angle);
}

/* By h_{n+1} = (z h_n − √n h_{n−1})/√(n+1) and h_n' = √n h_{n−1}. */
static void polynomial(const wl_layer *phi, double *z, double *derivative) {
  double below = 0.0, h = 1.0, sum = phi->hermite[0], slope = 0.0;
  for (int n = 1; n < WL_LAYER_HERMITE; n++) {
    const double next = (*z * h - sqrt((double)(n - 1)) * below) / sqrt((double)n);
    below = h;
    h = next;
    sum += phi->hermite[n] * h;
    slope += phi->hermite[n] * sqrt((double)n) * below;
  }
  *z = sum;
  *derivative = slope;
}

static void apply_each(const wl_layer *phi, void (*pair)(const wl_layer *, double *, double *), int64_t count,
                       double *z, double *derivative) {
  for (int64_t i = 0; i < count; i++) pair(phi, z + i, derivative + i);
}

void wl_phi_apply(const wl_layer *phi, int64_t count, double *z, double *derivative) {
  switch (phi->kind) {
    case WL_LAYER_ABRELU:
      rectifier(phi->a, phi->b, count, z, derivative);
      break;
    case WL_LAYER_GAUSSIAN:
      apply_each(phi, gaussian, count, z, derivative);
      break;
    case WL_LAYER_EXP:
      apply_each(phi, exponential, count, z, derivative);
      break;
    case WL_LAYER_SINE:
      apply_each(phi, sine, count, z, derivative);
      break;
    case WL_LAYER_POLYNOMIAL:
      apply_each(phi, polynomial, count, z, derivative);
      break;
    default:
      apply_scaled(phi, count, z, derivative);
  }
}
