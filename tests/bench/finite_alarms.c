/*
 * finite_alarms [OPTIONS] FOLDER: how often the verdict on networks of finite width is FAIL, over experiments that differ in
 * their seed: of the true theory, and with each fault. Depth, points and widths are those of
 * inputs/finite/toy.yaml. The networks stay in FOLDER, from where the next call of the same options takes them.
 *
 *   -n 200    experiments; a tenth as many with each fault
 *   -f 1      seed of the first; others count up
 *   -w 32     the smallest of four widths, each twice the one before
 *   -m 64     networks of each model and width
 *   -k 4      heads
 *   -r 1e-3   residual that ends the training
 *   -t TIME   training stops at this time of gradient flow
 *   -l        training of the linearized networks
 *   -s 0.1    with -l: noise variance
 *   -a NAME   activation, erf unless told otherwise
 *   -p        power: the true networks against laws of scaled variances, too
 *   -g        the target of rnd is a network of its own, of depth 2
 */
#include <math.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "finite/finite.h"

enum { TRAIN = 16, TEST = 24, DIMENSION = 6, WIDTHS = 4, SCALES = 9 };

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

/* What the command line says. */
typedef struct study {
  const char *folder;
  int experiments, first; /* seed of the first */
  int laws;               /* of `scales`, that each is held against */
  double noise;
  wl_activation activation;
  bool own_target;
  wl_experiment_options options;
} study;

static wl_network network_of(int depth, wl_activation activation) {
  wl_network network = wl_network_default();
  network.depth = depth;
  network.activation = activation;
  network.sigma_w = activation == WL_ACTIVATION_RELU ? sqrt(2.0) : 2.0;
  network.sigma_b = 0.3;
  return network;
}

/* As inputs/finite/make_toy.sh and toy.yaml. */
static wl_error make_problem(const study *s, wl_problem **problem) {
  const double pi = acos(-1.0);
  double x[(TRAIN + TEST) * DIMENSION], y[TRAIN];
  for (int i = 0; i < TRAIN; i++) {
    const double t = -0.75 * pi + 1.5 * pi * i / (TRAIN - 1);
    put_point(t, x + i * DIMENSION);
    y[i] = sin(2.0 * t) + 0.5 * cos(t);
  }
  for (int i = 0; i < TEST; i++) put_point(-pi + 2.0 * pi * (i + 0.5) / TEST, x + (TRAIN + i) * DIMENSION);
  const wl_network network = network_of(3, s->activation), target = network_of(2, s->activation);
  const wl_problem_data data = {TRAIN, TEST, DIMENSION, 1, x, y, s->own_target ? &target : NULL};
  return wl_problem_create(&network, &data, s->noise, s->options.time, problem);
}

static void scale_laws(wl_problem *problem, double scale) {
  for (int i = 0; i < TEST * TEST; i++) {
    problem->ensemble[i] *= scale;
    problem->rnd[i] *= scale;
    problem->posterior[i] *= scale;
  }
}

static wl_error judge(const wl_experiment *experiment, wl_problem *problem, double scale, tally *t) {
  wl_verdict verdict;
  scale_laws(problem, scale);
  const wl_error error = wl_experiment_verdict(experiment, &verdict);
  scale_laws(problem, 1.0 / scale);
  WL_TRY(error);
  t->experiments++;
  t->failed += !verdict.pass;
  for (int c = 0; c < WL_CLAIMS; c++) {
    t->name[c] = verdict.claim[c].name;
    t->claim[c] += verdict.claim[c].present && !verdict.claim[c].pass;
  }
  return WL_OK;
}

