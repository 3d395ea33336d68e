/*
 * The experiment: networks handed out by rank 0 as ranks become free, results put in their places on rank 0.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "finite/journal.h"
#include "finite/replicate.h"
#include "kernel/layers.h"

enum { TAG_RESULT = 1, TAG_ITEM = 2 };

/* What a rank sends when it wants the next item: the number of the last one (−1: none), whether it failed, whether it was
   asked to stop, and the values. */
enum { MESSAGE_ITEM, MESSAGE_FAILED, MESSAGE_STOP, MESSAGE_VALUES };

typedef struct handout {
  MPI_Comm comm;
  int rank, size;
  wl_experiment *experiment;
  const wl_experiment_options *options;
  wl_replicate *replicate; /* of the width in hand */
  int64_t replicate_width;
  double *message;
  /* rank 0 */
  wl_journal *journal;
  bool *finished;                      /* items that an earlier run measured */
  int64_t next, done, items, recalled; /* recalled: from the journal */
  int working;                         /* ranks that have not been told that there is nothing left */
  wl_error error;                      /* of the journal */
  bool failed, stopped;                /* somewhere: nothing more is handed out */
  double work_done, served;            /* served: when messages were last looked at */
  wl_progress progress;
  char label[64];
} handout;

const char *wl_finite_model_name(int model) {
  static const char *const names[WL_FINITE_MODELS] = {
#define WL_MODEL_ENTRY(NAME, name, text) [WL_FINITE_##NAME] = #name,
      WL_MODEL_LIST(WL_MODEL_ENTRY)
#undef WL_MODEL_ENTRY
  };
  return names[model];
}

/* Items count from the widest down, so that the last ones are short. */
static int64_t width_of(const handout *h, int64_t item) {
  return h->experiment->width_count - 1 - item / h->experiment->networks;
}

static double work_of(const wl_experiment *experiment, int64_t width) {
  const double n = (double)experiment->widths[width];
  return n * (n + 64.0);
}

static double *place_of(const handout *h, int64_t item) {
  const int64_t row = width_of(h, item) * h->experiment->networks + item % h->experiment->networks;
  return h->experiment->data + row * h->experiment->record.size;
}

static bool is_asked_to_stop(const handout *h) { return h->options->stop && h->options->stop(); }

static int64_t take_item(handout *h) {
  while (h->next < h->items && h->finished[h->next]) h->next++;
  return h->failed || h->stopped || h->next == h->items ? -1 : h->next++;
}

static void count_item(handout *h, int64_t item) {
  h->done++;
  h->work_done += work_of(h->experiment, width_of(h, item));
  if (h->progress.began <= 0.0) return; /* taken from the journal */
  const double seconds = MPI_Wtime() - h->progress.began;
  snprintf(h->label, sizeof h->label, "networks %lld/%lld, %.3g/s", (long long)h->done, (long long)h->items,
           (double)(h->done - h->recalled) / (seconds > 1e-3 ? seconds : 1e-3));
  wl_progress_update(&h->progress, h->work_done);
}

/* Rank 0: an item is done and its values are in place. */
static void keep_item(handout *h, int64_t item) {
  if (h->journal && h->error == WL_OK) h->error = wl_journal_append(h->journal, item, place_of(h, item));
  if (h->error != WL_OK) h->failed = true;
  count_item(h, item);
}

/* Rank 0: takes one result and answers with the next item. */
static void answer(handout *h, int source) {
  MPI_Recv(h->message, (int)(MESSAGE_VALUES + h->experiment->record.size), MPI_DOUBLE, source, TAG_RESULT, h->comm,
           MPI_STATUS_IGNORE);
  const int64_t finished = (int64_t)h->message[MESSAGE_ITEM];
  if (h->message[MESSAGE_STOP] != 0.0) h->stopped = true;
  if (h->message[MESSAGE_FAILED] != 0.0) {
    h->failed = true;
  } else if (finished >= 0) {
    memcpy(place_of(h, finished), h->message + MESSAGE_VALUES,
           sizeof(double) * (size_t)h->experiment->record.size);
    keep_item(h, finished);
  }
  const int64_t item = take_item(h);
  if (item < 0) h->working--;
  MPI_Send(&item, 1, MPI_INT64_T, source, TAG_ITEM, h->comm);
}

