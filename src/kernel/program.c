#include "kernel/program.h"

#include <math.h>
#include <stdlib.h>

#include "kernel/block.h"

/* ---- from layers to steps --------------------------------------------------------------------------------------- */

/* Numbers of a point that a step without an activation has. */
static int plain_fields(wl_kernel kernel) {
  switch (kernel) {
    case WL_KERNEL_scale:
    case WL_KERNEL_unscale:
    case WL_KERNEL_normalize:
      return 1;
    case WL_KERNEL_join_scaled:
      return 4;
    default:
      return 0;
  }
}

/* A program while it is made. */
typedef struct builder {
  wl_program *program;
  const wl_network *network;
  bool scaled; /* the state after the last step */
  int frame;   /* residuals around */
} builder;

static void append(builder *b, wl_step step, int layer) {
  wl_program *p = b->program;
  step.field = p->fields;
  step.series = step.kernel == WL_KERNEL_logistic ? p->series++ : -1;
  step.layer = layer;
  p->fields += step.fields;
  p->step[p->count++] = step;
}

static void append_plain(builder *b, wl_kernel kernel, int layer) {
  append(b, (wl_step){.kernel = kernel, .fields = plain_fields(kernel), .frame = b->frame}, layer);
}

/* The state becomes the scaled one, or κ and Θ. */
static void want(builder *b, bool scaled, int layer) {
  wl_program *p = b->program;
  if (b->scaled == scaled) return;
  b->scaled = scaled;
  wl_step *last = p->count > 0 ? &p->step[p->count - 1] : NULL;
  if (!scaled && last && last->kernel == WL_KERNEL_rectifier)
    last->unscale = true;
  else
    append_plain(b, scaled ? WL_KERNEL_scale : WL_KERNEL_unscale, layer);
}

/* The model of an activation and a dense layer, made once for all layers that have it. */
static const wl_layer_model *find_model(wl_program *p, wl_activation activation, double slope, double sigma_w,
                                        double sigma_b) {
  for (int k = 0; k < p->models; k++) {
    const wl_layer_model *m = &p->model[k];
    if (m->activation == activation && m->slope == slope && m->sigma_w == sigma_w && m->sigma_b == sigma_b)
      return m;
  }
  wl_layer_model_init(&p->model[p->models], activation, slope, sigma_w, sigma_b);
  return &p->model[p->models++];
}

static void append_kernel(builder *b, wl_kernel kernel, wl_activation activation, double slope, double sigma_w,
                          double sigma_b, int layer) {
  const wl_activation_entry *entry = wl_activation_get(activation);
  append(b,
         (wl_step){.kernel = kernel,
                   .model = find_model(b->program, activation, slope, sigma_w, sigma_b),
                   .activation = entry,
                   .fields = entry->fields},
         layer);
}

static void append_activation(builder *b, wl_activation activation, double slope, double sigma_w, double sigma_b,
                              int layer) {
  const wl_kernel kernel = wl_activation_get(activation)->kernel;
  want(b, kernel == WL_KERNEL_rectifier, layer);
  append_kernel(b, kernel, activation, slope, sigma_w, sigma_b, layer);
}

/* A point has of it what it has of leaky_relu of slope 1, or of the identity. */
static void append_dense(builder *b, double sigma_w, double sigma_b, int layer) {
  if (b->scaled)
    append_kernel(b, WL_KERNEL_dense_scaled, WL_ACTIVATION_LEAKY_RELU, 1.0, sigma_w, sigma_b, layer);
  else
    append_kernel(b, WL_KERNEL_identity, WL_ACTIVATION_IDENTITY, 0.0, sigma_w, sigma_b, layer);
}

static void append_layers(builder *b, int first, int end);

static void append_residual(builder *b, int first, int end, int layer) {
  const bool scaled = b->scaled;
  append_plain(b, WL_KERNEL_keep, layer);
  b->frame++;
  if (b->program->frames < b->frame) b->program->frames = b->frame;
  append_layers(b, first, end);
  b->frame--;
  want(b, scaled, layer);
  append_plain(b, scaled ? WL_KERNEL_join_scaled : WL_KERNEL_join, layer);
}

/* Whether the layer is an activation other than the identity. */
static bool bends(const wl_layer *layer) {
  return layer->kind == WL_LAYER_ACTIVATION && layer->activation != WL_ACTIVATION_IDENTITY;
}

/* An activation, and the dense layer behind it if there is one. Returns the last layer that it has seen to. */
static int append_fused(builder *b, int k, int end) {
  const wl_layer *layer = &b->network->layer[k];
  if (!bends(layer)) return k; /* leaves all as it is */
  if (k + 1 < end && layer[1].kind == WL_LAYER_DENSE) {
    append_activation(b, layer->activation, layer->slope, layer[1].sigma_w, layer[1].sigma_b, k + 2);
    return k + 1;
  }
  append_activation(b, layer->activation, layer->slope, 1.0, 0.0, k + 1);
  append_plain(b, b->scaled ? WL_KERNEL_bare_scaled : WL_KERNEL_bare, k + 1);
  return k;
}

