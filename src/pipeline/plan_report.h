/**
 * @file plan_report.h
 * A plan, and how it is said. Everything here is Local, on rank 0.
 */
#ifndef WIDELIMIT_PIPELINE_PLAN_REPORT_H
#define WIDELIMIT_PIPELINE_PLAN_REPORT_H

#include "cost/calibration.h"
#include "cost/search.h"
#include "pipeline/plan.h"

/** plan.c owns and fills it. */
typedef struct wl_plan {
  wl_plan_options options;
  wl_config *config; /**< owned */
  wl_calibration calibration;
  wl_search search;
  wl_search_curve curve;
  wl_search_point chosen;
} wl_plan;

/** The console: 80 columns. */
void wl_plan_print(const wl_plan *plan);

/** Errors: WL_ERROR_IO. */
wl_error wl_plan_write_json(const wl_plan *plan, const char *path);

/** A job script for the chosen layout, with margins. Errors: WL_ERROR_IO, also where the file exists. */
wl_error wl_plan_write_sbatch(const wl_plan *plan, const char *path);

#endif
