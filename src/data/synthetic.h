/**
 * @file synthetic.h
 * Made-up data for studies of size: inputs x ~ N(0, I), targets y = sin(2 u·x) with u = (1, …, 1)/√d, a function of
 * the seed and the row alone. Local.
 */
#ifndef WIDELIMIT_DATA_SYNTHETIC_H
#define WIDELIMIT_DATA_SYNTHETIC_H

#include <stdint.h>

#include "base/random.h"

/** Rows first … first + count − 1 of the inputs of a stream (count × dimension). */
void wl_synthetic_inputs(uint64_t seed, wl_stream stream, int64_t dimension, int64_t first, int64_t count,
                         double *rows);

/** Their targets (count). */
void wl_synthetic_targets(uint64_t seed, wl_stream stream, int64_t dimension, int64_t first, int64_t count,
                          double *targets);

#endif
