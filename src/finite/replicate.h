/**
 * @file replicate.h
 * One network of each model at one width: drawn, trained, measured.
 */
#ifndef WIDELIMIT_FINITE_REPLICATE_H
#define WIDELIMIT_FINITE_REPLICATE_H

#include "finite/finite.h"

/** Room for one network of one width with all that its training and measurement need. */
typedef struct wl_replicate wl_replicate;

/** Local. The problem and the options are borrowed. Errors: WL_ERROR_MEMORY. */
wl_error wl_replicate_create(const wl_problem *problem, const wl_experiment_options *options, int64_t width,
                             wl_replicate **replicate);

/** Local. Bytes that one of that width takes, at most. Errors: WL_ERROR_MEMORY. */
wl_error wl_replicate_bytes(const wl_problem *problem, const wl_experiment_options *options, int64_t width,
                            double *bytes);

/** Local. Frees and sets to NULL; NULL is fine. */
void wl_replicate_destroy(wl_replicate **replicate);

/**
 * Local. All three models of number `index`; a function of the problem, the options, the width and the index alone.
 * @param idle    called once a training step (or never); NULL: nothing
 * @param values  wl_record.size doubles
 * Errors: WL_ERROR_MEMORY.
 */
wl_error wl_replicate_measure(wl_replicate *replicate, int64_t index, void (*idle)(void *), void *context,
                              double *values);

/**
 * Local. Flops a second of DGEMM of the shapes that a training step of the replicate has (forward, backward, gradient
 * of the widest layer at all training points), repeated for about `seconds`.
 */
double wl_replicate_gemm_rate(wl_replicate *replicate, double seconds);

#endif
