#include "pipeline/report.h"

#include <math.h>
#include <stdlib.h>

#include "base/machine.h"
#include "pipeline/report_numbers.h"

static wl_report_numbers collect_numbers(const wl_report *r) {
  wl_report_numbers f = {0};
  wl_timer_enter(r->timer, WL_PHASE_WRITE);
  f.wall =
      (r->timer->entered - r->timer->began) / r->setup->grid->size; /* the mean, as that of the phases in it */
  MPI_Allreduce(MPI_IN_PLACE, &f.wall, 1, MPI_DOUBLE, MPI_SUM, r->setup->comm);
  for (int p = 0; p < WL_PHASE_COUNT; p++) {
    f.phase[p] = wl_timer_reduce(r->timer, (wl_phase)p, r->setup->comm);
    f.flops += r->timer->flops[p];
  }
  f.memory_sum = f.memory_max = wl_machine_peak_memory();
  MPI_Allreduce(MPI_IN_PLACE, &f.memory_sum, 1, MPI_DOUBLE, MPI_SUM, r->setup->comm);
  MPI_Allreduce(MPI_IN_PLACE, &f.memory_max, 1, MPI_DOUBLE, MPI_MAX, r->setup->comm);
  return f;
}

/* How well a variance tells the two groups apart: that of the first output, of which those of others are multiples. */
static wl_error detect(const wl_report *r, int q, wl_report_numbers *numbers) {
  const int64_t m = r->setup->shape.test, columns = r->setup->units.columns;
  double *score = malloc(sizeof(double) * (size_t)(m + 1));
  if (!score) WL_FAIL(WL_ERROR_MEMORY, "metrics: out of memory");
  for (int64_t i = 0; i < m; i++) score[i] = r->tally->variance[q][i * columns];
  wl_error error = wl_auroc(m, score, r->tally->ood, &numbers->auroc[q]);
  if (error == WL_OK) error = wl_detect(m, score, r->tally->ood, &numbers->detection[q]);
  free(score);
  return error;
}

static double mean_variance(const wl_report *r, int q, double flag) {
  const int64_t columns = r->setup->units.columns;
  double sum = 0.0;
  int64_t count = 0;
  for (int64_t i = 0; i < r->setup->shape.test; i++) {
    if (r->tally->ood && r->tally->ood[i] != flag) continue;
    for (int64_t j = 0; j < columns; j++) sum += r->tally->variance[q][i * columns + j];
    count += columns;
  }
  return sum / (double)count;
}

static wl_error collect_quantities(const wl_report *r, wl_report_numbers *numbers) {
  const wl_tally *t = r->tally;
  for (int q = 0; q < WL_QUANTITY_COUNT; q++) {
    numbers->auroc[q] = numbers->risk[q] = NAN;
    if (!t->variance[q]) continue;
    if (t->ood) WL_TRY(detect(r, q, numbers));
    for (int flag = 0; flag < 2; flag++) numbers->mean_variance[q][flag] = mean_variance(r, q, flag);
    WL_TRY(wl_scores_risk(r->setup, &t->scores, wl_quantity_prior((wl_quantity)q), r->setup->shape.test,
                          t->variance[q], t->ood, &numbers->risk[q]));
  }
  return WL_OK;
}

wl_error wl_report_make(const wl_report *r, char **summary) {
  wl_report_numbers numbers = collect_numbers(r);
  *summary = NULL;
  if (r->setup->rank != 0) return WL_OK;
  WL_TRY(collect_quantities(r, &numbers));
  wl_report_print(r, &numbers);
  return wl_report_summary(r, &numbers, summary);
}
