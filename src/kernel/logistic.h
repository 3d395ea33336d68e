/**
 * @file logistic.h
 * tanh and its relatives sigmoid, softplus and silu: duals without a closed form.
 *
 * The logistic density is a scale mixture of normal ones [Andrews & Mallows 1974; Stefanski 1991], the mixing
 * density that of the Kolmogorov distribution. The trapezoidal rule in the logarithm of the scale gives, to
 * 3e-18 uniformly in z with 32 nodes,
 *   tanh'(z) = Σ_n w_n exp(−z² / 2s_n²),   tanh(z) = Σ_n w_n S_n(z),   S_n(z) = ∫_0^z exp(−t² / 2s_n²) dt.
 * So each relative has, for any pair of variances and any correlation, two forms without a cancellation:
 *  - double sums over n of the closed forms that erf and gelu have: exact, on the diagonal too, but slow (pair);
 *  - the Hermite series, whose coefficients are sums over n of powers with one sign: fast away from |ρ| = 1
 *    and, for moderate variances, everywhere.
 *
 * With φ = constant + linear·z + ψ, ψ odd or even, and h_k the normalized Hermite polynomials,
 * B_m = |E[ψ'(√q ζ) h_k(ζ)]|, k = 2m + e, where e = 0 for odd ψ and 1 for even ψ:
 *   E[φ'φ'] = linear² + ρ^e Σ_m B_m B'_m ρ^(2m)
 *   E[φφ]   = E[φ] E[φ]' + κ (linear² + ρ^e Σ_m B_m B'_m ρ^(2m) / (2m + 1 + e))       (Stein's lemma)
 */
#ifndef WIDELIMIT_KERNEL_LOGISTIC_H
#define WIDELIMIT_KERNEL_LOGISTIC_H

#include "widelimit/network.h"

enum {
  WL_LOGISTIC_NODES = 32, /**< a multiple of every vector width */
  WL_SERIES_TERMS = 256,  /**< most terms of a series */
  WL_SERIES_LEVELS = 5
};

/** What dropped terms may add to E[φ'φ'], relative to its diagonal values. */
#define WL_SERIES_TOLERANCE 1e-13

typedef enum wl_logistic_form {
  WL_LOGISTIC_STEP,   /**< ψ  = Σ w S: tanh, sigmoid */
  WL_LOGISTIC_RAMP,   /**< ψ' = Σ w S: softplus */
  WL_LOGISTIC_PRODUCT /**< ψ  = z Σ w S: silu */
} wl_logistic_form;

typedef struct wl_logistic {
  wl_logistic_form form;
  int odd;                       /**< e above */
  double constant, linear;       /**< φ = constant + linear·z + ψ, ψ(0) = 0 */
  double s2[WL_LOGISTIC_NODES];  /**< s_n² */
  double s[WL_LOGISTIC_NODES];   /**< s_n */
  double w_s[WL_LOGISTIC_NODES]; /**< w_n s_n */
} wl_logistic;

/** The Hermite series of one point in one layer. */
typedef struct wl_series {
  double B[WL_SERIES_TERMS];
  /**
   * terms[g]: how many terms until the rest is small, √(Σ_{m ≥ terms} B_m²) ≤ tolerance^(g/4) √E[φ'²];
   * WL_SERIES_TERMS where that is not reached. Two points need the terms of levels that add up to 4
   * (Cauchy-Schwarz); terms[4] of them are kept.
   */
  int terms[WL_SERIES_LEVELS];
  /** A pair with |ρ| above the product of its limits does not converge in WL_SERIES_TERMS terms. */
  double limit;
} wl_series;

/** Local. Of an activation that does not belong here, *logistic is all zero. */
void wl_logistic_init(wl_logistic *logistic, wl_activation activation);

/** Local. E[φ] under N(0, q). */
double wl_logistic_mean(const wl_logistic *logistic, double q);

/** Local. The series at variance q, where E[φ'²] = slope. */
void wl_logistic_series(const wl_logistic *logistic, double q, double slope, wl_series *series);

#endif
