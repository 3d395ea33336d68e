/**
 * @file select_columns.h
 * Columns, over a pool of points, of the posterior covariance C and the ensemble's Σ before any of the pool is labelled. Nothing of
 * order m² is made:
 *
 *   C⁰_·t = K_·t − Vᵀ v_t                              V = L⁻¹ K_XP, K the kernel of the prior; or, where Σ is wanted,
 *   C⁰_·t = Θ_·t − Wᵀ Θ_Xt,  Σ⁰_·t = κ_·t + ½ (Wᵀ d_t + Dᵀ w_t)      W = S⁻¹ Θ_XP, D = κ_XX W − 2 κ_XP
 *
 * They are made for many candidates at once, in one pass over V, or W and D: those of the largest variances so far, most of which
 * are among the next choices. A rank keeps what belongs to the pool points of its process column; process rows hold the same.
 */
#ifndef WIDELIMIT_INFERENCE_SELECT_COLUMNS_H
#define WIDELIMIT_INFERENCE_SELECT_COLUMNS_H

#include "inference/select.h"
#include "inference/variance.h"

typedef struct wl_select_columns {
  const wl_model *model; /**< borrowed, as is the pool */
  const wl_points *pool;
  bool functions;              /**< Σ is wanted: ensemble or rnd */
  int64_t columns;             /**< pool points of this process column */
  wl_prediction_panels panels; /**< V, or W and D, of the pool; the caller puts them here, then owned */
  int count;                   /**< candidates */
  int64_t index[WL_SELECT_CANDIDATES];
  double *c, *sigma; /**< columns × candidates; owned, as is part */
  double *part;      /**< room for one of these */
} wl_select_columns;

/** Local. Without panels and candidates. Errors: WL_ERROR_MEMORY, and nothing is left to destroy. */
wl_error wl_select_columns_create(const wl_model *model, const wl_points *pool, bool functions,
                                  wl_select_columns *s);

/** Local. What is zero is fine. */
void wl_select_columns_destroy(wl_select_columns *s);

/** Local. Column of pool point t on this rank, or -1 where another process column has it; that process column; and the point of a column. */
int64_t wl_select_columns_local(const wl_select_columns *s, int64_t t);
int wl_select_columns_owner(const wl_select_columns *s, int64_t t);
int64_t wl_select_columns_point(const wl_select_columns *s, int64_t column);

/**
 * Collective. Columns of the point `chosen` and of those of the largest variances.
 * @param variance  so far, by column; below 0: not a candidate
 * Errors: WL_ERROR_MEMORY, those of wl_kernel_points_create
 */
wl_error wl_select_columns_make(wl_select_columns *s, int64_t chosen, const double *variance);

/** Local. Which of the candidates t is, or -1. */
int wl_select_columns_slot(const wl_select_columns *s, int64_t t);

#endif
