/**
 * @file grid.h
 * The process grid: P × Q ranks over which block-cyclic matrices are laid out. Rank r of the communicator stands in row r mod P and
 * column r / P. First what is made, and last what is destroyed: points, matrices and models borrow it.
 */
#ifndef WIDELIMIT_GRID_H
#define WIDELIMIT_GRID_H

#include <mpi.h>
#include <stdint.h>

#include "widelimit/error.h"
#include "widelimit/export.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wl_grid wl_grid;

/**
 * Collective over `comm`. Creates a grid of all ranks of `comm`, of which it keeps a duplicate.
 * @param rows, columns  P and Q with P·Q = number of ranks; one may be 0 (follows from the other), both 0: the
 *                       most nearly square grid with P ≤ Q
 * @param block          1 ≤ nb ≤ 8192, see wl_grid_choose_block
 * Errors: WL_ERROR_CONFIG where rows × columns is not the number of ranks, or for a block out of range; WL_ERROR_USAGE before
 * MPI_Init or for MPI_COMM_NULL; WL_ERROR_MEMORY.
 */
WL_API wl_error wl_grid_create(MPI_Comm comm, int rows, int columns, int block, wl_grid **grid);

/** Collective. Frees and sets to NULL; NULL is fine. */
WL_API void wl_grid_destroy(wl_grid **grid);

/**
 * Local. The block size that suits an n × n matrix on `size` ranks, a multiple of 16 from 16 to 192: at most
 * n / (8 Q) for Q process columns and, on more than one rank, n / (16 Q) where that is 48 or more.
 */
WL_API int wl_grid_choose_block(int64_t n, int size);

/** Local. This rank, from 0; -1 for NULL. */
WL_API int wl_grid_rank(const wl_grid *grid);

/** Local. P and Q; 0 for NULL. */
WL_API void wl_grid_shape(const wl_grid *grid, int *rows, int *columns);

#ifdef __cplusplus
}
#endif

#endif
