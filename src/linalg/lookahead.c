#define WL_REAL_IS_SINGLE 0
#include "linalg/lookahead.inc"

wl_error wl_factorize_lookahead(wl_matrix *a, wl_triangle triangle, const wl_factorize_options *options,
                                int64_t *pivot) {
  return factorize(a, triangle, options, pivot);
}
