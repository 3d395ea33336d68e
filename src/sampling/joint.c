/*
 * The joint array: assembly, the shifts, the factors.
 */
#include "sampling/joint_array.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dist/scalapack.h"
#include "kernel/layers.h"
#include "linalg/factorize.h"
#include "sampling/columns.h"
#include "sampling/shift.h"

const char *wl_draw_name(wl_draw draw) {
  static const char *const names[WL_DRAW_COUNT] = {
#define ENTRY(NAME, name, text) #name,
      WL_DRAW_LIST(ENTRY)
#undef ENTRY
  };
  return (unsigned)draw < WL_DRAW_COUNT ? names[draw] : "unknown";
}

static const char *const fault_names[WL_FAULT_COUNT] = {
#define ENTRY(NAME, name, text) #name,
    WL_FAULT_LIST(ENTRY)
#undef ENTRY
};
static const char *const fault_texts[WL_FAULT_COUNT] = {
#define ENTRY(NAME, name, text) text,
    WL_FAULT_LIST(ENTRY)
#undef ENTRY
};

const char *wl_fault_name(wl_fault fault) { return fault_names[fault]; }
const char *wl_fault_text(wl_fault fault) { return fault_texts[fault]; }

void wl_joint_use_lower(wl_joint *j) { wl_matrix_set_diagonal(j->gram, j->lower_diagonal); }
void wl_joint_use_upper(wl_joint *j) { wl_matrix_set_diagonal(j->gram, j->upper_diagonal); }
double wl_joint_shift(const wl_joint *j, wl_stage stage) { return j->shift[stage]; }
wl_stage wl_joint_rnd_stage(const wl_joint *j) { return j->target ? WL_STAGE_RND : WL_STAGE_KAPPA; }
bool wl_joint_target_is_zero(const wl_joint *j) { return !wl_network_has_lower(&j->points->network); }

/* The diagonal of a κ + b Θ plus the shifts, one for the first local rows and one for the others. */
static void make_diagonal(const wl_points *points, wl_kernel_weights w, int64_t first, double first_shift,
                          double other_shift, double *diagonal) {
  const double *kappa = wl_kernel_points_kappa(points->row), *theta = wl_kernel_points_theta(points->row);
  for (int64_t i = 0; i < wl_kernel_points_count(points->row); i++)
    diagonal[i] = w.kappa * kappa[i] + w.theta * theta[i] + (i < first ? first_shift : other_shift);
}

static void make_kernel_diagonal(const wl_joint *j, wl_kernel_weights w, double train_shift, double test_shift,
                                 double *diagonal) {
  make_diagonal(j->points, w, wl_joint_local_train(j), train_shift, test_shift, diagonal);
  if (w.target == 0.0) return;
  const double *target = wl_kernel_points_kappa(j->target->row);
  for (int64_t i = 0; i < wl_kernel_points_count(j->target->row); i++) diagonal[i] += target[i];
}

/* A triangle without its diagonal. */
static wl_error fill_triangle(const wl_joint *j, wl_kernel_weights w, wl_triangle triangle) {
  WL_TRY(wl_gram_weighted(j->points, w.kappa, w.theta, triangle, j->gram));
  return w.target == 0.0 ? WL_OK : wl_gram_add_kappa(j->target, triangle, j->gram);
}

wl_error wl_joint_fill_upper(wl_joint *j, wl_kernel_weights w, double train_shift, double test_shift) {
  WL_TRY(fill_triangle(j, w, WL_TRIANGLE_UPPER));
  j->held = w;
  make_kernel_diagonal(j, w, train_shift, test_shift, j->upper_diagonal);
  wl_joint_use_upper(j);
  return WL_OK;
}

/* What one factorization is of. */
typedef struct target {
  wl_stage stage;
  wl_triangle triangle;
  const char *name;
  wl_kernel_weights weights;
  double noise; /* on the diagonal of X; where it is S that is factored, X gets no shift */
  bool posterior;
} target;

/* Whether the pivot that failed condemns S itself, so that no shift may help. */
static wl_error check_pivot(const wl_joint *j, const target *t, int64_t pivot) {
  if (t->posterior && pivot < j->train)
    WL_FAIL(
        WL_ERROR_NUMERICAL,
        "the kernel matrix theta is not positive definite to rounding: its pivot at training row %lld (counted "
        "from 1) vanishes; add noise_variance or jitter, or remove rows that (nearly) repeat, or change the "
        "depth",
        (long long)pivot + 1);
  return WL_OK;
}

