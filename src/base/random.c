#include "widelimit/random.h"

#include <Random123/philox.h>
#include <math.h>

/* 53 bits, shifted by half a unit: never 0, never 1 */
static double unit_interval(uint64_t bits) { return ((double)(bits >> 11) + 0.5) * 0x1.0p-53; }

static philox4x64_ctr_t draw(uint64_t seed, wl_stream stream, uint64_t i, uint64_t j) {
  const philox4x64_ctr_t counter = {{i, j, (uint64_t)stream, 0}};
  const philox4x64_key_t key = {{seed, 0x776964656c696d69ULL /* "widelimi" */}};
  return philox4x64(counter, key);
}

double wl_random_uniform(uint64_t seed, wl_stream stream, uint64_t i, uint64_t j) {
  return unit_interval(draw(seed, stream, i, j).v[0]);
}

double wl_random_normal(uint64_t seed, wl_stream stream, uint64_t i, uint64_t j) {
  /* Box and Muller: one of the pair, so that (i, j) alone decides */
  const philox4x64_ctr_t bits = draw(seed, stream, i, j);
  const double radius = sqrt(-2.0 * log(unit_interval(bits.v[0])));
  return radius * cos(2.0 * M_PI * unit_interval(bits.v[1]));
}
