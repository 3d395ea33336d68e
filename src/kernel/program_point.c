/* A point on its way through the steps. */
#include <math.h>

#include "kernel/program.h"

bool wl_step_normalizes(const wl_step *step) {
  return step->factor == 0.0 &&
         (step->kernel == WL_KERNEL_normalize || step->kernel == WL_KERNEL_normalize_scaled);
}

/* q' = σ_b² + w² E[φ²], Θ' = Θ w² E[φ'²] + gain w² E[φ²] + constant, w² = σ_w²/keep. */
static double apply_activation(const wl_step *step, wl_point_state *point, double *field) {
  const wl_layer_model *model = step->model;
  double square, slope;
  step->activation->diagonal(model, point->q, &square, &slope);
  const double own = model->own_weight * square, next = model->bias + own;
  point->theta = point->theta * (model->own_weight * slope) + (model->shape.gain * own + model->shape.constant);
  if (step->activation->prepare) step->activation->prepare(model, point->q, next, field);
  point->q = next;
  return slope;
}

/* A rest of a dense layer: q' = q + σ_b², Θ' = Θ + gain q + constant (block.inc: standard_scaled). */
static void apply_standard(const wl_step *step, wl_point_state *point, double *field) {
  const wl_layer_model *model = step->model;
  const double next = point->q + model->bias;
  if (step->fields > 0) {
    wl_activation_get(model->activation)->prepare(model, point->q, next, field);
    field[0] = next > 0.0 ? 1.0 / sqrt(next) : 0.0;
  }
  point->theta += model->shape.gain * point->q + model->shape.constant;
  point->q = next;
}

/* Units are divided by √q, or multiplied by a factor. */
static void normalize(const wl_step *step, wl_point_state *point, double *field) {
  const double factor = step->factor > 0.0 ? step->factor : 1.0 / sqrt(point->q);
  if (step->fields > 0) field[0] = factor;
  point->theta = step->factor > 0.0 ? point->theta * (factor * factor) : point->theta / point->q;
  point->q = step->factor > 0.0 ? point->q * (factor * factor) : 1.0;
}

/* The sum of what enters, q₁, and the branch, q₂ (block.inc: join_scaled). */
static void join(const wl_step *step, wl_point_state *point, double *field) {
  const double q_1 = point->frame_q[step->frame], q_2 = point->q, q = q_1 + q_2;
  point->theta += point->frame_theta[step->frame];
  point->q = q;
  if (step->fields == 0) return;
  const double cosine = q > 0.0 ? sqrt(q_1 / q) : 1.0, sine = q > 0.0 ? sqrt(q_2 / q) : 0.0;
  field[0] = cosine;
  field[1] = sine;
  field[2] = sine / (1.0 + cosine);
  field[3] = M_SQRT1_2 * (1.0 + cosine);
}

/* A unit's square is kept with probability `keep` and divided by keep². */
static void drop(const wl_step *step, wl_point_state *point, double *field) {
  if (step->fields > 0) field[0] = sqrt(step->factor);
  point->q /= step->factor;
  point->theta /= step->factor;
}

double wl_step_apply(const wl_step *step, wl_point_state *point, double *field) {
  const double q = point->q;
  switch (step->kernel) {
    case WL_KERNEL_scale:
      field[0] = q > 0.0 ? 1.0 / sqrt(q) : 0.0;
      break;
    case WL_KERNEL_unscale:
      field[0] = sqrt(q);
      break;
    case WL_KERNEL_bare:
    case WL_KERNEL_bare_scaled:
      point->theta -= q;
      break;
    case WL_KERNEL_normalize:
    case WL_KERNEL_normalize_scaled:
      normalize(step, point, field);
      break;
    case WL_KERNEL_dropout:
    case WL_KERNEL_dropout_scaled:
      drop(step, point, field);
      break;
    case WL_KERNEL_standard:
    case WL_KERNEL_standard_scaled:
      apply_standard(step, point, field);
      break;
    case WL_KERNEL_keep:
      point->frame_q[step->frame] = q;
      point->frame_theta[step->frame] = point->theta;
      break;
    case WL_KERNEL_join:
    case WL_KERNEL_join_scaled:
      join(step, point, field);
      break;
    default:
      return apply_activation(step, point, field);
  }
  return 0.0;
}
