/*
 * 2. A posterior on one rank.
 *
 * Eight values of a sine, a network of depth 3 trained on them, and at three test points the posterior mean and its standard
 * deviation under the prior GP(0, Θ). Everything comes from arrays. MPI_COMM_SELF makes a grid of this process alone; MPI
 * must be initialized all the same.
 */
#include <math.h>
#include <stdio.h>
#include <widelimit/widelimit.h>

enum { TRAIN = 8, TEST = 3 };

static void print_prediction(const double *t, const wl_prediction *p, const wl_evidence *evidence) {
  puts("     t      mean  deviation");
  for (int i = 0; i < TEST; i++)
    printf("%6.2f  %8.4f   %8.4f\n", t[i], p->mean[i], sqrt(p->variance[WL_QUANTITY_NTK_GP][i]));
  printf("log marginal likelihood %.3f\n", evidence->log_marginal_likelihood[0]);
}

static wl_error run(void) {
  double x[TRAIN], y[TRAIN], t[TEST] = {0.25, 1.5, 4.0};
  for (int i = 0; i < TRAIN; i++) {
    x[i] = i < 4 ? -2.0 + 0.5 * i : -1.0 + 0.5 * i;
    y[i] = sin(2.0 * x[i]);
  }
  wl_network network = wl_network_default();
  wl_model_options options = {.noise_variance = 1e-4, .seed = 1};
  options.quantity[WL_QUANTITY_NTK_GP] = true;

  wl_grid *grid = NULL;
  wl_points *train = NULL, *test = NULL;
  wl_matrix *targets = NULL;
  wl_model *model = NULL;
  wl_prediction prediction = {0};
  wl_error error;
  WL_GOTO(error, done, wl_grid_create(MPI_COMM_SELF, 1, 1, wl_grid_choose_block(TRAIN, 1), &grid));
  WL_GOTO(error, done, wl_points_create(grid, &network, TRAIN, 1, x, &train));
  WL_GOTO(error, done, wl_points_create(grid, &network, TEST, 1, t, &test));
  WL_GOTO(error, done, wl_matrix_create(grid, TRAIN, 1, &targets));
  WL_GOTO(error, done, wl_matrix_scatter(targets, y));
  WL_GOTO(error, done, wl_model_create(&options, train, targets, &model));
  WL_GOTO(error, done, wl_model_factor(model, WL_PRIOR_THETA));
  WL_GOTO(error, done, wl_model_predict(model, test, NULL, &prediction));
  print_prediction(t, &prediction, wl_model_evidence(model, WL_PRIOR_THETA));
done:
  if (error != WL_OK) fprintf(stderr, "2_posterior: %s\n", wl_error_message());
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
