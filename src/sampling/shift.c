#include "sampling/shift.h"

#include <float.h>

double wl_largest_of_rows(const wl_points *points, const double *by_row) {
  double largest = 0.0;
  for (int64_t i = 0; i < wl_kernel_points_count(points->row); i++)
    if (by_row[i] > largest) largest = by_row[i];
  MPI_Allreduce(MPI_IN_PLACE, &largest, 1, MPI_DOUBLE, MPI_MAX, points->grid->comm);
  return largest;
}

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
