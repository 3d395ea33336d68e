/**
 * @file tree.c
 * Parts of a configuration that are handed on as they are.
 */
#include "config/tree.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/schema_private.h"

void wl_tree_destroy(wl_tree **tree) {
  wl_tree *t = *tree;
  if (t == NULL) return;
  for (int64_t i = 0; i < t->count; i++) {
    if (t->keys != NULL) free(t->keys[i]);
    wl_tree_destroy(&t->items[i]);
  }
  free(t->keys);
  free(t->items);
  free(t->text);
  free(t->where);
  free(t);
  *tree = NULL;
}

const wl_tree *wl_tree_get(const wl_tree *tree, const char *key) {
  for (int64_t i = 0; tree->form == WL_TREE_MAP && i < tree->count; i++)
    if (strcmp(tree->keys[i], key) == 0) return tree->items[i];
  return NULL;
}

wl_error wl_tree_fail(const wl_tree *tree, const char *format, ...) {
  char text[WL_MESSAGE_SIZE];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  WL_FAIL(WL_ERROR_CONFIG, "%s: %s", tree->where, text);
}

static wl_error reject(const wl_tree *tree, const char *allowed) {
  char buffer[SHOWN_SIZE];
  if (tree->form == WL_TREE_LIST) return wl_tree_fail(tree, "is a list, it must be %s", allowed);
  if (tree->form == WL_TREE_MAP) return wl_tree_fail(tree, "is a mapping, it must be %s", allowed);
  return wl_tree_fail(tree, "'%s' is not allowed, it must be %s%s", wl_shown(tree->text, buffer), allowed,
                      wl_number_hint(tree->text));
}

wl_error wl_tree_real(const wl_tree *tree, double *number) {
  if (tree->form == WL_TREE_SCALAR && wl_read_real(tree->text, false, number)) return WL_OK;
  return reject(tree, "a number");
}

wl_error wl_tree_integer(const wl_tree *tree, int64_t *number) {
  if (tree->form == WL_TREE_SCALAR && wl_read_integer(tree->text, number)) return WL_OK;
  return reject(tree, "an integer");
}

static bool is_among(const char *const *names, const char *name) {
  while (*names != NULL && strcmp(*names, name) != 0) names++;
  return *names != NULL;
}

wl_error wl_tree_check_keys(const wl_tree *tree, const char *const *names) {
  char list[ALLOWED_SIZE] = "", buffer[SHOWN_SIZE];
  for (size_t i = 0, used = 0; names[i] != NULL && used < sizeof list; i++)
    used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i > 0 ? ", " : "", names[i]);
  if (tree->form != WL_TREE_MAP) return wl_tree_fail(tree, "must be a mapping of %s", list);
  for (int64_t i = 0; i < tree->count; i++)
    if (!is_among(names, tree->keys[i]))
      return wl_tree_fail(tree, "has no key '%s', it has %s", wl_shown(tree->keys[i], buffer), list);
  return WL_OK;
}

/* ---- from libyaml ------------------------------------------------------------------------------------------------ */

/** What is copied: aliases may repeat, and even contain, what they stand in. */
typedef struct copying {
  const wl_origin *from;
  yaml_document_t *document;
  int nodes;
} copying;

static wl_error copy(copying *c, const char *name, int line, int depth, const yaml_node_t *node, wl_tree **tree);

/** The text without zeros; NULL without memory. */
static wl_error copy_text(wl_place at, const yaml_node_t *node, char **text) {
  if (strlen((const char *)node->data.scalar.value) != node->data.scalar.length)
    return wl_place_fail(at, "holds a zero byte");
  *text = strdup((const char *)node->data.scalar.value);
  return *text != NULL ? WL_OK : wl_config_no_memory();
}

static wl_error copy_list(copying *c, wl_place at, int depth, const yaml_node_t *node, wl_tree *t) {
  const yaml_node_item_t *start = node->data.sequence.items.start;
  const int64_t count = node->data.sequence.items.top - start;
  t->form = WL_TREE_LIST;
  t->items = calloc((size_t)count + 1, sizeof(wl_tree *));
  if (t->items == NULL) return wl_config_no_memory();
  for (int64_t i = 0; i < count; i++) {
    const yaml_node_t *item = yaml_document_get_node(c->document, start[i]);
    char name[NAME_SIZE];
    snprintf(name, sizeof name, "%s[%lld]", at.name, (long long)i);
    t->count = i + 1;
    WL_TRY(copy(c, name, (int)item->start_mark.line + 1, depth + 1, item, &t->items[i]));
  }
  return WL_OK;
}

