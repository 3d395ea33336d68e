/**
 * @file shift.h
 * Cholesky factors of joint kernels, which may be singular: with a shift δ on the diagonal that makes them exist.
 */
#ifndef WIDELIMIT_SAMPLING_SHIFT_H
#define WIDELIMIT_SAMPLING_SHIFT_H

#include "sampling/joint.h"

/* Attempt k: factors with this shift; *pivot becomes -1, or the row whose pivot failed. */
typedef wl_error (*wl_shifted_factor)(void *context, int k, double shift, int64_t *pivot);

/*
 * Collective. Factors with δ = 4 N ε `largest`, N = order, and 16 times that after each failure, at most thrice; begins with
 * attempt `first`. *shift becomes the δ that worked. WL_ERROR_NUMERICAL where none does, in whose message `name` is what
 * cannot be factored; errors of `factor`.
 */
wl_error wl_shift_until_factored(int64_t order, double largest, int first, const char *name,
                                 wl_shifted_factor factor, void *context, double *shift);

#endif
