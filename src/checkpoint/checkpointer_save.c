/*
 * Writing a checkpoint. One file is one moment; while test points are predicted, later files hold the results so far and
 * name the file that has the factor.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "checkpoint/checkpointer_private.h"

static wl_error copy_evidence(const wl_checkpointer *k, const wl_checkpointer_state *state, wl_checkpoint *c) {
  const size_t size = sizeof(double) * (size_t)k->options.outputs;
  for (int p = 0; p < WL_PRIOR_COUNT; p++) {
    const wl_evidence *e = state->evidence[p];
    if (!e || ((wl_prior)p == c->prior && !c->factored)) continue;
    c->evidence[p] = *e;
    c->evidence[p].log_marginal_likelihood = malloc(size + 1);
    if (!c->evidence[p].log_marginal_likelihood) WL_FAIL(WL_ERROR_MEMORY, "checkpoint: out of memory");
    memcpy(c->evidence[p].log_marginal_likelihood, e->log_marginal_likelihood, size);
  }
  return WL_OK;
}

wl_error wl_checkpointer_make_header(const wl_checkpointer *k, wl_checkpoint *c) {
  const wl_checkpointer_state state = k->client.state(k->client.context);
  c->rows = k->options.train + (c->draws.begun && !c->draws.done ? k->options.test : 0);
  c->outputs = k->options.outputs;
  c->clamped = state.clamped;
  c->most_negative = state.most_negative;
  c->attempts = k->attempts;
  c->seconds = k->seconds + MPI_Wtime() - k->options.timer->began;
  c->bytes_per_second = k->bytes_per_second;
  if (k->fingerprint && !(c->fingerprint = strdup(k->fingerprint)))
    WL_FAIL(WL_ERROR_MEMORY, "checkpoint: out of memory");
  return copy_evidence(k, &state, c);
}

static wl_error write_file(wl_checkpointer *k, wl_checkpoint *c, const wl_checkpoint_content *given, char *path) {
  wl_checkpoint_content content = *given;
  char results[WL_PATH_SIZE], name[WL_PATH_SIZE];
  wl_error error = wl_checkpointer_make_header(k, c);
  if (k->rank == 0) {
    wl_checkpointer_name(k, k->number + 1, name, sizeof name);
    wl_checkpointer_path(k, name, path, WL_PATH_SIZE);
    if (error == WL_OK) error = wl_checkpointer_make_folder(k);
    if (error == WL_OK) error = k->client.results(k->client.context, results, sizeof results);
    content.results = results;
  }
  WL_TRY(wl_error_agree(k->options.comm, error));
  MPI_Bcast(path, WL_PATH_SIZE, MPI_CHAR, 0, k->options.comm);
  WL_TRY(wl_checkpoint_write(k->grid, path, &content, c));
  k->number++;
  k->written++;
  k->bytes_per_second = c->bytes_per_second;
  if (k->rank == 0) wl_checkpointer_prune(k, k->options.keep);
  free(k->last_file);
  k->last_file = strdup(strrchr(path, '/') + 1);
  if (content.matrix && c->factored && !c->draws.begun) {
    free(k->factor_file);
    k->factor_file = strdup(strrchr(path, '/') + 1);
  }
  return WL_OK;
}

/* Bytes beside results so far. */
static double size_of(const wl_checkpoint_content *content) {
  const double matrix = content->matrix ? wl_checkpoint_matrix_bytes(content->matrix->rows) : 0.0;
  return matrix + wl_checkpoint_panel_bytes(content);
}

/*
 * Writes a checkpoint on this decision. One that is only in time may fail: the run goes on with those before. One that
 * ends the run may not.
 */
wl_error wl_checkpointer_save(wl_checkpointer *k, wl_decision decision, wl_checkpoint *c,
                              const wl_checkpoint_content *content) {
  const wl_phase before = wl_timer_enter(k->options.timer, WL_PHASE_CHECKPOINT);
  const double began = MPI_Wtime();
  char path[WL_PATH_SIZE] = "", bytes[32];
  const wl_error error = write_file(k, c, content, path);
  const double seconds = MPI_Wtime() - began, size = size_of(content);
  wl_checkpoint_clear(c);
  if (error == WL_OK && size > 0.0) k->halt.saving = seconds;
  wl_halt_saved(&k->halt);
  wl_timer_enter(k->options.timer, before);
  if (error == WL_OK)
    wl_log_text(4, "  checkpoint %s: %s in %.2f s", path,
                size > 0.0 ? wl_format_bytes(size, bytes, sizeof bytes) : "results so far", seconds);
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

wl_error wl_checkpointer_stop_without(const wl_checkpointer *k, wl_decision decision) {
  if (decision != WL_DECISION_STOP) return WL_OK;
  WL_FAIL(WL_ERROR_STOPPED, "stopped by %s; run it again with --resume to go on from the factor of theta",
          wl_halt_reason(&k->halt));
}
