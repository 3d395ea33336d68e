/**
 * @file spectrum.h
 * The eigendecomposition Θ_XX = U Λ Uᵀ, without noise, and what it tells about every noise level at once.
 *
 * With s = σ² + jitter, S = Θ_XX + s I and v_i = 1/[S⁻¹]_ii − jitter the variance of a new observation at point i, left out:
 *
 *   effective dimension        tr Θ S⁻¹ = Σ λ / (λ + s)                                    [Zhang 2005]
 *   information gain           ½ log det (I + Θ/s) = ½ Σ log (1 + λ/s)                     [Srinivas et al. 2010]
 *   log marginal likelihood    −½ Σ (Uᵀy)ⱼ² / (λⱼ + s) − ½ Σ log (λ + s) − ½ n log 2π      of each target column
 *   leave-one-out residual     r_i = [S⁻¹y]_i / [S⁻¹]_ii: its root mean square, and the log density Σ −½ (log 2π v_i + r_i²/v_i)
 */
#ifndef WIDELIMIT_INFERENCE_SPECTRUM_H
#define WIDELIMIT_INFERENCE_SPECTRUM_H

#include "gram/gram.h"
#include "linalg/eigen.h"

/** Members are for reading. */
typedef struct wl_spectrum {
  const wl_points *train; /**< X; borrowed */
  const wl_matrix *y;     /**< Y, n × c; borrowed */
  wl_matrix *gram; /**< κ strictly above the diagonal, where it was wanted; nothing else is left in it; owned */
  bool kappa;      /**< it is there */
  wl_eigen theta;  /**< of Θ_XX */
  wl_matrix *targets; /**< Uᵀ Y, n × c; NULL without vectors; owned */
  wl_eigen_options how;
} wl_spectrum;

typedef struct wl_spectrum_options {
  bool vectors;  /**< U, for all but eigenvalues */
  bool kappa;    /**< κ_XX too: for its eigenvalues, and for ensembles at a time */
  uint64_t seed; /**< of the random vectors of residuals */
  void *context;
  wl_error (*between)(void *context); /**< as that of wl_eigen_options */
} wl_spectrum_options;

/**
 * Collective. Assembles and decomposes. Memory: an n × n array for the kernels, one for U, and while it is made two more.
 * @param spectrum  to be cleared by the caller, whatever happens
 * Errors: those of wl_gram_symmetric and wl_eigen_decompose.
 */
wl_error wl_spectrum_create(const wl_spectrum_options *options, const wl_points *train, const wl_matrix *targets,
                            wl_spectrum *spectrum);

/** Local. Frees. */
void wl_spectrum_clear(wl_spectrum *spectrum);

/**
 * Collective. The eigenvalues of κ_XX, after all else that needs κ, which goes.
 * Errors: those of wl_eigen_decompose; WL_ERROR_USAGE where κ is not there.
 */
wl_error wl_spectrum_kappa(wl_spectrum *spectrum, wl_eigen *kappa);

/** Local. tr K (K + s I)⁻¹ and ½ log det (I + K/s) of a matrix with these eigenvalues, some of which rounding may have below 0. */
double wl_effective_dimension(const wl_eigen *eigen, int64_t n, double s);
double wl_information_gain(const wl_eigen *eigen, int64_t n, double s);

/** Local. What of λ is rounding: n ε λ_max. */
double wl_eigen_rounding(const wl_eigen *eigen, int64_t n);

/** At one noise level. */
typedef struct wl_noise_point {
  double noise;
  double effective_dimension, information_gain;
  double loo_rmse;        /**< over points and target columns */
  double loo_log_density; /**< summed over both */
} wl_noise_point;

/**
 * Collective. With vectors.
 * @param noise       σ² > 0
 * @param likelihood  log marginal likelihood of each target column; the same on every rank
 * Errors: WL_ERROR_NUMERICAL where λ_min + s does not exceed n ε λ_max, so that no digit is sure; WL_ERROR_USAGE; WL_ERROR_MEMORY.
 */
wl_error wl_spectrum_at_noise(const wl_spectrum *spectrum, double noise, double jitter, wl_noise_point *point,
                              double *likelihood);

#endif
