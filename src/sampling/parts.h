/**
 * @file parts.h
 * What draws have in common, whichever array their factor is in: the shifts, the random numbers, columns on all ranks.
 */
#ifndef WIDELIMIT_SAMPLING_PARTS_H
#define WIDELIMIT_SAMPLING_PARTS_H

#include "base/random.h"
#include "widelimit/sample.h"

/* Collective. The largest of all rows' values, of which by_row has those of this rank's block rows. */
double wl_largest_of_rows(const wl_point_set *points, const double *by_row);

/* Attempt k: factors with this shift; *pivot becomes -1, or the row whose pivot failed. */
typedef wl_error (*wl_shifted_factor)(void *context, int k, double shift, int64_t *pivot);

/*
 * Collective. Factors with δ = 4 N ε `largest`, N = order, and 16 times that after each failure, at most thrice; begins with
 * attempt `first`. *shift becomes the δ that worked. WL_ERROR_NUMERICAL where none does, in whose message `name` is what
 * cannot be factored; errors of `factor`.
 */
wl_error wl_shift_until_factored(int64_t order, double largest, int first, const char *name,
                                 wl_shifted_factor factor, void *context, double *shift);

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
