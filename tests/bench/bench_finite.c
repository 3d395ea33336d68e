/*
 * bench_finite [POINTS]: flops a second of training steps against DGEMM of the same shapes, for several widths. Both take turns,
 * and the best of each counts, so that other work on the machine disturbs little.
 */
#include <cblas.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "finite/finite.h"

enum { DIMENSION = 6, HEADS = 8, TURNS = 12 };

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double *filled(int64_t count, double value) {
  double *v = malloc(sizeof(double) * (size_t)count);
  for (int64_t i = 0; v && i < count; i++) v[i] = value;
  return v;
}

/* Seconds of one training step. */
static double time_step(const wl_net *net, int64_t points, const double *x, wl_tape *tape, double *parameters,
                        double *velocity, double *out) {
  const double began = now();
  wl_net_forward(net, parameters, points, x, tape, out);
  wl_net_step(net, x, tape, out, 1e-3, 0.5, parameters, velocity);
  return now() - began;
}

/* Seconds of the three products of the widest layer: forward, backward, gradient. */
static double time_gemm(blasint n, blasint points, const double *W, double *a, double *z, double *gradient) {
  const double began = now(), scale = 2.0 / (double)n;
  cblas_dgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, n, points, n, scale, W, n, a, n, 0.0, z, n);
  cblas_dgemm(CblasColMajor, CblasTrans, CblasNoTrans, n, points, n, scale, W, n, z, n, 0.0, a, n);
  cblas_dgemm(CblasColMajor, CblasNoTrans, CblasTrans, n, n, points, scale, z, n, a, n, 0.5, gradient, n);
  return now() - began;
}

static void measure(int64_t width, int64_t points) {
  wl_network network = wl_network_default();
  network.activation = WL_ACTIVATION_ERF;
  wl_net *net = NULL;
  if (wl_net_create(&network, DIMENSION, width, HEADS, &net) != WL_OK) return;
  const int64_t size = wl_net_parameters(net);
  double *parameters = filled(size, 0.0), *velocity = filled(size, 0.0), *x = filled(DIMENSION * points, 0.5);
  double *out = filled(HEADS * points, 0.0), *W = filled(width * width, 0.5),
         *gradient = filled(width * width, 0.5);
  double *a = filled(width * points, 0.5), *z = filled(width * points, 0.5), step = INFINITY, gemm = INFINITY;
  wl_tape *tape = NULL;
  if (parameters && velocity && x && out && W && gradient && a && z &&
      wl_tape_create(net, points, &tape) == WL_OK) {
    wl_net_draw(net, &(wl_net_source){1, WL_STREAM_PROBE, 0, false}, parameters);
    const int repeats = width < 512 ? 200 : width < 2048 ? 20 : 4;
    for (int turn = 0; turn < TURNS; turn++) {
      for (int i = 0; i < repeats; i++)
        step = fmin(step, time_step(net, points, x, tape, parameters, velocity, out));
      for (int i = 0; i < repeats; i++)
        gemm = fmin(gemm, time_gemm((blasint)width, (blasint)points, W, a, z, gradient));
    }
    const double steps = wl_net_flops(net, points) / step / 1e9;
    const double products = 6.0 * (double)width * (double)width * (double)points / gemm / 1e9;
    printf("%7lld %7lld %10.1f %10.2f %10.2f %8.0f %%\n", (long long)width, (long long)points, 1.0 / step, steps,
           products, 100.0 * steps / products);
  }
  wl_tape_destroy(&tape);
  wl_net_destroy(&net);
  double *const all[] = {parameters, velocity, x, out, W, gradient, a, z};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

int main(int argc, char **argv) {
  const int64_t points = argc > 1 ? atoll(argv[1]) : 16;
  printf("  width  points    steps/s    Gflop/s      DGEMM     share\n");
  for (int64_t width = 64; width <= 2048; width *= 2) measure(width, points > 0 ? points : 16);
  return 0;
}
