/**
 * @file config.c
 * The table of keys, and the rules that concern more than one key.
 *
 * To add a key or a section: a member of wl_config, a row of wl_config_keys. Reading, overriding, messages,
 * freeing and writing back follow from the row.
 */
#include "config/config.h"

#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "config/config_schema.h"

/* ---- the table ---------------------------------------------------------------------------------------------- */

static const cyaml_strval_t switches[] = {{"true", true}, {"false", false}};
static const cyaml_strval_t encodings[] = {{"none", WL_ENCODING_NONE}, {"one_hot", WL_ENCODING_ONE_HOT}};
static const cyaml_strval_t precisions[] = {{"double", WL_PRECISION_DOUBLE}, {"mixed", WL_PRECISION_MIXED}};
static const cyaml_strval_t trainings[] = {{"gradient_descent", WL_TRAINING_GRADIENT_DESCENT},
                                           {"linearized", WL_TRAINING_LINEARIZED}};
static const cyaml_strval_t momenta[] = {{"none", WL_MOMENTUM_NONE}, {"heavy_ball", WL_MOMENTUM_HEAVY_BALL}};
static const cyaml_strval_t sabotages[] = {{"none", WL_FINITE_FAULT_NONE},
                                           {"last_layer", WL_FINITE_FAULT_LAST_LAYER},
                                           {"shared", WL_FINITE_FAULT_SHARED},
                                           {"head", WL_FINITE_FAULT_HEAD}};
static const cyaml_strval_t faults[] = {
#define ENTRY(NAME, name, text) {#name, WL_FAULT_##NAME},
    WL_FAULT_LIST(ENTRY)
#undef ENTRY
};
static const cyaml_schema_value_t list_item = {CYAML_VALUE_INT(CYAML_FLAG_DEFAULT, int64_t)};
static const cyaml_strval_t activations[] = {
#define ENTRY(NAME, name, text) {#name, WL_ACTIVATION_##NAME},
    WL_ACTIVATION_LIST(ENTRY)
#undef ENTRY
};
static const cyaml_strval_t quantities[] = {
#define ENTRY(NAME, name, text) {#name, 1 << WL_QUANTITY_##NAME},
    WL_QUANTITY_LIST(ENTRY)
#undef ENTRY
};
#define ENTRY(NAME, name, text) #name ", "
static const char all_quantities[] = "[" WL_QUANTITY_LIST(ENTRY) "]"; /* YAML lets a list end in a comma */
#undef ENTRY

enum { OPTIONAL = CYAML_FLAG_OPTIONAL, STRICT = CYAML_FLAG_OPTIONAL | CYAML_FLAG_STRICT };

#define INTEGER(name, member) .field = CYAML_FIELD_INT(name, OPTIONAL, wl_config_loaded, config.member)
#define UNSIGNED(name, member) .field = CYAML_FIELD_UINT(name, OPTIONAL, wl_config_loaded, config.member)
#define REAL(name, member) .field = CYAML_FIELD_FLOAT(name, OPTIONAL, wl_config_loaded, config.member)
#define TEXT(name, member)                                                                                 \
  .field = CYAML_FIELD_STRING_PTR(name, OPTIONAL | CYAML_FLAG_POINTER, wl_config_loaded, config.member, 1, \
                                  CYAML_UNLIMITED)
#define CHOICE(name, member, choices) \
  .field = CYAML_FIELD_ENUM(name, STRICT, wl_config_loaded, config.member, choices, CYAML_ARRAY_LEN(choices))
#define SWITCH(name, member)                                                                             \
  .field = CYAML_FIELD_ENUM(name, STRICT | CYAML_FLAG_CASE_INSENSITIVE, wl_config_loaded, config.member, \
                            switches, CYAML_ARRAY_LEN(switches))
#define SET(name, member, choices) \
  .field = CYAML_FIELD_FLAGS(name, STRICT, wl_config_loaded, member, choices, CYAML_ARRAY_LEN(choices))
/** A list of integers, in an array within wl_config. */
#define INTEGERS(name, member, count, most)                                                                      \
  .field = CYAML_FIELD_SEQUENCE_COUNT(name, OPTIONAL, wl_config_loaded, config.member, config.count, &list_item, \
                                      1, most)