/* Rank 0, between the steps of its own training: whoever waits gets an answer. Not at every step, for a look at the
   messages may give the processor away. */
static void serve(void *context) {
  static const double pause = 1e-3;
  handout *h = context;
  if (h->working == 0 || MPI_Wtime() - h->served < pause) return;
  for (;;) {
    int waiting = 0;
    MPI_Status status;
    MPI_Iprobe(MPI_ANY_SOURCE, TAG_RESULT, h->comm, &waiting, &status);
    if (!waiting) break;
    answer(h, status.MPI_SOURCE);
  }
  h->served = MPI_Wtime();
}

static wl_error measure(handout *h, int64_t item, double *values) {
  const int64_t width = h->experiment->widths[width_of(h, item)];
  if (!h->replicate || h->replicate_width != width) {
    wl_replicate_destroy(&h->replicate);
    WL_TRY(wl_replicate_create(h->experiment->problem, h->options, width, &h->replicate));
    h->replicate_width = width;
  }
  return wl_replicate_measure(h->replicate, item % h->experiment->networks, h->rank == 0 ? serve : NULL, h,
                              values);
}

static void recall(void *context, int64_t item, const double *values) {
  handout *h = context;
  if (item < 0 || item >= h->items || h->finished[item]) return;
  memcpy(place_of(h, item), values, sizeof(double) * (size_t)h->experiment->record.size);
  h->finished[item] = true;
  count_item(h, item);
}

/* What a list and the parametrization add to the numbers of a network in short. */
static uint64_t hash_layers(uint64_t hash, const wl_network *network) {
  for (int k = 0; k < network->layer_count; k++) {
    const wl_layer *y = &network->layer[k];
    const double numbers[] = {y->kind,    y->activation, y->branch, y->slope, y->sigma_w,
                              y->sigma_b, y->keep,       y->a,      y->b,     y->c};
    hash = wl_journal_hash(hash, numbers, sizeof numbers);
    hash = wl_journal_hash(hash, y->hermite, sizeof y->hermite);
  }
  if (network->parameterization == WL_PARAMETERIZATION_STANDARD)
    hash = wl_journal_hash(hash, &network->width, sizeof network->width);
  return hash;
}

/* Of everything that the values of an item depend on. */
static uint64_t fingerprint(const wl_problem *p, const wl_experiment_options *o) {
  const double numbers[] = {(double)p->train,
                            (double)p->test,
                            (double)p->dimension,
                            (double)p->outputs,
                            p->ridge,
                            p->network.depth,
                            p->network.activation,
                            p->network.slope,
                            p->network.sigma_w,
                            p->network.sigma_b,
                            (double)o->networks,
                            (double)o->heads,
                            (double)o->training,
                            o->residual,
                            o->step,
                            (double)o->steps,
                            (double)o->momentum,
                            (double)o->fault,
                            (double)o->width_count,
                            p->time};
  const double target[] = {p->target.depth, p->target.activation, p->target.slope, p->target.sigma_w,
                           p->target.sigma_b};
  uint64_t hash = wl_journal_hash(0, numbers, sizeof numbers);
  if (p->other_target) hash = wl_journal_hash(hash, target, sizeof target);
  hash = hash_layers(hash, &p->network);
  if (p->other_target) hash = hash_layers(hash, &p->target);
  hash = wl_journal_hash(hash, &o->seed, sizeof o->seed);
  hash = wl_journal_hash(hash, o->widths, sizeof o->widths[0] * (size_t)o->width_count);
  hash = wl_journal_hash(hash, p->x, sizeof(double) * (size_t)(p->all * p->dimension));
  return wl_journal_hash(hash, p->y, sizeof(double) * (size_t)(p->train * p->outputs));
}

static wl_error open_journal(handout *h) {
  const wl_experiment_options *o = h->options;
  if (!o->journal) return WL_OK;
  WL_TRY(wl_journal_open(o->journal, o->resume, fingerprint(h->experiment->problem, o), h->experiment->record.size,
                         recall, h, &h->journal));
  if (o->resume)
    wl_log_line("  resumed  %lld of %lld networks were measured before", (long long)h->done, (long long)h->items);
  return WL_OK;
}

