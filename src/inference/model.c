#include "inference/model_state.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

bool wl_model_needs(const wl_model_options *options, wl_prior prior) {
  for (int q = 0; q < WL_QUANTITY_COUNT; q++)
    if (options->quantity[q] && wl_quantity_prior((wl_quantity)q) == prior) return true;
  return false;
}

static wl_gram_content needed_content(const wl_model *model) {
  int content = model->setup.keep_kernels ? WL_GRAM_BOTH : 0;
  if (wl_model_needs(&model->setup.options, WL_PRIOR_THETA)) content |= WL_GRAM_THETA;
  if (wl_model_needs(&model->setup.options, WL_PRIOR_KAPPA) || wl_model_needs_ensemble(model))
    content |= WL_GRAM_KAPPA;
  if (model->setup.holds & WL_GRAM_KAPPA) return 0; /* nothing needs Θ any more */
  return (wl_gram_content)(content & ~(int)model->setup.holds);
}

static bool needs_both(const wl_model *model) {
  return wl_model_needs(&model->setup.options, WL_PRIOR_THETA) &&
         wl_model_needs(&model->setup.options, WL_PRIOR_KAPPA);
}

static wl_error create_side(wl_model *model, wl_prior prior) {
  const wl_matrix *y = model->targets;
  wl_evidence *evidence = &model->evidence[prior];
  wl_mixed_prior *own = &model->prior[prior];
  own->mixed = (wl_mixed){.points = model->train,
                          .kernel = wl_prior_kernel(prior),
                          .name = wl_prior_name(prior),
                          .shift = model->setup.options.noise_variance + model->setup.options.jitter,
                          .engine = model->setup.options.engine,
                          .factor = *model->floats};
  own->targets = (wl_mixed_targets){.y = y,
                                    .quadratic = evidence->log_marginal_likelihood,
                                    .info = &evidence->factor,
                                    .uncertainty = &evidence->refinement.log_determinant_error};
  WL_TRY(wl_matrix_create(y->grid, y->rows, y->columns, &own->targets.x));
  return wl_matrix_create(y->grid, y->rows, y->columns, &own->targets.r);
}

/* Room for the kernels in single precision, a triangle each, and for what is left of the targets. */
static wl_error create_mixed(wl_model *model) {
  const wl_grid *grid = model->train->grid;
  const int64_t n = model->train->count;
  WL_TRY(needs_both(model) ? wl_single_create_pair(grid, n, &model->floats)
                           : wl_single_create(grid, n, n, &model->floats));
  for (int p = 0; p < WL_PRIOR_COUNT; p++)
    if (wl_model_needs(&model->setup.options, (wl_prior)p)) WL_TRY(create_side(model, (wl_prior)p));
  return WL_OK;
}

static wl_error create_double(wl_model *model) {
  const wl_matrix *y = model->targets;
  if (!model->gram) WL_TRY(wl_matrix_create(y->grid, y->rows, y->rows, &model->gram));
  return wl_matrix_create(y->grid, y->rows, y->columns, &model->whitened_targets);
}

static wl_error check_options(const wl_model_options *options) {
  if (!(options->noise_variance >= 0.0) || !isfinite(options->noise_variance))
    WL_FAIL(WL_ERROR_USAGE, "wl_model_create: noise_variance is %g; it must be at least 0 and finite",
            options->noise_variance);
  if (!(options->jitter >= 0.0) || !isfinite(options->jitter))
    WL_FAIL(WL_ERROR_USAGE, "wl_model_create: jitter is %g; it must be at least 0 and finite", options->jitter);
  if (!options->rnd_target) return WL_OK;
  if (options->mixed)
    WL_FAIL(WL_ERROR_USAGE, "wl_model_create: another target network for rnd needs double precision");
  return wl_network_check(options->rnd_target);
}

static wl_error check_data(const wl_points *train, const wl_matrix *targets) {
  WL_TRY(wl_grid_check_square(train->grid));
  if (train->count < 1) WL_FAIL(WL_ERROR_USAGE, "wl_model_create: there are no training points");
  if (!wl_grid_same(train->grid, targets->grid))
    WL_FAIL(WL_ERROR_USAGE, "wl_model_create: the targets are on another grid than the training points");
  if (targets->rows != train->count || targets->columns < 1)
    WL_FAIL(WL_ERROR_USAGE, "wl_model_create: the targets are %lld × %lld for %lld training points",
            (long long)targets->rows, (long long)targets->columns, (long long)train->count);
  return WL_OK;
}