#define AT_LEAST(value) .bound = WL_BOUND_AT_LEAST, .limit = (value)
/** A run may be resumed with another value; a factor depends on the value. */
#define FREE .scope = WL_SCOPE_NONE
#define FACTOR .scope = WL_SCOPE_FACTOR
#define ABOVE(value) .bound = WL_BOUND_ABOVE, .limit = (value)

/* Keys of one section stand together. */
const wl_config_key wl_config_keys[] = {
    {TEXT("name", name), FREE}, /* default: the file's name without its ending */
    {UNSIGNED("seed", seed), .fallback = "0"},
    {TEXT("data.train.inputs", data.train_inputs), .path = true, FREE},
    {TEXT("data.train.targets", data.train_targets), .path = true, FREE},
    {TEXT("data.test.inputs", data.test_inputs), .path = true, FREE},
    {TEXT("data.test.targets", data.test_targets), .path = true, FREE},
    {TEXT("data.test.ood", data.test_ood), .path = true, FREE},
    {CHOICE("data.target_encoding", data.target_encoding, encodings), .fallback = "none"},
    {SWITCH("data.standardize", data.standardize), .fallback = "false", FACTOR},
    {INTEGER("synthetic.train", synthetic.train), AT_LEAST(1)},
    {INTEGER("synthetic.test", synthetic.test), AT_LEAST(1)},
    {INTEGER("synthetic.dimension", synthetic.dimension), AT_LEAST(1)},
    {INTEGER("network.depth", network.depth), AT_LEAST(1), .fallback = "3", FACTOR},
    {CHOICE("network.activation", network.activation, activations), .fallback = "relu", FACTOR},
    {REAL("network.slope", network.slope), .fallback = "0.01", FACTOR}, /* may be given for leaky_relu only */
    {REAL("network.sigma_w", network.sigma_w), ABOVE(0), .fallback = "1.4142135623730951", FACTOR},
    {REAL("network.sigma_b", network.sigma_b), AT_LEAST(0), .fallback = "0.1", FACTOR},
    {REAL("noise_variance", noise_variance), AT_LEAST(0), .fallback = "0", FACTOR},
    {REAL("jitter", jitter), AT_LEAST(0), .fallback = "0", FACTOR},
    {CHOICE("precision", precision, precisions), .fallback = "double", FREE},
    {SET("quantities", quantities, quantities), .fallback = all_quantities},
    {INTEGER("sampling.posterior", samples[WL_DRAW_POSTERIOR]), AT_LEAST(0), .fallback = "0"},
    {INTEGER("sampling.ensemble", samples[WL_DRAW_ENSEMBLE]), AT_LEAST(0), .fallback = "0"},
    {INTEGER("sampling.rnd", samples[WL_DRAW_RND]), AT_LEAST(0), .fallback = "0"},
    {INTEGER("sampling.bayesian_rnd", samples[WL_DRAW_BAYESIAN_RND]), AT_LEAST(0), .fallback = "0"},
    {INTEGER("certify.replicates", certify.replicates), AT_LEAST(2), .fallback = "20"},
    {INTEGER("certify.heads", certify.heads), AT_LEAST(1), .fallback = "64"},
    {REAL("certify.false_alarm", certify.false_alarm), ABOVE(0), .fallback = "1.0e-6"},
    {CHOICE("certify.sabotage", certify.sabotage, faults), .fallback = "none"},
    {INTEGERS("finite_width.widths", finite_width.widths, finite_width.width_count, WL_WIDTHS), AT_LEAST(1)},
    {INTEGER("finite_width.networks", finite_width.networks), AT_LEAST(8), .fallback = "256"},
    {INTEGER("finite_width.heads", finite_width.heads), AT_LEAST(1), .fallback = "8"},
    {CHOICE("finite_width.training", finite_width.training, trainings), .fallback = "gradient_descent"},
    {REAL("finite_width.stop.residual", finite_width.stop.residual), ABOVE(0), .fallback = "1.0e-6"},
    {INTEGER("finite_width.stop.steps", finite_width.stop.steps), AT_LEAST(1), .fallback = "200000"},
    {REAL("finite_width.step", finite_width.step), ABOVE(0), .fallback = "1"},
    {CHOICE("finite_width.momentum", finite_width.momentum, momenta), .fallback = "heavy_ball"},
    {CHOICE("finite_width.sabotage", finite_width.sabotage, sabotages), .fallback = "none"},
    {INTEGER("grid.rows", grid.rows), AT_LEAST(0), .fallback = "0", FREE},
    {INTEGER("grid.columns", grid.columns), AT_LEAST(0), .fallback = "0", FREE},
    {INTEGER("grid.block", grid.block), AT_LEAST(0), .fallback = "0", FREE},
    {TEXT("output.directory", output_directory), .path = true, FREE}, /* default: out/NAME */
    {TEXT("checkpoint.directory", checkpoint.directory), .path = true, FREE},
    {REAL("checkpoint.every_minutes", checkpoint.every_minutes), AT_LEAST(0), .fallback = "30", FREE},
    {INTEGER("checkpoint.keep", checkpoint.keep), AT_LEAST(1), .fallback = "2", FREE},
    {TEXT("factor.save", factor_save), .path = true, FREE},
    {SWITCH("output.covariance", output_covariance), .fallback = "false"},
    {SWITCH("output.kernels", output_kernels), .fallback = "false"},
};
const size_t wl_config_key_count = CYAML_ARRAY_LEN(wl_config_keys);

