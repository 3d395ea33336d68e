/**
 * @file given.h
 * Given kernels, looked at before anything is computed with them. Collective.
 */
#ifndef WIDELIMIT_GRAM_GIVEN_H
#define WIDELIMIT_GRAM_GIVEN_H

#include <mpi.h>

#include "kernel/given.h"

/** How far entries (i, j) and (j, i) of XX or TT may be apart, relative to the root of K_ii K_jj. Used is that of i ≥ j. */
#define WL_GIVEN_SYMMETRY 1e-8

/**
 * Reads every matrix once, in tiles dealt out over the ranks, and fills in given->diagonal, the same on all of them.
 * @param name  of each matrix, for messages
 * Errors: WL_ERROR_DATA, naming matrix, row and column (from 1) of an entry that is not finite, of two that should be one, or of
 * a variance below zero; WL_ERROR_MEMORY; those of the reader.
 */
wl_error wl_given_verify(MPI_Comm comm, wl_given *given, const char *name[WL_GIVEN_KERNELS][WL_GIVEN_PARTS]);

/**
 * Local. Whether Θ_ii ≥ κ_ii to rounding: of Θ − κ, from which targets of Bayesian RND are drawn, the least that must hold.
 * Errors: WL_ERROR_DATA, naming the row.
 */
wl_error wl_given_check_targets(const wl_given *given, const char *name[WL_GIVEN_KERNELS][WL_GIVEN_PARTS]);

/**
 * Local. Whether a training point has the variance 0 under a kernel that is given: without noise and jitter that kernel is singular, and
 * no other row is to blame. Errors: WL_ERROR_DATA, naming the row.
 */
wl_error wl_given_check_zeros(const wl_given *given, const char *name[WL_GIVEN_KERNELS][WL_GIVEN_PARTS]);

#endif
