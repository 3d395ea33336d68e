/*
 * Choices are enumerated, each combination with an equal share of the evaluations. Within one, the ranges are a unit cube.
 */
#include "pipeline/tune_search.h"

#include <math.h>
#include <nlopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "base/util.h"

enum { STARTS = 4 };

typedef struct search {
  const wl_config *config;
  const wl_tune_parameters *parameters;
  wl_tune_evaluate evaluate;
  void *context;
  double *place;   /* one per parameter */
  double *cube;    /* one per range */
  int *range;      /* numbers of the parameters that are ranges; those that leave the network alone come first */
  int range_count; /* dimensions of the cube */
  int64_t combinations; /* of choices */
  bool apart;           /* the starts of a combination are searches of their own */
  int64_t number;       /* of this search */
  int64_t combination;
  int64_t used, budget;
  double worst; /* goal of this search */
  bool any;
  nlopt_opt optimizer;
  wl_error error;
} search;

static int64_t combinations_of(const wl_tune_parameters *parameters) {
  int64_t product = 1;
  for (int i = 0; i < parameters->count && product <= INT32_MAX; i++)
    if (!parameters->parameter[i].range) product *= parameters->parameter[i].choice_count;
  return product;
}

wl_error wl_tune_check(const wl_config *config, const wl_tune_parameters *parameters) {
  const int64_t combinations = combinations_of(parameters), most = config->tune.evaluations;
  if (combinations <= most) return WL_OK;
  WL_FAIL(WL_ERROR_CONFIG,
          "%s: tune.evaluations: is %lld, but the choices have %lld combinations, each of which needs one",
          config->file, (long long)most, (long long)combinations);
}

int64_t wl_tune_most_groups(const wl_config *config, const wl_tune_parameters *parameters, bool split) {
  const int64_t combinations = combinations_of(parameters), most = config->tune.evaluations;
  if (config->tune.method != WL_TUNE_LOCAL) return most;
  return split ? smaller(most, combinations * STARTS) : combinations;
}

/* Random numbers are those of their combination and place in it, whoever draws them. */
static void draw(search *s, int64_t number) {
  for (int k = 0; k < s->range_count; k++) {
    const double normal = wl_random_normal(s->config->seed, WL_STREAM_TUNE_PLACE,
                                           (uint64_t)(number * s->range_count + k), (uint64_t)s->combination);
    s->cube[k] = 0.5 * erfc(-normal * M_SQRT1_2);
  }
}

