#include "base/timer.h"

const char *wl_phase_name(wl_phase phase) {
  static const char *const names[WL_PHASE_COUNT] = {
#define WL_PHASE_ENTRY(NAME, name) [WL_PHASE_##NAME] = #name,
      WL_PHASE_LIST(WL_PHASE_ENTRY)
#undef WL_PHASE_ENTRY
  };
  return names[phase];
}

wl_timer wl_timer_start(void) {
  const double now = MPI_Wtime();
  return (wl_timer){.current = WL_PHASE_SETUP, .entered = now, .began = now};
}

wl_phase wl_timer_enter(wl_timer *timer, wl_phase phase) {
  const double now = MPI_Wtime();
  const wl_phase left = timer->current;
  timer->seconds[left] += now - timer->entered;
  timer->entered = now;
  timer->current = phase;
  if (timer->listener) timer->listener(phase, timer->seconds[phase]);
  return left;
}

void wl_timer_count(wl_timer *timer, double flops) { timer->flops[timer->current] += flops; }

wl_phase_time wl_timer_reduce(const wl_timer *timer, wl_phase phase, MPI_Comm comm) {
  struct {
    double seconds;
    int rank;
  } largest = {.seconds = timer->seconds[phase]};
  int size;
  MPI_Comm_rank(comm, &largest.rank);
  MPI_Comm_size(comm, &size);
  wl_phase_time t = {timer->seconds[phase], timer->seconds[phase], 0.0, 0};
  MPI_Allreduce(MPI_IN_PLACE, &largest, 1, MPI_DOUBLE_INT, MPI_MAXLOC, comm);
  MPI_Allreduce(MPI_IN_PLACE, &t.minimum, 1, MPI_DOUBLE, MPI_MIN, comm);
  MPI_Allreduce(MPI_IN_PLACE, &t.mean, 1, MPI_DOUBLE, MPI_SUM, comm);
  t.mean /= size;
  t.maximum = largest.seconds;
  t.slowest = largest.rank;
  return t;
}
