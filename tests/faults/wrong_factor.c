/*
 * Stands before ScaLAPACK's Cholesky factorization, and before the transposition of panels on which the upper triangle's rests, and
 * gets both wrong in silence, as a faulty library does: INFO is 0, every pivot is sound, and one entry of each rank's share is off by a
 * tenth, or a part of a thousand.
 */
#define _GNU_SOURCE
#include <dlfcn.h>

void pdpotrf_(const char *uplo, const int *n, double *a, const int *ia, const int *ja, const int *desca,
              int *info);
void pspotrf_(const char *uplo, const int *n, float *a, const int *ia, const int *ja, const int *desca, int *info);

#define SPOIL(name, number)                                                                                 \
  void name(const char *uplo, const int *n, number *a, const int *ia, const int *ja, const int *desca,      \
            int *info) {                                                                                    \
    static void (*real)(const char *, const int *, number *, const int *, const int *, const int *, int *); \
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, #name);                                                   \
    real(uplo, n, a, ia, ja, desca, info);                                                                  \
    a[0] *= (number)1.1;                                                                                    \
  }

SPOIL(pdpotrf_, double)
SPOIL(pspotrf_, float)

void pdtran_(const int *m, const int *n, const double *alpha, const double *a, const int *ia, const int *ja,
             const int *desca, const double *beta, double *c, const int *ic, const int *jc, const int *descc);
void pdtran_(const int *m, const int *n, const double *alpha, const double *a, const int *ia, const int *ja,
             const int *desca, const double *beta, double *c, const int *ic, const int *jc, const int *descc) {
  static void (*real)(const int *, const int *, const double *, const double *, const int *, const int *,
                      const int *, const double *, double *, const int *, const int *, const int *);
  if (!real) *(void **)&real = dlsym(RTLD_NEXT, "pdtran_");
  real(m, n, alpha, a, ia, ja, desca, beta, c, ic, jc, descc);
  c[0] *= 1.001;
}
