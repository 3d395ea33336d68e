/*
 * Brackets against a model in double precision: its results must be in every one of them, within how far that model itself
 * may be off, 2 ε (n + cond S) scale (test_loo.c has the formula), whatever the passes, and outside some of them where the
 * preconditioner is not below S.
 */
#include "mpi_test.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/random.h"
#include "dist/scalapack.h"
#include "inference/brackets.h"
#include "inference/iterative.h"
#include "inference/iterative_state.h"
#include "inference/partial_cholesky.h"
#include "linalg/low_rank.h"

typedef struct problem {
  int64_t train, test, dimension, outputs;
  wl_activation activation;
  int depth, block;
  double noise;
  int64_t rank;
  int passes;
  const wl_layer *layers; /* NULL: activation and depth; else up to one without weights */
  int width;              /* of standard parametrization; 0: NTK parametrization */
} problem;

typedef struct reading {
  int64_t first, dimension;
} reading;

static wl_error read_points(void *context, int64_t first, int64_t count, double *rows) {
  const reading *r = context;
  for (int64_t i = 0; i < count; i++)
    for (int64_t k = 0; k < r->dimension; k++)
      rows[i * r->dimension + k] =
          wl_random_normal(11, WL_STREAM_PROBE, (uint64_t)(r->first + first + i), (uint64_t)k);
  return WL_OK;
}

static wl_network network_of(const problem *c) {
  wl_network network = {
      .depth = c->depth, .activation = c->activation, .slope = 0.01, .sigma_w = 1.4, .sigma_b = 0.2};
  for (const wl_layer *l = c->layers; l && (l->kind != WL_LAYER_DENSE || l->sigma_w > 0.0); l++)
    network.layer[network.layer_count++] = *l;
  network.width = c->width;
  if (c->width > 0) network.parameterization = WL_PARAMETERIZATION_STANDARD;
  assert_int_equal(wl_network_check(&network), WL_OK);
  return network;
}

static wl_points *points_of(const wl_grid *grid, const problem *c, int64_t first, int64_t count) {
  const wl_network network = network_of(c);
  reading r = {first, c->dimension};
  wl_points *points = NULL;
  assert_int_equal(wl_points_read(grid, &network, count, c->dimension, read_points, &r, &points), WL_OK);
  return points;
}

/* What a solver and a model are made from, and the panels that test points stand on. */
typedef struct setting {
  wl_grid panels;
  wl_points *train, *test;
  wl_matrix *targets;
} setting;

static void setting_create(const wl_grid *grid, const problem *c, setting *s) {
  s->panels = wl_grid_for_panels(grid, wl_iterative_columns(c->test, c->outputs));
  s->train = points_of(grid, c, 0, c->train);
  s->test = points_of(&s->panels, c, c->train, c->test);
  assert_int_equal(wl_matrix_create(grid, c->train, c->outputs, &s->targets), WL_OK);
  for (int64_t jl = 0; jl < s->targets->local_columns; jl++)
    for (int64_t il = 0; il < s->targets->local_rows; il++)
      s->targets->data[il + jl * s->targets->ld] =
          sin((double)(wl_matrix_global_row(s->targets, il) + 3 * wl_matrix_global_column(s->targets, jl)));
}

static void setting_destroy(setting *s) {
  wl_matrix_destroy(&s->targets);
  wl_points_destroy(&s->test);
  wl_points_destroy(&s->train);
}

static wl_iterative_options options_of(const problem *c) {
  wl_iterative_options options = {
      .noise_variance = c->noise, .seed = 5, .tolerance = 1e-6, .rank = c->rank, .passes = c->passes};
  for (int q = 0; q < WL_QUANTITY_COUNT; q++) options.quantity[q] = true;
  return options;
}

static wl_iterative *solver_of(const setting *s, const problem *c) {
  const wl_iterative_options options = options_of(c);
  wl_iterative *solver = NULL;
  assert_int_equal(wl_iterative_create(&options, s->train, s->targets, &solver), WL_OK);
  return solver;
}

/* ---- the model in double precision -------------------------------------------------------------------------------- */

typedef struct dense {
  wl_prediction p[WL_PRIOR_COUNT];
  double error[WL_PRIOR_COUNT], log_determinant[WL_PRIOR_COUNT];
} dense;