static wl_error lead(handout *h) {
  wl_error error = WL_OK;
  double work = 0.0;
  for (int64_t w = 0; w < h->experiment->width_count; w++)
    work += work_of(h->experiment, w) * (double)h->experiment->networks;
  work -= h->work_done; /* rate and time left are those of this run */
  h->work_done = 0.0;
  h->recalled = h->done;
  h->working = h->size - 1;
  h->progress = wl_progress_begin(h->label, work, 0.0);
  for (;;) {
    serve(h);
    if (is_asked_to_stop(h)) h->stopped = true;
    const int64_t item = take_item(h);
    if (item < 0) break;
    error = measure(h, item, place_of(h, item));
    if (error != WL_OK)
      h->failed = true;
    else
      keep_item(h, item);
  }
  while (h->working > 0) {
    MPI_Status status;
    MPI_Probe(MPI_ANY_SOURCE, TAG_RESULT, h->comm, &status);
    answer(h, status.MPI_SOURCE);
  }
  wl_progress_end(&h->progress);
  if (error == WL_OK) error = h->error;
  if (error != WL_OK || h->failed || h->done == h->items) return error;
  WL_FAIL(WL_ERROR_STOPPED, "%lld of %lld networks are measured", (long long)h->done, (long long)h->items);
}

static wl_error follow(handout *h) {
  wl_error error = WL_OK;
  int64_t item = -1;
  for (;;) {
    h->message[MESSAGE_ITEM] = (double)item;
    h->message[MESSAGE_FAILED] = error == WL_OK ? 0.0 : 1.0;
    h->message[MESSAGE_STOP] = is_asked_to_stop(h) ? 1.0 : 0.0;
    MPI_Send(h->message, (int)(MESSAGE_VALUES + h->experiment->record.size), MPI_DOUBLE, 0, TAG_RESULT, h->comm);
    MPI_Recv(&item, 1, MPI_INT64_T, 0, TAG_ITEM, h->comm, MPI_STATUS_IGNORE);
    if (item < 0) return error;
    if (error == WL_OK) error = measure(h, item, h->message + MESSAGE_VALUES);
  }
}

/* DGEMM of the shapes of a step on all ranks at once, the slowest counts. */
static wl_error measure_gemm(handout *h) {
  wl_experiment *experiment = h->experiment;
  experiment->gemm_ranks = h->size;
  for (int64_t w = 0; w < experiment->width_count; w++) {
    wl_replicate_destroy(&h->replicate);
    WL_TRY(wl_error_agree(
        h->comm, wl_replicate_create(experiment->problem, h->options, experiment->widths[w], &h->replicate)));
    MPI_Barrier(h->comm);
    double rate = wl_replicate_gemm_rate(h->replicate, 0.2);
    MPI_Allreduce(MPI_IN_PLACE, &rate, 1, MPI_DOUBLE, MPI_MIN, h->comm);
    experiment->gemm_rate[w] = rate;
  }
  return WL_OK;
}

static wl_error check_network(const wl_network *network) {
  if (!wl_network_has_lower(network) && network->layer_count > 0)
    WL_FAIL(
        WL_ERROR_CONFIG,
        "network.layers: has one dense layer alone: a linear network has no width; finite_width needs at least "
        "2");
  if (!wl_network_has_lower(network))
    WL_FAIL(WL_ERROR_CONFIG,
            "network.depth is 1: a linear network has no width; finite_width needs a depth of at least 2");
  if (!wl_network_theta_bounds_kappa(network))
    WL_FAIL(WL_ERROR_CONFIG,
            "network.parameterization is standard: finite_width trains Bayesian RND, whose targets need a "
            "network.width of at least sigma_w^2 and a sigma_b of at most 1 of the last layer");
  return WL_OK;
}

