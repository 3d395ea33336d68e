/**
 * @file tune_groups.h
 * The ranks of tune in groups that evaluate at the same time. Each group searches by itself; its head, rank 0 of the group, tells the
 * first head, rank 0 of all, of every evaluation, and hears from it when all are to stop.
 */
#ifndef WIDELIMIT_PIPELINE_TUNE_GROUPS_H
#define WIDELIMIT_PIPELINE_TUNE_GROUPS_H

#include <mpi.h>
#include <stdbool.h>
#include <stdint.h>

#include "widelimit/error.h"

/** Most numbers of a row. */
enum { WL_TUNE_WIDEST = 512 };

typedef struct wl_tune_groups {
  int count, mine;
  MPI_Comm group; /**< the ranks of this one; owned */
  MPI_Comm heads; /**< MPI_COMM_NULL on ranks that are none; owned */
  bool head;
  int ended;    /**< rank 0: other groups that have */
  bool stopped; /**< rank 0: it has said so */
} wl_tune_groups;

/** Collective over `world`, whose ranks are split into `count` groups of neighbours, as even as can be. */
void wl_tune_groups_split(MPI_Comm world, int count, wl_tune_groups *groups);

/** Frees what it holds; zeros are fine. */
void wl_tune_groups_clear(wl_tune_groups *groups);

/** Heads. Sends `count` numbers from rank 0 to the others, where `values` has room for them. */
void wl_tune_groups_share(const wl_tune_groups *groups, int64_t count, double *values);

/** A head other than rank 0. Tells of an evaluation, a row of `width` numbers. */
void wl_tune_groups_tell(const wl_tune_groups *groups, const double *row, int width);

/** A head other than rank 0, between two evaluations: whether all are to stop. */
bool wl_tune_groups_hear(wl_tune_groups *groups);

/** What rank 0 does with a row. Errors end the search. */
typedef wl_error (*wl_tune_note)(void *context, const double *row);

/** Rank 0, between two evaluations: takes the rows that have come. *stop: another group has stopped or failed. */
wl_error wl_tune_groups_collect(wl_tune_groups *groups, int width, wl_tune_note note, void *context, bool *stop);

/**
 * Heads, when their own search has ended. Rank 0 takes rows until all have ended, and has them stop where `stop` or a group says so.
 * Errors: those of `note`.
 */
wl_error wl_tune_groups_end(wl_tune_groups *groups, bool stop, int width, wl_tune_note note, void *context);

#endif
