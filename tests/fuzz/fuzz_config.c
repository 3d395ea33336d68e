/*
 * Any text as a configuration. What is accepted must be written back, and read back as the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void reread(const wl_config *config) {
  char *first = NULL, *second = NULL;
  wl_config *again = NULL;
  if (wl_config_format(config, &first) != WL_OK) return; /* a path that YAML cannot hold */
  if (wl_config_parse(first, &again) != WL_OK) abort();
  if (wl_config_format(again, &second) != WL_OK || strcmp(first, second) != 0) abort();
  wl_config_destroy(&again);
  free(second);
  free(first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *text = malloc(size + 1);
  wl_config *config = NULL;
  if (!text) return 0;
  memcpy(text, data, size);
  text[size] = 0;
  if (wl_config_parse(text, &config) == WL_OK) reread(config);
  wl_config_destroy(&config);
  free(text);
  return 0;
}