/* What belongs to single ranks. */
static wl_error create_local(wl_model *model) {
  const size_t rows = (size_t)wl_kernel_points_count(model->train->row);
  model->kappa_diagonal = malloc(sizeof(double) * (rows + 1));
  model->saved_diagonal = malloc(sizeof(double) * (rows + 1));
  for (int p = 0; p < WL_PRIOR_COUNT; p++)
    model->evidence[p].log_marginal_likelihood = malloc(sizeof(double) * (size_t)model->targets->columns);
  if (!model->kappa_diagonal || !model->saved_diagonal || !model->evidence[0].log_marginal_likelihood ||
      !model->evidence[1].log_marginal_likelihood)
    WL_FAIL(WL_ERROR_MEMORY, "model: out of memory");
  if (rows > 0) memcpy(model->kappa_diagonal, wl_kernel_points_kappa(model->train->row), sizeof(double) * rows);
  return WL_OK;
}

/* A model with its array, which is freed where there is no model. */
static wl_error begin(const wl_model_setup *setup, const wl_points *train, const wl_matrix *targets,
                      wl_model **model) {
  wl_matrix *array = setup->array;
  wl_error error = check_options(&setup->options);
  if (error == WL_OK) error = check_data(train, targets);
  if (error == WL_OK) {
    *model = calloc(1, sizeof **model);
    if (!*model) error = wl_error_set(WL_ERROR_MEMORY, "model: out of memory");
    error = wl_error_agree(train->grid->comm, error);
  }
  if (error != WL_OK) {
    free(*model);
    *model = NULL;
    wl_matrix_destroy(&array);
    return error;
  }
  **model = (wl_model){.setup = *setup, .train = train, .targets = targets, .gram = array};
  return WL_OK;
}

/* Whether rnd is wanted of another target network. */
static bool has_target(const wl_model_options *options) {
  return options->rnd_target && options->quantity[WL_QUANTITY_RND];
}

wl_error wl_model_create_from(const wl_model_setup *setup, const wl_points *train, const wl_matrix *targets,
                              wl_model **result) {
  *result = NULL;
  wl_model *model = NULL;
  WL_TRY(begin(setup, train, targets, &model));
  wl_error error;
  WL_GOTO(error, fail, wl_error_agree(train->grid->comm, create_local(model)));
  WL_GOTO(error, fail, setup->options.mixed ? create_mixed(model) : create_double(model));
  if (has_target(&setup->options))
    WL_GOTO(error, fail, wl_points_with_network(train, setup->options.rnd_target, &model->target));
  model->setup.options.rnd_target = NULL;
  if (model->gram) WL_GOTO(error, fail, wl_gram_symmetric(train, needed_content(model), model->gram));
  *result = model;
  return WL_OK;
fail:
  wl_model_destroy(&model);
  return error;
}

wl_error wl_model_create(const wl_model_options *options, const wl_points *train, const wl_matrix *targets,
                         wl_model **model) {
  WL_REQUIRE(model);
  *model = NULL;
  WL_REQUIRE(options);
  WL_REQUIRE(train);
  WL_REQUIRE(targets);
  const wl_model_setup setup = {.options = *options};
  return wl_model_create_from(&setup, train, targets, model);
}

wl_model_options wl_model_options_default(void) {
  wl_model_options options = {.seed = 1};
  for (int q = 0; q < WL_QUANTITY_COUNT; q++) options.quantity[q] = true;
  return options;
}

void wl_model_release(wl_model *model) {
  model->ready = false;
  for (int p = 0; p < WL_PRIOR_COUNT; p++) {
    wl_matrix_destroy(&model->prior[p].targets.x);
    wl_matrix_destroy(&model->prior[p].targets.r);
  }
  wl_single_destroy(&model->floats);
  wl_matrix_destroy(&model->whitened_targets);
  wl_matrix_destroy(&model->gram);
}

void wl_model_destroy(wl_model **pointer) {
  if (!pointer || !*pointer) return;
  wl_model *model = *pointer;
  wl_model_release(model);
  for (int p = 0; p < WL_PRIOR_COUNT; p++) free(model->evidence[p].log_marginal_likelihood);
  wl_points_destroy(&model->target);
  free(model->saved_diagonal);
  free(model->kappa_diagonal);
  free(model);
  *pointer = NULL;
}

const wl_matrix *wl_model_gram(const wl_model *model) { return model->gram; }

const wl_evidence *wl_model_evidence(const wl_model *model, wl_prior prior) {
  if (!model || (unsigned)prior >= WL_PRIOR_COUNT) return NULL;
  return model->complete[prior] ? &model->evidence[prior] : NULL;
}

