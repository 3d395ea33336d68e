#include "data/repeats.h"

#include <Random123/philox.h>
#include <stdlib.h>
#include <string.h>

wl_row_hash wl_row_hash_make(const double *x, int64_t dimension, int64_t row) {
  philox4x64_ctr_t state = {{0, 0, 0, (uint64_t)dimension}};
  for (int64_t k = 0; k < dimension; k++) {
    const double value = x[k] + 0.0; /* −0 + 0 = 0 */
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    const philox4x64_key_t key = {{bits, (uint64_t)k}};
    state = philox4x64_R(7, state, key);
  }
  return (wl_row_hash){state.v[0], state.v[1], row};
}

static int compare(const void *a, const void *b) {
  const wl_row_hash *x = a, *y = b;
  if (x->high != y->high) return x->high < y->high ? -1 : 1;
  if (x->low != y->low) return x->low < y->low ? -1 : 1;
  return (x->row > y->row) - (x->row < y->row);
}

void wl_row_hash_find_repeat(wl_row_hash *hashes, int64_t count, int64_t *first, int64_t *second) {
  *first = *second = -1;
  qsort(hashes, (size_t)count, sizeof *hashes, compare);
  for (int64_t i = 1; i < count; i++) {
    if (hashes[i].high != hashes[i - 1].high || hashes[i].low != hashes[i - 1].low) continue;
    if (*second >= 0 && hashes[i].row >= *second) continue;
    *first = hashes[i - 1].row;
    *second = hashes[i].row;
  }
}
