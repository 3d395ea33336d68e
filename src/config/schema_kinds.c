/**
 * @file schema_kinds.c
 * What each kind of value is in YAML and in memory: reading, writing, freeing, and its name in messages.
 *
 * To add a kind: an entry of wl_kind, a row of `kinds`, a macro in schema_rows.h.
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "config/schema_private.h"

/** A value on its way into its member. */
typedef struct reading {
  wl_place at;
  const wl_key *key;
  yaml_document_t *document;
  const yaml_node_t *node;
  void *holder, *member;
} reading;

/* ---- messages --------------------------------------------------------------------------------------------------- */

static void append(char *text, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void append(char *text, size_t size, const char *format, ...) {
  const size_t used = strlen(text);
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text + used, size - used, format, arguments);
  va_end(arguments);
}

static void append_bounds(char *text, size_t size, const wl_key *key) {
  const bool low = key->lower.kind != WL_BOUND_NONE;
  if (low)
    append(text, size, key->lower.kind == WL_BOUND_EXCLUSIVE ? " above %g" : " of at least %g", key->lower.limit);
  if (key->upper.kind != WL_BOUND_NONE)
    append(text, size, "%s %s %g", low ? " and" : "", key->upper.kind == WL_BOUND_EXCLUSIVE ? "below" : "at most",
           key->upper.limit);
  if (key->infinite) append(text, size, ", or .inf");
}

static bool is_numeric(wl_kind kind) {
  return kind == WL_KIND_INT || kind == WL_KIND_INT64 || kind == WL_KIND_UINT64 || kind == WL_KIND_REAL ||
         kind == WL_KIND_INTEGERS || kind == WL_KIND_REALS;
}

wl_error wl_kind_reject(wl_place at, const wl_key *key, const yaml_node_t *node) {
  char allowed[ALLOWED_SIZE], buffer[SHOWN_SIZE];
  wl_schema_allowed(key, allowed, sizeof allowed);
  if (node->type == YAML_MAPPING_NODE) return wl_place_fail(at, "is a mapping, it must be %s", allowed);
  if (node->type == YAML_SEQUENCE_NODE) {
    const bool empty = node->data.sequence.items.start == node->data.sequence.items.top;
    return wl_place_fail(at, "is %s, it must be %s", empty ? "empty" : "a list", allowed);
  }
  const char *text = (const char *)node->data.scalar.value;
  return wl_place_fail(at, "'%s' is not allowed, it must be %s%s", wl_shown(text, buffer), allowed,
                       is_numeric(key->kind) ? wl_number_hint(text) : "");
}

static wl_error reject(const reading *r) { return wl_kind_reject(r->at, r->key, r->node); }

/** The text of a scalar; NULL for other nodes and where it holds a zero. */
static const char *text_of(const yaml_node_t *node) {
  if (node->type != YAML_SCALAR_NODE) return NULL;
  const char *text = (const char *)node->data.scalar.value;
  return strlen(text) == node->data.scalar.length ? text : NULL;
}

/* ---- numbers ---------------------------------------------------------------------------------------------------- */

static bool within_bounds(const wl_key *key, double number) {
  if (key->lower.kind == WL_BOUND_INCLUSIVE && number < key->lower.limit) return false;
  if (key->lower.kind == WL_BOUND_EXCLUSIVE && number <= key->lower.limit) return false;
  if (key->infinite && number == INFINITY) return true;
  if (key->upper.kind == WL_BOUND_INCLUSIVE && number > key->upper.limit) return false;
  return key->upper.kind != WL_BOUND_EXCLUSIVE || number < key->upper.limit;
}

/** Decimal digits, no leading zero that others take for octal. */
static bool is_natural(const char *text) {
  return isdigit((unsigned char)text[0]) && (text[0] != '0' || text[1] == '\0') &&
         text[strspn(text, "0123456789")] == '\0';
}

static const char *without_sign(const char *text) { return text + (text[0] == '-' || text[0] == '+'); }

/** Digits of which the first of several is 0: 017 is 15 to YAML 1.1, and 17 to YAML 1.2. */
static bool looks_octal(const char *magnitude) {
  return magnitude[0] == '0' && magnitude[1] != '\0' && magnitude[strspn(magnitude, "0123456789")] == '\0';
}

