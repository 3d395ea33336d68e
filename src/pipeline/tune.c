/*
 * tune: the ranks in groups. The head of each searches; an evaluation is an order to all ranks of its group, which hold equal
 * configurations and change them alike. Rank 0 has all evaluations in the end, and writes them, now and then before that too.
 */
#include "pipeline/tune.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/timer.h"
#include "base/util.h"
#include "checkpoint/halt.h"
#include "config/tune_parameters.h"
#include "pipeline/header.h"
#include "pipeline/provenance.h"
#include "pipeline/run_log.h"
#include "pipeline/tune_evaluate.h"
#include "pipeline/tune_groups.h"
#include "pipeline/tune_search.h"
#include "pipeline/tune_table.h"
#include "results/results.h"

/* Seconds between two writings of what is known so far. */
static const double save_every = 60.0;

typedef struct tuning {
  int world_rank;
  wl_setup setup; /* of this group, once the ranks are in groups */
  wl_tune_groups groups;
  wl_tune_parameters parameters;
  wl_tune_data data;
  wl_halt halt;
  bool listening;
  wl_run_log log;
  double *last;        /* the place that the configuration is at */
  wl_tune_table known; /* heads: evaluations of an earlier run */
  wl_tune_table table; /* rank 0: all; other heads: none */
  char *made_with;     /* rank 0, as what follows */
  wl_progress progress;
  char label[48];
  double best, saved;
  int64_t search, step; /* heads: the search of the last evaluation, its number within */
} tuning;

/* ---- evaluations ---------------------------------------------------------------------------------------------- */

/* All ranks of the group. Only keys that move are set. */
static wl_error move_to(tuning *t, const double *place, bool *same_network) {
  wl_error error = WL_OK;
  *same_network = true;
  for (int i = 0; i < t->parameters.count && error == WL_OK; i++) {
    const wl_tune_parameter *p = &t->parameters.parameter[i];
    char text[64];
    if (place[i] == t->last[i]) continue;
    if (wl_tune_is_of_network(p)) *same_network = false;
    wl_tune_text_at(p, place[i], "%.17g", text);
    t->last[i] = NAN; /* until it is set */
    error = wl_config_set(t->setup.config, p->key->name, text);
    if (error == WL_OK) t->last[i] = place[i];
  }
  if (error != WL_OK) *same_network = false;
  if (error != WL_OK) wl_tune_data_forget(&t->data);
  return wl_error_agree(t->setup.comm, error);
}

/* All ranks of the group. NaN where the numbers or the rules between keys do not allow the setting; other errors are errors. */
static wl_error evaluate_here(tuning *t, double *place, double *value) {
  bool same_network;
  *value = NAN;
  MPI_Bcast(place, t->parameters.count, MPI_DOUBLE, 0, t->setup.comm);
  wl_error error = move_to(t, place, &same_network);
  if (error == WL_OK) error = wl_tune_objective_value(&t->setup, same_network, &t->data, value);
  error = wl_error_agree(t->setup.comm, error);
  if (error == WL_OK) return WL_OK;
  *value = NAN;
  return error == WL_ERROR_NUMERICAL || error == WL_ERROR_CONFIG ? WL_OK : error;
}

/* All ranks of the group: whether the clock or a signal ends it. */
static bool must_stop(tuning *t) { return wl_halt_decide(&t->halt) == WL_DECISION_STOP; }

static wl_error stopped(const tuning *t) { WL_FAIL(WL_ERROR_STOPPED, "stopped by %s", wl_halt_reason(&t->halt)); }

/* Rank 0. */
static wl_error save(const tuning *t) {
  wl_setup all = t->setup;
  all.comm = MPI_COMM_WORLD;
  return wl_tune_table_write(&t->table, &all, &t->parameters, t->made_with);
}

