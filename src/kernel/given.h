/**
 * @file given.h
 * Kernels made elsewhere: κ and Θ of all pairs of X and T as matrices, in place of a network and points. Points are then
 * numbers: X has 0 … n − 1, T has n … N − 1. No MPI here: everything is Local.
 */
#ifndef WIDELIMIT_KERNEL_GIVEN_H
#define WIDELIMIT_KERNEL_GIVEN_H

#include <stdbool.h>

#include "kernel/network.h"

typedef enum wl_given_kernel { WL_GIVEN_THETA, WL_GIVEN_KAPPA, WL_GIVEN_KERNELS } wl_given_kernel;

/** The matrices that a kernel is given by: rows of T and columns of X make TX. */
typedef enum wl_given_part { WL_GIVEN_XX, WL_GIVEN_TX, WL_GIVEN_TT, WL_GIVEN_PARTS } wl_given_part;

/** Rows first … first + rows − 1 and columns likewise of one matrix, row-major. From any thread, one at a time. */
typedef wl_error (*wl_given_reader)(void *context, wl_given_kernel kernel, wl_given_part part, int64_t row,
                                    int64_t rows, int64_t column, int64_t columns, double *out);

/** Where entries come from. An entry (i, j) of XX or TT is read where i ≥ j, so that it is one number. */
typedef struct wl_given {
  wl_given_reader read;
  void *context;
  int64_t train, count;        /**< n, N */
  bool has[WL_GIVEN_KERNELS];  /**< which kernels are given */
  bool full[WL_GIVEN_KERNELS]; /**< TT is a matrix; else its diagonal alone is known */
  double *diagonal
      [WL_GIVEN_KERNELS]; /**< N numbers each, zeros where the kernel is not given; owned by whom made it */
  wl_error error;         /**< of the first entry that could not be read; those read since are NaN */
  char message[WL_MESSAGE_SIZE];
} wl_given;

/**
 * Points with these numbers (count), as wl_kernel_points_create makes them of coordinates. `given` is borrowed and must outlive
 * the result; the numbers are copied. Errors: WL_ERROR_MEMORY.
 */
wl_error wl_kernel_points_create_given(wl_given *given, int64_t count, const int64_t *number,
                                       wl_kernel_points **points);

/** What wl_network_tile and wl_network_tile_split do for such points. */
void wl_given_tile(wl_point_range a, wl_point_range b, wl_tile kappa, wl_tile theta);

/** Whether any entry could not be read so far: its error, with the message. */
wl_error wl_given_check(const wl_given *given);

#endif
