#include "base/random.h"

#include <Random123/philox.h>
#include <math.h>

/* 53 bits, shifted by half a unit: never 0, never 1 */
static double unit_interval(uint64_t bits) { return ((double)(bits >> 11) + 0.5) * 0x1.0p-53; }

/* `block` is 0 for single numbers, 1 and on for the blocks of a row of them. */
static philox4x64_ctr_t draw_block(uint64_t seed, wl_stream stream, uint64_t i, uint64_t j, uint64_t block) {
  const philox4x64_ctr_t counter = {{i, j, (uint64_t)stream, block}};
  const philox4x64_key_t key = {{seed, 0x776964656c696d69ULL /* "widelimi" */}};
  return philox4x64(counter, key);
}

static philox4x64_ctr_t draw(uint64_t seed, wl_stream stream, uint64_t i, uint64_t j) {
  return draw_block(seed, stream, i, j, 0);
}

double wl_random_normal(uint64_t seed, wl_stream stream, uint64_t i, uint64_t j) {
  /* Box and Muller: one of the pair, so that (i, j) alone decides */
  const philox4x64_ctr_t bits = draw(seed, stream, i, j);
  const double radius = sqrt(-2.0 * log(unit_interval(bits.v[0])));
  return radius * cos(2.0 * M_PI * unit_interval(bits.v[1]));
}

void wl_random_normals(uint64_t seed, wl_stream stream, uint64_t i, uint64_t j, int64_t count, double *out) {
  for (int64_t e = 0; e < count; e += 4) { /* both numbers of two pairs (Box and Muller) from each block */
    const philox4x64_ctr_t bits = draw_block(seed, stream, i, j, (uint64_t)(e / 4 + 1));
    double four[4];
    for (int p = 0; p < 4; p += 2) {
      const double radius = sqrt(-2.0 * log(unit_interval(bits.v[p])));
      const double angle = 2.0 * M_PI * unit_interval(bits.v[p + 1]);
      four[p] = radius * cos(angle);
      four[p + 1] = radius * sin(angle);
    }
    for (int64_t k = 0; k < 4 && e + k < count; k++) out[e + k] = four[k];
  }
}
