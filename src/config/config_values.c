/**
 * @file config_values.c
 * From YAML to the value of every key: the defaults, the file and each --set are YAML documents laid over one
 * another; what is left is one flat document (`network.depth: 3`), which libcyaml checks and stores.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config_schema.h"

enum { NAME_SIZE = 128, SHOWN_SIZE = 64 };

typedef struct origin {
  wl_config_origin_kind kind;
  const char *text;         /**< file name, or KEY=VALUE of --set; borrowed */
  yaml_document_t document; /**< holds the nodes of its values */
  bool parsed;              /**< the document is to be deleted */
} origin;

typedef struct value {
  origin *from; /**< NULL: the key has no value */
  yaml_node_t *node;
  int line; /**< of the key, counted from 1 */
} value;

struct wl_config_values {
  value *values; /**< one per key */
  bool *named;   /**< one per key: a section that holds it is there, if only by name */
  origin *origins;
  size_t origin_count;
  const char *file;
};

/* ---- messages ----------------------------------------------------------------------------------------------- */

/** A text from outside, shortened and made printable. */
static const char *shown(const char *text, char buffer[SHOWN_SIZE]) {
  const bool cut = strlen(text) >= SHOWN_SIZE;
  snprintf(buffer, SHOWN_SIZE, "%.*s%s", SHOWN_SIZE - 4, text, cut ? "..." : "");
  for (char *c = buffer; *c != '\0'; c++)
    if (iscntrl((unsigned char)*c)) *c = '?';
  return buffer;
}

static wl_error fail(const origin *from, int line, const char *name, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static wl_error fail(const origin *from, int line, const char *name, const char *format, ...) {
  char text[WL_MESSAGE_SIZE], setting[SHOWN_SIZE];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  const char *colon = name[0] != '\0' ? ": " : "";
  if (from->kind == WL_ORIGIN_SET)
    WL_FAIL(WL_ERROR_CONFIG, "--set %s: %s%s%s", shown(from->text, setting), name, colon, text);
  WL_FAIL(WL_ERROR_CONFIG, "%s:%d: %s%s%s", from->text, line, name, colon, text);
}

static const origin *file_origin(const wl_config_values *values) {
  return &values->origins[wl_config_key_count]; /* after the defaults */
}

/** How much of two dotted names agrees, up to a dot. */
static size_t common_sections(const char *a, const char *b) {
  size_t common = 0;
  for (size_t i = 0; a[i] != '\0' && a[i] == b[i]; i++)
    if (a[i] == '.') common = i;
  return common;
}

/** The line at which a key that the file lacks would stand: that of its nearest relative. */
static int nearest_line(const wl_config_values *values, size_t key) {
  size_t best = 0;
  int line = 1;
  for (size_t other = 0; other < wl_config_key_count; other++) {
    const size_t common = common_sections(wl_config_keys[key].field.key, wl_config_keys[other].field.key);
    if (values->values[other].from != file_origin(values) || common <= best) continue;
    best = common;
    line = values->values[other].line;
  }
  return line;
}

wl_error wl_config_values_fail(const wl_config_values *values, size_t key, const char *format, ...) {
  char text[WL_MESSAGE_SIZE];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  const value *v = &values->values[key];
  const bool given = v->from != NULL && v->from->kind != WL_ORIGIN_DEFAULT;
  return fail(given ? v->from : file_origin(values), given ? v->line : nearest_line(values, key),
              wl_config_keys[key].field.key, "%s", text);
}

static wl_error reject(const origin *from, int line, size_t key, const yaml_node_t *node) {
  char allowed[512], buffer[SHOWN_SIZE];
  wl_config_key_allowed(&wl_config_keys[key], allowed, sizeof allowed);
  const char *name = wl_config_keys[key].field.key;
  if (node->type == YAML_MAPPING_NODE) return fail(from, line, name, "is a mapping, it must be %s", allowed);
  if (node->type == YAML_SEQUENCE_NODE) return fail(from, line, name, "is a list, it must be %s", allowed);
  return fail(from, line, name, "'%s' is not allowed, it must be %s",
              shown((const char *)node->data.scalar.value, buffer), allowed);
}

wl_error wl_config_values_reject(const wl_config_values *values, size_t key) {
  const value *v = &values->values[key];
  return reject(v->from, v->line, key, v->node);
}

/* ---- unknown keys ------------------------------------------------------------------------------------------- */

/** Number of letters to insert, delete or replace. */
static size_t edit_distance(const char *a, size_t a_length, const char *b, size_t b_length) {
  size_t row[NAME_SIZE];
  for (size_t j = 0; j <= b_length; j++) row[j] = j;
  for (size_t i = 1; i <= a_length; i++) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b_length; j++) {
      const size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      const size_t shorter = row[j] < row[j - 1] ? row[j] : row[j - 1];
      row[j] = replaced < shorter + 1 ? replaced : shorter + 1;
    }
  }
  return row[b_length];
}

