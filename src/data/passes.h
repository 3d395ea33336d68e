/**
 * @file passes.h
 * Private to the data: what is learnt of rows by reading all of them once, in pieces. Local.
 */
#ifndef WIDELIMIT_DATA_PASSES_H
#define WIDELIMIT_DATA_PASSES_H

#include "data/moments.h"
#include "data/source.h"
#include "gram/gram.h"

/** Rows and how to read them. */
typedef struct wl_row_set {
  const char *name; /**< for messages; borrowed */
  wl_row_reader read;
  void *context;
  int64_t rows, columns;
} wl_row_set;

/** Called for each row in turn; an error ends the pass. */
typedef wl_error (*wl_row_visitor)(void *context, int64_t row, const double *x);

/** Errors: those of reading and visiting; WL_ERROR_MEMORY. So do all below. */
wl_error wl_row_set_visit(const wl_row_set *set, wl_row_visitor visit, void *context);

/** Reads and forgets: what is not finite is found now, rather than after the factorization. */
wl_error wl_pass_read(const wl_row_set *set);

/** A hash of all numbers and their order. */
wl_error wl_pass_hash(const wl_row_set *set, uint64_t *hash);

/** Classes are integers from 0; their number is the largest of `train` plus 1. Warns of those without a training example.
 * `test` may be NULL. @param examples  of each class in `train`; owned by the caller. Errors: WL_ERROR_DATA, naming the row. */
wl_error wl_pass_classes(wl_source *train, wl_source *test, int64_t *classes, int64_t **examples);

/** All numbers are 0 or 1. Errors: WL_ERROR_DATA, naming the row. */
wl_error wl_pass_flags(wl_source *source);

/** Location and scale of each column; warns of constant ones. The moments are to be freed in any case. */
wl_error wl_pass_moments(wl_source *source, wl_moments *moments);

/** Rows that make the kernel matrix singular without noise: one that repeats, and, without biases, one of zeros.
 * Errors: WL_ERROR_DATA, naming them. */
wl_error wl_pass_singular_rows(const wl_row_set *set, const wl_network *network);

#endif
