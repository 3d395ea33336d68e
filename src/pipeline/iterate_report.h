/**
 * @file iterate_report.h
 * Widths of brackets, log-determinants and passes, as a table on the console and in summary.json. Root.
 */
#ifndef WIDELIMIT_PIPELINE_ITERATE_REPORT_H
#define WIDELIMIT_PIPELINE_ITERATE_REPORT_H

#include <jansson.h>

#include "pipeline/iterate.h"

void wl_iteration_print(const wl_iteration *iteration, const wl_setup *setup);

json_t *wl_iteration_object(const wl_iteration *iteration, const wl_setup *setup);

#endif