size_t wl_config_key_find(const char *name, size_t length) {
  size_t key = 0;
  while (key < wl_config_key_count && (strlen(wl_config_keys[key].field.key) != length ||
                                       memcmp(wl_config_keys[key].field.key, name, length) != 0))
    key++;
  return key;
}

static size_t find(const char *name) { return wl_config_key_find(name, strlen(name)); }

static void append(char *text, size_t size, const char *more) {
  const size_t used = strlen(text);
  snprintf(text + used, size - used, "%s", more);
}

void wl_config_key_allowed(const wl_config_key *key, char *text, size_t size) {
  const cyaml_schema_value_t *value = &key->field.value;
  static const char *const kinds[CYAML__TYPE_COUNT] = {
      [CYAML_INT] = "an integer",
      [CYAML_UINT] = "an integer from 0 to 18446744073709551615",
      [CYAML_FLOAT] = "a number",
      [CYAML_ENUM] = "one of ",
      [CYAML_SEQUENCE] = "a list of 1 to 16 integers",
      [CYAML_STRING] = "a text",
      [CYAML_FLAGS] = "a list of one or more of ",
  };
  snprintf(text, size, "%s", key->path ? "a path" : kinds[value->type]);
  if (key->bound != WL_BOUND_NONE) {
    char bound[64];
    snprintf(bound, sizeof bound, key->bound == WL_BOUND_ABOVE ? " above %g" : " of at least %g", key->limit);
    append(text, size, bound);
  }
  if (value->type != CYAML_ENUM && value->type != CYAML_FLAGS) return;
  for (uint32_t i = 0; i < value->enumeration.count; i++) {
    if (i > 0) append(text, size, ", ");
    append(text, size, value->enumeration.strings[i].str);
  }
}

/* ---- rules -------------------------------------------------------------------------------------------------- */

static bool list_within_bounds(const wl_config_key *key, const wl_config_loaded *loaded) {
  const char *base = (const char *)loaded;
  uint32_t count;
  memcpy(&count, base + key->field.count_offset, sizeof count);
  for (uint32_t i = 0; i < count; i++) {
    int64_t item;
    memcpy(&item, base + key->field.data_offset + i * sizeof item, sizeof item);
    if ((double)item < key->limit) return false;
  }
  return true;
}

static bool within_bounds(const wl_config_key *key, const wl_config_loaded *loaded) {
  const char *place = (const char *)loaded + key->field.data_offset;
  if (key->field.value.type == CYAML_SEQUENCE) return list_within_bounds(key, loaded);
  double number;
  if (key->field.value.type == CYAML_FLOAT)
    memcpy(&number, place, sizeof number);
  else if (key->field.value.type != CYAML_INT)
    return true;
  else if (key->field.value.data_size == sizeof(int64_t))
    number = (double)*(const int64_t *)place;
  else
    number = *(const int *)place;
  if (!isfinite(number)) return false;
  if (key->bound == WL_BOUND_AT_LEAST) return number >= key->limit;
  if (key->bound == WL_BOUND_ABOVE) return number > key->limit;
  return true;
}

