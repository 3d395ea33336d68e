#include "finite/unit_map.h"

#include <cblas.h>
#include <math.h>
#include <string.h>

#include "finite/phi.h"

int64_t wl_unit_map_kept(const wl_layer *map, int64_t units, int64_t count) {
  return (units + (map->kind == WL_LAYER_NORM)) * count;
}

/* A point whose units are all zero stays zero. */
static void normalize(int64_t units, int64_t count, double *z, double *y, double *inverse) {
  for (int64_t j = 0; j < count; j++) {
    double *column = z + j * units;
    const double square = cblas_ddot((blasint)units, column, 1, column, 1) / (double)units;
    inverse[j] = square > 0.0 ? 1.0 / sqrt(square) : 0.0;
    for (int64_t i = 0; i < units; i++) column[i] *= inverse[j];
  }
  memcpy(y, z, sizeof(double) * (size_t)(units * count));
}

static void project(int64_t units, int64_t count, const double *y, const double *inverse, double *t) {
  for (int64_t j = 0; j < count; j++) {
    const double along = cblas_ddot((blasint)units, y + j * units, 1, t + j * units, 1) / (double)units;
    for (int64_t i = j * units; i < (j + 1) * units; i++) t[i] = inverse[j] * (t[i] - along * y[i]);
  }
}

static void multiply_elements(int64_t count, const double *by, double *values) {
  for (int64_t i = 0; i < count; i++) values[i] *= by[i];
}

void wl_unit_map_forward(const wl_layer *map, int64_t units, int64_t count, double *z, double *kept) {
  if (map->kind == WL_LAYER_NORM)
    normalize(units, count, z, kept, kept + units * count);
  else if (map->kind == WL_LAYER_DROPOUT)
    multiply_elements(units * count, kept, z);
  else
    wl_phi_apply(map, units * count, z, kept);
}

void wl_unit_map_jacobian(const wl_layer *map, int64_t units, int64_t count, const double *kept, double *t) {
  if (map->kind == WL_LAYER_NORM)
    project(units, count, kept, kept + units * count, t);
  else
    multiply_elements(units * count, kept, t);
}
