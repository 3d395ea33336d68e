#include "pipeline/assemble.h"

#include "pipeline/points.h"

wl_error wl_assemble(const wl_setup *setup, const wl_services *services, wl_assembly *assembly) {
  wl_timer_enter(services->timer, WL_PHASE_READ);
  WL_TRY(wl_read_training(setup, &assembly->train, &assembly->targets));
  if (wl_job_is_iterative(setup->config)) return WL_OK; /* what a solver without a matrix needs of them */
  wl_timer_enter(services->timer, WL_PHASE_ASSEMBLE);
  wl_model_setup model = {.options = wl_job_model_options(setup->config),
                          .keep_kernels = setup->config->output_kernels,
                          .solutions = wl_job_keeps_solution(setup->config)};
  wl_checkpointer_hand_over(services->checkpointer, &model);
  return wl_model_create_from(&model, assembly->train, assembly->targets, &assembly->model);
}

void wl_assembly_clear(wl_assembly *assembly) {
  wl_model_destroy(&assembly->model);
  wl_matrix_destroy(&assembly->targets);
  wl_points_destroy(&assembly->train);
}
