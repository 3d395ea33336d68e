#include "config/network_layers.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "config/schema_private.h"
#include "kernel/layers.h"

/* The list while it is read, and where each of its layers stands. */
typedef struct reading {
  wl_network *network;
  const wl_tree *place[WL_LAYERS];
} reading;

/* The words that are not among the activations of all networks, and what a, b, c are where they are left out; NAN: they may not
   be. The options of an activation are named in `options`. */
static const struct word {
  const char *name;
  wl_layer_kind kind;
  double a, b, c;
  const char *options[4];
} words[] = {{"dense", WL_LAYER_DENSE, 0.0, 0.0, 0.0, {NULL}},
             {"residual", WL_LAYER_RESIDUAL, 0.0, 0.0, 0.0, {NULL}},
             {"layer_norm", WL_LAYER_NORM, 0.0, 0.0, 0.0, {NULL}},
             {"dropout", WL_LAYER_DROPOUT, 0.0, 0.0, 0.0, {NULL}},
             {"abs", WL_LAYER_ABRELU, -1.0, 1.0, 0.0, {NULL}},
             {"abrelu", WL_LAYER_ABRELU, (double)NAN, (double)NAN, 0.0, {"a", "b", NULL}},
             {"gaussian", WL_LAYER_GAUSSIAN, 1.0, -1.0, 0.0, {"a", "b", NULL}},
             {"exp", WL_LAYER_EXP, 1.0, 1.0, 0.0, {"a", "b", NULL}},
             {"rbf", WL_LAYER_SINE, M_SQRT2, M_SQRT2, M_PI_4, {"gamma", NULL}},
             {"polynomial", WL_LAYER_POLYNOMIAL, 0.0, 0.0, 0.0, {"hermite", NULL}}};
/* Those that have options of the activations of all networks; with any, sin and cos are a sin(b z + c). */
static const struct word changed[] = {{"leaky_relu", WL_LAYER_ACTIVATION, 0.0, 0.0, 0.0, {"slope", NULL}},
                                      {"erf", WL_LAYER_ACTIVATION, 1.0, 1.0, 0.0, {"a", "b", "c", NULL}},
                                      {"sin", WL_LAYER_SINE, 1.0, 1.0, 0.0, {"a", "b", "c", NULL}},
                                      {"cos", WL_LAYER_SINE, 1.0, 1.0, 0.0, {"a", "b", "c", NULL}}};

static const struct word *find_word(const struct word *list, size_t count, const char *name) {
  for (size_t k = 0; k < count; k++)
    if (strcmp(name, list[k].name) == 0) return &list[k];
  return NULL;
}

static wl_error find_kind(const wl_tree *item, const char *name, wl_layer *layer) {
  const struct word *word = find_word(words, sizeof words / sizeof *words, name);
  layer->kind = WL_LAYER_ACTIVATION;
  if (word) {
    layer->kind = word->kind;
    layer->a = word->a;
    layer->b = word->b;
    layer->c = word->c;
    return WL_OK;
  }
  if (wl_activation_find(name, &layer->activation) == WL_OK) return WL_OK;
  char list[ALLOWED_SIZE] = "", buffer[SHOWN_SIZE];
  for (int a = 0; a < WL_ACTIVATION_COUNT; a++) {
    const size_t used = strlen(list);
    snprintf(list + used, sizeof list - used, ", %s", wl_activation_name((wl_activation)a));
  }
  return wl_tree_fail(
      item,
      "there is no layer '%s', there are dense, residual, layer_norm, dropout, abs, abrelu, gaussian, exp, rbf, "
      "polynomial%s",
      wl_shown(name, buffer), list);
}

/* Whether there is nothing: the layer by its name alone. */
static bool is_absent(const wl_tree *options) {
  return !options || (options->form == WL_TREE_SCALAR && options->text[0] == '\0' && !options->quoted);
}

/* A number among the options; what is there stays where it is left out. */
static wl_error read_option(const wl_tree *options, const char *name, double *number) {
  const wl_tree *value = wl_tree_get(options, name);
  return value ? wl_tree_real(value, number) : WL_OK;
}

static wl_error read_dense(const wl_tree *options, wl_layer *layer) {
  static const char *const names[] = {"sigma_w", "sigma_b", NULL};
  if (is_absent(options)) return WL_OK;
  WL_TRY(wl_tree_check_keys(options, names));
  WL_TRY(read_option(options, "sigma_w", &layer->sigma_w));
  return read_option(options, "sigma_b", &layer->sigma_b);
}

/* What is kept is to be said: elsewhere a rate is what is kept, or what is not. */
static wl_error read_dropout(const wl_tree *item, const wl_tree *options, wl_layer *layer) {
  static const char *const names[] = {"keep", NULL};
  if (!is_absent(options)) WL_TRY(wl_tree_check_keys(options, names));
  const wl_tree *keep = is_absent(options) ? NULL : wl_tree_get(options, "keep");
  if (!keep) return wl_tree_fail(item, "needs keep, the probability that a unit stays");
  return wl_tree_real(keep, &layer->keep);
}

