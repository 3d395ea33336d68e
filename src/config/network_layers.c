#include "config/network_layers.h"

#include <stdio.h>
#include <string.h>

#include "config/schema_private.h"
#include "kernel/layers.h"

/* The list while it is read, and where each of its layers stands. */
typedef struct reading {
  wl_network *network;
  const wl_tree *place[WL_LAYERS];
} reading;

/* The words that are no activations. */
static const struct {
  const char *name;
  wl_layer_kind kind;
} words[] = {{"dense", WL_LAYER_DENSE}, {"residual", WL_LAYER_RESIDUAL}, {"layer_norm", WL_LAYER_NORM}};

static wl_error find_kind(const wl_tree *item, const char *name, wl_layer *layer) {
  for (size_t k = 0; k < sizeof words / sizeof *words; k++) {
    layer->kind = words[k].kind;
    if (strcmp(name, words[k].name) == 0) return WL_OK;
  }
  layer->kind = WL_LAYER_ACTIVATION;
  if (wl_activation_find(name, &layer->activation) == WL_OK) return WL_OK;
  char list[ALLOWED_SIZE] = "", buffer[SHOWN_SIZE];
  for (int a = 0; a < WL_ACTIVATION_COUNT; a++) {
    const size_t used = strlen(list);
    snprintf(list + used, sizeof list - used, ", %s", wl_activation_name((wl_activation)a));
  }
  return wl_tree_fail(item, "there is no layer '%s', there are dense, residual, layer_norm%s",
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

static wl_error read_activation(const wl_tree *options, wl_layer *layer) {
  static const char *const names[] = {"slope", NULL};
  if (is_absent(options)) return WL_OK;
  if (layer->activation != WL_ACTIVATION_LEAKY_RELU)
    return wl_tree_fail(options, "%s stands alone, nothing belongs to it", wl_activation_name(layer->activation));
  WL_TRY(wl_tree_check_keys(options, names));
  return read_option(options, "slope", &layer->slope);
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
  WL_TRY(find_kind(item, map ? item->keys[0] : item->text, layer));
  r->place[at] = item;
  r->network->layer_count++;
  const wl_tree *options = map ? item->items[0] : NULL;
  switch (layer->kind) {
    case WL_LAYER_DENSE:
      return read_dense(options, layer);
    case WL_LAYER_ACTIVATION:
      return read_activation(options, layer);
    case WL_LAYER_RESIDUAL:
      return read_residual(r, item, options, at);
    case WL_LAYER_NORM:
      break;
  }
  return is_absent(options) ? WL_OK : wl_tree_fail(options, "layer_norm stands alone, nothing belongs to it");
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
