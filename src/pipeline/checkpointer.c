/*
 * Checkpoints of a run: what goes into them, when, and where a run goes on. One file is one moment; while test points
 * are predicted, later files hold the results so far and name the file that has the factor.
 */
#include "pipeline/checkpointer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/log.h"
#include "pipeline/sample.h"

enum { PATH_SIZE = 4200, MOST = 64 };

/* Until one was measured, a checkpoint is taken to be written and read back at this speed. */
static const double assumed_speed = 100e6;

static wl_triangle triangle_of(wl_prior prior) {
  return prior == WL_PRIOR_THETA ? WL_TRIANGLE_LOWER : WL_TRIANGLE_UPPER;
}

static const char *name_of(wl_prior prior) { return prior == WL_PRIOR_THETA ? "theta" : "kappa"; }

/* ---- fingerprints --------------------------------------------------------------------------------------------- */

/* Root. Configuration and data of that scope as text. */
static wl_error make_fingerprint(const wl_run *run, wl_scope scope, char **text) {
  char *config = NULL, *data = NULL;
  wl_error error = wl_config_fingerprint(run->config, scope, &config);
  if (error == WL_OK) error = wl_data_fingerprint(run->data, scope == WL_SCOPE_RUN, &data);
  if (error == WL_OK) {
    /* a prediction's checkpoints have no matrix: a run cannot go on from them */
    const char *command = scope == WL_SCOPE_RUN && run->checkpointer.factor ? "command: predict\n" : "";
    const size_t size = strlen(config) + strlen(data) + strlen(command) + 1;
    *text = malloc(size);
    if (*text)
      snprintf(*text, size, "%s%s%s", config, data, command);
    else
      error = wl_error_set(WL_ERROR_MEMORY, "checkpoint: out of memory");
  }
  free(data);
  free(config);
  return error;
}

/* ---- going on ------------------------------------------------------------------------------------------------- */

/* A checkpoint that may be gone on from, and the file that has its matrix. */
typedef struct candidate {
  int64_t left; /* how many of `numbers` are not yet tried */
  int64_t numbers[MOST];
  char path[PATH_SIZE], matrix_path[PATH_SIZE];
  wl_checkpoint matrix; /* header of the matrix's file, where that is another */
  char lower_path[PATH_SIZE];
  wl_checkpoint lower; /* of the file with L, where that is another still */
} candidate;

/* Root. Opens the files that have the matrix, where they are others. */
static wl_error open_matrix_file(wl_run *run, candidate *c) {
  wl_checkpointer *k = &run->checkpointer;
  if (k->state.draws.lower_file) {
    wl_checkpointer_path(run, k->state.draws.lower_file, c->lower_path, sizeof c->lower_path);
    WL_TRY(wl_checkpoint_open(c->lower_path, &c->lower));
  }
  const char *file = k->state.matrix_file;
  free(k->factor_file);
  k->factor_file = NULL;
  snprintf(c->matrix_path, sizeof c->matrix_path, "%s", c->path);
  if (!file) return WL_OK;
  if (*file) {
    wl_checkpointer_path(run, file, c->matrix_path, sizeof c->matrix_path);
    WL_TRY(wl_checkpoint_open(c->matrix_path, &c->matrix));
  }
  if (k->state.factored && !k->state.draws.begun) k->factor_file = strdup(strrchr(c->matrix_path, '/') + 1);
  return WL_OK;
}

/* Says why a checkpoint is left out, and forgets it. */
static void leave_out(wl_checkpointer *k, candidate *c) {
  wl_log_warning("%s; this checkpoint is left out", wl_error_message());
  wl_checkpoint_clear(&k->state);
  wl_checkpoint_clear(&c->matrix);
  wl_checkpoint_clear(&c->lower);
}

