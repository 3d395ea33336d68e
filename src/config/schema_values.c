/**
 * @file schema_values.c
 * From YAML to the members: defaults, file and settings, one after the other, each over what was there.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/schema_private.h"

typedef struct value {
  const wl_origin *from; /**< NULL: the key has no value */
  int line;              /**< of the key, counted from 1 */
  bool named;            /**< a section that holds the key is there, if only by name */
} value;

struct wl_values {
  const wl_schema *schema;
  void *holder;
  value *values;      /**< one per key */
  wl_origin *origins; /**< defaults, file, settings */
};

enum { DEFAULTS, THE_FILE, SETTINGS };

/** A text that is being taken in. */
typedef struct taking {
  wl_values *values;
  const wl_origin *from;
  yaml_document_t document;
} taking;

/** How much of two dotted names agrees, up to a dot. */
static size_t common_sections(const char *a, const char *b) {
  size_t common = 0;
  for (size_t i = 0; a[i] != '\0' && a[i] == b[i]; i++)
    if (a[i] == '.') common = i;
  return common;
}

/** The line at which a key that the file lacks would stand: that of its nearest relative. */
static int nearest_line(const wl_values *values, size_t key) {
  const wl_key *keys = values->schema->keys;
  size_t best = 0;
  int line = 1;
  for (size_t other = 0; other < values->schema->count; other++) {
    const size_t common = common_sections(keys[key].name, keys[other].name);
    if (values->values[other].from != &values->origins[THE_FILE] || common <= best) continue;
    best = common;
    line = values->values[other].line;
  }
  return line;
}

wl_error wl_values_fail(const wl_values *values, size_t key, const char *format, ...) {
  char text[WL_MESSAGE_SIZE];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  const value *v = &values->values[key];
  wl_place at = {v->from, v->line, values->schema->keys[key].name};
  if (wl_values_origin(values, key) == WL_ORIGIN_DEFAULT) {
    at.from = &values->origins[THE_FILE];
    at.line = nearest_line(values, key);
  }
  return wl_place_fail(at, "%s", text);
}

/* ---- taking values in ----------------------------------------------------------------------------------------- */

static wl_error take_default(wl_values *values, size_t key);

static bool is_from_text(const value *v) { return v->from != NULL && v->from->kind != WL_ORIGIN_DEFAULT; }

/** A key that may be a value or a section is one of them: what another text said of the other form gives way. */
static wl_error drop_other_form(taking *t, wl_place at) {
  const wl_key *keys = t->values->schema->keys;
  for (size_t other = 0; other < t->values->schema->count; other++) {
    value *v = &t->values->values[other];
    if (!is_from_text(v)) continue;
    if (!wl_name_is_within(keys[other].name, at.name) && !wl_name_is_within(at.name, keys[other].name)) continue;
    if (v->from == t->from)
      return wl_place_fail(at, "is given twice, first as %s in line %d", keys[other].name, v->line);
    wl_kind_release(&keys[other], t->values->holder);
    *v = (value){NULL, 0, false};
    WL_TRY(take_default(t->values, other));
  }
  return WL_OK;
}

static wl_error take_value(taking *t, size_t key, yaml_node_t *node, wl_place at) {
  value *v = &t->values->values[key];
  const wl_key *row = &t->values->schema->keys[key];
  if (v->from == t->from) return wl_place_fail(at, "is given twice, first in line %d", v->line);
  if (wl_yaml_is_null(node)) {
    char allowed[ALLOWED_SIZE];
    wl_schema_allowed(row, allowed, sizeof allowed);
    return wl_place_fail(at, "has no value, it must be %s", allowed);
  }
  at.name = row->name;
  WL_TRY(wl_kind_read(at, row, &t->document, node, t->values->holder));
  if (t->from->kind != WL_ORIGIN_DEFAULT) WL_TRY(drop_other_form(t, at));
  v->from = t->from;
  v->line = at.line;
  return WL_OK;
}

