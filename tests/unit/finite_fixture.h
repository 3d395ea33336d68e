/**
 * @file finite_fixture.h
 * A small network at points in general position, with parameters and a tape. For the tests of finite networks.
 */
#ifndef WIDELIMIT_TESTS_FINITE_FIXTURE_H
#define WIDELIMIT_TESTS_FINITE_FIXTURE_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "finite/finite.h"

enum { POINTS = 5, DIMENSION = 3, WIDTH = 6 };

typedef struct fixture {
  wl_net *net;
  int64_t heads, size;
  double x[POINTS * DIMENSION];
  double *parameters, *direction, *work, *out, *other;
  wl_tape *tape;
} fixture;

static inline double *numbers(int64_t count, uint64_t j) {
  double *v = malloc(sizeof(double) * (size_t)count);
  wl_random_normals(7, WL_STREAM_PROBE, 1, j, count, v);
  return v;
}

static inline fixture make_of(const wl_network *network, int64_t width, int64_t heads) {
  static const wl_net_source source = {3, WL_STREAM_FINITE_PREDICTOR, 0, false};
  fixture f = {.heads = heads};
  if (wl_network_check(network) != WL_OK) fail_msg("%s", wl_error_message());
  assert_int_equal(wl_net_create(network, DIMENSION, width, heads, &f.net), WL_OK);
  assert_int_equal(wl_tape_create(f.net, POINTS, &f.tape), WL_OK);
  f.size = wl_net_parameters(f.net);
  double *x = numbers(POINTS * DIMENSION, 0);
  memcpy(f.x, x, sizeof f.x);
  free(x);
  f.parameters = malloc(sizeof(double) * (size_t)f.size);
  wl_net_draw(f.net, &source, f.parameters);
  wl_net_draw_masks(f.net, &source, f.tape);
  f.direction = numbers(f.size, 1);
  f.work = calloc((size_t)f.size, sizeof(double));
  f.out = calloc((size_t)(heads * POINTS), sizeof(double));
  f.other = calloc((size_t)(heads * POINTS), sizeof(double));
  return f;
}

/* A network in short. */
static inline fixture make(wl_activation activation, int depth, int64_t heads) {
  wl_network network = wl_network_default();
  network.activation = activation;
  network.depth = depth;
  network.slope = 0.2;
  network.sigma_b = 0.4;
  return make_of(&network, WIDTH, heads);
}

static inline void drop(fixture *f) {
  free(f->parameters);
  free(f->direction);
  free(f->work);
  free(f->out);
  free(f->other);
  wl_tape_destroy(&f->tape);
  wl_net_destroy(&f->net);
}

static inline double dot(int64_t count, const double *a, const double *b) {
  double sum = 0.0;
  for (int64_t i = 0; i < count; i++) sum += a[i] * b[i];
  return sum;
}

static inline void must_be(double is, double expected, double tolerance, const char *what) {
  if (!(fabs(is - expected) <= tolerance))
    fail_msg("%s is %.17g, expected %.17g within %g", what, is, expected, tolerance);
}

#endif
