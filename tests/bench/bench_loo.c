/*
 * bench_loo N: seconds of a factorization and of leave-one-out under each prior, with and without ensemble, N points of
 * dimension 64 in double precision, and the peak memory of all ranks over 8 N².
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/random.h"
#include "inference/loo.h"

static wl_error read_points(void *context, int64_t first, int64_t count, double *rows) {
  (void)context;
  for (int64_t i = 0; i < count; i++)
    for (int64_t k = 0; k < 64; k++)
      rows[i * 64 + k] = wl_random_normal(1, WL_STREAM_PROBE, (uint64_t)(first + i), (uint64_t)k);
  return WL_OK;
}

/* Peak memory of all ranks, in bytes. */
static double peak(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  double bytes = 1024.0 * (double)usage.ru_maxrss;
  MPI_Allreduce(MPI_IN_PLACE, &bytes, 1, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
  return bytes;
}

static wl_error bench(wl_model *model, wl_prior prior, const char *name, const wl_grid *grid) {
  const int64_t n = wl_model_gram(model)->rows;
  wl_prediction loo;
  WL_TRY(wl_model_factor(model, prior));
  const double factor = wl_model_evidence(model, prior)->factor.seconds, before = peak();
  MPI_Barrier(grid->comm);
  const double began = MPI_Wtime();
  WL_TRY(wl_model_leave_one_out(model, NULL, &loo));
  const double seconds = MPI_Wtime() - began, after = peak();
  if (grid->rank == 0)
    printf("%-22s factor %7.2f s   leave-one-out %7.2f s = %5.2f x   memory %.3f, then %.3f x 8 n^2\n", name,
           factor, seconds, seconds / factor, before / (8.0 * (double)n * (double)n),
           after / (8.0 * (double)n * (double)n));
  wl_prediction_clear(&loo);
  return WL_OK;
}

static wl_error bench_all(const wl_grid *grid, int64_t n, bool ensemble) {
  const wl_network network = wl_network_default();
  wl_model_options options = {.noise_variance = 0.1, .quantity = {[WL_QUANTITY_NTK_GP] = true}};
  options.quantity[WL_QUANTITY_ENSEMBLE] = ensemble;
  options.quantity[WL_QUANTITY_NNGP] = !ensemble;
  wl_points *train = NULL;
  wl_matrix *targets = NULL;
  wl_model *model = NULL;
  WL_TRY(wl_points_read(grid, &network, n, 64, read_points, NULL, &train));
  WL_TRY(wl_matrix_create(grid, n, 1, &targets));
  for (int64_t k = 0; k < targets->local_rows * targets->local_columns; k++) targets->data[k] = 1.0;
  WL_TRY(wl_model_create(&options, train, targets, &model));
  WL_TRY(bench(model, WL_PRIOR_THETA, ensemble ? "theta with ensemble" : "theta", grid));
  if (!ensemble) WL_TRY(bench(model, WL_PRIOR_KAPPA, "kappa", grid));
  wl_model_destroy(&model);
  wl_matrix_destroy(&targets);
  wl_points_destroy(&train);
  return WL_OK;
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  const int64_t n = argc > 1 ? atoll(argv[1]) : 4000;
  wl_grid *grid = NULL;
  int ranks;
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  wl_error error = wl_grid_create(MPI_COMM_WORLD, 0, 0, wl_grid_choose_block(n, ranks), &grid);
  for (int k = 0; k < 2 && error == WL_OK; k++) error = bench_all(grid, n, k == 1);
  if (error != WL_OK) fprintf(stderr, "%s\n", wl_error_message());
  wl_grid_destroy(&grid);
  MPI_Finalize();
  return wl_error_status(error);
}
