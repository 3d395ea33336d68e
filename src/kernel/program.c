#include "kernel/program.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/block.h"
#include "kernel/function.h"
#include "kernel/layers.h"

/* Numbers of a point that a step without an activation has. */
static int plain_fields(wl_kernel kernel) {
  switch (kernel) {
    case WL_KERNEL_scale:
    case WL_KERNEL_unscale:
    case WL_KERNEL_normalize:
    case WL_KERNEL_dropout_scaled:
      return 1;
    case WL_KERNEL_join_scaled:
    case WL_KERNEL_standard_scaled:
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
  if (!scaled && last && (last->kernel == WL_KERNEL_rectifier || last->kernel == WL_KERNEL_rectifier_general))
    last->unscale = true;
  else
    append_plain(b, scaled ? WL_KERNEL_scale : WL_KERNEL_unscale, layer);
}

/* The model of a function and a dense layer, made once for all layers that have it. */
static const wl_layer_model *find_model(wl_program *p, const wl_function *f, double sigma_w, double sigma_b) {
  for (int k = 0; k < p->models; k++) {
    const wl_layer_model *m = &p->model[k];
    if (m->activation == f->activation && m->slope == f->slope && m->sigma_w == sigma_w && m->sigma_b == sigma_b &&
        memcmp(&m->shape, &f->shape, sizeof f->shape) == 0)
      return m;
  }
  wl_layer_model_init(&p->model[p->models], f->activation, f->slope, &f->shape, sigma_w, sigma_b);
  return &p->model[p->models++];
}

/* A function and a dense layer, whose part in Θ is κ where nothing else is said. */
static void append_kernel(builder *b, wl_kernel kernel, const wl_activation_entry *entry, const wl_function *f,
                          double sigma_w, double sigma_b, int layer) {
  const wl_layer_model *model = find_model(b->program, f, sigma_w, sigma_b);
  const int fields = entry->fields + model->shifted.terms;
  append(b, (wl_step){.kernel = kernel, .model = model, .activation = entry, .fields = fields}, layer);
  if (f->shape.keep < 1.0) b->program->dropout = true;
}

static bool is_standard(const wl_network *network) {
  return network->parameterization == WL_PARAMETERIZATION_STANDARD;
}

/*
 * The rest of a dense layer in standard parametrization, whose weights, of N units that enter, have been there without biases:
 * κ = σ_w² κ_in and Θ = σ_w² Θ_in + κ become κ + σ_b² and σ_w² Θ_in + N κ_in, + 1 with biases.
 */
static void append_standard(builder *b, double units, double sigma_w, double sigma_b, int layer) {
  const wl_kernel kernel = b->scaled ? WL_KERNEL_standard_scaled : WL_KERNEL_standard;
  const wl_function plain = wl_function_plain(WL_ACTIVATION_LEAKY_RELU, 1.0); /* whose fields a dense layer has */
  wl_function f = wl_function_with_units(&plain, units, sigma_w, sigma_b);
  f.shape.gain -= 1.0;
  append(b,
         (wl_step){
             .kernel = kernel, .model = find_model(b->program, &f, 1.0, sigma_b), .fields = plain_fields(kernel)},
         layer);
}

/* Units of the layer below are multiplied. */
static void append_factor(builder *b, double factor, int layer) {
  const wl_kernel kernel = b->scaled ? WL_KERNEL_normalize_scaled : WL_KERNEL_normalize;
  if (factor == 1.0) return;
  append(b, (wl_step){.kernel = kernel, .fields = plain_fields(kernel), .factor = factor}, layer);
}

/* All units but a share `keep` are set to 0, and those that stay divided by it. */
static void append_dropout(builder *b, double keep, int layer) {
  const wl_kernel kernel = b->scaled ? WL_KERNEL_dropout_scaled : WL_KERNEL_dropout;
  if (keep == 1.0) return;
  append(b, (wl_step){.kernel = kernel, .fields = plain_fields(kernel), .factor = keep}, layer);
  b->program->dropout = true;
}

static void append_function(builder *b, const wl_function *f, bool general, double sigma_w, double sigma_b,
                            int layer) {
  const wl_activation_entry *entry = general ? wl_activation_of_lists(WL_KERNEL_rectifier_general) : f->entry;
  want(b, f->entry->kernel == WL_KERNEL_rectifier, layer);
  append_factor(b, f->inner, layer);
  append_kernel(b, entry->kernel, entry, f, f->outer * sigma_w, sigma_b, layer);
}

/* With the dense layer behind it. In standard parametrization a rectifier sees to all of that, another activation to its weights. */
static void append_function_dense(builder *b, const wl_function *f, double sigma_w, double sigma_b, int layer) {
  const bool rectifier = f->entry->kernel == WL_KERNEL_rectifier, standard = is_standard(b->network),
             rest = standard && !rectifier;
  const double units = b->network->width, bias = rest ? 0.0 : sigma_b;
  const wl_function g =
      standard && rectifier ? wl_function_with_units(f, units, sigma_w, sigma_b) : wl_function_with_kappa(f, bias);
  append_function(b, &g, rectifier && (standard || f->shape.keep < 1.0), sigma_w, bias, layer);
  if (rest) append_standard(b, units, sigma_w, sigma_b, layer);
}

/* A point has of it what it has of leaky_relu of slope 1, or of the identity. */
static void append_dense(builder *b, double sigma_w, double sigma_b, int layer) {
  const wl_function plain = b->scaled ? wl_function_plain(WL_ACTIVATION_LEAKY_RELU, 1.0)
                                      : wl_function_plain(WL_ACTIVATION_IDENTITY, 0.0);
  const bool standard = is_standard(b->network);
  const double bias = standard ? 0.0 : sigma_b;
  const wl_function f = wl_function_with_kappa(&plain, bias);
  append_kernel(b, b->scaled ? WL_KERNEL_dense_scaled : WL_KERNEL_identity, f.entry, &f, sigma_w, bias, layer);
  if (standard) append_standard(b, b->network->width, sigma_w, sigma_b, layer);
}

/* The start of a block sees to it, but for biases in standard parametrization. */
static void append_first(builder *b, int64_t dimension, double sigma_w, double sigma_b) {
  const bool standard = is_standard(b->network);
  b->program->weight = sigma_w * sigma_w;
  b->program->bias = standard ? 0.0 : sigma_b * sigma_b;
  b->program->scaled = b->scaled;
  if (standard) append_standard(b, (double)dimension, sigma_w, sigma_b, 1);
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
  const wl_function f = wl_function_of(layer);
  return wl_layer_is_activation(layer) && (f.entry->kernel != WL_KERNEL_identity || f.inner * f.outer != 1.0);
}

/* An activation, and the dense layer behind it if there is one, with a dropout in between. Returns the last layer that it has seen to. */
static int append_fused(builder *b, int k, int end) {
  const wl_layer *layer = &b->network->layer[k];
  wl_function f = wl_function_of(layer);
  if (!bends(layer)) return k; /* leaves all as it is */
  const int behind = k + 1 < end && layer[1].kind == WL_LAYER_DROPOUT ? k + 2 : k + 1;
  const wl_layer *dense = &b->network->layer[behind];
  if (behind < end && dense->kind == WL_LAYER_DENSE) {
    if (behind > k + 1) f.shape.keep = layer[1].keep;
    append_function_dense(b, &f, dense->sigma_w, dense->sigma_b, behind + 1);
    return behind;
  }
  f = wl_function_with_kappa(&f, 0.0);
  append_function(b, &f, false, 1.0, 0.0, k + 1);
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
      case WL_LAYER_NORM:
        append_plain(b, b->scaled ? WL_KERNEL_normalize_scaled : WL_KERNEL_normalize, k + 1);
        break;
      case WL_LAYER_DROPOUT:
        append_dropout(b, layer->keep, k + 1);
        break;
      case WL_LAYER_RESIDUAL:
        append_residual(b, k + 1, k + 1 + layer->branch, k + 1);
        k += layer->branch;
        break;
      default:
        k = append_fused(b, k, end);
    }
  }
}

