/**
 * @file schema.h
 * A table of keys and what follows from it: reading YAML into the members of a struct, checks, messages with file, line and
 * key, defaults, freeing, writing back. Nothing here knows which keys there are (config.c).
 *
 * Values come from the defaults, then the text of a file, then settings KEY=VALUE; each is parsed once, by libyaml, and a
 * value goes straight from its node into its member. Later values win. Everything is Local and needs a locale whose decimal
 * point is a point (wl_schema_begin).
 */
#ifndef WIDELIMIT_CONFIG_SCHEMA_H
#define WIDELIMIT_CONFIG_SCHEMA_H

#include <locale.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "widelimit/error.h"

/** What depends on a key: a run that is resumed, factors that are used again, or neither. */
typedef enum wl_scope { WL_SCOPE_RUN, WL_SCOPE_FACTOR, WL_SCOPE_NONE } wl_scope;

/** What a value may be, and the member that holds it. */
typedef enum wl_kind {
  WL_KIND_SECTION, /**< bool: whether the section of that name is given, if only by its name; no value of its own */
  WL_KIND_INT,     /**< int */
  WL_KIND_INT64,   /**< int64_t */
  WL_KIND_UINT64,  /**< uint64_t */
  WL_KIND_REAL,    /**< double; finite unless the row allows .inf */
  WL_KIND_TEXT,    /**< char *, owned, not empty; NULL: not given */
  WL_KIND_CHOICE,  /**< an enumeration or bool; the names true and false are read in any case */
  WL_KIND_SET,     /**< bool[]: the choices that a list names, at least one */
  WL_KIND_INTEGERS, /**< int64_t[most] and the uint32_t that counts them: a list of at least one */
  WL_KIND_REALS,    /**< wl_reals, owned: a list of at least one */
  WL_KIND_TREE, /**< wl_tree *, owned: any YAML but nothing, for a parser elsewhere (tree.h); NULL: not given */
  WL_KIND_COUNT
} wl_kind;

/** A list of numbers. */
typedef struct wl_reals {
  double *values; /**< owned; NULL: not given */
  uint32_t count;
} wl_reals;

typedef struct wl_choice {
  const char *name;
  int value; /**< of the member; of a set, the index of its bool */
} wl_choice;

typedef enum wl_bound { WL_BOUND_NONE, WL_BOUND_INCLUSIVE, WL_BOUND_EXCLUSIVE } wl_bound;

/** One key. Rows are written with the macros of schema_rows.h. */
typedef struct wl_key {
  const char *name; /**< with dots between levels */
  wl_kind kind;
  size_t offset, size; /**< of the member */
  const wl_choice *choices;
  size_t choice_count;
  size_t count_offset;  /**< of the count of WL_KIND_INTEGERS */
  uint32_t most;        /**< how many these may be */
  const char *fallback; /**< the default, as YAML; NULL: none, or one that depends on other keys */
  struct {
    wl_bound kind;
    double limit;
  } lower, upper; /**< of a number, or of each in a list */
  bool infinite;  /**< .inf is a number too */
  wl_scope scope; /**< what depends on its value; RUN unless said otherwise */
  bool path;      /**< of a text: a path or source, relative to the file's folder */
  bool (*when)(
      const void *holder); /**< whether the key is written back; NULL: always. A text without value never is */
  const char *help;        /**< what it is, in one line */
} wl_key;

typedef struct wl_schema {
  const wl_key *keys; /**< those of one section stand together; the section's own row, if any, first */
  size_t count;
} wl_schema;

/** Local. Index of the key of that name; schema->count if there is none. */
size_t wl_schema_find(const wl_schema *schema, const char *name);

/** Local. What the key may be, e.g. "an integer of at least 1". */
void wl_schema_allowed(const wl_key *key, char *text, size_t size);

/** Local. Numbers have a decimal point, whatever the caller's language, until the same is given to wl_schema_end. */
typedef struct wl_schema_locale {
  locale_t plain, callers;
} wl_schema_locale;
wl_error wl_schema_begin(wl_schema_locale *locale);
void wl_schema_end(wl_schema_locale *locale);

/** What is read. All borrowed; `file` and the settings until the values are destroyed. */
typedef struct wl_schema_input {
  const char *file;      /**< names the text in messages */
  const char *directory; /**< where relative paths of the text and of defaults start */
  const char *text;
  size_t length;
  int setting_count, assigned_count;
  const char *const *settings; /**< KEY=VALUE: first those of --set, then `assigned_count` by the program itself */
} wl_schema_input;

/** Where values come from, weakest first. */
typedef enum wl_origin_kind {
  WL_ORIGIN_DEFAULT,
  WL_ORIGIN_FILE,
  WL_ORIGIN_SET,
  WL_ORIGIN_ASSIGNED
} wl_origin_kind;

/** Where the value of every key comes from, for rules between keys. */
typedef struct wl_values wl_values;

/**
 * Local. Reads into the members of `holder`, which is zero, and checks: keys are known and not given twice, values are what
 * their rows say.
 * @param values  to be destroyed whether or not this fails
 * Errors: WL_ERROR_CONFIG with "FILE:LINE: KEY: what is wrong and what is allowed" or "--set KEY=VALUE: KEY: …";
 * WL_ERROR_MEMORY. What the holder owns by then is for wl_schema_release.
 */
wl_error wl_values_read(const wl_schema *schema, const wl_schema_input *input, void *holder, wl_values **values);

/** Local. Frees and sets to NULL; NULL is fine. */
void wl_values_destroy(wl_values **values);

/** Local. Whether the key has a value, if only its default. */
bool wl_values_has(const wl_values *values, size_t key);

/** Local. Where the value comes from; WL_ORIGIN_DEFAULT where there is none. */
wl_origin_kind wl_values_origin(const wl_values *values, size_t key);

/** Local. First key below a section, e.g. "data.train", that has a value; the schema's count if none has. */
size_t wl_values_first(const wl_values *values, const char *section);

/** Local. The last key below a section that is given, or named by a section above it; the schema's count if none is. */
size_t wl_values_given(const wl_values *values, const char *section);

/** Local. Fails with WL_ERROR_CONFIG and where the key stands, or would stand. printf format. */
wl_error wl_values_fail(const wl_values *values, size_t key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** Local. Frees what the members own, and sets them to zero. */
void wl_schema_release(const wl_schema *schema, void *holder);

/**
 * Local. The members as YAML that reads back to the same: every key, numbers to the last bit, absolute paths.
 * *text is owned by the caller. `file` names the configuration in messages.
 * Errors: WL_ERROR_CONFIG where a text is not UTF-8, which YAML cannot hold; WL_ERROR_MEMORY.
 */
wl_error wl_schema_format(const wl_schema *schema, const void *holder, const char *file, char **text);

/** Local. The same for the keys of a scope (RUN includes FACTOR), one a line, as "key.with.dots: value". */
wl_error wl_schema_fingerprint(const wl_schema *schema, const void *holder, const char *file, wl_scope scope,
                               char **text);

#endif
