/**
 * @file collectives.h
 * MPI's collectives for any number of doubles; MPI counts with 31 bits. Collective over `comm`, with the same count everywhere.
 */
#ifndef WIDELIMIT_DIST_COLLECTIVES_H
#define WIDELIMIT_DIST_COLLECTIVES_H

#include <mpi.h>
#include <stdint.h>

/** values ← those of rank `root`. */
void wl_broadcast(MPI_Comm comm, int root, int64_t count, double *values);

/** values ← the sums over all ranks. */
void wl_sum_on_all(MPI_Comm comm, int64_t count, double *values);

/** The same on rank `root` alone; those of others stay. */
void wl_sum_on_root(MPI_Comm comm, int root, int64_t count, double *values);

#endif
