/**
 * @file claims.h
 * The list of claims, and what each measures of every replicate.
 */
#ifndef WIDELIMIT_FINITE_CLAIMS_H
#define WIDELIMIT_FINITE_CLAIMS_H

#include "finite/statistics.h"

/** One width of an experiment. */
typedef struct wl_view {
  const wl_experiment *experiment;
  const wl_problem *problem;
  const double *data; /**< [replicate][record.size] */
  double *mean;       /**< work: c × m */
} wl_view;

/** What is special about a claim. */
enum {
  WL_CLAIM_HEADS = 1,   /**< needs more than one head */
  WL_CLAIM_GROUPS = 2,  /**< a replicate is a group of K + 1 networks; needs several of them */
  WL_CLAIM_UNIFORM = 4, /**< the features are u and stand for the functions B(s) = 1{u ≤ s} − s, 0 < s < 1 */
  WL_CLAIM_TWICE = 8    /**< holds where rnd is twice the ensemble: its target is like its predictor */
};

typedef struct wl_claim_entry {
  const char *name, *formula;
  wl_claim_kind kind;
  /** Features of each replicate, [replicate][feature]: one number, of a SQUARE more; returns how many. */
  int64_t (*fill)(const wl_view *view, int model, double *features);
  int model;
  int flags;
  /** What is extrapolated to infinite width, where that is not the deviation itself; NULL: it is. */
  int64_t (*fill_limit)(const wl_view *view, int model, double *features);
} wl_claim_entry;

extern const wl_claim_entry wl_claim_entries[WL_CLAIMS];

/** Most features that a claim uses. */
int64_t wl_claim_features(const wl_problem *problem);

/** How many groups of K + 1 ensemble members there are. */
int64_t wl_claim_groups(const wl_experiment *experiment);

#endif