const char *wl_number_hint(const char *text) {
  const char *magnitude = without_sign(text);
  if (looks_octal(magnitude)) return "; YAML's versions read a leading 0 as octal or not: leave it out";
  const bool other_base = magnitude[0] == '0' && magnitude[1] != '\0' && strchr("xXoObB", magnitude[1]) != NULL;
  const bool number =
      isdigit((unsigned char)magnitude[0]) && magnitude[strspn(magnitude, "0123456789.eE_:+-")] == '\0';
  if (other_base || (number && strpbrk(magnitude, "_:") != NULL))
    return "; numbers are written in decimal, without _ or :";
  return "";
}

bool wl_read_integer(const char *text, int64_t *number) {
  if (!is_natural(without_sign(text))) return false;
  errno = 0;
  const long long value = strtoll(text, NULL, 10);
  *number = value;
  return errno == 0;
}

bool wl_read_real(const char *text, bool infinite, double *number) {
  const char *magnitude = without_sign(text);
  *number = text[0] == '-' ? -INFINITY : INFINITY;
  if (infinite && (!strcmp(magnitude, ".inf") || !strcmp(magnitude, ".Inf") || !strcmp(magnitude, ".INF")))
    return true;
  if (looks_octal(magnitude)) return false;
  if (text[strspn(text, "0123456789+-.eE")] != '\0') return false; /* strtod also takes nan and hexadecimal */
  char *end;
  *number = strtod(text, &end);
  return end != text && *end == '\0' && isfinite(*number);
}

/** A whole number within bounds and what its member can hold. */
static bool integer_of(const reading *r, const yaml_node_t *node, int64_t *number) {
  const char *text = text_of(node);
  return text != NULL && wl_read_integer(text, number) && within_bounds(r->key, (double)*number);
}

static wl_error read_int(reading *r) {
  int64_t number;
  if (!integer_of(r, r->node, &number) || number < INT_MIN || number > INT_MAX) return reject(r);
  *(int *)r->member = (int)number;
  return WL_OK;
}

static wl_error read_int64(reading *r) {
  int64_t number;
  if (!integer_of(r, r->node, &number)) return reject(r);
  *(int64_t *)r->member = number;
  return WL_OK;
}

static wl_error read_uint64(reading *r) {
  const char *text = text_of(r->node);
  if (text == NULL || !is_natural(text)) return reject(r);
  errno = 0;
  const unsigned long long number = strtoull(text, NULL, 10);
  if (errno != 0) return reject(r);
  *(uint64_t *)r->member = number;
  return WL_OK;
}

static bool real_of(const reading *r, const yaml_node_t *node, double *number) {
  const char *text = text_of(node);
  return text != NULL && wl_read_real(text, r->key->infinite, number) && within_bounds(r->key, *number);
}

static wl_error read_real(reading *r) {
  double number;
  if (!real_of(r, r->node, &number)) return reject(r);
  *(double *)r->member = number;
  return WL_OK;
}

