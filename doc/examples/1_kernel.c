/*
 * 1. The kernels of two points.
 *
 * A network with one hidden layer (depth 2) of infinitely many relu units, σ_w² = 2, without biases, has
 *
 *   κ(x, x') = |x| |x'| / d · 2 (sin α + (π − α) cos α) / π     α: the angle between x and x'     [Cho and Saul 2009]
 *   Θ(x, x') = κ(x, x') + x·x' / d · 2 (π − α) / π                                                 [Jacot et al. 2018]
 *
 * (with σ_w² = 2 in both layers). No ranks are needed: wl_network_kernel is local, and works from arrays.
 */
#include <math.h>
#include <stdio.h>
#include <widelimit/widelimit.h>

int main(void) {
  const double x[2] = {1.0, 0.0}, y[2] = {1.0, 1.0}, pi = acos(-1.0);
  wl_network network = wl_network_default();
  network.depth = 2;
  network.sigma_b = 0.0;

  double kappa, theta;
  const wl_error error = wl_network_kernel(&network, 2, 1, x, 1, y, &kappa, &theta);
  if (error != WL_OK) {
    fprintf(stderr, "1_kernel: %s\n", wl_error_message());
    return wl_error_status(error);
  }

  const double alpha = pi / 4.0, scale = sqrt(2.0) / 2.0; /* |x| |y| / d */
  const double expected_kappa = 2.0 * scale * (sin(alpha) + (pi - alpha) * cos(alpha)) / pi;
  const double expected_theta = expected_kappa + 2.0 * scale * cos(alpha) * (pi - alpha) / pi;
  printf("kappa %.6f, by hand %.6f\n", kappa, expected_kappa);
  printf("theta %.6f, by hand %.6f\n", theta, expected_theta);
  return 0;
}
