#include "data/synthetic.h"

#include <math.h>

void wl_synthetic_inputs(uint64_t seed, wl_stream stream, int64_t dimension, int64_t first, int64_t count,
                         double *rows) {
  for (int64_t i = 0; i < count; i++)
    for (int64_t k = 0; k < dimension; k++)
      rows[i * dimension + k] = wl_random_normal(seed, stream, (uint64_t)(first + i), (uint64_t)k);
}

void wl_synthetic_targets(uint64_t seed, wl_stream stream, int64_t dimension, int64_t first, int64_t count,
                          double *targets) {
  for (int64_t i = 0; i < count; i++) {
    double sum = 0.0;
    for (int64_t k = 0; k < dimension; k++)
      sum += wl_random_normal(seed, stream, (uint64_t)(first + i), (uint64_t)k);
    targets[i] = sin(2.0 * sum / sqrt((double)dimension));
  }
}
