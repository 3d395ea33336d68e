#include "finite/replicate.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct wl_replicate {
  const wl_problem *problem;
  const wl_experiment_options *options;
  wl_record record;
  int64_t width, most;                 /* most heads of any model */
  wl_net *net[WL_FINITE_MODELS];       /* what is trained */
  wl_net *target;                      /* of RND */
  wl_tape *tape, *target_tape;         /* the same where the networks are alike */
  double *parameters, *second;         /* one network; velocity or direction */
  double *start, *end, *targets;       /* heads × N: at initialization, after training; heads × n */
  double *kappa, *last, *lower, *half; /* N × N, N × N, KN × KN, m × N */
  wl_descent descent;
};

wl_record wl_record_layout(const wl_problem *p, int64_t heads) {
  wl_record r = {.heads = {p->outputs, heads, heads}};
  int64_t at = 0;
  for (int model = 0; model < WL_FINITE_MODELS; model++) {
    r.steps[model] = at++;
    r.residual[model] = at++;
    r.converged[model] = at++;
    r.error[model] = at;
    r.limit[model] = at += r.heads[model] * p->test;
    r.conditional[model] = at += r.heads[model] * p->test;
    at += p->test;
  }
  r.kappa = at++;
  r.theta = at++;
  r.flops = at++;
  r.seconds = at++;
  r.size = at;
  return r;
}

/* Euler's steps of gradient flow; short, for e^{−tλ} comes out too low by ½ hλ · tλ e^{−tλ} < 0.0037. */
static wl_descent flow_of(const wl_problem *p, const wl_experiment_options *o) {
  const double steps = ceil(p->time * p->lambda_max / fmin(o->step, 0.02));
  return (wl_descent){.step = p->time / steps, .steps = (int64_t)steps, .timed = true};
}

/* Heavy ball at a step of c/λ_max: critically damped for the slowest mode, so that the error shrinks by 1 − √(step λ_min)
   a step, and stable up to curvatures of 2 (1 + momentum)/step. [Polyak 1964] */
static wl_descent descent_of(const wl_problem *p, const wl_experiment_options *o) {
  if (p->time > 0.0) return flow_of(p, o);
  wl_descent d = {.step = o->step / p->lambda_max, .residual = o->residual, .steps = o->steps};
  const double slow = d.step * p->lambda_min;
  if (o->momentum == WL_MOMENTUM_HEAVY_BALL && slow < 1.0 && slow > 0.0)
    d.momentum = (1.0 - sqrt(slow)) * (1.0 - sqrt(slow));
  return d;
}

static double *room(int64_t count) { return malloc(sizeof(double) * (size_t)(count > 0 ? count : 1)); }

static wl_error create_nets(wl_replicate *w) {
  const wl_problem *p = w->problem;
  for (int model = 0; model < WL_FINITE_MODELS; model++)
    WL_TRY(wl_net_create(&p->network, p->dimension, w->width, w->record.heads[model], &w->net[model]));
  return wl_net_create(&p->target, p->dimension, w->width, w->record.heads[WL_FINITE_RND], &w->target);
}

static wl_error create_tapes(wl_replicate *w) {
  const wl_problem *p = w->problem;
  WL_TRY(wl_tape_create(w->net[WL_FINITE_RND], p->all, &w->tape));
  if (p->other_target) return wl_tape_create(w->target, p->all, &w->target_tape);
  w->target_tape = w->tape;
  return WL_OK;
}

/* Of the largest network. */
static int64_t most_parameters(const wl_replicate *w) {
  int64_t most = wl_net_parameters(w->target);
  for (int model = 0; model < WL_FINITE_MODELS; model++) {
    const int64_t size = wl_net_parameters(w->net[model]);
    if (size > most) most = size;
  }
  return most;
}

static wl_error allocate(wl_replicate *w) {
  const wl_problem *p = w->problem;
  const int64_t size = most_parameters(w), N = p->all;
  w->parameters = room(size);
  w->second = room(size);
  w->start = room(w->most * N);
  w->end = room(w->most * N);
  w->targets = room(w->most * p->train);
  w->kappa = room(N * N);
  w->last = room(N * N);
  w->lower = room(w->most * N * w->most * N);
  w->half = room(p->test * N);
  if (!w->parameters || !w->second || !w->start || !w->end || !w->targets || !w->kappa || !w->last || !w->lower ||
      !w->half)
    WL_FAIL(WL_ERROR_MEMORY, "finite networks: no memory for a network of width %lld", (long long)w->width);
  return create_tapes(w);
}

