#include "pipeline/setup.h"

#include <stdlib.h>
#include <string.h>

#include "cost/capacity.h"
#include "pipeline/select.h"

/* What certify needs that the configuration does not have. */
static wl_error check_certify(const wl_config *config) {
  static const wl_quantity needs[] = {WL_QUANTITY_ENSEMBLE, WL_QUANTITY_RND, WL_QUANTITY_BAYESIAN_RND,
                                      WL_QUANTITY_NTK_GP};
  for (size_t k = 0; k < sizeof needs / sizeof *needs; k++)
    if (!config->quantity[needs[k]])
      WL_FAIL(WL_ERROR_CONFIG, "%s: quantities: lacks %s, which widelimit certify needs", config->file,
              wl_quantity_name(needs[k]));
  if (config->precision == WL_PRECISION_MIXED)
    WL_FAIL(WL_ERROR_CONFIG,
            "%s: precision: is mixed, but widelimit certify needs the matrix in double precision: set precision: "
            "double",
            config->file);
  if (config->solver.method == WL_SOLVER_ITERATIVE)
    WL_FAIL(WL_ERROR_CONFIG,
            "%s: solver.method: is iterative, but widelimit certify needs the matrix: set solver.method: cholesky",
            config->file);
  return WL_OK;
}

/* What tune needs, and what it must not find. */
static wl_error check_tune(const wl_config *config) {
  if (!config->tune.wanted)
    WL_FAIL(WL_ERROR_CONFIG, "%s: tune: is missing: widelimit tune needs tune.parameters", config->file);
  if (config->tune.fixed)
    WL_FAIL(WL_ERROR_CONFIG, "%s: %s: is given a value, but tune.parameters varies it: leave out one of both",
            config->file, config->tune.fixed);
  return WL_OK;
}

/* Rank 0. As the request needs it; *text gets the effective text, to be freed. */
static wl_error read_config(const wl_request *request, const wl_outputs *outputs, wl_setup *setup, char **text) {
  WL_TRY(wl_config_read(request->config, request->override_count, request->overrides, &setup->config));
  if (request->certify) {
    setup->config->certify.wanted = true;
    WL_TRY(check_certify(setup->config));
  }
  if (request->tune) WL_TRY(check_tune(setup->config));
  if (request->select) WL_TRY(wl_select_prepare(setup->config));
  WL_TRY(wl_overwrite_check(request, setup->config, outputs, &setup->replace_factor));
  return wl_config_format(setup->config, text);
}

/* *text of rank 0, to all. */
static wl_error share_text(const wl_setup *setup, char **text) {
  int64_t length = setup->rank == 0 ? (int64_t)strlen(*text) + 1 : 0;
  MPI_Bcast(&length, 1, MPI_INT64_T, 0, setup->comm);
  if (setup->rank != 0) *text = malloc((size_t)length);
  WL_TRY(
      wl_error_agree(setup->comm, *text ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "configuration: out of memory")));
  MPI_Bcast(*text, (int)length, MPI_CHAR, 0, setup->comm);
  return WL_OK;
}

/* Rank 0 reads the configuration; the others get its effective text. */
static wl_error share_config(const wl_request *request, const wl_outputs *outputs, wl_setup *setup) {
  char *text = NULL;
  wl_error error = setup->rank == 0 ? read_config(request, outputs, setup, &text) : WL_OK;
  WL_GOTO(error, done, wl_error_agree(setup->comm, error));
  WL_GOTO(error, done, share_text(setup, &text));
  if (setup->rank != 0) error = wl_config_parse(text, &setup->config);
  error = wl_error_agree(setup->comm, error);
done:
  free(text);
  return error;
}

wl_error wl_setup_check_factor(const char *factor, const wl_config *config) {
  if (factor && config->precision == WL_PRECISION_MIXED)
    WL_FAIL(WL_ERROR_CONFIG,
            "%s: precision: is mixed, but the factors in %s are those of double precision: set precision: double",
            config->file, factor);
  if (factor && config->solver.method == WL_SOLVER_ITERATIVE)
    WL_FAIL(WL_ERROR_CONFIG,
            "%s: solver.method: is iterative, which has no use for the factors in %s: set solver.method: cholesky",
            config->file, factor);
  return WL_OK;
}

wl_error wl_setup_config(const wl_request *request, MPI_Comm comm, const wl_outputs *outputs, wl_setup *setup) {
  setup->request = request;
  setup->comm = comm;
  MPI_Comm_rank(comm, &setup->rank);
  WL_TRY(share_config(request, outputs, setup));
  WL_TRY(wl_setup_check_factor(request->factor, setup->config));
  setup->config->select.active = request->select;
  setup->node = wl_node_find(comm);
  return WL_OK;
}

/* Every rank reads the tiles that it needs; before, all together look at all entries. */
static wl_error open_kernels(wl_setup *setup) {
  WL_TRY(wl_error_agree(setup->comm, wl_given_files_open(setup->config, &setup->kernels)));
  wl_given_files *files = setup->kernels;
  WL_TRY(wl_given_verify(setup->comm, &files->given, files->name));
  if (setup->config->noise_variance + setup->config->jitter == 0.0)
    WL_TRY(wl_given_check_zeros(&files->given, files->name));
  const bool both = files->given.has[WL_GIVEN_THETA] && files->given.has[WL_GIVEN_KAPPA];
  if (!both || !setup->config->quantity[WL_QUANTITY_BAYESIAN_RND]) return WL_OK;
  return wl_given_check_targets(&files->given, files->name);
}

wl_error wl_setup_data(wl_setup *setup) {
  wl_error error = WL_OK;
  if (setup->rank == 0) {
    error = wl_data_open(setup->config, &setup->data);
    if (error == WL_OK) setup->shape = wl_data_get_shape(setup->data);
  }
  WL_TRY(wl_error_agree(setup->comm, error));
  MPI_Bcast(&setup->shape, (int)sizeof setup->shape, MPI_BYTE, 0, setup->comm);
  WL_TRY(wl_units_create(setup->config, &setup->shape, setup->data, setup->comm, &setup->units));
  return setup->config->kernels.wanted ? open_kernels(setup) : WL_OK;
}

wl_job wl_setup_job(const wl_setup *setup) {
  return (wl_job){.config = setup->config, .shape = &setup->shape, .grid = setup->grid, .batch = setup->batch};
}

wl_error wl_setup_grid(wl_setup *setup) {
  const wl_config *c = setup->config;
  int size;
  MPI_Comm_size(setup->comm, &size);
  const int block = wl_job_choose_block(c, &setup->shape, size);
  WL_TRY(wl_grid_create(setup->comm, c->grid.rows, c->grid.columns, block, &setup->grid));
  setup->batch = wl_job_choose_batch(c, &setup->shape, setup->grid);
  const wl_job job = wl_setup_job(setup);
  return wl_job_check_capacity(&job, &setup->node);
}

void wl_setup_clear(wl_setup *setup) {
  wl_data_close(&setup->data);
  wl_given_files_close(&setup->kernels);
  wl_units_clear(&setup->units);
  wl_grid_destroy(&setup->grid);
  wl_config_destroy(&setup->config);
}