static const char *last_part(const char *name) {
  const char *dot = strrchr(name, '.');
  return dot != NULL ? dot + 1 : name;
}

/** The key or section that was meant, written to `best`; false if none is close. */
static bool nearest_name(const char *name, char best[NAME_SIZE]) {
  const size_t length = strlen(name);
  if (length >= NAME_SIZE) return false;
  size_t least = 2 + length / 8 + 1;
  for (size_t key = 0; key < wl_config_key_count; key++) {
    const char *candidate = wl_config_keys[key].field.key;
    for (size_t end = 1; end <= strlen(candidate); end++) {
      if (candidate[end] != '\0' && candidate[end] != '.') continue;
      size_t distance = edit_distance(name, length, candidate, end);
      /* "depth" alone, or in the wrong section */
      if (candidate[end] == '\0' && strcmp(last_part(name), last_part(candidate)) == 0) distance = 1;
      if (distance >= least) continue;
      least = distance;
      snprintf(best, NAME_SIZE, "%.*s", (int)end, candidate);
    }
  }
  return least < 2 + length / 8 + 1;
}

/** The names directly within a section, or the top level where it is "". */
static void names_within(const char *section, char *text, size_t size) {
  const size_t skip = section[0] != '\0' ? strlen(section) + 1 : 0;
  const char *last = "";
  text[0] = '\0';
  for (size_t key = 0; key < wl_config_key_count; key++) {
    const char *name = wl_config_keys[key].field.key;
    if (skip > 0 && (strncmp(name, section, skip - 1) != 0 || name[skip - 1] != '.')) continue;
    const char *part = name + skip;
    const size_t length = strcspn(part, ".");
    if (strncmp(part, last, length) == 0 && strcspn(last, ".") == length) continue;
    const size_t used = strlen(text);
    snprintf(text + used, size - used, "%s%.*s", used > 0 ? ", " : "", (int)length, part);
    last = part;
  }
}

static bool is_section(const char *name) {
  const size_t length = strlen(name);
  for (size_t key = 0; key < wl_config_key_count; key++)
    if (strncmp(wl_config_keys[key].field.key, name, length) == 0 && wl_config_keys[key].field.key[length] == '.')
      return true;
  return false;
}

static wl_error unknown_key(const origin *from, int line, const char *name) {
  char best[NAME_SIZE], buffer[SHOWN_SIZE], names[512];
  if (nearest_name(name, best))
    return fail(from, line, shown(name, buffer), "unknown key, did you mean %s?", best);
  char section[NAME_SIZE];
  snprintf(section, sizeof section, "%s", name);
  do { /* the part of the name that exists */
    char *dot = strrchr(section, '.');
    *(dot != NULL ? dot : section) = '\0';
  } while (section[0] != '\0' && !is_section(section));
  names_within(section, names, sizeof names);
  return fail(from, line, shown(name, buffer), "unknown key, %s%shas %s",
              section[0] != '\0' ? section : "a configuration", section[0] != '\0' ? " " : " ", names);
}

/* ---- the form of values ------------------------------------------------------------------------------------- */

static bool is_null(const yaml_node_t *node) {
  if (node->type != YAML_SCALAR_NODE || node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE) return false;
  static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
  for (size_t i = 0; i < CYAML_ARRAY_LEN(nulls); i++)
    if (strcmp((const char *)node->data.scalar.value, nulls[i]) == 0) return true;
  return false;
}

/** Decimal and without a leading zero, which libcyaml would take for octal. */
static bool is_integer(const char *text, bool with_sign) {
  if (with_sign && (*text == '-' || *text == '+')) text++;
  return isdigit((unsigned char)text[0]) && (text[0] != '0' || text[1] == '\0') &&
         text[strspn(text, "0123456789")] == '\0';
}

