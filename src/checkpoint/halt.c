#define _POSIX_C_SOURCE 200809L
#include "checkpoint/halt.h"

#include <signal.h>
#include <stddef.h>
#include <time.h>

static volatile sig_atomic_t asked_by; /* the signal that asked for a stop, 0: none */
static volatile sig_atomic_t terms;    /* whether one was SIGTERM */
static struct timespec first_term;

/* What stops a whole job reaches a rank directly and by way of mpirun, a moment apart: that is one SIGTERM. */
static bool is_echo(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  if (terms == 0) first_term = now;
  return (double)(now.tv_sec - first_term.tv_sec) + 1e-9 * (double)(now.tv_nsec - first_term.tv_nsec) < 0.3;
}

static void remember(int number) {
  asked_by = number;
  if (number != SIGTERM) return;
  const bool again = !is_echo();
  terms = 1;
  if (!again) return;
  signal(SIGTERM, SIG_DFL); /* the second one: at once, when this handler returns */
  raise(SIGTERM);
}

static void handle(int number, void (*handler)(int)) {
  struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
  sigemptyset(&action.sa_mask);
  sigaction(number, &action, NULL);
}

void wl_halt_listen(void) {
  handle(SIGUSR1, remember);
  handle(SIGTERM, remember);
}

bool wl_halt_is_requested(void) { return asked_by != 0; }

void wl_halt_open(wl_halt *h, MPI_Comm comm, double began, double limit, double every) {
  const double now = MPI_Wtime();
  *h = (wl_halt){
      .began = began, .limit = limit, .every = every, .saved = now, .asked = now, .request = MPI_REQUEST_NULL};
  MPI_Comm_dup(comm, &h->comm);
  MPI_Comm_rank(comm, &h->rank);
}

void wl_halt_close(wl_halt *h) {
  MPI_Wait(&h->request, MPI_STATUS_IGNORE);
  MPI_Comm_free(&h->comm);
  handle(SIGTERM, SIG_DFL);
  handle(SIGUSR1, SIG_IGN); /* a late one must not spoil a run that is done */
}

/* The next question comes after one more step, and is answered by the step after that. */
static bool time_is_up(const wl_halt *h, double now) {
  return h->limit > 0.0 && now - h->began + 3.0 * h->slowest + 1.25 * h->saving + 1.0 > h->limit;
}

static int opinion(wl_halt *h) {
  const double now = MPI_Wtime(), step = now - h->asked;
  h->slowest = step > 0.7 * h->slowest ? step : 0.7 * h->slowest;
  h->asked = now;
  if (asked_by) return WL_DECISION_STOP;
  if (h->rank != 0) return WL_DECISION_GO_ON;
  h->timed_out = time_is_up(h, now);
  if (h->timed_out) return WL_DECISION_STOP;
  return now - h->saved >= h->every ? WL_DECISION_SAVE : WL_DECISION_GO_ON;
}

static void start(wl_halt *h) {
  h->mine = opinion(h);
  MPI_Iallreduce(&h->mine, &h->agreed, 1, MPI_INT, MPI_MAX, h->comm, &h->request);
}

/* The answer to the question under way, if there is one. */
static wl_decision finish(wl_halt *h) {
  if (h->request == MPI_REQUEST_NULL) return WL_DECISION_GO_ON;
  MPI_Wait(&h->request, MPI_STATUS_IGNORE);
  if (h->agreed == WL_DECISION_STOP) h->stop = true;
  return (wl_decision)h->agreed;
}

wl_decision wl_halt_poll(wl_halt *h) {
  const wl_decision before = finish(h);
  start(h);
  return h->stop ? WL_DECISION_STOP : before;
}

wl_decision wl_halt_decide(wl_halt *h) {
  finish(h);
  start(h);
  const wl_decision decision = finish(h);
  return h->stop ? WL_DECISION_STOP : decision;
}

void wl_halt_start(wl_halt *h) {
  finish(h);
  h->asked = MPI_Wtime();
  h->slowest = 0.0;
}

void wl_halt_saved(wl_halt *h) {
  finish(h); /* it may ask for a save that has just been made */
  h->saved = h->asked = MPI_Wtime();
}

const char *wl_halt_reason(const wl_halt *h) {
  if (asked_by == SIGTERM) return "SIGTERM";
  if (asked_by == SIGUSR1) return "SIGUSR1";
  return h->timed_out ? "the time limit" : "a signal on another rank";
}