/* With its networks, but without room for them. */
static wl_error create(const wl_problem *problem, const wl_experiment_options *options, int64_t width,
                       wl_replicate **result) {
  wl_replicate *w = *result = calloc(1, sizeof *w);
  if (!w) WL_FAIL(WL_ERROR_MEMORY, "finite networks: out of memory");
  *w = (wl_replicate){.problem = problem,
                      .options = options,
                      .record = wl_record_layout(problem, options->heads),
                      .width = width,
                      .most = problem->outputs > options->heads ? problem->outputs : options->heads,
                      .descent = descent_of(problem, options)};
  return create_nets(w);
}

wl_error wl_replicate_create(const wl_problem *problem, const wl_experiment_options *options, int64_t width,
                             wl_replicate **result) {
  wl_error error = create(problem, options, width, result);
  if (error == WL_OK) error = allocate(*result);
  if (error != WL_OK) wl_replicate_destroy(result);
  return error;
}

/* What allocate() takes, and the larger of what the kernels and the closed form take one after the other. */
static double bytes_of(const wl_replicate *w) {
  const wl_problem *p = w->problem;
  const double N = (double)p->all, n = (double)p->train, K = (double)w->most;
  const double numbers =
      2.0 * (double)most_parameters(w) + K * (3.0 * N + n) + 2.0 * N * N + K * N * K * N + (double)p->test * N;
  double passing = fmax(wl_net_kernels_bytes(w->net[WL_FINITE_ENSEMBLE], p->all),
                        wl_net_kernels_bytes(w->net[WL_FINITE_RND], p->all));
  if (w->options->training == WL_TRAINING_LINEARIZED)
    passing = fmax(passing, wl_net_linearized_bytes(w->most, p->train, p->all, p->time));
  double bytes = (double)sizeof(double) * numbers + wl_tape_bytes(w->net[WL_FINITE_RND], p->all);
  if (p->other_target) bytes += wl_tape_bytes(w->target, p->all);
  return bytes + passing;
}

wl_error wl_replicate_bytes(const wl_problem *problem, const wl_experiment_options *options, int64_t width,
                            double *bytes) {
  wl_replicate *w;
  const wl_error error = create(problem, options, width, &w);
  if (error == WL_OK) *bytes = bytes_of(w);
  wl_replicate_destroy(&w);
  return error;
}

void wl_replicate_destroy(wl_replicate **pointer) {
  wl_replicate *w = *pointer;
  if (!w) return;
  if (w->target_tape != w->tape) wl_tape_destroy(&w->target_tape);
  wl_tape_destroy(&w->tape);
  for (int model = 0; model < WL_FINITE_MODELS; model++) wl_net_destroy(&w->net[model]);
  wl_net_destroy(&w->target);
  free(w->parameters);
  free(w->second);
  free(w->start);
  free(w->end);
  free(w->targets);
  free(w->kappa);
  free(w->last);
  free(w->lower);
  free(w->half);
  free(w);
  *pointer = NULL;
}

/* ---- measuring ------------------------------------------------------------------------------------------------ */

/* values ← values + diag(P K Pᵀ), K N × N with leading dimension ld */
static void add_conditional(wl_replicate *w, const double *K, int64_t ld, double scale, double *values) {
  const wl_problem *p = w->problem;
  const blasint m = (blasint)p->test, N = (blasint)p->all;
  cblas_dgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, m, N, N, scale, p->P, m, K, (blasint)ld, 0.0, w->half, m);
  for (int64_t i = 0; i < p->all; i++)
    for (int64_t t = 0; t < p->test; t++) values[t] += w->half[i * p->test + t] * p->P[i * p->test + t];
}

/* limit ← P ε₀ for every head; `initial` is heads × N */
static void put_limit(const wl_replicate *w, int64_t heads, const double *initial, double *limit) {
  const wl_problem *p = w->problem;
  const blasint m = (blasint)p->test, N = (blasint)p->all;
  cblas_dgemm(CblasColMajor, CblasNoTrans, CblasTrans, m, (blasint)heads, N, 1.0, p->P, m, initial, (blasint)heads,
              0.0, limit, m);
}

