/*
 * finite_alarms FOLDER [EXPERIMENTS NETWORKS HEADS RESIDUAL]: how often the verdict on networks of finite width is FAIL, over
 * experiments that differ in their seed: of the true theory, of laws whose variances are scaled, and with each fault (a tenth
 * as many experiments). 200 64 4 1e-3 unless told otherwise; depth, points and widths are those of inputs/finite/toy.yaml. The
 * networks stay in FOLDER, from where the next call takes them.
 */
#include <math.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

#include "finite/finite.h"

enum { TRAIN = 16, TEST = 24, DIMENSION = 6, SCALES = 9 };

/* The first is the true theory. */
static const double scales[SCALES] = {1.0, 0.5, 0.7, 0.8, 0.9, 1.1, 1.2, 1.3, 1.5};

/* How many verdicts were FAIL, and how many of each claim. */
typedef struct tally {
  int experiments, failed, claim[WL_CLAIMS];
  const char *name[WL_CLAIMS];
} tally;

static void put_point(double t, double *x) {
  for (int k = 1; k <= DIMENSION / 2; k++) {
    x[2 * k - 2] = cos(k * t);
    x[2 * k - 1] = sin(k * t);
  }
}

/* As inputs/finite/make_toy.sh and toy.yaml. */
static wl_error make_problem(wl_problem **problem) {
  const double pi = acos(-1.0);
  double x[(TRAIN + TEST) * DIMENSION], y[TRAIN];
  for (int i = 0; i < TRAIN; i++) {
    const double t = -0.75 * pi + 1.5 * pi * i / (TRAIN - 1);
    put_point(t, x + i * DIMENSION);
    y[i] = sin(2.0 * t) + 0.5 * cos(t);
  }
  for (int i = 0; i < TEST; i++) put_point(-pi + 2.0 * pi * (i + 0.5) / TEST, x + (TRAIN + i) * DIMENSION);
  wl_network network = wl_network_default();
  network.depth = 3;
  network.activation = WL_ACTIVATION_ERF;
  network.sigma_w = 2.0;
  network.sigma_b = 0.3;
  return wl_problem_create(&network, &(wl_problem_data){TRAIN, TEST, DIMENSION, 1, x, y, NULL}, 0.0, 0.0, problem);
}

static wl_error judge(const wl_experiment *experiment, wl_problem *problem, double scale, tally *t) {
  wl_verdict verdict;
  for (int i = 0; i < TEST * TEST; i++) {
    problem->ensemble[i] *= scale;
    problem->posterior[i] *= scale;
  }
  WL_TRY(wl_experiment_verdict(experiment, &verdict));
  for (int i = 0; i < TEST * TEST; i++) {
    problem->ensemble[i] /= scale;
    problem->posterior[i] /= scale;
  }
  t->experiments++;
  t->failed += !verdict.pass;
  for (int c = 0; c < WL_CLAIMS; c++) {
    t->name[c] = verdict.claim[c].name;
    t->claim[c] += verdict.claim[c].present && !verdict.claim[c].pass;
  }
  return WL_OK;
}

/* Experiments of seeds 1 to `count`, each against the first `laws` scales. */
static wl_error run(wl_experiment_options options, wl_problem *problem, const char *folder, int count, int laws,
                    tally *tallies) {
  char path[4096];
  options.journal = path;
  options.resume = true;
  for (int seed = 1; seed <= count; seed++) {
    wl_experiment *experiment = NULL;
    options.seed = (uint64_t)seed;
    snprintf(path, sizeof path, "%s/%d-%d.journal", folder, (int)options.fault, seed);
    WL_TRY(wl_experiment_run(MPI_COMM_WORLD, problem, &options, &experiment));
    wl_error error = WL_OK;
    for (int s = 0; s < laws && error == WL_OK; s++) error = judge(experiment, problem, scales[s], &tallies[s]);
    wl_experiment_destroy(&experiment);
    WL_TRY(error);
  }
  return WL_OK;
}

static void print(const char *what, const tally *t) {
  printf("%s: %d of %d FAIL", what, t->failed, t->experiments);
  for (int c = 0; c < WL_CLAIMS; c++)
    if (t->claim[c] > 0) printf(", %s %d", t->name[c], t->claim[c]);
  printf("\n");
}

static wl_error measure(int count, char **arguments) {
  static const char *const faults[] = {"none", "last_layer", "shared", "head"};
  const int experiments = count > 2 ? atoi(arguments[2]) : 200;
  wl_experiment_options options = {.networks = count > 3 ? atoll(arguments[3]) : 64,
                                   .heads = count > 4 ? atoll(arguments[4]) : 4,
                                   .width_count = 4,
                                   .widths = {32, 64, 128, 256},
                                   .residual = count > 5 ? atof(arguments[5]) : 1e-3,
                                   .step = 1.0,
                                   .steps = 20000,
                                   .momentum = WL_MOMENTUM_HEAVY_BALL};
  wl_problem *problem = NULL;
  WL_TRY(make_problem(&problem));
  tally tallies[SCALES] = {0};
  wl_error error = run(options, problem, arguments[1], experiments, SCALES, tallies);
  for (int s = 0; s < SCALES && error == WL_OK; s++) {
    char text[64];
    snprintf(text, sizeof text, s == 0 ? "true theory" : "variances of the laws times %.1f", scales[s]);
    print(text, &tallies[s]);
  }
  for (int f = WL_FINITE_FAULT_LAST_LAYER; f <= WL_FINITE_FAULT_HEAD && error == WL_OK; f++) {
    tally t = {0};
    options.fault = (wl_finite_fault)f;
    error = run(options, problem, arguments[1], experiments / 10, 1, &t);
    print(faults[f], &t);
  }
  wl_problem_destroy(&problem);
  return error;
}

int main(int count, char **arguments) {
  MPI_Init(&count, &arguments);
  wl_error error = WL_ERROR_CONFIG;
  if (count < 2)
    fprintf(stderr, "usage: finite_alarms FOLDER [EXPERIMENTS NETWORKS HEADS RESIDUAL]\n");
  else
    error = measure(count, arguments);
  if (error != WL_OK && count > 1) fprintf(stderr, "finite_alarms: %s\n", wl_error_message());
  MPI_Finalize();
  return error == WL_OK ? 0 : 1;
}