/* Root. The newest candidate that is whole, as far as one rank can tell; `found` says whether there is one. */
static wl_error next_candidate(wl_run *run, candidate *c, int *found) {
  wl_checkpointer *k = &run->checkpointer;
  for (*found = 0; c->left > 0 && !*found;) {
    char name[PATH_SIZE];
    wl_checkpointer_name(run, c->numbers[--c->left], name, sizeof name);
    wl_checkpointer_path(run, name, c->path, sizeof c->path);
    wl_error error = wl_checkpoint_open(c->path, &k->state);
    if (error == WL_OK) WL_TRY(wl_checkpointer_compare(c->path, k->state.fingerprint, k->fingerprint));
    if (error == WL_OK) error = open_matrix_file(run, c);
    *found = error == WL_OK;
    if (!*found) leave_out(k, c);
  }
  return WL_OK;
}

/* Collective. Reads L into the joint array and keeps its diagonal, which goes to the other factor. */
static wl_error load_lower(wl_run *run, candidate *c) {
  wl_checkpointer *k = &run->checkpointer;
  WL_TRY(wl_checkpoint_share(run->comm, &c->lower));
  MPI_Bcast(c->lower_path, PATH_SIZE, MPI_CHAR, 0, run->comm);
  WL_TRY(wl_checkpoint_read_matrix(c->lower_path, &c->lower, WL_TRIANGLE_LOWER, k->array));
  free(k->lower_diagonal);
  k->lower_diagonal = calloc((size_t)k->array->local_rows + 1, sizeof(double));
  wl_error error = k->lower_diagonal ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "checkpoint: out of memory");
  WL_TRY(wl_error_agree(run->comm, error));
  wl_matrix_get_diagonal(k->array, k->lower_diagonal);
  return WL_OK;
}

static wl_triangle triangle_of_state(const wl_checkpoint *s) {
  if (!s->draws.begun) return triangle_of(s->prior);
  return s->draws.joint.stage == WL_STAGE_POSTERIOR ? WL_TRIANGLE_LOWER : WL_TRIANGLE_UPPER;
}

/* Takes over how far the draws were, and where their finished factors are. */
static void recall_draws(wl_checkpointer *k, const candidate *c) {
  const wl_draw_state *d = &k->state.draws;
  const int which = d->joint.stage != WL_STAGE_POSTERIOR;
  k->draws = *d;
  k->draws.lower_file = NULL;
  if (d->lower_file) k->draw_file[0] = strdup(d->lower_file);
  if (k->state.matrix_file && d->joint.columns == k->array->rows)
    k->draw_file[which] = strdup(strrchr(c->matrix_path, '/') + 1);
}

/* Collective. Reads the matrix, and S Z where a factorization is to go on. */
static wl_error load(wl_run *run, candidate *c) {
  wl_checkpointer *k = &run->checkpointer;
  WL_TRY(wl_checkpoint_share(run->comm, &k->state));
  const wl_draw_state *draws = &k->state.draws;
  if (!k->state.matrix_file && !draws->lower_file) return WL_OK;
  const int64_t n = run->shape.train + (draws->begun ? run->shape.test : 0);
  if (k->array && k->array->rows != n) wl_matrix_destroy(&k->array);
  if (!k->array) WL_TRY(wl_matrix_create(run->grid, n, n, &k->array));
  if (draws->lower_file) WL_TRY(load_lower(run, c));
  if (!k->state.matrix_file) return WL_OK;
  const bool other = *k->state.matrix_file != 0;
  if (other) WL_TRY(wl_checkpoint_share(run->comm, &c->matrix));
  MPI_Bcast(c->matrix_path, PATH_SIZE, MPI_CHAR, 0, run->comm);
  WL_TRY(wl_checkpoint_read_matrix(c->matrix_path, other ? &c->matrix : &k->state, triangle_of_state(&k->state),
                                   k->array));
  if (k->state.factored) return WL_OK;
  if (!k->products) WL_TRY(wl_matrix_create(run->grid, run->shape.train, WL_PROBES, &k->products));
  return wl_checkpoint_read_products(c->matrix_path, k->products);
}

/* What a checkpoint that turned out to be damaged left behind: whoever finds an array takes it for the state's. */
static void forget(wl_checkpointer *k) {
  wl_matrix_destroy(&k->array);
  wl_matrix_destroy(&k->products);
  free(k->lower_diagonal);
  k->lower_diagonal = NULL;
}

