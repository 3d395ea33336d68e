/**
 * @file schema_format.c
 * From the members to YAML.
 */
#include <string.h>

#include "config/schema_private.h"

/** The mapping of that name within another one, made if it is not there; 0 on failure. */
static int section_within(yaml_document_t *document, int parent, const char *name, size_t length) {
  const yaml_node_t *node = yaml_document_get_node(document, parent);
  const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
  for (; pair < node->data.mapping.pairs.top; pair++) {
    const yaml_node_t *key = yaml_document_get_node(document, pair->key);
    if (key->data.scalar.length == length && memcmp(key->data.scalar.value, name, length) == 0) return pair->value;
  }
  const int key =
      yaml_document_add_scalar(document, NULL, (const yaml_char_t *)name, (int)length, YAML_PLAIN_SCALAR_STYLE);
  const int section = yaml_document_add_mapping(document, NULL, YAML_BLOCK_MAPPING_STYLE);
  if (key == 0 || section == 0 || !yaml_document_append_mapping_pair(document, parent, key, section)) return 0;
  return section;
}

/** Adds a value under `name` of a section. */
static bool add_named(yaml_document_t *document, int section, const char *name, const wl_key *key,
                      const void *holder) {
  if (section == 0) return false;
  const int key_node = wl_yaml_add(document, name, YAML_PLAIN_SCALAR_STYLE);
  const int value_node = wl_kind_write(document, key, holder);
  return key_node != 0 && value_node != 0 &&
         yaml_document_append_mapping_pair(document, section, key_node, value_node) != 0;
}

static bool add_nested(yaml_document_t *document, int root, const wl_key *key, const void *holder) {
  const char *name = key->name;
  int section = root;
  for (size_t length; section != 0 && name[length = strcspn(name, ".")] == '.'; name += length + 1)
    section = section_within(document, section, name, length);
  return add_named(document, section, name, key, holder);
}

static bool add_flat(yaml_document_t *document, int root, const wl_key *key, const void *holder) {
  return add_named(document, root, key->name, key, holder);
}

/** RUN includes FACTOR, and NONE all. */
static bool is_in(wl_scope scope, const wl_key *key) {
  return scope == WL_SCOPE_NONE || key->scope == scope || (scope == WL_SCOPE_RUN && key->scope == WL_SCOPE_FACTOR);
}

static wl_error format(const wl_schema *schema, const void *holder, const char *file, wl_scope scope,
                       bool (*add)(yaml_document_t *, int, const wl_key *, const void *), char **text) {
  yaml_document_t document;
  *text = NULL;
  if (!yaml_document_initialize(&document, NULL, NULL, NULL, 1, 1)) return wl_config_no_memory();
  const int root = yaml_document_add_mapping(&document, NULL, YAML_BLOCK_MAPPING_STYLE);
  for (size_t k = 0; k < schema->count; k++) {
    const wl_key *key = &schema->keys[k];
    if (!is_in(scope, key) || !wl_kind_is_given(key, holder) || add(&document, root, key, holder)) continue;
    yaml_document_delete(&document);
    WL_FAIL(WL_ERROR_CONFIG, "%s: %s: cannot be written as YAML (names and paths must be UTF-8)", file, key->name);
  }
  size_t length = 0;
  return wl_yaml_emit(&document, text, &length);
}

wl_error wl_schema_format(const wl_schema *schema, const void *holder, const char *file, char **text) {
  return format(schema, holder, file, WL_SCOPE_NONE, add_nested, text);
}

wl_error wl_schema_fingerprint(const wl_schema *schema, const void *holder, const char *file, wl_scope scope,
                               char **text) {
  return format(schema, holder, file, scope, add_flat, text);
}

void wl_schema_release(const wl_schema *schema, void *holder) {
  for (size_t key = 0; key < schema->count; key++) wl_kind_release(&schema->keys[key], holder);
}

wl_error wl_schema_begin(wl_schema_locale *locale) {
  locale->plain = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
  if (locale->plain == (locale_t)0) return wl_config_no_memory();
  locale->callers = uselocale(locale->plain);
  return WL_OK;
}

void wl_schema_end(wl_schema_locale *locale) {
  uselocale(locale->callers);
  freelocale(locale->plain);
}
