/**
 * @file config_format.c
 * The effective configuration as YAML text.
 */
#include <errno.h>
#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config_schema.h"

static const char heading[] =
    "# The effective configuration of a widelimit run: defaults filled in, paths absolute.\n"
    "# `widelimit run` on this file repeats the run.\n";

wl_error wl_config_emit(yaml_document_t *document, char **text, size_t *length) {
  *text = NULL;
  FILE *stream = open_memstream(text, length);
  yaml_emitter_t emitter;
  if (stream == NULL || !yaml_emitter_initialize(&emitter)) {
    if (stream != NULL) fclose(stream);
    free(*text);
    yaml_document_delete(document);
    WL_FAIL(WL_ERROR_MEMORY, "no memory for the configuration");
  }
  yaml_emitter_set_output_file(&emitter, stream);
  yaml_emitter_set_width(&emitter, -1);
  yaml_emitter_set_unicode(&emitter, 1);
  bool good = yaml_emitter_dump(&emitter, document) && yaml_emitter_close(&emitter);
  yaml_emitter_delete(&emitter);
  good = fclose(stream) == 0 && good;
  if (good) return WL_OK;
  free(*text);
  WL_FAIL(WL_ERROR_MEMORY, "no memory for the configuration");
}

/** Whether the key says anything: slope only for leaky_relu, files or synthetic, what is optional if given. */
static bool is_set(const wl_config_key *key, const wl_config_loaded *loaded) {
  const wl_config *config = &loaded->config;
  if (key->field.value.type == CYAML_STRING)
    return *(char *const *)(const void *)((const char *)loaded + key->field.data_offset) != NULL;
  if (strncmp(key->field.key, "synthetic.", strlen("synthetic.")) == 0) return config->synthetic.train > 0;
  if (strncmp(key->field.key, "finite_width.", strlen("finite_width.")) == 0)
    return config->finite_width.width_count > 0;
  if (strncmp(key->field.key, "certify.", strlen("certify.")) == 0) return config->certify.wanted;
  if (strncmp(key->field.key, "sampling.", strlen("sampling.")) == 0) /* a count of 0 is the default */
    return *(const int64_t *)(const void *)((const char *)loaded + key->field.data_offset) > 0;
  if (strncmp(key->field.key, "checkpoint.", strlen("checkpoint.")) == 0)
    return config->checkpoint.directory != NULL;
  if (strcmp(key->field.key, "network.slope") == 0) return config->network.activation == WL_ACTIVATION_LEAKY_RELU;
  return true;
}

static int add(yaml_document_t *document, const char *text, yaml_scalar_style_t style) {
  return yaml_document_add_scalar(document, NULL, (const yaml_char_t *)text, (int)strlen(text), style);
}

/** Quoted, so that no text reads as nothing or as a number; a path starts at the root. */
static int add_string(yaml_document_t *document, const char *text, bool path) {
  if (!path || text[0] == '/') return add(document, text, YAML_DOUBLE_QUOTED_SCALAR_STYLE);
  char here[PATH_MAX];
  if (getcwd(here, sizeof here) == NULL) return 0;
  const size_t size = strlen(here) + strlen(text) + 2;
  char *absolute = malloc(size);
  if (absolute == NULL) return 0;
  snprintf(absolute, size, "%s/%s", strcmp(here, "/") == 0 ? "" : here, text);
  const int node = add(document, absolute, YAML_DOUBLE_QUOTED_SCALAR_STYLE);
  free(absolute);
  return node;
}

static int64_t integer_at(const void *place, uint32_t size) {
  if (size == sizeof(int64_t)) return *(const int64_t *)place;
  return size == sizeof(int) ? *(const int *)place : *(const bool *)place;
}

static int add_choice(yaml_document_t *document, const cyaml_schema_value_t *schema, int64_t chosen) {
  for (uint32_t i = 0; i < schema->enumeration.count; i++)
    if (schema->enumeration.strings[i].val == chosen)
      return add(document, schema->enumeration.strings[i].str, YAML_PLAIN_SCALAR_STYLE);
  return 0;
}

static int add_list(yaml_document_t *document, const cyaml_schema_value_t *schema, uint32_t chosen) {
  const int list = yaml_document_add_sequence(document, NULL, YAML_FLOW_SEQUENCE_STYLE);
  for (uint32_t i = 0; list != 0 && i < schema->enumeration.count; i++) {
    if ((schema->enumeration.strings[i].val & chosen) == 0) continue;
    const int item = add(document, schema->enumeration.strings[i].str, YAML_PLAIN_SCALAR_STYLE);
    if (item == 0 || !yaml_document_append_sequence_item(document, list, item)) return 0;
  }
  return list;
}

static int add_integers(yaml_document_t *document, const int64_t *items, uint32_t count) {
  const int list = yaml_document_add_sequence(document, NULL, YAML_FLOW_SEQUENCE_STYLE);
  for (uint32_t i = 0; list != 0 && i < count; i++) {
    char number[32];
    snprintf(number, sizeof number, "%lld", (long long)items[i]);
    const int item = add(document, number, YAML_PLAIN_SCALAR_STYLE);
    if (item == 0 || !yaml_document_append_sequence_item(document, list, item)) return 0;
  }
  return list;
}

