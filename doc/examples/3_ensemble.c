/*
 * 3. The variance of a deep ensemble, on four ranks with a communicator of their own.
 *
 *   mpirun -n 5 ./3_ensemble
 *
 * The first four ranks work; any others are free for something else, as in a program that does more than this. Each of the four
 * makes its own part of the training points, which no rank holds in full, and fills its share of the targets in place. The
 * results are on every rank.
 */
#include <math.h>
#include <stdio.h>
#include <widelimit/widelimit.h>

enum { RANKS = 4, OWN = 25, TRAIN = RANKS * OWN, TEST = 5, DIMENSION = 2 };

static double coordinate(int64_t i, int64_t k) { return k == 0 ? cos(0.1 * (double)i) : sin(0.37 * (double)i); }

static void fill_targets(wl_matrix *targets) {
  int64_t rows, columns, ld, i, j;
  double *share = wl_matrix_local(targets, &rows, &columns, &ld);
  for (int64_t jl = 0; jl < columns; jl++)
    for (int64_t il = 0; il < rows; il++) {
      wl_matrix_local_to_global(targets, il, jl, &i, &j);
      share[il + jl * ld] = coordinate(i, 0) * coordinate(i, 1);
    }
}

static wl_error run(MPI_Comm comm) {
  wl_grid *grid = NULL;
  wl_points *train = NULL, *test = NULL;
  wl_matrix *targets = NULL;
  wl_model *model = NULL;
  wl_prediction prediction = {0};
  wl_network network = wl_network_default();
  wl_model_options options = {.noise_variance = 1e-6, .seed = 1};
  options.quantity[WL_QUANTITY_ENSEMBLE] = true;
  double own[OWN * DIMENSION], t[TEST * DIMENSION]; /* t is read on rank 0 alone */
  for (int i = 0; i < TEST; i++) t[2 * i] = t[2 * i + 1] = 0.4 * i;

  wl_error error;
  WL_GOTO(error, done, wl_grid_create(comm, 0, 0, wl_grid_choose_block(TRAIN, RANKS), &grid));
  for (int i = 0; i < OWN; i++)
    for (int k = 0; k < DIMENSION; k++) own[i * DIMENSION + k] = coordinate(wl_grid_rank(grid) * OWN + i, k);
  WL_GOTO(error, done, wl_points_create_distributed(grid, &network, OWN, DIMENSION, own, &train));
  WL_GOTO(error, done, wl_points_create(grid, &network, TEST, DIMENSION, t, &test));
  WL_GOTO(error, done, wl_matrix_create(grid, TRAIN, 1, &targets));
  fill_targets(targets);
  WL_GOTO(error, done, wl_model_create(&options, train, targets, &model));
  WL_GOTO(error, done, wl_model_factor(model, WL_PRIOR_THETA));
  WL_GOTO(error, done, wl_model_predict(model, test, NULL, &prediction));
  if (wl_grid_rank(grid) == RANKS - 1)
    for (int i = 0; i < TEST; i++)
      printf("t = (%.1f, %.1f)  mean %8.4f  variance %9.6f\n", 0.4 * i, 0.4 * i, prediction.mean[i],
             prediction.variance[WL_QUANTITY_ENSEMBLE][i]);
done:
  if (error != WL_OK && grid && wl_grid_rank(grid) == 0) fprintf(stderr, "3_ensemble: %s\n", wl_error_message());
  wl_prediction_clear(&prediction);
  wl_model_destroy(&model);
  wl_matrix_destroy(&targets);
  wl_points_destroy(&test);
  wl_points_destroy(&train);
  wl_grid_destroy(&grid);
  return error;
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  int rank, size;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  wl_error error = WL_OK;
  if (size < RANKS) {
    error = wl_error_set(WL_ERROR_USAGE, "needs %d ranks", RANKS);
    if (rank == 0) fprintf(stderr, "3_ensemble: %s\n", wl_error_message());
  } else {
    MPI_Comm comm;
    MPI_Comm_split(MPI_COMM_WORLD, rank < RANKS ? 0 : MPI_UNDEFINED, rank, &comm);
    if (comm != MPI_COMM_NULL) {
      error = run(comm);
      MPI_Comm_free(&comm);
    }
  }
  MPI_Finalize();
  return wl_error_status(error);
}
