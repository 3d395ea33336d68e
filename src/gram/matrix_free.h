/**
 * @file matrix_free.h
 * Kernel matrices that no array holds in double precision: written down in single precision, and applied to panels of
 * vectors from tiles that are computed again in every pass.
 *
 * K is κ or Θ of all pairs of a point set, n × n, and S = K + shift I. Collective.
 */
#ifndef WIDELIMIT_GRAM_MATRIX_FREE_H
#define WIDELIMIT_GRAM_MATRIX_FREE_H

#include <stdbool.h>

#include "base/util.h"
#include "dist/single.h"
#include "gram/gram.h"

/** What is known of a kernel matrix in floats, scale · S. */
typedef struct wl_rounded {
  double scale; /**< the power of two that brings the largest diagonal entry into [1, 2): floats overflow early */
  double norm;  /**< ‖S‖₁; not finite where an entry is not */
} wl_rounded;

/**
 * Rounds the kernels asked for to floats, tile by tile, in the lower triangle of `to` (n × n) with the diagonal. Where both
 * are, `to` is a pair (wl_single_create_pair), Θ comes in front and κ, which is evaluated on the way, behind it.
 * @param theta, kappa  NULL: not wanted
 * Errors: WL_ERROR_MEMORY.
 */
wl_error wl_gram_assemble_single(const wl_points *points, double shift, wl_single *to, wl_rounded *theta,
                                 wl_rounded *kappa);

/** What one kernel is multiplied with: C ← S V, or with `half`, C ← (strict lower triangle + ½ diagonal of S) V. */
typedef struct wl_product {
  const wl_matrix *v; /**< n × any; borrowed */
  wl_matrix *c;       /**< the same shape and grid; overwritten */
  double shift;
  bool half;       /**< half the work, and enough for quadratic forms: vᵀ S v = 2 vᵀ c */
  bool replicated; /**< V goes to all ranks that need it, however many columns it has: for who has room for that */
  const struct wl_product *also; /**< another panel for the same kernel, of the same half; NULL: none */
} wl_product;

/** Columns at once up to which V may go to the ranks, those of kernel parts on their way, rows computed at a time. */
enum { WL_PRODUCT_FEW = 256, WL_PRODUCT_GROUP = 768, WL_PRODUCT_PIECE = 256 };

/** Local. Columns of one process column's part. */
static inline int64_t wl_product_part_width(const wl_grid *grid) {
  return smaller(grid->block, larger(16, WL_PRODUCT_GROUP / grid->columns));
}

/** Local. Rows of a part that are there at a time where the columns are few; the first of them have the diagonal tile. */
static inline int64_t wl_product_piece_rows(const wl_grid *grid) {
  return larger(WL_PRODUCT_PIECE, wl_product_part_width(grid));
}

/** Local. Columns up to which they are few, and V goes to all who need it: 16 bytes for each row of a block row, 24 for each of a
    block column where those are not all rows. */
static inline int64_t wl_product_most_few(const wl_grid *grid, int64_t n) {
  return smaller(WL_PRODUCT_FEW, n / (4 * grid->size));
}
static inline bool wl_product_is_few(const wl_grid *grid, int64_t n, int64_t columns) {
  return columns <= wl_product_most_few(grid, n);
}

/**
 * One pass over all pairs of points, each evaluated once and used for S_ij V_j and S_ijᵀ V_i.
 * @param theta, kappa  either may be NULL; the two may have different numbers of columns
 * Errors: WL_ERROR_MEMORY.
 */
wl_error wl_gram_multiply(const wl_points *points, const wl_product *theta, const wl_product *kappa);

#endif
