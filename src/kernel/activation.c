#include "kernel/activation.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "kernel/block.h"

/* relu is leaky_relu with slope a = 0. With w² = σ_w² (1 + a²)/2 the next variance is q' = σ_b² + w² q. Put
   w √q = √q' cos α: off the diagonal α enters through cos α, tan(α/2) and √2 cos²(α/2); see rectifier in
   block.inc. Field 4, 1/√q', is of the general rectifier. A point with q' = 0 (x = 0 without bias) gets α = 0: its κ and Θ are 0. */
static double leak(const wl_layer_model *model) {
  return model->activation == WL_ACTIVATION_LEAKY_RELU ? model->slope : 0.0;
}

static void rectifier_diagonal(const wl_layer_model *model, double q, double *square, double *slope) {
  const double a = leak(model);
  *slope = 0.5 * (1.0 + a * a);
  *square = *slope * q;
}

static void rectifier_prepare(const wl_layer_model *model, double q, double next, double *field) {
  const double a = leak(model), w_root = sqrt(0.5 * model->own_weight * (1.0 + a * a)) * sqrt(q),
               root = sqrt(next);
  field[0] = root;
  field[1] = next > 0.0 ? w_root / root : 1.0;
  field[2] = next > 0.0 ? model->sigma_b / (root + w_root) : 0.0;
  field[3] = next > 0.0 ? M_SQRT1_2 * (1.0 + w_root / root) : M_SQRT2;
}

static void rectifier_general_prepare(const wl_layer_model *model, double q, double next, double *field) {
  rectifier_prepare(model, q, next, field);
  field[4] = next > 0.0 ? 1.0 / field[0] : 0.0;
}

/* E[erf²] = 2/π asin(2q/(1+2q)), the asin by way of its tangent because it tends to π/2. [Williams 1997] */
static void erf_diagonal(const wl_layer_model *model, double q, double *square, double *slope) {
  (void)model;
  const double root = sqrt(1.0 + 4.0 * q);
  *square = M_2_PI * atan2(2.0 * q, root);
  *slope = 2.0 * M_2_PI / root;
}

static void erf_prepare(const wl_layer_model *model, double q, double next, double *field) {
  (void)model, (void)next;
  field[0] = sqrt(2.0 / (1.0 + 2.0 * q));
  field[1] = 1.0 / (1.0 + 2.0 * q);
}

/* gelu: the forms of block.inc at κ = q, where (1+q)² − q² = 1 + 2q. */
static void gelu_diagonal(const wl_layer_model *model, double q, double *square, double *slope) {
  (void)model;
  const double root = sqrt(1.0 + 2.0 * q), angle = atan2(q, root), F = 1.0 / (1.0 + q);
  *square = q * (0.25 + 0.5 * M_1_PI * (angle + 2.0 * q * F / root));
  *slope = 0.25 + 0.5 * M_1_PI * (angle + q / root * (2.0 * F + 1.0 / (1.0 + 2.0 * q)));
}

static void gelu_prepare(const wl_layer_model *model, double q, double next, double *field) {
  (void)model, (void)next;
  field[0] = 1.0 / sqrt(1.0 + q);
  field[1] = 1.0 / (1.0 + q);
  field[2] = q / sqrt(1.0 + q);
}

/* E[sin²] = (1 − e^{−2q})/2, E[cos²] = (1 + e^{−2q})/2. */
static void sin_diagonal(const wl_layer_model *model, double q, double *square, double *slope) {
  (void)model;
  *square = -0.5 * expm1(-2.0 * q);
  *slope = 0.5 * (1.0 + exp(-2.0 * q));
}

static void cos_diagonal(const wl_layer_model *model, double q, double *square, double *slope) {
  sin_diagonal(model, q, slope, square);
}

static void sin_prepare(const wl_layer_model *model, double q, double next, double *field) {
  (void)model, (void)next;
  field[0] = 0.5 * q;
  field[1] = exp(-0.5 * q);
}

static void identity_diagonal(const wl_layer_model *model, double q, double *square, double *slope) {
  (void)model;
  *square = q;
  *slope = 1.0;
}

