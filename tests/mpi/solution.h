/**
 * @file solution.h
 * Aᵀ = (Θ_XX + shift I)⁻¹ Θ_XT in double precision, n × m.
 */
#ifndef WIDELIMIT_TESTS_SOLUTION_H
#define WIDELIMIT_TESTS_SOLUTION_H

#include "mpi_test.h"

#include "gram/gram.h"
#include "linalg/cholesky.h"

static inline wl_matrix *solution_of(const wl_points *train, const wl_points *test, double shift) {
  wl_matrix *s = NULL, *w = NULL;
  wl_cholesky factor;
  assert_int_equal(wl_matrix_create(train->grid, train->count, train->count, &s), WL_OK);
  assert_int_equal(wl_matrix_create(train->grid, train->count, test->count, &w), WL_OK);
  assert_int_equal(wl_gram_symmetric(train, WL_GRAM_THETA, s), WL_OK);
  double *diagonal = malloc(sizeof(double) * (size_t)(s->local_rows + 1));
  for (int64_t il = 0; il < s->local_rows; il++) diagonal[il] = wl_kernel_points_theta(train->row)[il] + shift;
  wl_matrix_set_diagonal(s, diagonal);
  free(diagonal);
  assert_int_equal(wl_cholesky_factor(s, WL_TRIANGLE_LOWER, "theta", 1, &factor), WL_OK);
  assert_int_equal(wl_gram_cross(train, test, NULL, w), WL_OK);
  assert_int_equal(wl_cholesky_forward(&factor, w), WL_OK);
  assert_int_equal(wl_cholesky_backward(&factor, w), WL_OK);
  wl_matrix_destroy(&s);
  return w;
}

#endif
