/**
 * @file bench.h
 * How fast each phase runs beside the matrix products of the same machine; the rates that a plan counts with.
 */
#ifndef WIDELIMIT_PIPELINE_BENCH_H
#define WIDELIMIT_PIPELINE_BENCH_H

#include <stdbool.h>
#include <stdint.h>

#include "widelimit/error.h"
#include "widelimit/factor.h"

enum { WL_BENCH_SIZES = 16, WL_BENCH_REPEATS = 100 };

typedef struct wl_bench_options {
  int64_t n[WL_BENCH_SIZES]; /**< training points, one measurement each */
  int count, repeats, block; /**< block 0: chosen as a run does */
  int64_t test, dimension;
  const char *json;             /**< NULL: console alone */
  bool engine[WL_ENGINE_COUNT]; /**< those that are timed, in turn */
  bool calibrate;               /**< the rates in place of the sizes */
} wl_bench_options;

/** Collective over MPI_COMM_WORLD. Errors: WL_ERROR_MEMORY; WL_ERROR_CAPACITY; WL_ERROR_IO; those of the model. */
wl_error wl_bench_run(const wl_bench_options *options);

#endif
