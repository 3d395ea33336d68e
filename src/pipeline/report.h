/**
 * @file report.h
 * The last phase: what the others made, as tables on the console and as summary.json, from the same numbers.
 */
#ifndef WIDELIMIT_PIPELINE_REPORT_H
#define WIDELIMIT_PIPELINE_REPORT_H

#include "pipeline/certify.h"
#include "pipeline/iterate.h"
#include "pipeline/loo.h"
#include "pipeline/sample.h"
#include "pipeline/spectrum.h"
#include "pipeline/tally.h"

/** What a report is made of: the results of the phases. All pointers are borrowed. */
typedef struct wl_report {
  const wl_setup *setup;
  const wl_model *model;         /**< its evidence */
  const wl_iteration *iteration; /**< what stands in the place of a model without a matrix */
  const wl_tally *tally;
  const wl_loo *loo;
  const wl_sampling *sampling;
  const wl_certified *certified;
  const wl_spectra *spectra;
  const wl_checkpointer *checkpointer;
  wl_timer *timer;
} wl_report;

/**
 * Collective. Ends the timing; on rank 0 prints the tables and makes the text of summary.json (owned by the caller).
 * Errors: WL_ERROR_MEMORY.
 */
wl_error wl_report_make(const wl_report *report, char **summary);

#endif
