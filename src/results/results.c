/*
 * The result files: made under temporary names, put in place all at once.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/durable.h"
#include "base/hdf5_abandon.h"
#include "base/hdf5_errors.h"
#include "base/log.h"
#include "base/util.h"
#include "base/writable.h"
#include "results/results_file.h"

/*
 * The files, in the order in which they are put in place: the configuration first, since it says whose the folder is, should
 * nothing follow; the summary last, as the sign that all is there.
 */
static const char results_name[] = "results.h5";
static const char *const names[] = {"config.yaml", NULL, "summary.json"}; /* NULL: the HDF5 file */
enum { CONFIG, RESULTS, SUMMARY, FILES };

static void path_of(const wl_results *r, int file, bool temporary, char *path, size_t size) {
  const char *name = names[file] ? names[file] : r->name;
  if (file == CONFIG && r->config) name = r->config;
  snprintf(path, size, temporary ? "%s/.%s.partial" : "%s/%s", r->directory, name);
}

static wl_error make_directory(const char *path) { return wl_writable_folder(path, "output.directory"); }

static wl_error check_room(const char *directory, double bytes) {
  const double room = wl_disk_of(directory).room;
  char wanted[32], there[32];
  if (bytes > room)
    WL_FAIL(WL_ERROR_IO, "%s: the results need %s, the disk has %s left", directory,
            wl_format_bytes(bytes, wanted, sizeof wanted), wl_format_bytes(room, there, sizeof there));
  return WL_OK;
}

