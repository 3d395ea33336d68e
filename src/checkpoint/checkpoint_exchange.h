/**
 * @file checkpoint_exchange.h
 * Private to checkpoints: between a matrix dealt out in tiles and whole columns of it, some megabytes a rank at a time.
 */
#ifndef WIDELIMIT_CHECKPOINT_CHECKPOINT_EXCHANGE_H
#define WIDELIMIT_CHECKPOINT_CHECKPOINT_EXCHANGE_H

#include "checkpoint/checkpoint_file.h"

/** Columns of a strip that change hands at once. */
typedef struct wl_slab {
  int64_t strip_column;    /**< the strip's first column */
  int64_t column, columns; /**< global */
  int64_t row, rows;       /**< the strip's */
  int64_t share;   /**< columns that one rank holds, one after the other; the last ones hold less, or none */
  int first, size; /**< the rank that holds the first of them; ranks in all */
} wl_slab;

typedef struct wl_slab_share {
  int64_t first, count; /**< global */
} wl_slab_share;

/** Local. The slab of the strip that begins `done` columns after the strip; `turn` picks its first holder. */
wl_slab wl_slab_at(const wl_grid *grid, const wl_strip *strip, int64_t done, int64_t turn);

/** Local. The columns of the slab that a rank holds. */
wl_slab_share wl_slab_columns(const wl_slab *slab, int rank);

/** Room for any slab of one triangle. */
typedef struct wl_exchange {
  const wl_matrix *matrix;
  wl_triangle triangle;
  double *columns;                   /**< [column][row] of the columns that this rank holds */
  double *tiles, *pieces;            /**< of the slab in this rank's tiles; the columns held, by owner */
  int *tile_counts, *tile_offsets;   /**< of the first, by holder */
  int *piece_counts, *piece_offsets; /**< of the second, by owner */
} wl_exchange;

/** Collective. `matrix` is borrowed. Errors: WL_ERROR_MEMORY; wl_exchange_destroy is then still called. */
wl_error wl_exchange_create(const wl_matrix *matrix, wl_triangle triangle, wl_exchange *exchange);
void wl_exchange_destroy(wl_exchange *exchange);

/** Collective. The slab's columns from the matrix; zero beyond the triangle. */
void wl_exchange_collect(wl_exchange *exchange, const wl_slab *slab);

/** Collective. The slab's columns to the triangle of `target`, which is laid out as the matrix is. */
void wl_exchange_spread(wl_exchange *exchange, const wl_slab *slab, wl_matrix *target);

#endif
