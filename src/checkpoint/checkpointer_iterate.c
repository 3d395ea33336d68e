/*
 * Checkpoints of a run without a matrix: between two passes, with the panels of its solver.
 */
#include "checkpoint/checkpointer_private.h"

void wl_checkpointer_start_passes(wl_checkpointer *k) {
  if (k->open) wl_halt_start(&k->halt);
}

wl_error wl_checkpointer_passed(wl_checkpointer *k, wl_iterative *solver, int64_t predicted) {
  if (!k->open) return WL_OK;
  const wl_decision decision = wl_halt_decide(&k->halt);
  if (decision == WL_DECISION_GO_ON) return WL_OK;
  wl_iterative_state state;
  wl_error error = wl_iterative_save(solver, &state);
  if (error == WL_OK) {
    wl_checkpoint c = {.predicted = predicted,
                       .passes = wl_iterative_passes(solver),
                       .count = state.count,
                       .numbers = state.numbers};
    const wl_checkpoint_content content = {.panels = state.panels, .panel = state.panel};
    state.numbers = NULL; /* the header has them now */
    error = wl_checkpointer_save(k, decision, &c, &content);
  }
  wl_iterative_state_clear(&state);
  return error;
}

static wl_error read_panel(void *context, int number, wl_matrix *panel) {
  const wl_checkpointer *k = context;
  return wl_checkpoint_read_panel(k->resumed_from, number, panel);
}

const wl_iterative_source *wl_checkpointer_solver(wl_checkpointer *k, wl_iterative_source *source) {
  if (!k->resumed) return NULL;
  *source = (wl_iterative_source){
      .count = k->state.count, .numbers = k->state.numbers, .read = read_panel, .context = k};
  return source;
}