/* So many experiments, each against the first `laws` scales. */
static wl_error run(const study *s, wl_finite_fault fault, wl_problem *problem, int count, int laws,
                    tally *tallies) {
  char path[4096];
  wl_experiment_options options = s->options;
  options.journal = path;
  options.resume = true;
  options.fault = fault;
  for (int seed = s->first; seed < s->first + count; seed++) {
    wl_experiment *experiment = NULL;
    options.seed = (uint64_t)seed;
    snprintf(path, sizeof path, "%s/%d-%d.journal", s->folder, (int)fault, seed);
    WL_TRY(wl_experiment_run(MPI_COMM_WORLD, problem, &options, &experiment));
    wl_error error = WL_OK;
    for (int l = 0; l < laws && error == WL_OK; l++) error = judge(experiment, problem, scales[l], &tallies[l]);
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

static wl_error measure(const study *s) {
  static const char *const faults[] = {"none", "last_layer", "shared", "head"};
  wl_problem *problem = NULL;
  WL_TRY(make_problem(s, &problem));
  printf("eigenvalues of theta %.3g to %.3g\n", problem->lambda_min, problem->lambda_max);
  tally tallies[SCALES] = {0};
  wl_error error = run(s, WL_FINITE_FAULT_NONE, problem, s->experiments, s->laws, tallies);
  for (int l = 0; l < s->laws && error == WL_OK; l++) {
    char text[64];
    snprintf(text, sizeof text, l == 0 ? "true theory" : "variances of the laws times %.1f", scales[l]);
    print(text, &tallies[l]);
  }
  for (int f = WL_FINITE_FAULT_LAST_LAYER; f <= WL_FINITE_FAULT_HEAD && error == WL_OK; f++) {
    tally t = {0};
    if (f == WL_FINITE_FAULT_SHARED && s->own_target) continue; /* refused by the program: nothing to share */
    error = run(s, (wl_finite_fault)f, problem, s->experiments / 10, 1, &t);
    print(faults[f], &t);
  }
  wl_problem_destroy(&problem);
  return error;
}

static bool set_count(int letter, study *s) {
  const int64_t number = optarg ? atoll(optarg) : 0;
  switch (letter) {
    case 'n':
      s->experiments = (int)number;
      return true;
    case 'f':
      s->first = (int)number;
      return true;
    case 'w':
      s->options.widths[0] = number;
      return true;
    case 'm':
      s->options.networks = number;
      return true;
    case 'k':
      s->options.heads = number;
      return true;
    default:
      return false;
  }
}

static bool set_problem(int letter, study *s) {
  switch (letter) {
    case 'r':
      s->options.residual = atof(optarg);
      return true;
    case 't':
      s->options.time = atof(optarg);
      return true;
    case 'l':
      s->options.training = WL_TRAINING_LINEARIZED;
      return true;
    case 's':
      s->noise = atof(optarg);
      return true;
    case 'a':
      return wl_activation_find(optarg, &s->activation) == WL_OK;
    case 'g':
      s->own_target = true;
      return true;
    case 'p':
      s->laws = SCALES;
      return true;
    default:
      return false;
  }
}

static bool parse(int count, char **arguments, study *s) {
  bool good = true;
  for (int c; good && (c = getopt(count, arguments, "n:f:w:m:k:r:t:ls:a:gp")) != -1;)
    good = set_count(c, s) || set_problem(c, s);
  for (int w = 1; w < WIDTHS; w++) s->options.widths[w] = 2 * s->options.widths[w - 1];
  if (s->options.time > 0.0) s->options.momentum = WL_MOMENTUM_NONE;
  if (good && optind == count - 1) s->folder = arguments[optind];
  return s->folder != NULL;
}

int main(int count, char **arguments) {
  study s = {.experiments = 200,
             .laws = 1,
             .first = 1,
             .activation = WL_ACTIVATION_ERF,
             .options = {.networks = 64,
                         .heads = 4,
                         .width_count = WIDTHS,
                         .widths = {32},
                         .residual = 1e-3,
                         .step = 1.0,
                         .steps = 20000,
                         .momentum = WL_MOMENTUM_HEAVY_BALL}};
  MPI_Init(&count, &arguments);
  wl_error error = WL_ERROR_CONFIG;
  if (!parse(count, arguments, &s)) {
    fprintf(stderr,
            "usage: finite_alarms [-n N] [-f SEED] [-w WIDTH] [-m NETWORKS] [-k HEADS] [-r RESIDUAL] [-t TIME] "
            "[-l] [-s NOISE] "
            "[-a ACTIVATION] [-g] [-p] FOLDER\n");
  } else {
    error = measure(&s);
    if (error != WL_OK) fprintf(stderr, "finite_alarms: %s\n", wl_error_message());
  }
  MPI_Finalize();
  return error == WL_OK ? 0 : 1;
}