static wl_error evaluate_at(search *s, const double *u, double *goal) {
  for (int k = 0; k < s->range_count; k++) s->place[s->range[k]] = u[k];
  s->used++;
  WL_TRY(s->evaluate(s->context, s->number, s->place, goal));
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

static wl_error climb(search *s) {
  const unsigned dimension = (unsigned)s->range_count;
  s->optimizer = nlopt_create(dimension > 1 ? NLOPT_LN_BOBYQA : NLOPT_LN_COBYLA, dimension);
  if (!s->optimizer) WL_FAIL(WL_ERROR_MEMORY, "tune: out of memory");
  nlopt_set_max_objective(s->optimizer, objective, s);
  nlopt_set_lower_bounds1(s->optimizer, 0.0);
  nlopt_set_upper_bounds1(s->optimizer, 1.0);
  nlopt_set_initial_step1(s->optimizer, 0.2);
  nlopt_set_xtol_abs1(s->optimizer, 1e-5);
  nlopt_set_ftol_rel(s->optimizer, 1e-9);
  nlopt_set_maxeval(s->optimizer, (int)smaller(INT32_MAX, s->budget - s->used));
  double best;
  nlopt_optimize(s->optimizer, s->cube,
                 &best); /* rounding and the like end it early: what was evaluated is known */
  nlopt_destroy(s->optimizer);
  s->optimizer = NULL;
  return s->error;
}

/* The first start is in the middle, the others are anywhere. */
static wl_error climb_from(search *s, int64_t start) {
  for (int k = 0; k < s->range_count; k++) s->cube[k] = 0.5;
  if (start > 0) draw(s, start);
  return s->used < s->budget ? climb(s) : WL_OK;
}

static wl_error climb_from_all(search *s) {
  for (int64_t start = 0; start < STARTS; start++) WL_TRY(climb_from(s, start));
  return WL_OK;
}

static int64_t power(int64_t base, int exponent, int64_t most) {
  int64_t product = 1;
  for (int k = 0; k < exponent && product <= most; k++) product *= base;
  return product;
}

/* As many values of every range as the evaluations of the combination allow. */
static int64_t levels_of(const search *s) {
  int64_t levels = 1;
  while (power(levels + 1, s->range_count, s->budget) <= s->budget) levels++;
  return levels;
}

/* The middle of each range where there is one level. */
static wl_error evaluate_on_grid(search *s, int64_t number) {
  const int64_t levels = levels_of(s);
  double goal;
  for (int k = 0; k < s->range_count; k++, number /= levels)
    s->cube[k] = levels > 1 ? (double)(number % levels) / (double)(levels - 1) : 0.5;
  return evaluate_at(s, s->cube, &goal);
}

static wl_error evaluate_anywhere(search *s, int64_t number) {
  double goal;
  draw(s, number);
  return evaluate_at(s, s->cube, &goal);
}

static void set_combination(search *s, int64_t number) {
  const int64_t most = s->config->tune.evaluations;
  s->combination = number;
  s->budget = most / s->combinations + (number < most % s->combinations ? 1 : 0);
  for (int i = 0; i < s->parameters->count; i++) {
    const wl_tune_parameter *p = &s->parameters->parameter[i];
    if (p->range) continue;
    s->place[i] = (double)(number % p->choice_count);
    number /= p->choice_count;
  }
}

/* Searches of the combination that is set. */
static int64_t searches_of(const search *s) {
  if (s->range_count == 0) return 1;
  if (s->config->tune.method == WL_TUNE_RANDOM) return s->budget;
  if (s->config->tune.method == WL_TUNE_GRID) return power(levels_of(s), s->range_count, s->budget);
  return s->apart ? STARTS : 1;
}

static wl_error make_search(search *s, int64_t part) {
  double goal;
  s->used = 0;
  s->worst = 0.0;
  s->any = false;
  if (s->range_count == 0) return evaluate_at(s, s->cube, &goal);
  if (s->config->tune.method == WL_TUNE_RANDOM) return evaluate_anywhere(s, part);
  if (s->config->tune.method == WL_TUNE_GRID) return evaluate_on_grid(s, part);
  if (!s->apart) return climb_from_all(s);
  s->budget = s->budget / STARTS + (part < s->budget % STARTS ? 1 : 0);
  return climb_from(s, part);
}

static int64_t count_searches(search *s) {
  int64_t count = 0;
  for (int64_t k = 0; k < s->combinations; k++) {
    set_combination(s, k);
    count += searches_of(s);
  }
  return count;
}

/* Neighbours go to the same group: they may have a network in common. */
static wl_error make_searches(search *s, int group, int groups) {
  const int64_t all = count_searches(s), begin = all * group / groups, end = all * (group + 1) / groups;
  int64_t first = 0;
  for (int64_t k = 0; k < s->combinations && first < end; k++) {
    set_combination(s, k);
    const int64_t count = searches_of(s);
    for (int64_t part = larger(begin - first, 0); part < smaller(count, end - first); part++) {
      set_combination(s, k);
      s->number = first + part;
      WL_TRY(make_search(s, part));
    }
    first += count;
  }
  return WL_OK;
}

static void find_ranges(search *s) {
  for (int network = 0; network < 2; network++)
    for (int i = 0; i < s->parameters->count; i++) {
      const wl_tune_parameter *p = &s->parameters->parameter[i];
      if (p->range && wl_tune_is_of_network(p) == network) s->range[s->range_count++] = i;
    }
}

wl_error wl_tune_search(const wl_config *config, const wl_tune_parameters *parameters, int group, int groups,
                        wl_tune_evaluate evaluate, void *context) {
  const size_t room = (size_t)parameters->count;
  search s = {.config = config,
              .parameters = parameters,
              .evaluate = evaluate,
              .context = context,
              .combinations = combinations_of(parameters),
              .place = calloc(room, sizeof(double)),
              .cube = calloc(room, sizeof(double)),
              .range = calloc(room, sizeof(int))};
  s.apart = groups > s.combinations;
  wl_error error = s.place && s.cube && s.range ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "tune: out of memory");
  if (error == WL_OK) {
    find_ranges(&s);
    error = make_searches(&s, group, groups);
  }
  free(s.range);
  free(s.cube);
  free(s.place);
  return error;
}
