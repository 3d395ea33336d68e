#include "config/tune_parameters.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/schema_private.h"

/* What the objectives depend on, of what can change between two evaluations on the same data. */
static bool matters(const char *name) {
  return wl_name_is_within(name, "network") || strcmp(name, "noise_variance") == 0 || strcmp(name, "jitter") == 0;
}

/* Places of tune.parameters[…] are those of its items; the key's name stands in them. */
static wl_error find_key(const wl_schema *schema, const wl_tree *item, const char *name, const wl_key **key) {
  char buffer[SHOWN_SIZE];
  const size_t at = wl_schema_find(schema, name);
  if (at == schema->count)
    return wl_tree_fail(item,
                        "there is no key '%s'; tune varies numbers and choices such as network.sigma_w, "
                        "network.depth, network.activation and noise_variance",
                        wl_shown(name, buffer));
  *key = &schema->keys[at];
  const wl_kind kind = (*key)->kind;
  const bool varies = kind == WL_KIND_INT || kind == WL_KIND_REAL || kind == WL_KIND_CHOICE;
  if (!matters(name) || !varies)
    return wl_tree_fail(item,
                        "%s cannot be tuned: tune varies numbers and choices of network, noise_variance and "
                        "jitter",
                        name);
  return WL_OK;
}

static bool is_within(const wl_key *key, double x) {
  const double low = key->lower.limit, high = key->upper.limit;
  if (key->lower.kind == WL_BOUND_INCLUSIVE && !(x >= low)) return false;
  if (key->lower.kind == WL_BOUND_EXCLUSIVE && !(x > low)) return false;
  if (key->upper.kind == WL_BOUND_INCLUSIVE && !(x <= high)) return false;
  return !(key->upper.kind == WL_BOUND_EXCLUSIVE && !(x < high));
}

static wl_error reject(const wl_tree *value, const wl_key *key) {
  char allowed[ALLOWED_SIZE], buffer[SHOWN_SIZE];
  wl_schema_allowed(key, allowed, sizeof allowed);
  const bool scalar = value->form == WL_TREE_SCALAR;
  return wl_tree_fail(value, "'%s' is not allowed, %s must be %s%s",
                      scalar ? wl_shown(value->text, buffer) : "a list or mapping", key->name, allowed,
                      scalar ? wl_number_hint(value->text) : "");
}

/* A number that the key may be. */
static wl_error read_number(const wl_tree *value, const wl_key *key, double *number) {
  int64_t integer;
  const bool scalar = value->form == WL_TREE_SCALAR;
  bool good;
  if (key->kind == WL_KIND_INT) {
    good = scalar && wl_read_integer(value->text, &integer) && integer <= INT32_MAX && integer >= INT32_MIN;
    if (good) *number = (double)integer;
  } else {
    good = scalar && wl_read_real(value->text, false, number);
  }
  return good && is_within(key, *number) ? WL_OK : reject(value, key);
}

static bool is_choice(const wl_tree *value, const wl_key *key) {
  for (size_t i = 0; i < key->choice_count && value->form == WL_TREE_SCALAR; i++)
    if (strcmp(key->choices[i].name, value->text) == 0) return true;
  return false;
}

static wl_error add_choice(const wl_tree *value, const char *text, wl_tune_parameter *p) {
  for (int i = 0; i < p->choice_count; i++)
    if (strcmp(p->choices[i], text) == 0) return wl_tree_fail(value, "%s is there twice", text);
  p->choices[p->choice_count] = strdup(text);
  if (p->choices[p->choice_count] == NULL) return wl_config_no_memory();
  p->choice_count++;
  return WL_OK;
}

static wl_error create_choices(const wl_tree *item, int64_t count, wl_tune_parameter *p) {
  if (count < 1 || count > WL_TUNE_CHOICES)
    return wl_tree_fail(item, "has %lld values, 1 to %d are allowed", (long long)count, WL_TUNE_CHOICES);
  p->choices = calloc((size_t)count, sizeof *p->choices);
  return p->choices != NULL ? WL_OK : wl_config_no_memory();
}

