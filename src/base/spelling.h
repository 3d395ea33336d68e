/**
 * @file spelling.h
 * The name that was meant. Local.
 */
#ifndef WIDELIMIT_BASE_SPELLING_H
#define WIDELIMIT_BASE_SPELLING_H

#include <stddef.h>

/** Names are shorter than this. */
enum { WL_SPELLING_SIZE = 128 };

/**
 * Number of letters to insert, delete or replace to make one text of the other [Levenshtein 1966].
 * @param b_length  below WL_SPELLING_SIZE
 */
size_t wl_edit_distance(const char *a, size_t a_length, const char *b, size_t b_length);

/** A name of this length is not meant by one that is so many letters away: 3, and one more for every 8. */
size_t wl_spelling_limit(size_t length);

#endif
