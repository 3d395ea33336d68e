/**
 * @file joint_array.h
 * The joint array, for those who look inside: the draws and the certificate.
 */
#ifndef WIDELIMIT_SAMPLING_JOINT_ARRAY_H
#define WIDELIMIT_SAMPLING_JOINT_ARRAY_H

#include "linalg/rfp.h"
#include "sampling/joint.h"

/* a κ + b Θ + c κ_g: what a triangle is to hold. c is 0 or 1, and 0 where RND has no target of its own. */
typedef struct wl_kernel_weights {
  double kappa, theta, target;
} wl_kernel_weights;

struct wl_joint {
  wl_joint_options options;
  const wl_points *points; /* X and T; with rfp the first of them */
  wl_points *target;       /* X and T as RND's target network sees them; owned, NULL: as the predictor does */
  int64_t train, test, outputs;
  const wl_points *rest;     /* the others, with rfp; NULL: all is in one array */
  wl_rfp *rfp;               /* K in rectangular full packed form; NULL: in `gram` */
  const wl_matrix *solution; /* Aᵀ, with rfp; borrowed */
  double *mean;              /* A Y on the block rows of this rank, all c columns, with rfp */
  wl_matrix *gram;           /* N × N; NULL with rfp, as is what follows up to the spare diagonal */
  double *targets; /* Y on the block rows of this rank, all c columns: local training rows × c, column-major */
  double *lower_diagonal, *upper_diagonal; /* of L and U by local row: they share the array's diagonal */
  double *spare;                           /* the diagonal, while another one is read in its place */
  wl_stage stage;                          /* the last one that was begun */
  int attempt[WL_STAGES];                  /* by stage */
  wl_kernel_weights held;                  /* what the upper triangle holds, not yet factored; all 0: nothing */
  double shift[WL_STAGES];                 /* by stage */
};

/* Local. Puts the diagonal of L (U) in its place. */
void wl_joint_use_lower(wl_joint *joint);
void wl_joint_use_upper(wl_joint *joint);

/* Collective. The upper triangle ← that kernel with the diagonal, to which `train_shift` (X) and `test_shift` (T) are
 * added; not factored. WL_ERROR_MEMORY. */
wl_error wl_joint_fill_upper(wl_joint *joint, wl_kernel_weights weights, double train_shift, double test_shift);

/* Collective. F(T) ← F(T) + A F(X): training with residuals F(X), in place. */
void wl_joint_train(wl_joint *joint, wl_matrix *f);

/* Local. Number of local rows that are training points. */
static inline int64_t wl_joint_local_train(const wl_joint *joint) {
  const wl_grid *g = joint->points->grid;
  return wl_grid_owned(joint->train, g->block, g->row, g->rows);
}

#endif
