#include "inference/brackets.h"

#include <float.h>
#include <math.h>

wl_rounding wl_rounding_of(int64_t n, double entry, int64_t width) {
  const double points = (double)n;
  return (wl_rounding){.chain = DBL_EPSILON * (512.0 + points / (double)width + points / 64.0), .entry = entry};
}

/* r̂ = b − S x: the product, the shift and the difference; and entries of a kernel. */
double wl_bracket_residual_error(const wl_bracket_system *s, const wl_solved *c, wl_right_side right) {
  const double entries = right == WL_RIGHT_KERNEL ? c->norm1 + 1.0 : c->norm1;
  return s->rounding.chain * ((s->largest + s->shift) * c->norm1 + c->right) +
         s->rounding.entry * s->largest * entries;
}

/* rᵀ P⁻¹ r of the r that was computed. */
static double gamma_of(const wl_bracket_system *s, const wl_solved *c) {
  const double chain = s->rounding.chain;
  const double defect = (1.0 + chain) * c->defect + 2.0 * chain * ((s->trace + s->shift) * c->norm_z + c->norm_r);
  const double norm_z = (1.0 + chain) * c->norm_z, norm_r = (1.0 + chain) * c->norm_r;
  return c->rz + chain * norm_r * norm_z + defect * norm_z + defect * defect / s->shift;
}

/* The part of ‖e‖_S that rounding in r alone makes. */
static double energy_of_rounding(const wl_bracket_system *s, const wl_solved *c, wl_right_side right) {
  return sqrt((double)s->n / s->shift) * wl_bracket_residual_error(s, c, right);
}

double wl_bracket_energy(const wl_bracket_system *s, const wl_solved *c, wl_right_side right) {
  const double gamma = fmax(gamma_of(s, c), 0.0) / (1.0 - s->deficit / s->shift);
  return (1.0 + 8.0 * DBL_EPSILON) * (sqrt(gamma) + energy_of_rounding(s, c, right));
}

/* Of bᵀ x + xᵀ r. */
static double value_error(const wl_bracket_system *s, const wl_solved *c, wl_right_side right) {
  const double entry = right == WL_RIGHT_KERNEL ? s->rounding.entry * s->largest : 0.0;
  return c->norm1 *
             (s->rounding.chain * (c->right + c->residual) + entry + wl_bracket_residual_error(s, c, right)) +
         4.0 * DBL_EPSILON * fabs(c->value);
}

/* Not below zero, and the middle for the best value. */
static wl_bracket variance_bracket(double low, double high, double rounding) {
  wl_bracket b = {.low = fmax(low, 0.0), .high = fmax(high, 0.0), .rounding = rounding};
  b.value = 0.5 * (b.low + b.high);
  return b;
}

wl_bracket wl_bracket_posterior(const wl_bracket_system *s, const wl_solved *c, double prior) {
  const wl_right_side right = WL_RIGHT_KERNEL;
  const double energy = wl_bracket_energy(s, c, right), floor = energy_of_rounding(s, c, right);
  const double error = value_error(s, c, right) + (s->rounding.entry + 4.0 * DBL_EPSILON) * prior;
  const double middle = prior - c->value;
  return variance_bracket(middle - error - energy * energy, middle + error, 2.0 * error + floor * floor);
}

wl_bracket wl_bracket_quadratic(const wl_bracket_system *s, const wl_solved *c) {
  const wl_right_side right = WL_RIGHT_TARGETS;
  const double energy = wl_bracket_energy(s, c, right), floor = energy_of_rounding(s, c, right),
               error = value_error(s, c, right);
  return variance_bracket(c->value - error, c->value + error + energy * energy, 2.0 * error + floor * floor);
}

wl_bracket wl_bracket_ensemble(const wl_bracket_system *s, const wl_solved *c, double prior, double variance,
                               double largest_kappa) {
  const double energy = wl_bracket_energy(s, c, WL_RIGHT_KERNEL),
               floor = energy_of_rounding(s, c, WL_RIGHT_KERNEL), weight = 1.0 + c->norm1;
  const double error = 2.0 * (s->rounding.chain + s->rounding.entry) * largest_kappa * weight * weight;
  const double low = sqrt(fmax(variance - error, 0.0)), high = sqrt(fmax(variance + error, 0.0));
  const double below = fmax(low - energy, 0.0), above = high + energy, slack = 8.0 * DBL_EPSILON;
  wl_bracket b = variance_bracket((1.0 - slack) * below * below, (1.0 + slack) * above * above,
                                  2.0 * error + 4.0 * floor * high + 2.0 * floor * floor);
  b.high = fmin(b.high, wl_bracket_posterior(s, c, prior).high);
  b.low = fmin(b.low, b.high);
  b.value = fmin(fmax(variance, b.low), b.high);
  return b;
}

wl_bracket wl_bracket_mean(const wl_bracket_system *s, const wl_solved *c, const wl_solved *target, double value) {
  const double chain = s->rounding.chain, eta = wl_bracket_residual_error(s, c, WL_RIGHT_KERNEL);
  const double error = chain * (c->norm1 * target->right + target->norm1 * c->residual) + eta * target->norm1 +
                       4.0 * DBL_EPSILON * fabs(value);
  const double product = wl_bracket_energy(s, c, WL_RIGHT_KERNEL) * wl_bracket_energy(s, target, WL_RIGHT_TARGETS);
  const double floor = energy_of_rounding(s, c, WL_RIGHT_KERNEL) * energy_of_rounding(s, target, WL_RIGHT_TARGETS);
  return (wl_bracket){value - error - product, value + error + product, value, 2.0 * (error + floor)};
}
