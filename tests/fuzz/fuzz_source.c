/*
 * Any bytes as a data file with this ENDING: opened, and read from the first row to the last, once more from the middle, and
 * rows chosen back to front.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "data/source.h"

#ifndef SELECTOR
#define SELECTOR ""
#endif

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_all(wl_source *source) {
  const int64_t rows = wl_source_rows(source), columns = wl_source_cols(source);
  if (columns > 1 << 16 || rows > 1 << 16)
    return; /* a small file that claims to be large: reading it is for the run */
  double *row = malloc(sizeof(double) * (size_t)columns);
  for (int64_t i = 0; row && i < rows; i++)
    if (wl_source_read(source, i, 1, row) != WL_OK) break;
  if (row && rows > 1) (void)wl_source_read(source, rows / 2, 1, row);
  free(row);
  int64_t *order = malloc(sizeof *order * 2);
  double *two = malloc(sizeof *two * 2 * (size_t)columns);
  if (order) order[0] = rows - 1, order[1] = 0;
  if (order && wl_source_choose_rows(source, order, 2) == WL_OK && two) (void)wl_source_read(source, 0, 2, two);
  free(two);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static char path[64], spec[80];
  if (!path[0]) {
    snprintf(path, sizeof path, "/tmp/widelimit-fuzz-%ld" ENDING, (long)getpid());
    snprintf(spec, sizeof spec, "%s%s", path, SELECTOR);
  }
  FILE *file = fopen(path, "wb");
  if (!file) return 0;
  fwrite(data, 1, size, file);
  fclose(file);
  wl_source *source = NULL;
  if (wl_source_open(spec, NULL, &source) == WL_OK) read_all(source);
  wl_source_close(&source);
  unlink(path);
  return 0;
}
