/**
 * @file shared.h
 * Room that the ranks of one node share: each writes its own part, all read every part.
 *
 * POSIX shared memory and not an MPI window: where the system has no room for one, MPI_Win_allocate_shared of Open MPI 4.1
 * returns on one rank and waits for ever on the others.
 */
#ifndef WIDELIMIT_DIST_SHARED_H
#define WIDELIMIT_DIST_SHARED_H

#include <mpi.h>
#include <stdint.h>

typedef struct wl_shared wl_shared;

/**
 * Collective over `node`, ranks of one node. A part of `count` ≥ 0 doubles, the same on all ranks, for each of them; pages of
 * its own, zeros. NULL, on all ranks, where the system does not provide it.
 */
wl_shared *wl_shared_create(MPI_Comm node, int64_t count);

/** Local. Frees and sets to NULL; NULL is fine. Others keep what they have. */
void wl_shared_destroy(wl_shared **shared);

/** Local. The part of that rank of `node`. Between a write and another rank's read they must synchronize. */
double *wl_shared_part(const wl_shared *shared, int rank);

#endif