/* exp(−z²): the forms of block.inc at κ = q, where (1+2q)² − 4q² = 1 + 4q. */
static void gaussian_diagonal(const wl_layer_model *model, double q, double *square, double *slope) {
  (void)model;
  const double F = 1.0 / (1.0 + 4.0 * q);
  *square = sqrt(F);
  *slope = 4.0 * q * F * *square;
}

static void gaussian_prepare(const wl_layer_model *model, double q, double next, double *field) {
  (void)model, (void)next;
  field[0] = 1.0 / sqrt(1.0 + 2.0 * q);
  field[1] = 1.0 / (1.0 + 2.0 * q);
}

/* exp(z) */
static void exponential_diagonal(const wl_layer_model *model, double q, double *square, double *slope) {
  (void)model;
  *square = *slope = exp(2.0 * q);
}

static void exponential_prepare(const wl_layer_model *model, double q, double next, double *field) {
  (void)model, (void)next;
  field[0] = 0.5 * q;
}

static void erf_shifted_diagonal(const wl_layer_model *model, double q, double *square, double *slope) {
  wl_shifted_erf_diagonal(&model->shifted, q, square, slope);
}

/* The fields of erf, and the series. */
static void erf_shifted_prepare(const wl_layer_model *model, double q, double next, double *field) {
  erf_prepare(model, q, next, field);
  wl_shifted_erf_series(&model->shifted, q, field + 2);
}

/* A mixture of sin and cos, whose products with one another have mean 0. */
static void sine_diagonal(const wl_layer_model *model, double q, double *square, double *slope) {
  const double odd = -0.5 * expm1(-2.0 * q), even = 0.5 * (1.0 + exp(-2.0 * q));
  *square = model->shape.odd * odd + model->shape.even * even;
  *slope = model->shape.odd * even + model->shape.even * odd;
}

/* E[φ(√q ζ) h_n(ζ)] = B_n √q^n, from He_m(√q ζ) = Σ_j m!/(2^j j! (m − 2j)!) (q − 1)^j √q^(m − 2j) He_{m−2j}(ζ):
     B_n = Σ_j c_{n+2j} √((n + 2j)!/n!) ((q − 1)/2)^j / j!.  Then E[φφ] = Σ B_n B'_n κ^n. */
void wl_polynomial_sum(const wl_layer_model *model, double q, int n, double *sum, double *moduli) {
  double factor = 1.0;
  *sum = *moduli = 0.0;
  for (int j = 0; n + 2 * j < WL_LAYER_HERMITE; j++) {
    if (j > 0) factor *= sqrt((double)(n + 2 * j) * (n + 2 * j - 1)) * 0.5 * (q - 1.0) / j;
    const double term = model->shape.hermite[n + 2 * j] * factor;
    *sum += term;
    *moduli += fabs(term);
  }
}

static void polynomial_prepare(const wl_layer_model *model, double q, double next, double *field) {
  double moduli;
  (void)next;
  for (int n = 0; n < WL_LAYER_HERMITE; n++) wl_polynomial_sum(model, q, n, &field[n], &moduli);
}

static void polynomial_diagonal(const wl_layer_model *model, double q, double *square, double *slope) {
  double B[WL_LAYER_HERMITE];
  polynomial_prepare(model, q, 0.0, B);
  *square = *slope = 0.0;
  for (int n = WL_LAYER_HERMITE - 1; n >= 0; n--) {
    *square = *square * q + B[n] * B[n];
    if (n > 0) *slope = *slope * q + n * (B[n] * B[n]);
  }
}

/* The limit, field 3, comes with the series (points.c). */
static void logistic_diagonal(const wl_layer_model *model, double q, double *square, double *slope) {
  const double mean = wl_logistic_mean(&model->logistic, q);
  model->block->logistic_pair(&model->logistic, q, q, q, 0.0, mean * mean, square, slope);
}

static void logistic_prepare(const wl_layer_model *model, double q, double next, double *field) {
  (void)next;
  field[0] = q > 0.0 ? 1.0 / sqrt(q) : 0.0;
  field[1] = q;
  field[2] = wl_logistic_mean(&model->logistic, q);
}