/* The diagonal of S, by local row: that of the prior's kernel plus σ² and jitter. */
static void diagonal_of(wl_model *model, wl_prior prior) {
  const double *kernel =
      prior == WL_PRIOR_THETA ? wl_kernel_points_theta(model->train->row) : model->kappa_diagonal;
  const double shift = model->setup.options.noise_variance + model->setup.options.jitter;
  for (int64_t i = 0; i < model->gram->local_rows; i++) model->saved_diagonal[i] = kernel[i] + shift;
}

/* log p(yⱼ) = −½ yⱼᵀ S⁻¹ yⱼ − ½ log det S − ½ n log 2π  [Rasmussen and Williams 2006, eq. 2.30], the first given */
static void log_marginal_likelihood(const wl_model *model, wl_evidence *evidence) {
  double *result = evidence->log_marginal_likelihood;
  const double constant = evidence->factor.log_determinant + (double)model->targets->rows * log(2.0 * M_PI);
  for (int64_t j = 0; j < model->targets->columns; j++) result[j] = -0.5 * (result[j] + constant);
}

/* ‖L⁻¹ yⱼ‖² */
static void whitened_norms(const wl_matrix *w, double *result) {
  memset(result, 0, sizeof(double) * (size_t)w->columns);
  for (int64_t jl = 0; jl < w->local_columns; jl++)
    for (int64_t il = 0; il < w->local_rows; il++)
      result[wl_matrix_global_column(w, jl)] += w->data[il + jl * w->ld] * w->data[il + jl * w->ld];
  MPI_Allreduce(MPI_IN_PLACE, result, (int)w->columns, MPI_DOUBLE, MPI_SUM, w->grid->comm);
}

/* What follows from a factor and the targets. */
static wl_error condition_on_targets(wl_model *model, wl_prior prior) {
  wl_evidence *evidence = &model->evidence[prior];
  model->current = prior;
  wl_matrix_copy(model->targets, model->whitened_targets);
  evidence->factor = model->factor[prior].info;
  WL_TRY(wl_cholesky_forward(&model->factor[prior], model->whitened_targets));
  whitened_norms(model->whitened_targets, evidence->log_marginal_likelihood);
  log_marginal_likelihood(model, evidence);
  model->complete[prior] = model->ready = true;
  return WL_OK;
}

/* Brings a prior's floats to the front; the other's are behind then, where both are needed: those of κ, or Θ's factor. */
static wl_error bring(wl_model *model, wl_prior prior) {
  wl_mixed_prior *own = &model->prior[prior], *other = &model->prior[1 - prior];
  const bool both = needs_both(model), waits = model->kappa_waits;
  own->mixed.factor = *model->floats;
  if (both) other->mixed.factor = wl_single_behind(model->floats);
  model->kappa_waits = both && prior == WL_PRIOR_THETA;
  if (prior == WL_PRIOR_KAPPA && waits) {
    wl_single_exchange(model->floats);
    return WL_OK;
  }
  other->factored = other->open = false;
  return wl_mixed_round(&own->mixed, model->kappa_waits ? &other->mixed : NULL);
}

static wl_error factor_mixed(wl_model *model, wl_prior prior) {
  wl_mixed_prior *own = &model->prior[prior];
  model->current = prior;
  model->evidence[prior].refinement = (wl_refinement){0};
  model->complete[prior] = false;
  WL_TRY(bring(model, prior));
  WL_TRY(wl_mixed_factor(&own->mixed, &model->evidence[prior].factor));
  own->factored = own->open = model->ready = true;
  return WL_OK;
}

wl_mixed_request wl_model_request(wl_model *model, wl_prior prior) {
  wl_mixed_prior *own = &model->prior[prior];
  return (wl_mixed_request){.mixed = &own->mixed, .targets = own->open ? &own->targets : NULL};
}

wl_error wl_model_refine(wl_model *model, const wl_mixed_request *requests, int count) {
  WL_TRY(wl_mixed_solve(model->setup.options.seed, requests, count));
  for (int p = 0; p < WL_PRIOR_COUNT; p++)
    for (int i = 0; i < count; i++) {
      if (requests[i].targets != &model->prior[p].targets) continue;
      log_marginal_likelihood(model, &model->evidence[p]);
      model->evidence[p].refinement.used = true;
      model->complete[p] = true;
      model->prior[p].open = false;
    }
  return WL_OK;
}

wl_error wl_model_solve_targets(wl_model *model) {
  WL_REQUIRE(model);
  wl_mixed_request requests[WL_PRIOR_COUNT] = {{0}, {0}};
  int count = 0;
  for (int p = 0; p < WL_PRIOR_COUNT; p++)
    if (model->prior[p].open) requests[count++] = wl_model_request(model, (wl_prior)p);
  if (count == 0) return WL_OK;
  WL_TRY(wl_model_refine(model, requests, count));
  for (int p = 0; p < WL_PRIOR_COUNT; p++)
    if (model->prior[p].factored) wl_model_note_refinement(model, (wl_prior)p);
  return WL_OK;
}

