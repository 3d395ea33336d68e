#include "data/elements.h"

#include <math.h>
#include <string.h>

bool wl_element_type_exists(const wl_element_type *type) {
  const int size = type->size;
  if (size != 1 && size != 2 && size != 4 && size != 8) return false;
  return type->kind == 'i' || type->kind == 'u' || (type->kind == 'f' && size > 1) ||
         (type->kind == 'b' && size == 1);
}

/** IEEE 754 half precision: 1 bit sign, 5 exponent, 10 fraction. */
static double from_half(uint64_t bits) {
  const int exponent = (int)(bits >> 10 & 31);
  const double fraction = (double)(bits & 1023);
  double magnitude = ldexp(fraction + 1024, exponent - 25);
  if (exponent == 0) magnitude = ldexp(fraction, -24);
  if (exponent == 31) magnitude = fraction > 0 ? (double)NAN : (double)INFINITY;
  return bits >> 15 & 1 ? -magnitude : magnitude;
}

static double from_float(int size, uint64_t bits) {
  if (size == 2) return from_half(bits);
  if (size == 4) {
    const uint32_t low = (uint32_t)bits;
    float single;
    memcpy(&single, &low, sizeof single);
    return (double)single;
  }
  double number;
  memcpy(&number, &bits, sizeof number);
  return number;
}

static double decode(const wl_element_type *type, const unsigned char *bytes) {
  uint64_t bits = 0;
  for (int i = 0; i < type->size; i++) bits = bits << 8 | bytes[type->big ? i : type->size - 1 - i];
  if (type->kind == 'b') return bits != 0;
  if (type->kind == 'u') return (double)bits;
  if (type->kind == 'f') return from_float(type->size, bits);
  const int unused = 64 - 8 * type->size; /* extends the sign */
  return (double)((int64_t)(bits << unused) >> unused);
}

void wl_elements_decode(const wl_element_type *type, const unsigned char *bytes, int64_t count, double *out,
                        int64_t stride) {
  for (int64_t i = 0; i < count; i++) out[i * stride] = decode(type, bytes + i * type->size);
}