/* Squared relative distance of the empirical kernels to the exact ones, Θ with all pairs of heads. */
static void compare_kernels(const wl_replicate *w, int64_t heads, double *kappa, double *theta) {
  const wl_problem *p = w->problem;
  const int64_t N = p->all, size = heads * N;
  double apart = 0.0, norm = 0.0;
  for (int64_t i = 0; i < N * N; i++) {
    apart += (w->kappa[i] - p->kappa[i]) * (w->kappa[i] - p->kappa[i]);
    norm += p->kappa[i] * p->kappa[i];
  }
  *kappa = apart / norm;
  apart = norm = 0.0;
  for (int64_t c = 0; c < size; c++)
    for (int64_t r = 0; r < size; r++) {
      const int64_t at = c % N * N + r % N;
      const bool same = c / N == r / N;
      const double exact = same ? p->theta[at] : 0.0, is = w->lower[c * size + r] + (same ? w->last[at] : 0.0);
      apart += (is - exact) * (is - exact);
      norm += exact * exact;
    }
  *theta = apart / norm;
}

/* Trains the network in w->parameters, which is at w->start, to w->targets; w->end gets what it then says everywhere. */
static wl_error train(wl_replicate *w, int model, double *values) {
  const wl_problem *p = w->problem;
  const wl_net *net = w->net[model];
  const int64_t heads = w->record.heads[model];
  wl_trained trained = {0};
  if (w->options->training == WL_TRAINING_LINEARIZED) {
    memcpy(w->end, w->start, sizeof(double) * (size_t)(heads * p->all));
    const wl_linearization linear = {.heads = heads,
                                     .train = p->train,
                                     .all = p->all,
                                     .last = w->last,
                                     .lower = w->lower,
                                     .ridge = p->ridge,
                                     .time = p->time,
                                     .tolerance = w->options->residual};
    WL_TRY(wl_net_linearized(&linear, w->targets, w->end, &trained));
  } else {
    const double began = MPI_Wtime();
    trained = wl_net_descend(net, &w->descent, p->train, p->x, w->targets, w->tape, w->parameters, w->second);
    values[w->record.seconds] += MPI_Wtime() - began;
    values[w->record.flops] += (double)trained.steps * wl_net_flops(net, p->train);
    wl_net_forward(net, w->parameters, p->all, p->x, w->tape, w->end);
  }
  values[w->record.steps[model]] = (double)trained.steps;
  values[w->record.residual[model]] = trained.residual;
  values[w->record.converged[model]] = trained.converged ? 1.0 : 0.0;
  return WL_OK;
}

/* ε(T) = end − reference, test point fastest; both heads × N */
static void put_error(const wl_replicate *w, int64_t heads, const double *reference, double *error) {
  const wl_problem *p = w->problem;
  for (int64_t k = 0; k < heads; k++)
    for (int64_t t = 0; t < p->test; t++) {
      const int64_t at = (p->train + t) * heads + k;
      error[k * p->test + t] = w->end[at] - reference[at];
    }
}

static wl_net_source source_of(const wl_replicate *w, wl_stream stream, int64_t index, int64_t heads) {
  const bool repeat = w->options->fault == WL_FINITE_FAULT_HEAD && heads > 1;
  return (wl_net_source){w->options->seed, stream, index, repeat};
}

/* Draws a network and leaves its outputs at all points. */
static void draw(wl_replicate *w, const wl_net *net, wl_stream stream, int64_t index, wl_tape *tape, double *out) {
  const wl_net_source source = source_of(w, stream, index, wl_net_heads(net));
  wl_net_draw(net, &source, w->parameters);
  wl_net_draw_masks(net, &source, tape);
  wl_net_forward(net, w->parameters, w->problem->all, w->problem->x, tape, out);
}

