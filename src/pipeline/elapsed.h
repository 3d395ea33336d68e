/**
 * @file elapsed.h
 * How long a phase has taken, of what the cost model says of it, where nothing else shows how far it is. Local.
 */
#ifndef WIDELIMIT_PIPELINE_ELAPSED_H
#define WIDELIMIT_PIPELINE_ELAPSED_H

#include "base/ticker.h"
#include "pipeline/setup.h"

/** From here on rank 0 shows it, until wl_ticker_stop. */
void wl_elapsed_show(const wl_setup *setup, wl_timer *timer);

#endif
