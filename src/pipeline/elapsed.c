#include "pipeline/elapsed.h"

#include "cost/capacity.h"

void wl_elapsed_show(const wl_setup *setup, wl_timer *timer) {
  if (setup->rank != 0) return;
  const wl_job job = {setup->config, &setup->shape, setup->grid, setup->batch};
  const wl_estimate estimate = wl_job_estimate(&job, &setup->node);
  wl_ticker_start(timer, estimate.seconds);
}