static int write_number(yaml_document_t *document, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int write_number(yaml_document_t *document, const char *format, ...) {
  char number[64];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(number, sizeof number, format, arguments);
  va_end(arguments);
  return wl_yaml_add(document, number, YAML_PLAIN_SCALAR_STYLE);
}

static int write_int(yaml_document_t *document, const wl_key *key, const void *holder, const void *member) {
  (void)key, (void)holder;
  return write_number(document, "%d", *(const int *)member);
}

static int write_int64(yaml_document_t *document, const wl_key *key, const void *holder, const void *member) {
  (void)key, (void)holder;
  return write_number(document, "%lld", (long long)*(const int64_t *)member);
}

static int write_uint64(yaml_document_t *document, const wl_key *key, const void *holder, const void *member) {
  (void)key, (void)holder;
  return write_number(document, "%llu", (unsigned long long)*(const uint64_t *)member);
}

static int add_real(yaml_document_t *document, double number) {
  if (isinf(number)) return write_number(document, number > 0 ? ".inf" : "-.inf");
  return write_number(document, "%.17g", number);
}

static int write_real(yaml_document_t *document, const wl_key *key, const void *holder, const void *member) {
  (void)key, (void)holder;
  return add_real(document, *(const double *)member);
}

/* ---- lists of numbers ------------------------------------------------------------------------------------------- */

typedef struct items {
  const yaml_node_item_t *next, *end;
} items;

static items items_of(const yaml_node_t *list) {
  return (items){list->data.sequence.items.start, list->data.sequence.items.top};
}

/** An item is refused where it stands. */
static wl_error reject_item(const reading *r, const yaml_node_t *node) {
  return wl_kind_reject((wl_place){r->at.from, (int)node->start_mark.line + 1, r->at.name}, r->key, node);
}

static wl_error read_integers(reading *r) {
  items list = items_of(r->node);
  uint32_t count = 0;
  if (list.next == list.end || list.end - list.next > (ptrdiff_t)r->key->most) return reject(r);
  for (; list.next < list.end; list.next++) {
    const yaml_node_t *node = yaml_document_get_node(r->document, *list.next);
    if (!integer_of(r, node, &((int64_t *)r->member)[count])) return reject_item(r, node);
    count++;
  }
  memcpy((char *)r->holder + r->key->count_offset, &count, sizeof count);
  return WL_OK;
}

static wl_error read_reals(reading *r) {
  items list = items_of(r->node);
  if (list.next == list.end) return reject(r);
  wl_reals read = {malloc((size_t)(list.end - list.next) * sizeof(double)), 0};
  if (read.values == NULL) return wl_config_no_memory();
  for (; list.next < list.end; list.next++) {
    const yaml_node_t *node = yaml_document_get_node(r->document, *list.next);
    if (!real_of(r, node, &read.values[read.count])) {
      free(read.values);
      return reject_item(r, node);
    }
    read.count++;
  }
  wl_kind_release(r->key, r->holder);
  *(wl_reals *)r->member = read;
  return WL_OK;
}

static int append_item(yaml_document_t *document, int list, int item) {
  return list != 0 && item != 0 && yaml_document_append_sequence_item(document, list, item) ? list : 0;
}

static int write_integers(yaml_document_t *document, const wl_key *key, const void *holder, const void *member) {
  uint32_t count;
  memcpy(&count, (const char *)holder + key->count_offset, sizeof count);
  int list = yaml_document_add_sequence(document, NULL, YAML_FLOW_SEQUENCE_STYLE);
  for (uint32_t i = 0; list != 0 && i < count; i++)
    list = append_item(document, list, write_number(document, "%lld", (long long)((const int64_t *)member)[i]));
  return list;
}

static int write_reals(yaml_document_t *document, const wl_key *key, const void *holder, const void *member) {
  (void)key, (void)holder;
  const wl_reals *reals = member;
  int list = yaml_document_add_sequence(document, NULL, YAML_FLOW_SEQUENCE_STYLE);
  for (uint32_t i = 0; list != 0 && i < reals->count; i++)
    list = append_item(document, list, add_real(document, reals->values[i]));
  return list;
}

static void release_reals(void *member) {
  wl_reals *reals = member;
  free(reals->values);
  *reals = (wl_reals){NULL, 0};
}

/* ---- choices ---------------------------------------------------------------------------------------------------- */

/** YAML has its own two words in several cases. */
static bool is_choice(const wl_choice *choice, const char *text) {
  const bool any_case = strcmp(choice->name, "true") == 0 || strcmp(choice->name, "false") == 0;
  return (any_case ? strcasecmp(choice->name, text) : strcmp(choice->name, text)) == 0;
}

/** The choice of that name; NULL if there is none. */
static const wl_choice *choice_of(const wl_key *key, const char *text) {
  for (size_t i = 0; text != NULL && i < key->choice_count; i++)
    if (is_choice(&key->choices[i], text)) return &key->choices[i];
  return NULL;
}

static wl_error read_choice(reading *r) {
  const wl_choice *choice = choice_of(r->key, text_of(r->node));
  if (choice == NULL) return reject(r);
  if (r->key->size == sizeof(bool))
    *(bool *)r->member = choice->value != 0;
  else
    memcpy(r->member, &choice->value, sizeof choice->value);
  return WL_OK;
}

static wl_error read_set(reading *r) {
  char allowed[ALLOWED_SIZE], buffer[SHOWN_SIZE];
  wl_schema_allowed(r->key, allowed, sizeof allowed);
  items list = items_of(r->node);
  if (list.next == list.end) return wl_place_fail(r->at, "is empty, it must be %s", allowed);
  bool *chosen = r->member;
  memset(chosen, 0, r->key->size);
  for (; list.next < list.end; list.next++) {
    const yaml_node_t *node = yaml_document_get_node(r->document, *list.next);
    const wl_place here = {r->at.from, (int)node->start_mark.line + 1, r->at.name};
    if (node->type != YAML_SCALAR_NODE)
      return wl_place_fail(here, "holds a list or a mapping, it must be %s", allowed);
    const wl_choice *choice = choice_of(r->key, text_of(node));
    if (choice == NULL)
      return wl_place_fail(here, "'%s' is unknown, it must be %s",
                           wl_shown((const char *)node->data.scalar.value, buffer), allowed);
    if (chosen[choice->value]) return wl_place_fail(here, "'%s' is given twice", choice->name);
    chosen[choice->value] = true;
  }
  return WL_OK;
}

static int write_choice(yaml_document_t *document, const wl_key *key, const void *holder, const void *member) {
  (void)holder;
  int value = 0;
  if (key->size == sizeof(bool))
    value = *(const bool *)member;
  else
    memcpy(&value, member, sizeof value);
  for (size_t i = 0; i < key->choice_count; i++)
    if (key->choices[i].value == value)
      return wl_yaml_add(document, key->choices[i].name, YAML_PLAIN_SCALAR_STYLE);
  return 0;
}

static int write_set(yaml_document_t *document, const wl_key *key, const void *holder, const void *member) {
  (void)holder;
  int list = yaml_document_add_sequence(document, NULL, YAML_FLOW_SEQUENCE_STYLE);
  for (size_t i = 0; list != 0 && i < key->choice_count; i++)
    if (((const bool *)member)[key->choices[i].value])
      list = append_item(document, list, wl_yaml_add(document, key->choices[i].name, YAML_PLAIN_SCALAR_STYLE));
  return list;
}

/* ---- texts ------------------------------------------------------------------------------------------------------ */

static char *join(const char *folder, const char *path) {
  if (folder == NULL || path[0] == '/' || strcmp(folder, ".") == 0) return strdup(path);
  const size_t size = strlen(folder) + strlen(path) + 2;
  char *joined = malloc(size);
  if (joined != NULL) snprintf(joined, size, "%s%s%s", folder, folder[strlen(folder) - 1] == '/' ? "" : "/", path);
  return joined;
}

static wl_error read_text(reading *r) {
  const char *text = text_of(r->node);
  if (text == NULL || text[0] == '\0') return reject(r);
  char *copy = join(r->key->path ? r->at.from->directory : NULL, text);
  if (copy == NULL) return wl_config_no_memory();
  wl_kind_release(r->key, r->holder);
  *(char **)r->member = copy;
  return WL_OK;
}

/** Quoted, so that no text reads as nothing or as a number; a path starts at the root. */
static int write_text(yaml_document_t *document, const wl_key *key, const void *holder, const void *member) {
  (void)holder;
  const char *text = *(char *const *)member;
  if (!key->path || text[0] == '/') return wl_yaml_add(document, text, YAML_DOUBLE_QUOTED_SCALAR_STYLE);
  char here[PATH_MAX];
  if (getcwd(here, sizeof here) == NULL) return 0;
  char *absolute = join(here, text);
  const int node = absolute != NULL ? wl_yaml_add(document, absolute, YAML_DOUBLE_QUOTED_SCALAR_STYLE) : 0;
  free(absolute);
  return node;
}

static void release_text(void *member) {
  free(*(char **)member);
  *(char **)member = NULL;
}

/* ---- trees ------------------------------------------------------------------------------------------------------ */

static wl_error read_tree(reading *r) {
  wl_tree *tree = NULL;
  WL_TRY(wl_tree_create(r->at, r->document, r->node, &tree));
  wl_kind_release(r->key, r->holder);
  *(wl_tree **)r->member = tree;
  return WL_OK;
}

static int write_tree(yaml_document_t *document, const wl_key *key, const void *holder, const void *member) {
  (void)key, (void)holder;
  return wl_tree_write(document, *(wl_tree *const *)member);
}

static void release_tree(void *member) { wl_tree_destroy(member); }

/* ---- all kinds -------------------------------------------------------------------------------------------------- */

static const struct {
  const char *noun;
  yaml_node_type_t form; /**< YAML_NO_NODE: any */
  wl_error (*read)(reading *r);
  int (*write)(yaml_document_t *document, const wl_key *key, const void *holder, const void *member);
  void (*release)(void *member); /**< NULL: the member owns nothing */
} kinds[WL_KIND_COUNT] = {
    [WL_KIND_INT] = {"an integer", YAML_SCALAR_NODE, read_int, write_int, NULL},
    [WL_KIND_INT64] = {"an integer", YAML_SCALAR_NODE, read_int64, write_int64, NULL},
    [WL_KIND_UINT64] = {"an integer from 0 to 18446744073709551615", YAML_SCALAR_NODE, read_uint64, write_uint64,
                        NULL},
    [WL_KIND_REAL] = {"a number", YAML_SCALAR_NODE, read_real, write_real, NULL},
    [WL_KIND_TEXT] = {"a text", YAML_SCALAR_NODE, read_text, write_text, release_text},
    [WL_KIND_CHOICE] = {"one of ", YAML_SCALAR_NODE, read_choice, write_choice, NULL},
    [WL_KIND_SET] = {"a list of one or more of ", YAML_SEQUENCE_NODE, read_set, write_set, NULL},
    [WL_KIND_INTEGERS] = {"a list of 1 to ", YAML_SEQUENCE_NODE, read_integers, write_integers, NULL},
    [WL_KIND_REALS] = {"a list of numbers", YAML_SEQUENCE_NODE, read_reals, write_reals, release_reals},
    [WL_KIND_TREE] = {"a list, a mapping or a text", YAML_NO_NODE, read_tree, write_tree, release_tree},
};

void wl_schema_allowed(const wl_key *key, char *text, size_t size) {
  snprintf(text, size, "%s", key->path ? "a path" : kinds[key->kind].noun);
  if (key->kind == WL_KIND_INTEGERS) append(text, size, "%u integers", key->most);
  append_bounds(text, size, key);
  for (size_t i = 0; i < key->choice_count; i++)
    append(text, size, "%s%s", i > 0 ? ", " : "", key->choices[i].name);
}

wl_error wl_kind_read(wl_place at, const wl_key *key, yaml_document_t *document, yaml_node_t *node, void *holder) {
  const yaml_node_type_t form = kinds[key->kind].form;
  if (form != YAML_NO_NODE && node->type != form) return wl_kind_reject(at, key, node);
  reading r = {at, key, document, node, holder, (char *)holder + key->offset};
  return kinds[key->kind].read(&r);
}

int wl_kind_write(yaml_document_t *document, const wl_key *key, const void *holder) {
  return kinds[key->kind].write(document, key, holder, (const char *)holder + key->offset);
}

/** Whether the member is more than an absent text, tree or list. */
static bool has_value(const wl_key *key, const void *holder) {
  const void *member = (const char *)holder + key->offset;
  uint32_t count;
  switch (key->kind) {
    case WL_KIND_TEXT:
      return *(char *const *)member != NULL;
    case WL_KIND_TREE:
      return *(wl_tree *const *)member != NULL;
    case WL_KIND_REALS:
      return ((const wl_reals *)member)->values != NULL;
    case WL_KIND_SET:
      return memchr(member, true, key->size) != NULL;
    case WL_KIND_INTEGERS:
      memcpy(&count, (const char *)holder + key->count_offset, sizeof count);
      return count > 0;
    default:
      return key->kind != WL_KIND_SECTION;
  }
}

bool wl_kind_is_given(const wl_key *key, const void *holder) {
  return has_value(key, holder) && (key->when == NULL || key->when(holder));
}

void wl_kind_release(const wl_key *key, void *holder) {
  void *member = (char *)holder + key->offset;
  if (kinds[key->kind].release != NULL) kinds[key->kind].release(member);
  memset(member, 0, key->size);
  if (key->kind == WL_KIND_INTEGERS) memset((char *)holder + key->count_offset, 0, sizeof(uint32_t));
}
