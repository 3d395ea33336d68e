#include "cli/request.h"
#include "pipeline/run.h"

wl_error wl_command_certify(const wl_arguments *arguments) {
  wl_request request = wl_request_of(arguments);
  request.certify = true;
  return wl_run(&request);
}
