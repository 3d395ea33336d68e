/**
 * @file version.h
 * Which widelimit this is: the headers' version as macros, the library's as a function. doc/library.md says what may change
 * from one version to the next.
 */
#ifndef WIDELIMIT_VERSION_H
#define WIDELIMIT_VERSION_H

#include "widelimit/export.h"

#define WL_VERSION_MAJOR 0
#define WL_VERSION_MINOR 1
#define WL_VERSION_PATCH 0

/** Whether the headers are of this version or a later one: #if WL_VERSION_AT_LEAST(0, 1, 0) */
#define WL_VERSION_AT_LEAST(major, minor, patch) \
  (WL_VERSION_MAJOR > (major) ||                 \
   (WL_VERSION_MAJOR == (major) &&               \
    (WL_VERSION_MINOR > (minor) || (WL_VERSION_MINOR == (minor) && WL_VERSION_PATCH >= (patch)))))

#ifdef __cplusplus
extern "C" {
#endif

/** Local. The library's version, e.g. "0.1.0". */
WL_API const char *wl_version(void);

#ifdef __cplusplus
}
#endif

#endif
