/**
 * @file checkpointer_private.h
 * What the files of the checkpointer share.
 */
#ifndef WIDELIMIT_CHECKPOINT_CHECKPOINTER_PRIVATE_H
#define WIDELIMIT_CHECKPOINT_CHECKPOINTER_PRIVATE_H

#include "base/util.h"
#include "checkpoint/checkpointer.h"

/** Checkpoints that are looked at: the newest. */
enum { WL_CHECKPOINTER_MOST = 64 };

/** Whether the checkpoint that was read is in the middle of this prior. */
static inline bool wl_checkpointer_resumes_at(const wl_checkpointer *k, wl_prior prior) {
  const wl_checkpoint *s = &k->state;
  return k->resumed && s->prior == prior && (s->predicted < k->options.test || s->loo_due);
}

/* ---- factors (checkpointer_factor.c) --------------------------------------------------------------------------- */

/**
 * Root. Makes and tries the places of factors that will be kept. Errors: WL_ERROR_CONFIG where a file is there that is no such
 * factor and may not be replaced; those of wl_writable_file.
 */
wl_error wl_checkpointer_prepare_factors(const wl_checkpointer *checkpointer);

/* ---- reading (checkpointer_resume.c) --------------------------------------------------------------------------- */

/** Collective. Reads the newest checkpoint that is whole, or none. Errors: those of wl_checkpointer_open. */
wl_error wl_checkpointer_resume(wl_checkpointer *checkpointer);

/* ---- writing (checkpointer_save.c) ------------------------------------------------------------------------------ */

/** Local. The header of a file written now, but for what the writing finds out. The caller clears it. Errors: WL_ERROR_MEMORY. */
wl_error wl_checkpointer_make_header(const wl_checkpointer *checkpointer, wl_checkpoint *header);

/**
 * Collective. Writes a checkpoint on this decision and clears `header`, of which the members that say what the state is are
 * given. Errors: those of wl_checkpointer_boundary.
 */
wl_error wl_checkpointer_save(wl_checkpointer *checkpointer, wl_decision decision, wl_checkpoint *header,
                              const wl_checkpoint_content *content);

/** Local. WL_ERROR_STOPPED on a stop where nothing new is worth a checkpoint. */
wl_error wl_checkpointer_stop_without(const wl_checkpointer *checkpointer, wl_decision decision);

/* ---- files (checkpointer_files.c) ------------------------------------------------------------------------------- */

/** Root. The path of checkpoint file `name`; the name of checkpoint `number`. */
void wl_checkpointer_path(const wl_checkpointer *checkpointer, const char *name, char *path, size_t size);
void wl_checkpointer_name(const wl_checkpointer *checkpointer, int64_t number, char *name, size_t size);

/** Root. Numbers of the checkpoints that are there, ascending, at most `most` of the newest. Returns how many. */
int64_t wl_checkpointer_list(const wl_checkpointer *checkpointer, int64_t most, int64_t *numbers);

/** Root. Makes the folder where it is missing, takes the lock, and removes what broken-off writes have left. */
wl_error wl_checkpointer_make_folder(wl_checkpointer *checkpointer);

/** Root. Lets go of the lock. */
void wl_checkpointer_leave_folder(wl_checkpointer *checkpointer);

/** Root. Removes the oldest checkpoints but `keep` and what those need. */
void wl_checkpointer_prune(const wl_checkpointer *checkpointer, int64_t keep);

/* ---- the lock (checkpointer_lock.c) ----------------------------------------------------------------------------- */

/**
 * Root. Takes the lock file at `path`, or sees that `*lock` still is it. The lock is the kernel's, on a file: it ends with the
 * process, however that ends. Where the file system has no locks, a warning.
 * @param directory, name  of the checkpoints, for messages
 * Errors: WL_ERROR_IO, naming the run that has them, after a few seconds of waiting for one that may be about to end.
 */
wl_error wl_checkpointer_take_lock(const char *path, const char *directory, const char *name, int *lock);
void wl_checkpointer_drop_lock(const char *path, int *lock);

#endif
