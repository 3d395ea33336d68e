/**
 * @file factor.h
 * What is known of a Cholesky factor S = L Lᵀ.
 */
#ifndef WIDELIMIT_FACTOR_H
#define WIDELIMIT_FACTOR_H

/** Of an n × n matrix S. */
typedef struct wl_factor_info {
  double log_determinant; /**< log det S = 2 Σ log L_ii */
  double norm;            /**< ‖S‖₁ */
  /** ‖S Z − L Lᵀ Z‖_F / (n ε ‖S‖₁ ‖Z‖_F) for four random vectors Z: rounding gives < 1. In mixed precision the largest
      ‖b − S x‖₂ / (n ε ‖S‖₁ ‖x‖₂) of first solutions x, ε being that of single precision. */
  double residual;
  /** 1 / (‖S‖₁ ‖S⁻¹‖₁), ‖S⁻¹‖₁ estimated from below, seldom by more than a factor 3 [Higham 1988]. */
  double reciprocal_condition;
  double seconds; /**< of the factorization alone, on this rank */
} wl_factor_info;

#endif
