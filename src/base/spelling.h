/**
 * @file spelling.h
 * The name that was meant. Local.
 */
#ifndef WIDELIMIT_BASE_SPELLING_H
#define WIDELIMIT_BASE_SPELLING_H

#include <stdbool.h>
#include <stddef.h>

/** A search for the name that a word stands for. */
typedef struct wl_nearest {
  const char *word; /**< of `length` letters; borrowed */
  size_t length;
  size_t
      least; /**< a name must be less than so many letters away: at first 3, and one more for every 8 of the word */
  const char *best; /**< borrowed from whoever offered it; NULL: none is near */
  size_t best_length;
} wl_nearest;

/** Begins; a word of more than 127 letters is near to none. */
wl_nearest wl_nearest_to(const char *word, size_t length);

/** Offers a name of so many letters. The first of the nearest stays. @param kin  it counts as one letter away, whatever it is */
void wl_nearest_try(wl_nearest *nearest, const char *name, size_t length, bool kin);

#endif
