/**
 * @file dense.h
 * Small symmetric matrices on one rank, by GSL. Local. (Apart from the rest because GSL declares the CBLAS too.)
 */
#ifndef WIDELIMIT_FINITE_DENSE_H
#define WIDELIMIT_FINITE_DENSE_H

#include <stdbool.h>
#include <stdint.h>

#include "widelimit/error.h"

/** S = L Lᵀ in place, n × n: L in the lower triangle by rows. False where S is not positive definite or not finite. */
bool wl_dense_cholesky(int64_t n, double *S);

/** b ← S⁻¹ b for one right-hand side, by the factor of wl_dense_cholesky. */
void wl_dense_solve(int64_t n, double *L, double *b);

/** The smallest and largest eigenvalue of S, which is left as it is. Errors: WL_ERROR_MEMORY. */
wl_error wl_dense_extremes(int64_t n, const double *S, double *smallest, double *largest);

/** S ← S⁻¹ (I − e^{−time S}), both triangles, by eigenvalues; also where S is singular. Errors: WL_ERROR_MEMORY. */
wl_error wl_dense_flow(int64_t n, double time, double *S);

#endif
