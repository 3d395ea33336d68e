/**
 * @file checkpointer.h
 * What keeps a run's state: when a checkpoint is written, where a run goes on, and factors that outlive it.
 *
 * It knows a run by small inputs: options, a model to factor, a joint array of draws, and a client that answers when a
 * checkpoint is written. Without a directory for checkpoints and without factors kept, everything here returns at once.
 */
#ifndef WIDELIMIT_CHECKPOINT_CHECKPOINTER_H
#define WIDELIMIT_CHECKPOINT_CHECKPOINTER_H

#include "base/timer.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/halt.h"
#include "config/config.h"
#include "inference/iterative.h"

/** What a run wants kept, and where. Pointers are borrowed and must outlive the checkpointer. */
typedef struct wl_checkpointer_options {
  MPI_Comm comm;
  const char *directory; /**< NULL: no checkpoints */
  const char *name;      /**< of the run: checkpoints are NAME.000001.h5 and so on */
  double every_minutes;
  int keep;
  bool resume;
  double time_limit;       /**< seconds from the timer's beginning; 0: none */
  const char *factor_save; /**< file for the factors; NULL: they are not kept */
  bool overwrite;          /**< any file that is there may go */
  bool replace_factor;     /**< a factor that is there is of an earlier run of this name, and may go */
  const char *factor;      /**< file that has the factors; NULL: they are computed */
  int64_t train, test, outputs;
  bool works[WL_PRIOR_COUNT]; /**< the priors at work: those that are factored */
  wl_prior last_prior;        /**< the last of them */
  bool draws;                 /**< draws follow the predictions */
  double bytes;               /**< of one checkpoint, about */
  bool certified;  /**< a certificate does: it needs what Θ's predictions leave in memory, in no file */
  wl_timer *timer; /**< writing counts as WL_PHASE_CHECKPOINT */
} wl_checkpointer_options;

/** What a checkpoint takes from the run at the moment when it is written; all pointers are borrowed. */
typedef struct wl_checkpointer_state {
  const wl_evidence *evidence[WL_PRIOR_COUNT]; /**< NULL: not known */
  int64_t clamped;                             /**< of the predictions so far; on rank 0 */
  double most_negative;
} wl_checkpointer_state;

/** The run, as far as checkpoints ask for it. */
typedef struct wl_checkpointer_client {
  void *context;
  /** Root. Configuration and data of that scope, with the first `train` training rows, as lines "key: value"; owned by the caller. */
  wl_error (*fingerprint)(void *context, wl_scope scope, int64_t train, char **text);
  /** Local. */
  wl_checkpointer_state (*state)(void *context);
  /** Root. The path of the results so far, all of which are in that file. */
  wl_error (*results)(void *context, char *path, size_t size);
} wl_checkpointer_client;

/** Members are for reading, but for `draws`. */
typedef struct wl_checkpointer {
  wl_checkpointer_options options;
  wl_checkpointer_client client;
  const wl_grid *grid; /**< borrowed */
  int rank;
  bool open; /**< checkpoints are wanted */
  int lock;  /**< on rank 0: the file that says that the checkpoints are ours; below 0: none */
  wl_halt halt;
  char *fingerprint;       /**< on rank 0 */
  int64_t number;          /**< of the last checkpoint file, on rank 0 */
  int64_t attempts;        /**< runs that worked on this, with this one */
  int64_t written;         /**< checkpoints written by this run */
  double seconds;          /**< that earlier attempts took */
  double bytes_per_second; /**< of the last checkpoint; 0: not known */
  bool loo_due;            /**< leave-one-out is still to come under the prior at work */
  bool suspended;          /**< no more checkpoints: what follows is in no file */
  bool resumed;            /**< `state` says where to go on */
  char *resumed_from;      /**< path of that checkpoint, on rank 0 */
  wl_checkpoint state;     /**< as read */
  wl_matrix *array;        /**< as read, until it is handed over; owned */
  wl_matrix *products;     /**< S Z as read; owned */
  char *factor_file;       /**< name of the checkpoint with the current prior's factor; NULL: none yet */
  char *last_file;         /**< name of the last checkpoint written; NULL: none */
  wl_draw_state draws;     /**< how far the draws are, counted by who makes them; its lower_file is not used */
  char *draw_file[2];     /**< names of the checkpoints with L and with the stage's other factor; NULL: none yet */
  double *lower_diagonal; /**< of L as read, by local row, where another factor has the array's diagonal; owned */
  wl_joint_watch joint_watch;
  wl_model *model;          /**< that is factored; borrowed */
  wl_prior prior;           /**< at work */
  char *factor_fingerprint; /**< on rank 0, where factors are kept or used */
} wl_checkpointer;

/**
 * Collective. Prepares checkpoints and, to resume, reads the newest valid one, so that the phases that follow go on
 * from it. To be closed whatever happens; must not move while it is open.
 * @param grid  of the matrix; borrowed, must outlive the checkpointer
 * Errors: WL_ERROR_USAGE (resume or a time limit without a directory); WL_ERROR_CONFIG and WL_ERROR_DATA where a
 * checkpoint is of another configuration or of other data; WL_ERROR_CONFIG where another file is in the place of a factor;
 * WL_ERROR_IO, also where a place cannot be written to; WL_ERROR_MEMORY.
 */
