/*
 * The PBLAS logical block: the width of the panels in which PBLAS communicates and computes. ScaLAPACK asks pilaenv_ for it, and
 * this definition takes the place of its own, which says 32 and costs products and solves up to half their speed
 * (doc/performance.md). It is the program's: what embeds the library keeps the PBLAS that it has, or defines its own.
 *
 * The environment variable WIDELIMIT_PBLAS_BLOCK sets it for another machine. MKL, LibSci and AOCL do not ask.
 */
#include <stdlib.h>

int pilaenv_(const int *context, const char *precision);

enum { DEFAULT_BLOCK = 512, LEAST_BLOCK = 8, MOST_BLOCK = 8192 };

static int choose(void) {
  const char *text = getenv("WIDELIMIT_PBLAS_BLOCK");
  const long block = text ? strtol(text, NULL, 10) : 0;
  return block >= LEAST_BLOCK && block <= MOST_BLOCK ? (int)block : DEFAULT_BLOCK;
}

int pilaenv_(const int *context, const char *precision) {
  static int block;
  (void)context, (void)precision;
  if (block == 0) block = choose();
  return block;
}
