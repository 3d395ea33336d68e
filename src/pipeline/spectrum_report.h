/**
 * @file spectrum_report.h
 * Eigenvalues, noise path and training times on the console and in summary.json. Root.
 */
#ifndef WIDELIMIT_PIPELINE_SPECTRUM_REPORT_H
#define WIDELIMIT_PIPELINE_SPECTRUM_REPORT_H

#include <jansson.h>

#include "pipeline/spectrum.h"

/** Tables of what there is. */
void wl_spectra_print(const wl_spectra *spectra);

/** Adds `spectrum`, `noise_path` and `at_time` to the summary, those that there are. */
void wl_spectra_summarize(const wl_spectra *spectra, json_t *summary);

#endif
