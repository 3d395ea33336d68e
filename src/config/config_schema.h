/**
 * @file config_schema.h
 * Private to the configuration: the table of keys (config.c), the values that YAML gives them (config_values.c).
 */
#ifndef WIDELIMIT_CONFIG_CONFIG_SCHEMA_H
#define WIDELIMIT_CONFIG_CONFIG_SCHEMA_H

#include <cyaml/cyaml.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <yaml.h>

#include "config/config.h"

/** What libcyaml fills: the configuration, and what is stored there in another form. */
typedef struct wl_config_loaded {
  wl_config config;
  uint32_t quantities; /**< bit q: WL_QUANTITY q is wanted */
} wl_config_loaded;

typedef enum wl_config_bound { WL_BOUND_NONE, WL_BOUND_AT_LEAST, WL_BOUND_ABOVE } wl_config_bound;

/** One key of the configuration: type, range and default. */
typedef struct wl_config_key {
  cyaml_schema_field_t field; /**< .key is the full dotted name; type and place within wl_config_loaded */
  const char *fallback;       /**< the default, as YAML; NULL: none, or one that depends on other keys */
  wl_config_bound bound;      /**< of a number; all numbers are finite */
  double limit;
  wl_scope scope; /**< what depends on its value; RUN unless said otherwise */
  bool path;      /**< of a text: a path or source, relative to the configuration file's folder */
} wl_config_key;

extern const wl_config_key wl_config_keys[];
extern const size_t wl_config_key_count;

/** Index of the key of that dotted name; wl_config_key_count if there is none. */
size_t wl_config_key_find(const char *name, size_t length);

/** What the key may be, e.g. "an integer of at least 1". */
void wl_config_key_allowed(const wl_config_key *key, char *text, size_t size);

/** Where values come from, weakest first. */
typedef enum wl_config_origin_kind { WL_ORIGIN_DEFAULT, WL_ORIGIN_FILE, WL_ORIGIN_SET } wl_config_origin_kind;

typedef struct wl_config_values wl_config_values;

/**
 * Collects the value of every key from the defaults, the file's text and the overrides; later ones win.
 * Checks keys (known, not twice) and the form of values, not their range.
 * @param file  names the text in messages; borrowed, as are the overrides
 */
wl_error wl_config_values_create(const char *file, const char *text, size_t length, int override_count,
                                 const char *const *overrides, wl_config_values **values);

/** Frees and sets to NULL; NULL is fine. */
void wl_config_values_destroy(wl_config_values **values);

/** Whether the key has a value. */
bool wl_config_values_has(const wl_config_values *values, size_t key);

/** Whether a section that holds the key is there, if only by name. */
bool wl_config_values_named(const wl_config_values *values, size_t key);

/** Where the value comes from; WL_ORIGIN_DEFAULT where there is none. */
wl_config_origin_kind wl_config_values_origin(const wl_config_values *values, size_t key);

/** Stores the values by libcyaml. The texts within are owned by the caller. */
wl_error wl_config_values_load(const wl_config_values *values, wl_config_loaded *loaded);

/** WL_ERROR_CONFIG with "FILE:LINE: KEY: …" or "--set …: KEY: …". printf format. */
wl_error wl_config_values_fail(const wl_config_values *values, size_t key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** The same for a value that is not what wl_config_key_allowed says. */
wl_error wl_config_values_reject(const wl_config_values *values, size_t key);

/** Writes the document as YAML into *text (owned by the caller) and deletes it. */
wl_error wl_config_emit(yaml_document_t *document, char **text, size_t *length);

#endif