static wl_error check_bounds(const wl_config_values *values, const wl_config_loaded *loaded) {
  for (size_t key = 0; key < wl_config_key_count; key++)
    if (wl_config_values_has(values, key) && !within_bounds(&wl_config_keys[key], loaded))
      return wl_config_values_reject(values, key);
  return WL_OK;
}

/** First key with a value among those whose names start with the prefix; wl_config_key_count if none has. */
static size_t first_of(const wl_config_values *values, const char *prefix) {
  for (size_t key = 0; key < wl_config_key_count; key++)
    if (strncmp(wl_config_keys[key].field.key, prefix, strlen(prefix)) == 0 && wl_config_values_has(values, key))
      return key;
  return wl_config_key_count;
}

static wl_error require(const wl_config_values *values, const char *const names[3], const char *why) {
  for (int i = 0; i < 3; i++)
    if (!wl_config_values_has(values, find(names[i])))
      return wl_config_values_fail(values, find(names[i]), "is missing, %s", why);
  return WL_OK;
}

/** Either files or synthetic data, and whichever it is, complete. */
static wl_error check_data(const wl_config_values *values, const wl_config *config) {
  static const char *const files[3] = {"data.train.inputs", "data.train.targets", "data.test.inputs"};
  static const char *const sizes[3] = {"synthetic.train", "synthetic.test", "synthetic.dimension"};
  const size_t train = first_of(values, "data.train."), test = first_of(values, "data.test.");
  const size_t file = train < wl_config_key_count ? train : test;
  const size_t synthetic = first_of(values, "synthetic.");
  if (synthetic == wl_config_key_count)
    return require(values, files,
                   file < wl_config_key_count ? "it is needed with the other sources of data"
                                              : "give data.train and data.test, or synthetic");
  if (file < wl_config_key_count)
    return wl_config_values_fail(values, synthetic, "cannot stand together with %s, give one or the other",
                                 wl_config_keys[file].field.key);
  WL_TRY(require(values, sizes, "synthetic needs train, test and dimension"));
  if (config->data.target_encoding == WL_ENCODING_ONE_HOT)
    return wl_config_values_fail(values, find("data.target_encoding"),
                                 "one_hot needs integer classes, which synthetic data do not have");
  return WL_OK;
}

static wl_error check_network(const wl_config_values *values, const wl_network *network) {
  const size_t slope = find("network.slope");
  if (wl_config_values_origin(values, slope) != WL_ORIGIN_DEFAULT &&
      network->activation != WL_ACTIVATION_LEAKY_RELU)
    return wl_config_values_fail(values, slope, "belongs to leaky_relu, but network.activation is %s",
                                 activations[network->activation].str);
  if (wl_network_check(network) == WL_OK) return WL_OK;
  const char *message = wl_error_message();
  for (size_t key = 0; key < wl_config_key_count; key++) { /* the message starts with the key */
    const size_t length = strlen(wl_config_keys[key].field.key);
    if (strncmp(message, wl_config_keys[key].field.key, length) == 0 && message[length] == ' ')
      return wl_config_values_fail(values, key, "%s", message + length + 1);
  }
  return wl_config_values_fail(values, find("network.depth"), "%s", message);
}

/** The name becomes part of a path. */
static wl_error check_name(const wl_config_values *values, const char *name) {
  bool good = strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && strchr(name, '/') == NULL;
  for (const char *c = name; *c != '\0'; c++) good = good && !iscntrl((unsigned char)*c);
  if (good) return WL_OK;
  return wl_config_values_fail(values, find("name"), "names a folder too: it must be a text without '/'");
}

static wl_error check_finite_width(const wl_config_values *values, const wl_config *config) {
  const size_t key = find("finite_width.widths");
  const uint32_t count = config->finite_width.width_count;
  if (wl_config_values_has(values, key) && count < 2)
    return wl_config_values_fail(values, key, "has one width, a trend needs at least 2");
  for (uint32_t i = 1; i < count; i++)
    if (config->finite_width.widths[i] <= config->finite_width.widths[i - 1])
      return wl_config_values_fail(values, key, "must ascend, but %lld follows %lld",
                                   (long long)config->finite_width.widths[i],
                                   (long long)config->finite_width.widths[i - 1]);
  if (config->finite_width.stop.residual >= 1.0)
    return wl_config_values_fail(values, find("finite_width.stop.residual"), "is relative, it must be below 1");
  return WL_OK;
}

