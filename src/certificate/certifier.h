/**
 * @file certifier.h
 * What the parts of the certificate share.
 */
#ifndef WIDELIMIT_CERTIFICATE_CERTIFIER_H
#define WIDELIMIT_CERTIFICATE_CERTIFIER_H

#include "certificate/certify.h"
#include "sampling/joint_array.h"

/* One kind of function seen over all replicates: sums at each point and along each whitened coordinate. */
typedef struct wl_statistics {
  int64_t replicates, degrees; /* R; degrees of freedom of one replicate's sum of squares at one point: K */
  int64_t seen;                /* replicates so far */
  int64_t columns;             /* functions so far */
  bool centred;                /* squares about the replicate's own mean: sample variances */
  double *point;               /* Σ_k h²/(Σ_tt + τ) ~ χ²(K), local rows × R */
  double *sum;                 /* Σ over functions of each whitened coordinate, by local row */
  double *square;              /* its sum of squares, by local row */
  double total;                /* of all squares, on this process column */
  int64_t *coordinate_law;     /* of χ²(K) along whitened coordinates, counts on this rank */
  int64_t *entry_law;          /* of the whitened coordinates themselves */
  int64_t *norm_law;           /* of the whitened squared norms ~ χ²(m) */
} wl_statistics;

/* Collective. WL_ERROR_MEMORY. */
wl_error wl_statistics_create(const wl_matrix *shape, int64_t replicates, int64_t degrees, bool centred,
                              wl_statistics *observed);
void wl_statistics_destroy(wl_statistics *observed);

/*
 * Collective. Takes one replicate: h (m × k) is replaced by its whitened functions.
 * scale: Σ_tt + τ by local row. factor: of Σ + τ I, in this triangle, its diagonal in place.
 */
wl_error wl_statistics_add(wl_statistics *observed, const double *scale, const wl_matrix *factor,
                           wl_triangle triangle, wl_matrix *h);

/* The state of a certification. */
typedef struct wl_certifier {
  const wl_certifier_options *options;
  const wl_certifier_input *input;
  wl_certificate *certificate;
  wl_joint *joint;
  int64_t train, test;
  wl_matrix *covariance; /* Σ above, C below; then their factors with τ on the diagonal; borrowed */
  double *ensemble_variance, *posterior_variance; /* their diagonals, m */
  double *upper, *lower;                          /* the diagonals that belong to them, by local row */
  double *upper_scale, *lower_scale;              /* Σ_tt + τ and C_tt + τ, by local row */
  wl_matrix *g;                                   /* [W; −I], N × m, W = Aᵀ */
  wl_matrix *general;                             /* Gᵀ K G, m × m, K = κ and then κ + Θ⁻ + σ² on X */
  double *weight;                                 /* 1 + ‖w_t‖₁, m */
  double norm;                                    /* ‖G‖₂², estimated */
  double largest;                                 /* max diag of S and Θ_TT */
  wl_matrix **half;                               /* R matrices m × K: Bayesian heads between their halves */
  wl_matrix *moment;              /* Σ_d w_d w_dᵀ below and on the diagonal, of whitened Bayesian heads */
  double *mean;                   /* A Y by local row of the covariance, all c columns */
  double *pairs, *bayesian_pairs; /* on rank 0: inner products of functions, (2K + 1)² and (2K)² */
  wl_statistics rnd, ensemble, bayesian, posterior;
} wl_certifier;

/* Collective, in this order. The exact part; each leaves its tests in the certificate. WL_ERROR_MEMORY. */
wl_error wl_exact_begin(wl_certifier *c);    /* G, weights; the bordered factor */
wl_error wl_exact_rnd(wl_certifier *c);      /* with κ: Σ */
wl_error wl_exact_bayesian(wl_certifier *c); /* with Θ⁻ added: C */
wl_error wl_exact_solve(wl_certifier *c);

/* Collective. The tests that have p-values, from what was observed. WL_ERROR_MEMORY. */
wl_error wl_certify_test(wl_certifier *c);

#endif