static wl_error measure_ensemble(wl_replicate *w, int64_t index, double *values) {
  const wl_problem *p = w->problem;
  const wl_record *r = &w->record;
  const wl_net *net = w->net[WL_FINITE_ENSEMBLE];
  const int64_t heads = r->heads[WL_FINITE_ENSEMBLE];
  draw(w, net, WL_STREAM_FINITE_ENSEMBLE, index, w->tape, w->start);
  WL_TRY(wl_net_kernels(net, w->parameters, p->x, w->tape, w->kappa, w->last, w->lower));
  compare_kernels(w, heads, &values[r->kappa], &values[r->theta]);
  put_limit(w, heads, w->start, values + r->limit[WL_FINITE_ENSEMBLE]); /* P [Y; A Y] = 0 */
  add_conditional(w, w->kappa, p->all, 1.0, values + r->conditional[WL_FINITE_ENSEMBLE]);
  memcpy(w->targets, p->y, sizeof(double) * (size_t)(heads * p->train));
  WL_TRY(train(w, WL_FINITE_ENSEMBLE, values));
  double *error = values + r->error[WL_FINITE_ENSEMBLE];
  for (int64_t k = 0; k < heads; k++)
    for (int64_t t = 0; t < p->test; t++)
      error[k * p->test + t] = w->end[(p->train + t) * heads + k] - p->mean[t * heads + k];
  return WL_OK;
}

/* The common end of both kinds of RND: `target` is g at all N points, w->targets what X is trained on. */
static wl_error measure_distillation(wl_replicate *w, int model, const double *target, double *values) {
  const int64_t heads = w->record.heads[model];
  WL_TRY(train(w, model, values));
  put_error(w, heads, target, values + w->record.error[model]);
  for (int64_t i = 0; i < heads * w->problem->all; i++) w->start[i] -= target[i];
  put_limit(w, heads, w->start, values + w->record.limit[model]);
  return WL_OK;
}

static wl_error measure_rnd(wl_replicate *w, int64_t index, double *values, double *target) {
  const wl_problem *p = w->problem;
  const wl_net *net = w->net[WL_FINITE_RND];
  double *conditional = values + w->record.conditional[WL_FINITE_RND];
  const bool shared = w->options->fault == WL_FINITE_FAULT_SHARED;
  const wl_stream stream = shared ? WL_STREAM_FINITE_PREDICTOR : WL_STREAM_FINITE_TARGET;
  draw(w, w->target, stream, index, w->target_tape, target);
  WL_TRY(wl_net_kernels(w->target, w->parameters, p->x, w->target_tape, w->kappa, NULL, NULL));
  add_conditional(w, w->kappa, p->all, 1.0, conditional);
  draw(w, net, WL_STREAM_FINITE_PREDICTOR, index, w->tape, w->start);
  const bool linearized = w->options->training == WL_TRAINING_LINEARIZED;
  WL_TRY(wl_net_kernels(net, w->parameters, p->x, w->tape, w->kappa, w->last, linearized ? w->lower : NULL));
  add_conditional(w, w->kappa, p->all, 1.0, conditional);
  memcpy(w->targets, target, sizeof(double) * (size_t)(w->record.heads[WL_FINITE_RND] * p->train));
  return measure_distillation(w, WL_FINITE_RND, target, values);
}

/* g̃ = J ψ* */
static void draw_tangent_target(wl_replicate *w, int64_t index, double *target) {
  const wl_net *net = w->net[WL_FINITE_BAYESIAN_RND];
  const wl_net_source source = source_of(w, WL_STREAM_FINITE_DIRECTION, index, wl_net_heads(net));
  wl_net_draw_direction(net, &source, w->options->fault == WL_FINITE_FAULT_LAST_LAYER, w->second);
  wl_net_jvp(net, w->parameters, w->second, w->problem->x, w->tape, target);
}

/* With noise each head trains on its own draw of it: adds η to the targets at X and A η to the limit. */
static void add_noise(wl_replicate *w, int64_t index, double *limit) {
  const wl_problem *p = w->problem;
  const int64_t n = p->train, m = p->test, heads = w->record.heads[WL_FINITE_BAYESIAN_RND];
  double *eta = w->half; /* n numbers at a time */
  for (int64_t k = 0; k < heads && p->ridge > 0.0; k++) {
    wl_random_normals(w->options->seed, WL_STREAM_FINITE_NOISE, (uint64_t)w->width << 32 | (uint64_t)index,
                      (uint64_t)k, n, eta);
    for (int64_t i = 0; i < n; i++) {
      eta[i] *= sqrt(p->ridge);
      w->targets[i * heads + k] += eta[i];
      for (int64_t t = 0; t < m && limit; t++) limit[k * m + t] -= p->P[i * m + t] * eta[i];
    }
  }
}

