#include "pipeline/inputs.h"

#include <stdlib.h>
#include <string.h>

#include "base/same_file.h"
#include "data/source.h"

void wl_inputs_add(wl_inputs *inputs, const char *path, const char *what) {
  if (!path) return;
  wl_input *more = realloc(inputs->file, sizeof *more * (size_t)(inputs->count + 1));
  char *copy = strdup(path);
  if (more) inputs->file = more;
  if (more && copy)
    inputs->file[inputs->count++] = (wl_input){copy, what};
  else
    free(copy);
}

/* What a source leads to is read under the same key. */
typedef struct referring {
  wl_inputs *inputs;
  const char *what;
} referring;

static void add_referred(void *context, const char *path) {
  const referring *r = context;
  if (!wl_inputs_find(r->inputs, path)) wl_inputs_add(r->inputs, path, r->what);
}

bool wl_inputs_is_source(const wl_key *key) {
  return key->kind == WL_KIND_TEXT && key->path &&
         (strncmp(key->name, "data.", 5) == 0 || strncmp(key->name, "kernels.", 8) == 0);
}

/* select puts the pool in the place of the test points. */
static bool is_pool(const wl_config *config, const char *spec) {
  return spec == config->data.test_inputs && config->data.pool_inputs &&
         strcmp(spec, config->data.pool_inputs) == 0;
}

wl_inputs wl_inputs_of(const wl_config *config) {
  wl_inputs inputs = {0};
  wl_inputs_add(&inputs, config->file, "the configuration");
  for (size_t k = 0; k < wl_config_schema.count; k++) {
    const wl_key *key = &wl_config_schema.keys[k];
    if (!wl_inputs_is_source(key)) continue;
    const char *spec = *(char *const *)((const char *)config + key->offset);
    if (!spec || is_pool(config, spec)) continue;
    referring referring_key = {&inputs, key->name};
    char *path = wl_source_path(spec);
    wl_inputs_add(&inputs, path, key->name);
    free(path);
    wl_source_visit_files(spec, &(wl_file_visitor){add_referred, &referring_key});
  }
  return inputs;
}

const wl_input *wl_inputs_find(const wl_inputs *inputs, const char *path) {
  for (int i = 0; i < inputs->count; i++)
    if (wl_same_place(path, inputs->file[i].path)) return &inputs->file[i];
  return NULL;
}

void wl_inputs_clear(wl_inputs *inputs) {
  for (int i = 0; i < inputs->count; i++) free(inputs->file[i].path);
  free(inputs->file);
  *inputs = (wl_inputs){0};
}
