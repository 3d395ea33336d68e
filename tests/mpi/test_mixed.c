/*
 * Single precision beside double precision on the same grid, and mixed precision beside double, everywhere by what each
 * rank holds:
 *   factor     max |L₃₂ − L| / (n ε₃₂ max |L|) < 16           solve     max |x₃₂ − x| / (n ε₃₂ cond max |x|) < 16
 *   product    max |(S V)ᵢⱼ − (S V)ᵢⱼ from an array| / (n ε max S max |V|) < 16
 *   predictions  max |difference| ≤ 1e-10 max |value|, log-determinant within the uncertainty that is stated
 */
#include "mpi_test.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/random.h"
#include "gram/matrix_free.h"
#include "inference/model.h"
#include "linalg/factorize.h"
#include "linalg/trsm.h"
#include "solution.h"

enum { FEW = 5, MANY = 260, DIMENSION = 5 }; /* few columns go another way than many */
static const double tolerance = 16.0;

static const grid_case sizes[] = {{1, 4}, {5, 16}, {16, 16}, {37, 1}, {61, 8}, {130, 16}, {131, 9}, {1100, 500}};
enum { SIZES = sizeof sizes / sizeof *sizes };

/* ---- factor and solves ------------------------------------------------------------------------------------------ */

static double entry(int64_t i, int64_t j) {
  const double di = (double)i, dj = (double)j;
  return exp(-fabs(di - dj) / 30.0) + 0.05 * cos(di) * cos(dj) + (i == j ? 0.1 : 0.0);
}

static wl_matrix *matrix_of(const wl_grid *grid, int64_t rows, int64_t columns,
                            double (*value)(int64_t, int64_t)) {
  wl_matrix *a = NULL;
  assert_int_equal(wl_matrix_create(grid, rows, columns, &a), WL_OK);
  for (int64_t jl = 0; jl < a->local_columns; jl++)
    for (int64_t il = 0; il < a->local_rows; il++)
      a->data[il + jl * a->ld] = value ? value(wl_matrix_global_row(a, il), wl_matrix_global_column(a, jl)) : 0.0;
  return a;
}

static double right_hand_side(int64_t i, int64_t j) { return sin((double)(i + 1) * (double)(j + 2)); }

static wl_single *narrowed(const wl_matrix *a) {
  wl_single *single = NULL;
  assert_int_equal(wl_single_create(a->grid, a->rows, a->columns, &single), WL_OK);
  double *ones = malloc(sizeof(double) * (size_t)(a->local_columns + 1));
  for (int64_t j = 0; j < a->local_columns; j++) ones[j] = 1.0;
  wl_single_round(a, ones, single);
  free(ones);
  return single;
}

/* Largest difference over that of `wanted`; with `lower`, on and below the diagonal alone. */
static double difference(const wl_matrix *a, const wl_matrix *wanted, int lower) {
  double worst = 0.0, largest = 0.0;
  for (int64_t jl = 0; jl < a->local_columns; jl++)
    for (int64_t il = 0; il < a->local_rows; il++) {
      if (lower && wl_matrix_global_row(a, il) < wl_matrix_global_column(a, jl)) continue;
      const double apart = fabs(a->data[il + jl * a->ld] - wanted->data[il + jl * a->ld]);
      worst = worse(worst, apart);
      largest = fmax(largest, fabs(wanted->data[il + jl * a->ld]));
    }
  return worst_of_all(worst) / worst_of_all(largest);
}

static wl_matrix *widened(const wl_single *a) {
  wl_matrix *wide = matrix_of(a->grid, a->rows, a->columns, NULL);
  double *ones = malloc(sizeof(double) * (size_t)(a->local_columns + 1));
  for (int64_t j = 0; j < a->local_columns; j++) ones[j] = 1.0;
  wl_single_widen(a, ones, wide);
  free(ones);
  return wide;
}

static double single_difference(const wl_single *a, const wl_matrix *wanted, int lower) {
  wl_matrix *wide = widened(a);
  const double result = difference(wide, wanted, lower);
  wl_matrix_destroy(&wide);
  return result;
}