/* Layers first … end − 1 of the list. */
static void append_layers(builder *b, int first, int end) {
  for (int k = first; k < end; k++) {
    const wl_layer *layer = &b->network->layer[k];
    switch (layer->kind) {
      case WL_LAYER_DENSE:
        append_dense(b, layer->sigma_w, layer->sigma_b, k + 1);
        break;
      case WL_LAYER_ACTIVATION:
        k = append_fused(b, k, end);
        break;
      case WL_LAYER_NORM:
        append_plain(b, b->scaled ? WL_KERNEL_normalize_scaled : WL_KERNEL_normalize, k + 1);
        break;
      case WL_LAYER_RESIDUAL:
        append_residual(b, k + 1, k + 1 + layer->branch, k + 1);
        k += layer->branch;
        break;
    }
  }
}

static bool is_rectifier(wl_activation activation) {
  return wl_activation_get(activation)->kernel == WL_KERNEL_rectifier;
}

static void build_list(wl_program *program, const wl_network *network) {
  builder b = {.program = program, .network = network};
  int k = 0;
  while (k < network->layer_count && !bends(&network->layer[k])) k++;
  b.scaled = program->scaled = k < network->layer_count && is_rectifier(network->layer[k].activation);
  program->weight = network->layer[0].sigma_w * network->layer[0].sigma_w;
  program->bias = network->layer[0].sigma_b * network->layer[0].sigma_b;
  append_layers(&b, 1, network->layer_count);
  want(&b, false, network->layer_count);
}

static void build_short(wl_program *program, const wl_network *network) {
  builder b = {.program = program, .network = network};
  b.scaled = program->scaled = network->depth > 1 && is_rectifier(network->activation);
  program->weight = network->sigma_w * network->sigma_w;
  program->bias = network->sigma_b * network->sigma_b;
  for (int l = 2; l <= network->depth; l++)
    append_activation(&b, network->activation, network->slope, network->sigma_w, network->sigma_b, l);
  want(&b, false, network->depth);
}

wl_error wl_program_init(wl_program *program, const wl_network *network) {
  const int layers = network->layer_count;
  *program = (wl_program){.block = wl_block_select()};
  /* Of a layer at most three: into its state, itself, and bare or, for a residual, keep and join. Then out of the state. */
  program->step = calloc(layers > 0 ? 3 * (size_t)layers + 1 : (size_t)network->depth, sizeof *program->step);
  program->model = calloc(layers > 0 ? (size_t)layers : 1, sizeof *program->model);
  if (!program->step || !program->model) WL_FAIL(WL_ERROR_MEMORY, "no memory for the layers of a network");
  if (layers > 0)
    build_list(program, network);
  else
    build_short(program, network);
  return WL_OK;
}

void wl_program_release(wl_program *program) {
  free(program->step);
  free(program->model);
  *program = (wl_program){0};
}

void wl_program_bounds(const wl_network *network, int *fields, int *series, int *frames) {
  const int layers = network->layer_count;
  *frames = 0;
  *series = 0;
  if (layers == 0) {
    const wl_activation_entry *entry = wl_activation_get(network->activation);
    *fields = (network->depth - 1) * entry->fields;
    *series = entry->kernel == WL_KERNEL_logistic ? network->depth - 1 : 0;
    return;
  }
  *fields = layers * (WL_FIELDS + 1) + 1;
  for (int k = 0; k < layers; k++) {
    const wl_layer *layer = &network->layer[k];
    if (layer->kind == WL_LAYER_RESIDUAL) *frames = WL_LAYER_NESTING;
    *series +=
        layer->kind == WL_LAYER_ACTIVATION && wl_activation_get(layer->activation)->kernel == WL_KERNEL_logistic;
  }
}

/* ---- a point ---------------------------------------------------------------------------------------------------- */

/* q' = σ_b² + σ_w² E[φ²], Θ' = Θ σ_w² E[φ'²] + q'. */
static double apply_activation(const wl_step *step, wl_point_state *point, double *field) {
  const wl_layer_model *model = step->model;
  double square, slope;
  step->activation->diagonal(model, point->q, &square, &slope);
  const double next = model->bias + model->weight * square;
  point->theta = point->theta * (model->weight * slope) + next;
  if (step->activation->prepare) step->activation->prepare(model, point->q, next, field);
  point->q = next;
  return slope;
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
      field[0] = 1.0 / sqrt(q);
      /* fall through */
    case WL_KERNEL_normalize_scaled:
      point->theta /= q;
      point->q = 1.0;
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