/* Rank 0. What is known so far goes to the files; that it cannot does not end the search. */
static void save_now_and_then(tuning *t) {
  if (MPI_Wtime() - t->saved < save_every || !isfinite(t->best)) return;
  t->saved = MPI_Wtime();
  if (save(t) != WL_OK) wl_log_warning("%s; the search goes on", wl_error_message());
}

/* Rank 0. */
static wl_error note(void *context, const double *row) {
  tuning *t = context;
  WL_TRY(wl_tune_table_add(&t->table, row));
  if (wl_tune_is_better(t->setup.config, row[WL_TUNE_GOAL], t->best)) t->best = row[WL_TUNE_GOAL];
  snprintf(t->label, sizeof t->label, "tune, best %.8g", t->best);
  wl_progress_update(&t->progress, (double)t->table.count);
  save_now_and_then(t);
  return WL_OK;
}

/* Heads. Numbers the evaluation within its search, and has rank 0 note it. *stop: another group has stopped. */
static wl_error report(tuning *t, int64_t search, const double *place, double value, bool *stop) {
  double row[WL_TUNE_WIDEST];
  t->step = search == t->search ? t->step + 1 : 0;
  t->search = search;
  row[WL_TUNE_SEARCH] = (double)search;
  row[WL_TUNE_STEP] = (double)t->step;
  row[WL_TUNE_GOAL] = value;
  memcpy(row + WL_TUNE_PLACE, place, sizeof(double) * (size_t)t->parameters.count);
  const int width = wl_tune_table_width(&t->table);
  if (t->world_rank != 0) {
    wl_tune_groups_tell(&t->groups, row, width);
    *stop = wl_tune_groups_hear(&t->groups);
    return WL_OK;
  }
  WL_TRY(note(t, row));
  return wl_tune_groups_collect(&t->groups, width, note, t, stop);
}

enum { ORDER_END, ORDER_EVALUATE };

/* Heads: what the search calls. What an earlier run knows is not evaluated again. */
static wl_error order(void *context, int64_t search, const double *place, double *goal) {
  tuning *t = context;
  int what = ORDER_EVALUATE;
  double value, here[WL_TUNE_WIDEST];
  bool elsewhere, here_too = false;
  memcpy(here, place, sizeof(double) * (size_t)t->parameters.count);
  if (!wl_tune_table_find(&t->known, here, &value)) {
    MPI_Bcast(&what, 1, MPI_INT, 0, t->setup.comm);
    WL_TRY(evaluate_here(t, here, &value));
    here_too = must_stop(t);
  }
  WL_TRY(report(t, search, place, value, &elsewhere));
  const bool less = wl_tune_is_better(t->setup.config, 0.0, 1.0);
  *goal = less ? -value : value;
  if (here_too) return stopped(t);
  return elsewhere ? wl_error_set(WL_ERROR_STOPPED, "stopped by another group of ranks") : WL_OK;
}

/* The other ranks of a group. */
static wl_error serve(tuning *t) {
  for (wl_error error = WL_OK;;) {
    int what;
    double value, place[WL_TUNE_WIDEST];
    MPI_Bcast(&what, 1, MPI_INT, 0, t->setup.comm);
    if (what == ORDER_END) return error;
    error = evaluate_here(t, place, &value);
    if (error == WL_OK && must_stop(t)) error = stopped(t);
  }
}

/* Heads. A search that ends because another group stopped or failed leaves it to that one to say why. */
static wl_error lead(tuning *t) {
  int what = ORDER_END;
  wl_error error = wl_tune_search(t->setup.config, &t->parameters, t->groups.mine, t->groups.count, order, t);
  MPI_Bcast(&what, 1, MPI_INT, 0, t->setup.comm);
  if (error == WL_ERROR_STOPPED && !t->halt.stop) error = WL_OK;
  const wl_error end = wl_tune_groups_end(&t->groups, error != WL_OK, wl_tune_table_width(&t->table), note, t);
  return error != WL_OK ? error : end;
}

