/**
 * @file json_number.h
 * Numbers as JSON has them.
 */
#ifndef WIDELIMIT_PIPELINE_JSON_NUMBER_H
#define WIDELIMIT_PIPELINE_JSON_NUMBER_H

#include <jansson.h>
#include <math.h>

/** Local. A number; JSON has no infinity and no NaN: null. */
static inline json_t *wl_json_number(double value) { return isfinite(value) ? json_real(value) : json_null(); }

#endif
