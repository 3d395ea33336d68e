/*
 * A run: set up, assemble, infer, sample, certify, decompose, report. Each phase takes what it needs and returns what it makes.
 */
#include "pipeline/run.h"

#include <stdlib.h>

#include "base/log.h"
#include "pipeline/checkpoints.h"
#include "pipeline/elapsed.h"
#include "pipeline/header.h"
#include "pipeline/infer.h"
#include "pipeline/output.h"
#include "pipeline/report.h"
#include "pipeline/room.h"
#include "pipeline/run_log.h"
#include "pipeline/spectrum.h"

/* What the phases make, in their order. Each is given what those before it made. */
typedef struct run {
  wl_timer timer;
  wl_setup setup;
  wl_checkpointer checkpointer;
  wl_checkpoint_sources sources;
  wl_results *results; /* rank 0 */
  wl_run_log log;
  wl_assembly assembly;
  wl_tally tally;
  wl_retained retained;
  wl_loo loo;
  wl_iteration iteration;
  wl_sampling sampling;
  wl_certified certified;
  wl_spectra spectra;
} run;

static const wl_outputs outputs = {"results.h5", "config.yaml", "summary.json"};

static wl_error set_up(const wl_request *request, wl_setup *setup) {
  WL_TRY(wl_setup_config(request, MPI_COMM_WORLD, &outputs, setup));
  if (setup->config->checkpoint.directory) wl_halt_listen();
  wl_blas_choose_threads(&setup->node);
  WL_TRY(wl_setup_data(setup));
  return wl_setup_grid(setup);
}

static wl_error open_files(const wl_request *request, run *r) {
  r->sources = (wl_checkpoint_sources){&r->setup, request, &r->assembly, &r->tally, &r->results};
  WL_TRY(wl_checkpoints_open(&r->sources, &r->timer, &r->checkpointer));
  WL_TRY(wl_output_open(&r->setup, &r->checkpointer, &r->results));
  return wl_error_agree(r->setup.comm, wl_run_log_open(&r->log, &r->setup));
}

static wl_error finish(run *r) {
  wl_timer_enter(&r->timer, WL_PHASE_WRITE);
  const wl_report report = {&r->setup,    r->assembly.model, &r->iteration, &r->tally,        &r->loo,
                            &r->sampling, &r->certified,     &r->spectra,   &r->checkpointer, &r->timer};
  char *summary = NULL, *config = NULL;
  wl_error error = wl_report_make(&report, &summary);
  if (r->setup.rank == 0 && error == WL_OK) {
    error = wl_config_format(r->setup.config, &config);
    if (error == WL_OK) error = wl_results_commit(&r->results, summary, config);
  }
  error = wl_error_agree(r->setup.comm, error);
  if (error == WL_OK) {
    wl_run_log_commit(&r->log);
    wl_log_line("\n  in %s: results.h5, summary.json, config.yaml, run.log", r->setup.config->output_directory);
  }
  free(config);
  free(summary);
  return error;
}

static wl_error run_phases(const wl_request *request, run *r) {
  WL_TRY(set_up(request, &r->setup));
  WL_TRY(open_files(request, r));
  const wl_services services = {r->results, &r->checkpointer, &r->timer};
  WL_TRY(wl_tally_create(&r->setup, &services, &r->tally));
  wl_print_header(&r->setup);
  wl_checkpointer_announce(&r->checkpointer);
  wl_room_check(&r->setup, request, wl_output_bytes(&r->setup));
  wl_elapsed_show(&r->setup, &r->timer);
  WL_TRY(wl_assemble(&r->setup, &services, &r->assembly));
  WL_TRY(wl_output_kernels(&r->setup, &services, &r->assembly));
  const bool iterative = wl_job_is_iterative(r->setup.config);
  if (iterative)
    WL_TRY(wl_iterate(&r->setup, &services, &r->assembly, &r->tally, &r->iteration));
  else
    WL_TRY(wl_infer(&r->setup, &services, &r->assembly, &r->tally, &r->retained, &r->loo));
  WL_TRY(wl_sample(&r->setup, &services, &r->assembly, &r->retained, &r->sampling));
  if (!iterative) WL_TRY(wl_checkpointer_last_boundary(&r->checkpointer));
  WL_TRY(wl_certify_run(&r->setup, &services, &r->assembly, &r->retained, &r->certified));
  WL_TRY(wl_spectrum_run(&r->setup, &services, &r->assembly, &r->spectra));
  WL_TRY(finish(r));
  wl_checkpointer_remove_all(&r->checkpointer);
  WL_TRY(wl_certified_check(&r->certified));
  return wl_tally_check(&r->tally, r->setup.config);
}

static void clear(run *r, wl_error error) {
  wl_ticker_stop(&r->timer);
  wl_loo_clear(&r->loo);
  wl_tally_clear(&r->tally);
  wl_spectra_clear(&r->spectra);
  wl_retained_clear(&r->retained);
  wl_results_discard(&r->results);
  wl_run_log_end(&r->log, error);
  wl_checkpointer_close(&r->checkpointer);
  wl_iteration_clear(&r->iteration);
  wl_assembly_clear(&r->assembly);
  wl_setup_clear(&r->setup);
}

wl_error wl_run(const wl_request *request) {
  run r = {.timer = wl_timer_start()};
  const wl_error error = run_phases(request, &r);
  clear(&r, error);
  return error;
}