static wl_error search(tuning *t) {
  t->saved = MPI_Wtime();
  t->progress = wl_progress_begin(t->label, (double)t->setup.config->tune.evaluations, 0.0);
  const wl_error error = t->groups.head ? lead(t) : serve(t);
  wl_progress_end(&t->progress);
  return wl_error_agree(MPI_COMM_WORLD, error);
}

/* ---- the end, on rank 0 --------------------------------------------------------------------------------------- */

static void print_best(const tuning *t, int64_t best) {
  const wl_tune_table *table = &t->table;
  int64_t failures = 0;
  double so_far = NAN;
  for (int64_t k = 0; k < table->count; k++) failures += !isfinite(wl_tune_table_row(table, k)[WL_TUNE_GOAL]);
  wl_log_line("\n  evaluation   best so far");
  for (int64_t k = 0; k <= best; k++) {
    const double goal = wl_tune_table_row(table, k)[WL_TUNE_GOAL];
    if (!wl_tune_is_better(t->setup.config, goal, so_far)) continue;
    so_far = goal;
    wl_log_line("  %10lld   %.10g", (long long)k + 1, so_far);
  }
  wl_log_line("\n  best of %lld evaluations (%lld failed):", (long long)table->count, (long long)failures);
  for (int i = 0; i < t->parameters.count; i++) {
    char text[64];
    wl_tune_text_at(&t->parameters.parameter[i], wl_tune_table_row(table, best)[WL_TUNE_PLACE + i], "%.6g", text);
    wl_log_line("    %-24s %s", t->parameters.parameter[i].key->name, text);
  }
}

/* A search that was stopped before an evaluation succeeded leaves nothing. */
static wl_error finish(tuning *t, wl_error ended, bool *written) {
  char reason[WL_MESSAGE_SIZE / 2];
  snprintf(reason, sizeof reason, "%s", wl_error_message());
  wl_tune_table_sort(&t->table);
  const int64_t best = wl_tune_table_best(&t->table, t->setup.config);
  if (best < 0 && ended != WL_OK) return WL_OK;
  if (best < 0)
    WL_FAIL(WL_ERROR_NUMERICAL, "tune: none of %lld evaluations succeeded; the last: %s",
            (long long)t->table.count, reason);
  print_best(t, best);
  WL_TRY(save(t));
  *written = true;
  wl_run_log_commit(&t->log);
  wl_log_line("\n  in %s: tuned.yaml, tune.h5, run.log", t->setup.config->output_directory);
  return WL_OK;
}

/* ---- setting up ----------------------------------------------------------------------------------------------- */

static wl_error make_room(tuning *t) {
  const size_t p = (size_t)t->parameters.count;
  if (p + WL_TUNE_PLACE > WL_TUNE_WIDEST) WL_FAIL(WL_ERROR_CONFIG, "tune.parameters: too many");
  t->known.parameters = t->table.parameters = (int)p;
  t->last = malloc(sizeof(double) * p);
  if (!t->last) WL_FAIL(WL_ERROR_MEMORY, "tune: out of memory");
  for (size_t i = 0; i < p; i++) t->last[i] = NAN;
  return wl_tune_check(t->setup.config, &t->parameters);
}

/* Rows that are there twice are refused where there is no noise, but here there may be. */
static wl_error open_data(tuning *t) {
  double *noise = &t->setup.config->noise_variance;
  const double given = *noise;
  for (int i = 0; i < t->parameters.count; i++)
    if (!wl_tune_is_of_network(&t->parameters.parameter[i])) *noise = 1.0;
  const wl_error error = wl_setup_data(&t->setup);
  *noise = given;
  return error;
}

