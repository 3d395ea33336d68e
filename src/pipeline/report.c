#include "pipeline/report.h"

#include <math.h>

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

static wl_error auroc_of(const wl_report *r, int q, double *area) {
  *area = NAN;
  if (!r->tally->ood || !r->tally->variance[q]) return WL_OK;
  return wl_auroc(r->setup->shape.test, r->tally->variance[q], r->tally->ood, area);
}

static double mean_variance(const wl_report *r, int q, double flag) {
  double sum = 0.0;
  int64_t count = 0;
  for (int64_t i = 0; i < r->setup->shape.test; i++) {
    if (r->tally->ood && r->tally->ood[i] != flag) continue;
    sum += r->tally->variance[q][i];
    count++;
  }
  return sum / (double)count;
}
static wl_error collect_quantities(const wl_report *r, wl_report_numbers *numbers) {
  for (int q = 0; q < WL_QUANTITY_COUNT; q++) {
    WL_TRY(auroc_of(r, q, &numbers->auroc[q]));
    for (int flag = 0; r->tally->variance[q] && flag < 2; flag++)
      numbers->mean_variance[q][flag] = mean_variance(r, q, flag);
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
