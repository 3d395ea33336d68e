#include "pipeline/assemble.h"

#include "pipeline/points.h"

wl_error wl_assemble(const wl_setup *setup, const wl_services *services, wl_assembly *assembly) {
  wl_timer_enter(services->timer, WL_PHASE_READ);
  WL_TRY(wl_read_training(setup, &assembly->train, &assembly->targets));
  wl_timer_enter(services->timer, WL_PHASE_ASSEMBLE);
  wl_model_options options = wl_job_model_options(setup->config);
  wl_checkpointer_hand_over(services->checkpointer, &options);
  return wl_model_create(&options, assembly->train, assembly->targets, &assembly->model);
}

void wl_assembly_clear(wl_assembly *assembly) {
  wl_model_destroy(&assembly->model);
  wl_matrix_destroy(&assembly->targets);
  wl_points_destroy(&assembly->train);
}