static wl_error read_hermite(const wl_tree *item, const wl_tree *list, wl_layer *layer) {
  if (!list || list->form != WL_TREE_LIST || list->count < 1 || list->count > WL_LAYER_HERMITE)
    return wl_tree_fail(list ? list : item, "needs hermite, a list of 1 to %d coefficients", WL_LAYER_HERMITE);
  for (int64_t n = 0; n < list->count; n++) WL_TRY(wl_tree_real(list->items[n], &layer->hermite[n]));
  return WL_OK;
}

/* What the options change; they are there, or nothing is left out. */
static wl_error read_numbers(const wl_tree *item, const wl_tree *options, const char *name, wl_layer *layer) {
  double gamma = 1.0;
  WL_TRY(read_option(options, "slope", &layer->slope));
  WL_TRY(read_option(options, "a", &layer->a));
  WL_TRY(read_option(options, "b", &layer->b));
  WL_TRY(read_option(options, "c", &layer->c));
  WL_TRY(read_option(options, "gamma", &gamma));
  if (!(gamma > 0.0)) return wl_tree_fail(options, "gamma must be above 0");
  if (strcmp(name, "rbf") == 0) layer->b = sqrt(2.0 * gamma);
  if (strcmp(name, "cos") == 0) layer->c += M_PI_2;
  if (strcmp(name, "leaky_relu") != 0 && (layer->a == 0.0 || layer->b == 0.0) && layer->kind != WL_LAYER_ABRELU)
    return wl_tree_fail(options, "a and b of %s must not be 0", name);
  if (isnan(layer->a) || isnan(layer->b)) return wl_tree_fail(item, "%s needs a and b", name);
  return WL_OK;
}

static wl_error read_activation(const wl_tree *item, const wl_tree *options, const char *name, wl_layer *layer) {
  const struct word *word = find_word(words, sizeof words / sizeof *words, name),
                    *change = find_word(changed, sizeof changed / sizeof *changed, name);
  if (layer->kind == WL_LAYER_POLYNOMIAL && is_absent(options)) return read_hermite(item, NULL, layer);
  if (is_absent(options)) return isnan(layer->a) ? wl_tree_fail(item, "%s needs a and b", name) : WL_OK;
  if (!word) word = change;
  if (!word || !word->options[0]) return wl_tree_fail(options, "%s stands alone, nothing belongs to it", name);
  WL_TRY(wl_tree_check_keys(options, word->options));
  if (layer->kind == WL_LAYER_POLYNOMIAL) return read_hermite(item, wl_tree_get(options, "hermite"), layer);
  if (change) {
    layer->kind = change->kind;
    layer->a = change->a;
    layer->b = change->b;
  }
  return read_numbers(item, options, name, layer);
}

static wl_error read_list(reading *r, const wl_tree *list);

static wl_error read_residual(reading *r, const wl_tree *item, const wl_tree *options, int at) {
  if (is_absent(options)) return wl_tree_fail(item, "is a residual without its branch, a list of layers");
  WL_TRY(read_list(r, options));
  r->network->layer[at].branch = r->network->layer_count - at - 1;
  return WL_OK;
}

/* "relu", or "dense: …". */
static wl_error read_item(reading *r, const wl_tree *item) {
  const bool map = item->form == WL_TREE_MAP;
  const int at = r->network->layer_count;
  if (item->form == WL_TREE_LIST || (map && item->count != 1) || (!map && is_absent(item)))
    return wl_tree_fail(item,
                        "must be a layer: a name such as relu, or a mapping of one such as dense: {sigma_w: 1.5}");
  if (at == WL_LAYERS) return wl_tree_fail(item, "is one layer too many, at most %d are possible", WL_LAYERS);
  const wl_network fallback = wl_network_default();
  wl_layer *layer = &r->network->layer[at];
  *layer = (wl_layer){.slope = fallback.slope, .sigma_w = fallback.sigma_w, .sigma_b = fallback.sigma_b};
  const char *name = map ? item->keys[0] : item->text;
  WL_TRY(find_kind(item, name, layer));
  r->place[at] = item;
  r->network->layer_count++;
  const wl_tree *options = map ? item->items[0] : NULL;
  switch (layer->kind) {
    case WL_LAYER_DENSE:
      return read_dense(options, layer);
    case WL_LAYER_DROPOUT:
      return read_dropout(item, options, layer);
    case WL_LAYER_RESIDUAL:
      return read_residual(r, item, options, at);
    default: /* layer_norm is no activation, but has no options either */
      return read_activation(item, options, name, layer);
  }
}

static wl_error read_list(reading *r, const wl_tree *list) {
  if (list->form != WL_TREE_LIST || list->count == 0) return wl_tree_fail(list, "must be a list of layers");
  for (int64_t i = 0; i < list->count; i++) WL_TRY(read_item(r, list->items[i]));
  return WL_OK;
}

wl_error wl_network_layers_read(const wl_tree *tree, wl_network *network) {
  reading r = {.network = network};
  int at;
  network->layer_count = 0;
  WL_TRY(read_list(&r, tree));
  const wl_error error = wl_layers_check(network, &at);
  return error == WL_OK ? WL_OK : wl_tree_fail(r.place[at], "%s", wl_error_message());
}