/* ‖S‖ is below 60 + n/800 and S − 0.1 I is positive: the condition is below 700. */
static void check_solves(const wl_single *l32, const wl_matrix *l, int64_t n, int64_t columns) {
  wl_matrix *b = matrix_of(l->grid, n, columns, right_hand_side),
            *mixed = matrix_of(l->grid, n, columns, right_hand_side);
  wl_single *single = narrowed(b);
  const double bound = tolerance * (double)n * FLT_EPSILON * 700.0;
  for (wl_trans trans = WL_NO_TRANS; trans <= WL_TRANS; trans++) {
    assert_int_equal(wl_triangle_solve(l, WL_TRIANGLE_LOWER, trans, b), WL_OK);
    assert_int_equal(wl_triangle_solve_single(l32, WL_TRIANGLE_LOWER, trans, single), WL_OK);
    assert_int_equal(wl_triangle_solve_mixed(l32, WL_TRIANGLE_LOWER, trans, mixed), WL_OK);
    assert_true(single_difference(single, b, 0) < bound);
    assert_true(difference(mixed, b, 0) < bound);
  }
  wl_single_destroy(&single);
  wl_matrix_destroy(&mixed);
  wl_matrix_destroy(&b);
}

/* Floats and a panel of doubles are solved as doubles are: only the order of sums may differ. */
static void check_rounding(const wl_single *l32, int64_t n, int64_t columns) {
  wl_matrix *wide = widened(l32);
  for (wl_trans trans = WL_NO_TRANS; trans <= WL_TRANS; trans++) {
    wl_matrix *b = matrix_of(l32->grid, n, columns, right_hand_side),
              *x = matrix_of(l32->grid, n, columns, right_hand_side);
    assert_int_equal(wl_triangle_solve_mixed(l32, WL_TRIANGLE_LOWER, trans, x), WL_OK);
    assert_int_equal(wl_triangle_solve(wide, WL_TRIANGLE_LOWER, trans, b), WL_OK);
    assert_true(difference(x, b, 0) < tolerance * (double)n * DBL_EPSILON * 700.0);
    wl_matrix_destroy(&x);
    wl_matrix_destroy(&b);
  }
  wl_matrix_destroy(&wide);
}

static void check_factor(const grid_case *s, const int64_t *columns, size_t count) {
  wl_grid *grid = grid_of(MPI_COMM_WORLD, s->block);
  const int64_t n = s->n;
  wl_matrix *a = matrix_of(grid, n, n, entry);
  wl_single *single = narrowed(a);
  int64_t pivot;
  assert_int_equal(wl_factorize(a, WL_TRIANGLE_LOWER, "double", &pivot), WL_OK);
  assert_int_equal(pivot, -1);
  assert_int_equal(wl_factorize_single(single, WL_TRIANGLE_LOWER, WL_ENGINE_SCALAPACK, "single", &pivot), WL_OK);
  assert_int_equal(pivot, -1);
  assert_true(single_difference(single, a, 1) < tolerance * (double)n * FLT_EPSILON);
  for (size_t c = 0; c < count; c++) {
    check_solves(single, a, n, columns[c]);
    check_rounding(single, n, columns[c]);
  }
  wl_single_destroy(&single);
  wl_matrix_destroy(&a);
  wl_grid_destroy(&grid);
}

static void test_factor(void **state) {
  (void)state;
  const int64_t columns[] = {FEW, MANY};
  for (size_t c = 0; c < SIZES; c++) check_factor(&sizes[c], columns, sizeof columns / sizeof *columns);
}

/* More rows than are used at a time, and as many columns as go the one way or just the other. */
static void test_pieces(void **state) {
  (void)state;
  const int64_t columns[] = {1, WL_SOLVE_FEW, WL_SOLVE_FEW + 1};
  check_factor(&(grid_case){2100, 48}, columns, sizeof columns / sizeof *columns);
}

/* Two lower triangles in one array, entry by entry, trade places; each rank has as many of the one as of the other. */
static float mark(const wl_single *a, int64_t il, int64_t jl, int which) {
  return (float)(2 * (il + jl * a->local_rows) + which);
}

static void check_marks(const wl_single *a, int which, int (*look)(const wl_single *, int64_t, int64_t, int)) {
  for (int64_t jl = 0; jl < a->local_columns; jl++) {
    const int64_t j = wl_grid_global(jl, a->grid->block, a->grid->column, a->grid->columns) / a->grid->block;
    for (int64_t il = wl_grid_owned(j * a->grid->block, a->grid->block, a->grid->row, a->grid->rows);
         il < a->local_rows; il++)
      assert_true(look(a, il, jl, which));
  }
}

