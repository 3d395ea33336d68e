#include "sampling/shift.h"

#include <float.h>

wl_error wl_shift_until_factored(int64_t order, double largest, int first, const char *name,
                                 wl_shifted_factor factor, void *context, double *shift) {
  double delta = 4.0 * (double)order * DBL_EPSILON * largest;
  for (int k = 0; k < 4; k++, delta *= 16.0) {
    if (k < first) continue;
    int64_t pivot;
    WL_TRY(factor(context, k, delta, &pivot));
    if (pivot < 0) {
      *shift = delta;
      return WL_OK;
    }
  }
  WL_FAIL(WL_ERROR_NUMERICAL,
          "%s cannot be factored, not even with %g on its diagonal; nothing can be drawn from it", name,
          delta / 16.0);
}