wl_error wl_experiment_check(const wl_network *network, double ridge, const wl_experiment_options *o) {
  WL_TRY(check_network(network));
  if (ridge > 0.0 && o->training == WL_TRAINING_GRADIENT_DESCENT)
    WL_FAIL(WL_ERROR_CONFIG,
            "noise_variance or jitter is above 0: gradient descent would fit the noise; set both to 0, or "
            "finite_width.training to linearized, which has the ridge in closed form");
  if (o->time > 0.0 && o->training == WL_TRAINING_GRADIENT_DESCENT && o->momentum != WL_MOMENTUM_NONE)
    WL_FAIL(WL_ERROR_CONFIG,
            "finite_width.stop.time is a time of gradient flow, which a heavy ball does not follow; set "
            "finite_width.momentum to none");
  for (int64_t w = 0; w < o->width_count; w++)
    if (o->widths[w] > 46000)
      WL_FAIL(WL_ERROR_CONFIG, "finite_width.widths: %lld is too wide, a layer's weights pass 32-bit sizes",
              (long long)o->widths[w]);
  if (o->networks > INT32_MAX) WL_FAIL(WL_ERROR_CONFIG, "finite_width.networks must be below 2147483648");
  return WL_OK;
}

wl_error wl_experiment_rank_bytes(const wl_problem *problem, const wl_experiment_options *o, double *bytes) {
  return wl_replicate_bytes(problem, o, o->widths[o->width_count - 1], bytes);
}

static wl_error allocate(handout *h) {
  const wl_experiment *s = h->experiment;
  h->message = calloc((size_t)(MESSAGE_VALUES + s->record.size), sizeof(double));
  if (h->rank == 0)
    h->experiment->data = calloc((size_t)(s->width_count * s->networks * s->record.size), sizeof(double));
  h->finished = calloc((size_t)h->items, sizeof *h->finished);
  if (!h->message || !h->finished || (h->rank == 0 && !s->data))
    WL_FAIL(WL_ERROR_MEMORY, "finite networks: no memory for the results of %lld networks",
            (long long)(s->width_count * s->networks));
  return WL_OK;
}

static wl_error run(handout *h) {
  const double began = MPI_Wtime();
  WL_TRY(wl_error_agree(h->comm, allocate(h)));
  WL_TRY(wl_error_agree(h->comm, h->rank == 0 ? open_journal(h) : WL_OK));
  WL_TRY(wl_error_agree(h->comm, h->rank == 0 ? lead(h) : follow(h)));
  h->experiment->seconds = MPI_Wtime() - began;
  return h->options->training == WL_TRAINING_GRADIENT_DESCENT ? measure_gemm(h) : WL_OK;
}

wl_error wl_experiment_run(MPI_Comm comm, const wl_problem *problem, const wl_experiment_options *options,
                           wl_experiment **result) {
  *result = NULL;
  WL_TRY(wl_experiment_check(&problem->network, problem->ridge, options));
  if (options->training == WL_TRAINING_GRADIENT_DESCENT &&
      problem->time * problem->lambda_max > 0.02 * (double)options->steps)
    WL_FAIL(WL_ERROR_CONFIG,
            "finite_width.stop.time is %g: that is %.3g steps, finite_width.stop.steps allows %lld", problem->time,
            ceil(problem->time * problem->lambda_max / 0.02), (long long)options->steps);
  handout h = {.comm = comm, .options = options, .experiment = calloc(1, sizeof *h.experiment)};
  WL_TRY(wl_error_agree(comm,
                        h.experiment ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "finite networks: out of memory")));
  MPI_Comm_rank(comm, &h.rank);
  MPI_Comm_size(comm, &h.size);
  h.experiment->problem = problem;
  h.experiment->record = wl_record_layout(problem, options->heads);
  h.experiment->width_count = options->width_count;
  h.experiment->networks = options->networks;
  memcpy(h.experiment->widths, options->widths, sizeof options->widths);
  h.items = options->width_count * options->networks;
  const wl_error error = run(&h);
  wl_replicate_destroy(&h.replicate);
  wl_journal_close(&h.journal);
  free(h.message);
  free(h.finished);
  if (error != WL_OK) wl_experiment_destroy(&h.experiment);
  *result = h.experiment;
  return error;
}

void wl_experiment_destroy(wl_experiment **pointer) {
  wl_experiment *experiment = *pointer;
  if (!experiment) return;
  free(experiment->data);
  free(experiment);
  *pointer = NULL;
}
