/**
 * @file model.h
 * What model.c and predict.c share.
 */
#ifndef WIDELIMIT_INFER_MODEL_H
#define WIDELIMIT_INFER_MODEL_H

#include "infer/refine.h"
#include "widelimit/predict.h"

struct wl_model {
  wl_model_options options;
  const wl_point_set *train;
  const wl_matrix *targets;
  wl_matrix *gram;             /* NULL in mixed precision */
  wl_mixed *mixed;             /* NULL in double precision */
  wl_matrix *whitened_targets; /* L⁻¹ Y of the prior factored last; in mixed precision X, with S X = Y nearly */
  wl_matrix *target_residual;  /* Y − S X; NULL in double precision */
  bool open;                   /* mixed precision: the targets have not been solved for */
  double *kappa_diagonal;      /* κ_ii by local row */
  double *saved_diagonal;      /* room for the other diagonal while κ's is in place */
  wl_prior current;
  wl_evidence evidence[WL_PRIOR_COUNT];
};

/* In mixed precision: what the current prior's evidence says of the refinement. */
void wl_model_note_refinement(wl_model *model);

/* wl_refine, with the targets (wl_mixed_solve) where that is still to be done; of the panels, r is there. */
wl_error wl_model_refine(wl_model *model, const wl_refine_goal *goal, wl_panels *tests, double *quadratic);

/* Both ensemble and rnd need κ_XX and its products. */
static inline bool wl_model_needs_ensemble(const wl_model *model) {
  return model->options.quantity[WL_QUANTITY_ENSEMBLE] || model->options.quantity[WL_QUANTITY_RND];
}

#endif