/* Collective. The newest checkpoint that is whole, or none. */
static wl_error find_state(wl_run *run, candidate *c) {
  wl_checkpointer *k = &run->checkpointer;
  for (;;) {
    int found = 0;
    wl_error error = run->rank == 0 ? next_candidate(run, c, &found) : WL_OK;
    WL_TRY(wl_error_agree(run->comm, error));
    MPI_Bcast(&found, 1, MPI_INT, 0, run->comm);
    if (!found) return WL_OK;
    error = load(run, c);
    if (error == WL_OK) {
      if (k->state.draws.begun) recall_draws(k, c);
      k->resumed = true;
      k->resumed_from = strdup(c->path);
      k->attempts = k->state.attempts + 1;
      k->seconds = k->state.seconds;
      k->bytes_per_second = k->state.bytes_per_second;
      return WL_OK;
    }
    if (error != WL_ERROR_DATA && error != WL_ERROR_IO) return error;
    forget(k);
    leave_out(k, c);
  }
}

/* ---- opening -------------------------------------------------------------------------------------------------- */

bool wl_checkpointer_keeps_joint(const wl_config *config) {
  return wl_run_has_samples(config) && !config->certify.wanted;
}

double wl_checkpointer_checkpoint_bytes(const wl_config *config, const wl_data_shape *shape) {
  const double n = (double)shape->train, m = (double)shape->test, c = (double)shape->outputs;
  const bool joint = wl_checkpointer_keeps_joint(config);
  return wl_checkpoint_matrix_bytes(shape->train + (joint ? shape->test : 0)) +
         8.0 * (n * WL_PROBES + m * (2.0 * c + WL_QUANTITY_COUNT));
}

/* Seconds that writing a checkpoint and reading it back takes, as far as is known. */
static double saving_time(const wl_run *run) {
  const double speed =
      run->checkpointer.bytes_per_second > 0.0 ? run->checkpointer.bytes_per_second : assumed_speed;
  return 2.0 * wl_checkpointer_checkpoint_bytes(run->config, &run->shape) / speed;
}

/* Root. */
static wl_error prepare(wl_run *run) {
  wl_checkpointer *k = &run->checkpointer;
  const wl_config *c = run->config;
  if (c->checkpoint.keep > MOST - 4)
    WL_FAIL(WL_ERROR_CONFIG, "checkpoint.keep is %d; it must be at most %d", c->checkpoint.keep, MOST - 4);
  if (c->factor_save || k->factor) WL_TRY(make_fingerprint(run, WL_SCOPE_FACTOR, &k->factor_fingerprint));
  if (!k->open) return WL_OK;
  WL_TRY(wl_checkpointer_make_folder(run));
  return make_fingerprint(run, WL_SCOPE_RUN, &k->fingerprint);
}

static wl_error check_usage(const wl_run *run, const wl_request *request) {
  if (run->config->checkpoint.directory) return WL_OK;
  if (!request->resume && request->time_limit <= 0.0) return WL_OK;
  WL_FAIL(WL_ERROR_USAGE, "%s needs checkpoint.directory in the configuration",
          request->resume ? "--resume" : "--time-limit");
}

static wl_error resume(wl_run *run) {
  candidate *c = calloc(1, sizeof *c);
  wl_error error = c ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "checkpoint: out of memory");
  error = wl_error_agree(run->comm, error);
  if (error == WL_OK) {
    if (run->rank == 0) c->left = wl_checkpointer_list(run, MOST, c->numbers);
    error = find_state(run, c);
    wl_checkpoint_clear(&c->matrix);
    wl_checkpoint_clear(&c->lower);
  }
  free(c);
  return error;
}

