/*
 * The state of a solver between two passes. Its numbers stand on a tape, in an order that is written down once: one walk counts,
 * writes or reads them. Panels are X, R and D of the batch under each prior, then α of each. B, the kernels' diagonals and the
 * preconditioners follow from points, pivots and seed.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "inference/iterative_state.h"

/* ---- the tape ------------------------------------------------------------------------------------------------------- */

static bool is_reading(const wl_iterative_tape *t) { return t->from != NULL; }

/* Where the next `count` numbers stand; NULL where they are not there. */
static const double *next(wl_iterative_tape *t, int64_t count) {
  const double *at = t->from + t->at;
  if (count < 0 || t->count - t->at < count) t->sound = false;
  if (!t->sound) return NULL;
  t->at += count;
  return at;
}

static void walk(wl_iterative_tape *t, int64_t count, double *values) {
  if (is_reading(t)) {
    const double *at = next(t, count);
    if (at) memcpy(values, at, sizeof(double) * (size_t)count);
    return;
  }
  if (t->to) memcpy(t->to + t->at, values, sizeof(double) * (size_t)count);
  t->at += count;
}

/* An integer from `least` to `most`. */
static void walk_integer(wl_iterative_tape *t, int64_t least, int64_t most, int64_t *value) {
  double number = (double)*value;
  walk(t, 1, &number);
  if (!is_reading(t)) return;
  if (!(number >= (double)least && number <= (double)most)) t->sound = false;
  if (t->sound) *value = (int64_t)number;
}

static void walk_small(wl_iterative_tape *t, int most, int *value) {
  int64_t number = *value;
  walk_integer(t, 0, most, &number);
  *value = (int)number;
}

static void walk_flag(wl_iterative_tape *t, bool *value) {
  int number = *value;
  walk_small(t, 1, &number);
  *value = number != 0;
}

/* The same in the solver that reads as in the one that wrote. */
static void walk_equal(wl_iterative_tape *t, int64_t value) { walk_integer(t, value, value, &value); }

/* Numbers of columns first … first + count − 1 of a panel, from an array by local column and back. Collective. */
static void walk_columns(wl_iterative_tape *t, const wl_matrix *panel, int64_t first, int64_t count,
                         double *local) {
  const double *from = is_reading(t) ? next(t, count) : NULL;
  double *to = !is_reading(t) && t->to ? t->to + t->at : NULL;
  if (to) memset(to, 0, sizeof(double) * (size_t)count);
  for (int64_t jl = 0; jl < panel->local_columns; jl++) {
    const int64_t k = wl_matrix_global_column(panel, jl) - first;
    if (k < 0 || k >= count) continue;
    if (from) local[jl] = from[k];
    if (to && panel->grid->row == 0) to[k] = local[jl];
  }
  if (to) MPI_Allreduce(MPI_IN_PLACE, to, (int)count, MPI_DOUBLE, MPI_SUM, panel->grid->comm);
  if (!is_reading(t)) t->at += count;
}

/* ---- what stands on it ---------------------------------------------------------------------------------------------- */

static void walk_pivots(wl_iterative_tape *t, const wl_iterative *it, int64_t *pivot) {
  walk_equal(t, it->options.rank);
  for (int64_t k = 0; k < it->options.rank; k++) walk_integer(t, 0, it->train->count - 1, &pivot[k]);
}

enum {
  SOLVED = sizeof(wl_solved) / sizeof(double),
  BRACKET = sizeof(wl_bracket) / sizeof(double),
  SAMPLED = sizeof(wl_sampled) / sizeof(double),
  WIDTHS = sizeof(wl_iterative_widths) / sizeof(double)
};

static void walk_evidence(wl_iterative_tape *t, int64_t outputs, wl_iterative_prior *s) {
  walk(t, outputs * SOLVED, (double *)s->target);
  walk(t, outputs * BRACKET, (double *)s->evidence.quadratic);
  walk(t, outputs * SAMPLED, (double *)s->evidence.log_marginal_likelihood);
  walk(t, SAMPLED, (double *)&s->evidence.log_determinant);
}

/* What the batches before left. */
static wl_error walk_targets(wl_iterative_tape *t, wl_iterative *it) {
  walk_small(t, INT_MAX, &it->passes);
  walk(t, WIDTHS, (double *)&it->widths);
  for (int p = 0; p < WL_PRIOR_COUNT; p++) {
    wl_iterative_prior *s = &it->prior[p];
    bool known = s->target != NULL;
    if (!s->used) continue;
    walk_flag(t, &known);
    if (known && !s->target) WL_TRY(wl_iterative_create_evidence(it, s));
    if (known) walk_evidence(t, it->targets->columns, s);
  }
  return WL_OK;
}

/* Of probes alone coefficients are wanted, in the first batch. */
static void walk_conjugate(wl_iterative_tape *t, const wl_iterative_batch *b, wl_conjugate *c) {
  const int64_t stride = c->x->local_columns;
  walk_flag(t, &c->recording);
  walk_integer(t, 0, c->room, &c->steps);
  walk_columns(t, c->x, 0, b->columns, c->rho);
  walk_columns(t, c->x, 0, b->columns, c->quadratic);
  for (int64_t k = 0; b->first && k < c->steps; k++) {
    walk_columns(t, c->x, b->tests + b->outputs, WL_ITERATIVE_PROBES, c->alpha + k * stride);
    walk_columns(t, c->x, b->tests + b->outputs, WL_ITERATIVE_PROBES, c->beta + k * stride);
  }
}

