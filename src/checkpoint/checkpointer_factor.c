/*
 * Checkpoints while a prior is factored and test points are predicted, and factors that are kept or used again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/same_file.h"
#include "base/writable.h"
#include "checkpoint/checkpointer_private.h"

static bool wants(void *context, int64_t columns) {
  wl_checkpointer *k = context;
  (void)columns;
  return wl_halt_poll(&k->halt) != WL_DECISION_GO_ON;
}

/* The certificate needs what Θ's predictions leave in memory: a run that has them cannot be gone on from later. */
static bool is_too_late(const wl_checkpointer *k, wl_prior prior, int64_t predicted) {
  return k->suspended || (k->options.certified && (prior == WL_PRIOR_KAPPA || predicted > 0));
}

static wl_error reached(void *context, const wl_factor_state *state) {
  wl_checkpointer *k = context;
  if (is_too_late(k, k->prior, 0)) {
    wl_halt_saved(&k->halt);
    return wl_checkpointer_stop_without(k, k->halt.stop ? WL_DECISION_STOP : WL_DECISION_SAVE);
  }
  wl_checkpoint c = {.prior = k->prior, .columns = state->columns, .norm = state->norm};
  const wl_checkpoint_content content = {
      .matrix = wl_model_gram(k->model), .triangle = wl_prior_triangle(k->prior), .products = state->products};
  return wl_checkpointer_save(k, k->halt.stop ? WL_DECISION_STOP : WL_DECISION_SAVE, &c, &content);
}

/* Whether what is left to do needs the factor, which then is in one checkpoint, or in a file of its own. */
static bool needs_factor(const wl_checkpointer *k, const wl_checkpoint *c) {
  return !k->options.factor && (c->predicted < k->options.test || c->loo_due);
}

wl_error wl_checkpointer_boundary(wl_checkpointer *k, wl_prior prior, int64_t predicted) {
  if (!k->open) return WL_OK;
  int have = k->factor_file != NULL;
  MPI_Bcast(&have, 1, MPI_INT, 0, k->options.comm);
  wl_decision decision = wl_halt_decide(&k->halt);
  if (is_too_late(k, prior, predicted)) return wl_checkpointer_stop_without(k, decision);
  if (decision == WL_DECISION_GO_ON && k->options.certified && !have && !k->options.factor)
    decision = WL_DECISION_SAVE;
  if (decision == WL_DECISION_GO_ON) return WL_OK;
  wl_checkpoint c = {.prior = prior, .columns = k->options.train, .factored = true, .predicted = predicted};
  c.loo_due = k->loo_due && predicted == k->options.test;
  if (k->draws.begun) c.draws = k->draws;
  wl_checkpoint_content content = {.triangle = wl_prior_triangle(prior)};
  if (needs_factor(k, &c) && have) c.matrix_file = strdup(k->rank == 0 ? k->factor_file : "-");
  if (needs_factor(k, &c) && !have) content.matrix = wl_model_gram(k->model);
  return wl_checkpointer_save(k, decision, &c, &content);
}

wl_error wl_checkpointer_last_boundary(wl_checkpointer *k) {
  const wl_checkpoint *s = &k->state;
  const bool drawn = s->draws.done || !k->options.draws;
  if (k->resumed && s->prior == k->options.last_prior && s->predicted == k->options.test && !s->loo_due && drawn)
    return WL_OK; /* nothing was done yet */
  return wl_checkpointer_boundary(k, k->options.last_prior, k->options.test);
}

/* ---- factors -------------------------------------------------------------------------------------------------- */

/* Whether the file has this factor already: a resumed run need not write it again. */
static int is_kept(const wl_checkpointer *k, const char *path) {
  wl_checkpoint c;
  if (wl_checkpoint_open(path, &c) != WL_OK) return 0;
  const int same = c.fingerprint && strcmp(c.fingerprint, k->factor_fingerprint) == 0;
  wl_checkpoint_clear(&c);
  return same;
}

static bool is_factor(const char *path) {
  wl_checkpoint c;
  if (wl_checkpoint_open(path, &c) != WL_OK) return false;
  const bool factor = c.factored && c.strips > 0;
  wl_checkpoint_clear(&c);
  return factor;
}

