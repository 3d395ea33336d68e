#include "base/spelling.h"

size_t wl_edit_distance(const char *a, size_t a_length, const char *b, size_t b_length) {
  size_t row[WL_SPELLING_SIZE];
  for (size_t j = 0; j <= b_length; j++) row[j] = j;
  for (size_t i = 1; i <= a_length; i++) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b_length; j++) {
      const size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      const size_t shorter = row[j] < row[j - 1] ? row[j] : row[j - 1];
      row[j] = replaced < shorter + 1 ? replaced : shorter + 1;
    }
  }
  return row[b_length];
}

size_t wl_spelling_limit(size_t length) { return 3 + length / 8; }