static int write_mark(const wl_single *a, int64_t il, int64_t jl, int which) {
  *wl_single_at(a, il, jl) = mark(a, il, jl, which);
  return 1;
}

static int read_mark(const wl_single *a, int64_t il, int64_t jl, int which) {
  return *wl_single_at(a, il, jl) == mark(a, il, jl, which);
}

static void check_pair(const wl_grid *grid, int64_t n) {
  wl_single *front = NULL;
  assert_int_equal(wl_single_create_pair(grid, n, &front), WL_OK);
  const wl_single behind = wl_single_behind(front);
  check_marks(front, 0, write_mark);
  check_marks(&behind, 1, write_mark);
  check_marks(front, 0, read_mark);
  check_marks(&behind, 1, read_mark);
  wl_single_exchange(front);
  check_marks(front, 1, read_mark);
  check_marks(&behind, 0, read_mark);
  wl_single_destroy(&front);
}

static void test_pair(void **state) {
  (void)state;
  on_every_grid(sizes, SIZES, check_pair);
}

/* Every rank learns the row of the pivot that fails. */
static void test_pivot(void **state) {
  (void)state;
  static const int64_t rows[] = {0, 1, 15, 16, 33, 60};
  for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
    wl_grid *grid = grid_of(MPI_COMM_WORLD, 16);
    wl_matrix *a = matrix_of(grid, 61, 61, entry);
    double *diagonal = malloc(sizeof(double) * (size_t)(a->local_rows + 1));
    wl_matrix_get_diagonal(a, diagonal);
    for (int64_t il = 0; il < a->local_rows; il++)
      if (wl_matrix_global_row(a, il) == rows[r]) diagonal[il] = -1.0;
    wl_matrix_set_diagonal(a, diagonal);
    wl_single *single = narrowed(a);
    int64_t pivot;
    assert_int_equal(wl_factorize_single(single, WL_TRIANGLE_LOWER, WL_ENGINE_SCALAPACK, "single", &pivot), WL_OK);
    assert_int_equal(pivot, rows[r]);
    free(diagonal);
    wl_single_destroy(&single);
    wl_matrix_destroy(&a);
    wl_grid_destroy(&grid);
  }
}

/* ---- kernels that are not stored ---------------------------------------------------------------------------------- */

typedef struct cloud {
  int64_t dimension;
  uint64_t seed;
} cloud;

static wl_error read_points(void *context, int64_t first, int64_t count, double *rows) {
  const cloud *c = context;
  for (int64_t k = 0; k < count * c->dimension; k++)
    rows[k] = wl_random_normal(c->seed, WL_STREAM_SYNTHETIC_TRAIN, (uint64_t)(first + k / c->dimension),
                               (uint64_t)(k % c->dimension));
  return WL_OK;
}

static wl_points *points_in(const wl_grid *grid, int64_t dimension, int64_t count, uint64_t seed) {
  const wl_network network = wl_network_default();
  cloud c = {dimension, seed};
  wl_points *set = NULL;
  assert_int_equal(wl_points_read(grid, &network, count, dimension, read_points, &c, &set), WL_OK);
  return set;
}

static wl_points *points_of(const wl_grid *grid, int64_t count, uint64_t seed) {
  return points_in(grid, DIMENSION, count, seed);
}

/* Σᵢ vᵢⱼ cᵢⱼ over all columns. */
static double dot(const wl_matrix *v, const wl_matrix *c) {
  double sum = 0.0;
  for (int64_t jl = 0; jl < v->local_columns; jl++)
    for (int64_t il = 0; il < v->local_rows; il++) sum += v->data[il + jl * v->ld] * c->data[il + jl * c->ld];
  MPI_Allreduce(MPI_IN_PLACE, &sum, 1, MPI_DOUBLE, MPI_SUM, v->grid->comm);
  return sum;
}

/* κ V + shift V with κ above the diagonal of `array`. */
static wl_matrix *product_from_array(const wl_points *points, const wl_matrix *array, double shift,
                                     const wl_matrix *v) {
  wl_matrix *c = matrix_of(v->grid, v->rows, v->columns, NULL);
  double *shifted = malloc(sizeof(double) * (size_t)(array->local_rows + 1));
  for (int64_t i = 0; i < array->local_rows; i++) shifted[i] = wl_kernel_points_kappa(points->row)[i] + shift;
  assert_int_equal(wl_symmetric_product(array, shifted, v, 0.0, c), WL_OK);
  free(shifted);
  return c;
}

