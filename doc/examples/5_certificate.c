/*
 * 5. The certificate: that RND errors are an ensemble's variance, and Bayesian RND errors posterior samples.
 *
 *   mpirun -n 2 ./5_certificate
 *
 * One call predicts, draws 200 replicates with 8 heads each, and tests them against the analytic covariances and against one
 * another (doc/certificate.md). An honest run fails with a probability of at most `false_alarm`.
 */
#include <math.h>
#include <stdio.h>
#include <widelimit/widelimit.h>

enum { TRAIN = 12, TEST = 5 };

static void print_certificate(const wl_certificate *c) {
  for (int claim = 1; claim <= WL_CLAIM_COUNT; claim++) {
    int tests = 0, passed = 0;
    for (int t = 0; t < WL_TEST_COUNT; t++) {
      if (wl_test_claim((wl_test_name)t) != claim) continue;
      tests++;
      passed += c->test[t].passed;
    }
    printf("%d. %s: %d of %d tests passed\n", claim, wl_claim_text(claim, c->other_target), passed, tests);
  }
  puts(c->passed ? "CERTIFIED" : "FAILED");
}

static wl_error run(wl_certificate *certificate) {
  double x[TRAIN], y[TRAIN];
  const double t[TEST] = {-2.5, -0.3, 0.2, 1.1, 3.0};
  for (int i = 0; i < TRAIN; i++) {
    x[i] = -2.0 + 4.0 * i / (TRAIN - 1);
    y[i] = sin(2.0 * x[i]);
  }
  const wl_network network = wl_network_default();
  wl_certify_options options = wl_certify_options_default();
  options.noise_variance = 0.01;

  wl_grid *grid = NULL;
  wl_points *train = NULL, *test = NULL;
  wl_matrix *targets = NULL;
  wl_error error;
  WL_GOTO(error, done, wl_grid_create(MPI_COMM_WORLD, 0, 0, 4, &grid));
  WL_GOTO(error, done, wl_points_create(grid, &network, TRAIN, 1, x, &train));
  WL_GOTO(error, done, wl_points_create(grid, &network, TEST, 1, t, &test));
  WL_GOTO(error, done, wl_matrix_create(grid, TRAIN, 1, &targets));
  WL_GOTO(error, done, wl_matrix_scatter(targets, y));
  WL_GOTO(error, done, wl_certify(&options, train, test, targets, certificate));
  if (wl_grid_rank(grid) == 0) print_certificate(certificate);
done:
  if (error != WL_OK && grid && wl_grid_rank(grid) == 0)
    fprintf(stderr, "5_certificate: %s\n", wl_error_message());
  wl_matrix_destroy(&targets);
  wl_points_destroy(&test);
  wl_points_destroy(&train);
  wl_grid_destroy(&grid);
  return error;
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  wl_certificate certificate;
  const wl_error error = run(&certificate);
  MPI_Finalize();
  if (error != WL_OK) return wl_error_status(error);
  return certificate.passed ? 0 : wl_error_status(WL_ERROR_CERTIFICATE);
}