wl_error wl_checkpointer_open(wl_checkpointer *checkpointer, const wl_checkpointer_options *options,
                              const wl_checkpointer_client *client, const wl_grid *grid);

/** Collective. Frees; safe after any failure, and on zeros. */
void wl_checkpointer_close(wl_checkpointer *checkpointer);

/** Local. On the console: where checkpoints go, how large they are, what the run goes on from. */
void wl_checkpointer_announce(const wl_checkpointer *checkpointer);

/** Local. Bytes of one checkpoint: with the training points' matrix, or with the joint one of draws. */
double wl_checkpointer_bytes(int64_t train, int64_t test, int64_t outputs, bool joint);

/** Local. Gives the model what was read, so that it need not be assembled. */
void wl_checkpointer_hand_over(wl_checkpointer *checkpointer, wl_model_setup *model);

/**
 * Local. Whether leave-one-out is still to come under the prior at work: until then a checkpoint has the factor, and a run that goes on
 * from it leaves out all points. The same on all ranks.
 */
void wl_checkpointer_expect_loo(wl_checkpointer *checkpointer, bool due);

/** Root. WL_ERROR_CONFIG or WL_ERROR_DATA, naming what differs, where two fingerprints of a file at `path` are not the same. */
wl_error wl_checkpointer_compare(const char *path, const char *then, const char *now);

/** Local. From here on the run saves nothing: a stop goes back to the last checkpoint. The same on all ranks. */
void wl_checkpointer_suspend(wl_checkpointer *checkpointer);

/** Local. Whether a prior was finished before: the model then recalls its evidence. */
bool wl_checkpointer_is_past(const wl_checkpointer *checkpointer, wl_prior prior, wl_model *model);

/** Local. Columns of a prior's factor, and test points, that were done before. */
int64_t wl_checkpointer_columns(const wl_checkpointer *checkpointer, wl_prior prior);
int64_t wl_checkpointer_predicted(const wl_checkpointer *checkpointer, wl_prior prior);

/** Local. The results are in place: the checkpoints go. */
void wl_checkpointer_remove_all(const wl_checkpointer *checkpointer);

/** Local. Whether a file of this name, in the folder, is one that a run called `name` writes over or removes. */
bool wl_checkpointer_owns(const char *name, const char *file);

/** Local. The file for a prior's factor: `file` for theta, with .kappa before its ending for kappa. */
void wl_checkpointer_factor_path(const char *file, wl_prior prior, char *path, size_t size);

/* ---- factors and predictions (checkpointer_factor.c) ---------------------------------------------------------- */

/**
 * Collective. Factors, from the start or from where the checkpoint is, or takes the factor from a file. A factor that cannot be
 * kept is warned about, no error.
 * @param model  borrowed until the next call, or the close
 */
wl_error wl_checkpointer_factor(wl_checkpointer *checkpointer, wl_model *model, wl_prior prior);

/**
 * Collective. Between steps of a phase: saves where it is time to. Errors: WL_ERROR_STOPPED, after a checkpoint, where the
 * run is to stop; WL_ERROR_IO where that checkpoint could not be written.
 */
wl_error wl_checkpointer_boundary(wl_checkpointer *checkpointer, wl_prior prior, int64_t predicted);

/** Collective. After the draws, all of which are in the results. Errors: those of wl_checkpointer_boundary. */
wl_error wl_checkpointer_last_boundary(wl_checkpointer *checkpointer);

/* ---- passes without a matrix (checkpointer_iterate.c) ------------------------------------------------------------ */

/** Local. Passes begin: what went before was none. */
void wl_checkpointer_start_passes(wl_checkpointer *checkpointer);

/**
 * Collective. After a pass, with `predicted` test points of the batches before in the results. Errors: those of
 * wl_checkpointer_boundary.
 */
wl_error wl_checkpointer_passed(wl_checkpointer *checkpointer, wl_iterative *solver, int64_t predicted);

/**
 * Local. Where the solver goes on; *source is the room for it, and borrows from the checkpointer. NULL: from the start.
 */
const wl_iterative_source *wl_checkpointer_solver(wl_checkpointer *checkpointer, wl_iterative_source *source);

/* ---- draws (checkpointer_draws.c) ------------------------------------------------------------------------------- */

/** Local. Watches the joint arrays of draws and of the certificate; NULL without checkpoints. */
const wl_joint_watch *wl_checkpointer_joint_watch(wl_checkpointer *checkpointer);

/**
 * Collective. The joint array of all points for the draws: from where the last run came, or from the start
 * (wl_joint_create). The watch of the options is set here.
 */
wl_error wl_checkpointer_join(wl_checkpointer *checkpointer, const wl_joint_options *options,
                              const wl_points *points, const wl_matrix *targets, wl_joint **joint);

/** Collective. As wl_checkpointer_boundary, between two panels of draws; checkpointer->draws says what is drawn. */
wl_error wl_checkpointer_drawn(wl_checkpointer *checkpointer, wl_joint *joint);

#endif
