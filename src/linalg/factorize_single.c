#define WL_REAL_IS_SINGLE 1
#include "linalg/factorize.inc"

wl_error wl_factorize_single(wl_single *a, wl_triangle triangle, const char *name, int64_t *pivot) {
  wl_factor_state whole = {.columns = 0};
  return factorize(a, triangle, name, NULL, &whole, pivot);
}
