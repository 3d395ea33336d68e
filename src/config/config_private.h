/**
 * @file config_private.h
 * The rules between keys (config_rules.c), for config_read.c. Local.
 */
#ifndef WIDELIMIT_CONFIG_CONFIG_PRIVATE_H
#define WIDELIMIT_CONFIG_CONFIG_PRIVATE_H

#include "config/config.h"
#include "config/schema.h"

/** The rules that concern more than one key. Errors: WL_ERROR_CONFIG. */
wl_error wl_config_check(const wl_config *config, const wl_values *values);

/** The first key that tune.parameters varies and that a file or --set gives a value; NULL: none. After the check. */
const char *wl_config_fixed(const wl_config *config, const wl_values *values);

#endif
