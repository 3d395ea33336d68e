#include "kernel/rounding.h"

#include <float.h>
#include <math.h>

#include "kernel/activation.h"
#include "kernel/layers.h"
#include "kernel/points.h"

static const double roundings = 64.0; /* of a layer */

wl_entry_error wl_entry_error_start(int64_t dimension) {
  const double first = (double)dimension + roundings;
  return (wl_entry_error){.now = {.kappa = first, .theta = first, .own = first / 16.0}};
}

static double gelu_curvature(double q, double slope) {
  const double s = q / (1.0 + 2.0 * q),
               square = (4.0 - 4.0 * s + 3.0 * s * s) / (2.0 * M_PI * sqrt(1.0 + 2.0 * q));
  return q * square / slope;
}

static double gaussian_curvature(double q) {
  const double v = q / (1.0 + 4.0 * q);
  return (1.0 + 4.0 * q) * (12.0 * v * v - 4.0 * v + 1.0);
}

static double shifted_curvature(double q, double c) {
  return 4.0 * q * (c * c / ((1.0 + 4.0 * q) * (1.0 + 4.0 * q)) + q / (1.0 + 4.0 * q));
}

/* H = q E[φ''²]/E[φ'²] or more, slope = E[φ'²]. */
static double curvature(const wl_step *step, double q, double slope) {
  switch (step->kernel) {
    case WL_KERNEL_rectifier:
    case WL_KERNEL_rectifier_general:
    case WL_KERNEL_identity:
    case WL_KERNEL_dense_scaled:
      return 0.0;
    case WL_KERNEL_erf:
      return shifted_curvature(q, 0.0);
    case WL_KERNEL_erf_shifted:
      return shifted_curvature(q, step->model->shape.shift);
    case WL_KERNEL_gelu:
      return gelu_curvature(q, slope);
    case WL_KERNEL_gaussian:
      return gaussian_curvature(q);
    case WL_KERNEL_polynomial:
      return WL_LAYER_HERMITE - 2;
    case WL_KERNEL_sin:
    case WL_KERNEL_cos:
    case WL_KERNEL_wave:
      return q + 1.0; /* q coth q or q tanh q */
    /* exp: q; |φ''| ≤ 2 φ' of tanh, ≤ φ' of sigmoid and softplus, and ≤ 1/2 of silu, where E[φ'²] ≥ 1/16 */
    default:
      return 4.0 * q;
  }
}

/* Of the sums B_n of a polynomial (activation.c): moduli of their terms over what is left of them, in the norms of κ and Θ. */
static double polynomial_cancellation(const wl_layer_model *model, double q) {
  double left[2] = {0.0, 0.0}, moduli[2] = {0.0, 0.0}, power = 1.0;
  for (int n = 0; n < WL_LAYER_HERMITE; n++, power *= q) {
    double sum = 0.0, modulus = 0.0;
    wl_polynomial_sum(model, q, n, &sum, &modulus);
    left[0] += sum * sum * power, moduli[0] += modulus * modulus * power;
    left[1] += n * sum * sum * power, moduli[1] += n * modulus * modulus * power;
  }
  return sqrt(fmax(moduli[0] / left[0], left[1] > 0.0 ? moduli[1] / left[1] : 1.0));
}

/* G = w q E[φ'²]/q', w = σ_w²/keep, is less where the layer behind has biases. */
static void pass_activation(const wl_step *step, double q, double slope, double next, wl_relative_error *e) {
  const bool any = q > 0.0 && slope > 0.0 && next > 0.0, polynomial = step->kernel == WL_KERNEL_polynomial;
  const double G = any ? step->model->own_weight * slope * q / next : 0.0,
               H = any ? curvature(step, q, slope) : 0.0, mixed = sqrt(G * H);
  const double terms = any && polynomial ? polynomial_cancellation(step->model, q) : 1.0;
  const double added = terms * roundings + (step->series >= 0 ? WL_SERIES_TOLERANCE / DBL_EPSILON : 0.0);
  const double alpha = e->kappa, own = e->own;
  e->kappa = G * alpha + mixed * own + added;
  e->theta = fmax(e->theta + H * (alpha + 2.0 * own) + added, e->kappa);
  if (polynomial || step->kernel == WL_KERNEL_exponential)
    e->own = (G + mixed) * own + added;
  else
    e->own = (G + mixed / 16.0) * own + added / 16.0;
}

static double cancellation(const wl_step *step) {
  const bool standard = step->kernel == WL_KERNEL_standard || step->kernel == WL_KERNEL_standard_scaled;
  if (!standard || step->model->shape.gain >= 0.0) return 1.0;
  return 1.0 + 2.0 / (1.0 + step->model->shape.gain); /* gain = N/σ_w² − 1 */
}

static wl_relative_error worse(wl_relative_error a, wl_relative_error b) {
  return (wl_relative_error){fmax(a.kappa, b.kappa), fmax(a.theta, b.theta), fmax(a.own, b.own)};
}

/* Units are divided by √q. */
static void pass_normalize(wl_relative_error *e) {
  e->kappa += e->own;
  e->theta += e->own;
  e->own = 0.0;
}

void wl_entry_error_pass(const wl_step *step, double q, double slope, double next, wl_entry_error *error) {
  wl_relative_error *e = &error->now;
  if (step->activation) {
    pass_activation(step, q, slope, next, e);
    return;
  }
  if (step->kernel == WL_KERNEL_keep) error->frame[step->frame] = *e;
  if (step->kernel == WL_KERNEL_join || step->kernel == WL_KERNEL_join_scaled)
    *e = worse(*e, error->frame[step->frame]);
  if (wl_step_normalizes(step)) pass_normalize(e);
  e->kappa += roundings;
  e->theta = (e->theta + roundings) * cancellation(step);
  e->own += roundings / 16.0;
}

double wl_kernel_points_rounding(const wl_kernel_points *points) { return DBL_EPSILON * points->rounding; }

/* ---- lists -------------------------------------------------------------------------------------------------------- */

/* Whether φ has a kink at 0, so that Θ depends on the angle of two points itself, not on its cosine. */
static bool has_kink(const wl_layer *layer) {
  return layer->kind == WL_LAYER_ABRELU ||
         (layer->kind == WL_LAYER_ACTIVATION &&
          (layer->activation == WL_ACTIVATION_RELU || layer->activation == WL_ACTIVATION_LEAKY_RELU));
}

static bool is_linear(const wl_layer *layer) {
  return layer->kind == WL_LAYER_ACTIVATION && layer->activation == WL_ACTIVATION_IDENTITY;
}

int wl_network_unbounded(const wl_network *network) {
  bool smooth = false;
  for (int k = 0; k < network->layer_count; k++) {
    const wl_layer *layer = &network->layer[k];
    if (!wl_layer_is_activation(layer) || is_linear(layer)) continue;
    if (has_kink(layer) && smooth) return k;
    smooth = smooth || !has_kink(layer);
  }
  return -1;
}
