/*
 * Checkpoints while draws are made. The joint array holds two factors: L, which is finished first and saved once, and
 * above it κ's or Θ⁻'s, saved as they are made. A checkpoint of a later stage names the file that has L.
 */
#include <stdlib.h>
#include <string.h>

#include "checkpoint/checkpointer_private.h"

enum { LOWER, UPPER };

static int64_t order_of(const wl_checkpointer *k) { return k->options.train + k->options.test; }

/* Writes a state of the joint array. Without a triangle, its file is `file`. */
static wl_error write_state(wl_checkpointer *k, wl_decision decision, wl_joint *joint, const wl_joint_state *state,
                            const wl_triangle *triangle, const char *file) {
  wl_checkpoint c = {.prior = k->options.last_prior,
                     .columns = k->options.train,
                     .factored = true,
                     .predicted = k->options.test,
                     .draws = k->draws};
  c.draws.begun = true;
  c.draws.joint = *state;
  if (state->stage != WL_STAGE_POSTERIOR) c.draws.lower_file = strdup(k->draw_file[LOWER]);
  if (!triangle) {
    if (file) c.matrix_file = strdup(file);
    const wl_checkpoint_content nothing = {.matrix = NULL};
    return wl_checkpointer_save(k, decision, &c, &nothing);
  }
  const bool finished = state->columns == order_of(k);
  const wl_checkpoint_content content = {.matrix = wl_joint_get_array_read(joint, *triangle, finished),
                                         .triangle = *triangle};
  const int64_t before = k->written;
  const wl_error error = wl_checkpointer_save(k, decision, &c, &content);
  wl_joint_restore_array_read(joint);
  if (k->written > before && finished) {
    free(k->draw_file[*triangle == WL_TRIANGLE_UPPER]);
    k->draw_file[*triangle == WL_TRIANGLE_UPPER] = strdup(k->last_file);
  }
  return error;
}

/* The state as if L had just been finished: a checkpoint of its own, and the file that later ones name. */
static wl_error write_lower(wl_checkpointer *k, wl_decision decision, wl_joint *joint,
                            const wl_joint_state *state) {
  const wl_triangle lower = WL_TRIANGLE_LOWER;
  wl_joint_state first = *state;
  first.stage = WL_STAGE_POSTERIOR;
  first.columns = order_of(k);
  const wl_error error = write_state(k, decision, joint, &first, &lower, NULL);
  return error == WL_ERROR_STOPPED ? WL_OK : error; /* that comes after the other factor */
}

static wl_error save(wl_checkpointer *k, wl_decision decision, wl_joint *joint, const wl_joint_state *state) {
  const bool first = state->stage == WL_STAGE_POSTERIOR;
  if (!first && !k->draw_file[LOWER]) {
    WL_TRY(write_lower(k, decision, joint, state));
    if (!k->draw_file[LOWER]) return WL_OK; /* it could not be written, with a warning */
  }
  const wl_triangle triangle = first ? WL_TRIANGLE_LOWER : WL_TRIANGLE_UPPER;
  const char *file = state->columns == order_of(k) ? k->draw_file[first ? LOWER : UPPER] : NULL;
  const bool none = state->stage == WL_STAGE_THETA_LOWER && wl_joint_target_is_zero(joint);
  return write_state(k, decision, joint, state, file || none ? NULL : &triangle, none ? NULL : file);
}

/* A certificate needs predictions that are in no file: there, a stop goes back to the factor of Θ. */
static wl_error save_or_stop(wl_checkpointer *k, wl_decision decision, wl_joint *joint,
                             const wl_joint_state *state) {
  if (!k->options.certified && !k->suspended) return save(k, decision, joint, state);
  wl_halt_saved(&k->halt);
  return wl_checkpointer_stop_without(k, decision);
}

/* Another stage's factor above the diagonal is another file's. */
static void forget_upper(wl_checkpointer *k, wl_stage stage) {
  if (k->draws.joint.stage != stage) {
    free(k->draw_file[UPPER]);
    k->draw_file[UPPER] = NULL;
  }
  k->draws.joint.stage = stage;
}

static bool wants(void *context) {
  wl_checkpointer *k = context;
  return wl_halt_poll(&k->halt) != WL_DECISION_GO_ON;
}

static wl_error reached(void *context, wl_joint *joint, const wl_joint_state *state) {
  wl_checkpointer *k = context;
  if (state) forget_upper(k, state->stage);
  return save_or_stop(k, k->halt.stop ? WL_DECISION_STOP : WL_DECISION_SAVE, joint, state);
}

const wl_joint_watch *wl_checkpointer_joint_watch(wl_checkpointer *k) {
  if (!k->open) return NULL;
  wl_halt_start(&k->halt);
  k->joint_watch = (wl_joint_watch){.context = k, .wants = wants, .reached = reached};
  return &k->joint_watch;
}

wl_error wl_checkpointer_join(wl_checkpointer *k, const wl_joint_options *given, const wl_points *points,
                              const wl_matrix *targets, wl_joint **joint) {
  wl_joint_options options = *given;
  options.watch = wl_checkpointer_joint_watch(k);
  k->halt.saving *= 2.0; /* L and the other factor */
  k->draws.begun = true;
  if (!k->array) return wl_joint_create(&options, points, k->options.train, targets, joint);
  wl_matrix *array = k->array;
  k->array = NULL;
  return wl_joint_restore(&options, points, k->options.train, targets, &k->draws.joint, array, k->lower_diagonal,
                          joint);
}

wl_error wl_checkpointer_drawn(wl_checkpointer *k, wl_joint *joint) {
  if (!k->open) return WL_OK;
  const wl_joint_state state = wl_joint_get_state(joint);
  forget_upper(k, state.stage);
  const wl_decision decision = wl_halt_decide(&k->halt);
  return decision == WL_DECISION_GO_ON ? WL_OK : save_or_stop(k, decision, joint, &state);
}
