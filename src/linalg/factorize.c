#define WL_REAL_IS_SINGLE 0
#include "linalg/factorize.inc"

wl_error wl_factorize_from(wl_matrix *a, wl_triangle triangle, const char *name, const wl_factor_watch *watch,
                           wl_factor_state *state, int64_t *pivot) {
  return factorize(a, triangle, name, watch, state, pivot);
}

wl_error wl_factorize(wl_matrix *a, wl_triangle triangle, const char *name, int64_t *pivot) {
  wl_factor_state whole = {.columns = 0};
  return factorize(a, triangle, name, NULL, &whole, pivot);
}
