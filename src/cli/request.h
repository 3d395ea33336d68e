/**
 * @file request.h
 * From the command line to the pipeline.
 */
#ifndef WIDELIMIT_CLI_REQUEST_H
#define WIDELIMIT_CLI_REQUEST_H

#include "cli/arguments.h"
#include "pipeline/request.h"

static inline wl_request wl_request_of(const wl_arguments *a) {
  return (wl_request){.command_line = a->line,
                      .config = a->config,
                      .overrides = a->overrides.word,
                      .override_count = a->overrides.count,
                      .resume = a->resume,
                      .overwrite = a->overwrite,
                      .time_limit = a->time_limit,
                      .factor = a->factor};
}

#endif
