#define WL_REAL_IS_SINGLE 1
#include "linalg/potrf.inc"

wl_error wl_factorize_scalapack_single(wl_single *a, wl_triangle triangle, const wl_factorize_options *options,
                                       int64_t *pivot) {
  return factorize(a, triangle, options, pivot);
}
