#include "pipeline/inputs.h"

#include <stdlib.h>
#include <string.h>

#include "base/same_file.h"
#include "data/source.h"

void wl_inputs_add(wl_inputs *inputs, const char *path, const char *what) {
  if (!path || inputs->count == WL_INPUTS) return;
  char *copy = strdup(path);
  if (copy) inputs->file[inputs->count++] = (wl_input){copy, what};
}

/* Whether the key names a source. */
static bool is_source(const wl_key *key) {
  return key->kind == WL_KIND_TEXT && key->path &&
         (strncmp(key->name, "data.", 5) == 0 || strncmp(key->name, "kernels.", 8) == 0);
}

wl_inputs wl_inputs_of(const wl_config *config) {
  wl_inputs inputs = {.count = 0};
  wl_inputs_add(&inputs, config->file, "the configuration");
  for (size_t k = 0; k < wl_config_schema.count; k++) {
    const wl_key *key = &wl_config_schema.keys[k];
    if (!is_source(key)) continue;
    const char *spec = *(char *const *)((const char *)config + key->offset);
    char *path = spec ? wl_source_path(spec) : NULL;
    wl_inputs_add(&inputs, path, key->name);
    free(path);
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
  inputs->count = 0;
}