/* One pass for both kernels with panels of different widths, two of them for κ, against the product from an array. */
static void check_apply(int64_t columns) {
  for (size_t c = 0; c < SIZES; c++) {
    wl_grid *grid = grid_of(MPI_COMM_WORLD, sizes[c].block);
    const int64_t n = sizes[c].n;
    wl_points *points = points_of(grid, n, 3);
    wl_matrix *array = matrix_of(grid, n, n, NULL), *v = matrix_of(grid, n, columns, right_hand_side),
              *narrow = matrix_of(grid, n, 2, right_hand_side), *more = matrix_of(grid, n, 7, entry),
              *kappa = matrix_of(grid, n, columns, NULL), *kappa_more = matrix_of(grid, n, 7, NULL),
              *theta = matrix_of(grid, n, 2, NULL);
    assert_int_equal(wl_gram_symmetric(points, WL_GRAM_KAPPA, array), WL_OK);
    wl_matrix *wanted = product_from_array(points, array, 0.5, v),
              *wanted_more = product_from_array(points, array, 0.25, more);

    wl_product also = {.v = more, .c = kappa_more, .shift = 0.25};
    wl_product first = {.v = v, .c = kappa, .shift = 0.5, .also = &also}, second = {.v = narrow, .c = theta};
    assert_int_equal(wl_gram_multiply(points, &second, &first), WL_OK);
    const double bound = tolerance * (double)n * DBL_EPSILON;
    assert_true(difference(kappa, wanted, 0) < bound);
    assert_true(difference(kappa_more, wanted_more, 0) < bound);

    const double whole = dot(v, wanted), more_whole = dot(more, wanted_more), theta_whole = dot(narrow, theta);
    first.half = also.half = second.half = true;
    assert_int_equal(wl_gram_multiply(points, &second, &first), WL_OK);
    assert_true(fabs(2.0 * dot(v, kappa) - whole) < bound * (double)n * fabs(whole));
    assert_true(fabs(2.0 * dot(more, kappa_more) - more_whole) < bound * (double)n * fabs(more_whole));
    assert_true(fabs(2.0 * dot(narrow, theta) - theta_whole) < bound * (double)n * fabs(theta_whole));
    wl_matrix *all[] = {array, v, narrow, more, kappa, kappa_more, theta, wanted, wanted_more};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) wl_matrix_destroy(&all[k]);
    wl_points_destroy(&points);
    wl_grid_destroy(&grid);
  }
}

static void test_apply(void **state) {
  (void)state;
  check_apply(FEW);
  check_apply(MANY);
}

/* ---- predictions -------------------------------------------------------------------------------------------------- */

typedef struct outcome {
  wl_prediction prediction[WL_PRIOR_COUNT];
  wl_matrix *covariance[WL_PRIOR_COUNT];
  double log_determinant[WL_PRIOR_COUNT], uncertainty[WL_PRIOR_COUNT], likelihood[WL_PRIOR_COUNT];
} outcome;

static void compare_numbers(const double *a, const double *wanted, int64_t count) {
  double worst = 0.0, largest = 0.0;
  assert_true((a == NULL) == (wanted == NULL));
  for (int64_t i = 0; i < count && a; i++) {
    const double apart = fabs(a[i] - wanted[i]);
    worst = worse(worst, apart);
    largest = fmax(largest, fabs(wanted[i]));
  }
  assert_true(worst_of_all(worst) <= 1e-10 * worst_of_all(largest));
}

static wl_model *model_of(const wl_points *train, const wl_matrix *targets, bool mixed) {
  const wl_model_options options = {
      .quantity = {true, true, true, true, true}, .noise_variance = 1e-3, .seed = 5, .mixed = mixed};
  wl_model *model = NULL;
  assert_int_equal(wl_model_create(&options, train, targets, &model), WL_OK);
  return model;
}

