/*
 * What libwidelimit is for, on one page: eight values of a sine, an infinitely wide network trained on them, and at
 * three test points its mean and the standard deviation of a deep ensemble and of the Bayesian posterior.
 *
 *   mpirun -n 2 ./example
 */
#include <math.h>
#include <stdio.h>
#include <widelimit/model.h>

enum { TRAIN = 8, TEST = 3 };

static void print_prediction(const double *x, const wl_prediction *p) {
  puts("     x      mean  ensemble    ntk_gp");
  for (int64_t i = 0; i < p->count; i++)
    printf("%6.2f  %8.4f  %8.4f  %8.4f\n", x[i], p->mean[i], sqrt(p->variance[WL_QUANTITY_ENSEMBLE][i]),
           sqrt(p->variance[WL_QUANTITY_NTK_GP][i]));
}

static wl_error run(void) {
  double x[TRAIN], y[TRAIN], t[TEST] = {0.25, 1.5, 4.0};
  for (int i = 0; i < TRAIN; i++) x[i] = i < 4 ? -2 + 0.5 * i : 0.5 * i - 1, y[i] = sin(2 * x[i]);

  wl_grid *grid = NULL;
  wl_points *train = NULL, *test = NULL;
  wl_matrix *targets = NULL;
  wl_model *model = NULL;
  wl_prediction prediction = {0};
  const wl_network network = wl_network_default();
  wl_model_options options = {.noise_variance = 1e-4};
  options.quantity[WL_QUANTITY_ENSEMBLE] = options.quantity[WL_QUANTITY_NTK_GP] = true;

  wl_error error;
  WL_GOTO(error, done,
          wl_grid_create(MPI_COMM_WORLD, 0, 0, 2, &grid)); /* tiles of 2 × 2, so that all ranks have some */
  WL_GOTO(error, done, wl_points_create(grid, &network, TRAIN, 1, x, &train));
  WL_GOTO(error, done, wl_points_create(grid, &network, TEST, 1, t, &test));
  WL_GOTO(error, done, wl_matrix_create(grid, TRAIN, 1, &targets));
  WL_GOTO(error, done, wl_matrix_scatter(targets, y));
  WL_GOTO(error, done, wl_model_create(&options, train, targets, &model));
  WL_GOTO(error, done, wl_model_factor(model, WL_PRIOR_THETA));
  WL_GOTO(error, done, wl_model_predict(model, test, NULL, &prediction));
  if (wl_grid_rank(grid) == 0) print_prediction(t, &prediction);
done:
  if (error != WL_OK && grid && wl_grid_rank(grid) == 0) fprintf(stderr, "example: %s\n", wl_error_message());
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
  const wl_error error = run();
  MPI_Finalize();
  return wl_error_status(error);
}
