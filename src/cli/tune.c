#include "pipeline/tune.h"

#include "cli/request.h"

wl_error wl_command_tune(const wl_arguments *arguments) {
  const wl_request request = wl_request_of(arguments);
  return wl_tune(&request);
}
