#include "finite/journal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct wl_journal {
  char *path;
  FILE *file;
  int64_t size;
  double *values;
};

typedef struct header {
  char magic[8];
  uint64_t fingerprint;
  int64_t size;
} header;

static const char magic[8] = "WLFIN01";

uint64_t wl_journal_hash(uint64_t hash, const void *bytes, size_t size) {
  const unsigned char *at = bytes;
  if (hash == 0) hash = 0xcbf29ce484222325ULL;
  for (size_t i = 0; i < size; i++) hash = (hash ^ at[i]) * 0x100000001b3ULL;
  return hash;
}

static uint64_t checksum(int64_t item, const double *values, int64_t size) {
  return wl_journal_hash(wl_journal_hash(0, &item, sizeof item), values, sizeof *values * (size_t)size);
}

/* Reads whole entries; the place after the last of them. */
static long read_entries(wl_journal *j, wl_journal_reader read, void *context) {
  long end = ftell(j->file);
  int64_t item;
  uint64_t sum;
  while (fread(&item, sizeof item, 1, j->file) == 1 &&
         fread(j->values, sizeof *j->values, (size_t)j->size, j->file) == (size_t)j->size &&
         fread(&sum, sizeof sum, 1, j->file) == 1 && sum == checksum(item, j->values, j->size)) {
    read(context, item, j->values);
    end = ftell(j->file);
  }
  return end;
}

static wl_error go_on(wl_journal *j, uint64_t fingerprint, wl_journal_reader read, void *context) {
  header h;
  if (fread(&h, sizeof h, 1, j->file) != 1 || memcmp(h.magic, magic, sizeof magic) != 0)
    WL_FAIL(WL_ERROR_DATA, "%s: is no journal of an experiment; remove it or run without --resume", j->path);
  if (h.fingerprint != fingerprint || h.size != j->size)
    WL_FAIL(
        WL_ERROR_DATA,
        "%s: is the journal of an experiment with another configuration or data; restore those, or run without "
        "--resume to start anew",
        j->path);
  const long end = read_entries(j, read, context);
  if (fseek(j->file, end, SEEK_SET) != 0 || ftruncate(fileno(j->file), end) != 0)
    WL_FAIL(WL_ERROR_IO, "%s: cannot go on from it: %s", j->path, strerror(errno));
  return WL_OK;
}

static wl_error start(wl_journal *j, uint64_t fingerprint) {
  header h = {.fingerprint = fingerprint, .size = j->size};
  memcpy(h.magic, magic, sizeof magic);
  j->file = fopen(j->path, "wb");
  if (!j->file || fwrite(&h, sizeof h, 1, j->file) != 1 || fflush(j->file) != 0)
    WL_FAIL(WL_ERROR_IO, "%s: cannot write: %s", j->path, strerror(errno));
  return WL_OK;
}

wl_error wl_journal_open(const char *path, bool resume, uint64_t fingerprint, int64_t size, wl_journal_reader read,
                         void *context, wl_journal **result) {
  *result = NULL;
  wl_journal *j = calloc(1, sizeof *j);
  if (!j) WL_FAIL(WL_ERROR_MEMORY, "%s: out of memory", path);
  j->size = size;
  j->path = strdup(path);
  j->values = malloc(sizeof(double) * (size_t)size);
  wl_error error = WL_OK;
  if (!j->path || !j->values)
    error = wl_error_set(WL_ERROR_MEMORY, "%s: out of memory", path);
  else if (resume && (j->file = fopen(path, "r+b")) != NULL)
    error = go_on(j, fingerprint, read, context);
  else
    error = start(j, fingerprint);
  if (error != WL_OK) wl_journal_close(&j);
  *result = j;
  return error;
}

wl_error wl_journal_append(wl_journal *j, int64_t item, const double *values) {
  const uint64_t sum = checksum(item, values, j->size);
  if (fwrite(&item, sizeof item, 1, j->file) != 1 ||
      fwrite(values, sizeof *values, (size_t)j->size, j->file) != (size_t)j->size ||
      fwrite(&sum, sizeof sum, 1, j->file) != 1 || fflush(j->file) != 0)
    WL_FAIL(WL_ERROR_IO, "%s: cannot write (disk full?): %s", j->path, strerror(errno));
  return WL_OK;
}

void wl_journal_close(wl_journal **pointer) {
  wl_journal *j = *pointer;
  if (!j) return;
  if (j->file) fclose(j->file);
  free(j->path);
  free(j->values);
  free(j);
  *pointer = NULL;
}