/* A batch after the first goes without the targets, and gives the same. */
static void check_again(wl_model *model, const wl_points *test, const wl_prediction *first) {
  wl_prediction again;
  assert_int_equal(wl_model_predict_batch(model, test, 0, NULL, &again), WL_OK);
  compare_numbers(again.mean, first->mean, first->count * first->outputs);
  for (int q = 0; q < WL_QUANTITY_COUNT; q++) compare_numbers(again.variance[q], first->variance[q], first->count);
  wl_prediction_clear(&again);
}

static wl_matrix *covariances_of(const wl_points *test) {
  wl_matrix *covariance = NULL;
  assert_int_equal(wl_matrix_create(test->grid, test->count, test->count, &covariance), WL_OK);
  assert_int_equal(wl_gram_symmetric(test, WL_GRAM_BOTH, covariance), WL_OK);
  return covariance;
}

/*
 * One pass leaves at most δ of an error in the energy norm, δ √(bᵀS⁻¹b) of the first X, whose residual r = S e obeys
 * λ_min ‖e‖²_S ≤ ‖r‖² ≤ λ_max ‖e‖²_S, as b does: ‖r‖/‖b‖ ≤ √cond δ. Where all columns have had one pass alone and all were measured,
 * that of the worst is ≥ δ/√cond. Rounding of S and of its factor is δ ≤ √n ε₃₂ cond [Higham and Mary 2019].
 */
static bool is_refined(const wl_evidence *e, int64_t n, bool all_measured) {
  const wl_refinement *r = &e->refinement;
  const double cond = 1.0 / e->factor.reciprocal_condition;
  const bool told = r->residual <= sqrt(cond) * r->contraction,
             lower = !all_measured || r->passes > 1 || r->residual >= r->contraction / sqrt(cond);
  return r->passes > 0 && told && lower && r->contraction <= sqrt((double)n) * (double)FLT_EPSILON * cond;
}

static void take_evidence(const wl_model *model, int64_t n, bool mixed, wl_prior p, outcome *o) {
  const wl_evidence *e = wl_model_evidence(model, p);
  assert_non_null(e);
  o->log_determinant[p] = e->factor.log_determinant;
  o->uncertainty[p] = e->refinement.log_determinant_error;
  o->likelihood[p] = e->log_marginal_likelihood[0];
  assert_true(e->refinement.used == mixed);
  if (mixed) assert_true(is_refined(e, n, p == WL_PRIOR_THETA) && e->refinement.contraction < 0.1);
  if (mixed) assert_true(e->factor.residual < 1.0 && e->factor.reciprocal_condition > 1e-7);
}

static outcome predict(const wl_points *train, const wl_points *test, const wl_matrix *targets, bool mixed) {
  wl_model *model = model_of(train, targets, mixed);
  outcome o = {0};
  for (int p = 0; p < WL_PRIOR_COUNT; p++) {
    assert_int_equal(wl_model_factor(model, (wl_prior)p), WL_OK);
    o.covariance[p] = covariances_of(test);
    assert_int_equal(wl_model_predict_batch(model, test, 0, o.covariance[p], &o.prediction[p]), WL_OK);
    if (mixed) check_again(model, test, &o.prediction[p]);
    take_evidence(model, train->count, mixed, (wl_prior)p, &o);
  }
  wl_model_destroy(&model);
  return o;
}

/* Both priors in the same passes, also once the targets have been solved for. */
static outcome predict_both(const wl_points *train, const wl_points *test, const wl_matrix *targets) {
  wl_model *model = model_of(train, targets, true);
  outcome o = {0};
  for (int p = 0; p < WL_PRIOR_COUNT; p++) {
    o.covariance[p] = covariances_of(test);
    assert_int_equal(wl_model_predict_both(model, test, 0, o.covariance, o.prediction), WL_ERROR_USAGE);
    assert_int_equal(wl_model_factor(model, (wl_prior)p), WL_OK);
  }
  wl_matrix *none[WL_PRIOR_COUNT] = {NULL, NULL};
  for (int again = 0; again < 2; again++) {
    for (int p = 0; p < WL_PRIOR_COUNT; p++) wl_prediction_clear(&o.prediction[p]);
    assert_int_equal(wl_model_predict_both(model, test, 0, again ? none : o.covariance, o.prediction), WL_OK);
  }
  for (int p = 0; p < WL_PRIOR_COUNT; p++) take_evidence(model, train->count, true, (wl_prior)p, &o);
  check_again(model, test, &o.prediction[WL_PRIOR_KAPPA]);
  wl_model_destroy(&model);
  return o;
}

