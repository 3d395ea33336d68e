/**
 * @file certify.h
 * The phase that tests on these data that the equivalences hold.
 */
#ifndef WIDELIMIT_PIPELINE_CERTIFY_H
#define WIDELIMIT_PIPELINE_CERTIFY_H

#include "certificate/certify.h"
#include "pipeline/assemble.h"
#include "pipeline/retained.h"

typedef struct wl_certified {
  bool done;
  wl_certificate certificate;
} wl_certified;

/**
 * Collective. Certifies what was retained, where that is asked for; ends all use of the model but its evidence.
 * @param retained  consumed
 * Errors: those of wl_certify; WL_ERROR_STOPPED. A certificate that does not pass is none.
 */
wl_error wl_certify_run(const wl_setup *setup, const wl_services *services, const wl_assembly *assembly,
                        wl_retained *retained, wl_certified *certified);

/** Local. WL_ERROR_CERTIFICATE, naming the tests that failed, where the certificate did not pass. */
wl_error wl_certified_check(const wl_certified *certified);

#endif
