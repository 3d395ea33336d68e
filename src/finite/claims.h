/**
 * @file claims.h
 * The list of claims and how each is measured at one width.
 */
#ifndef WIDELIMIT_FINITE_CLAIMS_H
#define WIDELIMIT_FINITE_CLAIMS_H

#include "finite/statistics.h"

/** One width of a study, with room to work. */
typedef struct wl_view {
  const wl_experiment *study;
  const wl_problem *problem;
  const double *data;                      /**< [network][record.size] */
  double *values, *features, *gram, *work; /**< M; M × most features; M × M; M × M */
} wl_view;

/** What is special about a claim. */
enum {
  WL_CLAIM_PRECISE = 1, /**< little noise: its trend has a second term, n^−(p + 1) */
  WL_CLAIM_HEADS = 2,   /**< needs more than one head */
  WL_CLAIM_GROUPS = 4   /**< needs several groups of K + 1 networks */
};

typedef struct wl_claim_entry {
  const char *name, *formula;
  wl_claim_kind kind;
  wl_estimate (*measure)(const wl_view *view);
  int flags;
} wl_claim_entry;

extern const wl_claim_entry wl_claim_entries[WL_CLAIMS];

/** Most features that a claim uses. */
int64_t wl_claim_features(const wl_problem *problem);

/** How many groups of K + 1 ensemble members there are. */
int64_t wl_claim_groups(const wl_experiment *study);

#endif