wl_error wl_checkpointer_open(wl_run *run, const wl_request *request) {
  wl_checkpointer *k = &run->checkpointer;
  const wl_config *config = run->config;
  k->factor = request->factor;
  k->attempts = 1;
  k->lock = -1;
  WL_TRY(check_usage(run, request));
  k->open = config->checkpoint.directory != NULL;
  if (k->open)
    wl_halt_open(&k->halt, run->comm, run->timer.began, request->time_limit,
                 60.0 * config->checkpoint.every_minutes);
  WL_TRY(wl_error_agree(run->comm, run->rank == 0 ? prepare(run) : WL_OK));
  if (!k->open) return WL_OK;
  if (run->rank == 0) wl_checkpointer_list(run, 1, &k->number);
  if (request->resume) WL_TRY(resume(run));
  k->halt.saving = saving_time(run);
  return WL_OK;
}

void wl_checkpointer_close(wl_run *run) {
  wl_checkpointer *k = &run->checkpointer;
  if (k->open) wl_halt_close(&k->halt);
  if (k->open && run->rank == 0) wl_checkpointer_drop_lock(run);
  wl_checkpoint_clear(&k->state);
  wl_matrix_destroy(&k->products);
  wl_matrix_destroy(&k->array);
  free(k->fingerprint);
  free(k->factor_fingerprint);
  free(k->factor_file);
  free(k->last_file);
  free(k->draw_file[0]);
  free(k->draw_file[1]);
  free(k->lower_diagonal);
  free(k->resumed_from);
  k->open = false;
}

static void announce_resumed(const wl_run *run) {
  const wl_checkpoint *s = &run->checkpointer.state;
  const char *name = name_of(s->prior);
  if (s->draws.begun)
    wl_log_line("  resumed  attempt %lld: all points predicted, draws %s", (long long)run->checkpointer.attempts,
                s->draws.done ? "done" : "begun");
  else if (!s->factored)
    wl_log_line("  resumed  attempt %lld: %s factored to column %lld of %lld",
                (long long)run->checkpointer.attempts, name, (long long)s->columns, (long long)s->rows);
  else
    wl_log_line("  resumed  attempt %lld: %s factored, %lld of %lld test points predicted with it",
                (long long)run->checkpointer.attempts, name, (long long)s->predicted, (long long)run->shape.test);
}

void wl_checkpointer_announce(const wl_run *run) {
  const wl_checkpointer *k = &run->checkpointer;
  const wl_config *c = run->config;
  char text[32];
  if (!k->open || run->rank != 0) return;
  const double bytes = wl_checkpointer_checkpoint_bytes(c, &run->shape);
  wl_log_line("  keep     %d checkpoint%s of %s in %s, one every %g minutes", c->checkpoint.keep,
              c->checkpoint.keep == 1 ? "" : "s", wl_format_bytes(bytes, text, sizeof text),
              c->checkpoint.directory, c->checkpoint.every_minutes);
  struct statvfs status;
  if (statvfs(c->checkpoint.directory, &status) == 0) {
    const double room = (double)status.f_bavail * (double)status.f_frsize;
    if (room < bytes * (double)(c->checkpoint.keep + 1))
      wl_log_warning("%s has %s left: too little for %d checkpoints, one more while it is written",
                     c->checkpoint.directory, wl_format_bytes(room, text, sizeof text), c->checkpoint.keep);
  }
  if (k->resumed) announce_resumed(run);
}

wl_error wl_checkpointer_restore_results(wl_run *run) {
  char to[PATH_SIZE];
  WL_TRY(wl_results_claim_partial(run->config->output_directory, to, sizeof to));
  WL_TRY(wl_checkpoint_extract_results(run->checkpointer.resumed_from, to));
  return wl_results_reopen(run->config->output_directory, &run->results);
}

wl_error wl_checkpointer_recall_predictions(wl_run *run) {
  const wl_checkpointer *k = &run->checkpointer;
  if (!k->resumed) return WL_OK;
  run->tally.clamped = k->state.clamped;
  run->tally.most_negative = k->state.most_negative;
  if (k->state.prior == WL_PRIOR_KAPPA && k->state.evidence[WL_PRIOR_THETA].log_marginal_likelihood)
    WL_TRY(wl_run_recall_predictions(run, WL_PRIOR_THETA, run->shape.test));
  return k->state.predicted > 0 ? wl_run_recall_predictions(run, k->state.prior, k->state.predicted) : WL_OK;
}