static wl_error measure_bayesian(wl_replicate *w, int64_t index, double *values, double *target) {
  const wl_problem *p = w->problem;
  const wl_record *r = &w->record;
  const int model = WL_FINITE_BAYESIAN_RND;
  const wl_net *net = w->net[model];
  const int64_t heads = r->heads[model];
  double *conditional = values + r->conditional[model], *limit = values + r->limit[model];
  draw(w, net, WL_STREAM_FINITE_BAYESIAN, index, w->tape, w->start);
  draw_tangent_target(w, index, target);
  WL_TRY(wl_net_kernels(net, w->parameters, p->x, w->tape, w->kappa, w->last, w->lower));
  add_conditional(w, w->last, p->all, 1.0, conditional); /* κ of u, and what Θ − κ leaves the last layer of g̃ */
  for (int64_t k = 0; k < heads; k++)                    /* the mean over heads of their own blocks */
    add_conditional(w, w->lower + k * p->all * (heads * p->all + 1), heads * p->all, 1.0 / (double)heads,
                    conditional);
  for (int64_t t = 0; t < p->test; t++) conditional[t] += p->noise[t];
  memcpy(w->targets, target, sizeof(double) * (size_t)(heads * p->train));
  add_noise(w, index, NULL);
  WL_TRY(measure_distillation(w, model, target, values));
  if (p->ridge > 0.0) add_noise(w, index, limit);
  return WL_OK;
}

wl_error wl_replicate_measure(wl_replicate *w, int64_t index, void (*idle)(void *), void *context,
                              double *values) {
  memset(values, 0, sizeof(double) * (size_t)w->record.size);
  w->descent.idle = idle;
  w->descent.context = context;
  double *target = room(w->most * w->problem->all);
  if (!target) WL_FAIL(WL_ERROR_MEMORY, "finite networks: out of memory");
  wl_error error = measure_ensemble(w, index, values);
  if (idle) idle(context);
  if (error == WL_OK) error = measure_rnd(w, index, values, target);
  if (idle) idle(context);
  if (error == WL_OK) error = measure_bayesian(w, index, values, target);
  free(target);
  return error;
}

double wl_replicate_gemm_rate(wl_replicate *w, double seconds) {
  const blasint rows = (blasint)w->width, count = (blasint)w->problem->train;
  const wl_net *net = w->net[WL_FINITE_RND];
  const blasint cols = wl_net_weight_layers(net) > 2 ? rows : (blasint)w->problem->dimension;
  double *W = w->parameters, *a = room((int64_t)cols * count), *z = room((int64_t)rows * count), flops = 0.0;
  if (!a || !z || wl_net_parameters(net) < (int64_t)rows * cols) {
    free(a);
    free(z);
    return 0.0;
  }
  for (int64_t i = 0; i < (int64_t)cols * count; i++) a[i] = 0.5;
  for (int64_t i = 0; i < (int64_t)rows * count; i++) z[i] = 0.5;
  for (int64_t i = 0; i < (int64_t)rows * cols; i++) W[i] = w->second[i] = 0.5;
  const double began = MPI_Wtime(), down = 2.0 / (double)cols, up = 2.0 / (double)rows; /* values stay at 0.5 */
  double now;
  do { /* the gradient goes to the second vector, as in training */
    cblas_dgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, rows, count, cols, down, W, rows, a, cols, 0.0, z,
                rows);
    cblas_dgemm(CblasColMajor, CblasTrans, CblasNoTrans, cols, count, rows, up, W, rows, z, rows, 0.0, a, cols);
    cblas_dgemm(CblasColMajor, CblasNoTrans, CblasTrans, rows, cols, count, down, z, rows, a, cols, 0.5, w->second,
                rows);
    flops += 6.0 * (double)rows * (double)cols * (double)count;
    now = MPI_Wtime();
  } while (now - began < seconds);
  free(a);
  free(z);
  return flops / (now - began);
}
