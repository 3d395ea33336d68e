#include "pipeline/run_log.h"

#include <stdio.h>
#include <unistd.h>

#include "base/durable.h"
#include "base/log.h"
#include "base/util.h"

static void name_partial(const wl_run_log *log, char *path, size_t size) {
  snprintf(path, size, "%s/.run.log.partial", log->directory);
}

wl_error wl_run_log_open(wl_run_log *log, const wl_setup *setup) {
  if (setup->rank != 0) return WL_OK;
  char path[WL_PATH_SIZE];
  *log = (wl_run_log){.resumed = setup->request->resume};
  snprintf(log->directory, sizeof log->directory, "%s", setup->config->output_directory);
  name_partial(log, path, sizeof path);
  const wl_error error = wl_log_keep(path, log->resumed);
  log->open = error == WL_OK;
  return error;
}

void wl_run_log_commit(wl_run_log *log) {
  if (!log->open) return;
  char from[WL_PATH_SIZE], to[WL_PATH_SIZE];
  name_partial(log, from, sizeof from);
  snprintf(to, sizeof to, "%s/run.log", log->directory);
  if (wl_durable_rename(from, to) != WL_OK)
    wl_log_warning("%s", wl_error_message());
  else if (!wl_log_is_whole())
    wl_log_warning("%s is not complete (disk full?)", to);
  log->open = false;
}

void wl_run_log_end(wl_run_log *log, wl_error error) {
  if (!log->open) return;
  char path[WL_PATH_SIZE];
  name_partial(log, path, sizeof path);
  if (error != WL_ERROR_STOPPED && !log->resumed) unlink(path);
  log->open = false;
}
