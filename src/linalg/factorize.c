#include "linalg/engines.h"

static wl_factorize_options whole(const char *name) {
  return (wl_factorize_options){.engine = WL_ENGINE_SCALAPACK, .name = name};
}

wl_error wl_factorize_with(wl_matrix *a, wl_triangle triangle, const wl_factorize_options *options,
                           int64_t *pivot) {
  return options->engine == WL_ENGINE_LOOKAHEAD ? wl_factorize_lookahead(a, triangle, options, pivot)
                                                : wl_factorize_scalapack(a, triangle, options, pivot);
}

wl_error wl_factorize(wl_matrix *a, wl_triangle triangle, const char *name, int64_t *pivot) {
  const wl_factorize_options options = whole(name);
  return wl_factorize_with(a, triangle, &options, pivot);
}

wl_error wl_factorize_single(wl_single *a, wl_triangle triangle, wl_engine engine, const char *name,
                             int64_t *pivot) {
  wl_factorize_options options = whole(name);
  options.engine = engine;
  return engine == WL_ENGINE_LOOKAHEAD ? wl_factorize_lookahead_single(a, triangle, &options, pivot)
                                       : wl_factorize_scalapack_single(a, triangle, &options, pivot);
}