/* What an earlier run's configuration names need not have been written by it. */
static bool may_write(const wl_checkpointer *k, const char *path) {
  if (k->options.overwrite || access(path, F_OK) != 0 || is_kept(k, path)) return true;
  return k->options.replace_factor && is_factor(path);
}

wl_error wl_checkpointer_prepare_factors(const wl_checkpointer *k) {
  for (int p = 0; p < WL_PRIOR_COUNT; p++) {
    char path[WL_PATH_SIZE];
    if (!k->options.works[p]) continue;
    wl_checkpointer_factor_path(k->options.factor_save, (wl_prior)p, path, sizeof path);
    WL_TRY(wl_writable_file(path, "factor.save"));
    if (may_write(k, path)) continue;
    WL_FAIL(WL_ERROR_CONFIG,
            "%s: is there and is not the factor that factor.save would write over it: name another file, or give "
            "--overwrite",
            path);
  }
  return WL_OK;
}

static wl_error write_factor(wl_checkpointer *k, wl_prior prior, const char *path) {
  const wl_checkpoint_content content = {.matrix = wl_model_gram(k->model), .triangle = wl_prior_triangle(prior)};
  wl_checkpoint c = {.prior = prior, .columns = k->options.train, .factored = true};
  wl_error error = wl_checkpointer_make_header(k, &c);
  free(c.fingerprint);
  c.fingerprint = k->rank == 0 ? strdup(k->factor_fingerprint) : NULL;
  error = wl_error_agree(k->options.comm, error);
  if (error == WL_OK) error = wl_checkpoint_write(k->grid, path, &content, &c);
  wl_checkpoint_clear(&c);
  char bytes[32];
  if (error == WL_OK)
    wl_log_text(4, "  factor of %s kept in %s: %s", wl_prior_name(prior), path,
                wl_format_bytes(wl_checkpoint_matrix_bytes(k->options.train), bytes, sizeof bytes));
  return error;
}

/* What the run is for is its results: they do not wait for a disk that is full. */
static void keep_factor(wl_checkpointer *k, wl_prior prior) {
  if (!k->options.factor_save) return;
  const wl_phase before = wl_timer_enter(k->options.timer, WL_PHASE_CHECKPOINT);
  char path[WL_PATH_SIZE];
  int kept = 0;
  wl_checkpointer_factor_path(k->options.factor_save, prior, path, sizeof path);
  if (k->rank == 0) kept = is_kept(k, path);
  MPI_Bcast(&kept, 1, MPI_INT, 0, k->options.comm);
  const wl_error error = kept ? WL_OK : write_factor(k, prior, path);
  wl_timer_enter(k->options.timer, before);
  if (error != WL_OK)
    wl_log_warning("the factor of %s is not kept: %s; the run goes on", wl_prior_name(prior), wl_error_message());
}

/* Root. A factor of fewer rows can be used where those are the first of the training rows. */
static wl_error compare_first_rows(const wl_checkpointer *k, const char *path, const wl_checkpoint *c) {
  const long long rows = (long long)c->rows, train = (long long)k->options.train;
  char *first = NULL;
  WL_TRY(k->client.fingerprint(k->client.context, WL_SCOPE_FACTOR, c->rows, &first));
  wl_error error = wl_checkpointer_compare(path, c->fingerprint, first);
  if (error == WL_ERROR_DATA)
    error = wl_error_set(
        error,
        "%s: has the factor of %lld training rows, but the first %lld of the %lld training rows are "
        "others than those: rows may be appended, not changed%s",
        path, rows, rows, train,
        strstr(first, "data.standardize: true") ? "; with data.standardize, rows that are appended change all"
                                                : "");
  free(first);
  return error;
}

/* Root. */
static wl_error open_factor(const wl_checkpointer *k, wl_prior prior, const char *path, wl_checkpoint *c) {
  if (access(path, F_OK) != 0 && prior == WL_PRIOR_KAPPA)
    WL_FAIL(
        WL_ERROR_DATA,
        "%s: is not there, and nngp needs the factor of kappa: keep it, by a run with nngp and factor.save, or "
        "leave nngp out of quantities",
        path);
  WL_TRY(wl_checkpoint_open(path, c));
  const bool factor = c->prior == prior && c->factored && c->strips > 0 && c->rows <= k->options.train;
  if (factor && c->rows < k->options.train)
    WL_TRY(compare_first_rows(k, path, c));
  else
    WL_TRY(wl_checkpointer_compare(path, c->fingerprint, k->factor_fingerprint));
  if (!factor) WL_FAIL(WL_ERROR_DATA, "%s: does not hold the factor of %s", path, wl_prior_name(prior));
  return WL_OK;
}