/** Draws are of quantities; the certificate is about four of them. */
static wl_error check_draws(const wl_config_values *values, const wl_config *config) {
  static const char *const keys[WL_DRAW_COUNT] = {"sampling.posterior", "sampling.ensemble", "sampling.rnd",
                                                  "sampling.bayesian_rnd"};
  static const wl_quantity needs[WL_DRAW_COUNT] = {WL_QUANTITY_NTK_GP, WL_QUANTITY_ENSEMBLE, WL_QUANTITY_RND,
                                                   WL_QUANTITY_BAYESIAN_RND};
  size_t asked = wl_config_key_count;
  bool any = false;
  for (int d = 0; d < WL_DRAW_COUNT; d++) {
    const size_t key = find(keys[d]);
    const char *quantity = wl_quantity_name(needs[d]);
    if (config->samples[d] > 0 && !config->quantity[needs[d]])
      return wl_config_values_fail(values, key, "needs %s among the quantities", quantity);
    if (config->certify.wanted && !config->quantity[needs[d]])
      return wl_config_values_fail(values, find("quantities"), "lacks %s, which certify needs", quantity);
    any = any || config->samples[d] > 0;
    if (wl_config_values_origin(values, key) != WL_ORIGIN_DEFAULT || wl_config_values_named(values, key))
      asked = key;
  }
  if (asked < wl_config_key_count && !any)
    return wl_config_values_fail(values, asked, "leaves nothing to draw: every count in sampling is 0");
  if (config->certify.false_alarm >= 1.0)
    return wl_config_values_fail(values, find("certify.false_alarm"), "is a probability, it must be below 1");
  return WL_OK;
}

/** What rests on the matrix in double precision, or on its factor, cannot be had without. */
static wl_error check_precision(const wl_config_values *values, const wl_config *config) {
  const size_t key = find("precision");
  if (config->precision != WL_PRECISION_MIXED) return WL_OK;
  static const char *const needs = "is mixed, but %s needs the matrix in double precision: set precision: double";
  if (config->certify.wanted) return wl_config_values_fail(values, key, needs, "certify");
  if (config->output_kernels) return wl_config_values_fail(values, key, needs, "output.kernels");
  if (config->checkpoint.directory) return wl_config_values_fail(values, key, needs, "checkpoint.directory");
  if (config->factor_save) return wl_config_values_fail(values, key, needs, "factor.save");
  return WL_OK;
}

static wl_error check(const wl_config_values *values, const wl_config_loaded *loaded) {
  WL_TRY(check_bounds(values, loaded));
  WL_TRY(check_name(values, loaded->config.name));
  WL_TRY(check_data(values, &loaded->config));
  WL_TRY(check_finite_width(values, &loaded->config));
  WL_TRY(check_draws(values, &loaded->config));
  WL_TRY(check_precision(values, &loaded->config));
  return check_network(values, &loaded->config.network);
}

/* ---- names and paths ---------------------------------------------------------------------------------------- */

static wl_error no_memory(void) { WL_FAIL(WL_ERROR_MEMORY, "no memory for the configuration"); }

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

static char *join(const char *folder, const char *path) {
  if (path[0] == '/' || strcmp(folder, ".") == 0) return strdup(path);
  const size_t size = strlen(folder) + strlen(path) + 2;
  char *joined = malloc(size);
  if (joined != NULL) snprintf(joined, size, "%s%s%s", folder, folder[strlen(folder) - 1] == '/' ? "" : "/", path);
  return joined;
}

/** Names the run and its output where the file does not. */
static wl_error fill_in(wl_config *config) {
  if (config->name == NULL) config->name = name_of(config->file);
  if (config->name == NULL) return no_memory();
  if (config->output_directory == NULL) config->output_directory = join("out", config->name);
  return config->output_directory != NULL ? WL_OK : no_memory();
}

