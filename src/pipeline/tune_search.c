/*
 * Choices are enumerated, each combination with an equal share of the evaluations. Within one, the ranges are a unit cube.
 */
#include "pipeline/tune_search.h"

#include <math.h>
#include <nlopt.h>
#include <stdlib.h>

#include "base/random.h"

enum { STARTS = 4 };

typedef struct search {
  const wl_tune_parameters *parameters;
  wl_tune_evaluate evaluate;
  void *context;
  uint64_t seed;
  double *place;   /* one per parameter */
  int *range;      /* numbers of the parameters that are ranges */
  int range_count; /* dimensions of the cube */
  int64_t used, budget, drawn;
  double worst; /* goal of this combination */
  bool any;
  nlopt_opt optimizer;
  wl_error error;
} search;

int64_t wl_tune_combinations(const wl_tune_parameters *parameters) {
  int64_t product = 1;
  for (int i = 0; i < parameters->count && product <= INT32_MAX; i++)
    if (!parameters->parameter[i].range) product *= parameters->parameter[i].choice_count;
  return product;
}

static double draw(search *s) {
  return 0.5 * erfc(-wl_random_normal(s->seed, WL_STREAM_TUNE_PLACE, (uint64_t)s->drawn++, 0) * M_SQRT1_2);
}

static void draw_all(search *s, double *u) {
  for (int k = 0; k < s->range_count; k++) u[k] = draw(s);
}

static wl_error evaluate_at(search *s, const double *u, double *goal) {
  for (int k = 0; k < s->range_count; k++) s->place[s->range[k]] = u[k];
  s->used++;
  WL_TRY(s->evaluate(s->context, s->place, goal));
  if (!isfinite(*goal)) return WL_OK;
  if (!s->any || *goal < s->worst) s->worst = *goal;
  s->any = true;
  return WL_OK;
}

/* What NLopt calls. A place without a value is worse than all others, but not so much that it spoils the quadratic model. */
static double objective(unsigned count, const double *u, double *gradient, void *context) {
  search *s = context;
  double goal = NAN;
  (void)count, (void)gradient;
  if (s->error == WL_OK) s->error = evaluate_at(s, u, &goal);
  if (s->error != WL_OK) nlopt_force_stop(s->optimizer);
  return isfinite(goal) ? goal : s->worst - 1.0 - fabs(s->worst);
}

static wl_error climb(search *s, double *u) {
  const unsigned dimension = (unsigned)s->range_count;
  s->optimizer = nlopt_create(dimension > 1 ? NLOPT_LN_BOBYQA : NLOPT_LN_COBYLA, dimension);
  if (!s->optimizer) WL_FAIL(WL_ERROR_MEMORY, "tune: out of memory");
  nlopt_set_max_objective(s->optimizer, objective, s);
  nlopt_set_lower_bounds1(s->optimizer, 0.0);
  nlopt_set_upper_bounds1(s->optimizer, 1.0);
  nlopt_set_initial_step1(s->optimizer, 0.2);
  nlopt_set_xtol_abs1(s->optimizer, 1e-5);
  nlopt_set_ftol_rel(s->optimizer, 1e-9);
  nlopt_set_maxeval(s->optimizer, (int)(s->budget - s->used));
  double best;
  nlopt_optimize(s->optimizer, u, &best); /* rounding and the like end it early: what was evaluated is known */
  nlopt_destroy(s->optimizer);
  s->optimizer = NULL;
  return s->error;
}

static wl_error search_local(search *s, double *u) {
  for (int k = 0; k < s->range_count; k++) u[k] = 0.5;
  for (int start = 0; start < STARTS && s->used < s->budget; start++) {
    if (start > 0) draw_all(s, u);
    WL_TRY(climb(s, u));
  }
  return WL_OK;
}

static wl_error search_random(search *s, double *u) {
  double goal;
  while (s->used < s->budget) {
    draw_all(s, u);
    WL_TRY(evaluate_at(s, u, &goal));
  }
  return WL_OK;
}

static int64_t power(int64_t base, int exponent, int64_t most) {
  int64_t product = 1;
  for (int k = 0; k < exponent && product <= most; k++) product *= base;
  return product;
}

/* As many values of every range as the evaluations allow; the middle of each where that is one. */
static wl_error search_grid(search *s, double *u) {
  int64_t levels = 1;
  while (power(levels + 1, s->range_count, s->budget) <= s->budget) levels++;
  const int64_t all = power(levels, s->range_count, s->budget);
  double goal;
  for (int64_t number = 0; number < all; number++) {
    int64_t rest = number;
    for (int k = 0; k < s->range_count; k++, rest /= levels)
      u[k] = levels > 1 ? (double)(rest % levels) / (double)(levels - 1) : 0.5;
    WL_TRY(evaluate_at(s, u, &goal));
  }
  return WL_OK;
}

static wl_error search_combination(search *s, wl_tune_method method, int64_t number, double *u) {
  double goal;
  s->used = 0;
  s->worst = 0.0;
  s->any = false;
  for (int i = 0; i < s->parameters->count; i++) {
    const wl_tune_parameter *p = &s->parameters->parameter[i];
    if (p->range) continue;
    s->place[i] = (double)(number % p->choice_count);
    number /= p->choice_count;
  }
  if (s->range_count == 0) return evaluate_at(s, u, &goal);
  if (method == WL_TUNE_LOCAL) return search_local(s, u);
  return method == WL_TUNE_RANDOM ? search_random(s, u) : search_grid(s, u);
}

wl_error wl_tune_search(const wl_config *config, const wl_tune_parameters *parameters, wl_tune_evaluate evaluate,
                        void *context) {
  const int64_t combinations = wl_tune_combinations(parameters), most = config->tune.evaluations;
  if (combinations > most)
    WL_FAIL(WL_ERROR_CONFIG,
            "%s: tune.evaluations: is %lld, but the choices have %lld combinations, each of which needs one",
            config->file, (long long)most, (long long)combinations);
  const size_t room = (size_t)parameters->count;
  search s = {.parameters = parameters, .evaluate = evaluate, .context = context, .seed = config->seed};
  s.place = calloc(room, sizeof *s.place);
  s.range = calloc(room, sizeof *s.range);
  double *u = calloc(room, sizeof *u);
  wl_error error = s.place && s.range && u ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "tune: out of memory");
  for (int i = 0; i < parameters->count && error == WL_OK; i++)
    if (parameters->parameter[i].range) s.range[s.range_count++] = i;
  for (int64_t k = 0; k < combinations && error == WL_OK; k++) {
    s.budget = most / combinations + (k < most % combinations ? 1 : 0);
    if (s.budget > INT32_MAX) s.budget = INT32_MAX;
    error = search_combination(&s, config->tune.method, k, u);
  }
  free(u);
  free(s.range);
  free(s.place);
  return error;
}
