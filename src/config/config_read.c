/**
 * @file config_read.c
 * Configurations from files and texts, changed by name, and written back.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config_private.h"
#include "config/network_layers.h"
#include "config/schema_private.h"

/** What a configuration was made from, so that it can be made again with one more setting. */
struct wl_config_source {
  char *text;
  size_t length;
  char **settings; /**< KEY=VALUE: those of --set, then those of wl_config_set */
  int setting_count, assigned_count;
};

static const char heading[] =
    "# The effective configuration of a widelimit run: defaults filled in, paths absolute.\n"
    "# `widelimit run` on this file repeats the run.\n";

static wl_error no_memory(void) { WL_FAIL(WL_ERROR_MEMORY, "no memory for the configuration"); }

/* ---- sources ------------------------------------------------------------------------------------------------ */

static void source_destroy(struct wl_config_source **source) {
  struct wl_config_source *s = *source;
  if (s == NULL) return;
  for (int i = 0; s->settings != NULL && i < s->setting_count; i++) free(s->settings[i]);
  free(s->settings);
  free(s->text);
  free(s);
  *source = NULL;
}

/** Copies; with room for one more setting. */
static wl_error source_create(const char *text, size_t length, int setting_count, const char *const *settings,
                              struct wl_config_source **source) {
  struct wl_config_source *s = *source = calloc(1, sizeof *s);
  if (s == NULL) return no_memory();
  s->length = length;
  s->setting_count = setting_count;
  s->text = malloc(length + 1);
  s->settings = calloc((size_t)setting_count + 1, sizeof *s->settings);
  if (s->text == NULL || s->settings == NULL) return no_memory();
  memcpy(s->text, text, length);
  s->text[length] = '\0';
  for (int i = 0; i < setting_count; i++)
    if ((s->settings[i] = strdup(settings[i])) == NULL) return no_memory();
  return WL_OK;
}

/** Adds KEY=VALUE in place of what was assigned to the key before. */
static wl_error source_assign(struct wl_config_source *source, const char *key, const char *value) {
  const size_t size = strlen(key) + strlen(value) + 2, prefix = strlen(key) + 1;
  char *setting = malloc(size);
  if (setting == NULL) return no_memory();
  snprintf(setting, size, "%s=%s", key, value);
  for (int i = source->setting_count - source->assigned_count; i < source->setting_count; i++) {
    if (strncmp(source->settings[i], setting, prefix) != 0) continue;
    free(source->settings[i]);
    memmove(&source->settings[i], &source->settings[i + 1],
            (size_t)(source->setting_count - i - 1) * sizeof *source->settings);
    source->setting_count--;
    source->assigned_count--;
    break;
  }
  source->settings[source->setting_count++] = setting;
  source->assigned_count++;
  return WL_OK;
}

/* ---- names -------------------------------------------------------------------------------------------------- */

static char *folder_of(const char *file) {
  const char *slash = strrchr(file, '/');
  if (slash == NULL) return strdup(".");
  return strndup(file, slash == file ? 1 : (size_t)(slash - file));
}

static char *name_of(const char *file) {
  const char *slash = strrchr(file, '/');
  const char *base = slash != NULL ? slash + 1 : file;
  const char *dot = strrchr(base, '.');
  return strndup(base, dot != NULL && dot != base ? (size_t)(dot - base) : strlen(base));
}

/** Names the run and its output where the file does not. */
static wl_error fill_in(wl_config *config) {
  if (config->name == NULL) config->name = name_of(config->file);
  if (config->name == NULL) return no_memory();
  if (config->output_directory != NULL) return WL_OK;
  const bool here = strcmp(config->directory, ".") == 0;
  const char *folder = here ? "" : config->directory;
  const char *slash = here || folder[strlen(folder) - 1] == '/' ? "" : "/";
  const size_t size = strlen(folder) + strlen(config->name) + sizeof "/out/";
  config->output_directory = malloc(size);
  if (config->output_directory == NULL) return no_memory();
  snprintf(config->output_directory, size, "%s%sout/%s", folder, slash, config->name);
  return WL_OK;
}

/* ---- reading ------------------------------------------------------------------------------------------------ */

void wl_config_destroy(wl_config **config) {
  if (config == NULL || *config == NULL) return;
  wl_schema_release(&wl_config_schema, *config);
  source_destroy(&(*config)->source);
  free((*config)->file);
  free((*config)->directory);
  free(*config);
  *config = NULL;
}