/* ---- the phases ----------------------------------------------------------------------------------------------- */

void wl_checkpointer_hand_over(wl_run *run, wl_model_options *options) {
  wl_checkpointer *k = &run->checkpointer;
  if (k->factor) options->holds = WL_GRAM_THETA; /* comes from the file; κ is assembled where A κ_XX Aᵀ wants it */
  if (!k->resumed) return;
  if (k->state.draws.begun) { /* nothing is wanted of the model any more */
    options->holds = WL_GRAM_KAPPA;
    return;
  }
  options->array = k->array;
  k->array = NULL;
  options->holds = k->state.prior == WL_PRIOR_THETA ? WL_GRAM_THETA : WL_GRAM_KAPPA;
}

bool wl_checkpointer_is_past(wl_run *run, wl_prior prior) {
  const wl_checkpoint *s = &run->checkpointer.state;
  if (!run->checkpointer.resumed || !s->evidence[prior].log_marginal_likelihood) return false;
  if (prior == s->prior && s->predicted < run->shape.test) return false;
  wl_model_restore_evidence(run->model, prior, &s->evidence[prior]);
  return true;
}

static bool resumes_at(const wl_run *run, wl_prior prior) {
  const wl_checkpointer *k = &run->checkpointer;
  return k->resumed && k->state.prior == prior && k->state.predicted < run->shape.test;
}

int64_t wl_checkpointer_columns(const wl_run *run, wl_prior prior) {
  if (run->checkpointer.factor) return run->shape.train;
  return resumes_at(run, prior) ? run->checkpointer.state.columns : 0;
}

int64_t wl_checkpointer_predicted(const wl_run *run, wl_prior prior) {
  return resumes_at(run, prior) ? run->checkpointer.state.predicted : 0;
}

/* ---- writing -------------------------------------------------------------------------------------------------- */

static wl_error copy_evidence(const wl_run *run, wl_checkpoint *c) {
  const size_t size = sizeof(double) * (size_t)run->shape.outputs;
  for (int p = 0; p < WL_PRIOR_COUNT; p++) {
    const wl_evidence *e = run->model ? wl_model_evidence(run->model, (wl_prior)p) : NULL;
    if (!e || ((wl_prior)p == c->prior && !c->factored)) continue;
    c->evidence[p] = *e;
    c->evidence[p].log_marginal_likelihood = malloc(size + 1);
    if (!c->evidence[p].log_marginal_likelihood) WL_FAIL(WL_ERROR_MEMORY, "checkpoint: out of memory");
    memcpy(c->evidence[p].log_marginal_likelihood, e->log_marginal_likelihood, size);
  }
  return WL_OK;
}

/* The header of a checkpoint now, but for what the writing finds out. The caller clears it. */
static wl_error make_header(const wl_run *run, wl_checkpoint *c) {
  const wl_checkpointer *k = &run->checkpointer;
  c->rows = run->shape.train + (c->draws.begun && !c->draws.done ? run->shape.test : 0);
  c->outputs = run->shape.outputs;
  c->clamped = run->tally.clamped;
  c->most_negative = run->tally.most_negative;
  c->attempts = k->attempts;
  c->seconds = k->seconds + MPI_Wtime() - run->timer.began;
  c->bytes_per_second = k->bytes_per_second;
  if (k->fingerprint && !(c->fingerprint = strdup(k->fingerprint)))
    WL_FAIL(WL_ERROR_MEMORY, "checkpoint: out of memory");
  return copy_evidence(run, c);
}

