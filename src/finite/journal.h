/**
 * @file journal.h
 * What an experiment has measured so far, in a file that grows by one network at a time: an experiment that was stopped goes on from it.
 * Local, on rank 0.
 */
#ifndef WIDELIMIT_FINITE_JOURNAL_H
#define WIDELIMIT_FINITE_JOURNAL_H

#include "finite/finite.h"

typedef struct wl_journal wl_journal;

/** Takes a network's values from the journal. */
typedef void (*wl_journal_reader)(void *context, int64_t item, const double *values);

/**
 * Opens the journal at `path`. With `resume`, hands every whole entry of an earlier one to `read` and goes on after the last
 * (a cut or damaged end is dropped); else, or where there is none, starts a new one.
 * @param fingerprint  of all that the values depend on
 * @param size         doubles of an entry
 * Errors: WL_ERROR_DATA where the file is of another experiment; WL_ERROR_IO; WL_ERROR_MEMORY.
 */
wl_error wl_journal_open(const char *path, bool resume, uint64_t fingerprint, int64_t size, wl_journal_reader read,
                         void *context, wl_journal **journal);

/** Appends one entry. Errors: WL_ERROR_IO. */
wl_error wl_journal_append(wl_journal *journal, int64_t item, const double *values);

/** Closes, leaves the file, sets to NULL; NULL is fine. */
void wl_journal_close(wl_journal **journal);

/** FNV-1a of `size` bytes, going on from `hash` (0: the start). */
uint64_t wl_journal_hash(uint64_t hash, const void *bytes, size_t size);

#endif
