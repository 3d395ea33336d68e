/*
 * Holds one rank at a place of its run, so that a test meets a phase on machines of any speed: preloaded, it counts the
 * calls of a function that only this phase makes. A rank that is held makes the file HOLD_FILE and goes on when the file
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
#include <errno.h>
#include <fcntl.h>
#include <hdf5.h>
#include <mpi.h>
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
  if (!at || !rank || !mine || strcmp(rank, mine) != 0) return;
  if (sscanf(at, "%63[^:]:%ld", function, &count) != 2) abort();
  file = getenv("HOLD_FILE");
}

/* Called before every call of `name`. */
static void pass(const char *name) {
  if (!file || strcmp(name, function) != 0 || --count != 0) return;
  const int handle = open(file, O_CREAT | O_WRONLY, 0666);
  if (handle < 0) abort();
  close(handle);
  const struct timespec pause = {.tv_nsec = 10000000};
  while (access(file, F_OK) == 0)
    if (nanosleep(&pause, NULL) != 0 && errno == EINTR) break;
}

/* Defines a function that passes, then calls the one it stands before. */
#define STAND_BEFORE(result, name, parameters, arguments) \
  result name parameters {                                \
    static result(*real) parameters;                      \
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, #name); \
    pass(#name);                                          \
    return real arguments;                                \
  }

/* Assembly: products of inputs. Factorization: updates of tiles. Prediction: products with κ. Draws. */
STAND_BEFORE(void, cblas_dgemm,
             (const enum CBLAS_ORDER order, const enum CBLAS_TRANSPOSE ta, const enum CBLAS_TRANSPOSE tb,
              const blasint m, const blasint n, const blasint k, const double alpha, const double *a,
              const blasint lda, const double *b, const blasint ldb, const double beta, double *c,
              const blasint ldc),
             (order, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc))
STAND_BEFORE(void, cblas_dsyrk,
             (const enum CBLAS_ORDER order, const enum CBLAS_UPLO uplo, const enum CBLAS_TRANSPOSE trans,
              const blasint n, const blasint k, const double alpha, const double *a, const blasint lda,
              const double beta, double *c, const blasint ldc),
             (order, uplo, trans, n, k, alpha, a, lda, beta, c, ldc))
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
/* Checkpoints: the strips, on all ranks; putting the file in its place, on rank 0. Results. */
STAND_BEFORE(herr_t, H5Dwrite,
             (hid_t set, hid_t type, hid_t memory, hid_t space, hid_t transfer, const void *buffer),
             (set, type, memory, space, transfer, buffer))
STAND_BEFORE(int, rename, (const char *from, const char *to), (from, to))
