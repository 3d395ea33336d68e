#include "pipeline/overwrite.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/same_file.h"
#include "checkpoint/checkpointer.h"
#include "cost/job.h"
#include "pipeline/inputs.h"

enum { PATH_SIZE = PATH_MAX + 512 };

/* A folder in the place of a file is another matter: results.c refuses it. */
static bool is_there(const char *folder, const char *name) {
  char path[PATH_SIZE];
  struct stat status;
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return lstat(path, &status) == 0 && !S_ISDIR(status.st_mode);
}

/* ---- against what is read ----------------------------------------------------------------------------------- */

static wl_error check(const wl_inputs *inputs, const char *path, const char *key) {
  const wl_input *read = wl_inputs_find(inputs, path);
  if (!read) return WL_OK;
  WL_FAIL(WL_ERROR_CONFIG,
          "%s: this output (%s) would be written over %s, which is read (%s): give it another place", path, key,
          read->path, read->what);
}

/* What is there in the place of an output must be a plain file: a folder does not give way, and a pipe waits for its other end. */
static wl_error check_kind(const char *path, const char *key) {
  struct stat status;
  if (stat(path, &status) != 0 || S_ISREG(status.st_mode)) return WL_OK;
  if (S_ISDIR(status.st_mode)) WL_FAIL(WL_ERROR_IO, "%s: is a folder, where this output (%s) belongs", path, key);
  WL_FAIL(WL_ERROR_IO, "%s: is a named pipe, a socket or a device, where this output (%s) belongs: remove it",
          path, key);
}

static wl_error check_both(const wl_inputs *inputs, const char *path, const char *key) {
  WL_TRY(check(inputs, path, key));
  return check_kind(path, key);
}

/* Under its name and under that which it has until it is complete. */
static wl_error check_output(const wl_inputs *inputs, const char *folder, const char *name) {
  char path[PATH_SIZE];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  WL_TRY(check_both(inputs, path, "output.directory"));
  snprintf(path, sizeof path, "%s/.%s.partial", folder, name);
  return check_both(inputs, path, "output.directory");
}

/* Whether the file is the effective configuration to the letter: written over, it stays what it is. */
static bool is_effective(const char *path, const wl_config *config) {
  char *text = NULL;
  FILE *file = wl_config_format(config, &text) == WL_OK ? fopen(path, "re") : NULL;
  bool same = file != NULL;
  for (const char *c = text; same && *c; c++) same = getc(file) == (unsigned char)*c;
  same = same && getc(file) == EOF;
  if (file) fclose(file);
  free(text);
  return same;
}

static wl_error check_folder(const wl_inputs *inputs, const wl_config *config, const wl_outputs *outputs) {
  const char *folder = config->output_directory;
  char path[PATH_SIZE];
  WL_TRY(check_output(inputs, folder, outputs->results));
  WL_TRY(check_output(inputs, folder, "run.log"));
  if (outputs->summary) WL_TRY(check_output(inputs, folder, outputs->summary));
  snprintf(path, sizeof path, "%s/.finite.journal", folder);
  WL_TRY(check_both(inputs, path, "output.directory"));
  snprintf(path, sizeof path, "%s/.%s.partial", folder, outputs->config);
  WL_TRY(check_kind(path, "output.directory"));
  snprintf(path, sizeof path, "%s/%s", folder, outputs->config);
  WL_TRY(check_kind(path, "output.directory"));
  return is_effective(path, config) ? WL_OK : check_output(inputs, folder, outputs->config);
}

/* All files in the folder that a run of this name writes over or removes. */
static wl_error check_checkpoints(const wl_inputs *inputs, const wl_config *config) {
  DIR *folder = config->checkpoint.directory ? opendir(config->checkpoint.directory) : NULL;
  const struct dirent *entry;
  wl_error error = WL_OK;
  while (folder && error == WL_OK && (entry = readdir(folder))) {
    char path[PATH_SIZE];
    if (!wl_checkpointer_owns(config->name, entry->d_name)) continue;
    snprintf(path, sizeof path, "%s/%s", config->checkpoint.directory, entry->d_name);
    error = check_both(inputs, path, "checkpoint.directory");
  }
  if (folder) closedir(folder);
  return error;
}

/* ---- factors ------------------------------------------------------------------------------------------------ */

static wl_error clash(wl_error error, const char *path, const char *other) {
  WL_FAIL(error, "%s: factor.save is in the place of %s: give it another", path, other);
}

/* A factor and the other outputs, none of which need be there yet. A folder cannot be written to, as ever. */
static wl_error check_places(const char *path, const wl_config *config, const wl_outputs *outputs) {
  const char *const names[] = {outputs->results, outputs->config, outputs->summary, "run.log"};
  const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
  const char *directory = config->checkpoint.directory;
  char other[2 * PATH_SIZE];
  if (wl_same_place(path, config->output_directory)) return clash(WL_ERROR_IO, path, "output.directory");
  for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
    snprintf(other, sizeof other, "%s/%s", config->output_directory, names[n] ? names[n] : "");
    if (names[n] && wl_same_place(path, other)) return clash(WL_ERROR_CONFIG, path, other);
  }
  if (!directory) return WL_OK;
  if (wl_same_place(path, directory)) return clash(WL_ERROR_IO, path, "checkpoint.directory");
  snprintf(other, sizeof other, "%s/%s", directory, base);
  return wl_checkpointer_owns(config->name, base) && wl_same_place(path, other)
             ? clash(WL_ERROR_CONFIG, path, "a checkpoint")
             : WL_OK;
}

