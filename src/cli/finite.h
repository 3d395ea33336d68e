/**
 * @file finite.h
 * The state of `widelimit finite`, shared by its phases, its files and its report.
 */
#ifndef WIDELIMIT_CLI_FINITE_H
#define WIDELIMIT_CLI_FINITE_H

#include "finite/finite.h"
#include "pipeline/run.h"

typedef struct wl_finite {
  wl_run run; /**< configuration, data and results; no grid, no model */
  wl_experiment_options options;
  wl_problem *problem;
  wl_experiment *study;
  wl_verdict verdict; /**< rank 0 */
  int ranks;
  char journal[4200]; /**< path of the file that a stopped study goes on from */
} wl_finite;

/** Local, on rank 0. Everything measured to finite.h5. */
wl_error wl_finite_write(const wl_finite *finite);

/** Local. What is about to be trained, on the console. */
void wl_finite_print_header(const wl_finite *finite);

/** Local, on rank 0. Prints the tables and makes the text of summary.json (owned by the caller). */
wl_error wl_finite_report(const wl_finite *finite, char **summary);

#endif
