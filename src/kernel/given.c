#include "kernel/given.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "kernel/points.h"

wl_error wl_kernel_points_create_given(wl_given *given, int64_t count, const int64_t *number,
                                       wl_kernel_points **result) {
  *result = NULL;
  const size_t size = (size_t)count + 1;
  wl_kernel_points *points = calloc(1, sizeof *points);
  if (!points) WL_FAIL(WL_ERROR_MEMORY, "no memory for a set of points");
  points->given = given;
  points->count = count;
  points->kappa = malloc(sizeof(double) * size);
  points->theta = malloc(sizeof(double) * size);
  points->number = malloc(sizeof(int64_t) * size);
  if (!points->kappa || !points->theta || !points->number) {
    wl_kernel_points_destroy(&points);
    WL_FAIL(WL_ERROR_MEMORY, "no memory for %lld points", (long long)count);
  }
  for (int64_t i = 0; i < count; i++) {
    points->number[i] = number[i];
    points->kappa[i] = given->diagonal[WL_GIVEN_KAPPA][number[i]];
    points->theta[i] = given->diagonal[WL_GIVEN_THETA][number[i]];
  }
  *result = points;
  return WL_OK;
}

wl_error wl_given_check(const wl_given *given) {
  return given->error == WL_OK ? WL_OK : wl_error_set(given->error, "%s", given->message);
}

/* Consecutive numbers of a range, all in X or all in T: local points `at` …, of which the first has this number. */
typedef struct run {
  int64_t at, first, count;
  bool test;
} run;

static run run_at(const wl_point_range *range, int64_t offset) {
  const int64_t *number = range->points->number + range->first, train = range->points->given->train;
  run r = {.at = offset, .first = number[offset], .count = 1, .test = number[offset] >= train};
  while (offset + r.count < range->count && number[offset + r.count] == r.first + r.count &&
         (number[offset + r.count] >= train) == r.test)
    r.count++;
  return r;
}

/* One reading: rows of a matrix, of which a run is one side and another the other. */
static wl_error read(wl_given *g, wl_given_kernel kernel, const run *rows, const run *columns, double *out) {
  const int64_t n = g->train;
  const wl_given_part part = !rows->test ? WL_GIVEN_XX : columns->test ? WL_GIVEN_TT : WL_GIVEN_TX;
  return g->read(g->context, kernel, part, rows->first - (rows->test ? n : 0), rows->count,
                 columns->first - (columns->test ? n : 0), columns->count, out);
}

/* Entry (i, j) of two runs to at[i + j·ld], from the matrix that has it, or from the half of XX or TT where i ≥ j. */
static wl_error read_pair(wl_given *g, wl_given_kernel kernel, const run *a, const run *b, double *work,
                          double *at, int64_t ld) {
  const bool below = a->test != b->test ? a->test : a->first + a->count > b->first;
  const bool above = a->test != b->test ? b->test : b->first + b->count > a->first;
  double *by_rows = work, *by_columns = work + a->count * b->count;
  if (below) WL_TRY(read(g, kernel, a, b, by_rows));
  if (above) WL_TRY(read(g, kernel, b, a, by_columns));
  for (int64_t j = 0; j < b->count; j++)
    for (int64_t i = 0; i < a->count; i++)
      at[i + j * ld] = below && (!above || a->first + i >= b->first + j) ? by_rows[i * b->count + j]
                                                                         : by_columns[j * a->count + i];
  return WL_OK;
}

static wl_error read_tile(const wl_point_range *a, const wl_point_range *b, wl_given_kernel kernel, double *work,
                          wl_tile to) {
  for (int64_t i = 0; i < a->count;) {
    const run rows = run_at(a, i);
    for (int64_t j = 0; j < b->count;) {
      const run columns = run_at(b, j);
      WL_TRY(read_pair(a->points->given, kernel, &rows, &columns, work, to.data + i + j * to.ld, to.ld));
      j += columns.count;
    }
    i += rows.count;
  }
  return WL_OK;
}

static void fill_tile(const wl_point_range *a, const wl_point_range *b, wl_given_kernel kernel, wl_tile to) {
  wl_given *g = a->points->given;
  if (!to.data || a->count <= 0 || b->count <= 0) return;
  double *work = malloc(sizeof(double) * 2 * (size_t)(a->count * b->count));
  wl_error error = work ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "given kernels: no memory for a tile");
  if (error == WL_OK) error = read_tile(a, b, kernel, work, to);
  free(work);
  if (error == WL_OK) return;
#pragma omp critical /* unnamed: a name would be a symbol of the library */
  if (g->error == WL_OK) {
    g->error = error;
    snprintf(g->message, sizeof g->message, "%s", wl_error_message());
  }
  for (int64_t j = 0; j < b->count; j++)
    for (int64_t i = 0; i < a->count; i++) to.data[i + j * to.ld] = (double)NAN;
}

void wl_given_tile(wl_point_range a, wl_point_range b, wl_tile kappa, wl_tile theta) {
  fill_tile(&a, &b, WL_GIVEN_KAPPA, kappa);
  fill_tile(&a, &b, WL_GIVEN_THETA, theta);
}