/** Decimal: libcyaml would also take `1,5` for 1, nan, and hexadecimal. */
static bool is_number(const char *text) {
  if (text[strspn(text, "0123456789+-.eE")] != '\0') return false;
  char *end;
  (void)strtod(text, &end);
  return end != text && *end == '\0';
}

/** Whether the scalar has the form that its type needs; libcyaml checks the rest. */
static bool has_form(const wl_config_key *key, const yaml_node_t *node) {
  const char *text = (const char *)node->data.scalar.value;
  if (strlen(text) != node->data.scalar.length) return false;
  switch (key->field.value.type) {
    case CYAML_INT:
      return is_integer(text, true);
    case CYAML_UINT:
      return is_integer(text, false);
    case CYAML_FLOAT:
      return is_number(text);
    default:
      return true;
  }
}

/** A list of integers. */
static wl_error check_integers(origin *from, int line, size_t key, const yaml_node_t *list) {
  const yaml_node_item_t *item = list->data.sequence.items.start, *end = list->data.sequence.items.top;
  if (item == end || end - item > (ptrdiff_t)wl_config_keys[key].field.value.sequence.max)
    return reject(from, line, key, list);
  for (; item < end; item++) {
    const yaml_node_t *node = yaml_document_get_node(&from->document, *item);
    const char *text = (const char *)node->data.scalar.value;
    if (node->type != YAML_SCALAR_NODE || strlen(text) != node->data.scalar.length || !is_integer(text, true))
      return reject(from, (int)node->start_mark.line + 1, key, node);
  }
  return WL_OK;
}

static wl_error check_list(origin *from, int line, size_t key, const yaml_node_t *list) {
  if (wl_config_keys[key].field.value.type == CYAML_SEQUENCE) return check_integers(from, line, key, list);
  const cyaml_schema_value_t *schema = &wl_config_keys[key].field.value;
  const char *name = wl_config_keys[key].field.key;
  char allowed[512], buffer[SHOWN_SIZE];
  wl_config_key_allowed(&wl_config_keys[key], allowed, sizeof allowed);
  int64_t seen = 0;
  const yaml_node_item_t *item = list->data.sequence.items.start;
  if (item == list->data.sequence.items.top) return fail(from, line, name, "is empty, it must be %s", allowed);
  for (; item < list->data.sequence.items.top; item++) {
    const yaml_node_t *node = yaml_document_get_node(&from->document, *item);
    const int here = (int)node->start_mark.line + 1;
    if (node->type != YAML_SCALAR_NODE)
      return fail(from, here, name, "holds a list or a mapping, it must be %s", allowed);
    const char *text = (const char *)node->data.scalar.value;
    uint32_t i = 0;
    while (i < schema->enumeration.count && strcmp(schema->enumeration.strings[i].str, text) != 0) i++;
    if (i == schema->enumeration.count)
      return fail(from, here, name, "'%s' is unknown, it must be %s", shown(text, buffer), allowed);
    if (seen & schema->enumeration.strings[i].val) return fail(from, here, name, "'%s' is given twice", text);
    seen |= schema->enumeration.strings[i].val;
  }
  return WL_OK;
}

/* ---- collecting --------------------------------------------------------------------------------------------- */

static wl_error take(wl_config_values *values, origin *from, const char *name, yaml_node_t *node, int line);

static wl_error take_value(wl_config_values *values, origin *from, size_t key, yaml_node_t *node, int line) {
  value *v = &values->values[key];
  const char *name = wl_config_keys[key].field.key;
  if (v->from == from) return fail(from, line, name, "is given twice, first in line %d", v->line);
  if (is_null(node)) {
    char allowed[512];
    wl_config_key_allowed(&wl_config_keys[key], allowed, sizeof allowed);
    return fail(from, line, name, "has no value, it must be %s", allowed);
  }
  const cyaml_type_e type = wl_config_keys[key].field.value.type;
  const bool list = type == CYAML_FLAGS || type == CYAML_SEQUENCE;
  if (node->type != (list ? YAML_SEQUENCE_NODE : YAML_SCALAR_NODE)) return reject(from, line, key, node);
  if (list)
    WL_TRY(check_list(from, line, key, node));
  else if (!has_form(&wl_config_keys[key], node))
    return reject(from, line, key, node);
  *v = (value){from, node, line};
  return WL_OK;
}

static bool same_text(const yaml_node_t *a, const yaml_node_t *b) {
  return a->data.scalar.length == b->data.scalar.length &&
         memcmp(a->data.scalar.value, b->data.scalar.value, a->data.scalar.length) == 0;
}