/* Rank 0: finds out now, rather than in the end, whether the folder can be written. */
static wl_error prepare_files(tuning *t, bool resume) {
  const wl_config *c = t->setup.config;
  wl_results *results = NULL;
  WL_TRY(wl_tune_made_with(&t->setup, &t->parameters, &t->made_with));
  WL_TRY(wl_tune_table_digest(&t->table, c));
  WL_TRY(wl_results_create_named(c->output_directory, "tune.h5", 0.0, &results));
  wl_results_discard(&results);
  WL_TRY(wl_run_log_open(&t->log, &t->setup));
  wl_print_title(&t->setup, ", tuned");
  if (!resume) return WL_OK;
  WL_TRY(wl_tune_table_read(c, t->made_with, &t->known));
  wl_log_line("  resumed  %lld evaluations are known", (long long)t->known.count);
  return WL_OK;
}

/* Half of a rank's memory holds its share of two matrices, where so many groups are made. */
static int choose_groups(const tuning *t, int ranks) {
  const wl_config *c = t->setup.config;
  const int64_t given = c->tune.groups, most = wl_tune_most_groups(c, &t->parameters, given > 0);
  const double n = (double)t->setup.shape.train, memory = t->setup.node.memory_available / t->setup.node.ranks;
  const double fit = memory > 0.0 ? floor((double)ranks * 0.5 * memory / (16.0 * n * n)) : (double)ranks;
  if (given > 0) return (int)smaller(given, most);
  return (int)larger(1, smaller(smaller(most, ranks), (int64_t)fmin(fit, (double)ranks)));
}

/* From here on the ranks of a group are by themselves. */
static wl_error form_groups(tuning *t) {
  int ranks, count = 0;
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  wl_error error = WL_OK;
  if (t->setup.config->tune.groups > ranks)
    error = wl_error_set(WL_ERROR_CONFIG, "%s: tune.groups: is %lld, but there are %d ranks",
                         t->setup.config->file, (long long)t->setup.config->tune.groups, ranks);
  WL_TRY(wl_error_agree(MPI_COMM_WORLD, error));
  if (t->world_rank == 0) count = choose_groups(t, ranks);
  MPI_Bcast(&count, 1, MPI_INT, 0, MPI_COMM_WORLD);
  wl_tune_groups_split(MPI_COMM_WORLD, count, &t->groups);
  t->setup.comm = t->groups.group;
  MPI_Comm_rank(t->setup.comm, &t->setup.rank);
  if (count > 1)
    wl_log_line("  tune     %d groups of %d to %d ranks", count, ranks / count, (ranks - 1) / count + 1);
  return WL_OK;
}

/* What rank 0 has read, to the other heads. */
static wl_error share_known(tuning *t) {
  double count = (double)t->known.count;
  wl_tune_groups_share(&t->groups, 1, &count);
  const int64_t numbers = (int64_t)count * wl_tune_table_width(&t->known);
  if (t->groups.mine > 0) t->known.row = malloc(sizeof(double) * (size_t)(numbers + 1));
  wl_error error = t->known.row || numbers == 0 ? WL_OK : wl_error_set(WL_ERROR_MEMORY, "tune: out of memory");
  WL_TRY(wl_error_agree(t->groups.heads, error));
  t->known.count = t->known.room = (int64_t)count;
  wl_tune_groups_share(&t->groups, numbers, t->known.row);
  return WL_OK;
}

static wl_error share_data(tuning *t) {
  wl_error error = WL_OK;
  if (t->groups.head) {
    if (t->groups.mine > 0) error = wl_tune_create_rows(&t->setup, &t->data);
    error = wl_error_agree(t->groups.heads, error);
    if (error == WL_OK) error = share_known(t);
    if (error == WL_OK) {
      const wl_data_shape *s = &t->setup.shape;
      wl_tune_groups_share(&t->groups, s->train * s->dimension, t->data.inputs);
      wl_tune_groups_share(&t->groups, s->train * s->outputs, t->data.target);
    }
  }
  return wl_error_agree(MPI_COMM_WORLD, error);
}