static wl_error copy_map(copying *c, wl_place at, int depth, const yaml_node_t *node, wl_tree *t) {
  const yaml_node_pair_t *pairs = node->data.mapping.pairs.start;
  const int64_t count = node->data.mapping.pairs.top - pairs;
  t->form = WL_TREE_MAP;
  t->items = calloc((size_t)count + 1, sizeof(wl_tree *));
  t->keys = calloc((size_t)count + 1, sizeof(char *));
  if (t->items == NULL || t->keys == NULL) return wl_config_no_memory();
  for (int64_t i = 0; i < count; i++) {
    const yaml_node_t *key = yaml_document_get_node(c->document, pairs[i].key);
    wl_place here = {at.from, (int)key->start_mark.line + 1, at.name};
    if (key->type != YAML_SCALAR_NODE) return wl_place_fail(here, "a key must be a plain name");
    char name[NAME_SIZE], buffer[SHOWN_SIZE];
    snprintf(name, sizeof name, "%s.%s", at.name, wl_shown((const char *)key->data.scalar.value, buffer));
    here.name = name;
    char *text = NULL;
    WL_TRY(copy_text(here, key, &text));
    const bool twice = wl_tree_get(t, text) != NULL;
    t->keys[i] = text;
    t->count = i + 1;
    if (twice) return wl_place_fail(here, "is given twice");
    WL_TRY(copy(c, name, here.line, depth + 1, yaml_document_get_node(c->document, pairs[i].value), &t->items[i]));
  }
  return WL_OK;
}

static const char plain_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.+-/";

/** A number or a word, which needs no quotes wherever it stands. */
static bool is_plain(const char *text) {
  const char *start = text + (text[0] == '-' || text[0] == '+');
  if (start[0] == '.') start++;
  return isalnum((unsigned char)start[0]) && start[strspn(start, plain_letters)] == '\0';
}

static wl_error copy_scalar(wl_place at, const yaml_node_t *node, wl_tree *t) {
  if (wl_yaml_is_null(node)) return (t->text = strdup("")) != NULL ? WL_OK : wl_config_no_memory();
  WL_TRY(copy_text(at, node, &t->text));
  t->quoted = node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE || !is_plain(t->text);
  return WL_OK;
}

static wl_error copy(copying *c, const char *name, int line, int depth, const yaml_node_t *node, wl_tree **tree) {
  const wl_place at = {c->from, line, name};
  if (depth > WL_TREE_DEPTH) return wl_place_fail(at, "is nested more than %d deep", WL_TREE_DEPTH);
  if (++c->nodes > WL_TREE_NODES) return wl_place_fail(at, "has more than %d values", WL_TREE_NODES);
  wl_tree *t = *tree = calloc(1, sizeof *t);
  char where[WL_MESSAGE_SIZE];
  wl_place_text(at, where, sizeof where);
  if (t == NULL || (t->where = strdup(where)) == NULL) return wl_config_no_memory();
  if (node->type == YAML_SEQUENCE_NODE) return copy_list(c, at, depth, node, t);
  if (node->type == YAML_MAPPING_NODE) return copy_map(c, at, depth, node, t);
  return copy_scalar(at, node, t);
}

wl_error wl_tree_create(wl_place at, yaml_document_t *document, const yaml_node_t *node, wl_tree **tree) {
  copying c = {at.from, document, 0};
  *tree = NULL;
  const wl_error error = copy(&c, at.name, at.line, 0, node, tree);
  if (error != WL_OK) wl_tree_destroy(tree);
  return error;
}

/* ---- to libyaml -------------------------------------------------------------------------------------------------- */

static int write_scalar(yaml_document_t *document, const wl_tree *tree) {
  if (tree->quoted) return wl_yaml_add(document, tree->text, YAML_DOUBLE_QUOTED_SCALAR_STYLE);
  return wl_yaml_add(document, tree->text[0] != '\0' ? tree->text : "~", YAML_PLAIN_SCALAR_STYLE);
}

int wl_tree_write(yaml_document_t *document, const wl_tree *tree) {
  if (tree->form == WL_TREE_SCALAR) return write_scalar(document, tree);
  const bool map = tree->form == WL_TREE_MAP;
  const int node = map ? yaml_document_add_mapping(document, NULL, YAML_FLOW_MAPPING_STYLE)
                       : yaml_document_add_sequence(document, NULL, YAML_FLOW_SEQUENCE_STYLE);
  bool good = node != 0;
  for (int64_t i = 0; good && i < tree->count; i++) {
    const int key = map ? wl_yaml_add(document, tree->keys[i], YAML_ANY_SCALAR_STYLE) : 0;
    const int item = wl_tree_write(document, tree->items[i]);
    good = item != 0 && (map ? key != 0 && yaml_document_append_mapping_pair(document, node, key, item)
                             : yaml_document_append_sequence_item(document, node, item));
  }
  return good ? node : 0;
}
