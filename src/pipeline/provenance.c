#define _GNU_SOURCE
#include "pipeline/provenance.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/util.h"
#include "checkpoint/checkpointer.h"
#include "data/source.h"
#include "dist/scalapack.h"
#include "pipeline/digest.h"
#include "pipeline/inputs.h"
#include "pipeline/versions.h"

const char *wl_provenance_date(char *text, size_t size) {
  const char *epoch = getenv("SOURCE_DATE_EPOCH");
  char *end = NULL;
  const long long given = epoch ? strtoll(epoch, &end, 10) : 0;
  const time_t when = epoch && end != epoch && *end == 0 && given >= 0 ? (time_t)given : time(NULL);
  struct tm parts;
  if (!gmtime_r(&when, &parts) || strftime(text, size, "%Y-%m-%d %H:%M:%S UTC", &parts) == 0)
    snprintf(text, size, "unknown");
  return text;
}

const char *wl_provenance_host(char *text, size_t size) {
  text[0] = text[size - 1] = 0;
  gethostname(text, size - 1);
  return text;
}

const char *wl_provenance_command(const wl_setup *setup) {
  const char *line = setup->request->command_line;
  return line ? line : "unknown";
}

/* ---- inputs ------------------------------------------------------------------------------------------------- */

/* Whether the key names a file that this run reads. */
static bool is_input(const wl_key *key, const wl_config *config) {
  const bool pool = strncmp(key->name, "data.pool.", strlen("data.pool.")) == 0;
  return wl_inputs_is_source(key) && (!pool || config->select.active);
}

/* A line as sha256sum writes it; none where the text has it. */
static wl_error list_file(FILE *list, char *const *text, const char *path) {
  wl_digest digest;
  char line[4400];
  WL_TRY(wl_digest_file(path, &digest));
  snprintf(line, sizeof line, "%s  %s\n", digest.text, path);
  fflush(list);
  if (!strstr(*text, line)) fputs(line, list);
  return WL_OK;
}

static wl_error list_inputs(const wl_config *config, FILE *list, char *const *text) {
  WL_TRY(list_file(list, text, config->file));
  for (size_t k = 0; k < wl_config_schema.count; k++) {
    const wl_key *key = &wl_config_schema.keys[k];
    const char *spec = is_input(key, config) ? *(char *const *)((const char *)config + key->offset) : NULL;
    char *path = spec ? wl_source_path(spec) : NULL;
    const wl_error error = path ? list_file(list, text, path) : WL_OK;
    free(path);
    if (error != WL_OK) return error;
  }
  return WL_OK;
}

wl_error wl_provenance_inputs(const wl_config *config, char **text) {
  size_t size = 0;
  FILE *list = open_memstream(text, &size);
  if (!list) WL_FAIL(WL_ERROR_MEMORY, "provenance: out of memory");
  const wl_error error = list_inputs(config, list, text);
  fclose(list);
  return error;
}

static wl_error write_inputs(const wl_setup *setup, const char *inputs, wl_results *results) {
  char *text = NULL;
  wl_error error = inputs ? WL_OK : wl_provenance_inputs(setup->config, &text);
  if (error == WL_OK) error = wl_results_describe(results, "inputs", inputs ? inputs : text);
  free(text);
  return error;
}

/* Factors are as large as the matrix, but their header has checksums of all of it. */
static wl_error write_factor(const char *path, const char *name, wl_results *results) {
  wl_checkpoint header = {0};
  char *text = NULL, line[4400];
  WL_TRY(wl_checkpoint_open(path, &header));
  wl_error error = wl_checkpoint_format(&header, &text);
  if (error == WL_OK) {
    snprintf(line, sizeof line, "%s  header of %s\n", wl_digest_bytes(text, strlen(text)).text, path);
    error = wl_results_describe(results, name, line);
  }
  free(text);
  wl_checkpoint_clear(&header);
  return error;
}

static wl_error write_factors(const wl_setup *setup, wl_results *results) {
  static const char *const name[WL_PRIOR_COUNT] = {
      [WL_PRIOR_THETA] = "factor_theta", [WL_PRIOR_KAPPA] = "factor_kappa"};
  const wl_model_options options = wl_job_model_options(setup->config);
  for (int p = 0; setup->request->factor && p < WL_PRIOR_COUNT; p++) {
    char path[WL_PATH_SIZE];
    if (!wl_model_needs(&options, (wl_prior)p)) continue;
    wl_checkpointer_factor_path(setup->request->factor, (wl_prior)p, path, sizeof path);
    if (access(path, F_OK) != 0) continue; /* who reads it says more */
    WL_TRY(write_factor(path, name[p], results));
  }
  return WL_OK;
}

/* ---- all ---------------------------------------------------------------------------------------------------- */

static wl_error write_config(const wl_setup *setup, wl_results *results) {
  char *text = NULL;
  wl_error error = wl_config_format(setup->config, &text);
  if (error == WL_OK) error = wl_results_describe(results, "configuration", text);
  free(text);
  return error;
}

static wl_error write_texts(const wl_setup *setup, wl_results *results) {
  char date[64], host[256], seed[32], ranks[32], scalapack[512], folder[WL_PATH_SIZE];
  int size;
  MPI_Comm_size(setup->comm, &size);
  snprintf(seed, sizeof seed, "%llu", (unsigned long long)setup->config->seed);
  snprintf(ranks, sizeof ranks, "%d", size);
  snprintf(scalapack, sizeof scalapack, "%s, %s", WIDELIMIT_SCALAPACK_VERSION, wl_scalapack_library());
  const char *const entry[][2] = {{"program", "widelimit " WIDELIMIT_VERSION},
                                  {"commit", wl_build_commit},
                                  {"compiler", wl_build_compiler},
                                  {"flags", wl_build_flags},
                                  {"mpi", wl_mpi_version()},
                                  {"blas", wl_blas_version()},
                                  {"blas_kernel", wl_blas_kernel()},
                                  {"scalapack", scalapack},
                                  {"hdf5", wl_hdf5_version()},
                                  {"host", wl_provenance_host(host, sizeof host)},
                                  {"ranks", ranks},
                                  {"date", wl_provenance_date(date, sizeof date)},
                                  {"folder", getcwd(folder, sizeof folder) ? folder : "unknown"},
                                  {"command_line", wl_provenance_command(setup)},
                                  {"seed", seed}};
  for (size_t i = 0; i < sizeof entry / sizeof *entry; i++)
    WL_TRY(wl_results_describe(results, entry[i][0], entry[i][1]));
  return WL_OK;
}

wl_error wl_provenance_write(const wl_setup *setup, const char *inputs, wl_results *results) {
  WL_TRY(wl_results_describe_anew(results));
  WL_TRY(write_texts(setup, results));
  WL_TRY(write_config(setup, results));
  WL_TRY(write_factors(setup, results));
  return write_inputs(setup, inputs, results);
}
