#include "inference/iterative.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "dist/scalapack.h"
#include "inference/iterative_state.h"
#include "inference/partial_cholesky.h"
#include "kernel/rounding.h"

int64_t wl_iterative_choose_rank(int64_t n, int64_t dimension) {
  enum { FEWEST = 256, MOST = 4096 };
  const int64_t quadratic = dimension < 256 ? 2 * (dimension + 1) * (dimension + 2) / 2 : MOST;
  return smaller(n, smaller(MOST, larger(FEWEST, smaller(quadratic, n / 8))));
}

int64_t wl_iterative_columns(int64_t count, int64_t outputs) { return count + outputs + WL_ITERATIVE_PROBES; }

static double shift_of(const wl_iterative *it) { return it->options.noise_variance + it->options.jitter; }

double wl_iterative_entry_of(const wl_points *points) {
  double entry = fmax(wl_kernel_points_rounding(points->row), wl_kernel_points_rounding(points->column));
  MPI_Allreduce(MPI_IN_PLACE, &entry, 1, MPI_DOUBLE, MPI_MAX, points->grid->comm);
  return entry;
}

/* Below twice the deficit nothing is left of the noise that S ⪰ P rests on. */
static wl_error check_shift(const wl_iterative *it, wl_prior prior, double deficit) {
  if (shift_of(it) > 2.0 * deficit) return WL_OK;
  WL_FAIL(WL_ERROR_NUMERICAL,
          "solver: iterative: noise_variance + jitter is %g, but rounding of %s with %lld points and rank %lld "
          "leaves brackets only from %.1e on: add noise_variance or jitter, or lower solver.rank",
          shift_of(it), wl_prior_name(prior), (long long)it->train->count, (long long)it->options.rank,
          2.0 * deficit);
}

static wl_error prepare_prior(wl_iterative *it, wl_prior prior) {
  wl_iterative_prior *s = &it->prior[prior];
  const wl_points *train = it->train;
  wl_partial_cholesky factor = {0};
  s->kernel = wl_prior_kernel(prior);
  const int64_t *known = s->pivot;
  const wl_error error =
      wl_partial_cholesky_create(train, s->kernel, it->options.rank, it->options.seed, known, it->entry, &factor);
  free(s->pivot);
  s->pivot = factor.pivot;
  WL_TRY(error);
  s->deficit = factor.deficit;
  s->evidence.rank = it->options.rank;
  s->evidence.left = factor.left;
  s->g = factor.g;
  WL_TRY(wl_low_rank_create(s->g, shift_of(it) + factor.rest, &s->p));
  WL_TRY(wl_low_rank_create(s->g, shift_of(it), &s->below));
  return check_shift(it, prior, s->deficit);
}

/* Root mean squares of the target columns. */
static wl_error create_scales(wl_iterative *it) {
  const int64_t c = it->targets->columns;
  it->scale = calloc((size_t)c + 1, sizeof(double));
  const wl_error error = it->scale ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "solver: out of memory");
  WL_TRY(wl_error_agree(it->train->grid->comm, error));
  wl_conjugate_dots(it->targets, it->targets, it->scale);
  for (int64_t j = 0; j < c; j++) {
    it->scale[j] = sqrt(it->scale[j] / (double)it->train->count);
    if (!(it->scale[j] > 0.0)) it->scale[j] = 1.0;
  }
  return WL_OK;
}

wl_error wl_iterative_create(const wl_iterative_options *options, const wl_points *train, const wl_matrix *targets,
                             wl_iterative **solver) {
  wl_iterative *it = calloc(1, sizeof *it);
  wl_error error = it ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "solver: out of memory");
  *solver = it;
  WL_TRY(wl_error_agree(train->grid->comm, error));
  it->options = *options;
  it->train = train;
  it->targets = targets;
  it->entry = wl_iterative_entry_of(train);
  it->prior[WL_PRIOR_THETA].used = wl_iterative_needs_posterior(it) || wl_iterative_needs_ensemble(it);
  it->prior[WL_PRIOR_KAPPA].used = options->quantity[WL_QUANTITY_NNGP];
  error = create_scales(it);
  if (error == WL_OK && options->from) error = wl_iterative_recall_pivots(it);
  for (int p = 0; p < WL_PRIOR_COUNT && error == WL_OK; p++)
    if (it->prior[p].used) error = prepare_prior(it, (wl_prior)p);
  if (error == WL_OK && options->from) error = wl_iterative_recall_targets(it);
  if (error != WL_OK) wl_iterative_destroy(solver);
  return error;
}