/* Whether the triangle holds this kernel already. */
static bool is_held(const wl_joint *j, const target *t) {
  const wl_kernel_weights *held = &j->held, *w = &t->weights;
  return t->triangle == WL_TRIANGLE_UPPER && held->kappa == w->kappa && held->theta == w->theta &&
         held->target == w->target;
}

/* One attempt at a factorization, for its watch. */
typedef struct attempt {
  wl_joint *joint;
  wl_joint_state state;
} attempt;

static bool wants(void *context, int64_t columns) {
  const wl_joint_watch *watch = ((attempt *)context)->joint->options.watch;
  (void)columns;
  return watch->wants(watch->context);
}

static wl_error reached(void *context, const wl_factor_state *state) {
  attempt *a = context;
  const wl_joint_watch *watch = a->joint->options.watch;
  a->state.columns = state->columns;
  return watch->reached(watch->context, a->joint, &a->state);
}

/* Factors with this shift; from `columns` on where the triangle holds as much of the factor. */
static wl_error try_factor(wl_joint *j, const target *t, double shift, int64_t columns, int64_t *pivot) {
  double *diagonal = t->triangle == WL_TRIANGLE_LOWER ? j->lower_diagonal : j->upper_diagonal;
  if (columns == 0 && !is_held(j, t)) WL_TRY(fill_triangle(j, t->weights, t->triangle));
  if (t->triangle == WL_TRIANGLE_UPPER) j->held = (wl_kernel_weights){0};
  make_kernel_diagonal(j, t->weights, t->posterior ? t->noise : shift, shift, diagonal);
  if (columns == 0) wl_matrix_set_diagonal(j->gram, diagonal);
  attempt a = {.joint = j, .state = wl_joint_get_state(j)};
  const wl_factor_watch watch = {.context = &a, .wants = wants, .reached = reached};
  wl_factor_state state = {.columns = columns, .diagonal = diagonal};
  const wl_factorize_options options = {
      .engine = j->options.engine, .name = t->name, .watch = j->options.watch ? &watch : NULL, .state = &state};
  WL_TRY(wl_factorize_with(j->gram, t->triangle, &options, pivot));
  if (*pivot < 0) wl_matrix_get_diagonal(j->gram, diagonal);
  return WL_OK;
}

/* The same in rectangular full packed form. */
static wl_error try_rfp(wl_joint *j, const target *t, double shift, int64_t *pivot) {
  wl_rfp *h = j->rfp;
  const double a = t->weights.kappa, b = t->weights.theta;
  WL_TRY(wl_gram_weighted(j->points, a, b, WL_TRIANGLE_LOWER, h->ends));
  WL_TRY(wl_gram_weighted(j->rest, a, b, WL_TRIANGLE_UPPER, &h->last));
  WL_TRY(wl_gram_cross_weighted(j->points, j->rest, a, b, h->cross));
  make_diagonal(j->points, t->weights, 0, shift, shift, h->diagonal[0]);
  make_diagonal(j->rest, t->weights, 0, shift, shift, h->diagonal[1]);
  return wl_rfp_factorize(h, j->options.engine, t->name, pivot);
}

/* What attempts have in common, and how many columns of the factor the next one finds done. */
typedef struct trial {
  wl_joint *joint;
  const target *target;
  int64_t columns;
} trial;

static wl_error factor_shifted(void *context, int k, double shift, int64_t *pivot) {
  trial *t = context;
  t->joint->attempt[t->target->stage] = k;
  if (t->joint->rfp) return try_rfp(t->joint, t->target, shift, pivot);
  WL_TRY(try_factor(t->joint, t->target, shift, t->columns, pivot));
  t->columns = 0;
  return *pivot < 0 ? WL_OK : check_pivot(t->joint, t->target, *pivot);
}

/* Θ⁻ is a difference: its rounding error is of the size of Θ's. */
static double largest_of(const wl_points *points, bool theta) {
  if (!points) return 0.0;
  return wl_largest_of_rows(points,
                            theta ? wl_kernel_points_theta(points->row) : wl_kernel_points_kappa(points->row));
}

