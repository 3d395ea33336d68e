#include "pipeline/bench.h"
#include "base/util.h"
#include "cli/arguments.h"

static wl_error set_options(const wl_arguments *a, wl_bench_options *o) {
  *o = (wl_bench_options){.repeats = a->repeats ? (int)smaller(a->repeats, WL_BENCH_REPEATS) : 3,
                          .block = (int)smaller(a->block, 4096),
                          .test = a->test ? a->test : 1000,
                          .dimension = a->dimension ? a->dimension : 64,
                          .json = a->json,
                          .calibrate = a->calibrate,
                          .engine = {[WL_ENGINE_SCALAPACK] = a->scalapack || !a->lookahead,
                                     [WL_ENGINE_LOOKAHEAD] = a->lookahead || !a->scalapack}};
  if (o->calibrate && a->sizes.count > 0) WL_FAIL(WL_ERROR_USAGE, "--calibrate measures no size: leave out --n");
  o->n[0] = 8000;
  o->count = a->sizes.count > 0 ? a->sizes.count : 1;
  for (int i = 0; i < a->sizes.count; i++) o->n[i] = a->sizes.value[i];
  return WL_OK;
}

wl_error wl_command_bench(const wl_arguments *arguments) {
  wl_bench_options options;
  WL_TRY(set_options(arguments, &options));
  return wl_bench_run(&options);
}