static wl_error write_file(wl_run *run, wl_checkpoint *c, const wl_checkpoint_content *given, char *path) {
  wl_checkpointer *k = &run->checkpointer;
  wl_checkpoint_content content = *given;
  char results[PATH_SIZE], name[PATH_SIZE];
  wl_error error = make_header(run, c);
  if (run->rank == 0) {
    wl_checkpointer_name(run, k->number + 1, name, sizeof name);
    wl_checkpointer_path(run, name, path, PATH_SIZE);
    if (error == WL_OK) error = wl_checkpointer_make_folder(run);
    if (error == WL_OK) error = wl_results_flush(run->results);
    if (error == WL_OK) error = wl_results_partial_path(run->config->output_directory, results, sizeof results);
    content.results = results;
  }
  WL_TRY(wl_error_agree(run->comm, error));
  MPI_Bcast(path, PATH_SIZE, MPI_CHAR, 0, run->comm);
  WL_TRY(wl_checkpoint_write(run->grid, path, &content, c));
  k->number++;
  k->written++;
  k->bytes_per_second = c->bytes_per_second;
  if (run->rank == 0) wl_checkpointer_prune(run, run->config->checkpoint.keep);
  free(k->last_file);
  k->last_file = strdup(strrchr(path, '/') + 1);
  if (content.matrix && c->factored && !c->draws.begun) {
    free(k->factor_file);
    k->factor_file = strdup(strrchr(path, '/') + 1);
  }
  return WL_OK;
}

/*
 * Writes a checkpoint on this decision. One that is only in time may fail: the run goes on with those before. One that
 * ends the run may not.
 */
wl_error wl_checkpointer_save(wl_run *run, wl_decision decision, wl_checkpoint *c,
                              const wl_checkpoint_content *content) {
  wl_checkpointer *k = &run->checkpointer;
  const wl_phase before = wl_timer_enter(&run->timer, WL_PHASE_CHECKPOINT);
  const double began = MPI_Wtime();
  char path[PATH_SIZE] = "", bytes[32];
  const wl_error error = write_file(run, c, content, path);
  const double seconds = MPI_Wtime() - began, size = wl_checkpoint_matrix_bytes(c->rows);
  wl_checkpoint_clear(c);
  if (error == WL_OK && content->matrix) k->halt.saving = seconds;
  wl_halt_saved(&k->halt);
  wl_timer_enter(&run->timer, before);
  if (error == WL_OK)
    wl_log_line("  checkpoint %s: %s in %.2f s", path,
                content->matrix ? wl_format_bytes(size, bytes, sizeof bytes) : "results so far", seconds);
  if (decision == WL_DECISION_STOP) {
    if (error == WL_OK)
      WL_FAIL(WL_ERROR_STOPPED, "stopped by %s; run it again with --resume to go on from %s",
              wl_halt_reason(&k->halt), path);
    char reason[WL_MESSAGE_SIZE / 2];
    snprintf(reason, sizeof reason, "%s", wl_error_message());
    WL_FAIL(error, "stopped by %s, and no checkpoint could be written: %s", wl_halt_reason(&k->halt), reason);
  }
  if (error != WL_OK) wl_log_warning("no checkpoint could be written: %s; the run goes on", wl_error_message());
  return WL_OK;
}

static bool wants(void *context, int64_t columns) {
  wl_run *run = context;
  (void)columns;
  return wl_halt_poll(&run->checkpointer.halt) != WL_DECISION_GO_ON;
}

/* The certificate needs what Θ's predictions leave in memory: a run that has them cannot be gone on from later. */
static bool is_too_late(const wl_run *run, wl_prior prior, int64_t predicted) {
  return run->config->certify.wanted && (prior == WL_PRIOR_KAPPA || predicted > 0);
}

wl_error wl_checkpointer_stop_without(const wl_run *run, wl_decision decision) {
  if (decision != WL_DECISION_STOP) return WL_OK;
  WL_FAIL(WL_ERROR_STOPPED, "stopped by %s; run it again with --resume to go on from the factor of theta",
          wl_halt_reason(&run->checkpointer.halt));
}

