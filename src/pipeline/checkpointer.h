/**
 * @file checkpointer.h
 * What keeps a run's state: when a checkpoint is written, where a run goes on, and factors that outlive it.
 *
 * Without `checkpoint` in the configuration and without factors kept, everything here returns at once.
 */
#ifndef WIDELIMIT_PIPELINE_CHECKPOINTER_H
#define WIDELIMIT_PIPELINE_CHECKPOINTER_H

#include "checkpoint/checkpoint.h"
#include "data/data.h"
#include "pipeline/halt.h"
#include "pipeline/request.h"

typedef struct wl_run wl_run;

/** Members are for reading. */
typedef struct wl_checkpointer {
  bool open; /**< checkpoints are wanted */
  int lock;  /**< on rank 0: the file that says that the checkpoints are ours; below 0: none */
  wl_halt halt;
  char *fingerprint;       /**< on rank 0 */
  int64_t number;          /**< of the last checkpoint file, on rank 0 */
  int64_t attempts;        /**< runs that worked on this, with this one */
  int64_t written;         /**< checkpoints written by this run */
  double seconds;          /**< that earlier attempts took */
  double bytes_per_second; /**< of the last checkpoint; 0: not known */
  bool resumed;            /**< `state` says where to go on */
  char *resumed_from;      /**< path of that checkpoint, on rank 0 */
  wl_checkpoint state;     /**< as read */
  wl_matrix *array;        /**< as read, until it is handed over; owned */
  wl_matrix *products;     /**< S Z as read; owned */
  char *factor_file;       /**< name of the checkpoint with the current prior's factor; NULL: none yet */
  char *last_file;         /**< name of the last checkpoint written; NULL: none */
  wl_draw_state draws;     /**< how far the draws are; its lower_file is not used */
  char *draw_file[2];     /**< names of the checkpoints with L and with the stage's other factor; NULL: none yet */
  double *lower_diagonal; /**< of L as read, by local row, where another factor has the array's diagonal; owned */
  wl_joint_watch joint_watch;
  wl_prior prior;           /**< at work */
  const char *factor;       /**< of `widelimit predict`: where the factors are; NULL: they are computed */
  char *factor_fingerprint; /**< on rank 0, where factors are kept or used */
} wl_checkpointer;

/**
 * Collective. Prepares checkpoints and, with --resume, reads the newest valid one, so that the phases that follow go on
 * from it. Errors: WL_ERROR_USAGE (options without `checkpoint`); WL_ERROR_CONFIG and WL_ERROR_DATA where a checkpoint is
 * of another configuration or of other data; WL_ERROR_IO; WL_ERROR_MEMORY.
 */
wl_error wl_checkpointer_open(wl_run *run, const wl_request *request);

/** Collective. Frees; safe after any failure. */
void wl_checkpointer_close(wl_run *run);

/** Local. On the console: where checkpoints go, how large they are, what the run goes on from. */
void wl_checkpointer_announce(const wl_run *run);

/**
 * Local. Bytes of one checkpoint: with the training points' matrix, or with the joint one where there will be draws to
 * go on from.
 */
double wl_checkpointer_checkpoint_bytes(const wl_config *config, const wl_data_shape *shape);
bool wl_checkpointer_keeps_joint(const wl_config *config);

/** Root. The result file as the checkpoint has it; then, with the tally in place, its metrics. Errors: WL_ERROR_IO. */
wl_error wl_checkpointer_restore_results(wl_run *run);
wl_error wl_checkpointer_recall_predictions(wl_run *run);

/** Local. Gives the model what was read, so that it need not be assembled. */
void wl_checkpointer_hand_over(wl_run *run, wl_model_options *options);

/** Local. Whether a prior was finished before (its evidence is then recalled); what was done of it. */
bool wl_checkpointer_is_past(wl_run *run, wl_prior prior);
int64_t wl_checkpointer_columns(const wl_run *run, wl_prior prior);
int64_t wl_checkpointer_predicted(const wl_run *run, wl_prior prior);

