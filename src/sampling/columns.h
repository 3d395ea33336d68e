/**
 * @file columns.h
 * Panels of draws, one a column, whichever array their factor is in: their random numbers, and what each output adds.
 */
#ifndef WIDELIMIT_SAMPLING_COLUMNS_H
#define WIDELIMIT_SAMPLING_COLUMNS_H

#include "base/random.h"
#include "sampling/joint.h"

/* Local. The number that column `column` draws. */
uint64_t wl_draw_number(const wl_joint_options *options, wl_draw_numbers numbers, int64_t column);

/* Local. Rows first … last − 1 (local) of F ← standard normal numbers, a function of draw and point alone; F's row 0 is
 * point `offset` in the order X, T. */
void wl_fill_normal(const wl_joint_options *options, wl_stream stream, wl_draw_numbers numbers, int64_t offset,
                    int64_t first, int64_t last, wl_matrix *f);

/* Collective. `all` (local rows × columns, column-major) ← every column of this rank's block rows. */
void wl_spread_columns(const wl_matrix *y, double *all);

/* Local. Of what wl_spread_columns made of as many columns as there are outputs: the one of a draw's output. */
static inline const double *wl_output_column(const double *all, int64_t rows, int64_t outputs,
                                             wl_draw_numbers numbers, int64_t column) {
  return all + (numbers.first + numbers.stride * column) % outputs * rows;
}

/* Local. The first `rows` local rows of F ← themselves + those of each draw's output. */
void wl_add_outputs(const double *all, int64_t rows, int64_t outputs, wl_draw_numbers numbers, wl_matrix *f);

#endif
