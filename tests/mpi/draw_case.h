/**
 * @file draw_case.h
 * A small problem with everything that draws and certificates need: X, T, Y, Σ, C and A Y.
 */
#ifndef WIDELIMIT_TESTS_DRAW_CASE_H
#define WIDELIMIT_TESTS_DRAW_CASE_H

#include "mpi_test.h"

#include <math.h>
#include <string.h>

#include "base/random.h"
#include "certificate/certify.h"
#include "inference/model.h"

typedef struct draw_case {
  int64_t train, test, dimension, outputs;
  int depth;
  double noise, jitter;
  const wl_network *target; /* of RND; NULL: like the predictor */
  int64_t repeated;         /* so many test points are training points, and one repeats another test point */
} draw_case;

typedef struct problem {
  draw_case of;
  wl_grid *grid;
  wl_points *train, *test, *joint;
  wl_matrix *targets, *mean, *covariance, *rnd_covariance;
  double *ensemble, *posterior, *rnd; /* variances, on every rank */
} problem;

static inline double coordinate_of(const draw_case *c, int64_t point, int64_t k) {
  if (point >= c->train && point < c->train + c->repeated) point -= c->train;
  if (c->repeated > 0 && point == c->train + c->test - 1) point = c->train + c->repeated;
  return wl_random_normal(7, WL_STREAM_PROBE, (uint64_t)point, (uint64_t)k);
}

typedef struct reading {
  const draw_case *of;
  int64_t offset;
} reading;

static inline wl_error read_points(void *context, int64_t first, int64_t count, double *rows) {
  const reading *r = context;
  for (int64_t i = 0; i < count; i++)
    for (int64_t k = 0; k < r->of->dimension; k++)
      rows[i * r->of->dimension + k] = coordinate_of(r->of, r->offset + first + i, k);
  return WL_OK;
}

static inline wl_network network_of(const draw_case *c) {
  wl_network network = wl_network_default();
  network.depth = c->depth;
  network.sigma_b = 0.5;
  return network;
}

static inline void read_set(problem *p, int64_t offset, int64_t count, wl_points **set) {
  const wl_network network = network_of(&p->of);
  reading r = {&p->of, offset};
  assert_int_equal(wl_points_read(p->grid, &network, count, p->of.dimension, read_points, &r, set), WL_OK);
}

/* Σ above and C below the diagonal, their diagonals, and the mean, by the model. */
static inline void predict_problem(problem *p) {
  wl_model_options options = {.noise_variance = p->of.noise, .jitter = p->of.jitter, .rnd_target = p->of.target};
  for (int q = 0; q < WL_QUANTITY_COUNT; q++) options.quantity[q] = q != WL_QUANTITY_NNGP;
  wl_model *model = NULL;
  wl_prediction prediction = {0};
  assert_int_equal(wl_model_create(&options, p->train, p->targets, &model), WL_OK);
  assert_int_equal(wl_model_factor(model, WL_PRIOR_THETA), WL_OK);
  assert_int_equal(wl_matrix_create(p->grid, p->of.test, p->of.test, &p->covariance), WL_OK);
  assert_int_equal(wl_gram_symmetric(p->test, WL_GRAM_BOTH, p->covariance), WL_OK);
  assert_int_equal(wl_model_predict_batch(model, p->test, 0, p->covariance, &prediction), WL_OK);
  const size_t bytes = sizeof(double) * (size_t)p->of.test;
  memcpy(p->ensemble, prediction.variance[WL_QUANTITY_ENSEMBLE], bytes);
  memcpy(p->posterior, prediction.variance[WL_QUANTITY_NTK_GP], bytes);
  memcpy(p->rnd, prediction.variance[WL_QUANTITY_RND], bytes);
  p->rnd_covariance = prediction.rnd_covariance;
  prediction.rnd_covariance = NULL;
  double *mean = malloc(bytes * (size_t)p->of.outputs);
  if (p->grid->rank == 0) memcpy(mean, prediction.mean, bytes * (size_t)p->of.outputs);
  assert_int_equal(wl_matrix_create(p->grid, p->of.test, p->of.outputs, &p->mean), WL_OK);
  wl_matrix_set_rows(p->mean, 0, p->of.test, mean);
  free(mean);
  wl_prediction_clear(&prediction);
  wl_model_destroy(&model);
}

static inline problem problem_create(const draw_case *of, int block) {
  problem p = {.of = *of, .grid = grid_of(MPI_COMM_WORLD, block)};
  read_set(&p, 0, of->train, &p.train);
  read_set(&p, of->train, of->test, &p.test);
  read_set(&p, 0, of->train + of->test, &p.joint);
  assert_int_equal(wl_matrix_create(p.grid, of->train, of->outputs, &p.targets), WL_OK);
  for (int64_t jl = 0; jl < p.targets->local_columns; jl++)
    for (int64_t il = 0; il < p.targets->local_rows; il++)
      p.targets->data[il + jl * p.targets->ld] =
          sin((double)(wl_matrix_global_row(p.targets, il) + 3 * wl_matrix_global_column(p.targets, jl)));
  p.ensemble = malloc(sizeof(double) * (size_t)of->test);
  p.posterior = malloc(sizeof(double) * (size_t)of->test);
  p.rnd = malloc(sizeof(double) * (size_t)of->test);
  predict_problem(&p);
  return p;
}

static inline void problem_destroy(problem *p) {
  free(p->rnd);
  free(p->posterior);
  free(p->ensemble);
  wl_matrix_destroy(&p->rnd_covariance);
  wl_matrix_destroy(&p->covariance);
  wl_matrix_destroy(&p->mean);
  wl_matrix_destroy(&p->targets);
  wl_points_destroy(&p->joint);
  wl_points_destroy(&p->test);
  wl_points_destroy(&p->train);
  wl_grid_destroy(&p->grid);
}

static inline wl_joint_options joint_options_of(const problem *p, uint64_t seed) {
  return (wl_joint_options){
      .noise_variance = p->of.noise, .jitter = p->of.jitter, .seed = seed, .rnd_target = p->of.target};
}

/* NULL of NULL. */
static inline wl_matrix *copy_of(const wl_matrix *a) {
  wl_matrix *b = NULL;
  if (!a) return NULL;
  assert_int_equal(wl_matrix_create(a->grid, a->rows, a->columns, &b), WL_OK);
  wl_matrix_copy(a, b);
  return b;
}

/* Certifies; the problem keeps its covariances. */
static inline wl_certificate certificate_of(const problem *p, const wl_certifier_options *options) {
  wl_matrix *covariance = copy_of(p->covariance), *rnd = copy_of(p->rnd_covariance);
  const wl_certifier_input input = {.points = p->joint,
                                    .train = p->of.train,
                                    .targets = p->targets,
                                    .mean = p->mean,
                                    .ensemble_variance = p->ensemble,
                                    .posterior_variance = p->posterior,
                                    .rnd_variance = p->rnd,
                                    .covariance = covariance,
                                    .rnd_covariance = rnd};
  wl_certificate certificate;
  const wl_error error = wl_certifier_run(options, &input, &certificate);
  if (error != WL_OK) print_error("%s\n", wl_error_message());
  assert_int_equal(error, WL_OK);
  wl_matrix_destroy(&rnd);
  wl_matrix_destroy(&covariance);
  return certificate;
}

#endif