static wl_error read_values(wl_config *config, const struct wl_config_source *source) {
  const wl_schema_input input = {.file = config->file,
                                 .directory = config->directory,
                                 .text = source->text,
                                 .length = source->length,
                                 .setting_count = source->setting_count,
                                 .assigned_count = source->assigned_count,
                                 .settings = (const char *const *)source->settings};
  wl_values *values = NULL;
  wl_schema_locale locale;
  WL_TRY(wl_schema_begin(&locale));
  wl_error error = wl_values_read(&wl_config_schema, &input, config, &values);
  if (error == WL_OK) error = fill_in(config);
  if (error == WL_OK && config->network_layers != NULL)
    error = wl_network_layers_read(config->network_layers, &config->network);
  if (error == WL_OK && config->rnd_target.layers != NULL)
    error = wl_network_layers_read(config->rnd_target.layers, &config->rnd_target.network);
  if (error == WL_OK) error = wl_config_check(config, values);
  if (error == WL_OK) config->tune.fixed = wl_config_fixed(config, values);
  wl_values_destroy(&values);
  wl_schema_end(&locale);
  return error;
}

/** Makes the configuration, which does not own its source yet. */
static wl_error create(const char *file, const struct wl_config_source *source, wl_config **config) {
  wl_config *c = calloc(1, sizeof *c);
  if (c == NULL) return no_memory();
  c->file = strdup(file);
  c->directory = folder_of(file);
  wl_error error = c->file != NULL && c->directory != NULL ? read_values(c, source) : no_memory();
  if (error != WL_OK) wl_config_destroy(&c);
  *config = c;
  return error;
}

static wl_error read_text(const char *file, const char *text, size_t length, int override_count,
                          const char *const *overrides, wl_config **config) {
  struct wl_config_source *source = NULL;
  wl_error error = source_create(text, length, override_count, overrides, &source);
  if (error == WL_OK) error = create(file, source, config);
  if (error == WL_OK)
    (*config)->source = source;
  else
    source_destroy(&source);
  return error;
}

/** A plain file, which alone has an end to wait for. */
static wl_error check_file(const char *path, int descriptor) {
  struct stat status;
  if (fstat(descriptor, &status) != 0) WL_FAIL(WL_ERROR_CONFIG, "%s: cannot be read: %s", path, strerror(errno));
  if (S_ISREG(status.st_mode)) return WL_OK;
  const char *what = S_ISDIR(status.st_mode)    ? "directory"
                     : S_ISFIFO(status.st_mode) ? "named pipe (FIFO)"
                                                : "device";
  WL_FAIL(WL_ERROR_CONFIG, "%s: is a %s, a YAML file is needed", path, what);
}

static wl_error slurp_open(const char *path, int descriptor, char **text, size_t *length) {
  enum { LIMIT = 64 << 10 };
  WL_TRY(check_file(path, descriptor));
  *text = malloc(LIMIT + 1);
  if (*text == NULL) return no_memory();
  for (ssize_t count = 1; count != 0 && *length <= LIMIT;) {
    count = read(descriptor, *text + *length, LIMIT + 1 - *length);
    if (count < 0 && errno != EINTR) WL_FAIL(WL_ERROR_IO, "%s: cannot be read: %s", path, strerror(errno));
    if (count > 0) *length += (size_t)count;
  }
  if (*length > LIMIT) WL_FAIL(WL_ERROR_CONFIG, "%s: is larger than 64 KiB, that is no configuration", path);
  return WL_OK;
}

/** The whole file, up to a size that no configuration needs. Opening does not wait for the other end of a pipe. */
static wl_error slurp(const char *path, char **text, size_t *length) {
  const int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) WL_FAIL(WL_ERROR_CONFIG, "%s: cannot be read: %s", path, strerror(errno));
  const wl_error error = slurp_open(path, descriptor, text, length);
  close(descriptor);
  return error;
}

wl_error wl_config_read(const char *path, int override_count, const char *const *overrides, wl_config **config) {
  *config = NULL;
  char *text = NULL;
  size_t length = 0;
  wl_error error = slurp(path, &text, &length);
  if (error == WL_OK) error = read_text(path, text, length, override_count, overrides, config);
  free(text);
  return error;
}

