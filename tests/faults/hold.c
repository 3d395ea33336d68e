/*
 * Holds one rank at a place of its run, so that a test meets a phase on machines of any speed: preloaded, it counts the
 * calls of a function that only this phase makes (below). A rank that is held makes the file HOLD_FILE and goes on when the file
 * is removed, or when a signal that it handles has come.
 *
 *   HOLD_AT=FUNCTION:COUNT   at the COUNT-th call of FUNCTION, from 1, before it is made
 *   HOLD_RANK=R              on rank R
 *   HOLD_FILE=PATH
 *
 * Everything but the waiting stays as it is; MPI's own threads run on.
 */
#define _GNU_SOURCE
#include <cblas.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *file;
static char function[64];
static long count;

__attribute__((constructor)) static void read_environment(void) {
  const char *at = getenv("HOLD_AT"), *rank = getenv("HOLD_RANK"), *mine = getenv("OMPI_COMM_WORLD_RANK");
  if (!mine) mine = getenv("PMI_RANK"); /* MPICH's launcher */
  if (!at || !rank || !mine || strcmp(rank, mine) != 0) return;
  if (sscanf(at, "%63[^:]:%ld", function, &count) != 2) abort();
  file = getenv("HOLD_FILE");
}

/* Signals of the program while it is held: noted, then handled as ever. They may come at any moment, on any thread. */
enum { SIGNALS = 2 };
static const int number[SIGNALS] = {SIGUSR1, SIGTERM};
static struct sigaction usual[SIGNALS];
static volatile sig_atomic_t signalled;

static void note(int signal_number) {
  signalled = 1;
  for (int s = 0; s < SIGNALS; s++)
    if (number[s] == signal_number) usual[s].sa_handler(signal_number);
}

static void listen_to_signals(void) {
  for (int s = 0; s < SIGNALS; s++) {
    sigaction(number[s], NULL, &usual[s]);
    if (usual[s].sa_handler == SIG_DFL || usual[s].sa_handler == SIG_IGN) continue;
    struct sigaction noting = usual[s];
    noting.sa_handler = note;
    sigaction(number[s], &noting, NULL);
  }
}

/* Called before every call of `name`. */
static void pass(const char *name) {
  if (!file || strcmp(name, function) != 0 || --count != 0) return;
  listen_to_signals();
  const int handle = open(file, O_CREAT | O_WRONLY, 0666);
  if (handle < 0) abort();
  close(handle);
  const struct timespec pause = {.tv_nsec = 10000000};
  while (!signalled && access(file, F_OK) == 0) nanosleep(&pause, NULL);
}

/* Defines a function that passes, then calls the one it stands before. */
#define STAND_BEFORE(result, name, parameters, arguments) \
  result name parameters {                                \
    static result(*real) parameters;                      \
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, #name); \
    pass(#name);                                          \
    return real arguments;                                \
  }

/* Assembly: products of inputs. Factorization: updates of what is left. Prediction: products with κ. Draws. */
STAND_BEFORE(void, cblas_dgemm,
             (const enum CBLAS_ORDER order, const enum CBLAS_TRANSPOSE ta, const enum CBLAS_TRANSPOSE tb,
              const blasint m, const blasint n, const blasint k, const double alpha, const double *a,
              const blasint lda, const double *b, const blasint ldb, const double beta, double *c,
              const blasint ldc),
             (order, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc))
STAND_BEFORE(void, pdsyrk_,
             (const char *uplo, const char *trans, const int *n, const int *k, const double *alpha,
              const double *a, const int *ia, const int *ja, const int *desca, const double *beta, double *c,
              const int *ic, const int *jc, const int *descc),
             (uplo, trans, n, k, alpha, a, ia, ja, desca, beta, c, ic, jc, descc))
STAND_BEFORE(void, pdgemm_,
             (const char *ta, const char *tb, const int *m, const int *n, const int *k, const double *alpha,
              const double *a, const int *ia, const int *ja, const int *desca, const double *b, const int *ib,
              const int *jb, const int *descb, const double *beta, double *c, const int *ic, const int *jc,
              const int *descc),
             (ta, tb, m, n, k, alpha, a, ia, ja, desca, b, ib, jb, descb, beta, c, ic, jc, descc))
STAND_BEFORE(void, pdtrmm_,
             (const char *side, const char *uplo, const char *trans, const char *diag, const int *m, const int *n,
              const double *alpha, const double *a, const int *ia, const int *ja, const int *desca, double *b,
              const int *ib, const int *jb, const int *descb),
             (side, uplo, trans, diag, m, n, alpha, a, ia, ja, desca, b, ib, jb, descb))
/* An eigendecomposition, between its reduction to a tridiagonal matrix and the rest. */
STAND_BEFORE(void, pdstedc_,
             (const char *compz, const int *n, double *d, double *e, double *q, const int *iq, const int *jq,
              const int *descq, double *work, const int *lwork, int *iwork, const int *liwork, int *info),
             (compz, n, d, e, q, iq, jq, descq, work, lwork, iwork, liwork, info))
/* A checkpoint's columns are written, in large pieces (strip); where the matrix is small, by rank 0 alone. */
ssize_t pwrite(int handle, const void *from, size_t bytes, off_t at) {
  static ssize_t (*real)(int, const void *, size_t, off_t);
  if (!real) *(void **)&real = dlsym(RTLD_NEXT, "pwrite");
  if (bytes >= 65536) pass("strip");
  return real(handle, from, bytes, at);
}

/* On rank 0, a checkpoint is put in its place (rename), or results are (commit). */
int rename(const char *from, const char *to) {
  static int (*real)(const char *, const char *);
  if (!real) *(void **)&real = dlsym(RTLD_NEXT, "rename");
  const size_t length = strlen(to), tail = strlen("/results.h5");
  pass(length > tail && strcmp(to + length - tail, "/results.h5") == 0 ? "commit" : "rename");
  return real(from, to);
}
