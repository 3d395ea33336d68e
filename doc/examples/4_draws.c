/*
 * 4. Draws: 2,000 trained members of an ensemble, and what they are distributed like.
 *
 *   mpirun -n 2 ./4_draws
 *
 * Members come as columns of a matrix, here gathered on rank 0. Their mean and variance are compared with what the model
 * predicts: the sample variance of R draws has standard error √(2 / (R − 1)) of its value.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <widelimit/widelimit.h>

enum { TRAIN = 6, TEST = 3, DRAWS = 2000 };

/* What the program is about, and what was made of it. */
typedef struct setting {
  wl_grid *grid;
  wl_points *train, *test;
  wl_matrix *targets, *draws;
  wl_model *model;
  wl_sampler *sampler;
  wl_prediction prediction;
  double *values; /* TEST × DRAWS on rank 0 */
} setting;

static wl_error prepare(setting *s) {
  const double x[TRAIN] = {-1.5, -1.0, -0.5, 0.5, 1.0, 1.5}, y[TRAIN] = {0.0, 1.0, 0.5, -0.5, -1.0, 0.0};
  const double t[TEST] = {0.2, 1.25, 3.0};
  const wl_network network = wl_network_default();
  WL_TRY(wl_grid_create(MPI_COMM_WORLD, 0, 0, 2, &s->grid)); /* small tiles, so that all ranks have some */
  WL_TRY(wl_points_create(s->grid, &network, TRAIN, 1, x, &s->train));
  WL_TRY(wl_points_create(s->grid, &network, TEST, 1, t, &s->test));
  WL_TRY(wl_matrix_create(s->grid, TRAIN, 1, &s->targets));
  return wl_matrix_scatter(s->targets, y);
}

static wl_error predict(setting *s) {
  wl_model_options options = {.seed = 1};
  options.quantity[WL_QUANTITY_ENSEMBLE] = true;
  WL_TRY(wl_model_create(&options, s->train, s->targets, &s->model));
  WL_TRY(wl_model_factor(s->model, WL_PRIOR_THETA));
  return wl_model_predict(s->model, s->test, NULL, &s->prediction);
}

static wl_error draw(setting *s) {
  wl_sampler_options options = wl_sampler_options_default();
  options.seed = 7;
  WL_TRY(wl_sampler_create(&options, s->train, s->test, s->targets, &s->sampler));
  WL_TRY(wl_matrix_create(s->grid, TEST, DRAWS, &s->draws));
  WL_TRY(wl_sampler_draw(s->sampler, WL_DRAW_ENSEMBLE, 0, s->draws));
  s->values = malloc(sizeof(double) * TEST * DRAWS);
  const wl_error error = s->values ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "no memory for the draws");
  WL_TRY(wl_error_agree(MPI_COMM_WORLD, error)); /* one rank alone may have failed */
  return wl_matrix_gather(s->draws, s->values);
}

static void compare(const setting *s) {
  puts("point  predicted mean, variance     of draws, mean, variance  deviation in standard errors");
  for (int i = 0; i < TEST; i++) {
    double mean = 0.0, variance = 0.0;
    const double expected = s->prediction.variance[WL_QUANTITY_ENSEMBLE][i], *row = s->values + i * DRAWS;
    for (int r = 0; r < DRAWS; r++) mean += row[r] / DRAWS;
    for (int r = 0; r < DRAWS; r++) variance += (row[r] - mean) * (row[r] - mean) / (DRAWS - 1);
    printf("%5d  %14.4f  %8.2e    %14.4f  %8.2e  %28.1f\n", i, s->prediction.mean[i], expected, mean, variance,
           (variance / expected - 1.0) / sqrt(2.0 / (DRAWS - 1)));
  }
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  setting s = {0};
  wl_error error = prepare(&s);
  if (error == WL_OK) error = predict(&s);
  if (error == WL_OK) error = draw(&s);
  if (error == WL_OK && wl_grid_rank(s.grid) == 0) compare(&s);
  if (error != WL_OK && s.grid && wl_grid_rank(s.grid) == 0) fprintf(stderr, "4_draws: %s\n", wl_error_message());
  free(s.values);
  wl_sampler_destroy(&s.sampler);
  wl_matrix_destroy(&s.draws);
  wl_prediction_clear(&s.prediction);
  wl_model_destroy(&s.model);
  wl_matrix_destroy(&s.targets);
  wl_points_destroy(&s.test);
  wl_points_destroy(&s.train);
  wl_grid_destroy(&s.grid);
  MPI_Finalize();
  return wl_error_status(error);
}
