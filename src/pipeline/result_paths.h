/**
 * @file result_paths.h
 * Names and places of a prior's means in results.h5 and summary.json. Local; static.
 */
#ifndef WIDELIMIT_PIPELINE_RESULT_PATHS_H
#define WIDELIMIT_PIPELINE_RESULT_PATHS_H

#include "widelimit/model.h"

static inline const char *wl_mean_name(int prior) { return prior == WL_PRIOR_THETA ? "ntk" : "nngp"; }

static inline const char *wl_mean_path(wl_prior prior) {
  return prior == WL_PRIOR_THETA ? "/mean/ntk" : "/mean/nngp";
}

/** Of leave-one-out. */
static inline const char *wl_loo_mean_path(wl_prior prior) {
  return prior == WL_PRIOR_THETA ? "/loo/mean/ntk" : "/loo/mean/nngp";
}

#endif