static wl_error reached(void *context, const wl_factor_state *state) {
  wl_run *run = context;
  wl_checkpointer *k = &run->checkpointer;
  if (is_too_late(run, k->prior, 0)) {
    wl_halt_saved(&k->halt);
    return wl_checkpointer_stop_without(run, k->halt.stop ? WL_DECISION_STOP : WL_DECISION_SAVE);
  }
  wl_checkpoint c = {.prior = k->prior, .columns = state->columns, .norm = state->norm};
  const wl_checkpoint_content content = {
      .matrix = wl_model_gram(run->model), .triangle = triangle_of(k->prior), .products = state->products};
  return wl_checkpointer_save(run, k->halt.stop ? WL_DECISION_STOP : WL_DECISION_SAVE, &c, &content);
}

wl_error wl_checkpointer_boundary(wl_run *run, wl_prior prior, int64_t predicted) {
  wl_checkpointer *k = &run->checkpointer;
  if (!k->open) return WL_OK;
  int have = k->factor_file != NULL;
  MPI_Bcast(&have, 1, MPI_INT, 0, run->comm);
  wl_decision decision = wl_halt_ask(&k->halt);
  if (is_too_late(run, prior, predicted)) return wl_checkpointer_stop_without(run, decision);
  if (decision == WL_DECISION_GO_ON && run->config->certify.wanted && !have && !k->factor)
    decision = WL_DECISION_SAVE;
  if (decision == WL_DECISION_GO_ON) return WL_OK;
  wl_checkpoint c = {.prior = prior, .columns = run->shape.train, .factored = true, .predicted = predicted};
  if (k->draws.begun) c.draws = k->draws;
  wl_checkpoint_content content = {.triangle = triangle_of(prior)};
  if (predicted < run->shape.test && !k->factor) { /* the factor is still needed: once is enough */
    if (have)
      c.matrix_file = strdup(run->rank == 0 ? k->factor_file : "-");
    else
      content.matrix = wl_model_gram(run->model);
  }
  return wl_checkpointer_save(run, decision, &c, &content);
}

wl_prior wl_checkpointer_last_prior(const wl_run *run) {
  const wl_model_options options = wl_run_model_options(run->config);
  return wl_model_needs(&options, WL_PRIOR_KAPPA) ? WL_PRIOR_KAPPA : WL_PRIOR_THETA;
}

wl_error wl_checkpointer_last_boundary(wl_run *run) {
  const wl_checkpoint *s = &run->checkpointer.state;
  const bool drawn = s->draws.done || !wl_run_has_samples(run->config);
  if (run->checkpointer.resumed && s->prior == wl_checkpointer_last_prior(run) &&
      s->predicted == run->shape.test && drawn)
    return WL_OK; /* nothing was done yet */
  return wl_checkpointer_boundary(run, wl_checkpointer_last_prior(run), run->shape.test);
}

/* ---- factors -------------------------------------------------------------------------------------------------- */

/* Whether the file has this factor already: a resumed run need not write it again. */
static int is_kept(const wl_run *run, const char *path) {
  wl_checkpoint c;
  if (wl_checkpoint_open(path, &c) != WL_OK) return 0;
  const int same = c.fingerprint && strcmp(c.fingerprint, run->checkpointer.factor_fingerprint) == 0;
  wl_checkpoint_clear(&c);
  return same;
}

static wl_error write_factor(wl_run *run, wl_prior prior, const char *path) {
  const wl_checkpoint_content content = {.matrix = wl_model_gram(run->model), .triangle = triangle_of(prior)};
  wl_checkpoint c = {.prior = prior, .columns = run->shape.train, .factored = true};
  wl_error error = make_header(run, &c);
  free(c.fingerprint);
  c.fingerprint = run->rank == 0 ? strdup(run->checkpointer.factor_fingerprint) : NULL;
  error = wl_error_agree(run->comm, error);
  if (error == WL_OK) error = wl_checkpoint_write(run->grid, path, &content, &c);
  wl_checkpoint_clear(&c);
  char bytes[32];
  if (error == WL_OK)
    wl_log_line("  factor of %s kept in %s: %s", name_of(prior), path,
                wl_format_bytes(wl_checkpoint_matrix_bytes(run->shape.train), bytes, sizeof bytes));
  return error;
}

