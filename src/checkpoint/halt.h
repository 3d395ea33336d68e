/**
 * @file halt.h
 * Whether a run should save its state or stop: signals on any rank, the clock of rank 0, agreed on by all ranks.
 */
#ifndef WIDELIMIT_CHECKPOINT_HALT_H
#define WIDELIMIT_CHECKPOINT_HALT_H

#include <mpi.h>
#include <stdbool.h>

typedef enum wl_decision { WL_DECISION_GO_ON, WL_DECISION_SAVE, WL_DECISION_STOP } wl_decision;

/** Members are for reading, but for `saving`. Must not move while it is open: messages are under way. */
typedef struct wl_halt {
  MPI_Comm comm; /**< a duplicate; owned */
  int rank;
  double began;   /**< when the program started (MPI_Wtime) */
  double limit;   /**< seconds that it may take; 0: no limit */
  double every;   /**< seconds between saves */
  double saved;   /**< when the last save ended */
  double saving;  /**< seconds that a save takes, as far as is known */
  double asked;   /**< when the last question was asked */
  double slowest; /**< of the last steps between two questions */
  int mine, agreed;
  bool timed_out;      /**< rank 0: the clock asked for a stop */
  bool stop;           /**< agreed on before: sticks */
  MPI_Request request; /**< the agreement under way */
} wl_halt;

/** Local. From here on SIGUSR1 and SIGTERM ask for a stop; a second SIGTERM ends this process at once, but for
 *  one that comes within 0.3 s: the same one by another way. */
void wl_halt_listen(void);

/** Local. Whether this rank was asked to stop. */
bool wl_halt_is_requested(void);

/**
 * Collective over `comm`. After wl_halt_listen.
 * @param limit  seconds from `began`, 0: none;  every: seconds between saves
 */
void wl_halt_open(wl_halt *halt, MPI_Comm comm, double began, double limit, double every);

/** Collective. Completes what is under way and frees; signals get back their default meaning. */
void wl_halt_close(wl_halt *halt);

/**
 * Collective. The decision on a step that just ended. Costs no waiting: the ranks agree on what each of them knew at the
 * last call, and the next agreement is started.
 */
wl_decision wl_halt_poll(wl_halt *halt);

/** Collective. The same with what is known now; ranks wait for one another. */
wl_decision wl_halt_decide(wl_halt *halt);

/** Collective. A phase of steps begins: what went before was none. */
void wl_halt_start(wl_halt *halt);

/** Collective. The state was saved (or saving failed and is not to be tried again at once). */
void wl_halt_saved(wl_halt *halt);

/** Local. Why a stop was asked for, for the message: "SIGTERM", "SIGUSR1", "the time limit" or "a signal on another rank". */
const char *wl_halt_reason(const wl_halt *halt);

#endif
