#include "base/spelling.h"

enum { LONGEST = 127 };

/* Number of letters to insert, delete or replace to make one text of the other [Levenshtein 1966]; b_length is at most LONGEST. */
static size_t edit_distance(const char *a, size_t a_length, const char *b, size_t b_length) {
  size_t row[LONGEST + 1];
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

wl_nearest wl_nearest_to(const char *word, size_t length) {
  return (wl_nearest){.word = word, .length = length, .least = 3 + length / 8};
}

void wl_nearest_try(wl_nearest *nearest, const char *name, size_t length, bool kin) {
  if (nearest->length > LONGEST || length > LONGEST) return;
  const size_t distance = kin ? 1 : edit_distance(nearest->word, nearest->length, name, length);
  if (distance >= nearest->least) return;
  nearest->least = distance;
  nearest->best = name;
  nearest->best_length = length;
}