static void walk_batch(wl_iterative_tape *t, wl_iterative_batch *b) {
  walk_equal(t, b->tests);
  walk_equal(t, b->columns);
  walk_small(t, b->it->options.passes - 1, &b->passes);
  walk(t, 1, &b->goal);
  walk(t, 1, &b->before);
  for (int p = 0; p < WL_PRIOR_COUNT; p++) {
    walk_flag(t, &b->open[p]);
    if (b->it->prior[p].used) walk_conjugate(t, b, &b->c[p]);
  }
}

/* ---- writing -------------------------------------------------------------------------------------------------------- */

static wl_error walk_all(wl_iterative_tape *t, wl_iterative *it) {
  for (int p = 0; p < WL_PRIOR_COUNT; p++)
    if (it->prior[p].used) walk_pivots(t, it, it->prior[p].pivot);
  WL_TRY(walk_targets(t, it));
  walk_batch(t, it->batch);
  return WL_OK;
}

/* In the order of reading, panel by panel. */
static void list_panels(wl_iterative *it, wl_iterative_state *state) {
  for (int p = 0; p < WL_PRIOR_COUNT; p++) {
    const wl_conjugate *c = &it->batch->c[p];
    if (!it->prior[p].used) continue;
    state->panel[state->panels++] = c->x;
    state->panel[state->panels++] = c->r;
    state->panel[state->panels++] = c->d;
  }
  for (int p = 0; p < WL_PRIOR_COUNT; p++)
    if (it->prior[p].alpha) state->panel[state->panels++] = it->prior[p].alpha;
}

wl_error wl_iterative_save(wl_iterative *it, wl_iterative_state *state) {
  wl_iterative_tape t = {.sound = true};
  *state = (wl_iterative_state){0};
  WL_TRY(walk_all(&t, it));
  state->count = t.at;
  state->numbers = malloc(sizeof(double) * (size_t)(t.at + 1));
  const wl_error error = state->numbers ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "solver: no memory for its state");
  WL_TRY(wl_error_agree(it->train->grid->comm, error));
  t = (wl_iterative_tape){.to = state->numbers, .sound = true};
  list_panels(it, state);
  return walk_all(&t, it);
}

void wl_iterative_state_clear(wl_iterative_state *state) {
  free(state->numbers);
  *state = (wl_iterative_state){0};
}

/* ---- reading -------------------------------------------------------------------------------------------------------- */

/* All ranks read the same numbers: they find the same. */
static wl_error check_sound(const wl_iterative_tape *t) {
  if (t->sound) return WL_OK;
  WL_FAIL(WL_ERROR_DATA,
          "the state to go on from is not one of this solver: it is of another rank, of other passes "
          "or of another batch");
}

static wl_error read_panel(const wl_iterative *it, int number, wl_matrix *panel) {
  return it->options.from->read(it->options.from->context, number, panel);
}

static int count_used(const wl_iterative *it) {
  return it->prior[WL_PRIOR_THETA].used + it->prior[WL_PRIOR_KAPPA].used;
}

wl_error wl_iterative_recall_pivots(wl_iterative *it) {
  it->tape = (wl_iterative_tape){.from = it->options.from->numbers,
                                 .count = it->options.from->count,
                                 .sound = it->options.from->numbers != NULL};
  for (int p = 0; p < WL_PRIOR_COUNT; p++) {
    wl_iterative_prior *s = &it->prior[p];
    if (!s->used) continue;
    s->pivot = calloc((size_t)it->options.rank + 1, sizeof *s->pivot);
    const wl_error error = s->pivot ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "solver: out of memory");
    WL_TRY(wl_error_agree(it->train->grid->comm, error));
    walk_pivots(&it->tape, it, s->pivot);
    WL_TRY(check_sound(&it->tape));
  }
  return WL_OK;
}

wl_error wl_iterative_recall_targets(wl_iterative *it) {
  int number = 3 * count_used(it);
  WL_TRY(walk_targets(&it->tape, it));
  WL_TRY(check_sound(&it->tape));
  for (int p = 0; p < WL_PRIOR_COUNT; p++)
    if (it->prior[p].alpha) WL_TRY(read_panel(it, number++, it->prior[p].alpha));
  return WL_OK;
}

wl_error wl_iterative_recall_batch(wl_iterative *it) {
  wl_iterative_batch *b = it->batch;
  walk_batch(&it->tape, b);
  if (it->tape.at != it->tape.count) it->tape.sound = false;
  WL_TRY(check_sound(&it->tape));
  for (int p = 0, number = 0; p < WL_PRIOR_COUNT; p++) {
    wl_matrix *const panels[] = {b->c[p].x, b->c[p].r, b->c[p].d};
    for (int k = 0; k < 3 && it->prior[p].used; k++) WL_TRY(read_panel(it, number++, panels[k]));
  }
  it->options.from = NULL;
  return WL_OK;
}
