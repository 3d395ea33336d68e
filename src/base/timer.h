/**
 * @file timer.h
 * Seconds and flops of the phases of a run.
 */
#ifndef WIDELIMIT_BASE_TIMER_H
#define WIDELIMIT_BASE_TIMER_H

#include <mpi.h>

/** The phases in the order in which they run: name in the summary. */
#define WL_PHASE_LIST(X)          \
  X(SETUP, setup)                 \
  X(READ, read)                   \
  X(ASSEMBLE, assemble)           \
  X(FACTOR_THETA, factor_theta)   \
  X(PREDICT_THETA, predict_theta) \
  X(FACTOR_KAPPA, factor_kappa)   \
  X(PREDICT_KAPPA, predict_kappa) \
  X(PREDICT_BOTH, predict_both)   \
  X(PRECONDITION, precondition)   \
  X(ITERATE, iterate)             \
  X(LOO, leave_one_out)           \
  X(SELECT, select)               \
  X(SAMPLE, sample)               \
  X(CERTIFY, certify)             \
  X(SPECTRUM, spectrum)           \
  X(AT_TIME, at_time)             \
  X(CHECKPOINT, checkpoint)       \
  X(WRITE, write)

typedef enum wl_phase {
#define WL_PHASE_ENUM(NAME, name) WL_PHASE_##NAME,
  WL_PHASE_LIST(WL_PHASE_ENUM)
#undef WL_PHASE_ENUM
      WL_PHASE_COUNT
} wl_phase;

/** Local. Name in tables, the summary and the plan. */
const char *wl_phase_name(wl_phase phase);

/** A stopwatch that is always in one phase. */
typedef struct wl_timer {
  double seconds[WL_PHASE_COUNT], flops[WL_PHASE_COUNT]; /**< flops of all ranks together */
  wl_phase current;
  double entered, began;
  void (*listener)(wl_phase phase,
                   double seconds); /**< hears of the phase entered and the time it has had; NULL: nobody */
} wl_timer;

/** Local. Starts in WL_PHASE_SETUP. */
wl_timer wl_timer_start(void);

/** Local. Leaves the current phase for another, which may have run before; returns the one that was left. */
wl_phase wl_timer_enter(wl_timer *timer, wl_phase phase);

/** Local. Counts flops of all ranks for the current phase. */
void wl_timer_count(wl_timer *timer, double flops);

/** One phase over all ranks. */
typedef struct wl_phase_time {
  double minimum, mean, maximum;
  int slowest; /**< rank */
} wl_phase_time;

/** Collective. */
wl_phase_time wl_timer_reduce(const wl_timer *timer, wl_phase phase, MPI_Comm comm);

#endif
