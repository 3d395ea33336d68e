/*
 * Stands before ScaLAPACK's Cholesky factorization and gets it wrong in silence, as a faulty library does: INFO is 0, every
 * pivot is sound, and one entry of each rank's share of the factor is off by a tenth.
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
