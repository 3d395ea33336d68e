/**
 * @file tune_search.h
 * Where tune looks next: a grid, random points, or a local optimizer from several starts, for each combination of choices. Root.
 */
#ifndef WIDELIMIT_PIPELINE_TUNE_SEARCH_H
#define WIDELIMIT_PIPELINE_TUNE_SEARCH_H

#include "config/config.h"
#include "config/tune_parameters.h"

/**
 * Evaluates the objective, to be maximized, at one place per parameter: the number of a choice, or a number from 0 to 1 on the
 * scale of a range.
 * @param goal  NaN where there is none
 * Errors: any; it ends the search.
 */
typedef wl_error (*wl_tune_evaluate)(void *context, const double *place, double *goal);

/**
 * Root. Calls evaluate at most tune.evaluations times; the same places for the same configuration and the same objective.
 * Errors: WL_ERROR_CONFIG where the choices have more combinations than there are evaluations; WL_ERROR_MEMORY; those of evaluate.
 */
wl_error wl_tune_search(const wl_config *config, const wl_tune_parameters *parameters, wl_tune_evaluate evaluate,
                        void *context);

/** Local. Combinations of all choices; stops counting above INT32_MAX. */
int64_t wl_tune_combinations(const wl_tune_parameters *parameters);

#endif
