#include "pipeline/room.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/writable.h"
#include "checkpoint/checkpointer.h"

/* What one kind of files takes, and of which disk. */
typedef struct share {
  const char *what, *path;
  double bytes;
  wl_disk disk;
} share;

enum { SHARES = 3 };

/* One more than are kept: the oldest goes when the newest is there. */
static double checkpoint_bytes(const wl_setup *setup) {
  const wl_config *c = setup->config;
  if (!c->checkpoint.directory) return 0.0;
  return wl_job_checkpoint_bytes(c, &setup->shape) * (double)(c->checkpoint.keep + 1);
}

static double factor_bytes(const wl_setup *setup, const wl_request *request) {
  if (!setup->config->factor_save || request->factor) return 0.0;
  const wl_model_options options = wl_job_model_options(setup->config);
  const int priors = wl_model_needs(&options, WL_PRIOR_THETA) + wl_model_needs(&options, WL_PRIOR_KAPPA);
  return wl_checkpoint_matrix_bytes(setup->shape.train) * priors;
}

/* The shares of the disk of shares[first]. */
static void check_disk(const share *shares, int first) {
  char names[64] = "", needed[32], left[32];
  double sum = 0.0;
  for (int i = 0; i < SHARES; i++) {
    if (!(shares[i].bytes > 0.0) || shares[i].disk.number != shares[first].disk.number) continue;
    if (i < first) return; /* was looked at before */
    const size_t used = strlen(names);
    snprintf(names + used, sizeof names - used, "%s%s", used > 0 ? " and " : "", shares[i].what);
    sum += shares[i].bytes;
  }
  const double room = shares[first].disk.room;
  if (!(sum > room)) return;
  wl_log_warning("%s: the disk has %s left, but %s take %s: what does not fit will be missing", shares[first].path,
                 wl_format_bytes(room, left, sizeof left), names, wl_format_bytes(sum, needed, sizeof needed));
}

void wl_room_check(const wl_setup *setup, const wl_request *request, double results) {
  if (setup->rank != 0) return;
  const wl_config *c = setup->config;
  share shares[SHARES] = {
      {.what = "the results", .path = c->output_directory, .bytes = results},
      {.what = "checkpoints", .path = c->checkpoint.directory, .bytes = checkpoint_bytes(setup)},
      {.what = "factors", .path = c->factor_save, .bytes = factor_bytes(setup, request)}};
  for (int i = 0; i < SHARES; i++)
    if (shares[i].bytes > 0.0) shares[i].disk = wl_disk_of(shares[i].path);
  for (int i = 0; i < SHARES; i++)
    if (shares[i].bytes > 0.0) check_disk(shares, i);
}
