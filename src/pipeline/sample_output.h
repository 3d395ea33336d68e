/**
 * @file sample_output.h
 * Draws in results.h5: /samples/NAME, [draw][test point][output].
 */
#ifndef WIDELIMIT_PIPELINE_SAMPLE_OUTPUT_H
#define WIDELIMIT_PIPELINE_SAMPLE_OUTPUT_H

#include "pipeline/services.h"
#include "pipeline/setup.h"

/** Root. Makes the datasets. */
wl_error wl_sample_declare(const wl_setup *setup, wl_results *results);

/** Collective. A panel with a draw and output in each column (draw · outputs + output), from draw `first` on. */
wl_error wl_sample_write(const wl_setup *setup, const wl_services *services, wl_draw draw, int64_t first,
                         const wl_matrix *panel);

/** Collective. The first halves of Bayesian heads that are in the file, from head `first` on, to a panel. */
wl_error wl_sample_read_first_halves(const wl_setup *setup, wl_results *results, int64_t first, wl_matrix *panel);

#endif
