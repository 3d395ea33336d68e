/**
 * @file tile_exchange.h
 * κ of a pair is evaluated with its Θ, below the diagonal, and stored above it: where another rank has that tile, it
 * takes it from room that both share. In steps: each rank fills some tiles of one of its block columns, and takes what
 * others have filled in the step before. What is on the way stays small enough for the caches.
 *
 * Only between neighbours, the ranks of one node: there a copy costs a fraction of an evaluation. A network that all
 * ranks of a node share takes longer for an entry than most kernels do, and beyond the node κ is evaluated again.
 */
#ifndef WIDELIMIT_GRAM_TILE_EXCHANGE_H
#define WIDELIMIT_GRAM_TILE_EXCHANGE_H

#include <stdbool.h>

#include "gram/gram.h"

typedef struct wl_tile_exchange wl_tile_exchange;

/** Some block rows of one block column on each rank. Local indices, in blocks; beyond what a rank has: nothing. */
typedef struct wl_tile_exchange_step {
  int64_t column;             /**< local block column */
  int64_t row_begin, row_end; /**< local block rows */
} wl_tile_exchange_step;

/**
 * Collective. Block rows of a step that give every thread of any rank several tiles and leave what is on the way small enough
 * for the caches, 7 MB a thread with blocks of up to 192; the same on all ranks. `threads`: of this rank.
 */
int64_t wl_tile_exchange_height(const wl_matrix *a, int threads);

/** Local. Bytes of a rank's part of the shared room at that height. */
int64_t wl_tile_exchange_bytes(int block, int threads);

/**
 * Collective. For the square matrix `a`, which is borrowed. `neighbours` holds ranks of the grid on one node, this one among
 * them, and is the same communicator on all of them. No step has more than `height` block rows, ≥ 1 and the same on
 * all ranks. Room: 3 height nb² doubles, shared; where the system does not provide it, nobody has neighbours.
 * Errors: WL_ERROR_MEMORY.
 */
wl_error wl_tile_exchange_create(const wl_matrix *a, MPI_Comm neighbours, int64_t height,
                                 wl_tile_exchange **exchange);

/** Local. Frees and sets to NULL; NULL is fine. After wl_tile_exchange_finish(). */
void wl_tile_exchange_destroy(wl_tile_exchange **exchange);

/**
 * Collective among neighbours, which go through the same steps in the same order: begin, fill, end. Nobody is more than three
 * steps ahead of a neighbour.
 */
void wl_tile_exchange_begin(wl_tile_exchange *exchange, const wl_tile_exchange_step *step);
void wl_tile_exchange_end(wl_tile_exchange *exchange);

/** Collective among neighbours, after the last step. All that was on the way to this rank is in its place on return. */
void wl_tile_exchange_finish(wl_tile_exchange *exchange);

/**
 * Local. Where the mirror image goes of this step's tile below the diagonal whose local rows begin at il: its place
 * in the matrix, or where a neighbour takes it from. NULL: neither this rank nor a neighbour has it. *ld: leading dimension.
 */
double *wl_tile_exchange_place(const wl_tile_exchange *exchange, int64_t il, int64_t *ld);

/** Local. Is this rank's tile above the diagonal, with its first entry at (i, j), filled from its mirror image? */
bool wl_tile_exchange_fills(const wl_tile_exchange *exchange, int64_t i, int64_t j);

/** Collective. wl_gram_symmetric() of both, with neighbours and height as above. */
wl_error wl_gram_symmetric_among(const wl_points *points, MPI_Comm neighbours, int64_t height, wl_matrix *gram);

#endif