/* A grid that is given is that of all ranks. */
static wl_error make_grid(tuning *t) {
  wl_config *c = t->setup.config;
  const int rows = c->grid.rows, columns = c->grid.columns;
  if (t->groups.count > 1) c->grid.rows = c->grid.columns = 0;
  const wl_error error = wl_setup_grid(&t->setup);
  c->grid.rows = rows;
  c->grid.columns = columns;
  return error;
}

/* Kernels are kept where noise alone may change and there is room for them twice. */
static bool keeps_kernels(const tuning *t) {
  const double n = (double)t->setup.shape.train, memory = t->setup.node.memory_available / t->setup.node.ranks;
  bool varies = false;
  for (int i = 0; i < t->parameters.count; i++)
    varies = varies || !wl_tune_is_of_network(&t->parameters.parameter[i]);
  return varies && (memory <= 0.0 || 16.0 * n * n <= 0.5 * memory * (double)t->setup.grid->size);
}

static wl_error spread(tuning *t) {
  int keep;
  wl_error error = make_grid(t);
  if (error == WL_OK) error = wl_tune_spread(&t->setup, &t->data);
  WL_TRY(wl_error_agree(MPI_COMM_WORLD, error));
  keep = keeps_kernels(t);
  MPI_Bcast(&keep, 1, MPI_INT, 0, t->setup.comm);
  t->data.keep = keep;
  return WL_OK;
}

static wl_error set_up(const wl_request *request, double began, tuning *t) {
  static const wl_outputs outputs = {"tune.h5", "tuned.yaml", NULL};
  WL_TRY(wl_setup_config(request, MPI_COMM_WORLD, &outputs, &t->setup));
  wl_halt_listen();
  wl_blas_choose_threads(&t->setup.node);
  t->world_rank = t->setup.rank;
  wl_error error = wl_tune_parameters_read(&wl_config_schema, t->setup.config->tune.parameters, &t->parameters);
  if (error == WL_OK) error = make_room(t);
  WL_TRY(wl_error_agree(MPI_COMM_WORLD, error));
  WL_TRY(open_data(t));
  error = t->world_rank == 0 ? prepare_files(t, request->resume) : WL_OK;
  WL_TRY(wl_error_agree(MPI_COMM_WORLD, error));
  WL_TRY(wl_tune_read(&t->setup, &t->data));
  WL_TRY(form_groups(t));
  wl_halt_open(&t->halt, t->setup.comm, began, request->time_limit, 0.0);
  t->listening = true;
  WL_TRY(share_data(t));
  return spread(t);
}

static wl_error tune_phases(const wl_request *request, double began, tuning *t) {
  WL_TRY(set_up(request, began, t));
  const wl_error ended = search(t);
  char reason[256];
  if (ended != WL_OK && ended != WL_ERROR_STOPPED) return ended;
  snprintf(reason, sizeof reason, "%s", wl_error_message());
  bool written = false;
  const wl_error error = t->world_rank == 0 ? finish(t, ended, &written) : WL_OK;
  WL_TRY(wl_error_agree(MPI_COMM_WORLD, error));
  if (ended == WL_OK) return WL_OK;
  return wl_error_set(ended, "%s; %s", reason,
                      written ? "what is known so far is in tuned.yaml and tune.h5: go on with --resume"
                              : "no evaluation has succeeded so far, and nothing is written: begin again");
}

wl_error wl_tune(const wl_request *request) {
  tuning t = {.best = NAN, .search = -1, .label = "tune"};
  wl_request as_tune = *request;
  as_tune.tune = true;
  const wl_error error = tune_phases(&as_tune, wl_timer_start().began, &t);
  wl_run_log_end(&t.log, error);
  if (t.listening) wl_halt_close(&t.halt);
  wl_tune_data_clear(&t.data);
  wl_tune_parameters_clear(&t.parameters);
  wl_tune_table_clear(&t.table);
  wl_tune_table_clear(&t.known);
  free(t.made_with);
  free(t.last);
  wl_setup_clear(&t.setup);
  wl_tune_groups_clear(&t.groups);
  return error;
}
