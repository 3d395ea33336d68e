/**
 * @file quantity.h
 * The quantities that widelimit computes, in the order in which everything lists them.
 */
#ifndef WIDELIMIT_QUANTITY_H
#define WIDELIMIT_QUANTITY_H

#include "widelimit/export.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Name in C, name in configuration and results, what it is. */
#define WL_QUANTITY_LIST(X)                                               \
  X(ENSEMBLE, ensemble, "variance of a deep ensemble")                    \
  X(RND, rnd, "expected squared error of random network distillation")    \
  X(BAYESIAN_RND, bayesian_rnd, "expected squared error of Bayesian RND") \
  X(NTK_GP, ntk_gp, "posterior variance under the prior GP(0, theta)")    \
  X(NNGP, nngp, "posterior variance under the prior GP(0, kappa)")

typedef enum wl_quantity {
#define WL_QUANTITY_ENUM(NAME, name, text) WL_QUANTITY_##NAME,
  WL_QUANTITY_LIST(WL_QUANTITY_ENUM)
#undef WL_QUANTITY_ENUM
      WL_QUANTITY_COUNT
} wl_quantity;

/** Local. Name as in the configuration and the result files; "unknown" for another number. */
WL_API const char *wl_quantity_name(wl_quantity quantity);

/** Local. What it is, in a few words; "unknown" for another number. */
WL_API const char *wl_quantity_text(wl_quantity quantity);

#ifdef __cplusplus
}
#endif

#endif
