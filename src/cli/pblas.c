/*
 * What the reference ScaLAPACK asks of the program. Both definitions take the place of its own, and are the program's: what embeds
 * the library keeps the PBLAS that it has, or compiles this file into itself. MKL, LibSci and AOCL do not ask.
 *
 * pilaenv_, the logical block: the width of the panels in which PBLAS communicates and computes. Its own is 32, which costs products
 * and solves up to half their speed (doc/performance.md). The environment variable WIDELIMIT_PBLAS_BLOCK sets it for another machine.
 *
 * PB_Cmalloc, the room for copies of panels, which PBLAS takes and frees in every call: from the heap, which keeps it until
 * malloc_trim (main.c), for pages that are new each time cost a factorization up to a fifth of its time. Returns only where there is
 * memory, as its own does.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

int pilaenv_(const int *context, const char *precision);
char *PB_Cmalloc(int bytes);
extern void Cblacs_abort(int context, int code);

enum { DEFAULT_BLOCK = 256, LEAST_BLOCK = 8, MOST_BLOCK = 8192 };
enum { MOST_MAPPED = 1 << 16 }; /* as glibc has it */

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

char *PB_Cmalloc(int bytes) {
  if (bytes <= 0) return NULL;
  mallopt(M_MMAP_MAX, 0);
  char *room = malloc((size_t)bytes);
  mallopt(M_MMAP_MAX, MOST_MAPPED);
  if (room) return room;
  fprintf(stderr, "PBLAS: no memory for a panel of %d bytes\n", bytes);
  Cblacs_abort(-1, -1);
  return NULL;
}
