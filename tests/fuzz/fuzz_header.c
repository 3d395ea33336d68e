/*
 * Any text as the header of a checkpoint. What is accepted must be written back, and read back as the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "checkpoint/checkpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  wl_checkpoint header, again;
  char *first = NULL, *second = NULL;
  if (wl_checkpoint_parse((const char *)data, size, &header) != WL_OK) return 0;
  if (wl_checkpoint_format(&header, &first) != WL_OK) abort();
  if (wl_checkpoint_parse(first, strlen(first), &again) != WL_OK) abort();
  if (wl_checkpoint_format(&again, &second) != WL_OK || strcmp(first, second) != 0) abort();
  wl_checkpoint_clear(&again);
  wl_checkpoint_clear(&header);
  free(second);
  free(first);
  return 0;
}
