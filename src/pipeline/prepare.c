/*
 * The first phases of a run: configuration, data, grid, and points and targets on the ranks that need them.
 */
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "pipeline/certify.h"

wl_model_options wl_run_model_options(const wl_config *config) {
  wl_model_options options = {.noise_variance = config->noise_variance,
                              .jitter = config->jitter,
                              .keep_kernels = config->output_kernels,
                              .seed = config->seed,
                              .mixed = config->precision == WL_PRECISION_MIXED,
                              .solutions = wl_job_keeps_solution(config)};
  memcpy(options.quantity, config->quantity, sizeof options.quantity);
  return options;
}

/* Rank 0 reads the configuration; the others get its effective text. */
wl_error wl_run_share_config(wl_run *run, const wl_request *request) {
  char *text = NULL;
  int64_t length = 0;
  wl_error error = WL_OK;
  if (run->rank == 0) {
    error = wl_config_read(request->config, request->override_count, request->overrides, &run->config);
    if (error == WL_OK && request->certify) {
      run->config->certify.wanted = true;
      error = wl_run_check_certify(run->config);
    }
    if (error == WL_OK) error = wl_config_format(run->config, &text);
    if (error == WL_OK) length = (int64_t)strlen(text) + 1;
  }
  WL_GOTO(error, done, wl_error_agree(run->comm, error));
  MPI_Bcast(&length, 1, MPI_INT64_T, 0, run->comm);
  if (run->rank != 0) {
    text = malloc((size_t)length);
    if (!text) error = wl_error_set(WL_ERROR_MEMORY, "configuration: out of memory");
  }
  WL_GOTO(error, done, wl_error_agree(run->comm, error));
  MPI_Bcast(text, (int)length, MPI_CHAR, 0, run->comm);
  if (run->rank != 0) error = wl_config_parse(text, &run->config);
  error = wl_error_agree(run->comm, error);
done:
  free(text);
  return error;
}

wl_error wl_run_open_data(wl_run *run) {
  wl_error error = WL_OK;
  if (run->rank == 0) {
    error = wl_data_open(run->config, &run->data);
    if (error == WL_OK) run->shape = wl_data_get_shape(run->data);
  }
  WL_TRY(wl_error_agree(run->comm, error));
  MPI_Bcast(&run->shape, (int)sizeof run->shape, MPI_BYTE, 0, run->comm);
  return WL_OK;
}

wl_job wl_run_job(const wl_run *run) {
  return (wl_job){.config = run->config, .shape = &run->shape, .grid = run->grid, .batch = run->batch};
}

wl_error wl_run_make_grid(wl_run *run) {
  const wl_config *c = run->config;
  int size;
  MPI_Comm_size(run->comm, &size);
  const int block = c->grid.block > 0 ? c->grid.block : wl_grid_choose_block(run->shape.train, size);
  WL_TRY(wl_grid_create(run->comm, c->grid.rows, c->grid.columns, block, &run->grid));
  run->batch = wl_job_choose_batch(c, &run->shape, run->grid);
  return wl_run_check_capacity(run);
}

static wl_error read_targets(wl_run *run) {
  const int64_t n = run->shape.train, c = run->shape.outputs, room = ((int64_t)1 << 20) / c;
  const int64_t step = smaller(n, room < 1 ? 1 : room);
  WL_TRY(wl_matrix_create(run->grid, n, c, &run->targets));
  double *rows = malloc(sizeof(double) * (size_t)(step * c));
  wl_error error = rows ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "targets: out of memory");
  error = wl_error_agree(run->comm, error);
  for (int64_t first = 0; first < n && error == WL_OK; first += step) {
    const int64_t count = smaller(step, n - first);
    if (run->rank == 0) error = wl_data_train_targets(run->data, first, count, rows);
    error = wl_error_agree(run->comm, error);
    if (error == WL_OK) wl_matrix_set_rows(run->targets, first, count, rows);
  }
  free(rows);
  return error;
}

/* Which inputs an error of the kernel's recursion speaks of; a file's own errors name the file. */
static wl_error name_inputs(wl_error error, const char *inputs, int64_t first) {
  if (error != WL_ERROR_NUMERICAL) return error;
  if (first > 0)
    return wl_error_set(error, "%s, counted from row %lld: %s", inputs, (long long)first + 1, wl_error_message());
  return wl_error_set(error, "%s: %s", inputs, wl_error_message());
}

wl_error wl_run_read_data(wl_run *run) {
  wl_timer_enter(&run->timer, WL_PHASE_READ);
  const wl_error error = wl_points_read(run->grid, &run->config->network, run->shape.train, run->shape.dimension,
                                        wl_data_train_inputs, run->data, &run->train);
  if (error != WL_OK) return name_inputs(error, "training inputs", 0);
  return read_targets(run);
}

/* Reads test points first … first + count − 1 and spreads them. */
typedef struct window {
  wl_data *data;
  int64_t offset;
} window;

static wl_error read_window(void *context, int64_t first, int64_t count, double *rows) {
  const window *w = context;
  return wl_data_test_inputs(w->data, w->offset + first, count, rows);
}

wl_error wl_run_read_test_points(wl_run *run, int64_t first, int64_t count, wl_points **points) {
  window w = {run->data, first};
  run->panels = wl_job_test_grid(run->config, run->grid, count);
  const wl_error error =
      wl_points_read(&run->panels, &run->config->network, count, run->shape.dimension, read_window, &w, points);
  return name_inputs(error, "test inputs", first);
}