/* A factor of rows appended may go where that of the first ones is read from: it is then left alone. */
static bool is_read_from(const char *factor, wl_prior prior, const char *path) {
  char read[PATH_SIZE];
  if (!factor) return false;
  wl_checkpointer_factor_path(factor, prior, read, sizeof read);
  return wl_same_place(path, read);
}

static wl_error check_factors(const wl_inputs *inputs, const wl_request *request, const wl_config *config,
                              const wl_outputs *outputs) {
  const wl_model_options model = wl_job_model_options(config);
  for (int p = 0; config->factor_save && p < WL_PRIOR_COUNT; p++) {
    char path[PATH_SIZE], partial[PATH_SIZE + 16];
    wl_checkpointer_factor_path(config->factor_save, (wl_prior)p, path, sizeof path);
    if (!wl_model_needs(&model, (wl_prior)p) || is_read_from(request->factor, (wl_prior)p, path)) continue;
    snprintf(partial, sizeof partial, "%s.partial", path);
    WL_TRY(check(inputs, path, "factor.save"));
    WL_TRY(check(inputs, partial, "factor.save"));
    WL_TRY(check_places(path, config, outputs));
    WL_TRY(check_kind(path, "factor.save"));
    WL_TRY(check_kind(partial, "factor.save"));
  }
  return WL_OK;
}

/* ---- against what others have left -------------------------------------------------------------------------- */

/* What would be lost: results, or a configuration that nobody but the user can have written; NULL: nothing. */
static const char *find_older(const wl_config *config, const wl_outputs *outputs) {
  const char *folder = config->output_directory;
  char path[PATH_SIZE];
  if (is_there(folder, outputs->results)) return outputs->results;
  if (outputs->summary && is_there(folder, outputs->summary)) return outputs->summary;
  snprintf(path, sizeof path, "%s/%s", folder, outputs->config);
  return is_there(folder, outputs->config) && !wl_config_is_effective(path) ? outputs->config : NULL;
}

static wl_error refuse(const wl_config *config, const wl_outputs *outputs, const char *older, const char *name) {
  static const char remedy[] = "give another output.directory, or --overwrite";
  const char *folder = config->output_directory;
  if (strcmp(older, outputs->config) == 0)
    WL_FAIL(WL_ERROR_CONFIG, "%s/%s: is there, no run has written it, and that of %s would replace it: %s", folder,
            older, config->file, remedy);
  if (name)
    WL_FAIL(WL_ERROR_CONFIG, "%s/%s: is of the run '%s' (%s/%s), and that of '%s' (%s) would replace it: %s",
            folder, older, name, folder, outputs->config, config->name, config->file, remedy);
  WL_FAIL(WL_ERROR_CONFIG,
          "%s/%s: is there, no %s beside it says whose it is, and that of '%s' (%s) would replace it: %s", folder,
          older, outputs->config, config->name, config->file, remedy);
}

static wl_error check_older(const wl_config *config, const wl_outputs *outputs, bool *replace_factor) {
  char path[PATH_SIZE], *name = NULL, *factor = NULL;
  snprintf(path, sizeof path, "%s/%s", config->output_directory, outputs->config);
  wl_error error = wl_config_peek(path, "name", &name);
  if (error == WL_OK) error = wl_config_peek(path, "factor.save", &factor);
  const bool own = name && strcmp(name, config->name) == 0;
  const char *older = error == WL_OK ? find_older(config, outputs) : NULL;
  const bool by_hand = older && strcmp(older, outputs->config) == 0;
  if (older && (!own || by_hand)) error = refuse(config, outputs, older, name);
  *replace_factor = own && factor && config->factor_save && wl_same_place(factor, config->factor_save);
  free(factor);
  free(name);
  return error;
}

/* ---- all ---------------------------------------------------------------------------------------------------- */

static void add_factor(wl_inputs *inputs, const char *factor) {
  char path[PATH_SIZE];
  for (int p = 0; factor && p < WL_PRIOR_COUNT; p++) {
    wl_checkpointer_factor_path(factor, (wl_prior)p, path, sizeof path);
    wl_inputs_add(inputs, path, "--factor");
  }
}

wl_error wl_overwrite_check(const wl_request *request, const wl_config *config, const wl_outputs *outputs,
                            bool *replace_factor) {
  wl_inputs inputs = wl_inputs_of(config);
  add_factor(&inputs, request->factor);
  wl_error error = check_folder(&inputs, config, outputs);
  if (error == WL_OK) error = check_checkpoints(&inputs, config);
  if (error == WL_OK) error = check_factors(&inputs, request, config, outputs);
  wl_inputs_clear(&inputs);
  *replace_factor = false;
  return error != WL_OK || request->overwrite ? error : check_older(config, outputs, replace_factor);
}

wl_error wl_overwrite_check_option(const char *option, const char *path, const wl_config *config,
                                   const char *also) {
  wl_inputs inputs = wl_inputs_of(config);
  wl_inputs_add(&inputs, also, "an option");
  const wl_input *read = wl_inputs_find(&inputs, path);
  const wl_error error = read ? wl_error_set(WL_ERROR_USAGE, "%s %s: would be written over %s, which is read (%s)",
                                             option, path, read->path, read->what)
                              : WL_OK;
  wl_inputs_clear(&inputs);
  return error;
}