/** Collective. Factors, from the start or from where the checkpoint is, or takes the factor from a file. */
wl_error wl_checkpointer_factor(wl_run *run, wl_prior prior);

/**
 * Collective. Between steps of a phase: saves where it is time to. Errors: WL_ERROR_STOPPED, after a checkpoint, where the
 * run is to stop; WL_ERROR_IO where that checkpoint could not be written.
 */
wl_error wl_checkpointer_boundary(wl_run *run, wl_prior prior, int64_t predicted);

/** Collective. After the draws, all of which are in the results. Errors: those of wl_checkpointer_boundary. */
wl_error wl_checkpointer_last_boundary(wl_run *run);

/** Local. The results are in place: the checkpoints go. */
void wl_checkpointer_remove_all(wl_run *run);

/* ---- draws (checkpointer_draws.c) ------------------------------------------------------------------------------------ */

/** Local. Watches the joint arrays of draws and of the certificate; NULL without checkpoints. */
const wl_joint_watch *wl_checkpointer_joint_watch(wl_run *run);

/** Collective. The joint array of all points for the draws: from where the last run came, or from the start. */
wl_error wl_checkpointer_join(wl_run *run, const wl_points *points, wl_joint **joint);

/** Collective. As wl_checkpointer_boundary, between two panels of draws; run->checkpointer.draws says what is drawn. */
wl_error wl_checkpointer_drawn(wl_run *run, wl_joint *joint);

/* ---- for checkpointer_draws.c (checkpointer.c) ------------------------------------------------------------------------------ */

/**
 * Collective. Writes a checkpoint on this decision and clears `header`, of which the members that say what the state is are
 * given. Errors: those of wl_checkpointer_boundary.
 */
wl_error wl_checkpointer_save(wl_run *run, wl_decision decision, wl_checkpoint *header,
                              const wl_checkpoint_content *content);

/** Local. WL_ERROR_STOPPED on a stop where nothing new is worth a checkpoint. */
wl_error wl_checkpointer_stop_without(const wl_run *run, wl_decision decision);

/** Local. The prior that is at work last. */
wl_prior wl_checkpointer_last_prior(const wl_run *run);

/* ---- files (checkpointer_files.c) ----------------------------------------------------------------------------------- */

/** Root. The path of checkpoint file `name`; the name of checkpoint `number`. */
void wl_checkpointer_path(const wl_run *run, const char *name, char *path, size_t size);
void wl_checkpointer_name(const wl_run *run, int64_t number, char *name, size_t size);

/** Root. Numbers of the checkpoints that are there, ascending, at most `most` of the newest. Returns how many. */
int64_t wl_checkpointer_list(const wl_run *run, int64_t most, int64_t *numbers);

/** Root. Makes the folder where it is missing, takes the lock, and removes what broken-off writes have left. */
wl_error wl_checkpointer_make_folder(wl_run *run);

/**
 * Root. Takes the checkpoints of this folder and name for this run, or sees that they still are its own. The lock is the
 * kernel's, on a file: it ends with the process, however that ends. Where the file system has no locks, a warning.
 * Errors: WL_ERROR_IO, naming the run that has them, after a few seconds of waiting for one that may be about to end.
 */
wl_error wl_checkpointer_take_lock(wl_run *run);
void wl_checkpointer_drop_lock(wl_run *run);

/** Root. Removes the oldest checkpoints but `keep` and what those need. */
void wl_checkpointer_prune(const wl_run *run, int64_t keep);

/** Root. WL_ERROR_CONFIG or WL_ERROR_DATA, naming what differs, where two fingerprints are not the same. */
wl_error wl_checkpointer_compare(const char *path, const char *then, const char *now);

/** Root. The file for a prior's factor: `file` for theta, with .kappa before its ending for kappa. */
void wl_checkpointer_factor_path(const char *file, wl_prior prior, char *path, size_t size);

#endif