static wl_error keep_factor(wl_run *run, wl_prior prior) {
  if (!run->config->factor_save || run->checkpointer.factor) return WL_OK;
  const wl_phase before = wl_timer_enter(&run->timer, WL_PHASE_CHECKPOINT);
  char path[PATH_SIZE];
  int kept = 0;
  wl_checkpointer_factor_path(run->config->factor_save, prior, path, sizeof path);
  if (run->rank == 0) kept = is_kept(run, path);
  MPI_Bcast(&kept, 1, MPI_INT, 0, run->comm);
  const wl_error error = kept ? WL_OK : write_factor(run, prior, path);
  wl_timer_enter(&run->timer, before);
  return error;
}

/* Root. */
static wl_error open_factor(const wl_run *run, wl_prior prior, const char *path, wl_checkpoint *c) {
  WL_TRY(wl_checkpoint_open(path, c));
  WL_TRY(wl_checkpointer_compare(path, c->fingerprint, run->checkpointer.factor_fingerprint));
  if (c->prior != prior || !c->factored || c->strips == 0 || c->rows != run->shape.train)
    WL_FAIL(WL_ERROR_DATA, "%s: does not hold the factor of %s", path, name_of(prior));
  return WL_OK;
}

/* The numbers of the factor are the file's; what follows from the targets is computed again. */
static wl_error use_factor(wl_run *run, wl_prior prior) {
  char path[PATH_SIZE];
  wl_checkpoint c = {0};
  wl_checkpointer_factor_path(run->checkpointer.factor, prior, path, sizeof path);
  wl_error error = run->rank == 0 ? open_factor(run, prior, path, &c) : WL_OK;
  WL_GOTO(error, done, wl_error_agree(run->comm, error));
  WL_GOTO(error, done, wl_checkpoint_share(run->comm, &c));
  WL_GOTO(error, done,
          wl_checkpoint_read_matrix(path, &c, triangle_of(prior), (wl_matrix *)wl_model_gram(run->model)));
  error = wl_model_restore_factor(run->model, prior, &c.evidence[prior]);
done:
  wl_checkpoint_clear(&c);
  return error;
}

/* Factors, watched where there are checkpoints, from where the last run came. */
static wl_error factor(wl_run *run, wl_prior prior) {
  wl_checkpointer *k = &run->checkpointer;
  const wl_factor_watch watch = {.context = run, .wants = wants, .reached = reached};
  wl_factor_state from = {.columns = k->state.columns, .norm = k->state.norm, .products = k->products};
  const bool resumed = resumes_at(run, prior);
  if (resumed && k->state.factored) return wl_model_restore_factor(run->model, prior, &k->state.evidence[prior]);
  free(k->factor_file);
  k->factor_file = NULL;
  return wl_model_resume(run->model, prior, k->open ? &watch : NULL, resumed ? &from : NULL);
}

wl_error wl_checkpointer_factor(wl_run *run, wl_prior prior) {
  wl_checkpointer *k = &run->checkpointer;
  k->prior = prior;
  if (k->factor) return use_factor(run, prior);
  if (k->open) wl_halt_start(&k->halt);
  WL_TRY(factor(run, prior));
  wl_matrix_destroy(&k->products);
  WL_TRY(keep_factor(run, prior));
  if (resumes_at(run, prior) && k->state.factored)
    return WL_OK; /* nothing was done yet: no attempt may end without */
  return wl_checkpointer_boundary(run, prior, 0);
}

void wl_checkpointer_remove_all(wl_run *run) {
  int64_t numbers[MOST];
  if (!run->checkpointer.open || run->rank != 0) return;
  const int64_t count = wl_checkpointer_list(run, MOST, numbers);
  for (int64_t i = 0; i < count; i++) {
    char name[PATH_SIZE], path[PATH_SIZE];
    wl_checkpointer_name(run, numbers[i], name, sizeof name);
    wl_checkpointer_path(run, name, path, sizeof path);
    unlink(path);
  }
}
