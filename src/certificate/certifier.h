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

/* Local. Frees. */
void wl_statistics_destroy(wl_statistics *observed);

/* The covariances that functions are held against, and the places of their resolution in the certificate. */
typedef enum wl_law_name {
  WL_LAW_ENSEMBLE,  /* Σ */
  WL_LAW_POSTERIOR, /* C */
  WL_LAW_RND, /* V_A[κ + κ_g] of RND errors, where the target is another network; else they have ½ ε² under Σ */
  WL_LAWS
} wl_law_name;

/* One of them: in a triangle, and then there its factor with τ on the diagonal. */
typedef struct wl_law {
  const char *name;
  wl_matrix *matrix; /* borrowed; NULL: there is no such law */
  wl_triangle triangle;
  double *variance; /* its diagonal, m */
  double *diagonal; /* that which belongs to the triangle now, by local row */
  double *scale;    /* variance + τ, by local row */
} wl_law;

/* The state of a certification. */
typedef struct wl_certifier {
  const wl_certifier_options *options;
  const wl_certifier_input *input;
  wl_certificate *certificate;
  wl_joint *joint;
  int64_t train, test;
  wl_matrix *covariance; /* Σ above, C below; borrowed */
  wl_law law[WL_LAWS];
  wl_matrix *g;                   /* [W; −I], N × m, W = Aᵀ */
  wl_matrix *general;             /* Gᵀ K G, m × m, K = κ and then κ + Θ⁻ + σ² on X */
  double *weight;                 /* 1 + ‖w_t‖₁, m */
  double norm;                    /* ‖G‖₂², estimated */
  double largest, largest_target; /* max diag of S and Θ_TT, of κ_g */
  wl_matrix **half;               /* R matrices m × K: Bayesian heads between their halves */
  wl_matrix *moment;              /* Σ_d w_d w_dᵀ below and on the diagonal, of whitened Bayesian heads */
  double *mean;                   /* A Y by local row of the covariance, all c columns */
  double *pairs, *bayesian_pairs; /* on rank 0: inner products of functions, (2K + 1)² and (2K)² */
  wl_statistics rnd, ensemble, bayesian, posterior;
} wl_certifier;

/* Collective. Takes one replicate: h (m × k) is replaced by its functions, whitened by the factor of the law. */
wl_error wl_statistics_add(wl_statistics *observed, const wl_law *law, wl_matrix *h);

/* Collective, in this order. The exact part; each leaves its tests in the certificate. WL_ERROR_MEMORY. */
wl_error wl_exact_begin(wl_certifier *c);    /* G, weights; the bordered factor */
wl_error wl_exact_order(wl_certifier *c);    /* Σ ⪯ C */
wl_error wl_exact_rnd(wl_certifier *c);      /* with κ: Σ */
wl_error wl_exact_target(wl_certifier *c);   /* with κ + κ_g: V_A[κ + κ_g], where there is a κ_g */
wl_error wl_exact_bayesian(wl_certifier *c); /* with Θ⁻ added: C */
wl_error wl_exact_solve(wl_certifier *c);

/* Local. H ← factor H. */
void wl_certifier_scale(wl_matrix *h, double factor);

/*
 * Collective. R replicates, where κ, κ + κ_g or Θ⁻ is factored in the joint array: their statistics, and inner products of pairs.
 * WL_ERROR_MEMORY; errors of the watch.
 */
wl_error wl_replicates_kappa(
    wl_certifier *c); /* members; RND heads with a target like the predictor; half of Bayesian heads */
wl_error wl_replicates_rnd(wl_certifier *c);   /* RND heads with another target */
wl_error wl_replicates_theta(wl_certifier *c); /* the other half of Bayesian heads; posterior draws */

/* Local. Whether RND's target is another network, and the law of its errors. */
static inline bool wl_certifier_has_target(const wl_certifier *c) { return c->law[WL_LAW_RND].matrix != NULL; }
static inline const wl_law *wl_certifier_rnd_law(const wl_certifier *c) {
  return &c->law[wl_certifier_has_target(c) ? WL_LAW_RND : WL_LAW_ENSEMBLE];
}

/* Collective. The tests that have p-values, from what was observed. WL_ERROR_MEMORY. */
wl_error wl_certify_test(wl_certifier *c);

#endif