static void dense_create(const setting *s, const problem *c, dense *d) {
  wl_model_options options = {.noise_variance = c->noise, .seed = 3};
  wl_model *model = NULL;
  for (int q = 0; q < WL_QUANTITY_COUNT; q++) options.quantity[q] = true;
  assert_int_equal(wl_model_create(&options, s->train, s->targets, &model), WL_OK);
  for (int p = 0; p < WL_PRIOR_COUNT; p++) {
    assert_int_equal(wl_model_factor(model, (wl_prior)p), WL_OK);
    memset(&d->p[p], 0, sizeof d->p[p]);
    assert_int_equal(wl_model_predict(model, s->test, NULL, &d->p[p]), WL_OK);
    const wl_factor_info *f = &wl_model_evidence(model, (wl_prior)p)->factor;
    d->error[p] = 2.0 * DBL_EPSILON * ((double)c->train + 1.0 / f->reciprocal_condition);
    d->log_determinant[p] = f->log_determinant;
  }
  wl_model_destroy(&model);
}

static void dense_destroy(dense *d) {
  for (int p = 0; p < WL_PRIOR_COUNT; p++) wl_prediction_clear(&d->p[p]);
}

/* ---- the comparison ------------------------------------------------------------------------------------------------- */

typedef struct counts {
  int64_t brackets, outside;
  double widest;
} counts;

static void compare(double low, double high, double value, double error, counts *n) {
  n->brackets++;
  n->outside += !(low - error <= value && value <= high + error);
  n->widest = fmax(n->widest, high - low);
  assert_true(low <= high);
}

static void compare_all(const wl_bracketed *b, const dense *d, double scale, counts *n) {
  for (int p = 0; p < WL_PRIOR_COUNT; p++) {
    const double error = d->error[p] * scale;
    for (int64_t k = 0; k < b[p].best.count * b[p].best.outputs; k++) {
      compare(b[p].mean[2 * k], b[p].mean[2 * k + 1], d->p[p].mean[k], error, n);
      assert_true(b[p].mean[2 * k] <= b[p].best.mean[k] && b[p].best.mean[k] <= b[p].mean[2 * k + 1]);
    }
    for (int q = 0; q < WL_QUANTITY_COUNT; q++)
      for (int64_t j = 0; b[p].variance[q] && j < b[p].best.count; j++) {
        const double low = b[p].variance[q][2 * j], high = b[p].variance[q][2 * j + 1];
        compare(low, high, d->p[p].variance[q][j], error, n);
        assert_true(low <= b[p].best.variance[q][j] && b[p].best.variance[q][j] <= high);
      }
  }
}

static double prior_of(const setting *s) { return 4.0 * wl_kernel_largest(s->train, WL_GRAM_THETA); }

/* P ← 2 Q + s I, which is not below S where Q is near K. */
static void spoil(wl_iterative *solver) {
  for (int p = 0; p < WL_PRIOR_COUNT; p++) {
    wl_iterative_prior *s = &solver->prior[p];
    wl_low_rank *const both[] = {&s->p, &s->below};
    for (int64_t k = 0; k < s->g->ld * s->g->local_columns; k++) s->g->data[k] *= sqrt(2.0);
    for (int i = 0; i < 2; i++) {
      const double shift = both[i]->shift;
      wl_low_rank_destroy(both[i]);
      assert_int_equal(wl_low_rank_create(s->g, shift, both[i]), WL_OK);
    }
  }
}

static counts run(const wl_grid *grid, const problem *c, bool spoiled) {
  setting s;
  dense d;
  counts n = {0};
  wl_bracketed b[WL_PRIOR_COUNT] = {{{0}, NULL, {NULL}}, {{0}, NULL, {NULL}}};
  setting_create(grid, c, &s);
  dense_create(&s, c, &d);
  wl_iterative *solver = solver_of(&s, c);
  if (spoiled) spoil(solver);
  for (int batch = 0; batch < 2; batch++) { /* with the targets, and without */
    assert_int_equal(wl_iterative_predict(solver, s.test, 0, b), WL_OK);
    compare_all(b, &d, prior_of(&s), &n);
    for (int p = 0; p < WL_PRIOR_COUNT; p++) wl_bracketed_clear(&b[p]);
  }
  const wl_iterative_widths w = wl_iterative_widths_of(solver);
  if (c->passes >= 100 && !spoiled) assert_true(w.excess <= 1.0);
  assert_true(wl_iterative_passes(solver) <= 2 * c->passes);
  wl_iterative_destroy(&solver);
  dense_destroy(&d);
  setting_destroy(&s);
  return n;
}

