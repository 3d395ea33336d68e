/**
 * @file certify.h
 * The certificate of a run: of its own covariances, in its summary and on the console.
 */
#ifndef WIDELIMIT_PIPELINE_CERTIFY_H
#define WIDELIMIT_PIPELINE_CERTIFY_H

#include <jansson.h>

#include "pipeline/run.h"

/** Collective. Certifies the law that was kept, where that is wanted; ends all use of the model but its evidence. */
wl_error wl_run_certify(wl_run *run);

/** Local. What `certify` needs that the configuration does not have: WL_ERROR_CONFIG. */
wl_error wl_run_check_certify(const wl_config *config);

/** Root. The table on the console; the object in the summary. */
void wl_run_print_certificate(const wl_run *run);
json_t *wl_run_certificate_object(const wl_run *run);

/** Local. WL_ERROR_CERTIFICATE, naming the tests that failed, where the certificate did not pass. */
wl_error wl_run_judge(const wl_run *run);

#endif
