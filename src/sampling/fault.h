/**
 * @file fault.h
 * What draws and certificates can be told to do wrong.
 */
#ifndef WIDELIMIT_SAMPLING_FAULT_H
#define WIDELIMIT_SAMPLING_FAULT_H

/** One thing done wrong on purpose, so that tests of the certificate can see it fail: name in the configuration. */
#define WL_FAULT_LIST(X)                                                             \
  X(NONE, none, "nothing")                                                           \
  X(TRAINING_KERNEL, training_kernel, "kappa trains in place of theta")              \
  X(PLAIN_TARGET, plain_target, "Bayesian RND gets the target of plain RND")         \
  X(NO_HALF, no_half, "the factor 1/2 of the squared RND error is left out")         \
  X(SHARED_STREAM, shared_stream, "every other head shares its neighbour's numbers") \
  X(NO_NOISE, no_noise, "heads train without their noise draw")                      \
  X(COVARIANCE, covariance, "the analytic covariances are 2 % too large")            \
  X(OWN_TARGET, own_target, "RND's target is drawn from the predictor's kernel")

typedef enum wl_fault {
#define WL_FAULT_ENUM(NAME, name, text) WL_FAULT_##NAME,
  WL_FAULT_LIST(WL_FAULT_ENUM)
#undef WL_FAULT_ENUM
      WL_FAULT_COUNT
} wl_fault;

/** Local. Name as in the configuration, and what it does wrong. */
const char *wl_fault_name(wl_fault fault);
const char *wl_fault_text(wl_fault fault);

#endif
