/*
 * Where a run goes on: the newest checkpoint that is whole, and the files that have its matrices.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "checkpoint/checkpointer_private.h"

/* A checkpoint that may be gone on from, and the file that has its matrix. */
typedef struct candidate {
  int64_t left; /* how many of `numbers` are not yet tried */
  int64_t numbers[WL_CHECKPOINTER_MOST];
  char path[WL_PATH_SIZE], matrix_path[WL_PATH_SIZE];
  wl_checkpoint matrix; /* header of the matrix's file, where that is another */
  char lower_path[WL_PATH_SIZE];
  wl_checkpoint lower; /* of the file with L, where that is another still */
} candidate;

/* Root. Opens the files that have the matrix, where they are others. */
static wl_error open_matrix_file(wl_checkpointer *k, candidate *c) {
  if (k->state.draws.lower_file) {
    wl_checkpointer_path(k, k->state.draws.lower_file, c->lower_path, sizeof c->lower_path);
    WL_TRY(wl_checkpoint_open(c->lower_path, &c->lower));
  }
  const char *file = k->state.matrix_file;
  free(k->factor_file);
  k->factor_file = NULL;
  snprintf(c->matrix_path, sizeof c->matrix_path, "%s", c->path);
  if (!file) return WL_OK;
  if (*file) {
    wl_checkpointer_path(k, file, c->matrix_path, sizeof c->matrix_path);
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
static wl_error next_candidate(wl_checkpointer *k, candidate *c, int *found) {
  for (*found = 0; c->left > 0 && !*found;) {
    char name[WL_PATH_SIZE];
    wl_checkpointer_name(k, c->numbers[--c->left], name, sizeof name);
    wl_checkpointer_path(k, name, c->path, sizeof c->path);
    wl_error error = wl_checkpoint_open(c->path, &k->state);
    if (error == WL_OK) WL_TRY(wl_checkpointer_compare(c->path, k->state.fingerprint, k->fingerprint));
    if (error == WL_OK) error = open_matrix_file(k, c);
    *found = error == WL_OK;
    if (!*found) leave_out(k, c);
  }
  return WL_OK;
}

/* Collective. Reads L into the joint array and keeps its diagonal, which goes to the other factor. */
static wl_error load_lower(wl_checkpointer *k, candidate *c) {
  WL_TRY(wl_checkpoint_share(k->options.comm, &c->lower));
  MPI_Bcast(c->lower_path, WL_PATH_SIZE, MPI_CHAR, 0, k->options.comm);
  WL_TRY(wl_checkpoint_read_matrix(c->lower_path, &c->lower, WL_TRIANGLE_LOWER, k->array));
  free(k->lower_diagonal);
  k->lower_diagonal = calloc((size_t)k->array->local_rows + 1, sizeof(double));
  wl_error error = k->lower_diagonal ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "checkpoint: out of memory");
  WL_TRY(wl_error_agree(k->options.comm, error));
  wl_matrix_get_diagonal(k->array, k->lower_diagonal);
  return WL_OK;
}

static wl_triangle state_triangle(const wl_checkpoint *s) {
  if (!s->draws.begun) return wl_prior_triangle(s->prior);
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
static wl_error load(wl_checkpointer *k, candidate *c) {
  WL_TRY(wl_checkpoint_share(k->options.comm, &k->state));
  const wl_draw_state *draws = &k->state.draws;
  if (!k->state.matrix_file && !draws->lower_file) return WL_OK;
  const int64_t n = k->options.train + (draws->begun ? k->options.test : 0);
  if (k->array && k->array->rows != n) wl_matrix_destroy(&k->array);
  if (!k->array) WL_TRY(wl_matrix_create(k->grid, n, n, &k->array));
  if (draws->lower_file) WL_TRY(load_lower(k, c));
  if (!k->state.matrix_file) return WL_OK;
  const bool other = *k->state.matrix_file != 0;
  if (other) WL_TRY(wl_checkpoint_share(k->options.comm, &c->matrix));
  MPI_Bcast(c->matrix_path, WL_PATH_SIZE, MPI_CHAR, 0, k->options.comm);
  WL_TRY(wl_checkpoint_read_matrix(c->matrix_path, other ? &c->matrix : &k->state, state_triangle(&k->state),
                                   k->array));
  if (k->state.factored) return WL_OK;
  if (!k->products) WL_TRY(wl_matrix_create(k->grid, k->options.train, WL_PROBES, &k->products));
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
static wl_error find_state(wl_checkpointer *k, candidate *c) {
  for (;;) {
    int found = 0;
    wl_error error = k->rank == 0 ? next_candidate(k, c, &found) : WL_OK;
    WL_TRY(wl_error_agree(k->options.comm, error));
    MPI_Bcast(&found, 1, MPI_INT, 0, k->options.comm);
    if (!found) return WL_OK;
    error = load(k, c);
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

wl_error wl_checkpointer_resume(wl_checkpointer *k) {
  candidate *c = calloc(1, sizeof *c);
  wl_error error = c ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "checkpoint: out of memory");
  error = wl_error_agree(k->options.comm, error);
  if (error == WL_OK) {
    if (k->rank == 0) c->left = wl_checkpointer_list(k, WL_CHECKPOINTER_MOST, c->numbers);
    error = find_state(k, c);
    wl_checkpoint_clear(&c->matrix);
    wl_checkpoint_clear(&c->lower);
  }
  free(c);
  return error;
}