wl_error wl_config_parse(const char *text, wl_config **config) {
  *config = NULL;
  return read_text("configuration", text, strlen(text), 0, NULL, config);
}

/** The value of a key, with dots between levels, below a node. */
static const yaml_node_t *find_node(yaml_document_t *document, const yaml_node_t *node, const char *key) {
  while (node != NULL && key[0] != '\0') {
    const size_t length = strcspn(key, ".");
    if (node->type != YAML_MAPPING_NODE) return NULL;
    const yaml_node_pair_t *pair = node->data.mapping.pairs.start, *end = node->data.mapping.pairs.top;
    for (node = NULL; pair < end && node == NULL; pair++) {
      const yaml_node_t *name = yaml_document_get_node(document, pair->key);
      if (name->type == YAML_SCALAR_NODE && name->data.scalar.length == length &&
          memcmp(name->data.scalar.value, key, length) == 0)
        node = yaml_document_get_node(document, pair->value);
    }
    key += length + (key[length] == '.');
  }
  return node;
}

wl_error wl_config_peek(const char *path, const char *key, char **text) {
  const wl_origin from = {.kind = WL_ORIGIN_FILE, .text = path};
  char *all = NULL;
  size_t length = 0;
  bool parsed = false;
  yaml_document_t document;
  *text = NULL;
  wl_error error = slurp(path, &all, &length);
  if (error == WL_OK) error = wl_yaml_parse(&from, all, length, &document, &parsed);
  if (error == WL_OK && parsed) {
    const yaml_node_t *node = find_node(&document, yaml_document_get_root_node(&document), key);
    if (node != NULL && node->type == YAML_SCALAR_NODE && !wl_yaml_is_null(node)) {
      *text = strdup((const char *)node->data.scalar.value);
      if (*text == NULL) error = no_memory();
    }
  }
  if (parsed) yaml_document_delete(&document);
  free(all);
  return error == WL_ERROR_MEMORY ? error : WL_OK;
}

/* ---- changing ----------------------------------------------------------------------------------------------- */

wl_error wl_config_set(wl_config *config, const char *key, const char *value) {
  const struct wl_config_source *old = config->source;
  struct wl_config_source *source = NULL;
  wl_config *changed = NULL;
  wl_error error =
      source_create(old->text, old->length, old->setting_count, (const char *const *)old->settings, &source);
  if (error == WL_OK) {
    source->assigned_count = old->assigned_count;
    error = source_assign(source, key, value);
  }
  if (error == WL_OK) error = create(config->file, source, &changed);
  if (error != WL_OK) {
    source_destroy(&source);
    return error;
  }
  changed->source = source;
  const wl_config before = *config;
  *config = *changed;
  *changed = before;
  wl_config_destroy(&changed);
  return WL_OK;
}

const wl_key *wl_config_key(const char *name) {
  const size_t key = wl_schema_find(&wl_config_schema, name);
  return key < wl_config_schema.count ? &wl_config_schema.keys[key] : NULL;
}

bool wl_config_is_effective(const char *path) {
  char *text = NULL;
  size_t length = 0;
  const bool good = slurp(path, &text, &length) == WL_OK && length >= sizeof heading - 1 &&
                    memcmp(text, heading, sizeof heading - 1) == 0;
  free(text);
  return good;
}

/* ---- writing ------------------------------------------------------------------------------------------------ */

wl_error wl_config_format(const wl_config *config, char **text) {
  char *body = NULL;
  *text = NULL;
  wl_schema_locale locale;
  WL_TRY(wl_schema_begin(&locale));
  const wl_error error = wl_schema_format(&wl_config_schema, config, config->file, &body);
  wl_schema_end(&locale);
  if (error != WL_OK) return error;
  const size_t size = sizeof heading + strlen(body);
  *text = malloc(size);
  if (*text != NULL) snprintf(*text, size, "%s%s", heading, body);
  free(body);
  return *text != NULL ? WL_OK : no_memory();
}

wl_error wl_config_fingerprint(const wl_config *config, wl_scope scope, char **text) {
  wl_schema_locale locale;
  *text = NULL;
  WL_TRY(wl_schema_begin(&locale));
  const wl_error error = wl_schema_fingerprint(&wl_config_schema, config, config->file, scope, text);
  wl_schema_end(&locale);
  return error;
}