/* The rule to stop (wl_refine_goal), by column: ‖w − S⁻¹b‖_S ≤ 4e-9 √v, v being the variance of ntk_gp. */
static void check_goal(const wl_points *train, double shift, const wl_matrix *solution, const wl_matrix *wanted,
                       const double *v) {
  const wl_grid *grid = wanted->grid;
  wl_matrix *e = matrix_of(grid, wanted->rows, wanted->columns, NULL),
            *se = matrix_of(grid, wanted->rows, wanted->columns, NULL);
  for (int64_t k = 0; k < e->ld * e->local_columns; k++) e->data[k] = solution->data[k] - wanted->data[k];
  assert_int_equal(wl_gram_multiply(train, &(wl_product){.v = e, .c = se, .shift = shift}, NULL), WL_OK);
  double worst = 0.0;
  for (int64_t jl = 0; jl < e->local_columns; jl++) {
    double square = 0.0;
    for (int64_t il = 0; il < e->local_rows; il++) square += e->data[il + jl * e->ld] * se->data[il + jl * se->ld];
    MPI_Allreduce(MPI_IN_PLACE, &square, 1, MPI_DOUBLE, MPI_SUM, grid->column_comm);
    worst = worse(worst, sqrt(fabs(square) / v[wl_matrix_global_column(e, jl)]));
  }
  assert_true(worst_of_all(worst) <= 4e-9);
  wl_matrix_destroy(&se);
  wl_matrix_destroy(&e);
}

/* With the ensemble and without, whose passes differ. */
static void check_solution(const wl_points *train, const wl_points *test, const wl_matrix *targets) {
  wl_matrix *wanted = solution_of(train, test, 1e-3);
  for (int ensemble = 0; ensemble < 2; ensemble++) {
    wl_model_setup setup = {.options = {.noise_variance = 1e-3, .seed = 5, .mixed = true}, .solutions = true};
    setup.options.quantity[WL_QUANTITY_BAYESIAN_RND] = setup.options.quantity[WL_QUANTITY_NTK_GP] = true;
    setup.options.quantity[WL_QUANTITY_ENSEMBLE] = ensemble;
    wl_model *model = NULL;
    wl_prediction p;
    assert_int_equal(wl_model_create_from(&setup, train, targets, &model), WL_OK);
    assert_int_equal(wl_model_factor(model, WL_PRIOR_THETA), WL_OK);
    assert_int_equal(wl_model_predict_batch(model, test, 0, NULL, &p), WL_OK);
    check_goal(train, 1e-3, p.solution, wanted, p.variance[WL_QUANTITY_NTK_GP]);
    wl_prediction_clear(&p);
    assert_null(p.solution);
    wl_model_destroy(&model);
  }
  wl_matrix_destroy(&wanted);
}

/* On a line points lie so close that δ is 0.02, and columns take up to five passes. */
static void test_solutions(void **state) {
  (void)state;
  const int64_t test_counts[] = {1, 23, 300}, /* few, and more than take κ along */
      dimensions[] = {DIMENSION, 1};
  for (size_t c = 1; c < SIZES; c++)
    for (size_t k = 0; k < 6; k++) {
      wl_grid *grid = grid_of(MPI_COMM_WORLD, sizes[c].block);
      wl_points *train = points_in(grid, dimensions[k / 3], sizes[c].n, 3),
                *test = points_in(grid, dimensions[k / 3], test_counts[k % 3], 4);
      wl_matrix *targets = matrix_of(grid, sizes[c].n, 2, right_hand_side);
      check_solution(train, test, targets);
      wl_matrix_destroy(&targets);
      wl_points_destroy(&test);
      wl_points_destroy(&train);
      wl_grid_destroy(&grid);
    }
}

static void clear(outcome *o) {
  for (int p = 0; p < WL_PRIOR_COUNT; p++) {
    wl_prediction_clear(&o->prediction[p]);
    wl_matrix_destroy(&o->covariance[p]);
  }
}

