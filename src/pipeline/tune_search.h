/**
 * @file tune_search.h
 * Where tune looks next: a grid, random points, or a local optimizer from several starts, for each combination of choices. Root.
 *
 * It consists of searches that do not depend on one another: a point of a grid or a random one; or the local searches of a
 * combination; or, with more groups than combinations, each of those. What one search does is the same whoever makes it.
 */
#ifndef WIDELIMIT_PIPELINE_TUNE_SEARCH_H
#define WIDELIMIT_PIPELINE_TUNE_SEARCH_H

#include "config/config.h"
#include "config/tune_parameters.h"

/**
 * Evaluates the objective, to be maximized, at one place per parameter: the number of a choice, or a number from 0 to 1 on the
 * scale of a range.
 * @param search  the number of the search
 * @param goal    NaN where there is none
 * Errors: any; it ends the search.
 */
typedef wl_error (*wl_tune_evaluate)(void *context, int64_t search, const double *place, double *goal);

/** Local. Whether each combination of choices gets an evaluation. Errors: WL_ERROR_CONFIG. */
wl_error wl_tune_check(const wl_config *config, const wl_tune_parameters *parameters);

/** Local. Groups that there is work for. @param split  the starts of a combination may be apart */
int64_t wl_tune_most_groups(const wl_config *config, const wl_tune_parameters *parameters, bool split);

/**
 * Root. Makes the searches that are those of group `group` of `groups`. Over all groups evaluate is called at most tune.evaluations
 * times, at the same places for the same configuration, objective and, with method local, number of groups.
 * Errors: WL_ERROR_MEMORY; those of evaluate.
 */
wl_error wl_tune_search(const wl_config *config, const wl_tune_parameters *parameters, int group, int groups,
                        wl_tune_evaluate evaluate, void *context);

#endif
