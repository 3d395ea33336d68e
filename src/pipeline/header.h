/**
 * @file header.h
 * The first lines on the console: what is about to be computed, on what. Local.
 */
#ifndef WIDELIMIT_PIPELINE_HEADER_H
#define WIDELIMIT_PIPELINE_HEADER_H

#include "pipeline/setup.h"

void wl_print_header(const wl_setup *setup);

/** Its beginning, for every command: program, name of the run and what else it is, when, where, which command, how to cite. */
void wl_print_title(const wl_setup *setup, const char *what);

#endif