static wl_error read_list(const wl_tree *item, wl_tune_parameter *p) {
  WL_TRY(create_choices(item, item->count, p));
  for (int64_t i = 0; i < item->count; i++) {
    const wl_tree *value = item->items[i];
    double number;
    if (p->key->kind != WL_KIND_CHOICE)
      WL_TRY(read_number(value, p->key, &number));
    else if (!is_choice(value, p->key))
      return reject(value, p->key);
    WL_TRY(add_choice(value, value->text, p));
  }
  return WL_OK;
}

static wl_error read_scale(const wl_tree *scale, wl_tune_parameter *p) {
  if (scale == NULL) return WL_OK;
  p->logarithmic = strcmp(scale->text, "log") == 0;
  if (!p->logarithmic && strcmp(scale->text, "linear") != 0) return wl_tree_fail(scale, "must be log or linear");
  if (p->logarithmic && !(p->from > 0.0))
    return wl_tree_fail(scale, "is log, for which from must be above 0, but it is %g", p->from);
  return WL_OK;
}

static wl_error expand_integers(const wl_tree *item, wl_tune_parameter *p) {
  p->range = false;
  WL_TRY(create_choices(item, (int64_t)(p->to - p->from) + 1, p));
  for (int64_t i = (int64_t)p->from; i <= (int64_t)p->to; i++) {
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)i);
    WL_TRY(add_choice(item, text, p));
  }
  return WL_OK;
}

static wl_error read_range(const wl_tree *item, wl_tune_parameter *p) {
  static const char *const names[] = {"from", "to", "scale", NULL};
  WL_TRY(wl_tree_check_keys(item, names));
  const wl_tree *from = wl_tree_get(item, "from"), *to = wl_tree_get(item, "to");
  if (from == NULL || to == NULL) return wl_tree_fail(item, "needs from and to");
  if (p->key->kind == WL_KIND_CHOICE) return wl_tree_fail(item, "has no range: give a list of its values");
  WL_TRY(read_number(from, p->key, &p->from));
  WL_TRY(read_number(to, p->key, &p->to));
  if (!(p->from < p->to))
    return wl_tree_fail(item, "from must be below to, but %g is not below %g", p->from, p->to);
  p->range = true;
  WL_TRY(read_scale(wl_tree_get(item, "scale"), p));
  return p->key->kind == WL_KIND_INT ? expand_integers(item, p) : WL_OK;
}

wl_error wl_tune_parameters_read(const wl_schema *schema, const wl_tree *tree, wl_tune_parameters *result) {
  *result = (wl_tune_parameters){0};
  if (tree->form != WL_TREE_MAP || tree->count == 0)
    return wl_tree_fail(tree, "must map keys to ranges {from: 0.5, to: 3, scale: log} or lists of values");
  result->parameter = calloc((size_t)tree->count, sizeof *result->parameter);
  if (result->parameter == NULL) return wl_config_no_memory();
  for (int64_t i = 0; i < tree->count; i++) {
    const wl_tree *item = tree->items[i];
    wl_tune_parameter *p = &result->parameter[result->count++];
    WL_TRY(find_key(schema, item, tree->keys[i], &p->key));
    if (item->form == WL_TREE_SCALAR)
      return wl_tree_fail(item, "must be a range {from: 0.5, to: 3, scale: log} or a list of values");
    WL_TRY(item->form == WL_TREE_LIST ? read_list(item, p) : read_range(item, p));
  }
  return WL_OK;
}

void wl_tune_parameters_clear(wl_tune_parameters *parameters) {
  for (int i = 0; i < parameters->count; i++) {
    wl_tune_parameter *p = &parameters->parameter[i];
    for (int k = 0; k < p->choice_count; k++) free(p->choices[k]);
    free(p->choices);
  }
  free(parameters->parameter);
  *parameters = (wl_tune_parameters){0};
}
