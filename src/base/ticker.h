/**
 * @file ticker.h
 * Elapsed against predicted time of phases that show nothing else for a while, such as one call of p?potrf on the whole matrix. A
 * thread says so beside the call: it calls no MPI, takes no signals, and allocates nothing. Local; one in a process, on the rank that
 * prints.
 */
#ifndef WIDELIMIT_BASE_TICKER_H
#define WIDELIMIT_BASE_TICKER_H

#include "base/timer.h"

/**
 * Follows the timer through its phases from here on. Where no thread can be had, nothing is shown.
 * @param timer      must live until wl_ticker_stop
 * @param predicted  seconds of each phase; 0: not known
 */
void wl_ticker_start(wl_timer *timer, const double predicted[WL_PHASE_COUNT]);

/** Nothing more is shown. Fine where none was started. */
void wl_ticker_stop(wl_timer *timer);

#endif
