#include "pipeline/run.h"
#include "cli/request.h"

wl_error wl_command_run(const wl_arguments *arguments) {
  const wl_request request = wl_request_of(arguments);
  return wl_run(&request);
}
