#include <stdlib.h>

#include "base/check.h"
#include "base/util.h"
#include "kernel/network.h"

enum { TILE = 128 };

/* Tiles of rows b and columns a, column-major: the transposed of a rows, b columns, row-major. */
static void fill(const wl_kernel_points *a, int64_t rows, const wl_kernel_points *b, int64_t columns,
                 double *kappa, double *theta, double *work) {
  for (int64_t i = 0; i < rows; i += TILE)
    for (int64_t j = 0; j < columns; j += TILE) {
      const int64_t at = i * columns + j;
      wl_network_tile(
          (wl_point_range){b, j, smaller(TILE, columns - j)}, (wl_point_range){a, i, smaller(TILE, rows - i)},
          (wl_tile){kappa ? kappa + at : NULL, columns}, (wl_tile){theta ? theta + at : NULL, columns}, work);
    }
}

wl_error wl_network_kernel(const wl_network *network, int64_t dimension, int64_t rows, const double *x,
                           int64_t columns, const double *y, double *kappa, double *theta) {
  WL_REQUIRE(network);
  WL_TRY(wl_network_check(network));
  if (rows < 0 || columns < 0 || dimension < 1)
    WL_FAIL(WL_ERROR_USAGE, "%s: %lld and %lld points of dimension %lld", __func__, (long long)rows,
            (long long)columns, (long long)dimension);
  if (rows == 0 || columns == 0) return WL_OK;
  WL_REQUIRE(x);
  WL_REQUIRE(y);
  wl_kernel_points *a = NULL, *b = NULL;
  double *work = aligned_numbers((int64_t)wl_network_tile_work(network, TILE, TILE));
  wl_error error = work ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "%s: out of memory", __func__);
  if (error == WL_OK) error = wl_kernel_points_create(network, rows, dimension, x, NULL, &a);
  if (error == WL_OK) error = wl_kernel_points_create(network, columns, dimension, y, NULL, &b);
  if (error == WL_OK) fill(a, rows, b, columns, kappa, theta, work);
  wl_kernel_points_destroy(&b);
  wl_kernel_points_destroy(&a);
  free(work);
  return error;
}