void wl_model_note_refinement(wl_model *model, wl_prior prior) {
  const wl_mixed *mixed = &model->prior[prior].mixed;
  wl_refinement *r = &model->evidence[prior].refinement;
  r->passes = mixed->passes;
  r->residual = mixed->residual;
  r->contraction = mixed->contraction;
}

static wl_cholesky_options how_to_factor(const wl_model *model, wl_prior prior, const wl_factor_watch *watch,
                                         const wl_factor_state *resume) {
  return (wl_cholesky_options){.engine = model->setup.options.engine,
                               .name = wl_prior_name(prior),
                               .remedy = wl_singular_remedy(model->train),
                               .seed = model->setup.options.seed,
                               .watch = watch,
                               .resume = resume};
}

wl_error wl_model_resume(wl_model *model, wl_prior prior, const wl_factor_watch *watch,
                         const wl_factor_state *resume) {
  wl_factor_state state;
  model->ready = false;
  model->tried[prior] = true;
  if (model->floats) return factor_mixed(model, prior);
  diagonal_of(model, prior);
  if (resume) {
    state = *resume;
    state.diagonal = model->saved_diagonal;
  } else {
    wl_matrix_set_diagonal(model->gram, model->saved_diagonal);
  }
  const wl_cholesky_options options = how_to_factor(model, prior, watch, resume ? &state : NULL);
  WL_TRY(wl_cholesky_factor_with(model->gram, wl_prior_triangle(prior), &options, &model->factor[prior]));
  return condition_on_targets(model, prior);
}

/* The array holds what is to be factored: in double precision, until it was tried, and for Θ until κ was. */
static wl_error check_prior(const wl_model *model, wl_prior prior) {
  if ((unsigned)prior >= WL_PRIOR_COUNT)
    WL_FAIL(WL_ERROR_USAGE, "wl_model_factor: there is no prior %d", (int)prior);
  if (!wl_model_needs(&model->setup.options, prior))
    WL_FAIL(WL_ERROR_USAGE, "wl_model_factor: no quantity in the model's options rests on %s",
            wl_prior_name(prior));
  if (!model->gram && !model->floats) WL_FAIL(WL_ERROR_USAGE, "wl_model_factor: the model's matrices are freed");
  if (model->floats) return WL_OK;
  if (model->tried[prior])
    WL_FAIL(WL_ERROR_USAGE, "wl_model_factor: %s was factored already; its kernel matrix is gone",
            wl_prior_name(prior));
  if (model->tried[WL_PRIOR_KAPPA])
    WL_FAIL(WL_ERROR_USAGE, "wl_model_factor: theta must be factored before kappa, which takes its diagonal");
  return WL_OK;
}

wl_error wl_model_factor(wl_model *model, wl_prior prior) {
  WL_REQUIRE(model);
  WL_TRY(check_prior(model, prior));
  return wl_model_resume(model, prior, NULL, NULL);
}

wl_error wl_model_restore_factor(wl_model *model, wl_prior prior, const wl_evidence *evidence) {
  model->factor[prior] =
      (wl_cholesky){.matrix = model->gram, .triangle = wl_prior_triangle(prior), .info = evidence->factor};
  return condition_on_targets(model, prior);
}

wl_error wl_model_assemble_border(wl_model *model, wl_prior prior, int64_t rows) {
  WL_TRY(wl_gram_border(model->train, wl_prior_kernel(prior), rows, model->gram));
  diagonal_of(model, prior);
  wl_matrix_set_diagonal(model->gram, model->saved_diagonal);
  return WL_OK;
}

wl_error wl_model_extend_factor(wl_model *model, wl_prior prior, int64_t rows, const wl_evidence *evidence) {
  diagonal_of(model, prior);
  const wl_factor_state known = {.columns = rows, .diagonal = model->saved_diagonal};
  const wl_cholesky_options options = how_to_factor(model, prior, NULL, &known);
  WL_TRY(wl_cholesky_extend(model->gram, wl_prior_triangle(prior), &options, &evidence->factor,
                            &model->factor[prior]));
  return condition_on_targets(model, prior);
}

void wl_model_restore_evidence(wl_model *model, wl_prior prior, const wl_evidence *evidence) {
  wl_evidence *own = &model->evidence[prior];
  own->factor = evidence->factor;
  memcpy(own->log_marginal_likelihood, evidence->log_marginal_likelihood,
         sizeof(double) * (size_t)model->targets->columns);
  model->complete[prior] = true;
}