static void compare(const outcome *mixed, const outcome *exact, int64_t n, int64_t test_count) {
  for (int p = 0; p < WL_PRIOR_COUNT; p++) {
    compare_numbers(mixed->prediction[p].mean, exact->prediction[p].mean, 2 * test_count);
    for (int q = 0; q < WL_QUANTITY_COUNT; q++)
      compare_numbers(mixed->prediction[p].variance[q], exact->prediction[p].variance[q], test_count);
    assert_true(difference(mixed->covariance[p], exact->covariance[p], 0) < 1e-10);
    const double error = fabs(mixed->log_determinant[p] - exact->log_determinant[p]);
    assert_true(error <= mixed->uncertainty[p] && mixed->uncertainty[p] < 1e-3 * (double)n);
    assert_true(fabs(mixed->likelihood[p] - exact->likelihood[p]) <=
                0.5 * mixed->uncertainty[p] + 1e-10 * fabs(exact->likelihood[p]));
  }
}

static void test_predict(void **state) {
  (void)state;
  const int64_t test_count = 23;
  for (size_t c = 1; c < SIZES; c++) {
    wl_grid *grid = grid_of(MPI_COMM_WORLD, sizes[c].block);
    wl_points *train = points_of(grid, sizes[c].n, 3), *test = points_of(grid, test_count, 4);
    wl_matrix *targets = matrix_of(grid, sizes[c].n, 2, right_hand_side);
    outcome exact = predict(train, test, targets, false), mixed = predict(train, test, targets, true),
            both = predict_both(train, test, targets);
    compare(&mixed, &exact, sizes[c].n, test_count);
    compare(&both, &exact, sizes[c].n, test_count);
    clear(&both);
    clear(&mixed);
    clear(&exact);
    wl_matrix_destroy(&targets);
    wl_points_destroy(&test);
    wl_points_destroy(&train);
    wl_grid_destroy(&grid);
  }
}

/* Without test points, the targets are solved for when that is asked for. */
static void check_settled(const wl_model *mixed, const wl_model *exact, int64_t n, wl_prior p, int64_t columns) {
  const wl_evidence *e = wl_model_evidence(mixed, p), *wanted = wl_model_evidence(exact, p);
  assert_non_null(e);
  assert_true(is_refined(e, n, true));
  for (int64_t j = 0; j < columns; j++)
    assert_true(fabs(e->log_marginal_likelihood[j] - wanted->log_marginal_likelihood[j]) <=
                0.5 * e->refinement.log_determinant_error + 1e-10 * fabs(wanted->log_marginal_likelihood[j]));
}

static void test_settle(void **state) {
  (void)state;
  for (size_t c = 1; c < SIZES; c++) {
    wl_grid *grid = grid_of(MPI_COMM_WORLD, sizes[c].block);
    wl_points *train = points_of(grid, sizes[c].n, 3);
    wl_matrix *targets = matrix_of(grid, sizes[c].n, 2, right_hand_side);
    wl_model *exact = model_of(train, targets, false), *mixed = model_of(train, targets, true),
             *both = model_of(train, targets, true);
    for (int p = 0; p < WL_PRIOR_COUNT; p++) {
      assert_int_equal(wl_model_factor(exact, (wl_prior)p), WL_OK);
      assert_int_equal(wl_model_factor(mixed, (wl_prior)p), WL_OK);
      assert_null(wl_model_evidence(mixed, (wl_prior)p));
      assert_int_equal(wl_model_solve_targets(mixed), WL_OK);
      assert_int_equal(wl_model_solve_targets(exact), WL_OK); /* nothing to do */
      check_settled(mixed, exact, train->count, (wl_prior)p, targets->columns);
      assert_int_equal(wl_model_factor(both, (wl_prior)p), WL_OK);
    }
    assert_int_equal(wl_model_solve_targets(both), WL_OK);
    for (int p = 0; p < WL_PRIOR_COUNT; p++)
      check_settled(both, exact, train->count, (wl_prior)p, targets->columns);
    wl_model_destroy(&both);
    wl_model_destroy(&mixed);
    wl_model_destroy(&exact);
    wl_matrix_destroy(&targets);
    wl_points_destroy(&train);
    wl_grid_destroy(&grid);
  }
}

static int group(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_factor),    cmocka_unit_test(test_pieces),
                                     cmocka_unit_test(test_pair),      cmocka_unit_test(test_pivot),
                                     cmocka_unit_test(test_apply),     cmocka_unit_test(test_predict),
                                     cmocka_unit_test(test_solutions), cmocka_unit_test(test_settle)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(int argc, char **argv) { return mpi_test_main(argc, argv, group); }
