/**
 * @file digest.h
 * SHA-256 (FIPS 180-4), by Nettle, which uses the processor's own instructions where it has them. Local.
 */
#ifndef WIDELIMIT_PIPELINE_DIGEST_H
#define WIDELIMIT_PIPELINE_DIGEST_H

#include <stddef.h>

#include "widelimit/error.h"

/** 64 hexadecimal digits and the end. */
typedef struct wl_digest {
  char text[65];
} wl_digest;

/** Of a file's bytes, as `sha256sum` gives it. Errors: WL_ERROR_IO, naming the path; WL_ERROR_MEMORY. */
wl_error wl_digest_file(const char *path, wl_digest *digest);

/** Of bytes in memory. */
wl_digest wl_digest_bytes(const void *bytes, size_t size);

#endif
