#define _POSIX_C_SOURCE 200809L
#include "base/ticker.h"

#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "base/log.h"

/* Room for the thread-local data of the libraries, too, which the C library takes from the stack. */
enum { STACK = 1 << 18 };

static struct {
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t stopped;
  bool running, stop;
  double predicted[WL_PHASE_COUNT];
  double every, kept_every; /* seconds between two lines */
  wl_phase phase;
  double before, entered; /* seconds the phase had had when it was entered, and when that was */
  double due, kept;       /* when to speak next, and when the file had the last line */
} ticker = {.lock = PTHREAD_MUTEX_INITIALIZER};

static double now(void) { /* MPI_Wtime is for the main thread */
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void wait_until(double when) {
  struct timespec t = {.tv_sec = (time_t)when};
  t.tv_nsec = (long)(1e9 * (when - (double)t.tv_sec));
  pthread_cond_timedwait(&ticker.stopped, &ticker.lock, &t);
}

static void *tick(void *unused) {
  (void)unused;
  pthread_mutex_lock(&ticker.lock);
  while (!ticker.stop) {
    wait_until(ticker.due);
    const double at = now();
    if (ticker.stop || at < ticker.due) continue;
    const bool keep = at - ticker.kept >= ticker.kept_every - 0.5 * ticker.every;
    if (keep) ticker.kept = at;
    ticker.due = at + ticker.every;
    wl_progress_elapsed(wl_phase_name(ticker.phase), ticker.before + at - ticker.entered,
                        ticker.predicted[ticker.phase], keep);
  }
  pthread_mutex_unlock(&ticker.lock);
  return unused;
}

static void enter(wl_phase phase, double seconds) {
  pthread_mutex_lock(&ticker.lock);
  ticker.phase = phase;
  ticker.before = seconds;
  ticker.entered = now();
  ticker.due = ticker.entered + ticker.every;
  pthread_mutex_unlock(&ticker.lock);
}

/* Signals are for the main thread: none is let through here. */
static bool create_thread(void) {
  pthread_attr_t attributes;
  pthread_condattr_t clock;
  sigset_t all, before;
  pthread_condattr_init(&clock);
  pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
  pthread_cond_init(&ticker.stopped, &clock);
  pthread_condattr_destroy(&clock);
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, STACK);
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const bool created = pthread_create(&ticker.thread, &attributes, tick, NULL) == 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
  if (!created) pthread_cond_destroy(&ticker.stopped);
  return created;
}

void wl_ticker_start(wl_timer *timer, const double predicted[WL_PHASE_COUNT]) {
  memcpy(ticker.predicted, predicted, sizeof ticker.predicted);
  wl_log_intervals(&ticker.every, &ticker.kept_every);
  ticker.kept = now();
  ticker.stop = false;
  enter(timer->current, timer->seconds[timer->current]);
  ticker.running = create_thread();
  if (ticker.running) timer->listener = enter;
}

void wl_ticker_stop(wl_timer *timer) {
  if (!ticker.running) return;
  pthread_mutex_lock(&ticker.lock);
  ticker.stop = true;
  pthread_cond_signal(&ticker.stopped);
  pthread_mutex_unlock(&ticker.lock);
  pthread_join(ticker.thread, NULL);
  pthread_cond_destroy(&ticker.stopped);
  ticker.running = false;
  timer->listener = NULL;
}