/* Root. Whether factor.save names another file than that of the factor, by whatever name, and one that may be written. */
static bool may_save(const wl_checkpointer *k, wl_prior prior, const char *path) {
  char save[WL_PATH_SIZE];
  if (!k->options.factor_save) return false;
  wl_checkpointer_factor_path(k->options.factor_save, prior, save, sizeof save);
  if (wl_same_file(path, save)) return false;
  if (may_write(k, save)) return true;
  wl_log_warning("%s: is there, so the factor with the rows appended is not kept: give --overwrite", save);
  return false;
}

/* Extends the factor, which is in its place, to all training rows. */
static wl_error append_rows(wl_checkpointer *k, wl_prior prior, const char *path, const wl_checkpoint *c) {
  const double n = (double)c->rows, e = (double)k->options.train - n, began = MPI_Wtime();
  wl_timer_count(k->options.timer, n * n * e + n * e * e + e * e * e / 3.0);
  WL_TRY(wl_model_extend_factor(k->model, prior, c->rows, &c->evidence[prior]));
  wl_log_text(4, "  factor of %s: %lld rows appended to the %lld of %s in %.2f s", wl_prior_name(prior),
              (long long)e, (long long)n, path, MPI_Wtime() - began);
  int save = k->rank == 0 && may_save(k, prior, path);
  MPI_Bcast(&save, 1, MPI_INT, 0, k->options.comm);
  if (save) keep_factor(k, prior);
  return WL_OK;
}

/* Collective. The numbers of the factor are the file's; what follows from the targets is computed again. */
static wl_error read_factor(wl_checkpointer *k, wl_prior prior, const char *path, const wl_checkpoint *c) {
  wl_matrix first = wl_matrix_leading(wl_model_gram(k->model), c->rows, c->rows);
  const bool whole = c->rows == k->options.train;
  if (!whole) WL_TRY(wl_model_assemble_border(k->model, prior, c->rows));
  WL_TRY(wl_checkpoint_read_matrix(path, c, wl_prior_triangle(prior), &first));
  if (whole) return wl_model_restore_factor(k->model, prior, &c->evidence[prior]);
  return append_rows(k, prior, path, c);
}

static wl_error use_factor(wl_checkpointer *k, wl_prior prior) {
  char path[WL_PATH_SIZE];
  wl_checkpoint c = {0};
  wl_checkpointer_factor_path(k->options.factor, prior, path, sizeof path);
  wl_error error = k->rank == 0 ? open_factor(k, prior, path, &c) : WL_OK;
  WL_GOTO(error, done, wl_error_agree(k->options.comm, error));
  WL_GOTO(error, done, wl_checkpoint_share(k->options.comm, &c));
  error = read_factor(k, prior, path, &c);
done:
  wl_checkpoint_clear(&c);
  return error;
}

/* Factors, watched where there are checkpoints, from where the last run came. */
static wl_error factor(wl_checkpointer *k, wl_prior prior) {
  const wl_factor_watch watch = {.context = k, .wants = wants, .reached = reached};
  wl_factor_state from = {.columns = k->state.columns, .norm = k->state.norm, .products = k->products};
  const bool resumed = wl_checkpointer_resumes_at(k, prior);
  if (resumed && k->state.factored) return wl_model_restore_factor(k->model, prior, &k->state.evidence[prior]);
  free(k->factor_file);
  k->factor_file = NULL;
  return wl_model_resume(k->model, prior, k->open ? &watch : NULL, resumed ? &from : NULL);
}

wl_error wl_checkpointer_factor(wl_checkpointer *k, wl_model *model, wl_prior prior) {
  k->model = model;
  k->prior = prior;
  if (k->options.factor) return use_factor(k, prior);
  if (k->open) wl_halt_start(&k->halt);
  WL_TRY(factor(k, prior));
  wl_matrix_destroy(&k->products);
  keep_factor(k, prior);
  if (wl_checkpointer_resumes_at(k, prior) && k->state.factored)
    return WL_OK; /* nothing was done yet: no attempt may end without */
  return wl_checkpointer_boundary(k, prior, 0);
}
