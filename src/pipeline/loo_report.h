/**
 * @file loo_report.h
 * Leave-one-out as tables on the console and in summary.json. Root.
 */
#ifndef WIDELIMIT_PIPELINE_LOO_REPORT_H
#define WIDELIMIT_PIPELINE_LOO_REPORT_H

#include <jansson.h>

#include "pipeline/loo.h"

/** Whether there is anything to report. */
bool wl_loo_is_done(const wl_loo *loo);

void wl_loo_print(const wl_loo *loo, bool classes);

json_t *wl_loo_object(const wl_loo *loo, bool classes);

#endif