static const wl_activation_entry entries[WL_ACTIVATION_COUNT] = {
    [WL_ACTIVATION_RELU] = {WL_KERNEL_rectifier, 4, rectifier_diagonal, rectifier_prepare},
    [WL_ACTIVATION_LEAKY_RELU] = {WL_KERNEL_rectifier, 4, rectifier_diagonal, rectifier_prepare},
    [WL_ACTIVATION_ERF] = {WL_KERNEL_erf, 2, erf_diagonal, erf_prepare},
    [WL_ACTIVATION_GELU] = {WL_KERNEL_gelu, 3, gelu_diagonal, gelu_prepare},
    [WL_ACTIVATION_SIN] = {WL_KERNEL_sin, 2, sin_diagonal, sin_prepare},
    [WL_ACTIVATION_COS] = {WL_KERNEL_cos, 2, cos_diagonal, sin_prepare},
    [WL_ACTIVATION_IDENTITY] = {WL_KERNEL_identity, 0, identity_diagonal, NULL},
    [WL_ACTIVATION_TANH] = {WL_KERNEL_logistic, 4, logistic_diagonal, logistic_prepare},
    [WL_ACTIVATION_SIGMOID] = {WL_KERNEL_logistic, 4, logistic_diagonal, logistic_prepare},
    [WL_ACTIVATION_SOFTPLUS] = {WL_KERNEL_logistic, 4, logistic_diagonal, logistic_prepare},
    [WL_ACTIVATION_SILU] = {WL_KERNEL_logistic, 4, logistic_diagonal, logistic_prepare},
};

static const wl_activation_entry of_lists[] = {
    {WL_KERNEL_rectifier_general, 5, rectifier_diagonal, rectifier_general_prepare},
    {WL_KERNEL_gaussian, 2, gaussian_diagonal, gaussian_prepare},
    {WL_KERNEL_exponential, 1, exponential_diagonal, exponential_prepare},
    {WL_KERNEL_erf_shifted, 2, erf_shifted_diagonal, erf_shifted_prepare},
    {WL_KERNEL_wave, 2, sine_diagonal, sin_prepare},
    {WL_KERNEL_polynomial, WL_LAYER_HERMITE, polynomial_diagonal, polynomial_prepare},
};

const wl_activation_entry *wl_activation_of_lists(wl_kernel kernel) {
  const wl_activation_entry *entry = of_lists;
  while (entry->kernel != kernel) entry++;
  return entry;
}

const wl_activation_entry *wl_activation_get(wl_activation activation) { return &entries[activation]; }

static const char *const names[WL_ACTIVATION_COUNT] = {
#define WL_ACTIVATION_NAME(NAME, name, text) [WL_ACTIVATION_##NAME] = #name,
    WL_ACTIVATION_LIST(WL_ACTIVATION_NAME)
#undef WL_ACTIVATION_NAME
};

const char *wl_activation_name(wl_activation activation) {
  return (unsigned)activation < WL_ACTIVATION_COUNT ? names[activation] : "unknown";
}

wl_error wl_activation_find(const char *name, wl_activation *activation) {
  WL_REQUIRE(name);
  WL_REQUIRE(activation);
  for (int k = 0; k < WL_ACTIVATION_COUNT; k++) {
    if (strcmp(name, names[k]) == 0) {
      *activation = (wl_activation)k;
      return WL_OK;
    }
  }
  char list[WL_MESSAGE_SIZE / 2] = "";
  for (int k = 0; k < WL_ACTIVATION_COUNT; k++) {
    const size_t used = strlen(list);
    snprintf(list + used, sizeof list - used, "%s%s", k ? ", " : "", names[k]);
  }
  WL_FAIL(WL_ERROR_CONFIG, "there is no activation \"%.64s\"; there are %s", name, list);
}

void wl_layer_model_init(wl_layer_model *model, wl_activation activation, double slope, const wl_shape *shape,
                         double sigma_w, double sigma_b) {
  model->activation = activation;
  model->slope = slope;
  model->shape = *shape;
  model->sigma_w = sigma_w;
  model->sigma_b = sigma_b;
  model->weight = sigma_w * sigma_w;
  model->own_weight = model->weight / shape->keep;
  model->bias = sigma_b * sigma_b;
  wl_logistic_init(&model->logistic, activation);
  if (shape->shift > 0.0) wl_shifted_erf_init(&model->shifted, shape->shift);
  model->block = wl_block_select();
}