/** Paths of the file start in its folder; those of --set stand for the current directory and stay. */
static wl_error resolve_paths(const wl_config_values *values, wl_config_loaded *loaded) {
  for (size_t key = 0; key < wl_config_key_count; key++) {
    char **text = (char **)(void *)((char *)loaded + wl_config_keys[key].field.data_offset);
    if (!wl_config_keys[key].path || wl_config_values_origin(values, key) == WL_ORIGIN_SET || *text == NULL)
      continue;
    char *joined = join(loaded->config.directory, *text);
    if (joined == NULL) return no_memory();
    free(*text);
    *text = joined;
  }
  return WL_OK;
}

/* ---- reading ------------------------------------------------------------------------------------------------ */

static void destroy_texts(wl_config_loaded *loaded) {
  for (size_t key = 0; key < wl_config_key_count; key++)
    if (wl_config_keys[key].field.value.type == CYAML_STRING)
      free(*(char **)(void *)((char *)loaded + wl_config_keys[key].field.data_offset));
  free(loaded->config.file);
  free(loaded->config.directory);
}

void wl_config_destroy(wl_config **config) {
  if (config == NULL || *config == NULL) return;
  wl_config_loaded loaded = {.config = **config};
  destroy_texts(&loaded);
  free(*config);
  *config = NULL;
}

static wl_error load(const wl_config_values *values, const char *file, wl_config_loaded *loaded) {
  WL_TRY(wl_config_values_load(values, loaded));
  wl_config *config = &loaded->config;
  config->file = strdup(file);
  config->directory = folder_of(file);
  if (config->file == NULL || config->directory == NULL) return no_memory();
  for (int q = 0; q < WL_QUANTITY_COUNT; q++) config->quantity[q] = (loaded->quantities >> q & 1U) != 0;
  for (size_t key = 0; key < wl_config_key_count; key++)
    if (strncmp(wl_config_keys[key].field.key, "certify.", strlen("certify.")) == 0 &&
        (wl_config_values_origin(values, key) != WL_ORIGIN_DEFAULT || wl_config_values_named(values, key)))
      config->certify.wanted = true;
  WL_TRY(fill_in(config));
  WL_TRY(check(values, loaded));
  return resolve_paths(values, loaded);
}

static wl_error read_text(const char *file, const char *text, size_t length, int override_count,
                          const char *const *overrides, wl_config **config) {
  wl_config_values *values = NULL;
  wl_config_loaded loaded = {0};
  wl_config *result = NULL;
  /* Numbers have a decimal point, whatever the caller's language. */
  locale_t plain = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
  const locale_t callers = plain != (locale_t)0 ? uselocale(plain) : (locale_t)0;

  wl_error error;
  WL_GOTO(error, done, wl_config_values_create(file, text, length, override_count, overrides, &values));
  WL_GOTO(error, done, load(values, file, &loaded));
  result = malloc(sizeof *result);
  if (result == NULL)
    error = no_memory();
  else
    *result = loaded.config;
done:
  if (error != WL_OK) destroy_texts(&loaded);
  wl_config_values_destroy(&values);
  if (plain != (locale_t)0) {
    uselocale(callers);
    freelocale(plain);
  }
  *config = result;
  return error;
}

/** The whole file, up to a size that no configuration needs. */
static wl_error slurp(const char *path, char **text, size_t *length) {
  enum { LIMIT = 64 << 10 };
  struct stat status;
  if (stat(path, &status) != 0) WL_FAIL(WL_ERROR_CONFIG, "%s: cannot be read: %s", path, strerror(errno));
  if (S_ISDIR(status.st_mode)) WL_FAIL(WL_ERROR_CONFIG, "%s: is a directory, a YAML file is needed", path);
  FILE *file = fopen(path, "rb");
  if (file == NULL) WL_FAIL(WL_ERROR_CONFIG, "%s: cannot be read: %s", path, strerror(errno));
  *text = malloc(LIMIT + 1);
  if (*text == NULL) {
    fclose(file);
    return no_memory();
  }
  *length = fread(*text, 1, LIMIT + 1, file);
  const int failure = ferror(file) ? errno : 0;
  fclose(file);
  if (failure != 0) WL_FAIL(WL_ERROR_IO, "%s: cannot be read: %s", path, strerror(failure));
  if (*length > LIMIT) WL_FAIL(WL_ERROR_CONFIG, "%s: is larger than 64 KiB, that is no configuration", path);
  return WL_OK;
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
  return read_text("configuration", text, strlen(text), 0, NULL, config);
}
