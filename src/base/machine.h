/**
 * @file machine.h
 * What a run stands on: memory, cores, the BLAS in use. Local unless said otherwise.
 */
#ifndef WIDELIMIT_BASE_MACHINE_H
#define WIDELIMIT_BASE_MACHINE_H

#include <mpi.h>
#include <stdint.h>

/** The ranks that share a node with this one. */
typedef struct wl_node {
  int ranks;               /**< how many share this node */
  int nodes;               /**< nodes in all */
  double memory_available; /**< bytes that programs may still take here, control groups' limits included */
  double address_space; /**< bytes that this process may still map (ulimit -v); infinite where it is not limited */
} wl_node;

/** Collective over `comm`. */
wl_node wl_node_find(MPI_Comm comm);

/** Peak resident memory of this process in bytes. */
double wl_machine_peak_memory(void);

/** Name of the BLAS kernel that OpenBLAS runs, e.g. "Zen". */
const char *wl_blas_kernel(void);

/** Version and build of OpenBLAS. */
const char *wl_blas_version(void);

/** Threads that BLAS uses on this rank. */
int wl_blas_threads(void);

/**
 * Sets the BLAS threads of this rank, unless OPENBLAS_NUM_THREADS or OMP_NUM_THREADS says how many: the cores that the
 * rank may use, shared fairly with the other ranks of the node.
 */
void wl_blas_choose_threads(const wl_node *node);

/** Local. That many threads from now on, whatever the environment says. */
void wl_blas_set_threads(int threads);

/** Threads that the assembly of kernels uses on this rank: as many as BLAS; one where built without OpenMP. */
int wl_machine_threads(void);

/** NULL, or advice where the processor can do better than the BLAS kernel in use; known of x86 alone. */
const char *wl_blas_advice(void);

#endif
