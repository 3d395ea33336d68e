/**
 * @file certificate_report.h
 * The certificate on the console and in the summary. Root.
 */
#ifndef WIDELIMIT_PIPELINE_CERTIFICATE_REPORT_H
#define WIDELIMIT_PIPELINE_CERTIFICATE_REPORT_H

#include <jansson.h>

#include "certificate/certify.h"

void wl_certificate_print(const wl_certificate *certificate);

/** Owned by the caller. */
json_t *wl_certificate_object(const wl_certificate *certificate);

#endif
