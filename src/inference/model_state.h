/**
 * @file model_state.h
 * What model.c and predict.c share.
 */
#ifndef WIDELIMIT_INFERENCE_MODEL_STATE_H
#define WIDELIMIT_INFERENCE_MODEL_STATE_H

#include "inference/mixed.h"
#include "inference/model.h"

/** A prior in mixed precision. */
typedef struct wl_mixed_prior {
  wl_mixed mixed;
  wl_mixed_targets targets; /**< x and r are owned */
  bool factored;            /**< and the factor is still there */
  bool open;                /**< the targets have not been solved for */
} wl_mixed_prior;

struct wl_model {
  wl_model_setup setup;     /**< its array has gone to `gram`, and its rnd_target to `target` */
  const wl_points *train;   /**< X; borrowed */
  const wl_matrix *targets; /**< Y; borrowed */
  wl_points *target;        /**< X as RND's target network sees it; owned, NULL: it is the predictor's */
  wl_matrix *gram;          /**< Θ below, κ above the diagonal, then factors; owned, NULL in mixed precision */
  wl_matrix *whitened_targets; /**< L⁻¹ Y of the prior factored last; owned, NULL in mixed precision */
  wl_single *floats;           /**< a pair where both priors are needed; owned, NULL in double precision */
  wl_mixed_prior prior[WL_PRIOR_COUNT];
  bool kappa_waits;       /**< its floats are behind Θ's */
  double *kappa_diagonal; /**< κ_ii by local row; owned */
  double *saved_diagonal; /**< room for the other diagonal while κ's is in place; owned */
  wl_prior current;
  bool tried[WL_PRIOR_COUNT];         /**< to factor, whatever came of it */
  bool ready;                         /**< the current prior is factored, and its factor is still there */
  wl_cholesky factor[WL_PRIOR_COUNT]; /**< in double precision */
  wl_evidence evidence[WL_PRIOR_COUNT];
  bool complete[WL_PRIOR_COUNT]; /**< the evidence is */
};

/** Local. What is asked of a prior without test points: the targets, where they have not been solved for. */
wl_mixed_request wl_model_request(wl_model *model, wl_prior prior);

/** Collective. wl_mixed_solve, and what follows of the targets. */
wl_error wl_model_refine(wl_model *model, const wl_mixed_request *requests, int count);

/** Local. In mixed precision: what a prior's evidence says of the refinement. */
void wl_model_note_refinement(wl_model *model, wl_prior prior);

/** Local. Whether the model's quantities need κ_XX and its products. */
static inline bool wl_model_needs_ensemble(const wl_model *model) {
  return wl_quantities_need_ensemble(model->setup.options.quantity);
}

#endif
