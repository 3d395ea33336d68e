/**
 * @file finite_report.h
 * What networks of finite width showed, in finite.h5, on the console and in the summary.
 */
#ifndef WIDELIMIT_PIPELINE_FINITE_REPORT_H
#define WIDELIMIT_PIPELINE_FINITE_REPORT_H

#include "base/util.h"
#include "finite/finite.h"
#include "pipeline/run_log.h"
#include "results/results.h"

/** What the phases make, in their order; finite.c owns and fills it. */
typedef struct wl_finite {
  wl_setup setup; /**< without a grid */
  wl_experiment_options options;
  wl_problem *problem;
  wl_results *results; /**< rank 0 */
  wl_run_log log;
  wl_experiment *experiment;
  wl_verdict verdict; /**< rank 0 */
  int ranks;
  double rank_bytes;          /**< of the widest network on a rank */
  char journal[WL_PATH_SIZE]; /**< path of the file that a stopped study goes on from */
} wl_finite;

/** Local, on rank 0. Everything measured to finite.h5. */
wl_error wl_finite_write(const wl_finite *finite);

/** Local. What is about to be trained, on the console. */
void wl_finite_print_header(const wl_finite *finite);

/** Local, on rank 0. Prints the tables and makes the text of summary.json (owned by the caller). */
wl_error wl_finite_report(const wl_finite *finite, char **summary);

#endif