static wl_error factor(wl_joint *j, const target *t, const wl_joint_state *from) {
  const bool theta = t->stage == WL_STAGE_POSTERIOR || t->stage == WL_STAGE_THETA_LOWER;
  const double largest = fmax(largest_of(j->points, theta), largest_of(j->rest, theta)) +
                         (t->stage == WL_STAGE_RND ? largest_of(j->target, false) : 0.0);
  char name[96];
  if (j->points->given && t->stage == WL_STAGE_THETA_LOWER)
    snprintf(name, sizeof name, "theta - kappa of the given kernels, which must be a kernel for Bayesian RND,");
  else
    snprintf(name, sizeof name, "the joint kernel %s of training and test points", t->name);
  trial first = {j, t, from ? from->columns : 0};
  return wl_shift_until_factored(j->train + j->test, largest, from ? from->attempt[t->stage] : 0, name,
                                 factor_shifted, &first, &j->shift[t->stage]);
}

static wl_error factor_posterior(wl_joint *j, const wl_joint_state *from) {
  const bool wrong = j->options.fault == WL_FAULT_TRAINING_KERNEL;
  const target t = {.stage = WL_STAGE_POSTERIOR,
                    .triangle = WL_TRIANGLE_LOWER,
                    .name = "joint theta",
                    .weights = {.kappa = wrong ? 1.0 : 0.0, .theta = wrong ? 0.0 : 1.0},
                    .noise = j->options.noise_variance + j->options.jitter,
                    .posterior = true};
  return factor(j, &t, from);
}

static wl_error factor_stage(wl_joint *j, wl_stage stage, const wl_joint_state *from) {
  const bool plain = j->options.fault == WL_FAULT_PLAIN_TARGET, own = j->options.fault == WL_FAULT_OWN_TARGET;
  const target upper[WL_STAGES] = {
      [WL_STAGE_KAPPA] = {.name = "joint kappa", .weights = {.kappa = 1.0}},
      [WL_STAGE_RND] = {.name = "joint rnd", .weights = {.kappa = own ? 2.0 : 1.0, .target = own ? 0.0 : 1.0}},
      [WL_STAGE_THETA_LOWER] = {.name = "theta_lower",
                                .weights = {.kappa = plain ? 1.0 : -1.0, .theta = plain ? 0.0 : 1.0}}};
  j->stage = stage;
  if (stage == WL_STAGE_POSTERIOR || (stage == WL_STAGE_THETA_LOWER && wl_joint_target_is_zero(j))) return WL_OK;
  target t = upper[stage];
  t.stage = stage;
  t.triangle = WL_TRIANGLE_UPPER;
  return factor(j, &t, from);
}

wl_error wl_joint_factor(wl_joint *j, wl_stage stage) { return factor_stage(j, stage, NULL); }

wl_joint_state wl_joint_get_state(const wl_joint *j) {
  wl_joint_state state = {.stage = j->stage, .columns = j->train + j->test};
  memcpy(state.attempt, j->attempt, sizeof state.attempt);
  memcpy(state.shift, j->shift, sizeof state.shift);
  return state;
}

wl_error wl_joint_poll(wl_joint *j) {
  const wl_joint_watch *watch = j->options.watch;
  return watch && watch->wants(watch->context) ? watch->reached(watch->context, j, NULL) : WL_OK;
}

const wl_matrix *wl_joint_get_array_read(wl_joint *j, wl_triangle triangle, bool finished) {
  wl_matrix_get_diagonal(j->gram, j->spare);
  if (finished)
    wl_matrix_set_diagonal(j->gram, triangle == WL_TRIANGLE_LOWER ? j->lower_diagonal : j->upper_diagonal);
  return j->gram;
}

void wl_joint_restore_array_read(wl_joint *j) { wl_matrix_set_diagonal(j->gram, j->spare); }

/* A joint array of `count` points without what its kernels stand in. */
static wl_error begin(const wl_joint_options *options, const wl_points *points, int64_t count, int64_t train,
                      int64_t outputs, wl_joint **result) {
  wl_joint *j = calloc(1, sizeof *j);
  wl_error error = j ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "joint kernel: out of memory");
  error = wl_error_agree(points->grid->comm, error);
  if (error != WL_OK) {
    free(j);
    return error;
  }
  *j =
      (wl_joint){.options = *options, .points = points, .train = train, .test = count - train, .outputs = outputs};
  *result = j;
  return WL_OK;
}