#define DENSE(w, b) \
  { .kind = WL_LAYER_DENSE, .sigma_w = (w), .sigma_b = (b) }
#define PHI(NAME) \
  { .kind = WL_LAYER_ACTIVATION, .activation = WL_ACTIVATION_##NAME, .slope = 0.2 }
#define NORM \
  { .kind = WL_LAYER_NORM }
#define RESIDUAL(layers) \
  { .kind = WL_LAYER_RESIDUAL, .branch = (layers) }
#define DROPOUT \
  { .kind = WL_LAYER_DROPOUT, .keep = 0.8 }
#define END \
  { .kind = WL_LAYER_DENSE }
static const wl_layer residual[] = {DENSE(1.5, 0.1), PHI(RELU),       RESIDUAL(3), DENSE(1.0, 0.0),
                                    PHI(RELU),       DENSE(1.4, 0.2), NORM,        DENSE(1.2, 0.0),
                                    PHI(LEAKY_RELU), DENSE(1.0, 0.3), END};
static const wl_layer mixed[] = {DENSE(1.4, 0.2),
                                 PHI(RELU),
                                 RESIDUAL(3),
                                 DENSE(1.1, 0.1),
                                 PHI(ERF),
                                 DENSE(1.0, 0.0),
                                 DENSE(1.3, 0.1),
                                 PHI(GELU),
                                 NORM,
                                 DENSE(1.2, 0.2),
                                 PHI(TANH),
                                 DENSE(1.0, 0.0),
                                 END};
static const wl_layer dropped[] = {DENSE(1.4, 0.2), PHI(RELU),       DROPOUT, DENSE(1.4, 0.2),
                                   PHI(ERF),        DENSE(1.4, 0.1), END};

static const problem problems[] = {
    {150, 12, 6, 2, WL_ACTIVATION_RELU, 3, 16, 1e-1, 40, 400, NULL, 0},
    {150, 12, 6, 2, WL_ACTIVATION_RELU, 3, 16, 1e-2, 40, 4, NULL, 0},
    {97, 5, 3, 1, WL_ACTIVATION_ERF, 2, 8, 1e-4, 20, 400, NULL, 0},
    {97, 5, 3, 1, WL_ACTIVATION_ERF, 8, 8, 1e-3, 97, 2, NULL, 0},
    {131, 40, 9, 3, WL_ACTIVATION_RELU, 2, 13, 1e-3, 1, 7, NULL, 0},
    {131, 1, 2, 1, WL_ACTIVATION_ERF, 4, 32, 1e-4, 30, 15, NULL, 0},
    {64, 3, 4, 1, WL_ACTIVATION_RELU, 8, 64, 1e-4, 64, 400, NULL, 0},
    {3, 2, 2, 1, WL_ACTIVATION_RELU, 2, 4, 1e-2, 2, 9, NULL, 0},
    {97, 5, 3, 1, WL_ACTIVATION_TANH, 3, 8, 1e-3, 40, 400, NULL, 0},
    {150, 12, 6, 2, .block = 16, .noise = 1e-2, .rank = 40, .passes = 400, .layers = residual},
    {97, 5, 3, 1, .block = 8, .noise = 1e-3, .rank = 20, .passes = 6, .layers = residual},
    {97, 5, 3, 2, .block = 8, .noise = 1e-3, .rank = 50, .passes = 400, .layers = mixed},
    {131, 40, 9, 1, .block = 13, .noise = 1e-1, .rank = 9, .passes = 3, .layers = mixed},
    {90, 12, 4, 1, .block = 16, .noise = 1e-2, .rank = 30, .passes = 400, .layers = dropped},
    {90, 12, 4, 1, .block = 16, .noise = 1.0, .rank = 40, .passes = 400, .layers = mixed, .width = 64},
    {90, 12, 4, 1, WL_ACTIVATION_RELU, 3, 16, 1.0, 40, 5, .width = 64},
};

static void test_inside(void **state) {
  (void)state;
  int ranks;
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  for (size_t k = 0; k < sizeof problems / sizeof *problems; k++)
    for (int rows = 1; rows <= ranks; rows++) {
      if (ranks % rows) continue;
      wl_grid *grid = NULL;
      assert_int_equal(wl_grid_create(MPI_COMM_WORLD, rows, ranks / rows, problems[k].block, &grid), WL_OK);
      const counts n = run(grid, &problems[k], false);
      if (n.outside > 0 && rank_of(MPI_COMM_WORLD) == 0)
        fprintf(stderr, "problem %zu on %d x %d: %lld of %lld outside\n", k, rows, ranks / rows,
                (long long)n.outside, (long long)n.brackets);
      assert_int_equal(n.outside, 0);
      assert_true(n.brackets > 0);
      wl_grid_destroy(&grid);
    }
}

static void test_spoiled(void **state) {
  (void)state;
  const problem c[] = {{150, 12, 6, 2, WL_ACTIVATION_RELU, 3, 16, 1e-1, 140, 2, NULL, 0},
                       {150, 12, 6, 2, .block = 16, .noise = 1e-1, .rank = 140, .passes = 2, .layers = residual}};
  for (int k = 0; k < 2; k++) {
    wl_grid *grid = grid_of(MPI_COMM_WORLD, c[k].block);
    assert_int_equal(run(grid, &c[k], false).outside, 0);
    assert_true(run(grid, &c[k], true).outside > 0);
    wl_grid_destroy(&grid);
  }
}

/* ---- stopped between two passes, and gone on with --------------------------------------------------------------------- */

enum { BATCHES = 2 };
typedef wl_bracketed results[BATCHES][WL_PRIOR_COUNT];

/* A state as a file would keep it. */
typedef struct kept {
  int at;    /* the passes after which to stop */
  int batch; /* that was at work */
  bool saved;
  int64_t count;
  double *numbers;
  double *panel[WL_ITERATIVE_PANELS]; /* by rows, on rank 0 */
} kept;

static wl_error keep_and_stop(void *context, wl_iterative *solver, int passes, double ratio) {
  kept *k = context;
  wl_iterative_state state;
  assert_true(passes > 0 && ratio >= 0.0);
  if (wl_iterative_passes(solver) < k->at) return WL_OK;
  assert_int_equal(wl_iterative_save(solver, &state), WL_OK);
  for (int i = 0; i < state.panels; i++) {
    k->panel[i] = malloc(sizeof(double) * (size_t)(state.panel[i]->rows * state.panel[i]->columns));
    assert_int_equal(wl_matrix_gather(state.panel[i], k->panel[i]), WL_OK);
  }
  k->saved = true;
  k->count = state.count;
  k->numbers = state.numbers;
  state.numbers = NULL;
  wl_iterative_state_clear(&state);
  return wl_error_set(WL_ERROR_STOPPED, "stopped");
}

static wl_error read_kept(void *context, int number, wl_matrix *panel) {
  const kept *k = context;
  const size_t size = sizeof(double) * (size_t)(panel->rows * panel->columns);
  double *rows = malloc(size);
  if (panel->grid->rank == 0) memcpy(rows, k->panel[number], size);
  wl_matrix_set_rows(panel, 0, panel->rows, rows);
  free(rows);
  return WL_OK;
}

static void kept_clear(kept *k) {
  free(k->numbers);
  for (int i = 0; i < WL_ITERATIVE_PANELS; i++) free(k->panel[i]);
}

static wl_error predict_from(wl_iterative *solver, const setting *s, int *batch, results r) {
  for (; *batch < BATCHES; ++*batch)
    WL_TRY(wl_iterative_predict(solver, s->test, *batch * s->test->count, r[*batch]));
  return WL_OK;
}

static void results_clear(results r) {
  for (int batch = 0; batch < BATCHES; batch++)
    for (int p = 0; p < WL_PRIOR_COUNT; p++) wl_bracketed_clear(&r[batch][p]);
}

static void assert_same_batch(const wl_bracketed *a, const wl_bracketed *b) {
  const size_t count = (size_t)a->best.count, size = 2 * sizeof(double) * count;
  assert_memory_equal(a->mean, b->mean, size * (size_t)a->best.outputs);
  for (int q = 0; q < WL_QUANTITY_COUNT; q++)
    if (a->variance[q]) assert_memory_equal(a->variance[q], b->variance[q], size);
}

/* The rest of a run that stopped, on another grid or the same: all of it is then the same to the bit. */
static void go_on(const wl_grid *grid, const problem *c, kept *k, bool same, const wl_iterative *whole,
                  results all) {
  setting s;
  dense d;
  counts n = {0};
  results r = {{{{0}, NULL, {NULL}}}};
  int batch = k->batch;
  wl_iterative *solver = NULL;
  const wl_iterative_source source = {k->count, k->numbers, read_kept, k};
  wl_iterative_options options = options_of(c);
  options.from = &source;
  setting_create(grid, c, &s);
  assert_int_equal(wl_iterative_create(&options, s.train, s.targets, &solver), WL_OK);
  assert_int_equal(predict_from(solver, &s, &batch, r), WL_OK);
  dense_create(&s, c, &d);
  for (batch = k->batch; batch < BATCHES; batch++) {
    compare_all(r[batch], &d, prior_of(&s), &n);
    for (int p = 0; p < WL_PRIOR_COUNT && same; p++) assert_same_batch(&r[batch][p], &all[batch][p]);
  }
  assert_true(n.brackets > 0 && n.outside == 0);
  const wl_iterative_widths w = wl_iterative_widths_of(solver), v = wl_iterative_widths_of(whole);
  if (same) {
    assert_int_equal(wl_iterative_passes(solver), wl_iterative_passes(whole));
    assert_memory_equal(&w, &v, sizeof w);
  } else {
    assert_true(abs(wl_iterative_passes(solver) - wl_iterative_passes(whole)) <= 4 && w.excess <= 1.0);
  }
  for (int p = 0; p < WL_PRIOR_COUNT; p++) {
    const wl_iterative_evidence *e = wl_iterative_evidence_of(solver, (wl_prior)p),
                                *f = wl_iterative_evidence_of(whole, (wl_prior)p);
    const double off = fabs(e->log_determinant.value - f->log_determinant.value);
    assert_true(off <= (same ? 0.0 : 1e-6 * fabs(f->log_determinant.value)));
  }
  results_clear(r);
  dense_destroy(&d);
  wl_iterative_destroy(&solver);
  setting_destroy(&s);
}

/* A state that is not of this problem. */
static void refuse(const setting *s, const problem *c, const kept *k, int64_t rank, int64_t count) {
  wl_bracketed b[WL_PRIOR_COUNT] = {{{0}, NULL, {NULL}}, {{0}, NULL, {NULL}}};
  const wl_iterative_source source = {count, k->numbers, read_kept, (void *)k};
  wl_iterative_options options = options_of(c);
  wl_iterative *solver = NULL;
  options.rank = rank;
  options.from = &source;
  wl_error error = wl_iterative_create(&options, s->train, s->targets, &solver);
  if (error == WL_OK) error = wl_iterative_predict(solver, s->test, 0, b);
  assert_int_equal(error, WL_ERROR_DATA);
  wl_iterative_destroy(&solver);
}

/* After `at` passes, if not before the last of a batch: on this grid, and on the one with rows and columns exchanged. */
static void stop_and_go_on(const wl_grid *grid, const problem *c, int at, const wl_iterative *whole, results all) {
  setting s;
  kept k = {.at = at};
  results r = {{{{0}, NULL, {NULL}}}};
  wl_iterative *solver = NULL;
  wl_iterative_options options = options_of(c);
  options.passed = keep_and_stop;
  options.context = &k;
  setting_create(grid, c, &s);
  assert_int_equal(wl_iterative_create(&options, s.train, s.targets, &solver), WL_OK);
  assert_int_equal(predict_from(solver, &s, &k.batch, r), WL_ERROR_STOPPED);
  assert_true(k.saved);
  wl_iterative_destroy(&solver);
  refuse(&s, c, &k, c->rank + 1, k.count);
  refuse(&s, c, &k, c->rank, k.count - 1);
  refuse(&s, c, &k, c->rank, 3);
  go_on(grid, c, &k, true, whole, all);
  wl_grid *other = NULL;
  assert_int_equal(wl_grid_create(MPI_COMM_WORLD, grid->columns, grid->rows, 11, &other), WL_OK);
  go_on(other, c, &k, false, whole, all);
  wl_grid_destroy(&other);
  kept_clear(&k);
  results_clear(r);
  setting_destroy(&s);
}

static void test_stopped(void **state) {
  (void)state;
  const problem c = {150, 12, 6, 2, WL_ACTIVATION_RELU, 3, 16, 1e-2, 40, 400, NULL, 0};
  wl_grid *grid = grid_of(MPI_COMM_WORLD, c.block);
  setting s;
  results all = {{{{0}, NULL, {NULL}}}};
  setting_create(grid, &c, &s);
  wl_iterative *whole = solver_of(&s, &c);
  assert_int_equal(wl_iterative_predict(whole, s.test, 0, all[0]), WL_OK);
  const int first = wl_iterative_passes(whole);
  assert_int_equal(wl_iterative_predict(whole, s.test, s.test->count, all[1]), WL_OK);
  stop_and_go_on(grid, &c, 1, whole, all);
  stop_and_go_on(grid, &c, first / 2, whole, all);
  stop_and_go_on(grid, &c, first + 3, whole, all);
  wl_iterative_destroy(&whole);
  results_clear(all);
  setting_destroy(&s);
  wl_grid_destroy(&grid);
}

/* ---- the parts ------------------------------------------------------------------------------------------------------ */

/* K + 2 δ I − Gᵀ G has a Cholesky factor, and does not where G is a little larger. */
static bool stands_below(const wl_points *points, double deficit, const wl_matrix *g) {
  const int64_t n = points->count;
  wl_matrix *k = NULL;
  assert_int_equal(wl_matrix_create(points->grid, n, n, &k), WL_OK);
  assert_int_equal(wl_gram_symmetric(points, WL_GRAM_THETA, k), WL_OK);
  double *diagonal = malloc(sizeof(double) * (size_t)(k->local_rows + 1));
  for (int64_t il = 0; il < k->local_rows; il++)
    diagonal[il] = wl_kernel_points_theta(points->row)[il] + 2.0 * deficit;
  wl_matrix_set_diagonal(k, diagonal);
  free(diagonal);
  wl_syrk_transposed(WL_TRIANGLE_LOWER, g, k);
  const bool below = wl_potrf(WL_TRIANGLE_LOWER, k) == n;
  wl_matrix_destroy(&k);
  return below;
}

static void test_partial_cholesky(void **state) {
  (void)state;
  const problem c = {.dimension = 5, .activation = WL_ACTIVATION_RELU, .depth = 3, .block = 8};
  wl_grid *grid = grid_of(MPI_COMM_WORLD, c.block);
  wl_points *points = points_of(grid, &c, 0, 90);
  for (int64_t rank = 1; rank <= 90; rank += 29) {
    wl_partial_cholesky f = {0};
    assert_int_equal(wl_partial_cholesky_create(points, WL_GRAM_THETA, rank, 1, NULL, 1e-14, &f), WL_OK);
    assert_int_equal(f.g->rows, rank);
    assert_true(f.left >= -1e-12 && f.left < 1.0);
    assert_true(stands_below(points, f.deficit, f.g));
    wl_partial_cholesky again = {0};
    assert_int_equal(wl_partial_cholesky_create(points, WL_GRAM_THETA, rank, 2, f.pivot, 1e-14, &again), WL_OK);
    for (int64_t j = 0; j < f.g->local_columns && f.g->local_rows > 0; j++)
      assert_memory_equal(f.g->data + j * f.g->ld, again.g->data + j * f.g->ld,
                          sizeof(double) * (size_t)f.g->local_rows);
    assert_true(f.rest == again.rest && f.left == again.left && f.deficit == again.deficit);
    wl_partial_cholesky_clear(&again);
    for (int64_t k = 0; k < f.g->ld * f.g->local_columns; k++) f.g->data[k] *= 1.0 + 1e-4;
    assert_false(stands_below(points, f.deficit, f.g));
    wl_partial_cholesky_clear(&f);
  }
  wl_points_destroy(&points);
  wl_grid_destroy(&grid);
}

/* P = Gᵀ G + 0.3 I with random G. */
static void create_low_rank(const wl_grid *grid, wl_matrix **g, wl_low_rank *p) {
  assert_int_equal(wl_matrix_create(grid, 21, 75, g), WL_OK);
  for (int64_t jl = 0; jl < (*g)->local_columns; jl++)
    for (int64_t il = 0; il < (*g)->local_rows; il++)
      (*g)->data[il + jl * (*g)->ld] = wl_random_normal(1, WL_STREAM_PROBE, (uint64_t)wl_matrix_global_row(*g, il),
                                                        (uint64_t)wl_matrix_global_column(*g, jl));
  assert_int_equal(wl_low_rank_create(*g, 0.3, p), WL_OK);
}

/* ‖R − P P⁻¹ R‖ ≤ 100 ε (‖G‖² / s + 1) ‖R‖ */
static void test_low_rank(void **state) {
  (void)state;
  const int64_t columns = 7;
  wl_grid *grid = grid_of(MPI_COMM_WORLD, 8);
  const wl_grid panels = wl_grid_for_panels(grid, columns);
  wl_matrix *g = NULL, *r = NULL, *z = NULL, *w = NULL, **const all[] = {&r, &z, &w};
  wl_low_rank p;
  create_low_rank(grid, &g, &p);
  for (int i = 0; i < 3; i++) assert_int_equal(wl_matrix_create(&panels, g->columns, columns, all[i]), WL_OK);
  assert_int_equal(wl_low_rank_draw(&p, 9, r), WL_OK);
  assert_int_equal(wl_low_rank_solve(&p, r, z), WL_OK);
  assert_int_equal(wl_low_rank_multiply(&p, z, w), WL_OK);
  double off = 0.0, most = 0.0;
  for (int64_t j = 0; j < r->local_columns; j++)
    for (int64_t i = 0; i < r->local_rows; i++) {
      off = worse(off, fabs(r->data[i + j * r->ld] - w->data[i + j * w->ld]));
      most = fmax(most, fabs(r->data[i + j * r->ld]));
    }
  assert_true(worst_of_all(off) <= 100.0 * DBL_EPSILON * (p.trace / 0.3 + 1.0) * worst_of_all(most));
  for (int i = 0; i < 3; i++) wl_matrix_destroy(all[i]);
  wl_low_rank_destroy(&p);
  wl_matrix_destroy(&g);
  wl_grid_destroy(&grid);
}

/* log det P against the factor of P itself. */
static void test_low_rank_determinant(void **state) {
  (void)state;
  wl_grid *grid = grid_of(MPI_COMM_WORLD, 8);
  wl_matrix *g = NULL, *whole = NULL;
  wl_low_rank p;
  create_low_rank(grid, &g, &p);
  assert_int_equal(wl_matrix_create(grid, g->columns, g->columns, &whole), WL_OK);
  memset(whole->data, 0, sizeof(double) * (size_t)(whole->ld * whole->local_columns));
  double *diagonal = malloc(sizeof(double) * (size_t)(whole->local_rows + 1));
  for (int64_t il = 0; il < whole->local_rows; il++) diagonal[il] = -0.3;
  wl_matrix_set_diagonal(whole, diagonal);
  wl_syrk_transposed(WL_TRIANGLE_LOWER, p.g, whole); /* −P */
  for (int64_t k = 0; k < whole->ld * whole->local_columns; k++) whole->data[k] = -whole->data[k];
  assert_int_equal(wl_potrf(WL_TRIANGLE_LOWER, whole), whole->rows);
  for (int64_t il = 0; il < whole->local_rows; il++) diagonal[il] = 1.0;
  wl_matrix_get_diagonal(whole, diagonal);
  double sum = 0.0;
  for (int64_t il = 0; il < whole->local_rows; il++) sum += 2.0 * log(diagonal[il]);
  MPI_Allreduce(MPI_IN_PLACE, &sum, 1, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
  assert_true(fabs(sum - p.log_determinant) <= 1e-10 * fabs(sum));
  free(diagonal);
  wl_matrix_destroy(&whole);
  wl_low_rank_destroy(&p);
  wl_matrix_destroy(&g);
  wl_grid_destroy(&grid);
}

/* Within four standard errors (and the truncated quadrature, 1e-6), with an error that means something. */
static void test_log_determinant(void **state) {
  (void)state;
  const problem c = {150, 4, 6, 1, WL_ACTIVATION_RELU, 3, 16, 1e-2, 40, 400, NULL, 0};
  wl_grid *grid = grid_of(MPI_COMM_WORLD, c.block);
  setting s;
  dense d;
  wl_bracketed b[WL_PRIOR_COUNT] = {{{0}, NULL, {NULL}}, {{0}, NULL, {NULL}}};
  setting_create(grid, &c, &s);
  dense_create(&s, &c, &d);
  wl_iterative *solver = solver_of(&s, &c);
  assert_null(wl_iterative_evidence_of(solver, WL_PRIOR_THETA));
  assert_int_equal(wl_iterative_predict(solver, s.test, 0, b), WL_OK);
  for (int p = 0; p < WL_PRIOR_COUNT; p++) {
    const wl_iterative_evidence *e = wl_iterative_evidence_of(solver, (wl_prior)p);
    const wl_sampled *log_det = &e->log_determinant;
    assert_true(log_det->error > 0.0 && log_det->error < 0.2 * (double)c.train);
    assert_true(fabs(log_det->value - d.log_determinant[p]) <= 4.0 * log_det->error + 1e-6);
    wl_bracketed_clear(&b[p]);
  }
  wl_iterative_destroy(&solver);
  dense_destroy(&d);
  setting_destroy(&s);
  wl_grid_destroy(&grid);
}

/* diag(1, 4) with q = (1, 1)/√2: two steps are exact, ½ (log 1 + log 4). */
static void test_lanczos(void **state) {
  (void)state;
  const double alpha[2] = {1.0 / 2.5, 2.5 / 4.0}, beta[2] = {1.5 * 1.5 / (2.5 * 2.5), 0.0};
  double value = 0.0;
  assert_int_equal(wl_lanczos_log(2, alpha, beta, 1, &value), WL_OK);
  assert_true(fabs(value - log(2.0)) < 1e-14);
  const wl_sampled e = wl_sampled_of(3, (const double[3]){1.0, 2.0, 3.0});
  assert_true(fabs(e.value - 2.0) < 1e-15 && fabs(e.error - 1.0 / sqrt(3.0)) < 1e-15);
}

/* Noise that rounding leaves nothing of. */
static void test_small_noise(void **state) {
  (void)state;
  const problem c = {90, 4, 5, 1, WL_ACTIVATION_RELU, 3, 16, 1e-15, 20, 9, NULL, 0};
  wl_grid *grid = grid_of(MPI_COMM_WORLD, c.block);
  setting s;
  wl_iterative *solver = NULL;
  setting_create(grid, &c, &s);
  wl_iterative_options options = {
      .noise_variance = c.noise, .rank = c.rank, .passes = c.passes, .tolerance = 1e-6};
  options.quantity[WL_QUANTITY_NTK_GP] = true;
  assert_int_equal(wl_iterative_create(&options, s.train, s.targets, &solver), WL_ERROR_NUMERICAL);
  assert_non_null(strstr(wl_error_message(), "noise_variance"));
  assert_null(solver);
  setting_destroy(&s);
  wl_grid_destroy(&grid);
}

/* By hand, of ‖e‖_S² = γ = 4 and without rounding: yᵀ S⁻¹ y is between bᵀ x + xᵀ r and γ more, and no ensemble has more variance than the
   posterior. With it, η is the rounding of S x and of b, and of all entries that are a kernel's. */
static void test_formulas(void **state) {
  (void)state;
  const double eps = 64.0 * DBL_EPSILON;
  const wl_bracket_system exact = {.n = 10, .shift = 0.5, .largest = 2.0, .trace = 3.0};
  const wl_solved column = {.value = 5.0, .norm1 = 1.0, .rz = 4.0};
  const wl_bracket quadratic = wl_bracket_quadratic(&exact, &column);
  assert_true(fabs(quadratic.low - 5.0) <= eps * 5.0 && fabs(quadratic.high - 9.0) <= eps * 9.0);
  const wl_bracket ensemble = wl_bracket_ensemble(&exact, &column, 8.0, 1.0, 1.0); /* (√1 + √4)² = 9 > 8 − 5 */
  assert_true(ensemble.low == 0.0 && fabs(ensemble.high - 3.0) <= eps * 8.0);
  wl_bracket_system rounded = exact;
  rounded.rounding.chain = 0x1p-40;
  rounded.rounding.entry = 0x1p-42;
  const wl_solved other = {.norm1 = 3.0, .right = 7.0};
  const double eta = 0x1p-40 * ((2.0 + 0.5) * 3.0 + 7.0) + 0x1p-42 * 2.0 * 3.0, of_kernel = eta + 0x1p-42 * 2.0;
  assert_true(fabs(wl_bracket_residual_error(&rounded, &other, WL_RIGHT_TARGETS) - eta) <= eps * eta);
  assert_true(fabs(wl_bracket_residual_error(&rounded, &other, WL_RIGHT_KERNEL) - of_kernel) <= eps * eta);
}

static int group(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_formulas),         cmocka_unit_test(test_lanczos),
      cmocka_unit_test(test_low_rank),         cmocka_unit_test(test_low_rank_determinant),
      cmocka_unit_test(test_partial_cholesky), cmocka_unit_test(test_inside),
      cmocka_unit_test(test_spoiled),          cmocka_unit_test(test_log_determinant),
      cmocka_unit_test(test_stopped),          cmocka_unit_test(test_small_noise),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(int argc, char **argv) { return mpi_test_main(argc, argv, group); }
