/**
 * @file request.h
 * What a command asks of the pipeline.
 */
#ifndef WIDELIMIT_PIPELINE_REQUEST_H
#define WIDELIMIT_PIPELINE_REQUEST_H

#include <stdbool.h>

/** All pointers are borrowed. */
typedef struct wl_request {
  const char *command_line;     /**< for people; NULL: not known */
  const char *config;           /**< path of the configuration */
  const char *const *overrides; /**< key=value, in order */
  int override_count;
  bool resume;        /**< goes on from the newest checkpoint */
  bool overwrite;     /**< results and factors of other runs may be replaced */
  double time_limit;  /**< seconds; 0: none */
  const char *factor; /**< file with the factors; NULL: they are computed */
  bool certify;       /**< whatever the configuration says */
  bool tune;          /**< the configuration must say what is tuned, and give no other value to it */
  bool select;        /**< the configuration is made one of select (pipeline/select.h) */
} wl_request;

#endif
