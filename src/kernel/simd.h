/**
 * @file simd.h
 * One vector of doubles in the instruction set that the including file is compiled for. The operators + − * / work
 * on `vec` as they are; these files are compiled without contraction, so that only v_fma fuses.
 */
#ifndef WIDELIMIT_KERNEL_SIMD_H
#define WIDELIMIT_KERNEL_SIMD_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#if defined(__AVX512F__) && defined(__AVX512DQ__)

#include <immintrin.h>
#include <sleef.h>
enum { WIDTH = 8 };
typedef __m512d vec;
static inline vec v_set(double a) { return _mm512_set1_pd(a); }
static inline vec v_load(const double *a) { return _mm512_loadu_pd(a); }
static inline void v_store(double *a, vec b) { _mm512_storeu_pd(a, b); }
/** Past the caches; `a` is aligned like the vector. Others may read it after v_fence(). */
static inline void v_stream(double *a, vec b) { _mm512_stream_pd(a, b); }
static inline void v_fence(void) { _mm_sfence(); }
static inline vec v_fma(vec a, vec b, vec c) { return _mm512_fmadd_pd(a, b, c); }
static inline vec v_sqrt(vec a) { return _mm512_sqrt_pd(a); }
static inline vec v_min(vec a, vec b) { return _mm512_min_pd(a, b); }
static inline vec v_max(vec a, vec b) { return _mm512_max_pd(a, b); }
static inline vec v_abs(vec a) { return _mm512_abs_pd(a); }
/** |a| with the sign of b. */
static inline vec v_copysign(vec a, vec b) {
  const vec sign = _mm512_set1_pd(-0.0);
  return _mm512_or_pd(_mm512_andnot_pd(sign, a), _mm512_and_pd(sign, b));
}
/** a > b ? x : y */
static inline vec v_select_greater(vec a, vec b, vec x, vec y) {
  return _mm512_mask_blend_pd(_mm512_cmp_pd_mask(a, b, _CMP_GT_OQ), y, x);
}
/** Is the sign bit of a set? x : y */
static inline vec v_select_negative(vec a, vec x, vec y) {
  return _mm512_mask_blend_pd(_mm512_movepi64_mask(_mm512_castpd_si512(a)), y, x);
}
/** Is a ≥ b false in any lane, as it is for NaN? */
static inline bool v_any_not_at_least(vec a, vec b) { return _mm512_cmp_pd_mask(a, b, _CMP_NGE_UQ) != 0; }
static inline vec v_exp(vec a) { return Sleef_expd8_u10avx512f(a); }
static inline vec v_asin(vec a) { return Sleef_asind8_u35avx512f(a); }
static inline vec v_atan(vec a) { return Sleef_atand8_u10avx512f(a); }

#elif defined(__AVX2__) && defined(__FMA__)

#include <immintrin.h>
#include <sleef.h>
enum { WIDTH = 4 };
typedef __m256d vec;
static inline vec v_set(double a) { return _mm256_set1_pd(a); }
static inline vec v_load(const double *a) { return _mm256_loadu_pd(a); }
static inline void v_store(double *a, vec b) { _mm256_storeu_pd(a, b); }
static inline void v_stream(double *a, vec b) { _mm256_stream_pd(a, b); }
static inline void v_fence(void) { _mm_sfence(); }
static inline vec v_fma(vec a, vec b, vec c) { return _mm256_fmadd_pd(a, b, c); }
static inline vec v_sqrt(vec a) { return _mm256_sqrt_pd(a); }
static inline vec v_min(vec a, vec b) { return _mm256_min_pd(a, b); }
static inline vec v_max(vec a, vec b) { return _mm256_max_pd(a, b); }
static inline vec v_abs(vec a) { return _mm256_andnot_pd(_mm256_set1_pd(-0.0), a); }
static inline vec v_copysign(vec a, vec b) {
  const vec sign = _mm256_set1_pd(-0.0);
  return _mm256_or_pd(_mm256_andnot_pd(sign, a), _mm256_and_pd(sign, b));
}
static inline vec v_select_greater(vec a, vec b, vec x, vec y) {
  return _mm256_blendv_pd(y, x, _mm256_cmp_pd(a, b, _CMP_GT_OQ));
}
static inline vec v_select_negative(vec a, vec x, vec y) { return _mm256_blendv_pd(y, x, a); }
static inline bool v_any_not_at_least(vec a, vec b) {
  return _mm256_movemask_pd(_mm256_cmp_pd(a, b, _CMP_NGE_UQ)) != 0;
}
static inline vec v_exp(vec a) { return Sleef_expd4_u10avx2(a); }
static inline vec v_asin(vec a) { return Sleef_asind4_u35avx2(a); }
static inline vec v_atan(vec a) { return Sleef_atand4_u10avx2(a); }