void wl_iterative_destroy(wl_iterative **solver) {
  if (!solver || !*solver) return;
  for (int p = 0; p < WL_PRIOR_COUNT; p++) {
    wl_iterative_prior *s = &(*solver)->prior[p];
    wl_low_rank_destroy(&s->p);
    wl_low_rank_destroy(&s->below);
    wl_matrix_destroy(&s->g);
    free(s->pivot);
    wl_matrix_destroy(&s->alpha);
    free(s->target);
    free(s->evidence.quadratic);
    free(s->evidence.log_marginal_likelihood);
  }
  free((*solver)->scale);
  free(*solver);
  *solver = NULL;
}

/* ---- what the first batch tells beside its test points ------------------------------------------------------------ */

/* n e₁ᵀ log(T) e₁ of every probe, on all ranks: those of the process columns that have them. */
static wl_error collect_logs(const wl_conjugate *c, int64_t first, double logs[WL_ITERATIVE_PROBES]) {
  const int64_t stride = c->x->local_columns;
  wl_error error = WL_OK;
  memset(logs, 0, sizeof(double) * WL_ITERATIVE_PROBES);
  for (int64_t jl = 0; jl < stride && c->x->grid->row == 0 && error == WL_OK; jl++) {
    const int64_t probe = wl_matrix_global_column(c->x, jl) - first;
    if (probe < 0) continue;
    error = wl_lanczos_log(c->steps, c->alpha + jl, c->beta + jl, stride, &logs[probe]);
    logs[probe] *= (double)c->x->rows;
  }
  MPI_Allreduce(MPI_IN_PLACE, logs, WL_ITERATIVE_PROBES, MPI_DOUBLE, MPI_SUM, c->x->grid->comm);
  return wl_error_agree(c->x->grid->comm, error);
}

wl_error wl_iterative_create_evidence(const wl_iterative *it, wl_iterative_prior *s) {
  const size_t count = (size_t)it->targets->columns;
  s->target = malloc(sizeof *s->target * (count + 1));
  s->evidence.quadratic = malloc(sizeof(wl_bracket) * (count + 1));
  s->evidence.log_marginal_likelihood = malloc(sizeof(wl_sampled) * (count + 1));
  wl_error error = WL_OK;
  if (!s->target || !s->evidence.quadratic || !s->evidence.log_marginal_likelihood)
    error = wl_error_set(WL_ERROR_MEMORY, "solver: out of memory");
  WL_TRY(wl_error_agree(it->train->grid->comm, error));
  return wl_matrix_create(it->train->grid, it->train->count, it->targets->columns, &s->alpha);
}

wl_error wl_iterative_learn(wl_iterative *it, wl_prior prior, const wl_conjugate *c, int64_t tests,
                            const wl_solved *column, const wl_bracket_system *system) {
  wl_iterative_prior *s = &it->prior[prior];
  const int64_t outputs = it->targets->columns;
  const double two_pi = 6.283185307179586;
  double logs[WL_ITERATIVE_PROBES];
  WL_TRY(wl_iterative_create_evidence(it, s));
  WL_TRY(collect_logs(c, tests + outputs, logs));
  wl_copy_columns(outputs, c->x, tests, s->alpha, 0);
  memcpy(s->target, column + tests, sizeof *s->target * (size_t)outputs);
  s->evidence.log_determinant = wl_sampled_of(WL_ITERATIVE_PROBES, logs);
  s->evidence.log_determinant.value += s->p.log_determinant;
  for (int64_t j = 0; j < outputs; j++) {
    s->evidence.quadratic[j] = wl_bracket_quadratic(system, &s->target[j]);
    s->evidence.log_marginal_likelihood[j] =
        (wl_sampled){-0.5 * (s->evidence.quadratic[j].value + s->evidence.log_determinant.value +
                             (double)it->train->count * log(two_pi)),
                     0.5 * s->evidence.log_determinant.error};
  }
  return WL_OK;
}

const wl_iterative_evidence *wl_iterative_evidence_of(const wl_iterative *it, wl_prior prior) {
  return it && it->prior[prior].target ? &it->prior[prior].evidence : NULL;
}

wl_iterative_widths wl_iterative_widths_of(const wl_iterative *it) { return it->widths; }

int wl_iterative_passes(const wl_iterative *it) { return it->passes + (it->batch ? it->batch->passes : 0); }
