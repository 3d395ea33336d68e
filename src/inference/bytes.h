/**
 * @file bytes.h
 * What predictions and leave-one-out take on a rank beside matrix, points and targets, in bytes. Local: the rank is that of grid->row,
 * grid->column.
 */
#ifndef WIDELIMIT_INFERENCE_BYTES_H
#define WIDELIMIT_INFERENCE_BYTES_H

#include <stdbool.h>

#include "dist/grid.h"

/**
 * Of n training points and `count` test points in double precision: two panels, and two block columns on their way.
 * @param panels  the grid of the test points
 */
double wl_predict_bytes(const wl_grid *grid, const wl_grid *panels, int64_t n, int64_t count);

/** What RND's target network adds to that: a product with its κ_XX and κ_XT, or one and the product's own room. */
double wl_predict_target_bytes(const wl_grid *grid, const wl_grid *panels, int64_t n, int64_t count);

/**
 * Of select, in place of them: one panel, with ensemble and rnd two; and what it keeps of `count` choices and of the candidates for
 * the next ones.
 */
double wl_select_bytes(const wl_grid *grid, const wl_grid *panels, int64_t n, int64_t pool, int64_t count,
                       bool functions);

/** Of leaving out n training points: one panel, with the ensemble two, and two block columns on their way. */
double wl_loo_bytes(const wl_grid *grid, int64_t n, bool ensemble);

/**
 * Of an eigendecomposition and of predictions at training times from it, where those are wanted: the eigenvectors, and what is
 * larger, the work arrays or the panels of a batch.
 * @param count     test points of a batch; 0: no times
 * @param ensemble  ensemble or rnd among the quantities
 */
double wl_spectrum_bytes(const wl_grid *grid, const wl_grid *panels, int64_t n, int64_t count, bool vectors,
                         bool ensemble);

/**
 * Of a prediction in mixed precision, with the targets. Right-hand sides, solutions, corrections, what becomes of them in a pass, and
 * κ's product or the direction of conjugate gradients are five panels; where both priors share passes, they have five each,
 * and κ's products are with both. Then come one panel of floats, the probes, and what a pass or a solve takes beside.
 * @param outputs  columns of the targets
 * @param both     both priors share the passes
 */
double wl_predict_mixed_bytes(const wl_grid *grid, int64_t n, int64_t count, int64_t outputs, bool both);

/**
 * Of a batch without a matrix, with targets and probes: right-hand sides, solutions, residuals, directions and products of each
 * kernel are five panels of so many columns; then come one of `rank` rows, and what a pass takes beside.
 * @param panels   the grid of the test points
 * @param kernels  1 or 2
 */
double wl_iterative_bytes(const wl_grid *grid, const wl_grid *panels, int64_t n, int64_t columns, int64_t rank,
                          int kernels);

#endif
