/**
 * @file provenance.h
 * Where results come from: program, libraries, machine, command, configuration and the inputs' digests, beside the results.
 */
#ifndef WIDELIMIT_PIPELINE_PROVENANCE_H
#define WIDELIMIT_PIPELINE_PROVENANCE_H

#include "pipeline/setup.h"
#include "results/results.h"

/** Root. Reads every input file once: a line for each, with its SHA-256. *text is the caller's. Errors: WL_ERROR_IO; WL_ERROR_MEMORY. */
wl_error wl_provenance_inputs(const wl_config *config, char **text);

/**
 * Root. Writes the attributes of /provenance (doc/formats.md); those of an earlier attempt at the same results stay beside them.
 * @param inputs  what wl_provenance_inputs found; NULL: it is called
 * Errors: WL_ERROR_IO; WL_ERROR_MEMORY.
 */
wl_error wl_provenance_write(const wl_setup *setup, const char *inputs, wl_results *results);

/** Local. "2026-11-27 03:41:29 UTC": now, or what SOURCE_DATE_EPOCH says. Returns `text`. */
const char *wl_provenance_date(char *text, size_t size);

/** Local. Name of this rank's node. Returns `text`. */
const char *wl_provenance_host(char *text, size_t size);

/** Local. The command line as far as it is known. */
const char *wl_provenance_command(const wl_setup *setup);

#endif