/** The number of the value's node; 0 on failure. */
static int add_value(yaml_document_t *document, const wl_config_key *key, const wl_config_loaded *loaded) {
  const cyaml_schema_value_t *schema = &key->field.value;
  const void *place = (const char *)loaded + key->field.data_offset;
  char number[64];
  switch (schema->type) {
    case CYAML_STRING:
      return add_string(document, *(char *const *)place, key->path);
    case CYAML_ENUM:
      return add_choice(document, schema, integer_at(place, schema->data_size));
    case CYAML_FLAGS:
      return add_list(document, schema, *(const uint32_t *)place);
    case CYAML_SEQUENCE:
      return add_integers(document, place,
                          *(const uint32_t *)(const void *)((const char *)loaded + key->field.count_offset));
    case CYAML_FLOAT:
      snprintf(number, sizeof number, "%.17g", *(const double *)place);
      break;
    case CYAML_UINT:
      snprintf(number, sizeof number, "%llu", (unsigned long long)*(const uint64_t *)place);
      break;
    default:
      snprintf(number, sizeof number, "%lld", (long long)integer_at(place, schema->data_size));
  }
  return add(document, number, YAML_PLAIN_SCALAR_STYLE);
}

/** The mapping of that name within another one, made if it is not there. */
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

static bool add_key(yaml_document_t *document, int root, const wl_config_key *key,
                    const wl_config_loaded *loaded) {
  const char *name = key->field.key;
  int section = root;
  for (size_t length; section != 0 && name[length = strcspn(name, ".")] == '.'; name += length + 1)
    section = section_within(document, section, name, length);
  if (section == 0) return false;
  const int key_node = add(document, name, YAML_PLAIN_SCALAR_STYLE);
  const int value_node = add_value(document, key, loaded);
  return key_node != 0 && value_node != 0 &&
         yaml_document_append_mapping_pair(document, section, key_node, value_node) != 0;
}

static wl_config_loaded loaded_from(const wl_config *config) {
  wl_config_loaded loaded = {.config = *config};
  for (int q = 0; q < WL_QUANTITY_COUNT; q++)
    if (config->quantity[q]) loaded.quantities |= 1U << q;
  return loaded;
}

static wl_error format(const wl_config *config, char **text) {
  const wl_config_loaded loaded = loaded_from(config);
  yaml_document_t document;
  if (!yaml_document_initialize(&document, NULL, NULL, NULL, 1, 1))
    WL_FAIL(WL_ERROR_MEMORY, "no memory for the configuration");
  const int root = yaml_document_add_mapping(&document, NULL, YAML_BLOCK_MAPPING_STYLE);
  for (size_t key = 0; key < wl_config_key_count; key++) {
    if (!is_set(&wl_config_keys[key], &loaded) || add_key(&document, root, &wl_config_keys[key], &loaded))
      continue;
    yaml_document_delete(&document);
    WL_FAIL(WL_ERROR_CONFIG, "%s: %s: cannot be written as YAML (names and paths must be UTF-8)", config->file,
            wl_config_keys[key].field.key);
  }
  char *body = NULL;
  size_t length = 0;
  WL_TRY(wl_config_emit(&document, &body, &length));
  *text = malloc(sizeof heading + length);
  if (*text != NULL) snprintf(*text, sizeof heading + length, "%s%s", heading, body);
  free(body);
  if (*text == NULL) WL_FAIL(WL_ERROR_MEMORY, "no memory for the configuration");
  return WL_OK;
}

/** One line a key, sections written out in its name. */
static wl_error fingerprint(const wl_config *config, wl_scope scope, char **text) {
  const wl_config_loaded loaded = loaded_from(config);
  yaml_document_t document;
  if (!yaml_document_initialize(&document, NULL, NULL, NULL, 1, 1))
    WL_FAIL(WL_ERROR_MEMORY, "no memory for the configuration");
  const int root = yaml_document_add_mapping(&document, NULL, YAML_BLOCK_MAPPING_STYLE);
  for (size_t k = 0; k < wl_config_key_count; k++) {
    const wl_config_key *key = &wl_config_keys[k];
    if (key->scope != scope && !(scope == WL_SCOPE_RUN && key->scope == WL_SCOPE_FACTOR)) continue;
    if (!is_set(key, &loaded)) continue;
    const int name = add(&document, key->field.key, YAML_PLAIN_SCALAR_STYLE);
    const int value = add_value(&document, key, &loaded);
    if (name != 0 && value != 0 && yaml_document_append_mapping_pair(&document, root, name, value) != 0) continue;
    yaml_document_delete(&document);
    WL_FAIL(WL_ERROR_CONFIG, "%s: %s: cannot be written as YAML", config->file, key->field.key);
  }
  size_t length = 0;
  return wl_config_emit(&document, text, &length);
}

/** Calls `write` with numbers as C writes them. */
static wl_error in_plain_locale(wl_error (*write)(const wl_config *, wl_scope, char **), const wl_config *config,
                                wl_scope scope, char **text) {
  *text = NULL;
  locale_t plain = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
  if (plain == (locale_t)0) WL_FAIL(WL_ERROR_MEMORY, "no memory for the configuration");
  const locale_t callers = uselocale(plain);
  const wl_error error = write(config, scope, text);
  uselocale(callers);
  freelocale(plain);
  return error;
}

static wl_error format_whole(const wl_config *config, wl_scope scope, char **text) {
  (void)scope;
  return format(config, text);
}

wl_error wl_config_format(const wl_config *config, char **text) {
  return in_plain_locale(format_whole, config, WL_SCOPE_NONE, text);
}

wl_error wl_config_fingerprint(const wl_config *config, wl_scope scope, char **text) {
  return in_plain_locale(fingerprint, config, scope, text);
}
