#include "inference/model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool wl_model_needs(const wl_model_options *options, wl_prior prior) {
  if (prior == WL_PRIOR_KAPPA) return options->quantity[WL_QUANTITY_NNGP];
  for (int q = 0; q < WL_QUANTITY_COUNT; q++)
    if (q != WL_QUANTITY_NNGP && options->quantity[q]) return true;
  return false;
}

static wl_gram_content needed_content(const wl_model *model) {
  int content = model->options.keep_kernels ? WL_GRAM_BOTH : 0;
  if (wl_model_needs(&model->options, WL_PRIOR_THETA)) content |= WL_GRAM_THETA;
  if (wl_model_needs(&model->options, WL_PRIOR_KAPPA) || wl_model_needs_ensemble(model)) content |= WL_GRAM_KAPPA;
  if (model->options.holds & WL_GRAM_KAPPA) return 0; /* nothing needs Θ any more */
  return (wl_gram_content)(content & ~(int)model->options.holds);
}

static bool needs_both(const wl_model *model) {
  return wl_model_needs(&model->options, WL_PRIOR_THETA) && wl_model_needs(&model->options, WL_PRIOR_KAPPA);
}

static wl_error create_side(wl_model *model, wl_prior prior) {
  const wl_matrix *y = model->targets;
  wl_evidence *evidence = &model->evidence[prior];
  wl_mixed_prior *own = &model->prior[prior];
  own->mixed = (wl_mixed){.points = model->train,
                          .kernel = prior == WL_PRIOR_THETA ? WL_GRAM_THETA : WL_GRAM_KAPPA,
                          .name = prior == WL_PRIOR_THETA ? "theta" : "kappa",
                          .shift = model->options.noise_variance + model->options.jitter,
                          .factor = *model->floats};
  own->targets = (wl_mixed_targets){.y = y,
                                    .quadratic = evidence->log_marginal_likelihood,
                                    .facts = &evidence->factor,
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
    if (wl_model_needs(&model->options, (wl_prior)p)) WL_TRY(create_side(model, (wl_prior)p));
  return WL_OK;
}

static wl_error create_double(wl_model *model) {
  const wl_matrix *y = model->targets;
  if (!model->gram) WL_TRY(wl_matrix_create(y->grid, y->rows, y->rows, &model->gram));
  return wl_matrix_create(y->grid, y->rows, y->columns, &model->whitened_targets);
}

wl_error wl_model_create(const wl_model_options *options, const wl_points *train, const wl_matrix *targets,
                         wl_model **result) {
  *result = NULL;
  const wl_grid *grid = train->grid;
  WL_TRY(wl_grid_check_square(grid));
  wl_model *model = calloc(1, sizeof *model);
  wl_error error = WL_OK;
  if (!model) error = wl_error_set(WL_ERROR_MEMORY, "model: out of memory");
  WL_TRY(wl_error_agree(grid->comm, error)); /* a rank that has one leaks it: the run is over */

  *model = (wl_model){.options = *options, .train = train, .targets = targets};
  model->gram = options->array;
  const size_t rows = (size_t)wl_kernel_points_count(train->row);
  model->kappa_diagonal = malloc(sizeof(double) * (rows + 1));
  model->saved_diagonal = malloc(sizeof(double) * (rows + 1));
  for (int p = 0; p < WL_PRIOR_COUNT; p++)
    model->evidence[p].log_marginal_likelihood = malloc(sizeof(double) * (size_t)targets->columns);
  if (!model->kappa_diagonal || !model->saved_diagonal || !model->evidence[0].log_marginal_likelihood ||
      !model->evidence[1].log_marginal_likelihood)
    error = wl_error_set(WL_ERROR_MEMORY, "model: out of memory");
  WL_GOTO(error, fail, wl_error_agree(grid->comm, error));
  WL_GOTO(error, fail, options->mixed ? create_mixed(model) : create_double(model));

  if (rows > 0) memcpy(model->kappa_diagonal, wl_kernel_points_kappa(train->row), sizeof(double) * rows);
  if (model->gram) WL_GOTO(error, fail, wl_gram_symmetric(train, needed_content(model), model->gram));
  *result = model;
  return WL_OK;
fail:
  wl_model_destroy(&model);
  return error;
}

void wl_model_release(wl_model *model) {
  for (int p = 0; p < WL_PRIOR_COUNT; p++) {
    wl_matrix_destroy(&model->prior[p].targets.x);
    wl_matrix_destroy(&model->prior[p].targets.r);
  }
  wl_single_destroy(&model->floats);
  wl_matrix_destroy(&model->whitened_targets);
  wl_matrix_destroy(&model->gram);
}

void wl_model_destroy(wl_model **pointer) {
  wl_model *model = *pointer;
  if (!model) return;
  wl_model_release(model);
  for (int p = 0; p < WL_PRIOR_COUNT; p++) free(model->evidence[p].log_marginal_likelihood);
  free(model->saved_diagonal);
  free(model->kappa_diagonal);
  free(model);
  *pointer = NULL;
}

const wl_matrix *wl_model_gram(const wl_model *model) { return model->gram; }

const wl_evidence *wl_model_evidence(const wl_model *model, wl_prior prior) {
  const wl_evidence *evidence = &model->evidence[prior];
  return evidence->factor.matrix || evidence->refinement.used ? &model->evidence[prior] : NULL;
}

/* The diagonal of S, by local row: that of the prior's kernel plus σ² and jitter. */
static void diagonal_of(wl_model *model, wl_prior prior) {
  const double *kernel =
      prior == WL_PRIOR_THETA ? wl_kernel_points_theta(model->train->row) : model->kappa_diagonal;
  const double shift = model->options.noise_variance + model->options.jitter;
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
  WL_TRY(wl_cholesky_forward(&evidence->factor, model->whitened_targets));
  whitened_norms(model->whitened_targets, evidence->log_marginal_likelihood);
  log_marginal_likelihood(model, evidence);
  return WL_OK;
}

static wl_triangle triangle_of(wl_prior prior) {
  return prior == WL_PRIOR_THETA ? WL_TRIANGLE_LOWER : WL_TRIANGLE_UPPER;
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
  WL_TRY(bring(model, prior));
  WL_TRY(wl_mixed_factor(&own->mixed, &model->evidence[prior].factor));
  own->factored = own->open = true;
  return WL_OK;
}

wl_mixed_request wl_model_request(wl_model *model, wl_prior prior) {
  wl_mixed_prior *own = &model->prior[prior];
  return (wl_mixed_request){.mixed = &own->mixed, .targets = own->open ? &own->targets : NULL};
}

wl_error wl_model_refine(wl_model *model, const wl_mixed_request *requests, int count) {
  WL_TRY(wl_mixed_solve(model->options.seed, requests, count));
  for (int p = 0; p < WL_PRIOR_COUNT; p++)
    for (int i = 0; i < count; i++) {
      if (requests[i].targets != &model->prior[p].targets) continue;
      log_marginal_likelihood(model, &model->evidence[p]);
      model->evidence[p].refinement.used = true;
      model->prior[p].open = false;
    }
  return WL_OK;
}

wl_error wl_model_solve_targets(wl_model *model) {
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

wl_error wl_model_resume(wl_model *model, wl_prior prior, const wl_factor_watch *watch,
                         const wl_factor_state *resume) {
  wl_factor_state state;
  if (model->floats) return factor_mixed(model, prior);
  diagonal_of(model, prior);
  if (resume) {
    state = *resume;
    state.diagonal = model->saved_diagonal;
  } else {
    wl_matrix_set_diagonal(model->gram, model->saved_diagonal);
  }
  WL_TRY(wl_cholesky_resume(model->gram, triangle_of(prior), prior == WL_PRIOR_THETA ? "theta" : "kappa",
                            model->options.seed, watch, resume ? &state : NULL, &model->evidence[prior].factor));
  return condition_on_targets(model, prior);
}

wl_error wl_model_factor(wl_model *model, wl_prior prior) { return wl_model_resume(model, prior, NULL, NULL); }

wl_error wl_model_restore_factor(wl_model *model, wl_prior prior, const wl_evidence *evidence) {
  wl_cholesky *factor = &model->evidence[prior].factor;
  *factor = evidence->factor;
  factor->matrix = model->gram;
  factor->triangle = triangle_of(prior);
  return condition_on_targets(model, prior);
}

void wl_model_restore_evidence(wl_model *model, wl_prior prior, const wl_evidence *evidence) {
  wl_evidence *own = &model->evidence[prior];
  own->factor = evidence->factor;
  own->factor.matrix = model->gram;
  own->factor.triangle = triangle_of(prior);
  memcpy(own->log_marginal_likelihood, evidence->log_marginal_likelihood,
         sizeof(double) * (size_t)model->targets->columns);
}
