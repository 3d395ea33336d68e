#include "pipeline/plan.h"
#include "cli/arguments.h"

static wl_error set_options(const wl_arguments *a, wl_plan_options *o) {
  *o = (wl_plan_options){.config = a->config,
                         .calibration = a->calibration,
                         .json = a->json,
                         .sbatch = a->sbatch,
                         .select = a->select,
                         .factor = a->factor,
                         .overrides = a->overrides.word,
                         .override_count = a->overrides.count,
                         .assumptions = a->assumptions.word,
                         .assumption_count = a->assumptions.count,
                         .train = a->train,
                         .test = a->test,
                         .dimension = a->dimension,
                         .outputs = a->outputs,
                         .ranks = a->ranks,
                         .nodes = a->nodes,
                         .cores_per_node = a->cores_per_node,
                         .threads = a->threads,
                         .memory_per_node = a->memory_per_node};
  if (o->ranks && o->nodes) WL_FAIL(WL_ERROR_USAGE, "--ranks and --nodes say the same: give one of them");
  if (o->threads && o->cores_per_node && o->threads > o->cores_per_node)
    WL_FAIL(WL_ERROR_USAGE, "--threads %lld is more than --cores-per-node %lld", (long long)o->threads,
            (long long)o->cores_per_node);
  return WL_OK;
}

wl_error wl_command_plan(const wl_arguments *arguments) {
  wl_plan_options options;
  WL_TRY(set_options(arguments, &options));
  return wl_plan_run(&options);
}