static bool same_text(const yaml_node_t *a, const yaml_node_t *b) {
  return a->data.scalar.length == b->data.scalar.length &&
         memcmp(a->data.scalar.value, b->data.scalar.value, a->data.scalar.length) == 0;
}

/** Fails where an earlier key of the mapping has the same name. */
static wl_error check_earlier(taking *t, const yaml_node_pair_t *first, const yaml_node_pair_t *pair,
                              wl_place at) {
  const yaml_node_t *key = yaml_document_get_node(&t->document, pair->key);
  for (const yaml_node_pair_t *earlier = first; earlier < pair; earlier++) {
    const yaml_node_t *other = yaml_document_get_node(&t->document, earlier->key);
    if (same_text(key, other))
      return wl_place_fail(at, "is given twice, first in line %d", (int)other->start_mark.line + 1);
  }
  return WL_OK;
}

static wl_error take(taking *t, yaml_node_t *node, wl_place at);

static wl_error take_section(taking *t, yaml_node_t *node, wl_place at) {
  if (wl_yaml_is_null(node) && t->from->kind == WL_ORIGIN_FILE && at.name[0] != '\0')
    return WL_OK; /* all commented out */
  if (node->type != YAML_MAPPING_NODE) {
    char names[ALLOWED_SIZE];
    wl_schema_names_within(t->values->schema, at.name, names, sizeof names);
    return wl_place_fail(at, "must be a mapping of %s", names);
  }
  const yaml_node_pair_t *first = node->data.mapping.pairs.start;
  for (const yaml_node_pair_t *pair = first; pair < node->data.mapping.pairs.top; pair++) {
    const yaml_node_t *key = yaml_document_get_node(&t->document, pair->key);
    wl_place here = {t->from, (int)key->start_mark.line + 1, at.name};
    if (key->type != YAML_SCALAR_NODE) return wl_place_fail(here, "a key must be a plain name");
    char name[NAME_SIZE];
    snprintf(name, sizeof name, "%s%s%s", at.name, at.name[0] != '\0' ? "." : "",
             (const char *)key->data.scalar.value);
    here.name = name;
    WL_TRY(check_earlier(t, first, pair, here));
    WL_TRY(take(t, yaml_document_get_node(&t->document, pair->value), here));
  }
  return WL_OK;
}

static wl_error take(taking *t, yaml_node_t *node, wl_place at) {
  const wl_schema *schema = t->values->schema;
  const size_t key = wl_schema_find(schema, at.name);
  const bool has_value = key < schema->count && schema->keys[key].kind != WL_KIND_SECTION;
  const bool section = wl_schema_is_section(schema, at.name);
  if (has_value && !(section && node->type == YAML_MAPPING_NODE)) return take_value(t, key, node, at);
  if (!section) return wl_schema_unknown(schema, at);
  for (size_t k = 0; k < schema->count; k++)
    if (wl_name_is_within(schema->keys[k].name, at.name)) t->values->values[k].named = true;
  return take_section(t, node, at);
}

/* ---- texts ---------------------------------------------------------------------------------------------------- */

/** Parses a text and hands its root to the key `name`, or to the top level. */
static wl_error take_text(wl_values *values, const wl_origin *from, const char *name, const char *text,
                          size_t length) {
  taking t = {.values = values, .from = from};
  bool parsed;
  wl_error error = wl_yaml_parse(from, text, length, &t.document, &parsed);
  if (error == WL_OK) {
    yaml_node_t *root = yaml_document_get_root_node(&t.document);
    const wl_place at = {from, root != NULL ? (int)root->start_mark.line + 1 : 1, name};
    if (root != NULL)
      error = name[0] != '\0' ? take(&t, root, at) : take_section(&t, root, at);
    else if (name[0] != '\0')
      error = wl_place_fail(at, "has no value, the form is KEY=VALUE");
    else
      error = wl_place_fail(at, "is empty, a configuration is needed");
  }
  if (parsed) yaml_document_delete(&t.document);
  return error;
}

