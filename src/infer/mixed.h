/**
 * @file mixed.h
 * A prior's kernel matrix in single precision, and what is known of it. Collective.
 */
#ifndef WIDELIMIT_INFER_MIXED_H
#define WIDELIMIT_INFER_MIXED_H

#include "infer/refine.h"
#include "widelimit/predict.h"

/** Random columns: those that tell the log-determinant, those that are solved for beside the targets, those of a check. */
enum { WL_MIXED_PROBES = 32, WL_MIXED_COMPANIONS = 8, WL_MIXED_COMBINATIONS = 8 };

/**
 * Assembles fl₃₂(scale · S) in m->factor, which has been created, and factors it. Of *m, points, kernel, name and shift
 * are given.
 *
 * @param facts  as wl_cholesky_factor fills it, but without a residual, and with log det M for log det S
 * Errors: WL_ERROR_NUMERICAL where S is not finite, or not positive definite in single precision, naming the remedies;
 * WL_ERROR_MEMORY.
 */
wl_error wl_mixed_factor(wl_mixed *m, wl_cholesky *facts);

/**
 * X ← S⁻¹ B for a few columns, to rounding, and what is left to know of the factor. Solves for some random columns at the same
 * time, so that δ is known before there are test points; the first pass over S serves the log-determinant too.
 * @param quadratic  bⱼᵀ S⁻¹ bⱼ by global column, on all ranks
 * @param facts  its log-determinant is corrected for the factor's rounding: log det S = log det M + log det (I + F),
 *               F = L⁻¹ (scale · S) L⁻ᵀ − I, log det (I + F) = tr F − ½ ‖F‖²_F + …, and the trace is the mean of gᵀ F g
 *               over random signs g [Hutchinson 1990]. Its residual: the largest ‖b − S x‖₂ / (n ε ‖S‖₁ ‖x‖₂) of first
 *               solutions x ← M⁻¹ b, ε being that of single precision
 * @param uncertainty  three standard errors of that mean, and the size of the last term
 * Errors: those of wl_refine; WL_ERROR_NUMERICAL where M and S differ so much that errors cannot be told from residuals.
 */
wl_error wl_mixed_solve(wl_mixed *m, uint64_t seed, const wl_matrix *b, wl_matrix *x, double *quadratic,
                        wl_cholesky *facts, double *uncertainty);

/**
 * Whether `solution`, n × any, solves S X = B for these test points' kernel panel B, by eight random combinations of the
 * columns, for which the residual is computed from S itself: `check` holds B G, X G and S X G on their way.
 */
typedef struct wl_mixed_check {
  wl_matrix *right, *solution, *image; /* B G, X G, S X G */
} wl_mixed_check;

wl_error wl_mixed_check_create(const wl_mixed *m, uint64_t seed, const wl_matrix *b, const wl_matrix *x,
                               wl_mixed_check *check);
void wl_mixed_check_destroy(wl_mixed_check *check);

/**
 * With S X G in place: m->residual ← max (m->residual, ‖(B − S X) G‖_F / ‖B G‖_F).
 * Errors: WL_ERROR_NUMERICAL where X is wrong by more than 1e-8 in the energy norm.
 */
wl_error wl_mixed_check_judge(wl_mixed *m, wl_mixed_check *check);

#endif
