/**
 * @file factor.h
 * Who makes a Cholesky factor S = L Lᵀ, and what is known of it.
 */
#ifndef WIDELIMIT_FACTOR_H
#define WIDELIMIT_FACTOR_H

#include "widelimit/export.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Who factors. Both give the same factor up to rounding, go on from each other's states, and neither touches the other triangle.
 *
 *   SCALAPACK  p?potrf on the whole matrix; watched, ?potrf, p?trsm and p?syrk a block column at a time
 *   LOOKAHEAD  a loop of the library's own over BLAS and MPI that has the next block column on its way while this one is used:
 *              for many ranks
 */
#define WL_ENGINE_LIST(X) \
  X(SCALAPACK, scalapack) \
  X(LOOKAHEAD, lookahead)

typedef enum wl_engine {
#define WL_ENGINE_ENUM(NAME, name) WL_ENGINE_##NAME,
  WL_ENGINE_LIST(WL_ENGINE_ENUM)
#undef WL_ENGINE_ENUM
      WL_ENGINE_COUNT
} wl_engine;

/** Local. Name as in the configuration; "unknown" for another number. */
WL_API const char *wl_engine_name(wl_engine engine);

/** What a residual must stay below, whichever the engine: 16 times what rounding can give. */
#define WL_RESIDUAL_LIMIT 16.0

/** Of an n × n matrix S. */
typedef struct wl_factor_info {
  double log_determinant; /**< log det S = 2 Σ log L_ii */
  double norm;            /**< ‖S‖₁ */
  /** ‖S Z − L Lᵀ Z‖_F / (n ε ‖S‖₁ ‖Z‖_F) for four random vectors Z: rounding gives < 1, and a factor with WL_RESIDUAL_LIMIT
      or more is an error. In mixed precision the largest ‖b − S x‖₂ / (n ε ‖S‖₁ ‖x‖₂) of first solutions x, ε being that of
      single precision. */
  double residual;
  /** 1 / (‖S‖₁ ‖S⁻¹‖₁), ‖S⁻¹‖₁ estimated from below, seldom by more than a factor 3 [Higham 1988]. */
  double reciprocal_condition;
  double seconds; /**< of the factorization alone, on this rank */
} wl_factor_info;

#ifdef __cplusplus
}
#endif

#endif
