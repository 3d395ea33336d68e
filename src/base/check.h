/**
 * @file check.h
 * What public functions say where they are misused.
 */
#ifndef WIDELIMIT_BASE_CHECK_H
#define WIDELIMIT_BASE_CHECK_H

#include "widelimit/error.h"

/** WL_ERROR_USAGE, naming function and argument, where a pointer that must be there is NULL. */
#define WL_REQUIRE(pointer) \
  if (!(pointer)) WL_FAIL(WL_ERROR_USAGE, "%s: %s is NULL", __func__, #pointer)

#endif