/* *all ← every column of this rank's block rows. */
static wl_error create_columns(const wl_matrix *y, double **all) {
  *all = malloc(sizeof(double) * ((size_t)(y->local_rows * y->columns) + 1));
  const wl_error error = *all ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "joint kernel: out of memory");
  WL_TRY(wl_error_agree(y->grid->comm, error));
  wl_spread_columns(y, *all);
  return WL_OK;
}

/* All but the factors. `array` is consumed; NULL: a new one. */
static wl_error create(const wl_joint_options *options, const wl_points *points, int64_t train,
                       const wl_matrix *targets, wl_matrix *array, wl_joint **result) {
  wl_error error = begin(options, points, points->count, train, targets->columns, result);
  if (error != WL_OK) {
    wl_matrix_destroy(&array);
    return error;
  }
  wl_joint *j = *result;
  j->gram = array;
  if (!array) WL_TRY(wl_matrix_create(points->grid, points->count, points->count, &j->gram));
  const size_t rows = (size_t)j->gram->local_rows + 1;
  j->lower_diagonal = calloc(rows, sizeof(double));
  j->upper_diagonal = calloc(rows, sizeof(double));
  j->spare = calloc(rows, sizeof(double));
  if (!j->lower_diagonal || !j->upper_diagonal || !j->spare)
    error = wl_error_set(WL_ERROR_MEMORY, "joint kernel: out of memory");
  WL_TRY(wl_error_agree(points->grid->comm, error));
  if (options->rnd_target) WL_TRY(wl_points_with_network(points, options->rnd_target, &j->target));
  j->options.rnd_target = NULL;
  return create_columns(targets, &j->targets);
}

wl_error wl_joint_create(const wl_joint_options *options, const wl_points *points, int64_t train,
                         const wl_matrix *targets, wl_joint **result) {
  *result = NULL;
  wl_error error = create(options, points, train, targets, NULL, result);
  if (error == WL_OK) error = factor_posterior(*result, NULL);
  if (error != WL_OK) wl_joint_destroy(result);
  return error;
}

wl_error wl_joint_create_rfp(const wl_joint_options *options, wl_points *const halves[2], int64_t train,
                             const wl_matrix *solution, const wl_matrix *mean, wl_joint **result) {
  *result = NULL;
  const int64_t count = halves[0]->count + halves[1]->count;
  wl_error error = begin(options, halves[0], count, train, mean->columns, result);
  if (error != WL_OK) return error;
  (*result)->rest = halves[1];
  (*result)->solution = solution;
  error = wl_rfp_create(halves[0]->grid, count, &(*result)->rfp);
  if (error == WL_OK) error = create_columns(mean, &(*result)->mean);
  if (error != WL_OK) wl_joint_destroy(result);
  return error;
}

/* From the state on. What L needs was kept where another stage's factor has the diagonal. */
static wl_error go_on(wl_joint *j, const wl_joint_state *state, const double *lower_diagonal) {
  memcpy(j->shift, state->shift, sizeof j->shift);
  memcpy(j->attempt, state->attempt, sizeof j->attempt);
  j->stage = state->stage;
  if (state->stage == WL_STAGE_POSTERIOR) return factor_posterior(j, state);
  memcpy(j->lower_diagonal, lower_diagonal, sizeof(double) * (size_t)j->gram->local_rows);
  return factor_stage(j, state->stage, state);
}

wl_error wl_joint_restore(const wl_joint_options *options, const wl_points *points, int64_t train,
                          const wl_matrix *targets, const wl_joint_state *state, wl_matrix *array,
                          const double *lower_diagonal, wl_joint **result) {
  *result = NULL;
  wl_error error = create(options, points, train, targets, array, result);
  if (error == WL_OK) error = go_on(*result, state, lower_diagonal);
  if (error != WL_OK) wl_joint_destroy(result);
  return error;
}

void wl_joint_destroy(wl_joint **pointer) {
  wl_joint *j = *pointer;
  if (!j) return;
  wl_rfp_destroy(&j->rfp);
  wl_points_destroy(&j->target);
  free(j->mean);
  free(j->targets);
  free(j->spare);
  free(j->upper_diagonal);
  free(j->lower_diagonal);
  wl_matrix_destroy(&j->gram);
  free(j);
  *pointer = NULL;
}
