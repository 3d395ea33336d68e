/**
 * @file combine.h
 * A claim estimated from several widths at once: the replicates' features, weighted and summed over widths.
 */
#ifndef WIDELIMIT_FINITE_COMBINE_H
#define WIDELIMIT_FINITE_COMBINE_H

#include "finite/claims.h"

/** Room for what is computed on the way. */
typedef struct wl_combination wl_combination;

/** Local. Bytes of it. */
double wl_combination_bytes(const wl_problem *problem, int64_t widths, int64_t networks);

/** Local. The experiment is borrowed. Errors: WL_ERROR_MEMORY. */
wl_error wl_combination_create(const wl_experiment *experiment, wl_combination **combination);

/** Local. Frees and sets to NULL; NULL is fine. */
void wl_combination_destroy(wl_combination **combination);

/**
 * Local. Networks of different widths are independent, so replicate i of every width makes one replicate D_i = Σ_w a_w B_wi of
 * the sum. A SQUARE gives the estimate of ‖E[D]‖², all others that of E[D].
 * @param weights  a, one a width; widths of weight 0 are not looked at
 */
wl_estimate wl_combination_estimate(wl_combination *combination, const wl_claim_entry *entry,
                                    const double *weights);

#endif