/* Whether a run has the file open. H5Fcreate empties a file before it asks for its lock, so this has to come first. */
static bool is_in_use(const char *path) {
  const int file = open(path, O_RDWR | O_CLOEXEC);
  if (file < 0) return false;
  const bool locked = flock(file, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  close(file);
  return locked;
}

/* Waits until no other run makes its files in the folder. Where the file system has no locks, -1: nothing is waited for. */
static int lock_folder(const char *directory) {
  const int folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  while (folder >= 0 && flock(folder, LOCK_EX) != 0)
    if (errno != EINTR) {
      close(folder);
      return -1;
    }
  return folder;
}

static wl_error refuse(const char *path) {
  WL_FAIL(WL_ERROR_IO, "%s: cannot create this file; does another run write to the folder?", path);
}

static wl_error create_in(wl_results *r, double bytes) {
  WL_TRY(make_directory(r->directory));
  WL_TRY(check_room(r->directory, bytes));
  char path[WL_PATH_SIZE];
  path_of(r, RESULTS, true, path, sizeof path);
  WL_HDF5_QUIET;
  const int folder =
      lock_folder(r->directory); /* between the question and the answer, nobody else creates the file */
  r->file = is_in_use(path) ? -1 : H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  if (folder >= 0) close(folder);
  if (r->file < 0) return refuse(path);
  r->created = true;
  return WL_OK;
}

/* Without a file. */
static wl_error allocate(const char *directory, const char *name, wl_results **result) {
  wl_results *r = calloc(1, sizeof *r);
  char *copy = strdup(directory);
  if (!r || !copy) {
    free(r);
    free(copy);
    WL_FAIL(WL_ERROR_MEMORY, "results: out of memory");
  }
  *r = (wl_results){.directory = copy, .name = name, .file = H5I_INVALID_HID};
  *result = r;
  return WL_OK;
}

wl_error wl_results_create_named(const char *directory, const char *name, double bytes, wl_results **result) {
  *result = NULL;
  wl_results *r = NULL;
  WL_TRY(allocate(directory, name, &r));
  const wl_error error = create_in(r, bytes);
  if (error != WL_OK) {
    wl_results_discard(&r);
    return error;
  }
  *result = r;
  return WL_OK;
}

wl_error wl_results_create(const char *directory, double bytes, wl_results **result) {
  return wl_results_create_named(directory, results_name, bytes, result);
}

wl_error wl_results_partial_path(const char *directory, char *path, size_t size) {
  WL_TRY(make_directory(directory));
  snprintf(path, size, "%s/.%s.partial", directory, results_name);
  return WL_OK;
}

wl_error wl_results_claim_partial(const char *directory, char *path, size_t size) {
  WL_TRY(wl_results_partial_path(directory, path, size));
  return is_in_use(path) ? refuse(path) : WL_OK;
}

wl_error wl_results_reopen(const char *directory, wl_results **result) {
  *result = NULL;
  wl_results *r = NULL;
  char path[WL_PATH_SIZE];
  WL_TRY(allocate(directory, results_name, &r));
  path_of(r, RESULTS, true, path, sizeof path);
  WL_HDF5_QUIET;
  r->file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
  r->created = r->file >= 0;
  *result = r;
  if (r->created) return WL_OK;
  wl_results_discard(result);
  WL_FAIL(WL_ERROR_IO, "%s: cannot be opened", path);
}

wl_error wl_results_flush(wl_results *r) {
  WL_HDF5_QUIET;
  if (H5Fflush(r->file, H5F_SCOPE_GLOBAL) >= 0) return WL_OK;
  WL_FAIL(WL_ERROR_IO, "%s/%s: cannot be written (disk full?)", r->directory, r->name);
}

void wl_results_discard(wl_results **pointer) {
  WL_HDF5_QUIET;
  wl_results *r = *pointer;
  if (!r) return;
  if (r->file >= 0) wl_hdf5_abandon(r->file);
  char path[WL_PATH_SIZE];
  for (int f = 0; f < FILES && r->created; f++) {
    path_of(r, f, true, path, sizeof path);
    unlink(path);
  }
  free(r->directory);
  free(r);
  *pointer = NULL;
}

static wl_error write_text(const wl_results *r, int file, const char *text) {
  char path[WL_PATH_SIZE];
  path_of(r, file, true, path, sizeof path);
  FILE *out = fopen(path, "w");
  bool good = out && fputs(text, out) >= 0 && fflush(out) == 0;
  int reason = errno;
  if (out && fclose(out) != 0 && good) {
    reason = errno;
    good = false;
  }
  if (!good) WL_FAIL(WL_ERROR_IO, "%s: cannot write: %s", path, strerror(reason));
  return WL_OK;
}

static wl_error close_file(wl_results *r) {
  WL_HDF5_QUIET;
  const bool written = wl_hdf5_close_written(r->file, true);
  r->file = H5I_INVALID_HID;
  if (!written) WL_FAIL(WL_ERROR_IO, "%s/%s: cannot write it to the end (disk full?)", r->directory, r->name);
  return WL_OK;
}

static wl_error commit(wl_results *r, const char *summary, const char *config) {
  WL_TRY(close_file(r));
  WL_TRY(write_text(r, CONFIG, config));
  const int files = summary ? FILES : SUMMARY;
  if (summary) WL_TRY(write_text(r, SUMMARY, summary));
  for (int f = 0; f < files; f++) { /* what a rename could still fail on, before the first one */
    char from[WL_PATH_SIZE], to[WL_PATH_SIZE];
    struct stat status;
    path_of(r, f, true, from, sizeof from);
    WL_TRY(wl_durable_sync(from));
    path_of(r, f, false, to, sizeof to);
    if (stat(to, &status) == 0 && S_ISDIR(status.st_mode))
      WL_FAIL(WL_ERROR_IO, "%s: is a folder, where this file belongs", to);
  }
  for (int f = 0; f < files; f++) {
    char from[WL_PATH_SIZE], to[WL_PATH_SIZE];
    path_of(r, f, true, from, sizeof from);
    path_of(r, f, false, to, sizeof to);
    WL_TRY(wl_durable_rename(from, to));
  }
  return WL_OK;
}

wl_error wl_results_commit(wl_results **r, const char *summary, const char *config) {
  const wl_error error = commit(*r, summary, config);
  wl_results_discard(r);
  return error;
}

wl_error wl_results_commit_config(wl_results **r, const char *name, const char *config) {
  (*r)->config = name;
  const wl_error error = commit(*r, NULL, config);
  wl_results_discard(r);
  return error;
}
