// Every public header in a C++ program, and a call of each object: predict at the training points themselves, where the mean is
// the target and the variance is 0.
#include <cmath>
#include <cstdio>
#include <cstring>
#include <vector>

#include <widelimit/certify.h>
#include <widelimit/error.h>
#include <widelimit/export.h>
#include <widelimit/factor.h>
#include <widelimit/grid.h>
#include <widelimit/matrix.h>
#include <widelimit/model.h>
#include <widelimit/network.h>
#include <widelimit/points.h>
#include <widelimit/quantity.h>
#include <widelimit/sample.h>
#include <widelimit/version.h>
#include <widelimit/widelimit.h>

namespace {

// What is destroyed in reverse order.
struct Objects {
  wl_grid *grid = nullptr;
  wl_points *points = nullptr;
  wl_matrix *targets = nullptr;
  wl_model *model = nullptr;
  wl_prediction prediction = {};
  ~Objects() {
    wl_prediction_clear(&prediction);
    wl_model_destroy(&model);
    wl_matrix_destroy(&targets);
    wl_points_destroy(&points);
    wl_grid_destroy(&grid);
  }
};

wl_error run() {
  const std::vector<double> x = {-1.0, 0.25, 2.0}, y = {1.0, -2.0, 0.5};
  const wl_network network = wl_network_default();
  wl_model_options options = wl_model_options_default();
  Objects o;
  WL_TRY(wl_grid_create(MPI_COMM_WORLD, 0, 0, 1, &o.grid));
  WL_TRY(wl_points_create(o.grid, &network, 3, 1, x.data(), &o.points));
  WL_TRY(wl_matrix_create(o.grid, 3, 1, &o.targets));
  WL_TRY(wl_matrix_scatter(o.targets, y.data()));
  WL_TRY(wl_model_create(&options, o.points, o.targets, &o.model));
  WL_TRY(wl_model_factor(o.model, WL_PRIOR_THETA));
  WL_TRY(wl_model_predict(o.model, o.points, nullptr, &o.prediction));
  for (std::size_t i = 0; i < x.size(); i++) {
    if (!(std::fabs(o.prediction.mean[i] - y[i]) < 1e-10))
      WL_FAIL(WL_ERROR_NUMERICAL, "mean %zu is not the target", i);
    if (!(o.prediction.variance[WL_QUANTITY_NTK_GP][i] < 1e-10))
      WL_FAIL(WL_ERROR_NUMERICAL, "variance %zu is not 0", i);
  }
  return WL_OK;
}

}  // namespace

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  wl_error error = run();
  char version[32];
  std::snprintf(version, sizeof version, "%d.%d.%d", WL_VERSION_MAJOR, WL_VERSION_MINOR, WL_VERSION_PATCH);
  if (error == WL_OK && std::strcmp(version, wl_version()) != 0)
    error = wl_error_set(WL_ERROR_INTERNAL, "headers of %s, library of %s", version, wl_version());
  if (error != WL_OK) std::fprintf(stderr, "%s\n", wl_error_message());
  MPI_Finalize();
  return wl_error_status(error);
}