static wl_error take_section(wl_config_values *values, origin *from, const char *section, yaml_node_t *node,
                             int line) {
  if (is_null(node) && from->kind == WL_ORIGIN_FILE && section[0] != '\0') return WL_OK; /* all commented out */
  if (node->type != YAML_MAPPING_NODE) {
    char names[512];
    names_within(section, names, sizeof names);
    return fail(from, line, section, "must be a mapping of %s", names);
  }
  const yaml_node_pair_t *first = node->data.mapping.pairs.start;
  for (const yaml_node_pair_t *pair = first; pair < node->data.mapping.pairs.top; pair++) {
    const yaml_node_t *key = yaml_document_get_node(&from->document, pair->key);
    const int here = (int)key->start_mark.line + 1;
    if (key->type != YAML_SCALAR_NODE) return fail(from, here, section, "a key must be a plain name");
    char name[NAME_SIZE];
    snprintf(name, sizeof name, "%s%s%s", section, section[0] != '\0' ? "." : "",
             (const char *)key->data.scalar.value);
    for (const yaml_node_pair_t *earlier = first; earlier < pair; earlier++) {
      const yaml_node_t *other = yaml_document_get_node(&from->document, earlier->key);
      if (same_text(key, other))
        return fail(from, here, name, "is given twice, first in line %d", (int)other->start_mark.line + 1);
    }
    WL_TRY(take(values, from, name, yaml_document_get_node(&from->document, pair->value), here));
  }
  return WL_OK;
}

static wl_error take(wl_config_values *values, origin *from, const char *name, yaml_node_t *node, int line) {
  const size_t key = wl_config_key_find(name, strlen(name));
  if (key < wl_config_key_count) return take_value(values, from, key, node, line);
  if (is_section(name)) {
    for (size_t k = 0; k < wl_config_key_count; k++)
      if (strncmp(wl_config_keys[k].field.key, name, strlen(name)) == 0 &&
          wl_config_keys[k].field.key[strlen(name)] == '.')
        values->named[k] = true;
    return take_section(values, from, name, node, line);
  }
  return unknown_key(from, line, name);
}

/* ---- parsing ------------------------------------------------------------------------------------------------ */

static wl_error parse_error(const origin *from, const yaml_parser_t *parser, const char *text, size_t length) {
  if (parser->error == YAML_MEMORY_ERROR) WL_FAIL(WL_ERROR_MEMORY, "no memory for the configuration");
  size_t line = parser->problem_mark.line + 1;
  if (parser->error == YAML_READER_ERROR) { /* knows its place in bytes only */
    line = 1;
    for (size_t i = 0; i < parser->problem_offset && i < length; i++) line += text[i] == '\n';
    return fail(from, (int)line, "", "is not a text in UTF-8 (%s)", parser->problem);
  }
  return fail(from, (int)line, "", "is not valid YAML: %s%s%s", parser->context != NULL ? parser->context : "",
              parser->context != NULL ? ", " : "", parser->problem);
}

/** libyaml takes time quadratic in the open brackets. */
static wl_error check_brackets(const origin *from, const char *text, size_t length) {
  enum { LIMIT = 1000 };
  int line = 1, brackets = 0;
  for (size_t i = 0; i < length; i++) {
    line += text[i] == '\n';
    brackets += text[i] == '[' || text[i] == '{';
    if (brackets > LIMIT)
      return fail(from, line, "", "has more than %d brackets, that is no configuration", LIMIT);
  }
  return WL_OK;
}

/** One document and no second. */
static wl_error parse(origin *from, const char *text, size_t length) {
  WL_TRY(check_brackets(from, text, length));
  yaml_parser_t parser;
  if (!yaml_parser_initialize(&parser)) WL_FAIL(WL_ERROR_MEMORY, "no memory for the configuration");
  yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
  wl_error error = WL_OK;
  if (!yaml_parser_load(&parser, &from->document)) {
    error = parse_error(from, &parser, text, length);
  } else {
    from->parsed = true;
    yaml_document_t second;
    if (yaml_document_get_root_node(&from->document) == NULL) {
      /* empty: for the caller to judge */
    } else if (!yaml_parser_load(&parser, &second)) {
      error = parse_error(from, &parser, text, length);
    } else {
      const yaml_node_t *root = yaml_document_get_root_node(&second);
      if (root != NULL)
        error = fail(from, (int)root->start_mark.line + 1, "", "a second YAML document starts here");
      yaml_document_delete(&second);
    }
  }
  yaml_parser_delete(&parser);
  return error;
}

