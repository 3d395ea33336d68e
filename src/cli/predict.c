#include "cli/request.h"
#include "pipeline/run.h"

wl_error wl_command_predict(const wl_arguments *arguments) {
  if (!arguments->factor) WL_FAIL(WL_ERROR_USAGE, "widelimit predict needs --factor FILE");
  const wl_request request = wl_request_of(arguments);
  return wl_run(&request);
}