static wl_error take_default(wl_values *values, size_t key) {
  const wl_key *row = &values->schema->keys[key];
  if (row->fallback == NULL) return WL_OK;
  return take_text(values, &values->origins[DEFAULTS], row->name, row->fallback, strlen(row->fallback));
}

static wl_error take_setting(wl_values *values, const wl_origin *from) {
  const char *equals = strchr(from->text, '=');
  if (equals == NULL || equals == from->text)
    return wl_place_fail((wl_place){from, 0, ""}, "must have the form KEY=VALUE, for example network.depth=5");
  char name[NAME_SIZE];
  const ptrdiff_t length = equals - from->text;
  snprintf(name, sizeof name, "%.*s", (int)(length < NAME_SIZE ? length : NAME_SIZE), from->text);
  if (wl_schema_find(values->schema, name) == values->schema->count && !wl_schema_is_section(values->schema, name))
    return wl_schema_unknown(values->schema, (wl_place){from, 0, name});
  return take_text(values, from, name, equals + 1, strlen(equals + 1));
}

/** Tells the holder which of its sections are given. */
static void mark_sections(wl_values *values) {
  for (size_t key = 0; key < values->schema->count; key++) {
    const wl_key *row = &values->schema->keys[key];
    if (row->kind == WL_KIND_SECTION)
      *((bool *)values->holder + row->offset) = wl_values_given(values, row->name) < values->schema->count;
  }
}

wl_error wl_values_read(const wl_schema *schema, const wl_schema_input *input, void *holder, wl_values **values) {
  wl_values *v = *values = calloc(1, sizeof *v);
  if (v == NULL) return wl_config_no_memory();
  *v = (wl_values){schema, holder, calloc(schema->count, sizeof *v->values),
                   calloc(SETTINGS + (size_t)input->setting_count, sizeof *v->origins)};
  if (v->values == NULL || v->origins == NULL) return wl_config_no_memory();
  v->origins[DEFAULTS] = (wl_origin){WL_ORIGIN_DEFAULT, "default", input->directory};
  v->origins[THE_FILE] = (wl_origin){WL_ORIGIN_FILE, input->file, input->directory};
  for (size_t key = 0; key < schema->count; key++) WL_TRY(take_default(v, key));
  WL_TRY(take_text(v, &v->origins[THE_FILE], "", input->text, input->length));
  for (int i = 0; i < input->setting_count; i++) {
    wl_origin *from = &v->origins[SETTINGS + i];
    *from = (wl_origin){i < input->setting_count - input->assigned_count ? WL_ORIGIN_SET : WL_ORIGIN_ASSIGNED,
                        input->settings[i], NULL};
    WL_TRY(take_setting(v, from));
  }
  mark_sections(v);
  return WL_OK;
}

void wl_values_destroy(wl_values **values) {
  if (*values == NULL) return;
  free((*values)->origins);
  free((*values)->values);
  free(*values);
  *values = NULL;
}

/* ---- questions ------------------------------------------------------------------------------------------------- */

bool wl_values_has(const wl_values *values, size_t key) { return values->values[key].from != NULL; }

wl_origin_kind wl_values_origin(const wl_values *values, size_t key) {
  return wl_values_has(values, key) ? values->values[key].from->kind : WL_ORIGIN_DEFAULT;
}

size_t wl_values_first(const wl_values *values, const char *section) {
  size_t key = 0;
  while (key < values->schema->count &&
         !(wl_name_is_within(values->schema->keys[key].name, section) && wl_values_has(values, key)))
    key++;
  return key;
}

size_t wl_values_given(const wl_values *values, const char *section) {
  size_t given = values->schema->count;
  for (size_t key = 0; key < values->schema->count; key++)
    if (wl_name_is_within(values->schema->keys[key].name, section) &&
        (is_from_text(&values->values[key]) || values->values[key].named))
      given = key;
  return given;
}