static wl_error take_default(wl_config_values *values, size_t key) {
  const char *fallback = wl_config_keys[key].fallback;
  origin *from = &values->origins[key];
  from->kind = WL_ORIGIN_DEFAULT;
  from->text = "default";
  if (fallback == NULL) return WL_OK;
  WL_TRY(parse(from, fallback, strlen(fallback)));
  return take_value(values, from, key, yaml_document_get_root_node(&from->document), 1);
}

static wl_error take_file(wl_config_values *values, const char *text, size_t length) {
  origin *from = &values->origins[wl_config_key_count];
  from->kind = WL_ORIGIN_FILE;
  from->text = values->file;
  WL_TRY(parse(from, text, length));
  yaml_node_t *root = yaml_document_get_root_node(&from->document);
  if (root == NULL) return fail(from, 1, "", "is empty, a configuration is needed");
  return take_section(values, from, "", root, (int)root->start_mark.line + 1);
}

static wl_error take_override(wl_config_values *values, origin *from, const char *text) {
  from->kind = WL_ORIGIN_SET;
  from->text = text;
  const char *equals = strchr(text, '=');
  if (equals == NULL || equals == text)
    return fail(from, 0, "", "must have the form KEY=VALUE, for example network.depth=5");
  char name[NAME_SIZE];
  snprintf(name, sizeof name, "%.*s", (int)(equals - text < NAME_SIZE ? equals - text : NAME_SIZE), text);
  if (wl_config_key_find(name, strlen(name)) == wl_config_key_count && !is_section(name))
    return unknown_key(from, 0, name);
  WL_TRY(parse(from, equals + 1, strlen(equals + 1)));
  yaml_node_t *root = yaml_document_get_root_node(&from->document);
  if (root == NULL) return fail(from, 0, name, "has no value, the form is KEY=VALUE");
  return take(values, from, name, root, 0);
}

wl_error wl_config_values_create(const char *file, const char *text, size_t length, int override_count,
                                 const char *const *overrides, wl_config_values **values) {
  wl_config_values *v = *values = calloc(1, sizeof *v);
  if (v == NULL) WL_FAIL(WL_ERROR_MEMORY, "no memory for the configuration");
  v->file = file;
  v->origin_count = wl_config_key_count + 1 + (size_t)override_count;
  v->values = calloc(wl_config_key_count, sizeof *v->values);
  v->named = calloc(wl_config_key_count, sizeof *v->named);
  v->origins = calloc(v->origin_count, sizeof *v->origins);
  if (v->values == NULL || v->named == NULL || v->origins == NULL)
    WL_FAIL(WL_ERROR_MEMORY, "no memory for the configuration");
  for (size_t key = 0; key < wl_config_key_count; key++) WL_TRY(take_default(v, key));
  WL_TRY(take_file(v, text, length));
  for (int i = 0; i < override_count; i++)
    WL_TRY(take_override(v, &v->origins[wl_config_key_count + 1 + (size_t)i], overrides[i]));
  return WL_OK;
}

void wl_config_values_destroy(wl_config_values **values) {
  wl_config_values *v = *values;
  if (v == NULL) return;
  for (size_t i = 0; v->origins != NULL && i < v->origin_count; i++)
    if (v->origins[i].parsed) yaml_document_delete(&v->origins[i].document);
  free(v->origins);
  free(v->values);
  free(v->named);
  free(v);
  *values = NULL;
}

bool wl_config_values_has(const wl_config_values *values, size_t key) { return values->values[key].from != NULL; }

bool wl_config_values_named(const wl_config_values *values, size_t key) { return values->named[key]; }

wl_config_origin_kind wl_config_values_origin(const wl_config_values *values, size_t key) {
  return wl_config_values_has(values, key) ? values->values[key].from->kind : WL_ORIGIN_DEFAULT;
}

/* ---- libcyaml ----------------------------------------------------------------------------------------------- */

/** What libcyaml logs of a failure: the first line says what, the innermost "in mapping field" says where. */
typedef struct complaint {
  char what[128];
  char key[NAME_SIZE];
} complaint;

