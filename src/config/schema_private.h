/**
 * @file schema_private.h
 * What the files of the schema share: places in texts, libyaml, and the kinds of values. Local.
 */
#ifndef WIDELIMIT_CONFIG_SCHEMA_PRIVATE_H
#define WIDELIMIT_CONFIG_SCHEMA_PRIVATE_H

#include <yaml.h>

#include "config/schema.h"
#include "config/tree.h"

enum { NAME_SIZE = 128, SHOWN_SIZE = 64, ALLOWED_SIZE = 512 };

typedef struct wl_origin {
  wl_origin_kind kind;
  const char *text;      /**< the file's name, or KEY=VALUE of a setting; borrowed */
  const char *directory; /**< where its relative paths start; NULL: the current directory */
} wl_origin;

/** Where a key stands. */
typedef struct wl_place {
  const wl_origin *from;
  int line; /**< from 1 */
  const char *name;
} wl_place;

/** WL_ERROR_CONFIG with the place before the text. printf format. */
wl_error wl_place_fail(wl_place at, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** The place as messages give it, e.g. "case.yaml:5: network.depth". */
void wl_place_text(wl_place at, char *text, size_t size);

/** A text from outside, shortened and made printable. */
const char *wl_shown(const char *text, char buffer[SHOWN_SIZE]);

wl_error wl_config_no_memory(void);

/* ---- schema_names.c ------------------------------------------------------------------------------------------- */

/** Whether `name` is that of a key below the section. */
bool wl_name_is_within(const char *name, const char *section);

/** Whether keys have names below this one. */
bool wl_schema_is_section(const wl_schema *schema, const char *name);

/** The names directly within a section, or the top level where it is "". */
void wl_schema_names_within(const wl_schema *schema, const char *section, char *text, size_t size);

/** Fails, with the key that was meant or those that there are. */
wl_error wl_schema_unknown(const wl_schema *schema, wl_place at);

/* ---- yaml_text.c ---------------------------------------------------------------------------------------------- */

/**
 * One document and no second. To be deleted by the caller where *parsed is true, whether or not this fails. A text that is
 * empty has no root node.
 */
wl_error wl_yaml_parse(const wl_origin *from, const char *text, size_t length, yaml_document_t *document,
                       bool *parsed);

/** Writes the document as YAML into *text (owned by the caller) and deletes it. */
wl_error wl_yaml_emit(yaml_document_t *document, char **text, size_t *length);

/** Whether the node says nothing: absent, ~ or null. */
bool wl_yaml_is_null(const yaml_node_t *node);

/** Adds a scalar; 0 on failure. */
int wl_yaml_add(yaml_document_t *document, const char *text, yaml_scalar_style_t style);

/* ---- schema_kinds.c ------------------------------------------------------------------------------------------- */

/** A decimal number that a double holds, or .inf where that is allowed; false if the text is no such number, or octal to some. */
bool wl_read_real(const char *text, bool infinite, double *number);

/** A decimal integer without leading zeros; false if the text is no such number. */
bool wl_read_integer(const char *text, int64_t *number);

/** What to add to a message that refuses a number: that it is in another notation of YAML's; "" where it is not. Static. */
const char *wl_number_hint(const char *text);

/** Fails: the value is not what wl_schema_allowed says. */
wl_error wl_kind_reject(wl_place at, const wl_key *key, const yaml_node_t *node);

/** Stores a value that is not null in its member of the holder, in place of the one that was there. */
wl_error wl_kind_read(wl_place at, const wl_key *key, yaml_document_t *document, yaml_node_t *node, void *holder);

/** Adds the member's value to a document and returns the number of its node; 0 on failure. */
int wl_kind_write(yaml_document_t *document, const wl_key *key, const void *holder);

/** Whether there is anything to write. */
bool wl_kind_is_given(const wl_key *key, const void *holder);

/** Frees what the member owns and sets it to zero. */
void wl_kind_release(const wl_key *key, void *holder);

/* ---- tree.c --------------------------------------------------------------------------------------------------- */

/** Copies a node and what is below it. Errors: WL_ERROR_CONFIG where it is too deep or too large; WL_ERROR_MEMORY. */
wl_error wl_tree_create(wl_place at, yaml_document_t *document, const yaml_node_t *node, wl_tree **tree);

/** Adds the tree to a document, all in one line, and returns the number of its node; 0 on failure. */
int wl_tree_write(yaml_document_t *document, const wl_tree *tree);

#endif
