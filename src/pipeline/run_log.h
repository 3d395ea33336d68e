/**
 * @file run_log.h
 * run.log in the output folder: what the console said. Under a temporary name, `.run.log.partial`, until the results are in
 * place: a run that fails leaves that of the run before it. One that is stopped leaves the temporary file, and the run that
 * goes on from it appends.
 *
 * Root: the other ranks' calls do nothing.
 */
#ifndef WIDELIMIT_PIPELINE_RUN_LOG_H
#define WIDELIMIT_PIPELINE_RUN_LOG_H

#include "pipeline/setup.h"

typedef struct wl_run_log {
  bool open, resumed;
  char directory[4096];
} wl_run_log;

/** Once the folder is there and this run's. Errors: WL_ERROR_IO. */
wl_error wl_run_log_open(wl_run_log *log, const wl_setup *setup);

/** The results are in place: so is the log, to which later lines still go. Warns where that fails. */
void wl_run_log_commit(wl_run_log *log);

/** The run has ended with this error. */
void wl_run_log_end(wl_run_log *log, wl_error error);

#endif
