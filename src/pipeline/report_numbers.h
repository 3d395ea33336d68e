/**
 * @file report_numbers.h
 * The numbers that the tables and the summary have in common.
 */
#ifndef WIDELIMIT_PIPELINE_REPORT_NUMBERS_H
#define WIDELIMIT_PIPELINE_REPORT_NUMBERS_H

#include "inference/detection.h"
#include "pipeline/report.h"

/** What takes all ranks to find out, and what takes all test points. */
typedef struct wl_report_numbers {
  wl_phase_time phase[WL_PHASE_COUNT];
  double wall, flops, memory_sum, memory_max;
  double auroc[WL_QUANTITY_COUNT]; /**< NaN: no flags or not computed; so are the next two */
  wl_detection detection[WL_QUANTITY_COUNT];
  double risk[WL_QUANTITY_COUNT]; /**< area under the risk-coverage curve */
  double mean_variance[WL_QUANTITY_COUNT]
                      [2]; /**< over test points in (0) and out of distribution (1); all are 0 without flags */
} wl_report_numbers;

/** Root. The tables on the console (report_tables.c); the text of summary.json (report_summary.c). */
void wl_report_print(const wl_report *report, const wl_report_numbers *numbers);
wl_error wl_report_summary(const wl_report *report, const wl_report_numbers *numbers, char **text);

#endif
