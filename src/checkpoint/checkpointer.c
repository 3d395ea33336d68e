#include "checkpoint/checkpointer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "checkpoint/checkpointer_private.h"

/* Until one was measured, a checkpoint is taken to be written and read back at this speed. */
static const double assumed_speed = 100e6;

/* ---- opening -------------------------------------------------------------------------------------------------- */

double wl_checkpointer_bytes(int64_t train, int64_t test, int64_t outputs, bool joint) {
  const double n = (double)train, m = (double)test, c = (double)outputs;
  return wl_checkpoint_matrix_bytes(train + (joint ? test : 0)) +
         8.0 * (n * WL_PROBES + m * (2.0 * c + WL_QUANTITY_COUNT));
}

/* Seconds that writing a checkpoint and reading it back takes, as far as is known. */
static double saving_time(const wl_checkpointer *k) {
  const double speed = k->bytes_per_second > 0.0 ? k->bytes_per_second : assumed_speed;
  return 2.0 * k->options.bytes / speed;
}

/* Root. */
static wl_error prepare(wl_checkpointer *k) {
  const wl_checkpointer_options *o = &k->options;
  const wl_checkpointer_client *c = &k->client;
  if (o->keep > WL_CHECKPOINTER_MOST - 4)
    WL_FAIL(WL_ERROR_CONFIG, "checkpoint.keep is %d; it must be at most %d", o->keep, WL_CHECKPOINTER_MOST - 4);
  if (o->factor_save || o->factor)
    WL_TRY(c->fingerprint(c->context, WL_SCOPE_FACTOR, o->train, &k->factor_fingerprint));
  if (o->factor_save && !o->factor) WL_TRY(wl_checkpointer_prepare_factors(k));
  if (!k->open) return WL_OK;
  WL_TRY(wl_checkpointer_make_folder(k));
  return c->fingerprint(c->context, WL_SCOPE_RUN, o->train, &k->fingerprint);
}

static wl_error check_usage(const wl_checkpointer_options *o) {
  if (o->directory || (!o->resume && o->time_limit <= 0.0)) return WL_OK;
  WL_FAIL(WL_ERROR_USAGE, "%s needs checkpoint.directory in the configuration",
          o->resume ? "--resume" : "--time-limit");
}

wl_error wl_checkpointer_open(wl_checkpointer *k, const wl_checkpointer_options *options,
                              const wl_checkpointer_client *client, const wl_grid *grid) {
  *k = (wl_checkpointer){.options = *options, .client = *client, .grid = grid, .attempts = 1, .lock = -1};
  MPI_Comm_rank(options->comm, &k->rank);
  WL_TRY(check_usage(options));
  k->open = options->directory != NULL;
  if (k->open)
    wl_halt_open(&k->halt, options->comm, options->timer->began, options->time_limit,
                 60.0 * options->every_minutes);
  WL_TRY(wl_error_agree(options->comm, k->rank == 0 ? prepare(k) : WL_OK));
  if (!k->open) return WL_OK;
  if (k->rank == 0) wl_checkpointer_list(k, 1, &k->number);
  if (options->resume) WL_TRY(wl_checkpointer_resume(k));
  k->halt.saving = saving_time(k);
  return WL_OK;
}

void wl_checkpointer_close(wl_checkpointer *k) {
  if (k->open) wl_halt_close(&k->halt);
  if (k->open && k->rank == 0) wl_checkpointer_leave_folder(k);
  wl_checkpoint_clear(&k->state);
  wl_matrix_destroy(&k->products);
  wl_matrix_destroy(&k->array);
  free(k->fingerprint);
  free(k->factor_fingerprint);
  free(k->factor_file);
  free(k->last_file);
  free(k->draw_file[0]);
  free(k->draw_file[1]);
  free(k->lower_diagonal);
  free(k->resumed_from);
  k->open = false;
}

static void announce_resumed(const wl_checkpointer *k) {
  const wl_checkpoint *s = &k->state;
  const char *name = wl_prior_name(s->prior);
  if (s->numbers)
    wl_log_line("  resumed  attempt %lld: %lld passes, %lld of %lld test points predicted", (long long)k->attempts,
                (long long)s->passes, (long long)s->predicted, (long long)k->options.test);
  else if (s->draws.begun)
    wl_log_line("  resumed  attempt %lld: all points predicted, draws %s", (long long)k->attempts,
                s->draws.done ? "done" : "begun");
  else if (!s->factored)
    wl_log_line("  resumed  attempt %lld: %s factored to column %lld of %lld", (long long)k->attempts, name,
                (long long)s->columns, (long long)s->rows);
  else
    wl_log_text(11, "  resumed  attempt %lld: %s factored, %lld of %lld test points predicted with it",
                (long long)k->attempts, name, (long long)s->predicted, (long long)k->options.test);
}

void wl_checkpointer_announce(const wl_checkpointer *k) {
  const wl_checkpointer_options *o = &k->options;
  char text[32];
  if (!k->open || k->rank != 0) return;
  wl_log_text(11, "  keep     %d checkpoint%s of %s in %s, one every %g minutes", o->keep, o->keep == 1 ? "" : "s",
              wl_format_bytes(o->bytes, text, sizeof text), o->directory, o->every_minutes);
  if (k->resumed) announce_resumed(k);
}

void wl_checkpointer_hand_over(wl_checkpointer *k, wl_model_setup *model) {
  if (k->options.factor && !model->keep_kernels) /* factors come from the file; A κ_XX Aᵀ wants κ itself */
    model->holds = wl_quantities_need_ensemble(model->options.quantity) ? WL_GRAM_THETA : WL_GRAM_BOTH;
  if (!k->resumed) return;
  if (k->state.draws.begun) { /* nothing is wanted of the model any more */
    model->holds = WL_GRAM_KAPPA;
    return;
  }
  model->array = k->array;
  k->array = NULL;
  model->holds = wl_prior_kernel(k->state.prior);
}

void wl_checkpointer_suspend(wl_checkpointer *k) { k->suspended = true; }
void wl_checkpointer_expect_loo(wl_checkpointer *k, bool due) { k->loo_due = due; }

bool wl_checkpointer_is_past(const wl_checkpointer *k, wl_prior prior, wl_model *model) {
  const wl_checkpoint *s = &k->state;
  if (!k->resumed || !s->evidence[prior].log_marginal_likelihood) return false;
  if (wl_checkpointer_resumes_at(k, prior)) return false;
  wl_model_restore_evidence(model, prior, &s->evidence[prior]);
  return true;
}

int64_t wl_checkpointer_columns(const wl_checkpointer *k, wl_prior prior) {
  if (k->options.factor) return k->options.train;
  return wl_checkpointer_resumes_at(k, prior) ? k->state.columns : 0;
}

int64_t wl_checkpointer_predicted(const wl_checkpointer *k, wl_prior prior) {
  return wl_checkpointer_resumes_at(k, prior) ? k->state.predicted : 0;
}

void wl_checkpointer_remove_all(const wl_checkpointer *k) {
  int64_t numbers[WL_CHECKPOINTER_MOST];
  if (!k->open || k->rank != 0) return;
  const int64_t count = wl_checkpointer_list(k, WL_CHECKPOINTER_MOST, numbers);
  for (int64_t i = 0; i < count; i++) {
    char name[WL_PATH_SIZE], path[WL_PATH_SIZE];
    wl_checkpointer_name(k, numbers[i], name, sizeof name);
    wl_checkpointer_path(k, name, path, sizeof path);
    unlink(path);
  }
}