#else

/* Any processor: the compiler makes of this what it can. */
enum { WIDTH = 2 };
typedef double vec __attribute__((vector_size(16)));
#define WL_SIMD_EACH(expression)                       \
  vec r;                                               \
  for (int k = 0; k < WIDTH; k++) r[k] = (expression); \
  return r
static inline vec v_set(double a) { return (vec){a, a}; }
static inline vec v_load(const double *a) {
  vec r;
  memcpy(&r, a, sizeof r);
  return r;
}
static inline void v_store(double *a, vec b) { memcpy(a, &b, sizeof b); }
static inline void v_stream(double *a, vec b) { v_store(a, b); }
static inline void v_fence(void) {}
static inline vec v_fma(vec a, vec b, vec c) { return a * b + c; }
static inline vec v_sqrt(vec a) { WL_SIMD_EACH(sqrt(a[k])); }
static inline vec v_min(vec a, vec b) { WL_SIMD_EACH(a[k] < b[k] ? a[k] : b[k]); }
static inline vec v_max(vec a, vec b) { WL_SIMD_EACH(a[k] > b[k] ? a[k] : b[k]); }
static inline vec v_abs(vec a) { WL_SIMD_EACH(fabs(a[k])); }
static inline vec v_copysign(vec a, vec b) { WL_SIMD_EACH(copysign(a[k], b[k])); }
static inline vec v_select_greater(vec a, vec b, vec x, vec y) { WL_SIMD_EACH(a[k] > b[k] ? x[k] : y[k]); }
static inline vec v_select_negative(vec a, vec x, vec y) { WL_SIMD_EACH(signbit(a[k]) ? x[k] : y[k]); }
static inline bool v_any_not_at_least(vec a, vec b) { return !(a[0] >= b[0]) || !(a[1] >= b[1]); }
static inline vec v_exp(vec a) { WL_SIMD_EACH(exp(a[k])); }
static inline vec v_asin(vec a) { WL_SIMD_EACH(asin(a[k])); }
static inline vec v_atan(vec a) { WL_SIMD_EACH(atan(a[k])); }
#undef WL_SIMD_EACH

#endif

/** to[i·ld_to + j] = from[j·ld_from + i], i, j < 4; past the caches where `far`, to rows that are aligned to 32 bytes. */
static inline __attribute__((always_inline)) void transpose_4(const double *from, int64_t ld_from, double *to,
                                                              int64_t ld_to, const bool far) {
#ifdef __AVX2__
  const __m256d a = _mm256_loadu_pd(from), b = _mm256_loadu_pd(from + ld_from),
                c = _mm256_loadu_pd(from + 2 * ld_from), d = _mm256_loadu_pd(from + 3 * ld_from);
  const __m256d ab_02 = _mm256_unpacklo_pd(a, b), ab_13 = _mm256_unpackhi_pd(a, b),
                cd_02 = _mm256_unpacklo_pd(c, d), cd_13 = _mm256_unpackhi_pd(c, d);
  const __m256d row[4] = {_mm256_permute2f128_pd(ab_02, cd_02, 0x20), _mm256_permute2f128_pd(ab_13, cd_13, 0x20),
                          _mm256_permute2f128_pd(ab_02, cd_02, 0x31), _mm256_permute2f128_pd(ab_13, cd_13, 0x31)};
  for (int i = 0; i < 4; i++)
    if (far)
      _mm256_stream_pd(to + i * ld_to, row[i]);
    else
      _mm256_storeu_pd(to + i * ld_to, row[i]);
#else
  (void)far;
  for (int i = 0; i < 4; i++)
    for (int j = 0; j < 4; j++) to[i * ld_to + j] = from[j * ld_from + i];
#endif
}

/** The sum of the lanes, in their order. */
static inline double v_sum(vec a) {
  double lane[WIDTH], sum = 0.0;
  v_store(lane, a);
  for (int k = 0; k < WIDTH; k++) sum += lane[k];
  return sum;
}

/** The largest lane. */
static inline double v_largest(vec a) {
  double lane[WIDTH];
  v_store(lane, a);
  double largest = lane[0];
  for (int k = 1; k < WIDTH; k++) largest = lane[k] > largest ? lane[k] : largest;
  return largest;
}

#endif