static void build_list(wl_program *program, const wl_network *network, int64_t dimension) {
  builder b = {.program = program, .network = network};
  int k = 0;
  while (k < network->layer_count && !bends(&network->layer[k])) k++;
  b.scaled = k < network->layer_count && wl_function_of(&network->layer[k]).entry->kernel == WL_KERNEL_rectifier;
  append_first(&b, dimension, network->layer[0].sigma_w, network->layer[0].sigma_b);
  append_layers(&b, 1, network->layer_count);
  want(&b, false, network->layer_count);
}

static void build_short(wl_program *program, const wl_network *network, int64_t dimension) {
  builder b = {.program = program, .network = network};
  const wl_function f = wl_function_plain(network->activation, network->slope);
  b.scaled = network->depth > 1 && f.entry->kernel == WL_KERNEL_rectifier;
  append_first(&b, dimension, network->sigma_w, network->sigma_b);
  for (int l = 2; l <= network->depth; l++) append_function_dense(&b, &f, network->sigma_w, network->sigma_b, l);
  want(&b, false, network->depth);
}

wl_error wl_program_init(wl_program *program, const wl_network *network, int64_t dimension) {
  const int layers = network->layer_count;
  *program = (wl_program){.block = wl_block_select()};
  /* Of a layer at most four: into its state, a factor, itself, and bare; for a residual keep and join. Then out of the state. In standard parametrization
     each dense layer has one more, and a model of its own. */
  program->step = calloc(layers > 0 ? 4 * (size_t)layers + 1 : 2 * (size_t)network->depth, sizeof *program->step);
  program->model = calloc(layers > 0 ? 2 * (size_t)layers : 3, sizeof *program->model);
  if (!program->step || !program->model) WL_FAIL(WL_ERROR_MEMORY, "no memory for the layers of a network");
  if (layers > 0)
    build_list(program, network, dimension);
  else
    build_short(program, network, dimension);
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
    *fields = (network->depth - 1) * entry->fields + (is_standard(network) ? network->depth * 4 + 1 : 0);
    *series = entry->kernel == WL_KERNEL_logistic ? network->depth - 1 : 0;
    return;
  }
  *fields = layers * (WL_FIELDS + 2) + 1;
  for (int k = 0; k < layers; k++) {
    const wl_layer *layer = &network->layer[k];
    if (layer->kind == WL_LAYER_RESIDUAL) *frames = WL_LAYER_NESTING;
    if (wl_layer_has_shift(layer)) *fields += wl_shifted_erf_terms(fabs(layer->c));
    *series +=
        layer->kind == WL_LAYER_ACTIVATION && wl_activation_get(layer->activation)->kernel == WL_KERNEL_logistic;
  }
}