__attribute__((format(printf, 3, 0))) static void collect(cyaml_log_t level, void *context, const char *format,
                                                          va_list arguments) {
  (void)level;
  complaint *c = context;
  char line[256], key[NAME_SIZE];
  vsnprintf(line, sizeof line, format, arguments);
  line[strcspn(line, "\n")] = '\0';
  if (c->what[0] == '\0') snprintf(c->what, sizeof c->what, "%.*s", (int)sizeof c->what - 1, line);
  if (c->key[0] == '\0' && sscanf(line, " in mapping field '%127[^']'", key) == 1) memcpy(c->key, key, sizeof key);
}

static void *allocate(void *context, void *pointer, size_t size) {
  (void)context;
  if (size > 0) return realloc(pointer, size);
  free(pointer);
  return NULL;
}

static int add_text(yaml_document_t *document, const yaml_char_t *text, size_t length) {
  return yaml_document_add_scalar(document, NULL, text, (int)length, YAML_ANY_SCALAR_STYLE);
}

/** Copies a scalar, or a list of scalars, and returns its number in the new document; 0 without memory. */
static int copy_value(yaml_document_t *document, const value *v) {
  if (v->node->type == YAML_SCALAR_NODE)
    return add_text(document, v->node->data.scalar.value, v->node->data.scalar.length);
  const int list = yaml_document_add_sequence(document, NULL, YAML_FLOW_SEQUENCE_STYLE);
  const yaml_node_item_t *item = v->node->data.sequence.items.start;
  for (; list != 0 && item < v->node->data.sequence.items.top; item++) {
    const yaml_node_t *node = yaml_document_get_node(&v->from->document, *item);
    const int copy = add_text(document, node->data.scalar.value, node->data.scalar.length);
    if (copy == 0 || !yaml_document_append_sequence_item(document, list, copy)) return 0;
  }
  return list;
}

static wl_error flatten(const wl_config_values *values, char **text, size_t *length) {
  yaml_document_t flat;
  bool good = yaml_document_initialize(&flat, NULL, NULL, NULL, 1, 1);
  if (!good) WL_FAIL(WL_ERROR_MEMORY, "no memory for the configuration");
  const int root = yaml_document_add_mapping(&flat, NULL, YAML_BLOCK_MAPPING_STYLE);
  good = root != 0;
  for (size_t key = 0; good && key < wl_config_key_count; key++) {
    if (!wl_config_values_has(values, key)) continue;
    const char *name = wl_config_keys[key].field.key;
    const int key_node = add_text(&flat, (const yaml_char_t *)name, strlen(name));
    const int value_node = copy_value(&flat, &values->values[key]);
    good =
        key_node != 0 && value_node != 0 && yaml_document_append_mapping_pair(&flat, root, key_node, value_node);
  }
  if (good) return wl_config_emit(&flat, text, length);
  yaml_document_delete(&flat);
  WL_FAIL(WL_ERROR_MEMORY, "no memory for the configuration");
}

wl_error wl_config_values_load(const wl_config_values *values, wl_config_loaded *loaded) {
  char *text = NULL;
  size_t length = 0;
  WL_TRY(flatten(values, &text, &length));
  cyaml_schema_field_t *fields = calloc(wl_config_key_count + 1, sizeof *fields); /* the last one ends the list */
  if (fields == NULL) {
    free(text);
    WL_FAIL(WL_ERROR_MEMORY, "no memory for the configuration");
  }
  for (size_t key = 0; key < wl_config_key_count; key++) fields[key] = wl_config_keys[key].field;
  const cyaml_schema_value_t schema = {CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, wl_config_loaded, fields)};
  complaint c = {{0}, {0}};
  const cyaml_config_t options = {.log_fn = collect,
                                  .log_ctx = &c,
                                  .mem_fn = allocate,
                                  .log_level = CYAML_LOG_ERROR,
                                  .flags = CYAML_CFG_NO_ALIAS};
  wl_config_loaded *result = NULL;
  const cyaml_err_t error =
      cyaml_load_data((const uint8_t *)text, length, &options, &schema, (cyaml_data_t **)&result, NULL);
  free(fields);
  free(text);
  if (error == CYAML_OK && result != NULL) {
    *loaded = *result;
    free(result);
    return WL_OK;
  }
  const size_t key = wl_config_key_find(c.key, strlen(c.key));
  if (key < wl_config_key_count) return wl_config_values_reject(values, key);
  WL_FAIL(error == CYAML_ERR_OOM ? WL_ERROR_MEMORY : WL_ERROR_INTERNAL, "%s: libcyaml: %s (%s)", values->file,
          cyaml_strerror(error), c.what);
}
